/* Compiled, not run: latchkey.d.ts says what a front-end in TypeScript needs. */
import {
	createClient, LatchkeyError, localStorageStorage, memoryStorage,
	type Client, type Storage, type Tokens, type User,
} from "latchkey";

class Cupboard implements Storage {
	shared = false;
	#kept: Tokens | null = null;

	async read() {
		return this.#kept;
	}
	async write(tokens: Tokens) {
		this.#kept = tokens;
	}
	async clear() {
		this.#kept = null;
	}
}

export async function useEverything(): Promise<string> {
	const client: Client = createClient({
		baseUrl: "https://auth.example.com",
		storage: new Cupboard(),
		paths: { login: "/login/" },
		origins: ["https://api.example.com"],
		refreshAheadS: 10,
		timeoutS: 5,
	});
	const off = client.on("logout", (reason) => {
		const why: "asked" | "ended" | "elsewhere" = reason;
		console.log(why);
	});
	try {
		const user: User = await client.login({ email: "a", password: "b" });
		const response: Response = await client.fetch("/x", { method: "PUT" });
		const token: string | null = await client.accessToken();
		return `${user.full_name} ${response.status} ${token}`;
	} catch (error) {
		if (error instanceof LatchkeyError)
			return `${error.status} ${error.code} ${error.retryAfterS}`;
		throw error;
	} finally {
		off();
		await client.logout();
	}
}

export const storages: Storage[] = [memoryStorage(), localStorageStorage("k")];

export async function useCookies(): Promise<string> {
	const client = createClient({
		baseUrl: "https://auth.example.com",
		cookies: true,
		paths: { user: "/api/auth/profile/" },
	});
	const user: User | null = await client.user();
	return user?.email ?? "nobody";
}

// @ts-expect-error: an address is needed
createClient({});
// @ts-expect-error: there is no such event
createClient({ baseUrl: "" }).on("lunch", () => {});
