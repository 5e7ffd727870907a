#ifndef TESTS_BENCH_TABLE_H
#define TESTS_BENCH_TABLE_H

#include "tests/bench/trial.h"

/*
 * The result on standard output, as Markdown tables, a line at a time.
 * docs/benchmark.md tells what the columns mean.
 */

/* table_begin writes the machine and the head of the table of rows. */
void table_begin(const struct stage *stage);

/* table_add writes a row. */
void table_add(const struct stage *stage, const struct row *row,
               const struct trial *trial);

/* table_begin_references writes the head of the table of further ceilings. */
void table_begin_references(void);
void table_add_reference(const struct ceiling *ceiling,
                         const struct trial_side *side);

#endif
