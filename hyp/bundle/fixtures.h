/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a bundle says of its VMs before these are made: what it puts into their memory maps (memory
 * that they share, read-only regions, doorbells), their interrupt lines, the rules for their calls,
 * and their SDEI events.
 */
#ifndef HYP_BUNDLE_FIXTURES_H
#define HYP_BUNDLE_FIXTURES_H

#include "hyp/bundle/cpio.h"
#include "hyp/bundle/guest_dt.h"

struct fixture_lists;

struct fixtures {
	unsigned bad;                /* how many could not be made */
	bool all_refused;            /* a rule is wrong that may be any VM's */
	struct fixture_lists *lists; /* of doorbells, lines and more; NULL: there are none */
	/* what the VM has that was described last */
	struct shmem_view shared[SHMEM_REGIONS_MAX];
	const struct rom_config *roms[ROM_REGIONS_MAX];
};

/*
 * Makes everything that the manifest of `size` bytes at `tree` describes well; what is wrong is
 * logged, left out and counted. `fixtures` is all zeros before. ERR_CORRUPT: no devicetree.
 */
enum status fixtures_make(struct fixtures *fixtures, const void *tree, uint64_t size,
	const struct cpio_archive *archive) __must_check;

/* True, logged, if the VM of that name must not be made: a rule for its calls is wrong. only_smc:
 * its HVCs don't come to Lintel. */
bool fixtures_refuse(const struct fixtures *fixtures, const char *vm, bool only_smc);

/* Fills config with what a VM of that name has: valid until the next call. */
void fixtures_describe(struct fixtures *fixtures, const char *vm, struct guest_dt_config *config);

/* Forgets the lists: after the last VM was made. What was made stays. */
void fixtures_forget(struct fixtures *fixtures);

#endif
