#include "base/file_path.h"

#include <stdio.h>
#include <unistd.h>

enum code
file_path_absolute(const char *path, char out[PATH_MAX])
{
	char dir[PATH_MAX];
	int len = -1;

	if (*path == '/')
		len = snprintf(out, PATH_MAX, "%s", path);
	else if (*path != '\0' && getcwd(dir, sizeof(dir)) != NULL)
		len = snprintf(out, PATH_MAX, "%s/%s", dir, path);
	return len > 0 && len < PATH_MAX ? CODE_OK : CODE_INVALID_ARGUMENT;
}
