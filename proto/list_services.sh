#!/bin/sh
# Writes services.c: a list of the services that the .proto files named in the
# arguments declare. A service FooBar of package latchkey.v1 has the descriptor
# latchkey__v1__foo_bar__descriptor.
set -e
echo '#include "proto/services.h"'
for proto in "$@"; do
	echo "#include \"${proto%.proto}.pb-c.h\""
done
echo 'const ProtobufCServiceDescriptor *const api_services[] = {'
sed -n 's/^service \([A-Za-z0-9]*\).*/\1/p' "$@" |
	sed 's/\([A-Z]\)/_\L\1/g; s/^_//; s/.*/	\&latchkey__v1__&__descriptor,/'
echo '};'
echo 'const size_t api_service_count ='
echo '	sizeof(api_services) / sizeof(api_services[0]);'
