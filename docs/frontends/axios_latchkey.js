export function useLatchkey(api, client) {
	api.interceptors.request.use(async (config) => {
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
}
