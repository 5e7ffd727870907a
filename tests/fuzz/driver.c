/*
 * The short form of every fuzz target: feeds it each corpus file named in
 * argv, then a fixed number of mutations of them. The random numbers are the
 * same in every run, so that a failure can be run again.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 8192
#define MUTATIONS 20000

static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64*: good enough to pick bytes. */
static uint64_t
next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1d;
}

struct input {
	uint8_t data[INPUT_MAX];
	size_t size;
};

static void
mutate(struct input *in)
{
	size_t at = in->size == 0 ? 0 : next_random() % in->size;

	switch (next_random() % 5) {
	case 0: /* flip a bit */
		if (in->size > 0)
			in->data[at] ^= (uint8_t)(1U << (next_random() % 8));
		break;
	case 1: /* another byte */
		if (in->size > 0)
			in->data[at] = (uint8_t)next_random();
		break;
	case 2: /* insert a byte */
		if (in->size < INPUT_MAX) {
			memmove(in->data + at + 1, in->data + at,
			        in->size - at);
			in->data[at] = (uint8_t)next_random();
			in->size++;
		}
		break;
	case 3: /* drop a byte */
		if (in->size > 0) {
			memmove(in->data + at, in->data + at + 1,
			        in->size - at - 1);
			in->size--;
		}
		break;
	default: /* cut the end off */
		in->size = at;
		break;
	}
}

static void
read_input(const char *path, struct input *in)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	in->size = fread(in->data, 1, sizeof(in->data), file);
	(void)fclose(file);
}

/* A copy of its exact size, so that the sanitizer sees one byte too far. */
static void
run(const struct input *in)
{
	uint8_t *copy = malloc(in->size == 0 ? 1 : in->size);

	if (copy == NULL)
		abort();
	memcpy(copy, in->data, in->size);
	(void)LLVMFuzzerTestOneInput(copy, in->size);
	free(copy);
}

int
main(int argc, char **argv)
{
	static struct input seed, in;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s CORPUS-FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		read_input(argv[i], &seed);
		run(&seed);
		for (int n = 0; n < MUTATIONS / (argc - 1); n++) {
			in = seed;
			for (uint64_t m = next_random() % 8; m > 0; m--)
				mutate(&in);
			run(&in);
		}
	}
	return 0;
}
