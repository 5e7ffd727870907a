import { createClient, localStorageStorage } from "latchkey";

export function connect(baseUrl, storage = localStorageStorage()) {
	return createClient({ baseUrl, storage });
}

export async function logIn(client, email, password) {
	try {
		const user = await client.login({ email, password });
		return `Hello ${user.full_name || user.email}!`;
	} catch (error) {
		if (error.status === 401)
			return "Wrong e-mail or password.";
		if (error.status === 429)
			return `Wait ${error.retryAfterS} seconds, please.`;
		throw error;
	}
}

export async function whoAmI(client) {
	const response = await client.fetch("/api/auth/users/me/");
	return response.ok ? response.json() : null;
}
