// What exchanges.ts uses of Node, whose own types nobody installs here.
declare module "node:http" {
	interface Answer {
		statusCode: number;
		rawHeaders: string[];
		on(event: "data", take: (part: Uint8Array<ArrayBuffer>) => void): void;
		on(event: "end" | "error", take: (error?: Error) => void): void;
	}
	interface Asking {
		on(event: "error", take: (error: Error) => void): void;
		end(body?: Uint8Array): void;
	}
	export function request(
		url: string,
		options: { method: string; headers: Record<string, string> },
		answered: (answer: Answer) => void,
	): Asking;
}

declare const Buffer: {
	from(data: ArrayBuffer): { toString(encoding: "base64"): string };
};
