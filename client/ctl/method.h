#ifndef CLIENT_CTL_METHOD_H
#define CLIENT_CTL_METHOD_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

/* A method as its .proto declares it. */
struct method {
	const ProtobufCServiceDescriptor *service;
	const ProtobufCMethodDescriptor *method;
};

/*
 * method_find finds a method by its full name, or by the end of it after a '.'
 * or '/' ("AuthService/Refresh", "Refresh"). Returns how many fit; *out is the
 * last of them.
 */
size_t method_find(const char *name, struct method *out);

#endif
