/* client/web with cookies, against a running gateway. */
import assert from "node:assert/strict";
import test from "node:test";
import { createClient, LatchkeyError, memoryStorage } from "latchkey";
import {
	BASE, countOf, PASSWORD, ROTATES, spoiled, stranger, watched,
} from "./people.mjs";

const COOKIE = "__Secure-latchkey-refresh";
const LOGIN = "/api/auth/cookie/login/";
const REFRESH = "/api/auth/cookie/refresh/";
const LOGOUT = "/api/auth/cookie/logout/";
const ME = "/api/auth/users/me/";
const AGAIN = `POST ${REFRESH}`;
const ORIGIN = `https://localhost:${process.env.APP_PORT}`;

/* What a browser does of cookies: one jar, for requests that ask for it. */
class Jar {
	cookie = null;

	async fetch(request) {
		const open = request.credentials === "include";
		const headers = new Headers(request.headers);
		headers.set("Origin", ORIGIN);
		if (open && this.cookie)
			headers.set("Cookie", `${COOKIE}=${this.cookie}`);
		const response = await fetch(new Request(request, { headers }));
		for (const line of open ? response.headers.getSetCookie() : []) {
			const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
			assert.equal(name, COOKIE);
			this.cookie = value || null;
		}
		return response;
	}
}

/* A page of somebody's: a client, what it sent, and why its logins ended. */
function open(jar, instead = {}, options = {}) {
	const seen = [];
	const reasons = [];
	const client = createClient({
		baseUrl: BASE,
		cookies: true,
		async fetch(input, init) {
			const request = new Request(input, init);
			const { pathname } = new URL(request.url);
			seen.push(`${request.method} ${pathname}`);
			return await instead[pathname]?.(request) ??
				jar.fetch(request);
		},
		...options,
	});
	client.on("logout", (reason) => reasons.push(reason));
	return { client, instead, jar, reasons, seen };
}

async function entered() {
	const page = open(new Jar());
	const email = await stranger();
	const user = await page.client.login({ email, password: PASSWORD });
	page.seen.length = 0;
	return { ...page, email, user };
}

/* The next answer of a path is one of 401, as to a token that has expired. */
function refuseOnce(instead, path) {
	instead[path] = () => {
		delete instead[path];
		return Response.json({}, { status: 401 });
	};
}

function cut() {
	throw new TypeError("fetch failed");
}

/* Resolves when what other pages were told has been heard. */
async function until(check) {
	const end = Date.now() + 60_000;
	while (!await check()) {
		assert.ok(Date.now() < end, "it was never heard");
		await new Promise((done) => setImmediate(done));
	}
}

test("a login leaves the refresh token in the cookie alone", async () => {
	const { client, jar, email, user } = await entered();
	assert.equal(user.email, email);
	assert.equal(user.refresh, undefined);
	assert.equal(jar.cookie.split(".").length, 3);
	assert.notEqual(await client.accessToken(), jar.cookie);
	assert.equal(await client.isLoggedIn(), true);
	assert.equal((await client.user()).email, email);
});

test("a wrong password sets no cookie", async () => {
	const { client, jar } = open(new Jar());
	await assert.rejects(
		client.login({ email: await stranger(), password: "wrong" }),
		{ status: 401 });
	assert.equal(jar.cookie, null);
	assert.equal(await client.user(), null);
});

test("cookies go with the calls that need them and no others", async () => {
	const { client, instead } = await entered();
	const credentials = {};
	for (const path of [ME, REFRESH, LOGOUT])
		instead[path] = (request) => {
			credentials[path] = request.credentials;
		};
	await client.fetch(ME);
	await client.refresh();
	await client.logout();
	assert.deepEqual(credentials, {
		[ME]: "same-origin", [REFRESH]: "include", [LOGOUT]: "include",
	});
});

test("a page that was loaded again is logged in by the cookie", async () => {
	const { jar, email } = await entered();
	for (const ask of ["user", "accessToken", "isLoggedIn"]) {
		const { client, seen } = open(jar);
		assert.ok(await client[ask]());
		assert.equal((await client.user()).email, email);
		assert.equal(countOf(seen, AGAIN), 1);
	}
});

test("all that a page asks for at its beginning makes one refresh", async () => {
	const { jar } = await entered();
	const { client, seen } = open(jar);
	const answers = await Promise.all(
		Array.from({ length: 8 }, () => client.fetch(ME)));
	assert.deepEqual(answers.map((one) => one.status), Array(8).fill(200));
	assert.equal(countOf(seen, AGAIN), 1);
});

test("without a cookie nobody is logged in, and it asks once", async () => {
	const { client, reasons, seen } = open(new Jar());
	assert.equal(await client.user(), null);
	assert.equal(await client.accessToken(), null);
	assert.equal(await client.isLoggedIn(), false);
	assert.equal((await client.fetch(ME)).status, 401);
	assert.deepEqual(seen, [AGAIN, `GET ${ME}`]);
	assert.deepEqual(reasons, []);
});

test("a refused request is sent once more with a new token", async () => {
	const { client, instead, jar, seen, email } = await entered();
	const { cookie } = jar;
	refuseOnce(instead, ME);
	assert.equal((await (await client.fetch(ME)).json()).email, email);
	assert.deepEqual(seen, [`GET ${ME}`, AGAIN, `GET ${ME}`]);
	assert.equal(jar.cookie !== cookie, ROTATES);
});

test("when the server ended the session the cookie goes", async () => {
	const { client, jar, reasons } = await entered();
	const access = await client.accessToken();
	await fetch(`${BASE}/api/auth/logout/`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ refresh: jar.cookie }),
	});
	assert.equal(await client.user(), null);
	assert.equal(jar.cookie, null);
	assert.deepEqual(reasons, ["ended"]);
	assert.equal(await client.refresh(access), null);
});

test("a logout ends the session and takes the cookie", async () => {
	const { client, jar, reasons, seen } = await entered();
	const { cookie } = jar;
	const access = await client.accessToken();
	await client.logout();
	assert.equal(jar.cookie, null);
	assert.deepEqual(reasons, ["asked"]);
	assert.equal(await client.accessToken(), null);
	assert.deepEqual(seen, [`POST ${LOGOUT}`]);
	const { status } = await fetch(BASE + ME,
		{ headers: { Authorization: `Bearer ${access}` } });
	assert.equal(status, 401);
	jar.cookie = cookie;
	assert.equal(await open(jar).client.user(), null);
});

test("a page that has asked for nothing can log out", async () => {
	const { jar } = await entered();
	await open(jar).client.logout();
	assert.equal(jar.cookie, null);
	await open(jar).client.logout();
});

test("a logout that does not reach the server says so", async () => {
	const { client, instead, jar } = await entered();
	instead[LOGOUT] = cut;
	await assert.rejects(client.logout(), TypeError);
	assert.equal(await client.accessToken(), null);
	assert.notEqual(jar.cookie, null);
	instead[LOGOUT] = () => Response.json({}, { status: 503 });
	await assert.rejects(client.logout(), LatchkeyError);
	delete instead[LOGOUT];
	await client.logout();
	assert.equal(jar.cookie, null);
});

test("a page that cannot ask at its beginning asks again", async () => {
	const { jar, email } = await entered();
	const { client, instead } = open(jar);
	instead[REFRESH] = cut;
	await assert.rejects(client.accessToken(), TypeError);
	await assert.rejects(client.isLoggedIn(), TypeError);
	instead[REFRESH] = () => Response.json({}, { status: 503 });
	await assert.rejects(client.user(), { status: 503 });
	delete instead[REFRESH];
	assert.equal((await client.user()).email, email);
});

test("an origin that is not listed is an error, not a logout", async () => {
	const { client, instead, jar, reasons } = await entered();
	const access = await client.accessToken();
	instead[REFRESH] = (request) => fetch(request);
	await assert.rejects(client.refresh(), { status: 403 });
	assert.equal(await client.accessToken(), access);
	assert.notEqual(jar.cookie, null);
	assert.deepEqual(reasons, []);
});

test("what a proxy cannot read is an error, not a logout", async () => {
	const { client, instead, jar, reasons } = await entered();
	const access = await client.accessToken();
	for (const path of [REFRESH, LOGOUT])
		instead[path] = () => new Response(
			"<h1>Request Header Or Cookie Too Large</h1>",
			{ status: 400 });
	await assert.rejects(client.refresh(), { status: 400 });
	assert.equal(await client.accessToken(), access);
	assert.deepEqual(reasons, []);
	await assert.rejects(client.logout(), { status: 400 });
	assert.notEqual(jar.cookie, null);
});

test("an answer to a user that is none is an error", async () => {
	const { client, instead } = await entered();
	instead[ME] = () => new Response("<h1>Hotel Wi-Fi</h1>");
	await assert.rejects(client.user(), LatchkeyError);
	instead[ME] = () => Response.json({}, { status: 401 });
	await assert.rejects(client.user(), { status: 401 });
});

test("pages share a login, its tokens and its end", async () => {
	const jar = new Jar();
	const [first, second] = [open(jar), open(jar)];
	assert.equal(await second.client.user(), null);
	const email = await stranger();
	await first.client.login({ email, password: PASSWORD });
	await until(() => second.client.isLoggedIn());
	assert.equal((await second.client.user()).email, email);
	const renewed = await first.client.refresh();
	await until(async () => await second.client.accessToken() === renewed);
	assert.equal(countOf(second.seen, AGAIN), 1);
	await first.client.logout();
	await until(() => second.reasons.length > 0);
	assert.deepEqual(second.reasons, ["elsewhere"]);
	assert.deepEqual(first.reasons, ["asked"]);
	assert.equal(await second.client.accessToken(), null);
});

test("word of a logout that comes late ends no later login", async (t) => {
	const { client, reasons } = await entered();
	const access = await client.accessToken();
	const channel = new BroadcastChannel(`latchkey ${new URL(BASE).origin}`);
	t.after(() => channel.close());
	channel.postMessage({ kept: null, changedAt: Date.now() - 60_000 });
	channel.postMessage({
		kept: { access: "later" }, changedAt: Date.now() + 1,
	});
	await until(async () => await client.accessToken() !== access);
	assert.equal(await client.accessToken(), "later");
	assert.deepEqual(reasons, []);
});

test("a clock that was set back hides no logout", async (t) => {
	const jar = new Jar();
	const [first, second] = [open(jar), open(jar)];
	assert.equal(await second.client.user(), null);
	const email = await stranger();
	const now = Date.now;
	const clock = t.mock.method(Date, "now", () => now() + 3_600_000);
	await first.client.login({ email, password: PASSWORD });
	await until(() => second.client.isLoggedIn());
	clock.mock.restore();
	await second.client.logout();
	await until(() => first.reasons.length > 0);
	assert.deepEqual(first.reasons, ["elsewhere"]);
});

test("a logout is not undone by a refresh that was under way", async () => {
	const { client, jar, seen } = await entered();
	await Promise.all([client.refresh(), client.logout()]);
	assert.deepEqual(seen, [AGAIN, `POST ${LOGOUT}`]);
	assert.equal(jar.cookie, null);
	assert.equal(await client.accessToken(), null);
});

test("a login waits for the logout before it", async () => {
	const { client, instead, jar, seen, email } = await entered();
	instead[LOGOUT] = async () => {
		await new Promise((done) => setImmediate(done));
		assert.deepEqual(seen, [`POST ${LOGOUT}`]);
	};
	const ended = client.logout();
	await client.login({ email, password: PASSWORD });
	await ended;
	assert.notEqual(jar.cookie, null);
	assert.equal((await open(jar).client.user()).email, email);
});

test("with cookies no token comes from a storage or a caller", async () => {
	assert.throws(() => createClient({
		baseUrl: BASE, cookies: true, storage: memoryStorage(),
	}), TypeError);
	const { client } = open(new Jar());
	await assert.rejects(client.adopt("a", "b"), TypeError);
});

test("paths of the other kind are refused", async () => {
	const credentials = { email: await stranger(), password: PASSWORD };
	const paths = { login: "/api/auth/login/" };
	const { client } = open(new Jar(), {}, { paths });
	await assert.rejects(client.login(credentials), /cookies: false/);
	assert.equal(await client.accessToken(), null);
	const { fetch } = watched();
	const other = createClient({
		baseUrl: BASE,
		paths: { login: LOGIN },
		fetch: (input, init) => fetch(input, {
			...init, headers: { ...init.headers, Origin: ORIGIN },
		}),
	});
	await assert.rejects(other.login(credentials), /cookies: true/);
	assert.equal(await other.isLoggedIn(), false);
});

test("a refresh token in an answer is not kept", async (t) => {
	const { client, instead } = await entered();
	const access = await client.accessToken();
	const told = [];
	const channel = new BroadcastChannel(`latchkey ${new URL(BASE).origin}`);
	channel.onmessage = ({ data }) => told.push(data);
	t.after(() => channel.close());
	instead[REFRESH] = () => Response.json({ access, refresh: "a.b.c" });
	await client.refresh();
	await until(() => told.some(({ kept }) => kept?.access === access));
	assert.ok(!JSON.stringify(told).includes("a.b.c"));
});

test("a token that looks right but is refused is not kept", async () => {
	const { client, instead, jar } = await entered();
	instead[REFRESH] = async (request) => {
		delete instead[REFRESH];
		const { access } = await (await jar.fetch(request)).json();
		return Response.json({ access: spoiled(access) });
	};
	await client.refresh();
	assert.equal((await client.fetch(ME)).status, 200);
});
