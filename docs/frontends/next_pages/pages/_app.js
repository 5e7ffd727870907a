import Session from "@/components/session";

export default function App({ Component, pageProps }) {
	return <Session><Component {...pageProps} /></Session>;
}
