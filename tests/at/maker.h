/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random translation tables with an AT to be tried on them: registers, and the descriptors on the
 * way of one address, of stage 1 and where there is one of stage 2. Most lead somewhere; the rest
 * goes wrong in any way that tables and registers can.
 *
 * Plain C: for the machine (tests/at/main.c) and for tests on the build machine. It shares no code
 * with the walkers of mm but the names of fields.
 */
#ifndef TESTS_AT_MAKER_H
#define TESTS_AT_MAKER_H

#include "hyp/nested/at_op.h"

/* What must be known of the CPU and of the machine. */
struct at_cpu {
	unsigned pa_bits;
	uint8_t granules, granules_s2; /* REGIME_4K | ... */
	uint16_t features;             /* REGIME_* */
	bool fwb;                      /* FEAT_S2FWB */
	/* Where tables may be: AT_POOL_SIZE, aligned to that, in the first GiB above memory_base,
	 * which is a multiple of 1 GiB. */
	uint64_t pool, memory_base;
};

#define AT_POOL_SIZE MIB(64)
/* Nothing is at and above that address. */
#define AT_NOWHERE   BIT(40)

/* TTBR0_ELx ... of one EL. */
struct at_registers {
	uint64_t ttbr0, ttbr1, tcr, sctlr, mair;
};

#define AT_DESCRIPTORS 56

/* A walk to be made up: where it begins, and how wide it is. */
struct at_shape {
	uint64_t base;
	unsigned shift;   /* of the granule */
	unsigned ia_bits; /* of the input */
	unsigned oa_bits; /* of what may come out */
	int level;        /* the first */
	bool high;        /* 64 KiB granules: descriptors have address bits [51:48] in [15:12] */
	bool ds;          /* LPA2: bits [51:50] in [9:8] */
	bool big_endian;
	bool stage2;
	bool sane; /* the registers say so */
};

struct at_case {
	uint64_t seed;
	unsigned encoding; /* SYS_AT_* */
	bool pan;          /* PSTATE.PAN */
	uint64_t va;
	uint64_t hcr; /* HCR_EL2.{VM,DC,TGE,E2H,FWB,PTW} */
	struct at_registers el1, el2;
	uint64_t vttbr, vtcr;
	struct at_shape s2;
	unsigned count;
	struct at_descriptor {
		uint64_t address, value; /* as it is in memory */
	} descriptors[AT_DESCRIPTORS];
};

/* The case that belongs to this seed, always the same. */
void at_make(struct at_case *made, const struct at_cpu *cpu, uint64_t seed);

/*
 * Makes stage 2 lead from a page of its own to pa, for anything but what is there already. The IPA
 * of the page; 0: there was no room.
 */
uint64_t at_pin(struct at_case *made, const struct at_cpu *cpu, uint64_t pa);

/* The seeds of a run: number n after that. */
uint64_t at_seed(uint64_t seed, uint64_t n);

#endif
