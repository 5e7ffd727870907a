import CredentialsProvider from "next-auth/providers/credentials";

/* Not being reached counts as 503: the next request tries again. */
async function post(path, value) {
	try {
		return await fetch(`${process.env.LATCHKEY_URL}${path}`, {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify(value),
			signal: AbortSignal.timeout(10_000),
		});
	} catch {
		return new Response(null, { status: 503 });
	}
}

/* Renewed half a minute ahead, or in the last half of a short life. */
function isBackendTokenExpiring(access) {
	const { iat, exp } = JSON.parse(
		Buffer.from(access.split(".")[1], "base64url"));
	return Date.now() / 1000 > exp - Math.min(30, (exp - iat) / 2);
}

async function refreshed(token) {
	const response = await post(
		"/api/token/refresh/", { refresh: token.backendRefresh });
	if (response.status === 401)
		return { name: token.name, error: "LoginEnded" };
	const renewed = response.ok && await response.json().catch(() => null);
	if (!renewed?.access)
		return token;
	return {
		...token,
		backendAccess: renewed.access,
		backendRefresh: renewed.refresh ?? token.backendRefresh,
	};
}

export const authOptions = {
	secret: process.env.NEXTAUTH_SECRET,
	session: { strategy: "jwt" },
	pages: { signIn: "/login" },
	providers: [
		CredentialsProvider({
			credentials: {
				email: { type: "email" },
				password: { type: "password" },
			},
			async authorize({ email, password }) {
				const response = await post("/api/auth/login/",
					{ email, password });
				const login = await response.json().catch(() => null);
				// "email_not_verified", after the right password
				if (response.status === 401 && login?.code)
					throw new Error(login.code);
				if (response.status === 401)
					return null;
				if (!response.ok || !login)
					throw new Error("NotNow");
				return {
					id: String(login.user.id),
					email: login.user.email,
					name: login.user.full_name,
					backendAccess: login.access,
					backendRefresh: login.refresh,
				};
			},
		}),
	],
	callbacks: {
		async jwt({ token, user, trigger }) {
			if (user)
				return {
					...token,
					backendAccess: user.backendAccess,
					backendRefresh: user.backendRefresh,
				};
			if (token.backendRefresh && (trigger === "update" ||
			    isBackendTokenExpiring(token.backendAccess)))
				return refreshed(token);
			return token;
		},
		// What the browser sees: never the refresh token.
		async session({ session, token }) {
			session.backendAccess = token.backendAccess;
			session.error = token.error;
			return session;
		},
	},
	events: {
		async signOut({ token }) {
			if (token?.backendRefresh)
				await post("/api/auth/logout/",
					{ refresh: token.backendRefresh });
		},
	},
};
