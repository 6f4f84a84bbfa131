/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The properties the scan looks at, as numbers.
 *
 * A tree holds each name once, however often it is used, so the offset in the strings block nearly
 * always tells: a small cache from offset to number saves the comparison of names.
 */
#ifndef DRIVERS_DT_PROPERTY_H
#define DRIVERS_DT_PROPERTY_H

#include "drivers/dt/walk.h"

/* X(identifier, "name"), by the length of the name. */
#define DT_PROPERTIES(X)                              \
	X(REG, "reg")                                 \
	X(identifier, "name")                         \
	X(CPU_ON, "cpu_on")                           \
	X(METHOD, "method")                           \
	X(NO_MAP, "no-map")                           \
	X(RANGES, "ranges")                           \
	X(STATUS, "status")                           \
	X(CPU_OFF, "cpu_off")                         \
	X(PHANDLE, "phandle")                         \
	X(BOOTARGS, "bootargs")                       \
	X(RNG_SEED, "rng-seed")                       \
	X(REG_SHIFT, "reg-shift")                     \
	X(COMPATIBLE, "compatible")                   \
	X(INTERRUPTS, "interrupts")                   \
	X(KASLR_SEED, "kaslr-seed")                   \
	X(REG_OFFSET, "reg-offset")                   \
	X(SIZE_CELLS, "#size-cells")                  \
	X(DEVICE_TYPE, "device_type")                 \
	X(STDOUT_PATH, "stdout-path")                 \
	X(REG_IO_WIDTH, "reg-io-width")               \
	X(CURRENT_SPEED, "current-speed")             \
	X(ENABLE_METHOD, "enable-method")             \
	X(ADDRESS_CELLS, "#address-cells")            \
	X(CLOCK_FREQUENCY, "clock-frequency")         \
	X(INTERRUPT_NAMES, "interrupt-names")         \
	X(INTERRUPT_CELLS, "#interrupt-cells")        \
	X(RELEASE_ADDR, "cpu-release-addr")           \
	X(INTERRUPT_PARENT, "interrupt-parent")       \
	X(INITRD_END, "linux,initrd-end")             \
	X(STDOUT_PATH_OLD, "linux,stdout-path")       \
	X(INITRD_START, "linux,initrd-start")         \
	X(INTERRUPTS_EXTENDED, "interrupts-extended") \
	X(REDIST_STRIDE, "redistributor-stride")      \
	X(REDIST_REGIONS, "#redistributor-regions")

enum dt_property {
#define DT_PROPERTY_ID(id, name) PROP_##id,
	DT_PROPERTIES(DT_PROPERTY_ID)
#undef DT_PROPERTY_ID
		PROP_COUNT,
	PROP_OTHER = PROP_COUNT, /* a name nobody asks for */
	PROP_UNNAMED,            /* its name is not in the strings block */
};

#define DT_NAME_CACHE_SIZE 64

/* Must start as zeros. */
struct dt_name_cache {
	struct {
		uint32_t offset; /* + 1: 0 is a free row */
		uint32_t property;
	} rows[DT_NAME_CACHE_SIZE];
};

/* The names, for messages. */
extern const char *const dt_property_names[PROP_COUNT];

/* By comparing names. */
enum dt_property dt_property_by_name(const struct dt_walk *walk);

/* Which property the walk has just passed. */
static inline enum dt_property dt_property_id(
	const struct dt_walk *walk, struct dt_name_cache *cache)
{
	uint32_t offset = walk->name_offset;

	if (unlikely(offset >= walk->strings_size))
		return PROP_UNNAMED;

	unsigned row = (offset ^ offset >> 6) % DT_NAME_CACHE_SIZE;

	if (unlikely(cache->rows[row].offset != offset + 1)) {
		cache->rows[row].property = dt_property_by_name(walk);
		cache->rows[row].offset = offset + 1;
	}
	return (enum dt_property)cache->rows[row].property;
}

#endif
