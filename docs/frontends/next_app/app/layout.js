import Session from "@/components/session";

export const metadata = { title: "Shop" };

export default function Layout({ children }) {
	return (
		<html lang="en">
			<body><Session>{children}</Session></body>
		</html>
	);
}
