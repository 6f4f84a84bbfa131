/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bundle's archive: cpio's "newc" format (cpio(5); Linux
 * Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * Nothing is copied: names and data point into the archive. Every header is judged before anything
 * of it is used; any bytes whatever are safe input.
 */
#ifndef HYP_BUNDLE_CPIO_H
#define HYP_BUNDLE_CPIO_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"

#define CPIO_FILES_MAX 128
#define CPIO_NAME_MAX  128 /* with the NUL */

struct cpio_file {
	const char *name;    /* NUL-terminated, a leading "./" left off */
	const uint8_t *data; /* a multiple of 4 from the archive's start */
	uint64_t size;
};

struct cpio_archive {
	unsigned count;
	struct cpio_file files[CPIO_FILES_MAX]; /* regular files, in the archive's order */
};

/*
 * Reads the archive in [base, base + size), base being a multiple of 4. Directories are passed
 * over; anything after the trailer is not looked at. ERR_CORRUPT: it breaks the format (the log
 * says which entry and what is wrong); ERR_EXISTS: two files of one name; ERR_RANGE: more than
 * CPIO_FILES_MAX files; ERR_NOT_SUPPORTED: a link or a special file; ERR_NOT_FOUND: it is empty or
 * no cpio archive at all.
 */
enum status cpio_open(struct cpio_archive *archive, const void *base, uint64_t size) __must_check;

/* The file of that name, or NULL. */
const struct cpio_file *cpio_find(const struct cpio_archive *archive, const char *name);

#endif
