/* docs/frontends/page.html in Chromium, with its address changed alone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import test, { after, before } from "node:test";
import { launch } from "../support/chromium.mjs";
import { BASE, PASSWORD, stranger } from "./people.mjs";

const APP = `http://127.0.0.1:${process.env.APP_PORT}`;
const FILES = {
	"/": ["docs/frontends/page.html", "text/html"],
	"/latchkey.js": ["client/web/latchkey.js", "text/javascript"],
	"/fetch.js": ["docs/frontends/fetch.js", "text/javascript"],
};

let browser, app;

function serve({ url }, response) {
	const [file, type] = FILES[url] ?? [];
	response.statusCode = file ? 200 : 404;
	response.setHeader("Content-Type", type ?? "text/plain");
	response.end(file && readFileSync(file, "utf8")
		.replace("http://127.0.0.1:8000", BASE));
}

before(async () => {
	app = http.createServer(serve);
	await new Promise((done) =>
		app.listen(Number(process.env.APP_PORT), "127.0.0.1", done));
	browser = await launch();
});

after(async () => {
	await browser?.close();
	app.closeAllConnections();
	app.close();
});

test("the page logs in, stays so over a reload, and logs out", async (t) => {
	const context = await browser.newContext();
	t.after(() => context.close());
	const page = await context.newPage();
	const faults = [];
	page.on("pageerror", (fault) => faults.push(fault.message));
	const email = await stranger();
	const logIn = async (password) => {
		await page.getByLabel("E-mail").fill(email);
		await page.getByLabel("Password").fill(password);
		await page.getByRole("button", { name: "Log in" }).click();
	};
	await page.goto(APP);
	await logIn("wrong");
	await page.getByText("Wrong e-mail or password.").waitFor();
	await logIn(PASSWORD);
	await page.getByText(`Hello ${email}!`).waitFor();
	await page.reload();
	await page.getByText(`You are logged in as ${email}.`).waitFor();
	await page.getByRole("button", { name: "Log out" }).click();
	await page.getByText("You are logged out.").waitFor();
	await page.reload();
	assert.equal(await page.evaluate("localStorage.length"), 0);
	assert.deepEqual(faults, []);
});
