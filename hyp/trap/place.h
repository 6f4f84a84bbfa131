/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is at an address of a VM's: the first question of every stage-2 abort. Who asks judges the
 * answer by a table (triage.c, cmo.c, emulate.c).
 */
#ifndef HYP_TRAP_PLACE_H
#define HYP_TRAP_PLACE_H

#include "hyp/vdev/device.h"
#include "hyp/vm/vcpu.h"

enum place {
	PLACE_RAM,      /* memory that the VM may write, mapped (shared memory, too) */
	PLACE_RAM_LAZY, /* the same, not given yet */
	PLACE_ROM, /* memory that the VM may only read, mapped: ROM, a reader's shared memory */
	PLACE_ROM_LAZY,
	PLACE_DEVICE,  /* a row of the device table */
	PLACE_NOTHING, /* in the IPA space, but nothing is there */
	PLACE_BEYOND,  /* beyond the IPA space */
	NR_PLACES,
};

struct placed {
	enum place place;
	bool stores_ignored;          /* ROM: stores do nothing, else they abort */
	struct device_region *device; /* PLACE_DEVICE */
	uint64_t prot;                /* MEM_*, of memory */
};

/* Takes the stage-2 lock for a moment. What it says of memory that is mapped may change, see
 * stage2_lookup(). */
struct placed place_find(struct vcpu *vcpu, ipa_t ipa);

#endif
