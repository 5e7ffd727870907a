/* axios with an interceptor: document 000's own, and one that asks client/web. */
import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";
import axios from "axios";
import { memoryStorage } from "latchkey";
import { createApi, logIn } from "../../docs/frontends/axios.js";
import {
	createApi as createSharedApi,
} from "../../docs/frontends/axios_latchkey.js";
import {
	BASE, countOf, PASSWORD, ROTATES, spoiled, stranger, watched,
} from "./people.mjs";

const PROFILE = "/api/auth/profile/";

/* What window.localStorage does. */
function fakeLocalStorage() {
	const items = new Map();
	return {
		getItem: (key) => items.get(key) ?? null,
		setItem: (key, value) => items.set(key, String(value)),
		removeItem: (key) => items.delete(key),
	};
}

async function entered() {
	const storage = fakeLocalStorage();
	const api = createApi(BASE, storage);
	const email = await stranger();
	const user = await logIn(api, email, PASSWORD, storage);
	return { api, storage, email, user };
}

test("the interceptor of document 000 sends the token", async () => {
	const { api, email, user } = await entered();
	assert.equal(user.email, email);
	assert.equal((await api.get(PROFILE)).data.email, email);
});

test("the interceptor of document 000 refreshes and tries again", async () => {
	const { api, storage, email } = await entered();
	const refresh = storage.getItem("refresh");
	storage.setItem("access", spoiled(storage.getItem("access")));
	const { data } = await api.patch(PROFILE, { first_name: "Ada" });
	assert.deepEqual([data.email, data.first_name], [email, "Ada"]);
	assert.equal(storage.getItem("refresh") !== refresh, ROTATES);
});

test("requests of axios that fail together are all tried again", async () => {
	const { api, storage } = await entered();
	storage.setItem("access", spoiled(storage.getItem("access")));
	const answers = await Promise.all(
		Array.from({ length: 6 }, () => api.get(PROFILE)));
	assert.ok(answers.every(({ status }) => status === 200));
});

test("the interceptor of document 000 gives up what was refused", async () => {
	const { api, storage } = await entered();
	await axios.post(`${BASE}/api/auth/logout/`,
		{ refresh: storage.getItem("refresh") });
	await assert.rejects(api.get(PROFILE), (error) => {
		assert.equal(error.response.status, 401);
		assert.equal(error.response.data.code, "token_not_valid");
		return true;
	});
	assert.equal(storage.getItem("refresh"), null);
});

test("axios gets its tokens from the client", async () => {
	const { seen, fetch } = watched();
	const storage = memoryStorage();
	const { api, client } = createSharedApi(BASE, { storage, fetch });
	const email = await stranger();
	await client.login({ email, password: PASSWORD });
	const kept = storage.read();
	storage.write({ ...kept, access: spoiled(kept.access) });
	const answers = await Promise.all(
		Array.from({ length: 6 }, () => api.get(PROFILE)));
	assert.ok(answers.every(({ data }) => data.email === email));
	assert.equal(countOf(seen, "POST /api/auth/token/refresh/"), 1);
	await client.logout();
	await assert.rejects(api.get(PROFILE),
		(error) => error.response.status === 401);
});

/* Another origin, which tells what Authorization came; it refuses all. */
async function elsewhere(t) {
	const heard = [];
	const server = http.createServer((request, response) => {
		heard.push(request.headers.authorization);
		response.writeHead(401).end();
	});
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	t.after(() => server.close());
	return { heard, url: `http://127.0.0.1:${server.address().port}/` };
}

test("axios sends no token to another origin", async (t) => {
	const { heard, url } = await elsewhere(t);
	const { fetch } = watched();
	const shared = createSharedApi(BASE, { storage: memoryStorage(), fetch });
	await shared.client.login({ email: await stranger(), password: PASSWORD });
	for (const { api } of [await entered(), shared]) {
		await assert.rejects(api.get(url), /401/);
		assert.equal((await api.get(BASE + PROFILE)).status, 200);
	}
	assert.ok(heard.length >= 2);
	assert.deepEqual(heard, heard.map(() => undefined));
});
