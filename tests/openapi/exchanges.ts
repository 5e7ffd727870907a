// What the generated calls (typed_call.py) are made of: clients whose types
// openapi-typescript made, and a line for each answer that they got.
import * as http from "node:http";
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { paths } from "./schema.js";

// As it came, before the client reads it.
interface Raw {
	status: number;
	headers: [string, string][];
	body: string; // base64
}

interface Outcome {
	data?: unknown;
	error?: unknown;
	response: Response;
}

const raws = new WeakMap<Response, Raw>();

function base64(data: ArrayBuffer): string {
	return Buffer.from(data).toString("base64");
}

const keep: Middleware = {
	async onResponse({ response }) {
		raws.set(response, {
			status: response.status,
			headers: [...response.headers],
			body: base64(await response.clone().arrayBuffer()),
		});
		return undefined;
	},
};

const clients = new Map<number, Client<paths>>();

// The client of the gateway at a port.
export function at(port: number): Client<paths> {
	let client = clients.get(port);
	if (client === undefined) {
		const baseUrl = `http://127.0.0.1:${port}`;
		client = createClient<paths>({ baseUrl });
		client.use(keep);
		clients.set(port, client);
	}
	return client;
}

// Makes a call and prints its outcome as a line of JSON.
export async function tell<T extends Outcome>(name: string, call: Promise<T>):
	Promise<T>
{
	const result = await call.catch((error: unknown) => {
		throw new Error(name, { cause: error });
	});
	const { data, error, response } = result;
	console.log(JSON.stringify({
		name, ...raws.get(response)!,
		data: data instanceof ArrayBuffer ? base64(data) : data, error,
	}));
	return result;
}

// fetch as a browser that follows a link or sends a form: Node's own says in
// Sec-Fetch-Mode that a script asks, and scripts are shown no pages.
export async function navigate(request: Request): Promise<Response> {
	const { method, url, headers } = request;
	const body = new Uint8Array(await request.arrayBuffer());
	return new Promise((resolve, reject) => {
		const options = { method, headers: Object.fromEntries(headers) };
		const asking = http.request(url, options, (answer) => {
			const parts: Uint8Array<ArrayBuffer>[] = [];
			answer.on("data", (part) => parts.push(part));
			answer.on("error", reject);
			answer.on("end", () => resolve(new Response(
				new Blob(parts), {
					status: answer.statusCode,
					headers: pairs(answer.rawHeaders),
				})));
		});
		asking.on("error", reject);
		asking.end(body.length > 0 ? body : undefined);
	});
}

function pairs(raw: string[]): [string, string][] {
	const found: [string, string][] = [];
	for (let i = 0; i < raw.length; i += 2)
		found.push([raw[i]!, raw[i + 1]!]);
	return found;
}

// A body as bytes: each character of the text is one.
export function bytes(text: string): () => Uint8Array {
	return () => Uint8Array.from(text, (c) => c.charCodeAt(0));
}

// Whether the type says what is in a value, down to its leaves.
type Known<T> =
	unknown extends T ? false
	: [T] extends [never] ? false
	: T extends readonly (infer Item)[] ? Known<Item>
	: T extends object
		? [keyof T] extends [never] ? false
		: string extends keyof T
			? [Named<T>] extends [never] ? Known<T[keyof T]>
			: Members<Pick<T, Named<T> & keyof T>>
		: Members<T>
	: true;

// The members that have a name, beside an index signature.
type Named<T> = keyof {
	[K in keyof T as string extends K ? never
		: number extends K ? never : K]: T[K];
};

type Members<T> = false extends { [K in keyof T]-?: Known<T[K]> }[keyof T]
	? false : true;

// Compiles for answers of which the types say what is in them.
export function useful<T>(
	..._: [Known<Exclude<T, undefined>>] extends [true] ? []
		: ["its type does not say what is in it"]
): void {}
