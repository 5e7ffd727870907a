// A client whose types openapi-typescript made: it logs in, refreshes, reads
// its own account, is refused, and logs out. What it prints, openapi_test.py
// reads; what the description does not promise does not compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { env: Record<string, string>; exitCode: number };

type User = components["schemas"]["user"];

const client = createClient<paths>({ baseUrl: process.env.BASE! });

function must<T>(what: string, value: T | undefined): T {
	if (value === undefined)
		throw new Error(what + " failed");
	return value;
}

async function main(): Promise<void> {
	const email = process.env.EMAIL!;
	const wrong = await client.POST("/api/auth/login/", {
		body: { email, password: "wrong" },
	});
	if (wrong.response.status !== 401 || wrong.error === undefined)
		throw new Error("a wrong password was not refused");

	const login = must("login", (await client.POST("/api/auth/login/", {
		body: { email, password: process.env.PASSWORD! },
	})).data);
	const user: User = login.user;
	const refresh = must("refresh", (await client.POST(
		"/api/auth/token/refresh/", { body: { refresh: login.refresh } },
	)).data);
	const me = must("me", (await client.GET("/api/auth/users/me/", {
		headers: { Authorization: `Bearer ${refresh.access}` },
	})).data);
	const id: number = me.id;
	const avatar: string | null = me.avatar;
	if (id !== user.id || avatar !== null)
		throw new Error("two accounts");
	const out = await client.POST("/api/auth/logout/", {
		body: { refresh: login.refresh }, parseAs: "text",
	});
	if (!out.response.ok)
		throw new Error("logout failed");
	console.log(`hello ${me.email}`);
}

await main();

// An account with roles can be asked for, and one can be made up for a test.
void (() => client.POST("/api/auth/users/", {
	body: { email: "eve@example.com", roles: ["editor"], phone: "1" },
}));
void ({
	id: 1, email: "eve@example.com", first_name: "", last_name: "",
	full_name: "", avatar: null, is_staff: false, is_superuser: false,
	roles: ["editor"], username: null, is_active: true,
	email_verified: false, date_joined: "2026-01-02T03:04:05.678901Z",
	last_login: null, phone: "1",
} satisfies User);

// What is not described is no client.
// @ts-expect-error: there is no such route
void (() => client.GET("/api/auth/nowhere/"));
// @ts-expect-error: an id is a number
void ((user: User): string => user.id);
