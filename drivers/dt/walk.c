/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/dt/dt.h"
#include "drivers/dt/walk.h"
#include "hyp/base/log.h"

#define DT_VERSION        17 /* the first that gives the structure block's size */
#define DT_LAST_VERSION   17 /* the newest layout this code understands */
#define DT_ALIGNMENT      8
#define DT_RESERVED_ALIGN 8
#define DT_STRUCT_ALIGN   4

static uint32_t header_field(const void *dtb, size_t offset)
{
	return dt_be32((const uint8_t *)dtb + offset);
}

#define HEADER(dtb, field) header_field(dtb, offsetof(struct fdt_header, field))

enum status dt_size(const void *dtb, uint64_t *size)
{
	if (!dtb || !IS_ALIGNED((uintptr_t)dtb, DT_ALIGNMENT)) {
		log_error("devicetree: address %p, expected a multiple of 8 that is not 0", dtb);
		return ERR_INVALID;
	}
	if (HEADER(dtb, magic) != FDT_MAGIC) {
		log_error("devicetree: magic number 0x%08x, expected 0x%08x (no devicetree was "
			  "passed)",
			HEADER(dtb, magic), FDT_MAGIC);
		return ERR_CORRUPT;
	}
	if (HEADER(dtb, version) < DT_VERSION || HEADER(dtb, last_comp_version) > DT_LAST_VERSION) {
		log_error("devicetree: version %u (compatible with %u), expected 17",
			HEADER(dtb, version), HEADER(dtb, last_comp_version));
		return ERR_CORRUPT;
	}
	uint32_t total = HEADER(dtb, totalsize);

	if (total < DT_HEADER_SIZE || total > DT_SIZE_MAX) {
		log_error("devicetree: totalsize %u, expected %u to %u", total, DT_HEADER_SIZE,
			(unsigned)DT_SIZE_MAX);
		return ERR_CORRUPT;
	}
	*size = total;
	return OK;
}

/* A block of the tree lies within it, behind the header, and is aligned. */
static bool block_ok(
	const char *what, uint32_t offset, uint32_t size, uint32_t align, uint64_t total)
{
	if (offset >= DT_HEADER_SIZE && offset <= total && size <= total - offset &&
		IS_ALIGNED(offset, align))
		return true;
	log_error("devicetree: %s block at 0x%x, size 0x%x, expected within 0x%x, a multiple of %u",
		what, offset, size, (unsigned)total, align);
	return false;
}

enum status dt_walk_start(struct dt_walk *walk, const void *dtb, uint64_t size)
{
	const uint8_t *base = dtb;
	uint64_t total;
	enum status status = dt_size(dtb, &total);

	if (status)
		return status;
	if (size < total) {
		log_error("devicetree: totalsize %u, but only %u bytes are there", (unsigned)total,
			(unsigned)size);
		return ERR_CORRUPT;
	}
	uint32_t structure = HEADER(dtb, off_dt_struct);
	uint32_t structure_size = HEADER(dtb, size_dt_struct);
	uint32_t strings = HEADER(dtb, off_dt_strings);
	uint32_t strings_size = HEADER(dtb, size_dt_strings);
	uint32_t reserved = HEADER(dtb, off_mem_rsvmap);

	if (!block_ok("structure", structure, structure_size, DT_STRUCT_ALIGN, total) ||
		!block_ok("strings", strings, strings_size, 1, total) ||
		!block_ok("memory reservation", reserved, 0, DT_RESERVED_ALIGN, total))
		return ERR_CORRUPT;

	*walk = (struct dt_walk){
		.at = (const uint32_t *)(base + structure),
		.end = (const uint32_t *)(base + structure) + structure_size / 4,
		.strings = (const char *)base + strings,
		.strings_size = strings_size,
		.reservations = (const uint64_t *)(base + reserved),
		.reservations_end =
			(const uint64_t *)(base + reserved) + (total - reserved) / sizeof(uint64_t),
	};
	return OK;
}

bool dt_walk_skip(struct dt_walk *walk, unsigned depth)
{
	for (;;) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			break;
		case DT_BEGIN:
			depth++;
			break;
		case DT_END:
			if (--depth == 0)
				return true;
			break;
		default:
			return false;
		}
	}
}

const char *dt_walk_property_name(const struct dt_walk *walk, size_t *length)
{
	const char *end = walk->strings + walk->strings_size;

	if (walk->name_offset >= walk->strings_size)
		return NULL;

	const char *name = walk->strings + walk->name_offset;

	for (const char *at = name; at < end; at++) {
		if (*at == '\0') {
			*length = (size_t)(at - name);
			return name;
		}
	}
	return NULL;
}
