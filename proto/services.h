#ifndef PROTO_SERVICES_H
#define PROTO_SERVICES_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

/*
 * Every service of latchkey.v1, for those who work by reflection. The list is
 * generated from the .proto files, so that none can be forgotten.
 */
extern const ProtobufCServiceDescriptor *const api_services[];
extern const size_t api_service_count;

#endif
