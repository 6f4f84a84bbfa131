/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devicetree a guest gets: a machine laid out like QEMU's virt.
 *
 * Written with libfdt's sequential interface, names not shared (fdt_sw's search for a name in the
 * strings block would cost ten times the rest).
 */
#ifndef HYP_BUNDLE_GUEST_DT_H
#define HYP_BUNDLE_GUEST_DT_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"
#include "hyp/vdev/doorbell.h"
#include "hyp/vdev/rom.h"
#include "hyp/vdev/shmem.h"

#define GUEST_KASLR_SEED_SIZE 8
#define GUEST_RNG_SEED_SIZE   32

/* By which instruction a guest calls a service. */
enum guest_conduit {
	GUEST_HVC,
	GUEST_SMC,
	GUEST_NEITHER, /* nobody answers */
};

struct guest_dt_config {
	unsigned nr_vcpus;
	uint64_t ram_base, ram_size;
	const char *bootargs; /* NULL: none given */
	bool ramdisk;         /* there is one */
	bool watchdog;        /* there is one */
	enum guest_conduit psci, sdei;
	bool virtual_el2;                /* it is a hypervisor */
	bool monitor;                    /* it answers calls of other VMs */
	const struct shmem_view *shared; /* the regions that it is a member of */
	unsigned nr_shared;
	/* what else the bundle gives it */
	const struct rom_config *const *roms;
	const struct doorbell_config *const *doorbells;
	const struct line_config *const *lines;
	unsigned nr_roms, nr_doorbells, nr_lines;
};

/* A finished tree. Some values in it are zeros until the function below that gives them is called.
 */
struct guest_dt {
	void *tree;
	size_t size;
	/* in the tree */
	uint8_t *kaslr_seed;
	uint8_t *rng_seed;                    /* NULL: it was taken out */
	uint8_t *ramdisk_start, *ramdisk_end; /* NULL: there is none */
};

/*
 * Fills in config->psci and config->sdei by what becomes of the VM's calls (call_rule_action()):
 * SMC if that is wanted, traps on this machine and is answered; else HVC if that is; else SMC.
 */
void guest_dt_choose_conduits(
	const char *vm, bool smc, bool smc_traps, struct guest_dt_config *config);

/* And for a VM whose HVCs are none of Lintel's: what would be called by them is not answered. */
void guest_dt_only_smc(struct guest_dt_config *config);

/* Bytes of buffer that always suffice for guest_dt_make(). */
size_t guest_dt_room(const struct guest_dt_config *config);

/* ... and for guest_dt_copy(): from one walk over source. ERR_CORRUPT: it is no devicetree. */
enum status guest_dt_copy_room(const struct guest_dt_config *config, const void *source,
	size_t source_size, size_t *room) __must_check;

/*
 * Makes the tree in buffer (8-byte aligned): memory, cpus, PSCI, SDEI, timer, interrupt controller,
 * UART, clock, watchdog, shared and read-only regions, doorbells, lines, call records, chosen,
 * aliases. ERR_NO_MEMORY: the buffer is too small.
 */
enum status guest_dt_make(const struct guest_dt_config *config, void *buffer, size_t size,
	struct guest_dt *out) __must_check;

/*
 * Copies the tree at source (8-byte aligned, source_size bytes readable) and puts Lintel's /memory
 * and properties of /chosen in: source's nodes /memory and /memory@... are left out, and of its
 * /chosen the ramdisk, the seeds, and bootargs if config has some; everything else stays.
 * Regions, doorbells and lines are not added. ERR_CORRUPT: source is no devicetree; ERR_NO_MEMORY:
 * the buffer is too small; ERR_RANGE: its #address-cells or #size-cells can't express the VM's
 * memory.
 */
enum status guest_dt_copy(const struct guest_dt_config *config, const void *source,
	size_t source_size, void *buffer, size_t size, struct guest_dt *out) __must_check;

/* Where the ramdisk is: known only once the tree's size is, because the tree must be placed too. */
void guest_dt_set_ramdisk(struct guest_dt *dt, uint64_t start, uint64_t size);

/*
 * New random bytes into both seeds: before each start of the guest. Where the machine has offered
 * no entropy (entropy_seeded()), they could be guessed, but a guest would count on them: then
 * kaslr-seed stays zero, which Linux takes for none, and rng-seed is taken out of the tree, for
 * good.
 */
void guest_dt_new_seeds(struct guest_dt *dt);

#endif
