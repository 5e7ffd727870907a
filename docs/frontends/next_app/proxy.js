import { getServerSession } from "next-auth";
import { NextResponse } from "next/server";
import { authOptions } from "@/next_auth";

export const config = { matcher: "/((?!api/auth/|_next/).*)" };

/*
 * A server component cannot set cookies, nor a handler under api/ by next-auth:
 * tokens that it renewed would be lost. So they are renewed here, for the page
 * that comes and for the browser.
 */
export async function proxy(request) {
	const renewed = [];

	await getServerSession({
		headers: Object.fromEntries(request.headers),
		cookies: Object.fromEntries(request.cookies.getAll()
			.map(({ name, value }) => [name, value])),
	}, {
		getHeader: () => [],
		setHeader(_, [cookie]) {
			if (cookie.includes("next-auth.session-token"))
				renewed.push(cookie);
		},
	}, authOptions);
	for (const cookie of renewed) {
		const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
		request.cookies.set(name, value);
	}
	const response = NextResponse.next({ request });
	for (const cookie of renewed) {
		response.headers.append("Set-Cookie", cookie);
		// Next would let caches give a page like /login to everybody.
		response.headers.set("Cache-Control", "private, no-store");
	}
	return response;
}
