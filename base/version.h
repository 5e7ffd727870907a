#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* What the programs answer to `version`, by semantic versioning 2.0.0. */
#define LATCHKEY_VERSION "0.1.0"

#endif
