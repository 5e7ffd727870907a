import CredentialsProvider from "next-auth/providers/credentials";

const backendUrl = process.env.LATCHKEY_URL;

async function post(path, value) {
	return fetch(`${backendUrl}${path}`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(value),
	});
}

function isBackendTokenExpiring(access) {
	const payload = Buffer.from(access.split(".")[1], "base64url");
	return JSON.parse(payload).exp * 1000 < Date.now() + 30_000;
}

async function refreshed(token) {
	const response = await post(
		"/api/token/refresh/", { refresh: token.backendRefresh });
	if (response.status === 401)
		return { name: token.name, error: "LoginEnded" };
	if (!response.ok)
		return token; // not reached: the next request tries again
	const { access, refresh } = await response.json();
	return {
		...token,
		backendAccess: access,
		backendRefresh: refresh ?? token.backendRefresh,
	};
}

export const authOptions = {
	secret: process.env.NEXTAUTH_SECRET,
	session: { strategy: "jwt" },
	providers: [
		CredentialsProvider({
			credentials: {
				email: { type: "email" },
				password: { type: "password" },
			},
			async authorize({ email, password }) {
				const response = await post("/api/auth/login/",
					{ email, password });
				if (!response.ok)
					return null;
				const login = await response.json();
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
		async jwt({ token, user }) {
			if (user)
				return {
					...token,
					backendAccess: user.backendAccess,
					backendRefresh: user.backendRefresh,
				};
			if (token.backendRefresh &&
			    isBackendTokenExpiring(token.backendAccess))
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
