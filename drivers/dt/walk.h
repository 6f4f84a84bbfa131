/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One step after another through a flattened devicetree (Devicetree Specification v0.4, 5.4),
 * within its bounds.
 *
 * For the rooms above see dt.h; this is what the scan is made of. Inline: it runs a few hundred
 * times in each boot.
 */
#ifndef DRIVERS_DT_WALK_H
#define DRIVERS_DT_WALK_H

#include <libfdt.h>

#include "hyp/base/compiler.h"
#include "hyp/base/status.h"
#include "hyp/base/types.h"

enum dt_token {
	DT_BEGIN = FDT_BEGIN_NODE,
	DT_END = FDT_END_NODE,
	DT_PROPERTY = FDT_PROP,
	DT_NOP = FDT_NOP,
	DT_FINISH = FDT_END,
	DT_BROKEN, /* the structure block breaks its format or ends early */
};

struct dt_walk {
	const uint32_t *at, *end; /* of the structure block */
	const char *strings;
	uint32_t strings_size;
	const uint64_t *reservations, *reservations_end; /* of the memory reservation block */

	/* What the last token was about. */
	const char *name;     /* DT_BEGIN: the node's, with its unit address */
	const uint8_t *data;  /* DT_PROPERTY: its value, 4-byte aligned */
	uint32_t length;      /* ... in bytes */
	uint32_t name_offset; /* ... its name, in the strings block */
};

static inline uint32_t dt_be32(const void *from)
{
	return __builtin_bswap32(*(const uint32_t *)from);
}

/* Eight bytes at a multiple of four. */
static inline uint64_t dt_be64(const void *from)
{
	const uint32_t *word = from;

	return (uint64_t)dt_be32(word) << 32 | dt_be32(word + 1);
}

/* Checks the header of the tree, of which `size` bytes can be read, and starts before the root.
 * Logs what is wrong. */
enum status __must_check dt_walk_start(struct dt_walk *walk, const void *dtb, uint64_t size);

/* True if the word holds a byte that is 0. */
static inline bool dt_word_has_nul(uint32_t word)
{
	return ((word - 0x01010101u) & ~word & 0x80808080u) != 0;
}

/* Passes a node's name. False if it doesn't end within the block. */
static inline bool dt_walk_name(struct dt_walk *walk)
{
	walk->name = (const char *)walk->at;
	while (walk->at < walk->end) {
		if (dt_word_has_nul(*walk->at++))
			return true;
	}
	return false;
}

/* Passes a property's header and value. False if it doesn't end within the block. */
static inline bool dt_walk_property(struct dt_walk *walk)
{
	size_t words = (size_t)(walk->end - walk->at);

	if (words < 2)
		return false;
	walk->length = dt_be32(walk->at);
	walk->name_offset = dt_be32(walk->at + 1);
	walk->data = (const uint8_t *)(walk->at + 2);

	uint64_t value_words = ((uint64_t)walk->length + 3) / 4;

	if (value_words > words - 2)
		return false;
	walk->at += 2 + value_words;
	return true;
}

/* The next token; NOPs are passed over. */
static inline enum dt_token dt_walk_next(struct dt_walk *walk)
{
	while (walk->at < walk->end) {
		switch (dt_be32(walk->at++)) {
		case FDT_PROP:
			return dt_walk_property(walk) ? DT_PROPERTY : DT_BROKEN;
		case FDT_BEGIN_NODE:
			return dt_walk_name(walk) ? DT_BEGIN : DT_BROKEN;
		case FDT_END_NODE:
			return DT_END;
		case FDT_NOP:
			continue;
		case FDT_END:
			return DT_FINISH;
		default:
			return DT_BROKEN;
		}
	}
	return DT_BROKEN;
}

/* Passes everything up to and including the `depth`th DT_END that is not a child's. False if there
 * is none. */
bool __must_check dt_walk_skip(struct dt_walk *walk, unsigned depth);

/*
 * The name of the property last passed, and its length without NUL; NULL if it lies outside the
 * strings block or has no end in it.
 */
const char *dt_walk_property_name(const struct dt_walk *walk, size_t *length);

#endif
