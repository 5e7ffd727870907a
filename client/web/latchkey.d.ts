/** What storages keep. All but the two tokens is for the client alone. */
export interface Tokens {
	access: string;
	refresh: string;
	/** The access token's whole life, in milliseconds. */
	lifetimeMs?: number;
	/** When it ends by this device's clock, ms since the epoch. */
	endsAt?: number;
}

type Awaitable<T> = T | Promise<T>;

/** Where tokens are kept. Each method may also return a promise. */
export interface Storage {
	/** False if no other tab reads the same place. Default true. */
	shared?: boolean;
	/** Tells storages of one origin apart. */
	name?: string;
	read(): Awaitable<Tokens | null>;
	write(tokens: Tokens): Awaitable<void>;
	clear(): Awaitable<void>;
	/** Calls the listener when somebody else changed what is kept. */
	watch?(listener: () => void): void;
}

export interface Options {
	/** Where the gateway is: "https://auth.example.com". */
	baseUrl: string;
	/** Default: memoryStorage(). */
	storage?: Storage;
	/**
	 * The refresh token stays in a cookie that no script reads. Needs a
	 * profile with "refresh_cookie"; excludes `storage`. Default false.
	 */
	cookies?: boolean;
	/**
	 * Default: those of the profile django-auth; with `cookies`
	 * /api/auth/cookie/login/ and so on.
	 */
	paths?: {
		login?: string; refresh?: string; logout?: string; user?: string;
	};
	/** Origins, besides that of baseUrl, that fetch sends the token to. */
	origins?: string[];
	/** Renew so many seconds before the end; default 30, at most half. */
	refreshAheadS?: number;
	/** How long to wait for login, refresh and logout. Default 15. */
	timeoutS?: number;
	/** Instead of the global fetch. */
	fetch?: typeof fetch;
}

/** As the gateway answers it; attributes that are configured come on top. */
export interface User {
	id: number;
	email: string;
	first_name: string;
	last_name: string;
	full_name: string;
	avatar: string | null;
	is_staff: boolean;
	is_superuser: boolean;
	roles: string[];
	username: string | null;
	is_active: boolean;
	email_verified: boolean;
	date_joined: string;
	last_login: string | null;
	[attribute: string]: unknown;
}

/** Why a login ended: asked for here, by the server, in another tab. */
export type LogoutReason = "asked" | "ended" | "elsewhere";

export interface Client {
	/**
	 * Logs in and keeps the tokens. Rejects with LatchkeyError when the
	 * server refuses; fetch's own error when it was not reached.
	 */
	login(credentials: Record<string, unknown>): Promise<User>;
	/**
	 * Keeps tokens that came another way: registration, Google. Rejects
	 * with TypeError if `cookies`: log in instead.
	 */
	adopt(access: string, refresh: string): Promise<void>;
	/**
	 * Forgets the tokens, then ends the session at the server. If that
	 * fails and it rejects, a cookie is still there: try again.
	 */
	logout(): Promise<void>;
	/** With `cookies` it may have to ask the server, once for a page. */
	isLoggedIn(): Promise<boolean>;
	/** Who is logged in, as the server says it; null: log in. */
	user(): Promise<User | null>;
	/** A token for now, renewed if it is about to expire; null: log in. */
	accessToken(): Promise<string | null>;
	/**
	 * Renews the access token and returns the new one; null: log in. With
	 * `used`, the token that was refused, only if nobody renewed it since.
	 * Rejects when the server cannot say; the tokens are kept then.
	 */
	refresh(used?: string): Promise<string | null>;
	/**
	 * As fetch, with the access token for the origins that get it; a path
	 * is one of baseUrl. A 401 is asked for once more with a new token.
	 */
	fetch(
		input: string | URL | Request, init?: RequestInit,
	): Promise<Response>;
	/** Returns what takes the listener away again. */
	on(event: "login", listener: (user: User) => void): () => void;
	on(event: "refresh", listener: () => void): () => void;
	on(
		event: "logout", listener: (reason: LogoutReason) => void,
	): () => void;
}

/** An answer that was not a success. */
export class LatchkeyError extends Error {
	status: number;
	/** The answer's JSON; null if it had none. */
	body: any;
	code: string | null;
	/** For the operator: finds the request in the logs. */
	requestId: string | null;
	/** Seconds to wait, when the server says so. */
	retryAfterS: number | null;
}

export function createClient(options: Options): Client;
/** Keeps tokens as long as the page or the process lives. */
export function memoryStorage(): Storage;
/** Keeps tokens in window.localStorage, which any script of the page reads. */
export function localStorageStorage(key?: string): Storage;
