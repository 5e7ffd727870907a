/*
 * A NextAuth credentials login as document 004 has it: the options of
 * docs/frontends/next_auth.js behind NextAuth's own handler, as a page under
 * pages/api/auth/ calls it, and a browser's cookies in front.
 */
import assert from "node:assert/strict";
import http from "node:http";
import { register } from "node:module";
import test, { after, before } from "node:test";
import { BASE, PASSWORD, ROTATES, stranger } from "./people.mjs";

register("./interop.mjs", import.meta.url);

let server, origin, NextAuth, authOptions;

async function formOf(request) {
	let text = "";
	for await (const part of request)
		text += part;
	return Object.fromEntries(new URLSearchParams(text));
}

function cookiesOf(request) {
	return Object.fromEntries((request.headers.cookie ?? "").split("; ")
		.filter(Boolean).map((pair) => {
			const [name, ...value] = pair.split("=");
			return [name, decodeURIComponent(value.join("="))];
		}));
}

/* Gives Node's request and response what Next gives them. */
async function serve(request, response) {
	const url = new URL(request.url, origin);
	request.query = {
		...Object.fromEntries(url.searchParams),
		nextauth: url.pathname.split("/").slice(3),
	};
	request.cookies = cookiesOf(request);
	request.body = await formOf(request);
	response.status = (code) => {
		response.statusCode = code;
		return response;
	};
	response.send = (body) => typeof body === "object"
		? response.json(body)
		: response.end(body);
	response.json = (value) => {
		response.setHeader("Content-Type", "application/json");
		response.end(JSON.stringify(value));
	};
	await NextAuth(request, response, authOptions);
}

before(async () => {
	server = http.createServer((request, response) => {
		serve(request, response).catch((fault) => {
			response.statusCode = 500;
			response.end(String(fault.stack));
		});
	});
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	origin = `http://127.0.0.1:${server.address().port}`;
	process.env.NEXTAUTH_URL = origin;
	process.env.NEXTAUTH_SECRET = "only this test's own secret";
	({ default: NextAuth } = await import("next-auth"));
	({ authOptions } = await import("../../docs/frontends/next_auth.js"));
});

after(() => server.close());

/* A browser: its cookies, and the calls that next-auth/react makes. */
class Browser {
	cookies = new Map();

	async ask(path, form) {
		const response = await fetch(`${origin}/api/auth/${path}`, {
			method: form ? "POST" : "GET",
			redirect: "manual",
			headers: { Cookie: [...this.cookies].map((c) => c.join("="))
				.join("; ") },
			body: form && new URLSearchParams({ ...form, json: "true" }),
		});
		for (const cookie of response.headers.getSetCookie()) {
			const [name, ...value] = cookie.split(";")[0].split("=");
			if (value.join("="))
				this.cookies.set(name, value.join("="));
			else
				this.cookies.delete(name);
		}
		const text = await response.text();
		return { status: response.status, text, json: JSON.parse(text) };
	}

	async post(path, values = {}) {
		const { json: { csrfToken } } = await this.ask("csrf");
		return this.ask(path, { csrfToken, ...values });
	}

	signIn(email, password) {
		return this.post("callback/credentials", { email, password });
	}

	async session() {
		return (await this.ask("session")).json;
	}
}

function me(access) {
	return fetch(`${BASE}/api/auth/users/me/`,
		{ headers: { Authorization: `Bearer ${access}` } });
}

async function entered() {
	const browser = new Browser();
	const email = await stranger();
	const { status } = await browser.signIn(email, PASSWORD);
	assert.equal(status, 200);
	return { browser, email };
}

function sidOf(access) {
	return JSON.parse(Buffer.from(access.split(".")[1], "base64url")).sid;
}

test("NextAuth signs in with credentials", async () => {
	const { browser, email } = await entered();
	const session = await browser.session();
	assert.equal(session.user.email, email);
	const answer = await me(session.backendAccess);
	assert.equal((await answer.json()).email, email);
});

test("NextAuth refuses a wrong password", async () => {
	const browser = new Browser();
	const { status, json } = await browser.signIn(await stranger(), "wrong");
	assert.equal(status, 401);
	assert.match(json.url, /error=CredentialsSignin/);
	assert.deepEqual(await browser.session(), {});
});

test("NextAuth renews the access token and keeps the session", async () => {
	const { browser } = await entered();
	const first = await browser.session();
	const second = await browser.session();
	assert.notEqual(first.backendAccess, second.backendAccess);
	assert.equal(sidOf(first.backendAccess), sidOf(second.backendAccess));
	assert.equal((await me(second.backendAccess)).status, 200);
	assert.equal(second.error, undefined);
});

test("the browser never sees the refresh token", async () => {
	const { browser } = await entered();
	const { text } = await browser.ask("session");
	const tokens = text.match(/[\w-]+\.[\w-]+\.[\w-]+/g).filter((token) =>
		/"refresh"/.test(Buffer.from(token.split(".")[1], "base64url")));
	assert.deepEqual(tokens, []);
});

test("NextAuth tells when the login has ended", async () => {
	const { browser } = await entered();
	const { backendAccess } = await browser.session();
	const ended = await fetch(`${BASE}/api/auth/sessions/${sidOf(
		backendAccess)}/`, {
		method: "DELETE",
		headers: { Authorization: `Bearer ${backendAccess}` },
	});
	assert.equal(ended.status, 204);
	const session = await browser.session();
	assert.equal(session.error, "LoginEnded");
	assert.equal(session.backendAccess, undefined);
});

test("signing out of NextAuth ends the session at the server", async () => {
	const { browser } = await entered();
	const { backendAccess } = await browser.session();
	await browser.post("signout");
	assert.deepEqual(await browser.session(), {});
	assert.equal((await me(backendAccess)).status, 401);
});

test("two requests at once may both renew", async () => {
	const { browser } = await entered();
	const both = await Promise.all([browser.session(), browser.session()]);
	for (const session of both)
		assert.equal((await me(session.backendAccess)).status, 200);
	const after = await browser.session();
	assert.equal(after.error, undefined, ROTATES ? "rotating" : "");
});
