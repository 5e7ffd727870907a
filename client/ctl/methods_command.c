#include <stdio.h>
#include <string.h>

#include "client/ctl/commands.h"
#include "proto/services.h"

const char methods_help[] =
	"Usage: latchkeyctl methods\n"
	"\n"
	"Lists every method: its full name, its request, its answer. What\n"
	"they mean stands in proto/latchkey/v1/*.proto.\n";

/* What a column has to hold: the widest of its texts. */
struct widths {
	int name, input;
};

static int
wider(int width, size_t len)
{
	return (int)len > width ? (int)len : width;
}

static struct widths
measure(void)
{
	struct widths w = { 0, 0 };

	for (size_t s = 0; s < api_service_count; s++) {
		const ProtobufCServiceDescriptor *service = api_services[s];

		for (unsigned i = 0; i < service->n_methods; i++) {
			const ProtobufCMethodDescriptor *m =
				&service->methods[i];

			w.name = wider(w.name, strlen(service->name) + 1 +
			                               strlen(m->name));
			w.input = wider(w.input, strlen(m->input->short_name));
		}
	}
	return w;
}

int
methods_command(int argc, char **argv)
{
	const struct widths w = measure();
	char name[128];

	if (argc > 1)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "methods takes no argument \"%s\"",
		                    argv[1]);
	for (size_t s = 0; s < api_service_count; s++) {
		const ProtobufCServiceDescriptor *service = api_services[s];

		for (unsigned i = 0; i < service->n_methods; i++) {
			(void)snprintf(name, sizeof(name), "%s/%s",
			               service->name, service->methods[i].name);
			(void)printf("%-*s  %-*s  %s\n", w.name, name, w.input,
			             service->methods[i].input->short_name,
			             service->methods[i].output->short_name);
		}
	}
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}
