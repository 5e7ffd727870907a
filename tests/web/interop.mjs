/*
 * What bundlers such as Next's do and Node does not: the default import of a
 * CommonJS module that was an ES module is that module's default export.
 */
export async function resolve(specifier, context, next) {
	const found = await next(specifier, context);
	if (!specifier.startsWith("next-auth") || context.parentURL?.endsWith("#own"))
		return found;
	return { ...found, url: `${found.url}#own`, format: "module" };
}

export async function load(url, context, next) {
	if (!url.endsWith("#own"))
		return next(url, context);
	const [file] = url.split("#");
	return {
		format: "module",
		shortCircuit: true,
		source: `import { createRequire } from "node:module";
			const own = createRequire(${JSON.stringify(file)})(
				${JSON.stringify(decodeURIComponent(new URL(file).pathname))});
			export default own.default ?? own;`,
	};
}
