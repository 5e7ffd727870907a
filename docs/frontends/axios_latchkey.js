import axios from "axios";
import { createClient, localStorageStorage } from "latchkey";

export function createApi(
	baseUrl, options = { storage: localStorageStorage() },
) {
	const client = createClient({ baseUrl, ...options });
	const api = axios.create({ baseURL: baseUrl });
	const { origin } = new URL(baseUrl);

	api.interceptors.request.use(async (config) => {
		// An address in full may be anybody's.
		if (new URL(api.getUri(config), baseUrl).origin !== origin)
			return config;
		const token = await client.accessToken();
		if (token)
			config.headers.Authorization = `Bearer ${token}`;
		config.usedToken = token;
		return config;
	});

	api.interceptors.response.use(null, async (error) => {
		const { config, response } = error;
		if (response?.status !== 401 || config.retried ||
		    !config.usedToken)
			throw error;
		if (!await client.refresh(config.usedToken))
			throw error;
		config.retried = true;
		return api(config);
	});

	return { api, client };
}
