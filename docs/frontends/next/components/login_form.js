"use client";

import { signIn } from "next-auth/react";
import { useState } from "react";

const SAID = {
	CredentialsSignin: "Wrong e-mail or password.",
	email_not_verified: "Open the link in our mail to you first.",
	NotNow: "Logging in does not work at the moment. Try again later.",
};

export default function LoginForm() {
	const [problem, setProblem] = useState("");

	async function logIn(event) {
		event.preventDefault();
		const { email, password } = event.target.elements;
		const { ok, error } = await signIn("credentials", {
			email: email.value,
			password: password.value,
			redirect: false,
		});
		if (ok)
			location.assign("/");
		else
			setProblem(SAID[error] ?? SAID.NotNow);
	}

	return (
		<main>
			<h1>Log in</h1>
			<form onSubmit={logIn}>
				<label>
					E-mail{" "}
					<input name="email" type="email" required
						autoComplete="username" />
				</label>{" "}
				<label>
					Password{" "}
					<input name="password" type="password" required
						autoComplete="current-password" />
				</label>{" "}
				<button>Log in</button>
				<p role="alert">{problem}</p>
			</form>
		</main>
	);
}
