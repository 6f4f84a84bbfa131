/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * More than anybody needs: thousands of changes between VMIDs, guests that touch more of their
 * address space than there are tables for, TLBI without end. It all works, only not faster.
 */
#include "hyp.h"
#include "mmu.h"

#define VMIDS      250
#define SWITCHES   1000
#define WINDOWS    700
#define FIRST_IPA  UINT64_C(0x1000000000) /* 64 GiB */
#define TLBIS      2000
#define RANGE_1GIB (UINT64_C(1) << 46 | UINT64_C(2) << 44 | UINT64_C(7) << 39)
#define ISAR0_TLB  GENMASK(59, 56)

static struct tables stage2;

/* A load from there gives what is in the page. */
static bool loads(u64 ipa, u64 value)
{
	struct inner inner = { .x = { 0, ipa } };

	INNER_RUN(&inner, INNER_EL1, INSN_LDR_X0_X1);
	return inner_done(&inner, INNER_EL1) && inner.x[0] == value;
}

static void build(void)
{
	pool_reset();
	stage2_build(&stage2);
	*(volatile u64 *)test_block(0) = 0x1234;
}

static void many_vmids(void)
{
	u32 bad = 0;

	build();
	for (u32 i = 0; i < SWITCHES; i++) {
		stage2_on(&stage2, 1 + i % VMIDS);
		bad += !loads(test_block(0), 0x1234);
	}
	tap_is(bad, 0, "%u changes between %u VMIDs", SWITCHES, VMIDS);
}

static void many_tables(void)
{
	u32 bad = 0;

	build();
	stage2_on(&stage2, 1);
	for (u32 i = 0; i < WINDOWS; i++)
		tables_map(&stage2, FIRST_IPA + i * MIB(2), test_block(0), MIB(2), 2, S2_RW);
	/* The page in each that no other window has in the same place. */
	for (u32 i = 0; i < 2 * WINDOWS; i++)
		bad += !loads(FIRST_IPA + i % WINDOWS * MIB(2), 0x1234);
	tap_is(bad, 0, "%u windows of 2 MiB, twice", WINDOWS);
	tap_ok(loads(test_block(0), 0x1234), "and what was there before");
	stage2_tlbi();
}

static void many_tlbis(void)
{
	bool ranges = FIELD_GET(ISAR0_TLB, mrs(id_aa64isar0_el1)) >= 2;
	u32 bad = 0;

	build();
	stage2_on(&stage2, 1);
	for (u32 i = 0; i < TLBIS; i++) {
		u64 page = test_block(0) >> 12;

		__asm__ volatile("tlbi ipas2e1is, %0" ::"r"(page + (i & 7)) : "memory");
		__asm__ volatile("tlbi vmalle1is" ::: "memory");
		if (ranges) /* RIPAS2E1IS */
			__asm__ volatile("sys #4, c8, c0, #2, %0" ::"r"(RANGE_1GIB | page)
					 : "memory");
		if (i % 16 == 0)
			__asm__ volatile("tlbi alle1is" ::: "memory");
		if (i % 16 == 8)
			__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
		dsb(ish);
		if (i % 8 == 0)
			bad += !loads(test_block(0), 0x1234);
	}
	tap_is(bad, 0, "%u times TLBI", TLBIS);
}

/* The root of stage 2 anywhere in the address space, in memory or not. */
static void anywhere(void)
{
	u32 bad = 0;

	build();
	stage2_on(&stage2, 1);
	for (u32 i = 12; i < 48; i++) {
		struct inner inner = { .x = { 0, test_block(0) } };

		msr(VTTBR_EL2, BIT(i) | UINT64_C(1) << 48);
		isb();
		bad += INNER_RUN(&inner, INNER_EL1, INSN_NOP) != INNER_SYNC;
	}
	tap_is(bad, 0, "VTTBR_EL2 anywhere");
	stage2_on(&stage2, 1);
	stage2_tlbi();
	tap_ok(loads(test_block(0), 0x1234), "and where it belongs");
}

void test_storms(void)
{
	many_vmids();
	many_tables();
	many_tlbis();
	anywhere();
	stage2_off();
}
