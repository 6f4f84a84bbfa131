/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thin layer over libfdt's sequential interface: the first error stays and stops everything after
 * it, so that only the end must be checked.
 */
#ifndef HYP_BUNDLE_DT_WRITER_H
#define HYP_BUNDLE_DT_WRITER_H

#include "hyp/base/compiler.h"
#include "hyp/base/status.h"
#include "hyp/base/types.h"

struct dt_writer {
	void *tree;
	int error; /* libfdt's; 0: none so far */
};

/* Starts a tree in the buffer, 8-byte aligned; then come reservations, if any, then nodes. */
void dt_writer_start(struct dt_writer *writer, void *buffer, size_t size);
void dt_writer_reserve(struct dt_writer *writer, uint64_t address, uint64_t size);

/* After the last reservation, before the root. */
void dt_writer_reserved(struct dt_writer *writer);

void dt_writer_begin(struct dt_writer *writer, const char *name);
void dt_writer_end(struct dt_writer *writer);

void dt_writer_bytes(struct dt_writer *writer, const char *name, const void *value, size_t size);
void dt_writer_flag(struct dt_writer *writer, const char *name);
void dt_writer_text(struct dt_writer *writer, const char *name, const char *text);

/* `count` 32-bit cells, in the machine's order. */
void dt_writer_cells(
	struct dt_writer *writer, const char *name, const uint32_t *cells, unsigned count);
#define dt_writer_list(writer, name, ...)                                \
	dt_writer_cells(writer, name, (const uint32_t[]){ __VA_ARGS__ }, \
		ARRAY_SIZE(((const uint32_t[]){ __VA_ARGS__ })))

/* Room for a value of `size` zero bytes, to be filled in later; NULL after an error. */
uint8_t *dt_writer_room(struct dt_writer *writer, const char *name, size_t size);

/* The property with this value of `size` bytes (dt_writer_room()) goes from the finished tree,
 * which keeps its size: FDT_NOP. */
void dt_writer_take_out(uint8_t *value, size_t size);

/* Ends the tree: *size of it. ERR_NO_MEMORY: the buffer was too small; ERR_INVALID: anything else
 * (logged). */
enum status dt_writer_finish(struct dt_writer *writer, size_t *size) __must_check;

#endif
