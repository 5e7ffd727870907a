/* What the tests share: strangers, and a fetch that can be watched. */
import { randomUUID } from "node:crypto";

export const BASE = process.env.LATCHKEY_URL;
export const PASSWORD = "tulip orchard 71 lanterns";
export const ROTATES = process.env.ROTATES === "1";

/* Registers somebody new; returns the e-mail address. */
export async function stranger() {
	const email = `${randomUUID()}@example.com`;
	const response = await fetch(`${BASE}/api/auth/register/`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ email, password: PASSWORD }),
	});
	if (response.status !== 201)
		throw new Error(await response.text());
	return email;
}

/* A token that is refused but looks the same: its signature is another. */
export function spoiled(token) {
	const [header, payload, signature] = token.split(".");
	const first = signature[0] === "A" ? "B" : "A";
	return [header, payload, first + signature.slice(1)].join(".");
}

/*
 * A fetch that notes "METHOD path" in seen, and answers itself what
 * instead[path] returns, when that is anything.
 */
export function watched(instead = {}) {
	const seen = [];
	const watching = async (input, init) => {
		const request = new Request(input, init);
		const { pathname } = new URL(request.url);
		seen.push(`${request.method} ${pathname}`);
		return await instead[pathname]?.(request) ?? fetch(request);
	};
	return { seen, fetch: watching };
}

export function countOf(seen, line) {
	return seen.filter((one) => one === line).length;
}
