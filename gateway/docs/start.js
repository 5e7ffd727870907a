"use strict";
window.ui = window.SwaggerUIBundle({
	url: "/openapi.json",
	dom_id: "#docs",
	deepLinking: true,
	displayRequestDuration: true,
	tryItOutEnabled: true,
	// Passwords and tokens typed here stay in the page's memory.
	persistAuthorization: false,
	validatorUrl: null,
	presets: [window.SwaggerUIBundle.presets.apis],
	layout: "BaseLayout",
});
