"use client";

import { signIn, signOut, useSession } from "next-auth/react";
import { useEffect, useState } from "react";

export default function Account({ backendUrl }) {
	const { data: session, update } = useSession();
	const [profile, setProfile] = useState(null);

	useEffect(() => {
		if (session?.error === "LoginEnded")
			signIn();
	}, [session]);

	function ask({ backendAccess }) {
		return fetch(`${backendUrl}/api/auth/users/me/`, {
			headers: { Authorization: `Bearer ${backendAccess}` },
		});
	}

	async function showProfile() {
		let response = await ask(session);
		if (response.status === 401) {
			// A new token, or word that the login has ended.
			const renewed = await update();
			if (renewed?.backendAccess)
				response = await ask(renewed);
		}
		if (response.ok)
			setProfile(await response.json());
	}

	if (!session?.backendAccess)
		return null;
	return (
		<>
			<p>Your address is {session.user.email}.</p>
			<button onClick={showProfile}>Show my profile</button>
			<button onClick={() => signOut()}>Log out</button>
			{profile && <pre>{JSON.stringify(profile, null, 2)}</pre>}
		</>
	);
}
