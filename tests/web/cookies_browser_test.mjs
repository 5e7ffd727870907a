/*
 * Pages with the refresh token in a cookie, in Chromium. They and the gateway
 * are of one site, https://localhost, and of two origins.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import https from "node:https";
import test, { after, before } from "node:test";
import { launch } from "../support/chromium.mjs";
import { BASE, PASSWORD, ROTATES, stranger } from "./people.mjs";

const APP = `https://localhost:${process.env.APP_PORT}`;
const REFRESH = `${BASE}/api/auth/cookie/refresh/`;
const SCRIPTS = {
	"/latchkey.js": "client/web/latchkey.js",
	"/cookies.js": "docs/frontends/cookies.js",
	"/fetch.js": "docs/frontends/fetch.js",
};
const PAGE = `<!DOCTYPE html>
<html lang="en"><title>Shop</title>
<script type="importmap">{ "imports": { "latchkey": "/latchkey.js" } }</script>
<script type="module">
	import { connect } from "/cookies.js";
	import { logIn, whoAmI } from "/fetch.js";
	window.client = connect("${BASE}");
	window.logIn = (...who) => logIn(window.client, ...who);
	window.whoAmI = () => whoAmI(window.client);
	window.ended = [];
	window.client.on("logout", (reason) => window.ended.push(reason));
	window.ready = true;
</script>`;

let browser, app;

before(async () => {
	app = https.createServer({
		cert: readFileSync(process.env.TLS_CERT),
		key: readFileSync(process.env.TLS_KEY),
	}, (request, response) => {
		const script = SCRIPTS[request.url];
		response.setHeader("Content-Type",
			script ? "text/javascript" : "text/html; charset=utf-8");
		response.end(script ? readFileSync(script) : PAGE);
	});
	await new Promise((done) =>
		app.listen(Number(process.env.APP_PORT), "127.0.0.1", done));
	browser = await launch();
});

after(async () => {
	await browser?.close();
	app.closeAllConnections();
	app.close();
});

/* Pages that share cookies, and how many refreshes they made, one at a time. */
async function visit(t) {
	// The certificate is of an authority that only this test knows.
	const context = await browser.newContext({ ignoreHTTPSErrors: true });
	t.after(() => context.close());
	const refreshes = { made: 0, open: 0, together: 0 };
	const isOne = (request) =>
		request.method() === "POST" && request.url() === REFRESH;
	context.on("request", (request) => {
		if (!isOne(request))
			return;
		refreshes.made++;
		refreshes.open++;
		refreshes.together = Math.max(refreshes.together, refreshes.open);
	});
	const end = (request) => { refreshes.open -= isOne(request); };
	context.on("requestfinished", end);
	context.on("requestfailed", end);
	return { context, refreshes };
}

async function openTab(context, app = APP) {
	const tab = await context.newPage();
	await tab.goto(app);
	await tab.waitForFunction("window.ready");
	return tab;
}

async function reload(tab) {
	await tab.reload();
	await tab.waitForFunction("window.ready");
}

function logIn(tab, email) {
	return tab.evaluate(([...who]) => window.logIn(...who),
		[email, PASSWORD]);
}

function kept(context) {
	return context.cookies(REFRESH);
}

test("a login lasts over a reload, and no script sees its cookie", async (t) => {
	const { context, refreshes } = await visit(t);
	const email = await stranger();
	const tab = await openTab(context);
	assert.equal(await tab.evaluate("client.user()"), null);
	assert.equal(await logIn(tab, email), `Hello ${email}!`);
	const [cookie] = await kept(context);
	assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite],
		[true, true, "Lax"]);
	await reload(tab);
	assert.equal((await tab.evaluate("client.user()")).email, email);
	assert.equal((await tab.evaluate("whoAmI()")).email, email);
	assert.equal(refreshes.made, 2);
	assert.deepEqual(await tab.evaluate(
		"[document.cookie, localStorage.length, sessionStorage.length]"),
	["", 0, 0]);
	const [next] = await kept(context);
	assert.equal(next.value !== cookie.value, ROTATES);
});

test("tabs share a login, and a logout is heard in all", async (t) => {
	const { context } = await visit(t);
	const email = await stranger();
	const early = await openTab(context);
	assert.equal(await early.evaluate("client.user()"), null);
	const tab = await openTab(context);
	await logIn(tab, email);
	await early.waitForFunction("client.isLoggedIn()");
	const late = await openTab(context);
	for (const one of [early, tab, late])
		assert.equal((await one.evaluate("client.user()")).email, email);
	await tab.evaluate("client.logout()");
	for (const one of [early, late]) {
		await one.waitForFunction("window.ended.length > 0");
		assert.deepEqual(await one.evaluate("window.ended"), ["elsewhere"]);
		assert.equal(await one.evaluate("client.accessToken()"), null);
	}
	assert.deepEqual(await tab.evaluate("window.ended"), ["asked"]);
	assert.deepEqual(await kept(context), []);
	await reload(late);
	assert.equal(await late.evaluate("client.user()"), null);
});

test("tabs that begin together refresh one after the other", async (t) => {
	const { context, refreshes } = await visit(t);
	const email = await stranger();
	const tabs = [await openTab(context)];
	await logIn(tabs[0], email);
	while (tabs.length < 4)
		tabs.push(await openTab(context));
	await Promise.all(tabs.map(reload));
	const people = await Promise.all(tabs.map((tab) => tab.evaluate(
		"Promise.all([whoAmI(), client.user(), whoAmI()])")));
	assert.deepEqual(new Set(people.flat().map((one) => one?.email)),
		new Set([email]));
	assert.ok(refreshes.made <= tabs.length, `${refreshes.made} refreshes`);
	assert.equal(refreshes.together, 1);
});

/* Runs in the page: the next request of a person is answered 401. */
const REFUSE_ONCE = `(() => {
	const real = fetch;
	window.fetch = (input, init) => {
		if (!input.url?.endsWith("/users/me/"))
			return real(input, init);
		window.fetch = real;
		return Promise.resolve(new Response("{}", { status: 401 }));
	};
})()`;

test("a refused token is renewed by the cookie", async (t) => {
	const { context, refreshes } = await visit(t);
	const email = await stranger();
	const tab = await openTab(context);
	await logIn(tab, email);
	await tab.evaluate(REFUSE_ONCE);
	assert.equal((await tab.evaluate("whoAmI()")).email, email);
	assert.equal(refreshes.made, 1);
});

test("pages of another site get no cookie", async (t) => {
	const { context } = await visit(t);
	const email = await stranger();
	const tab = await openTab(context, APP.replace("localhost", "127.0.0.1"));
	assert.equal(await logIn(tab, email), `Hello ${email}!`);
	assert.deepEqual(await kept(context), []);
	await reload(tab);
	assert.equal(await tab.evaluate("client.user()"), null);
});
