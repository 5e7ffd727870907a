#include "client/ctl/method.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/services.h"

static bool
fits(const char *full, const char *name)
{
	size_t full_len = strlen(full), len = strlen(name);
	const char *end = full + full_len - len;

	if (len == 0 || len > full_len || strcmp(end, name) != 0)
		return false;
	return end == full || end[-1] == '.' || end[-1] == '/';
}

size_t
method_find(const char *name, struct method *out)
{
	size_t count = 0;

	for (size_t s = 0; s < api_service_count; s++) {
		const ProtobufCServiceDescriptor *service = api_services[s];

		for (unsigned i = 0; i < service->n_methods; i++) {
			char full[128];

			(void)snprintf(full, sizeof(full), "%s/%s",
			               service->name, service->methods[i].name);
			if (!fits(full, name))
				continue;
			*out = (struct method){ service, &service->methods[i] };
			count++;
		}
	}
	return count;
}
