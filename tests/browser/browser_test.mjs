/*
 * People's ways through the pages in a real browser, every page as it looks,
 * and a page of another origin that logs in.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import test, { after, before } from "node:test";
import {
	assertFocusIsSeen, audit, BASE, focusedId, me, NARROW, open, PASSWORD,
	post, register, resetLink, verifyLink, WIDE,
} from "./visit.mjs";

const APP = `http://127.0.0.1:${process.env.APP_PORT}`;
const SOURCES = "gateway/pages";

let app;

const APP_PAGE = `<!DOCTYPE html>
<html lang="en"><title>Shop</title>
<script type="importmap">{ "imports": { "latchkey": "/latchkey.js" } }</script>
<script type="module">
	import { connect, logIn, whoAmI } from "/fetch.js";
	window.client = connect("${BASE}");
	window.logIn = (...who) => logIn(window.client, ...who);
	window.whoAmI = () => whoAmI(window.client);
	window.ended = [];
	window.client.on("logout", (reason) => window.ended.push(reason));
	window.ready = true;
</script>`;

function serveApp(request, response) {
	const scripts = {
		"/latchkey.js": "client/web/latchkey.js",
		"/fetch.js": "docs/frontends/fetch.js",
	};
	const script = scripts[request.url];
	response.setHeader("Content-Type",
		script ? "text/javascript" : "text/html; charset=utf-8");
	response.end(script ? readFileSync(script) : APP_PAGE);
}

before(() => {
	app = http.createServer(serveApp);
	return new Promise((done) =>
		app.listen(Number(process.env.APP_PORT), "127.0.0.1", done));
});

after(() => {
	app.closeAllConnections();
	app.close();
});

const inspected = new Set();

/* Takes a page of gateway/pages for what it has to be, in all its looks. */
async function inspect(page, name, state = "") {
	const [, heading] = readFileSync(`${SOURCES}/${name}.html`, "utf8")
		.match(/^<h1>(.*)<\/h1>/);
	assert.equal(await page.locator("h1").innerText(), heading);
	assert.match(await page.title(), new RegExp(`^(Error: )?${heading} – `));
	for (const viewport of [WIDE, NARROW])
		for (const scheme of ["light", "dark"])
			await audit(page, name + state, { viewport, scheme });
	assertItTellsNobody(page.headers);
	inspected.add(name);
}

/* What goes with a page whose address may hold a token. */
function assertItTellsNobody(headers) {
	assert.equal(headers["cache-control"], "no-store");
	assert.equal(headers["referrer-policy"], "no-referrer");
	assert.equal(headers["x-frame-options"], "DENY");
	assert.match(headers["content-security-policy"], new RegExp(
		"^default-src 'none'; style-src 'sha256-[\\w+/]+='; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'$"));
}

test("somebody registers, reads the mail, clicks and is verified", async (t) => {
	const { email, access } = await register();
	assert.equal((await me(access)).email_verified, false);
	const page = await open(t, await verifyLink(email));
	await inspect(page, "verify");
	assert.equal((await me(access)).email_verified, false);
	await page.getByRole("button", { name: "Confirm my address" }).click();
	await page.getByRole("heading", { name: "confirmed" }).waitFor();
	await inspect(page, "verified");
	assert.equal((await me(access)).email_verified, true);
});

function submit(page, password, again) {
	return page.getByLabel("New password").fill(password)
		.then(() => page.getByLabel("The same password again").fill(again))
		.then(() => page.keyboard.press("Enter"));
}

/* What a screen reader says of the focused field besides its name. */
function description(page) {
	return page.evaluate(`document.activeElement
		.getAttribute("aria-describedby").split(" ")
		.map((id) => document.getElementById(id).innerText).join(" ")`);
}

test("somebody forgot the password, sets one and logs in with it", async (t) => {
	const { email } = await register();
	const fresh = "seven violet umbrellas 40";
	const link = await resetLink(email);
	const page = await open(t, link);
	await inspect(page, "reset");
	await submit(page, "12345678", "87654321");
	await page.getByText("are not the same").waitFor();
	await inspect(page, "reset", "_differ");
	assert.match(await page.title(), /^Error: /);
	assert.equal(await focusedId(page), "password_again");
	assert.match(await description(page), /are not the same/);
	await submit(page, "12345678", "12345678");
	await page.getByText("entirely numeric").waitFor();
	await inspect(page, "reset", "_weak");
	assert.equal(await focusedId(page), "password");
	assert.match(await description(page), /too common.*entirely numeric/s);
	await submit(page, fresh, fresh);
	await page.getByRole("heading", { name: "is changed" }).waitFor();
	await inspect(page, "reset_done");
	const login = (password) => post("/api/auth/login/", { email, password });
	assert.equal((await login(PASSWORD)).status, 401);
	assert.equal((await login(fresh)).status, 200);
	await page.goto(link);
	await inspect(page, "link_used");
});

test("a link that was cut off says so", async (t) => {
	const page = await open(t,
		`${BASE}/api/auth/password-reset-confirm/MQ/short/`);
	await inspect(page, "link_invalid");
});

test("a link that is too old says so", async (t) => {
	const page = await open(t, process.env.EXPIRED_LINK);
	await inspect(page, "link_expired");
});

test("a form that cannot be read says so", async (t) => {
	const { email } = await register();
	const page = await open(t, await verifyLink(email));
	await page.evaluate("document.forms[0].enctype = 'text/plain'");
	await page.getByRole("button").click();
	await page.getByRole("heading", { name: "did not work" }).waitFor();
	await inspect(page, "sorry");
});

test("a link that is opened while the server is away says so", async (t) => {
	const { pathname } = new URL(process.env.EXPIRED_LINK);
	const page = await open(t, process.env.BARE_URL + pathname);
	await inspect(page, "sorry", "_away");
});

test("who tries too often reads how long to wait", async (t) => {
	const { pathname } = new URL(process.env.EXPIRED_LINK);
	const page = await open(t, process.env.BUSY_URL + pathname);
	await page.getByText("wait 90 seconds").waitFor();
	await inspect(page, "throttled");
});

test("the gateway's address says what is where", async (t) => {
	const page = await open(t, BASE);
	await inspect(page, "home");
	for (const link of await page.getByRole("link").all()) {
		const to = new URL(await link.getAttribute("href"), BASE);
		assert.equal((await fetch(to)).status, 200, to.href);
	}
	await page.getByRole("link", { name: "The API" }).click();
	await page.waitForURL(`${BASE}/docs/`);
});

test("the pages work without scripts and leak no link", async (t) => {
	const { email, access } = await register();
	const page = await open(t, await verifyLink(email),
		{ javaScriptEnabled: false });
	const sent = [];
	page.on("request", (request) => sent.push(request));
	await page.getByRole("button").click();
	await page.getByRole("heading", { name: "confirmed" }).waitFor();
	assert.ok(sent.length > 0);
	for (const request of sent) {
		assert.equal(new URL(request.url()).origin, BASE);
		assert.equal((await request.allHeaders()).referer, undefined);
	}
	assert.equal((await me(access)).email_verified, true);
});

test("a password is set with the keyboard alone and without scripts", async (t) => {
	const { email } = await register();
	const fresh = "eleven copper lanterns 52";
	const page = await open(t, await resetLink(email),
		{ javaScriptEnabled: false });
	const reach = async (what) => {
		await page.keyboard.press("Tab");
		await assertFocusIsSeen(page, what);
	};
	await reach("New password");
	await page.keyboard.type("short");
	await reach("The same password again");
	await page.keyboard.type("short");
	await reach("Change the password");
	await page.keyboard.press("Enter");
	// The faulty field has the focus already.
	await page.getByText("too short").waitFor();
	await assertFocusIsSeen(page, "New password");
	await page.keyboard.type(fresh);
	await reach("The same password again");
	await page.keyboard.type(fresh);
	await reach("Change the password");
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "is changed" }).waitFor();
	assert.equal((await post("/api/auth/login/",
		{ email, password: fresh })).status, 200);
});

/* A page of the app, its client ready, and its requests for a refresh. */
async function openApp(t) {
	const page = await open(t, APP);
	await page.waitForFunction("window.ready");
	const refreshes = [];
	page.context().on("request", (request) => {
		if (request.method() === "POST" &&
		    request.url().endsWith("/token/refresh/"))
			refreshes.push(request);
	});
	return { page, refreshes };
}

/* Runs in the page: damages the kept access token. */
const SPOIL = `(() => {
	const kept = JSON.parse(localStorage.getItem("latchkey"));
	const [head, payload, signature] = kept.access.split(".");
	const first = signature[0] === "A" ? "B" : "A";
	kept.access = [head, payload, first + signature.slice(1)].join(".");
	localStorage.setItem("latchkey", JSON.stringify(kept));
})()`;

function logIn(page, email, password) {
	return page.evaluate(([...who]) => window.logIn(...who), [email, password]);
}

test("a page on another origin logs in, refreshes and logs out", async (t) => {
	const { email } = await register();
	const { page, refreshes } = await openApp(t);
	assert.equal(await logIn(page, email, "wrong"),
		"Wrong e-mail or password.");
	assert.equal(await logIn(page, email, PASSWORD), `Hello ${email}!`);
	await page.evaluate(SPOIL);
	assert.equal((await page.evaluate("whoAmI()")).email, email);
	assert.equal(refreshes.length, 1);
	await page.reload();
	await page.waitForFunction("window.ready");
	assert.equal((await page.evaluate("whoAmI()")).email, email);
	await page.evaluate("client.logout()");
	assert.equal(await page.evaluate("whoAmI()"), null);
	assert.deepEqual(page.faults, []);
});

test("all tabs together make one refresh", async (t) => {
	const { email } = await register();
	const { page, refreshes } = await openApp(t);
	await logIn(page, email, PASSWORD);
	const tabs = [page];
	while (tabs.length < 4) {
		const tab = await page.context().newPage();
		await tab.goto(APP);
		await tab.waitForFunction("window.ready");
		tabs.push(tab);
	}
	await page.evaluate(SPOIL);
	const people = await Promise.all(tabs.map((tab) => tab.evaluate(
		"Promise.all([whoAmI(), whoAmI(), whoAmI()])")));
	assert.deepEqual(new Set(people.flat().map((one) => one?.email)),
		new Set([email]));
	assert.equal(refreshes.length, 1);
});

test("a logout in one tab is heard in the others", async (t) => {
	const { email } = await register();
	const { page } = await openApp(t);
	await logIn(page, email, PASSWORD);
	const other = await page.context().newPage();
	await other.goto(APP);
	await other.waitForFunction("window.ready");
	assert.equal((await other.evaluate("whoAmI()")).email, email);
	await page.evaluate("client.logout()");
	await other.waitForFunction("window.ended.length > 0");
	assert.deepEqual(await other.evaluate("window.ended"), ["elsewhere"]);
	assert.deepEqual(await page.evaluate("window.ended"), ["asked"]);
});

test("a page of an origin that is not on the list reads nothing", async (t) => {
	const page = await open(t, APP.replace("127.0.0.1", "localhost"));
	await page.waitForFunction("window.ready");
	const said = await page.evaluate(
		"logIn('ada@example.com', 'x').catch((error) => error.name)");
	assert.equal(said, "TypeError");
});

/* The last, since it looks at what the others did. */
test("every page was inspected", () => {
	const pages = readdirSync(SOURCES)
		.filter((name) => name.endsWith(".html") && name !== "layout.html")
		.map((name) => name.replace(".html", ""));
	assert.ok(pages.length > 0);
	assert.deepEqual(pages.filter((name) => !inspected.has(name)), []);
});
