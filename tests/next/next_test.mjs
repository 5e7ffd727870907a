/*
 * The app of docs/frontends.md in a browser. The app reaches the gateway
 * through a relay in this process that can be told to fail.
 */
import assert from "node:assert/strict";
import http from "node:http";
import test, { after, before } from "node:test";
import { decode } from "next-auth/jwt";
import { launch } from "../support/chromium.mjs";
import { BASE, PASSWORD, ROTATES, stranger } from "../web/people.mjs";

const APP = `http://127.0.0.1:${process.env.APP_PORT}`;
const COOKIE = "next-auth.session-token";
const ME = "/api/auth/users/me/";
const PATIENCE_MS = 60_000;

let browser, relay;

/*
 * What the relay does itself, {path: a status, or a status and a body, or
 * "cut"}, and what it saw.
 */
let failing = {};
let seen = [];

function forward(request, response) {
	const { pathname } = new URL(request.url, BASE);
	seen.push(`${request.method} ${pathname}`);
	if (failing[pathname] === "cut")
		return request.socket.destroy();
	if (failing[pathname]) {
		const { status = failing[pathname], ...body } = failing[pathname];
		response.statusCode = status;
		return response.end(JSON.stringify(body));
	}
	const onward = http.request(BASE + request.url, {
		method: request.method,
		headers: request.headers,
	}, (answer) => {
		response.writeHead(answer.statusCode, answer.headers);
		answer.pipe(response);
	});
	onward.on("error", () => response.destroy());
	request.pipe(onward);
}

before(async () => {
	relay = http.createServer(forward);
	await new Promise((done) => relay.listen(
		Number(process.env.RELAY_PORT), "127.0.0.1", done));
	browser = await launch();
});

after(async () => {
	await browser?.close();
	relay.closeAllConnections();
	relay.close();
});

async function ask(path, options = {}) {
	const { access, body, method = body ? "POST" : "GET" } = options;
	const response = await fetch(BASE + path, {
		method,
		headers: {
			"Content-Type": "application/json",
			...(access && { Authorization: `Bearer ${access}` }),
		},
		body: body && JSON.stringify(body),
	});
	const text = await response.text();
	return { status: response.status, body: text && JSON.parse(text) };
}

/* The login page in a browser of its own; what it complains of fails a test. */
async function open(t, options = {}) {
	const context = await browser.newContext(options);
	t.after(() => context.close());
	const page = await context.newPage();
	page.faults = [];
	page.on("pageerror", (fault) => page.faults.push(fault.message));
	page.on("console", (line) => {
		if (line.type() === "error" &&
		    !line.text().includes("the server responded with a status"))
			page.faults.push(line.text());
	});
	const answer = await page.goto(APP);
	assert.deepEqual([answer.status(), page.url()], [200, `${APP}/login`]);
	return page;
}

async function logIn(page, email, password) {
	await page.getByLabel("E-mail").fill(email);
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Log in" }).click();
}

async function shot(page, name) {
	await page.screenshot({ path: `${process.env.SCREENSHOTS}/${
		process.env.ROUTER}_${name}.png` });
}

/* Somebody new, logged in, on the first page. */
async function entered(t) {
	const email = await stranger();
	const page = await open(t);
	await logIn(page, email, PASSWORD);
	await page.getByRole("heading", { name: `Hello ${email}!` }).waitFor();
	await page.getByText(`Your address is ${email}.`).waitFor();
	return { page, email };
}

/* What next-auth keeps in its cookie. */
async function kept(page) {
	const cookies = await page.context().cookies();
	return decode({
		token: cookies.find(({ name }) => name === COOKIE).value,
		secret: process.env.NEXTAUTH_SECRET,
	});
}

function claimsOf(token) {
	return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
}

function session(page) {
	return page.evaluate(
		async () => (await fetch("/api/auth/session")).json());
}

/* As update() of useSession: asks for new tokens. */
function update(page) {
	return page.evaluate(async () => {
		const csrf = await (await fetch("/api/auth/csrf")).json();
		return (await fetch("/api/auth/session", {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify(csrf),
		})).json();
	});
}

test("a wrong password is told, and nobody is logged in", async (t) => {
	const page = await open(t);
	await shot(page, "login");
	await logIn(page, await stranger(), "wrong");
	await page.getByText("Wrong e-mail or password.").waitFor();
	await shot(page, "wrong");
	assert.deepEqual(await session(page), {});
	await page.goto(APP);
	assert.match(page.url(), /\/login$/);
	assert.deepEqual(page.faults, []);
});

test("somebody is greeted by the server and by the browser", async (t) => {
	const { page, email } = await entered(t);
	const { backendAccess } = await session(page);
	await ask(ME, { access: backendAccess, method: "PATCH",
		body: { first_name: "Grace", last_name: "Hopper" } });
	await page.getByRole("button", { name: "Show my profile" }).click();
	await page.getByText('"full_name": "Grace Hopper"').waitFor();
	await shot(page, "profile");
	await page.context().clearCookies();
	await page.goto(`${APP}/login`);
	await logIn(page, email, PASSWORD);
	await page.getByRole("heading", { name: "Hello Grace Hopper!" })
		.waitFor();
	const html = await (await page.request.get(APP)).text();
	assert.match(html.replaceAll("<!-- -->", ""), /Hello Grace Hopper!/);
	assert.deepEqual(page.faults, []);
});

test("the browser has the access token, never the refresh token", async (t) => {
	const email = await stranger();
	const page = await open(t);
	const answers = [];
	page.on("response", (answer) => answers.push(answer));
	await logIn(page, email, PASSWORD);
	await page.getByText(`Your address is ${email}.`).waitFor();
	const { backendAccess } = await session(page);
	assert.equal((await ask(ME, { access: backendAccess })).body.email, email);
	const { backendRefresh } = await kept(page);
	assert.equal(claimsOf(backendRefresh).token_type, "refresh");
	const signature = backendRefresh.split(".")[2];
	const bodies = await Promise.all(answers.map((answer) =>
		answer.text().catch(() => "")));
	assert.ok(bodies.some((body) => body.includes(backendAccess)));
	assert.ok(!bodies.some((body) => body.includes(signature)));
	assert.equal(await page.evaluate("document.cookie"), "");
});

test("update() renews, and the session stays the same", async (t) => {
	const { page } = await entered(t);
	const first = await kept(page);
	const renewed = await update(page);
	assert.notEqual(renewed.backendAccess, first.backendAccess);
	assert.equal(claimsOf(renewed.backendAccess).sid,
		claimsOf(first.backendAccess).sid);
	assert.equal((await kept(page)).backendAccess, renewed.backendAccess);
});

test("two requests at once may both renew", async (t) => {
	const { page } = await entered(t);
	const both = await Promise.all([update(page), update(page)]);
	for (const { backendAccess } of [...both, await update(page)])
		assert.equal((await ask(ME, { access: backendAccess })).status, 200);
});

test("while the gateway is away nobody is logged out", async (t) => {
	const { page, email } = await entered(t);
	const first = await session(page);
	t.after(() => { failing = {}; });
	for (const how of ["cut", 503, 429]) {
		failing = { "/api/token/refresh/": how };
		const { backendAccess, error } = await update(page);
		assert.deepEqual([backendAccess, error],
			[first.backendAccess, undefined]);
	}
	failing = {};
	const { backendAccess } = await update(page);
	assert.notEqual(backendAccess, first.backendAccess);
	assert.equal((await ask(ME, { access: backendAccess })).body.email, email);
});

test("an answer that says nothing of the login leaves it", async (t) => {
	const { page } = await entered(t);
	const first = await session(page);
	t.after(() => { failing = {}; });
	failing = { "/api/token/refresh/": { status: 200 } };
	const { backendAccess, error } = await update(page);
	assert.deepEqual([backendAccess, error],
		[first.backendAccess, undefined]);
});

test("a login that cannot be tried does not blame the password", async (t) => {
	const page = await open(t);
	const email = await stranger();
	t.after(() => { failing = {}; });
	for (const how of ["cut", 503, 429]) {
		failing = { "/api/auth/login/": how };
		await page.goto(`${APP}/login`);
		await logIn(page, email, PASSWORD);
		await page.getByText("does not work at the moment").waitFor();
	}
});

test("who has yet to verify the address is told so", async (t) => {
	const page = await open(t);
	t.after(() => { failing = {}; });
	failing = { "/api/auth/login/": {
		status: 401,
		detail: "E-mail is not verified.",
		code: "email_not_verified",
	} };
	await logIn(page, await stranger(), PASSWORD);
	await page.getByText("Open the link in our mail").waitFor();
	assert.deepEqual(await session(page), {});
});

async function deactivate(email) {
	const admin = await ask("/api/auth/login/", { body: {
		email: process.env.ADMIN,
		password: process.env.ADMIN_PASSWORD,
	} });
	const { access } = admin.body;
	const found = await ask(`/api/auth/users/?search=${email}`, { access });
	const [{ id }] = found.body.results;
	const done = await ask(`/api/auth/users/${id}/deactivate/`,
		{ access, method: "POST" });
	assert.equal(done.status, 200);
}

test("who was deactivated comes to the login page", async (t) => {
	const { page, email } = await entered(t);
	await deactivate(email);
	await page.getByRole("button", { name: "Show my profile" }).click();
	await page.waitForURL("**/login?**");
	const { error, backendAccess } = await session(page);
	assert.deepEqual([error, backendAccess], ["LoginEnded", undefined]);
	assert.equal((await kept(page)).backendRefresh, undefined);
	await page.goto(APP);
	assert.match(page.url(), /\/login$/);
	await logIn(page, email, PASSWORD);
	await page.getByText("Wrong e-mail or password.").waitFor();
});

test("another person can log in where a login has ended", async (t) => {
	const { page, email } = await entered(t);
	await deactivate(email);
	await update(page);
	await page.goto(APP);
	const other = await stranger();
	await logIn(page, other, PASSWORD);
	await page.getByRole("heading", { name: `Hello ${other}!` }).waitFor();
	assert.equal((await session(page)).error, undefined);
});

test("to log out ends the session at the server", async (t) => {
	const { page } = await entered(t);
	const { backendAccess, backendRefresh } = await kept(page);
	await page.getByRole("button", { name: "Log out" }).click();
	await page.waitForURL("**/login");
	assert.deepEqual(await session(page), {});
	const { status, body } = await ask("/api/token/refresh/",
		{ body: { refresh: backendRefresh } });
	assert.deepEqual([status, body.detail], [401, "Token is blacklisted"]);
	assert.equal((await ask(ME, { access: backendAccess })).status, 401);
});

async function refused(access) {
	const end = Date.now() + PATIENCE_MS;
	while ((await ask(ME, { access })).status !== 401) {
		assert.ok(Date.now() < end, "the access token never expired");
		await new Promise((done) => setTimeout(done, 100));
	}
}

test("what expired is renewed by the server's page alone", async (t) => {
	const { page, email } = await entered(t);
	const first = await kept(page);
	await page.goto("about:blank");
	await refused(first.backendAccess);
	seen = [];
	const html = await (await page.context().request.get(APP)).text();
	assert.match(html.replaceAll("<!-- -->", ""), RegExp(`Hello ${email}!`));
	const second = await kept(page);
	assert.notEqual(second.backendAccess, first.backendAccess);
	assert.equal(second.backendRefresh !== first.backendRefresh, ROTATES);
	assert.deepEqual(seen, ["POST /api/token/refresh/"]);
	assert.equal((await ask(ME, { access: second.backendAccess })).status, 200);
});

test("every answer renews the session, and no cache keeps it", async (t) => {
	const { page } = await entered(t);
	const bearing = [];
	for (const path of ["/", "/login", "/api/nowhere"]) {
		const answer = await page.request.get(APP + path);
		const { "cache-control": caching, "set-cookie": cookie } =
			answer.headers();
		if (!cookie?.includes(COOKIE))
			continue;
		bearing.push(path);
		assert.match(caching, /^private, no-(cache, no-)?store/, path);
	}
	// With the app router all are renewed before anybody looks at them.
	assert.deepEqual(bearing, process.env.ROUTER === "app"
		? ["/", "/login", "/api/nowhere"] : ["/"]);
});
