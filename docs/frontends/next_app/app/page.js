import { getServerSession } from "next-auth";
import { redirect } from "next/navigation";
import Account from "@/components/account";
import { authOptions } from "@/next_auth";

export default async function Page() {
	const session = await getServerSession(authOptions);

	if (!session?.backendAccess)
		redirect("/login");
	return (
		<main>
			<h1>Hello {session.user.name || session.user.email}!</h1>
			<Account backendUrl={process.env.LATCHKEY_URL} />
		</main>
	);
}
