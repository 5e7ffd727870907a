/* docs/frontends/fetch.js, as a page would use it. */
import assert from "node:assert/strict";
import test from "node:test";
import { memoryStorage } from "latchkey";
import { connect, logIn, whoAmI } from "../../docs/frontends/fetch.js";
import { BASE, PASSWORD, spoiled, stranger } from "./people.mjs";

test("a page says hello, and that a password was wrong", async () => {
	const email = await stranger();
	const client = connect(BASE, memoryStorage());
	assert.equal(await whoAmI(client), null);
	assert.equal(await logIn(client, email, "wrong"),
		"Wrong e-mail or password.");
	assert.equal(await logIn(client, email, PASSWORD), `Hello ${email}!`);
	assert.equal((await whoAmI(client)).email, email);
});

test("a page stays logged in when its token is refused", async () => {
	const storage = memoryStorage();
	const email = await stranger();
	const client = connect(BASE, storage);
	await logIn(client, email, PASSWORD);
	const kept = storage.read();
	storage.write({ ...kept, access: spoiled(kept.access) });
	assert.equal((await whoAmI(client)).email, email);
});
