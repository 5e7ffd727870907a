/* Debian's Chromium without a window. */
import { chromium } from "playwright-core";

/* Starts one; whoever asked for it closes it. */
export function launch() {
	return chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--headless", "--disable-gpu",
			"--disable-quic", "--no-first-run",
			"--disable-background-networking",
			"--disable-component-update", "--disable-sync"],
	});
}
