/*
 * The client of Latchkey for browsers and Node: logs in, keeps the tokens,
 * renews the access token before it expires, and logs out. It needs nothing
 * but fetch.
 *
 * Invariants: tokens change under the lock alone, so at most one refresh is
 * under way per login, in all tabs together where the Web Locks API is there.
 * A token is sent to the origins that were named and nowhere else. Tokens are
 * given up only when the server says that they are worth nothing, never
 * because it could not be reached. With cookies the refresh token is never seen
 * here, and what changes the cookie is done under the lock as well.
 */

const PATHS = {
	login: "/api/auth/login/",
	refresh: "/api/auth/token/refresh/",
	logout: "/api/auth/logout/",
	user: "/api/auth/users/me/",
};

/* Of a profile that keeps the refresh token in a cookie. */
const COOKIE_PATHS = {
	login: "/api/auth/cookie/login/",
	refresh: "/api/auth/cookie/refresh/",
	logout: "/api/auth/cookie/logout/",
};

/* An answer that was not a success, or was not what its path answers. */
export class LatchkeyError extends Error {
	constructor(response, body) {
		super(body?.detail ?? `HTTP status ${response.status}`);
		this.name = "LatchkeyError";
		this.status = response.status;
		this.body = body;
		this.code = body?.code ?? null;
		this.requestId = response.headers.get("X-Request-Id");
		this.retryAfterS =
			Number(response.headers.get("Retry-After")) || null;
	}
}

/* Keeps tokens as long as the page or the process lives. */
export function memoryStorage() {
	let kept = null;

	return {
		shared: false,
		read: () => kept,
		write(tokens) {
			kept = tokens;
		},
		clear() {
			kept = null;
		},
	};
}

/*
 * Keeps tokens in window.localStorage, for all tabs of an origin and over
 * restarts. Any script of the page can read them there.
 */
export function localStorageStorage(key = "latchkey") {
	return {
		shared: true,
		name: key,
		read() {
			try {
				const text = localStorage.getItem(key);
				const kept = JSON.parse(text);
				return kept?.access && kept?.refresh
					? kept
					: null;
			} catch (error) {
				if (error instanceof SyntaxError)
					return null;
				throw error;
			}
		},
		write(tokens) {
			localStorage.setItem(key, JSON.stringify(tokens));
		},
		clear() {
			localStorage.removeItem(key);
		},
		watch(listener) {
			globalThis.addEventListener?.("storage", (event) => {
				if (event.key === key || event.key === null)
					listener();
			});
		},
	};
}

/*
 * Keeps the access token for all open pages of an origin; the refresh token is
 * the browser's. A page that has just begun cannot see whether there is a
 * cookie: its access token is null, and a refresh tells.
 */
function cookieStorage(name) {
	const channel = globalThis.BroadcastChannel &&
		new BroadcastChannel(name);
	let kept = { access: null };
	let changedAt = 0;

	function change(tokens) {
		kept = tokens;
		// After all that was heard, though the clock be set back.
		changedAt = Math.max(Date.now(), changedAt + 1);
		channel?.postMessage({ kept, changedAt });
	}

	return {
		name: "cookie",
		read: () => kept,
		write: change,
		clear: () => change(null),
		watch(listener) {
			channel?.addEventListener("message", ({ data }) => {
				// Word of what was before our own change came late.
				if (data.changedAt < changedAt)
					return;
				({ kept, changedAt } = data);
				listener();
			});
			// In Node it would keep the process from its end.
			channel?.unref?.();
		},
	};
}

/* The claims of a JWT, unverified; an empty object if it is none. */
function claimsOf(token) {
	try {
		const part = token.split(".")[1];
		return JSON.parse(
			atob(part.replaceAll("-", "+").replaceAll("_", "/")));
	} catch {
		return {};
	}
}

/*
 * The time left is taken from the token alone, because the clocks of people's
 * devices are wrong.
 */
function keep(access, refresh) {
	const { exp, iat } = claimsOf(access);
	const lifetimeMs = (exp - iat) * 1000;
	const endsAt = Date.now() + lifetimeMs;

	return Number.isFinite(lifetimeMs)
		? { access, refresh, lifetimeMs, endsAt }
		: { access, refresh };
}

async function bodyOf(response) {
	try {
		return await response.json();
	} catch {
		return null;
	}
}

/* What is done one after the other when there are no Web Locks. */
const queues = new WeakMap();

function queued(storage, work) {
	const result = (queues.get(storage) ?? Promise.resolve()).then(work);
	queues.set(storage, result.catch(() => {}));
	return result;
}

class Client {
	#base;
	#cookies;
	#fetch;
	#listeners = {
		login: new Set(),
		refresh: new Set(),
		logout: new Set(),
	};
	#lockName;
	#origins;
	#paths;
	#refreshAheadMs;
	#storage;
	#timeoutMs;
	#wasLoggedIn = false;

	constructor(options) {
		if (options.cookies && options.storage)
			throw new TypeError("with cookies there is no storage");
		this.#base = new URL(options.baseUrl);
		this.#cookies = Boolean(options.cookies);
		this.#fetch = options.fetch ?? ((...args) => fetch(...args));
		this.#origins = new Set([this.#base.origin]);
		for (const origin of options.origins ?? [])
			this.#origins.add(new URL(origin).origin);
		this.#paths = {
			...PATHS,
			...(this.#cookies && COOKIE_PATHS),
			...options.paths,
		};
		this.#refreshAheadMs = (options.refreshAheadS ?? 30) * 1000;
		this.#storage = this.#cookies
			? cookieStorage(`latchkey ${this.#base.origin}`)
			: options.storage ?? memoryStorage();
		this.#timeoutMs = (options.timeoutS ?? 15) * 1000;
		this.#lockName = ["latchkey", this.#base.origin,
			this.#storage.name ?? ""].join(" ");
		this.#storage.watch?.(() => this.#lookAgain());
	}

	async login(credentials) {
		const user = await this.#locked(() => this.#logIn(credentials));

		this.#emit("login", user);
		return user;
	}

	async adopt(access, refresh) {
		if (this.#cookies)
			throw new TypeError(
				"the cookie comes from a login alone");
		await this.#locked(() => this.#write(keep(access, refresh)));
	}

	async logout() {
		await this.#locked(async () => {
			const kept = await this.#read();
			await this.#clear("asked");
			if (kept?.refresh || this.#cookies)
				await this.#endSession(kept?.refresh);
		});
	}

	async isLoggedIn() {
		const kept = await this.#read();

		return kept?.access === null
			? (await this.accessToken()) !== null
			: kept !== null;
	}

	async user() {
		if (!await this.accessToken())
			return null;
		const response = await this.fetch(this.#paths.user);
		const body = await bodyOf(response);

		if (response.status === 401 && !await this.isLoggedIn())
			return null;
		if (!response.ok || !body)
			throw new LatchkeyError(response, body);
		return body;
	}

	async accessToken() {
		const kept = await this.#read();

		if (!kept || !this.#isDue(kept))
			return kept?.access ?? null;
		try {
			return await this.refresh(kept.access);
		} catch (error) {
			if (Date.now() < kept.endsAt)
				return kept.access;
			throw error;
		}
	}

	async refresh(used) {
		return this.#locked(async () => {
			const kept = await this.#read();

			if (!kept)
				return null;
			// Somebody was faster, here or in another tab.
			if (used !== undefined && kept.access !== used)
				return kept.access;
			return this.#refreshKept(kept);
		});
	}

	async fetch(input, init) {
		const request = new Request(
			typeof input === "string"
				? new URL(input, this.#base)
				: input,
			init);
		const token = this.#origins.has(new URL(request.url).origin)
			? await this.accessToken()
			: null;

		if (!token)
			return this.#fetch(request);
		// A copy, because a body can be sent only once.
		const again = request.clone();
		const response = await this.#send(request, token);
		if (response.status !== 401)
			return response;
		const renewed = await this.refresh(token);
		// What one person asked for is not done in another's name.
		if (!renewed || claimsOf(renewed).sid !== claimsOf(token).sid)
			return response;
		await response.body?.cancel();
		return this.#send(again, renewed);
	}

	on(event, listener) {
		const listeners = this.#listeners[event];

		if (!listeners)
			throw new TypeError(`there is no event ${event}`);
		listeners.add(listener);
		return () => listeners.delete(listener);
	}

	#send(request, token) {
		request.headers.set("Authorization", `Bearer ${token}`);
		return this.#fetch(request);
	}

	#post(path, value) {
		return this.#fetch(new URL(path, this.#base), {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify(value),
			signal: AbortSignal.timeout(this.#timeoutMs),
			...(this.#cookies && { credentials: "include" }),
		});
	}

	/*
	 * Under the lock, as all that changes a cookie: a late answer to one
	 * request would take away what another has set.
	 */
	async #logIn(credentials) {
		const response = await this.#post(
			this.#paths.login, credentials);
		const body = await bodyOf(response);
		const access = body?.access ?? body?.access_token;
		const refresh = body?.refresh ?? body?.refresh_token;

		if (!response.ok || !access)
			throw new LatchkeyError(response, body);
		if (Boolean(refresh) === this.#cookies)
			throw new TypeError(`${this.#paths.login} is for ` +
				`cookies: ${!this.#cookies}`);
		await this.#write(keep(access, refresh));
		return body.user ?? body;
	}

	/* Under the lock. */
	async #endSession(refresh) {
		const response = await this.#post(
			this.#paths.logout, { refresh });

		const body = await bodyOf(response);

		if (!response.ok && !this.#isNoLogin(response, body))
			throw new LatchkeyError(response, body);
	}

	/*
	 * 400: there is no cookie, and so no token in the request; but without
	 * JSON it is a proxy's word, about too many cookies for one.
	 */
	#isNoLogin({ status }, body) {
		return status === 401 ||
			(this.#cookies && status === 400 && body !== null);
	}

	/* Under the lock. */
	async #refreshKept(kept) {
		const response = await this.#post(
			this.#paths.refresh, { refresh: kept.refresh });
		const body = await bodyOf(response);

		if (response.ok && body?.access) {
			await this.#write(keep(body.access, this.#cookies
				? undefined
				: body.refresh ?? kept.refresh));
			this.#emit("refresh");
			return body.access;
		}
		if (!this.#isNoLogin(response, body))
			throw new LatchkeyError(response, body);
		// Without Web Locks another tab may have replaced the token.
		const now = await this.#read();
		if (now && now.refresh !== kept.refresh)
			return now.access;
		await this.#clear("ended");
		return null;
	}

	/* Short-lived tokens are renewed in the last half of their life. */
	#isDue(kept) {
		if (kept.access === null)
			return true;
		const aheadMs = Math.min(
			this.#refreshAheadMs, kept.lifetimeMs / 2);
		return Date.now() >= kept.endsAt - aheadMs;
	}

	#locked(work) {
		const locks = globalThis.navigator?.locks;

		return this.#storage.shared !== false && locks
			? locks.request(this.#lockName, work)
			: queued(this.#storage, work);
	}

	async #read() {
		const kept = (await this.#storage.read()) ?? null;
		this.#wasLoggedIn ||= Boolean(kept?.access);
		return kept;
	}

	async #write(tokens) {
		await this.#storage.write(tokens);
		this.#wasLoggedIn = true;
	}

	async #clear(reason) {
		await this.#storage.clear();
		if (this.#wasLoggedIn)
			this.#emit("logout", reason);
		this.#wasLoggedIn = false;
	}

	/* Another tab changed what is stored. */
	async #lookAgain() {
		const was = this.#wasLoggedIn;

		if (await this.#read() || !was)
			return;
		this.#wasLoggedIn = false;
		this.#emit("logout", "elsewhere");
	}

	#emit(event, detail) {
		// Later, so that a listener's fault is nobody else's.
		for (const listener of this.#listeners[event])
			queueMicrotask(() => listener(detail));
	}
}

/* Makes a client; latchkey.d.ts says what the options and its methods are. */
export function createClient(options) {
	return new Client(options);
}
