/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's devicetree, read once, in one pass (Devicetree Specification v0.4).
 *
 * libfdt's search functions walk from the start each time (2.4 million instructions for ten of them
 * on QEMU's tree), so the walk is Lintel's own (walk.h); libfdt checks the header.
 */
#ifndef DRIVERS_DT_DT_H
#define DRIVERS_DT_DT_H

#include "drivers/dt/machine.h"
#include "hyp/base/status.h"

/* The bytes of the header, all dt_size() needs to see. */
#define DT_HEADER_SIZE 40
/* A tree larger than this is taken for garbage. */
#define DT_SIZE_MAX    MIB(2)

/*
 * The size in bytes of the tree at `dtb` from its header, of which at least DT_HEADER_SIZE bytes
 * must be readable. ERR_INVALID: not 8-byte aligned; ERR_CORRUPT: no devicetree, or a header that
 * contradicts itself. Logged. Works with the MMU off.
 */
enum status __must_check dt_size(const void *dtb, uint64_t *size);

/*
 * Reads the tree of which `size` bytes are mapped, writable if seeds are to be erased, into
 * *machine. ERR_CORRUPT: the tree breaks its format; ERR_NOT_FOUND: no usable memory or no CPU in
 * it; ERR_NOT_SUPPORTED: more reserved memory than Lintel can remember; ERR_INVALID as dt_size().
 * The log says which node and property and what was expected. A node other than memory and cpus
 * that makes no sense is reported and left out. The time is linear in `size`, whatever the tree
 * holds.
 */
enum status __must_check dt_scan(void *dtb, uint64_t size, struct machine *machine);

/*
 * Copies the firmware's random bytes (rng-seed, then kaslr-seed) to out and overwrites them in the
 * tree with zeros, all of them, also those that found no room. Returns the number of bytes copied;
 * a second call returns 0.
 */
size_t dt_take_seeds(struct machine *machine, uint8_t *out, size_t size);

/* A line for each thing found, at LOG_DEBUG, and warnings for what is seen but not supported. */
void dt_log(const struct machine *machine);

#endif
