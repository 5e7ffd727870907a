/*
 * Starts Swagger UI, and mends what it leaves undone for people who use a
 * keyboard or a screen reader.
 */
"use strict";

function nameOfRow(control) {
	const { paramName, propertyName } = control.closest("tr").dataset;
	return paramName ?? propertyName;
}

function nameUnlessText(button) {
	return button.textContent.trim() === "" ? "Members" : null;
}

/* Attributes by selector: a text, what makes one, or null to take one away.
 * Headings are a level too low because Swagger UI has no h2. */
const REPAIRS = [
	[".information-container", { role: "banner" }],
	[".scheme-container", { role: "region", "aria-label": "Server" }],
	["#servers", { "aria-label": "Server" }],
	["h3", { "aria-level": "2" }],
	["h4", { "aria-level": "3" }],
	[".models > h4, .errors-wrapper h4", { "aria-level": "2" }],
	[".loading-container h4.title", { "aria-level": "1" }],
	[".swagger-ui > .loading-container", { role: "main" }],
	["h5, h6", { "aria-level": "4" }],
	[".responses-table", { role: null }],
	[".examples-select-element", { "aria-label": "Example" }],
	["textarea.body-param__text", { "aria-label": "Request body" }],
	["tr[data-param-name] :is(input, select, textarea), " +
	 "tr[data-property-name] :is(input:not([type=checkbox]), select, textarea)",
	 { "aria-label": nameOfRow }],
	[".json-schema-2020-12-accordion", { "aria-label": nameUnlessText }],
	["div.copy-to-clipboard", { "aria-label": null }],
	[".close-modal", { "aria-label": "Close" }],
	["dialog :is(input, .modal-btn)", { "aria-label": null }],
];

function put(element, name, value) {
	if (value === null)
		element.removeAttribute(name);
	else if (element.getAttribute(name) !== value)
		element.setAttribute(name, value);
}

function repair(root) {
	for (const [selector, attributes] of REPAIRS)
		for (const element of root.querySelectorAll(selector))
			for (const [name, value] of Object.entries(attributes))
				put(element, name, typeof value === "function" ?
					value(element) : value);
}

/* A route's line is a button; the link within it could not be reached. */
function linkTagsOnly(DeepLink, { React }) {
	return (props) => React.createElement(DeepLink, {
		...props,
		enabled: props.enabled && !props.path.includes("/"),
	});
}

/* The browser's own dialog holds the focus and gives it back. */
function openAsDialog(Popup, { React }) {
	return function Dialog(props) {
		const element = React.useRef(null);
		React.useLayoutEffect(() => {
			const dialog = element.current;
			dialog.showModal();
			dialog.querySelector("input")?.focus();
			return () => dialog.close();
		}, []);
		return React.createElement("dialog",
			{ ref: element, "aria-label": "Available authorizations" },
			React.createElement(Popup, props));
	};
}

function start() {
	const root = document.getElementById("docs");
	new MutationObserver(() => repair(root)).observe(root, {
		attributeFilter: ["aria-label"], childList: true, subtree: true,
	});
	window.ui = window.SwaggerUIBundle({
		url: "/openapi.json",
		domNode: root,
		deepLinking: true,
		displayRequestDuration: true,
		defaultModelsExpandDepth: 0,
		tryItOutEnabled: true,
		syntaxHighlight: false,
		// Passwords and tokens typed here stay in the page's memory.
		persistAuthorization: false,
		validatorUrl: null,
		presets: [window.SwaggerUIBundle.presets.apis],
		plugins: [{ wrapComponents: {
			DeepLink: linkTagsOnly,
			authorizationPopup: openAsDialog,
		} }],
		layout: "BaseLayout",
	});
}

start();
