/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two CPUs of the hypervisor: the second is entered at EL2; TLBI reaches inner guests that run on
 * it; the two run inner guests at the same time.
 */
#include "gic.h"
#include "hyp.h"
#include "smp.h"
#include "spinlock.h"
#include "timer.h"

#define IPA         UINT64_C(0x0211200000)
#define WAIT_MS     10000
#define ROUNDS      200
#define MOVES       20
#define ESR_LOAD(f) ESR_OF(EC_DABORT_EL0, 0x1c08000 | (f))

static struct tables stage2;
static u64 seen_el, seen_hcr, seen_esr;
static u32 ready, right;

static u64 page(u32 n)
{
	return test_block(1) + n * KIB(4);
}

static void look(void *arg)
{
	(void)arg;
	seen_el = mrs(CurrentEL);
	seen_hcr = mrs(HCR_EL2);
}

/* Spins on a word until it is something else. */
static const u32 spin[] = {
	INSN_LDR_X0_X1, 0xeb02001fu, /* cmp x0, x2 */
	0x54ffffc0u,                 /* b.eq to the load */
};

static void prepare_cpu(void)
{
	inner_plain();
	stage2_on(&stage2, 5);
}

/* An inner guest that waits for each next value; stage 2 takes it to the next page. */
static void watch(void *arg)
{
	struct inner inner = { .x = { 0, IPA } };

	(void)arg;
	prepare_cpu();
	for (u64 n = 0; n < MOVES; n++) {
		inner.x[2] = n;
		store_release(&ready, (u32)n + 1);
		inner_words(&inner, INNER_EL1, spin, ARRAY_SIZE(spin));
		right += inner_done(&inner, INNER_EL1) && inner.x[0] == n + 1;
	}
	/* At last it is taken away. */
	inner.x[2] = MOVES;
	store_release(&ready, MOVES + 1);
	inner_words(&inner, INNER_EL1, spin, ARRAY_SIZE(spin));
	seen_esr = inner.esr;
	store_release(&ready, MOVES + 2);
}

static void tlbi_ipa(void)
{
	dsb(ishst);
	__asm__ volatile("tlbi ipas2e1is, %0\n\tdsb ish\n\ttlbi vmalle1is" ::"r"(IPA >> 12)
			 : "memory");
	dsb(ish);
	isb();
}

static void broadcast(void)
{
	u64 *leaf;

	for (u64 n = 0; n <= MOVES; n++)
		*(volatile u64 *)page((u32)n) = n;
	stage2_build(&stage2);
	tables_map(&stage2, IPA, page(0), KIB(4), 3, S2_RW);
	leaf = tables_at(&stage2, IPA, 3);
	stage2_on(&stage2, 5);
	stage2_tlbi();
	ready = right = 0;
	if (!tap_ok(smp_start(1, watch, NULL) == PSCI_SUCCESS, "CPU 1 starts"))
		return;
	for (u32 n = 0; n < MOVES; n++) {
		if (!wait_for(WAIT_MS, load_acquire(&ready) == n + 1))
			break;
		delay_us(50);
		write_descriptor(leaf, page(n + 1) | S2_RW | DESC_PAGE);
		tlbi_ipa();
	}
	(void)wait_for(WAIT_MS, load_acquire(&ready) == MOVES + 1);
	delay_us(50);
	write_descriptor(leaf, 0);
	tlbi_ipa();
	tap_ok(wait_for(WAIT_MS, load_acquire(&ready) == MOVES + 2),
		"an inner guest on CPU 1 sees what CPU 0 changes");
	tap_ok(smp_join(1, WAIT_MS), "CPU 1 is off again");
	tap_is(right, MOVES, "each of the pages in turn");
	tap_is(seen_esr, ESR_LOAD(FSC_TRANSLATION(3)), "at last the fault");
	stage2_off();
}

/* Inner guests on all CPUs, each with its own registers, and faults and calls between. */
static void crowd(void *arg)
{
	struct inner inner = { 0 };
	u64 id = cpu_id();
	bool good = true;

	(void)arg;
	prepare_cpu();
	el1_set_contextidr(id);
	for (u32 n = 0; n < ROUNDS; n++) {
		inner.x[2] = n * 8 + id;
		INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 0, 13, 0, 1), 3),
			0xaa0203e4u /* mov x4, x2 */, INSN_HVC(n & 0xff));
		good &= inner.esr == ESR_HVC(n & 0xff) && inner.x[3] == id &&
			inner.x[4] == n * 8 + id;
		inner_run(&inner);
		good &= inner_done(&inner, INNER_EL1);
		inner.x[1] = IPA;
		INNER_RUN(&inner, INNER_EL1, INSN_LDR_X0_X1);
		good &= inner.esr == ESR_LOAD(FSC_TRANSLATION(3)) && inner.far == IPA;
	}
	if (good)
		atomic_add(&right, 1);
}

void test_cpus(void)
{
	if (machine.cpus < 2) {
		tap_skip("two CPUs", "there is one");
		return;
	}
	tap_is((u64)smp_start(1, look, NULL), PSCI_SUCCESS, "CPU_ON");
	tap_ok(smp_join(1, WAIT_MS), "CPU 1 comes, and goes");
	tap_is(seen_el, CURRENT_EL2, "it was at EL2");
	tap_is(seen_hcr & HCR_E2H, vhe() ? HCR_E2H : 0, "in the same form");
	broadcast();
	stage2_on(&stage2, 5);
	right = 0;
	tap_ok(smp_run(crowd, NULL, 6 * WAIT_MS), "inner guests on all CPUs");
	tap_is(right, machine.cpus, "all of them went well");
	stage2_off();
	stage2_tlbi();
}
