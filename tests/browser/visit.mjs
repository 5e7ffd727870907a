/*
 * What the tests of the pages share: a browser, people with accounts and their
 * mails, and what every page is held to. Screenshots go to SCREENSHOTS.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before } from "node:test";
import { launch } from "../support/chromium.mjs";

export const BASE = process.env.LATCHKEY_URL;
export const PASSWORD = "tulip orchard 71 lanterns";
export const NARROW = { width: 360, height: 740 };
export const WIDE = { width: 1280, height: 800 };

const PATIENCE_MS = 60_000;
const AXE = readFileSync(createRequire(import.meta.url)
	.resolve("axe-core/axe.min.js"), "utf8");

let browser;

before(async () => {
	browser = await launch();
});

after(() => browser?.close());

export async function post(pathname, value) {
	const response = await fetch(BASE + pathname, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(value),
	});
	return { status: response.status, body: await response.json() };
}

export async function register(email = `${randomUUID()}@example.com`) {
	const { status, body } = await post(
		"/api/auth/register/", { email, password: PASSWORD });
	assert.equal(status, 201);
	return { email, access: body.access };
}

export async function me(access) {
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

export function verifyLink(email) {
	return linkTo(email, "verify-email");
}

export async function resetLink(email) {
	const { status } = await post("/api/auth/password-reset/", { email });
	assert.equal(status, 200);
	return linkTo(email, "password-reset-confirm");
}

/* Opens a page for one test; what its console has to complain of fails it.
 * Its headers are those of what it shows now. */
export async function open(t, url, options = {}) {
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
	page.on("response", (response) => {
		if (response.request().isNavigationRequest())
			page.headers = response.headers();
	});
	await page.goto(url);
	return page;
}

/* Holds a page as it is now to all rules of axe and to its width. */
export async function audit(page, name, { viewport, scheme }) {
	const where = `${name}_${viewport.width}_${scheme}`;
	await page.setViewportSize(viewport);
	await page.emulateMedia({ colorScheme: scheme });
	if (await page.evaluate("window.axe === undefined"))
		await page.evaluate(AXE);
	const { violations } = await page.evaluate(
		"axe.run({ resultTypes: ['violations'] })");
	assert.deepEqual(violations.map(({ id, nodes }) => `${where}: ${id}: ${
		nodes.map(({ html }) => html).join(" ")}`), []);
	const needed = await page.evaluate(
		"document.documentElement.scrollWidth");
	assert.ok(needed <= viewport.width, `${where} needs ${needed} px`);
	assert.deepEqual(page.faults, []);
	await page.screenshot({
		path: `${process.env.SCREENSHOTS}/${where}.png`,
	});
}

export function focusedId(page) {
	return page.evaluate("document.activeElement.id");
}

/* A thick line says what has the focus; name, if given, is what it should be. */
export async function assertFocusIsSeen(page, name) {
	const { called, style, width } = await page.locator(":focus")
		.evaluate((element) => {
			const outline = getComputedStyle(element);
			return {
				called: element.labels?.[0]?.innerText ?? element.innerText,
				style: outline.outlineStyle,
				width: parseFloat(outline.outlineWidth),
			};
		});
	if (name !== undefined)
		assert.equal(called, name);
	assert.notEqual(style, "none", called);
	assert.ok(width >= 2, `${called}: ${width} px`);
}
