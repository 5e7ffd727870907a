import { createClient } from "latchkey";

export function connect(baseUrl) {
	return createClient({ baseUrl, cookies: true });
}
