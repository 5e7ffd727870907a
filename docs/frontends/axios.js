import axios from "axios";

/* A path is one of the page's own origin, as fetch sees it. */
function originOf(url) {
	return new URL(url, globalThis.location?.href).origin;
}

export function createApi(baseURL, storage = localStorage) {
	const api = axios.create({ baseURL });
	const origin = originOf(baseURL);
	let refreshing = null;

	async function refresh() {
		const { data } = await axios.post(
			`${baseURL}/api/auth/token/refresh/`,
			{ refresh: storage.getItem("refresh") });
		storage.setItem("access", data.access);
		if (data.refresh)
			storage.setItem("refresh", data.refresh);
	}

	api.interceptors.request.use((config) => {
		const access = storage.getItem("access");
		// An address in full may be anybody's.
		if (access && originOf(api.getUri(config)) === origin)
			config.headers.Authorization = `Bearer ${access}`;
		return config;
	});

	api.interceptors.response.use(null, async (error) => {
		const { config, response } = error;
		if (response?.status !== 401 || config.retried ||
		    !storage.getItem("refresh"))
			throw error;
		config.retried = true;
		// All requests that fail meanwhile wait for the same refresh.
		refreshing ??= refresh().finally(() => { refreshing = null; });
		try {
			await refreshing;
		} catch (refused) {
			if (refused.response?.status === 401) {
				storage.removeItem("access");
				storage.removeItem("refresh");
			}
			throw refused;
		}
		return api(config);
	});

	return api;
}

export async function logIn(api, email, password, storage = localStorage) {
	const { data } = await axios.post(
		`${api.defaults.baseURL}/api/auth/login/`, { email, password });
	storage.setItem("access", data.access);
	storage.setItem("refresh", data.refresh);
	return data.user;
}
