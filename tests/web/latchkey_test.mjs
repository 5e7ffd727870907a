/* client/web against a running gateway. */
import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";
import { createClient, LatchkeyError, memoryStorage } from "latchkey";
import {
	BASE, countOf, PASSWORD, ROTATES, spoiled, stranger, watched,
} from "./people.mjs";

const ME = "/api/auth/users/me/";
const REFRESH = "/api/auth/token/refresh/";
const AGAIN = `POST ${REFRESH}`;

/* A client that is logged in as somebody new, and what it sent. */
async function entered(instead, options = {}) {
	const { seen, fetch } = watched(instead);
	const storage = options.storage ?? memoryStorage();
	const client = createClient({ baseUrl: BASE, storage, fetch, ...options });
	const email = await stranger();
	const user = await client.login({ email, password: PASSWORD });
	seen.length = 0;
	return { client, storage, seen, email, user };
}

function spoil(storage) {
	const kept = storage.read();
	storage.write({ ...kept, access: spoiled(kept.access) });
}

function makeDue(storage, leftMs = 1000) {
	storage.write({ ...storage.read(), endsAt: Date.now() + leftMs });
}

function refuse(status, body = {}, headers = {}) {
	return () => Response.json(body, { status, headers });
}

/* A server that tells which Authorization it was sent. */
async function otherOrigin(t) {
	const server = http.createServer((request, response) => {
		response.end(request.headers.authorization ?? "none");
	});
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	t.after(() => server.close());
	return `http://127.0.0.1:${server.address().port}`;
}

test("a login gives the user and keeps the tokens", async () => {
	const { client, storage, email, user } = await entered();
	assert.equal(user.email, email);
	assert.equal(await client.isLoggedIn(), true);
	assert.equal(await client.accessToken(), storage.read().access);
});

test("a wrong password is an error that says what the server said", async () => {
	const email = await stranger();
	const client = createClient({ baseUrl: BASE });
	await assert.rejects(client.login({ email, password: "wrong" }), (error) => {
		assert.ok(error instanceof LatchkeyError);
		assert.equal(error.status, 401);
		assert.match(error.message, /^No active account/);
		assert.match(error.requestId, /./);
		return true;
	});
	assert.equal(await client.isLoggedIn(), false);
	assert.equal(await client.accessToken(), null);
});

test("fetch sends the token with a path of the gateway", async () => {
	const { client, email } = await entered();
	const response = await client.fetch(ME);
	assert.equal((await response.json()).email, email);
});

test("without a login fetch goes without a token", async () => {
	const { seen, fetch } = watched();
	const client = createClient({ baseUrl: BASE, fetch });
	assert.equal((await client.fetch(ME)).status, 401);
	assert.deepEqual(seen, [`GET ${ME}`]);
});

test("a token goes to no origin that was not named", async (t) => {
	const { client } = await entered();
	const other = await otherOrigin(t);
	assert.equal(await (await client.fetch(`${other}/`)).text(), "none");
});

test("a token goes to an origin that was named", async (t) => {
	const other = await otherOrigin(t);
	const { client, storage } = await entered({}, { origins: [other] });
	assert.equal(await (await client.fetch(`${other}/`)).text(),
		`Bearer ${storage.read().access}`);
});

test("a refused request is sent once more with a new token", async () => {
	const { client, storage, seen, email } = await entered();
	const { refresh } = storage.read();
	spoil(storage);
	const response = await client.fetch(ME);
	assert.equal((await response.json()).email, email);
	assert.deepEqual(seen, [`GET ${ME}`, AGAIN, `GET ${ME}`]);
	assert.equal(storage.read().refresh !== refresh, ROTATES);
});

test("the second request has the body of the first", async () => {
	const { client, storage } = await entered();
	spoil(storage);
	const response = await client.fetch(ME, {
		method: "PATCH",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ first_name: "Ada" }),
	});
	assert.equal((await response.json()).first_name, "Ada");
});

test("a request that is refused twice is not sent a third time", async () => {
	const { client, seen } = await entered({ [ME]: refuse(401) });
	assert.equal((await client.fetch(ME)).status, 401);
	assert.deepEqual(seen, [`GET ${ME}`, AGAIN, `GET ${ME}`]);
	assert.equal(await client.isLoggedIn(), true);
});

test("requests that are refused together make one refresh", async () => {
	const { client, storage, seen } = await entered();
	spoil(storage);
	const answers = await Promise.all(
		Array.from({ length: 8 }, () => client.fetch(ME)));
	assert.deepEqual(answers.map((one) => one.status), Array(8).fill(200));
	assert.equal(countOf(seen, AGAIN), 1);
});

test("a token that is about to expire is renewed first", async () => {
	const { client, storage, seen } = await entered();
	let renewed = 0;
	client.on("refresh", () => { renewed++; });
	makeDue(storage);
	assert.equal((await client.fetch(ME)).status, 200);
	assert.deepEqual(seen, [AGAIN, `GET ${ME}`]);
	assert.equal(renewed, 1);
	await client.fetch(ME);
	assert.equal(countOf(seen, AGAIN), 1);
});

test("calls for a token that is about to expire make one refresh", async () => {
	const { client, storage, seen } = await entered();
	makeDue(storage);
	const tokens = await Promise.all(
		Array.from({ length: 8 }, () => client.accessToken()));
	assert.equal(new Set(tokens).size, 1);
	assert.equal(countOf(seen, AGAIN), 1);
});

test("a token that is still good is used when none can be had", async () => {
	const { client, storage } = await entered({ [REFRESH]: () => {
		throw new TypeError("fetch failed");
	} });
	makeDue(storage, 20_000);
	assert.equal((await client.fetch(ME)).status, 200);
	makeDue(storage, -1);
	await assert.rejects(client.fetch(ME), TypeError);
	assert.equal(await client.isLoggedIn(), true);
});

test("a server that is busy ends no login", async () => {
	const { client, storage } = await entered({
		[REFRESH]: refuse(503, { detail: "Service unavailable." },
			{ "Retry-After": "7" }),
	});
	spoil(storage);
	await assert.rejects(client.fetch(ME),
		{ name: "LatchkeyError", status: 503, retryAfterS: 7 });
	assert.equal(await client.isLoggedIn(), true);
});

test("an answer that is not the gateway's ends no login", async () => {
	const { client, storage } = await entered({
		[REFRESH]: () => new Response("<h1>Hotel Wi-Fi</h1>"),
	});
	spoil(storage);
	await assert.rejects(client.fetch(ME), LatchkeyError);
	assert.equal(await client.isLoggedIn(), true);
});

test("when the server ended the session the tokens are given up", async () => {
	const { client, storage } = await entered();
	const reasons = [];
	client.on("logout", (reason) => reasons.push(reason));
	const { refresh } = storage.read();
	await fetch(`${BASE}/api/auth/logout/`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ refresh }),
	});
	assert.equal((await client.fetch(ME)).status, 401);
	assert.equal(storage.read(), null);
	assert.deepEqual(reasons, ["ended"]);
});

test("a logout forgets the tokens and ends the session", async () => {
	const { client, storage, seen } = await entered();
	const reasons = [];
	client.on("logout", (reason) => reasons.push(reason));
	const tokens = storage.read();
	await client.logout();
	assert.equal(storage.read(), null);
	assert.deepEqual(reasons, ["asked"]);
	storage.write(tokens);
	assert.equal((await client.fetch(ME)).status, 401);
	assert.equal(storage.read(), null);
	seen.length = 0;
	await client.logout();
	assert.deepEqual(seen, []);
});

test("a logout forgets the tokens even if nobody can be told", async () => {
	const { client, storage } = await entered({
		"/api/auth/logout/": () => { throw new TypeError("fetch failed"); },
	});
	await assert.rejects(client.logout(), TypeError);
	assert.equal(storage.read(), null);
});

test("a logout is not undone by a refresh that was under way", async () => {
	const { client, storage } = await entered();
	spoil(storage);
	const request = client.fetch(ME);
	await Promise.all([request, client.logout()]);
	assert.equal(storage.read(), null);
});

test("two clients of one storage make one refresh", async () => {
	const first = await entered();
	const second = createClient({
		baseUrl: BASE,
		storage: first.storage,
		fetch: (...request) => {
			first.seen.push(`POST ${new URL(request[0].url ?? request[0])
				.pathname}`);
			return fetch(...request);
		},
	});
	const { access } = first.storage.read();
	const tokens = await Promise.all(
		[first.client.refresh(access), second.refresh(access)]);
	assert.equal(tokens[0], tokens[1]);
	assert.equal(countOf(first.seen, AGAIN), 1);
});

test("a token that another tab renewed without a lock is taken", async () => {
	const storage = memoryStorage();
	const renewed = { access: "a.new.one", refresh: "another.new.one" };
	const { client } = await entered({
		[REFRESH]: () => {
			storage.write(renewed);
			return Response.json({}, { status: 401 });
		},
	}, { storage });
	assert.equal(await client.refresh(), renewed.access);
	assert.deepEqual(storage.read(), renewed);
});

test("what one person asked is not done in another's name", async () => {
	const first = await entered();
	const second = await entered();
	const { client, storage, seen } = first;
	const used = storage.read();
	const theirs = second.storage.read();
	const { fetch } = watched();
	const mixed = createClient({
		baseUrl: BASE,
		storage,
		fetch: (request) => {
			seen.push(request.url);
			storage.write(theirs);
			return fetch(request);
		},
	});
	storage.write({ ...used, access: spoiled(used.access) });
	assert.equal((await mixed.fetch(ME)).status, 401);
	assert.deepEqual(seen, [`${BASE}${ME}`]);
	assert.equal(await client.accessToken(), theirs.access);
});

test("a fault of a listener is not the login's", async (t) => {
	const faults = [];
	const note = (fault) => faults.push(fault.message);
	process.once("uncaughtException", note);
	t.after(() => process.off("uncaughtException", note));
	const { client, email } = await entered();
	client.on("login", () => { throw new Error("mine"); });
	const user = await client.login({ email, password: PASSWORD });
	assert.equal(user.email, email);
	assert.deepEqual(faults, ["mine"]);
});

test("a listener that was taken away hears nothing", async () => {
	const { client } = await entered();
	const off = client.on("logout", () => assert.fail("heard"));
	off();
	await client.logout();
	assert.throws(() => client.on("lunch", () => {}), TypeError);
});

test("the paths and names of document 002 work as well", async () => {
	const client = createClient({
		baseUrl: BASE,
		paths: { login: "/login/", refresh: "/refresh-token/" },
	});
	await client.login({
		username_or_email: await stranger(), password: PASSWORD,
	});
	const old = await client.accessToken();
	assert.notEqual(await client.refresh(old), old);
	assert.equal((await client.fetch(ME)).status, 200);
});
