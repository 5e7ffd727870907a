import { getServerSession } from "next-auth";
import Account from "@/components/account";
import { authOptions } from "@/next_auth";

export async function getServerSideProps({ req, res }) {
	const session = await getServerSession(req, res, authOptions);

	if (!session?.backendAccess)
		return { redirect: { destination: "/login", permanent: false } };
	return {
		props: {
			name: session.user.name || session.user.email,
			backendUrl: process.env.LATCHKEY_URL,
		},
	};
}

export default function Page({ name, backendUrl }) {
	return (
		<main>
			<h1>Hello {name}!</h1>
			<Account backendUrl={backendUrl} />
		</main>
	);
}
