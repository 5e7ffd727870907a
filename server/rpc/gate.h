#ifndef SERVER_RPC_GATE_H
#define SERVER_RPC_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Counts the calls that are being worked on, so that a server can be drained:
 * once shut, nobody new enters, and somebody can wait until all have left.
 */
struct gate {
	atomic_bool shut;
	atomic_uint inside;
	pthread_mutex_t lock;
	pthread_cond_t empty; /* shut, and nobody inside any more */
};

void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);

/* gate_enter is false if the gate is shut; otherwise gate_leave must follow. */
bool gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/* gate_shut lets nobody in from now on. */
void gate_shut(struct gate *gate);
bool gate_is_shut(const struct gate *gate);

/* gate_wait waits, once shut, until all have left or timeout_ms have passed. */
void gate_wait(struct gate *gate, int64_t timeout_ms);

#endif
