#include "gateway/test_rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/protocol/reqrep0/rep.h>

#include "base/encoding.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

static void
check(int rc)
{
	if (rc != 0) {
		(void)fprintf(stderr, "%s\n", nng_strerror(rc));
		abort();
	}
}

static void
send_reply(struct test_rpc *rpc, const Latchkey__Rpc__V1__Call *call,
           Latchkey__Rpc__V1__Status *status, const ProtobufCMessage *payload)
{
	Latchkey__Rpc__V1__Reply reply = LATCHKEY__RPC__V1__REPLY__INIT;
	uint8_t packed[1024];
	nng_msg *message;

	reply.request_id = call->request_id;
	reply.status = status;
	reply.payload.data = packed;
	if (payload != NULL)
		reply.payload.len = protobuf_c_message_pack(payload, packed);
	check(nng_msg_alloc(&message,
	                    latchkey__rpc__v1__reply__get_packed_size(&reply)));
	(void)latchkey__rpc__v1__reply__pack(&reply, nng_msg_body(message));
	check(nng_sendmsg(rpc->socket, message, 0));
}

static void
refuse(struct test_rpc *rpc, const Latchkey__Rpc__V1__Call *call)
{
	Latchkey__Rpc__V1__Status status = LATCHKEY__RPC__V1__STATUS__INIT;

	status.code = 16;
	status.reason = LATCHKEY__RPC__V1__REASON__REASON_CREDENTIALS_INVALID;
	status.subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_REQUEST;
	send_reply(rpc, call, &status, NULL);
}

static void
accept_login(struct test_rpc *rpc, const Latchkey__Rpc__V1__Call *call,
             char *identifier)
{
	Latchkey__Rpc__V1__Status status = LATCHKEY__RPC__V1__STATUS__INIT;
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;
	Latchkey__V1__AuthenticateResponse response =
		LATCHKEY__V1__AUTHENTICATE_RESPONSE__INIT;
	char request_id[33];

	hex_encode(call->request_id.data, 16, request_id);
	user.id = 7;
	user.email = identifier;
	user.first_name = call->caller->user_agent;
	user.last_name = call->caller->client_address;
	user.full_name = request_id;
	response.access_token = "a.a.a";
	response.refresh_token = "r.r.r";
	response.user = &user;
	send_reply(rpc, call, &status, &response.base);
}

static void
answer(struct test_rpc *rpc, const Latchkey__Rpc__V1__Call *call)
{
	Latchkey__V1__AuthenticateRequest *request =
		latchkey__v1__authenticate_request__unpack(
			NULL, call->payload.len, call->payload.data);

	if (request == NULL)
		abort();
	if (strcmp(request->password, "wrong") == 0)
		refuse(rpc, call);
	else if (strcmp(request->password, "silent") != 0)
		accept_login(rpc, call, request->identifier);
	latchkey__v1__authenticate_request__free_unpacked(request, NULL);
}

static void *
serve(void *arg)
{
	struct test_rpc *rpc = arg;
	nng_msg *message;

	while (nng_recvmsg(rpc->socket, &message, 0) == 0) {
		Latchkey__Rpc__V1__Call *call = latchkey__rpc__v1__call__unpack(
			NULL, nng_msg_len(message), nng_msg_body(message));

		if (call == NULL)
			abort();
		answer(rpc, call);
		latchkey__rpc__v1__call__free_unpacked(call, NULL);
		nng_msg_free(message);
	}
	return NULL;
}

void
test_rpc_open(struct test_rpc *rpc, const char *url)
{
	check(nng_rep0_open(&rpc->socket));
	check(nng_listen(rpc->socket, url, NULL, 0));
	if (pthread_create(&rpc->thread, NULL, serve, rpc) != 0)
		abort();
}

void
test_rpc_close(struct test_rpc *rpc)
{
	(void)nng_close(rpc->socket);
	(void)pthread_join(rpc->thread, NULL);
}
