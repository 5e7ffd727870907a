/*
 * People's ways through the pages in a real browser, and a page of another
 * origin that logs in. Screenshots of all pages go to SCREENSHOTS.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import test, { after, before } from "node:test";
import { launch } from "../support/chromium.mjs";

const BASE = process.env.LATCHKEY_URL;
const APP = `http://127.0.0.1:${process.env.APP_PORT}`;
const PASSWORD = "tulip orchard 71 lanterns";
const PATIENCE_MS = 60_000;
const NARROW = { width: 360, height: 740 };
const WIDE = { width: 1280, height: 800 };
const AXE = readFileSync(createRequire(import.meta.url)
	.resolve("axe-core/axe.min.js"), "utf8");

let browser, app;

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

before(async () => {
	app = http.createServer(serveApp);
	await new Promise((done) =>
		app.listen(Number(process.env.APP_PORT), "127.0.0.1", done));
	browser = await launch();
});

after(async () => {
	await browser?.close();
	app.closeAllConnections();
	app.close();
});

async function post(pathname, value) {
	const response = await fetch(BASE + pathname, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(value),
	});
	return { status: response.status, body: await response.json() };
}

async function register() {
	const email = `${randomUUID()}@example.com`;
	const { status, body } = await post(
		"/api/auth/register/", { email, password: PASSWORD });
	assert.equal(status, 201);
	return { email, access: body.access };
}

async function me(access) {
	const response = await fetch(`${BASE}/api/auth/users/me/`,
		{ headers: { Authorization: `Bearer ${access}` } });
	return response.json();
}

/* The link in the one mail to somebody with these words in it. */
async function linkTo(email, words) {
	const folder = path.join(process.env.MAILS, "new");
	const end = Date.now() + PATIENCE_MS;
	while (Date.now() < end) {
		for (const name of readdirSync(folder)) {
			const mail = readFileSync(path.join(folder, name), "utf8")
				.replace(/=\r?\n/g, "").replaceAll("=3D", "=");
			const link = mail.match(/https?:\/\/[^\s"<]+/);
			if (mail.includes(email) && mail.includes(words) && link)
				return link[0];
		}
		await new Promise((done) => setTimeout(done, 20));
	}
	throw new Error(`no mail to ${email}`);
}

/* Opens a page for one test; what its console has to complain of fails it. */
async function open(t, url, options = {}) {
	const context = await browser.newContext({ viewport: WIDE, ...options });
	t.after(() => context.close());
	const page = await context.newPage();
	page.faults = [];
	page.on("pageerror", (fault) => page.faults.push(fault.message));
	page.on("console", (line) => {
		if (line.type() === "error" &&
		    !line.text().includes("the server responded with a status"))
			page.faults.push(line.text());
	});
	await page.goto(url);
	return page;
}

async function audit(page, name, scheme) {
	await page.emulateMedia({ colorScheme: scheme });
	await page.evaluate(AXE);
	const { violations } = await page.evaluate("axe.run()");
	assert.deepEqual(violations.map((one) => `${name} ${scheme}: ${one.id}: ${
		one.nodes.map((node) => node.html).join(" ")}`), []);
}

/* Holds a page to what every page must be, and takes its pictures. */
async function inspect(page, name, heading) {
	assert.equal(await page.locator("h1").innerText(), heading);
	for (const [width, viewport] of Object.entries({ wide: WIDE, narrow: NARROW })) {
		await page.setViewportSize(viewport);
		for (const scheme of ["light", "dark"]) {
			await audit(page, name, scheme);
			await page.screenshot({
				path: `${process.env.SCREENSHOTS}/${name}_${width}_${scheme}.png`,
				fullPage: true,
			});
		}
		const needed = await page.evaluate(
			"document.documentElement.scrollWidth");
		assert.ok(needed <= viewport.width, `${name} needs ${needed} px`);
	}
	assert.deepEqual(page.faults, []);
}

test("somebody registers, reads the mail, clicks and is verified", async (t) => {
	const { email, access } = await register();
	assert.equal((await me(access)).email_verified, false);
	const page = await open(t, await linkTo(email, "verify-email"));
	await inspect(page, "verify", "Confirm your e-mail address");
	assert.equal((await me(access)).email_verified, false);
	await page.getByRole("button", { name: "Confirm my address" }).click();
	await page.getByRole("heading", { name: "confirmed" }).waitFor();
	await inspect(page, "verified", "Your e-mail address is confirmed");
	assert.equal((await me(access)).email_verified, true);
});

function submit(page, password, again) {
	return page.getByLabel("New password").fill(password)
		.then(() => page.getByLabel("The same password again").fill(again))
		.then(() => page.keyboard.press("Enter"));
}

function focused(page) {
	return page.evaluate("document.activeElement.id");
}

test("somebody forgot the password, sets one and logs in with it", async (t) => {
	const { email } = await register();
	const fresh = "seven violet umbrellas 40";
	assert.equal((await post("/api/auth/password-reset/", { email })).status, 200);
	const link = await linkTo(email, "password-reset-confirm");
	const page = await open(t, link);
	await inspect(page, "reset", "Choose a new password");
	await submit(page, "12345678", "87654321");
	await page.getByText("are not the same").waitFor();
	await inspect(page, "reset_differ", "Choose a new password");
	assert.match(await page.title(), /^Error: /);
	assert.equal(await focused(page), "password_again");
	await submit(page, "12345678", "12345678");
	await page.getByText("entirely numeric").waitFor();
	await inspect(page, "reset_weak", "Choose a new password");
	assert.equal(await focused(page), "password");
	await submit(page, fresh, fresh);
	await page.getByRole("heading", { name: "is changed" }).waitFor();
	await inspect(page, "reset_done", "Your password is changed");
	const login = (password) => post("/api/auth/login/", { email, password });
	assert.equal((await login(PASSWORD)).status, 401);
	assert.equal((await login(fresh)).status, 200);
	await page.goto(link);
	await inspect(page, "link_used", "This link has been used already");
});

test("a link that was cut off says so", async (t) => {
	const page = await open(t,
		`${BASE}/api/auth/password-reset-confirm/MQ/short/`);
	await inspect(page, "link_invalid", "This link does not work");
});

test("a link that is too old says so", async (t) => {
	const page = await open(t, process.env.EXPIRED_LINK);
	await inspect(page, "link_expired", "This link has expired");
});

test("a form that cannot be read says so", async (t) => {
	const { email } = await register();
	const page = await open(t, await linkTo(email, "verify-email"));
	await page.evaluate("document.forms[0].enctype = 'text/plain'");
	await page.getByRole("button").click();
	await page.getByRole("heading", { name: "did not work" }).waitFor();
	await inspect(page, "sorry", "This did not work");
});

test("the pages work without scripts and leak no link", async (t) => {
	const { email, access } = await register();
	const page = await open(t, await linkTo(email, "verify-email"),
		{ javaScriptEnabled: false });
	const sent = [];
	page.on("request", (request) => sent.push(new URL(request.url()).origin));
	await page.getByRole("button").click();
	await page.getByRole("heading", { name: "confirmed" }).waitFor();
	assert.ok(sent.every((origin) => origin === BASE), sent.join());
	assert.equal((await me(access)).email_verified, true);
});

test("the docs page loads and tries a login", async (t) => {
	const { email } = await register();
	const page = await open(t, `${BASE}/docs/`);
	await page.locator(".opblock").first().waitFor();
	await page.setViewportSize(NARROW);
	assert.equal(await page.evaluate(
		"document.documentElement.scrollWidth"), NARROW.width);
	// The rest of what axe finds there is Swagger UI's own.
	await page.evaluate(AXE);
	const { violations } = await page.evaluate(`axe.run({ runOnly: [
		"landmark-no-duplicate-main", "landmark-main-is-top-level",
		"document-title", "html-has-lang", "meta-viewport"] })`);
	assert.deepEqual(violations.map(({ id }) => id), []);
	await page.setViewportSize(WIDE);
	const route = page.locator(".opblock", {
		has: page.locator('[data-path^="/api/auth/login"]'),
	}).filter({ hasNot: page.locator('[data-path*="refresh"]') }).first();
	await route.locator(".opblock-summary-control").click();
	await route.locator("textarea.body-param__text")
		.fill(JSON.stringify({ email, password: PASSWORD }));
	await route.getByRole("button", { name: "Execute" }).click();
	const live = route.locator(".live-responses-table");
	await live.getByText('"access"').waitFor();
	assert.match(await live.innerText(), /\b200\b/);
	await page.screenshot({ path: `${process.env.SCREENSHOTS}/docs.png` });
	assert.deepEqual(page.faults, []);
});

test("without Swagger UI the docs page says how to get it", async (t) => {
	const page = await open(t, `${process.env.BARE_URL}/docs/`);
	await inspect(page, "docs_missing", "Latchkey: the API");
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
