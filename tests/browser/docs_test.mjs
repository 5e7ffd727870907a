/*
 * The page /docs/: Swagger UI is held to the same rules as our own pages, in
 * every state that a visitor can bring it into.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import {
	assertFocusIsSeen, audit, BASE, NARROW, open, PASSWORD, register, WIDE,
} from "./visit.mjs";

const LOGIN = "/api/auth/login/";
/* The longest address there may be, all in one word. */
const LONG_EMAIL = `${randomUUID().padEnd(64, "x")}@${"y".repeat(63)}.${
	"z".repeat(63)}.${"w".repeat(57)}.com`;

async function openDocs(t, base = BASE) {
	const page = await open(t, `${base}/docs/`);
	await page.locator(".opblock").first().waitFor();
	return page;
}

async function inspect(page, name) {
	await audit(page, `docs_${name}`, { viewport: NARROW, scheme: "dark" });
	await audit(page, `docs_${name}`, { viewport: WIDE, scheme: "light" });
}

function routes(page, path) {
	return page.locator(".opblock", {
		has: page.locator(`[data-path="${path}"]`),
	});
}

async function unfold(route) {
	await route.locator(".opblock-summary-control").click();
	await route.getByRole("button", { name: "Execute" }).waitFor();
	await route.scrollIntoViewIfNeeded();
}

function dialog(page) {
	return page.getByRole("dialog");
}

test("the docs page is readable as it loads", async (t) => {
	const page = await openDocs(t);
	await inspect(page, "loaded");
	await audit(page, "docs_loaded", { viewport: WIDE, scheme: "dark" });
	await audit(page, "docs_loaded", { viewport: NARROW, scheme: "light" });
});

test("the docs page tries a login and shows a long answer", async (t) => {
	const { email } = await register(LONG_EMAIL);
	assert.equal(email.length, 254);
	const page = await openDocs(t);
	const route = routes(page, LOGIN);
	await unfold(route);
	await inspect(page, "unfolded");
	await route.getByLabel("Request body")
		.fill(JSON.stringify({ email, password: PASSWORD }));
	await route.getByRole("button", { name: "Execute" }).click();
	const live = route.locator(".live-responses-table");
	await live.getByText('"access"').waitFor();
	assert.match(await live.innerText(), /\b200\b/);
	await live.scrollIntoViewIfNeeded();
	await inspect(page, "answered");
	await page.setViewportSize(NARROW);
	assert.deepEqual(await route.locator("td").evaluateAll((cells) =>
		cells.filter((cell) => cell.scrollWidth > cell.clientWidth)
			.map((cell) => cell.innerText)), []);
	await route.getByRole("button", { name: "Cancel" }).click();
	await route.getByRole("button", { name: "Try it out" }).waitFor();
	await inspect(page, "cancelled");
});

test("the docs page takes an access token and sends it", async (t) => {
	const { email, access } = await register();
	const page = await openDocs(t);
	await page.getByRole("button", { name: "Authorize" }).click();
	await inspect(page, "authorize");
	await dialog(page).getByLabel("Value").fill(access);
	await dialog(page).getByRole("button", { name: "Authorize" }).click();
	await dialog(page).getByRole("button", { name: "Logout" }).waitFor();
	await inspect(page, "authorized");
	await dialog(page).locator(".btn-done").click();
	await dialog(page).waitFor({ state: "detached" });
	const route = routes(page, "/api/auth/users/me/").first();
	await unfold(route);
	await route.getByRole("button", { name: "Execute" }).click();
	await route.locator(".live-responses-table").getByText(email).waitFor();
});

test("the docs page names what is asked for, and shows schemas", async (t) => {
	const page = await openDocs(t);
	for (const path of ["/api/auth/users/", "/api/auth/users/me/avatar/"])
		for (const route of await routes(page, path).all()) {
			await unfold(route);
			for (const tab of await route.getByRole("tab",
				{ name: "Schema" }).all())
				await tab.click();
		}
	await inspect(page, "parameters");
	await page.getByRole("button", { name: "Schemas" }).click();
	const schema = page.locator(".models .json-schema-2020-12-accordion");
	await schema.first().click();
	await schema.first().scrollIntoViewIfNeeded();
	await inspect(page, "schemas");
});

/* Presses Tab until something is reached; every stop has to be seen. */
async function tabTo(page, selector) {
	for (let presses = 0; presses < 40; presses++) {
		await page.keyboard.press("Tab");
		await assertFocusIsSeen(page);
		if (await page.locator(`${selector}:focus`).count() > 0)
			return;
	}
	throw new Error(`Tab does not reach ${selector}`);
}

test("the docs page can be used with the keyboard alone", async (t) => {
	const { email, access } = await register();
	const page = await openDocs(t);
	await tabTo(page, ".btn.authorize");
	await page.keyboard.press("Enter");
	await assertFocusIsSeen(page, "Value:");
	await page.keyboard.type(access);
	await page.keyboard.press("Enter");
	await dialog(page).getByRole("button", { name: "Logout" }).waitFor();
	await page.keyboard.press("Escape");
	await dialog(page).waitFor({ state: "detached" });
	await assertFocusIsSeen(page, "Authorize");
	await tabTo(page, "#operations-car-management-post_login button");
	await page.keyboard.press("Enter");
	await page.locator("textarea").waitFor();
	await tabTo(page, "textarea");
	await page.keyboard.press("Control+A");
	await page.keyboard.type(JSON.stringify(
		{ username_or_email: email, password: PASSWORD }));
	await tabTo(page, ".execute");
	await page.keyboard.press("Enter");
	await page.locator(".live-responses-table")
		.getByText('"access_token"').waitFor();
});

test("the docs page says when it has nothing to show", async (t) => {
	const page = await open(t, "about:blank");
	await page.route("**/openapi.json", (route) =>
		route.fulfill({ status: 503, body: "{}" }));
	await page.goto(`${BASE}/docs/`);
	await page.getByRole("heading", { name: "Failed to load" }).waitFor();
	await inspect(page, "failed");
});

test("without Swagger UI the docs page says how to get it", async (t) => {
	const page = await open(t, `${process.env.BARE_URL}/docs/`);
	assert.equal(await page.locator("h1").innerText(), "Latchkey: the API");
	await inspect(page, "missing");
});

test("without scripts the docs page says what needs none", async (t) => {
	const page = await open(t, `${BASE}/docs/`, { javaScriptEnabled: false });
	await page.getByRole("link", { name: "/openapi.json" }).click();
	await page.waitForURL(`${BASE}/openapi.json`);
});
