/* SPDX-License-Identifier: BSD-3-Clause */
#include "inner.h"
#include "machine.h"
#include "mmu.h"

#define PAGE      KIB(4)
#define MAX_WORDS 256

static u32 code[MAX_CPUS][PAGE / 4] __attribute__((section(".bss.pages"), aligned(4096)));

void inner_plain(void)
{
	msr(HCR_EL2, el2_hcr());
	isb();
	el1_set_sctlr(SCTLR_RES1);
	el1_set_cpacr(CPACR_FPEN);
	el1_set_vbar((u64)inner_vectors);
	isb();
}

u64 inner_code_page(void)
{
	return (u64)code[cpu_id()];
}

u64 inner_code(u64 pstate, const u32 *words, u32 count)
{
	volatile u32 *at = code[cpu_id()];
	u32 i;

	for (i = 0; i < count && i < MAX_WORDS; i++)
		at[i] = words[i];
	at[i] = pstate & 0xc ? INSN_HVC(HVC_DONE) : INSN_SVC(SVC_DONE);
	sync_code((const void *)at, (i + 1) * sizeof(*at));
	return (u64)at;
}

u64 inner_words(struct inner *inner, u64 pstate, const u32 *words, u32 count)
{
	inner->pc = inner_code(pstate, words, count);
	inner->pstate = pstate;
	return inner_run(inner);
}

bool inner_done(const struct inner *inner, u64 pstate)
{
	if (inner->vector != INNER_SYNC)
		return false;
	if (pstate & 0xc)
		return inner->esr == ESR_HVC(HVC_DONE);
	if (inner->esr == ESR_SVC(SVC_DONE))
		return true;
	return inner->esr == ESR_HVC(HVC_VECTOR + 8) && el1_esr() == ESR_SVC(SVC_DONE);
}

void stage2_build(struct tables *tables)
{
	u64 ram = machine.memory_size < MIB(64) ? machine.memory_size : MIB(64);

	tables_init(tables, 12, 39, true);
	tables_map(tables, RAM_BASE, RAM_BASE, ram, 2, S2_RW);
	tables_map(tables, UART_BASE, UART_BASE, PAGE, 3, S2_RW_DEVICE | S2_XN);
}

void stage2_on(const struct tables *tables, u64 vmid)
{
	msr(VTCR_EL2, tables_vtcr(tables));
	msr(VTTBR_EL2, (u64)tables->root | vmid << 48);
	msr(HCR_EL2, mrs(HCR_EL2) | HCR_VM);
	isb();
}

void stage2_off(void)
{
	msr(HCR_EL2, mrs(HCR_EL2) & ~HCR_VM);
	msr(VTTBR_EL2, 0);
	isb();
}

void stage2_tlbi(void)
{
	dsb(ishst);
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	dsb(ish);
	isb();
}

void stage1_build(struct tables *tables)
{
	u64 ram = machine.memory_size < MIB(64) ? machine.memory_size : MIB(64);
	u64 page = inner_code_page();
	u64 block = ALIGN_DOWN(page, MIB(2));

	tables_init(tables, 12, 39, false);
	for (u64 at = RAM_BASE; at < RAM_BASE + ram; at += MIB(2)) {
		if (at == block)
			tables_map(tables, at, at, MIB(2), 3, MAP_NORMAL | MAP_AF | MAP_UXN);
		else
			tables_map(tables, at, at, MIB(2), 2, MAP_NORMAL | MAP_AF | MAP_UXN);
	}
	tables_map(tables, page, page, PAGE, 3, MAP_NORMAL | MAP_AF | MAP_USER | MAP_RO);
}

void stage1_on(const struct tables *tables)
{
	el1_set_mair(UINT64_C(0x44ff04));
	el1_set_tcr(tables_tcr(tables));
	el1_set_ttbr0((u64)tables->root);
	el1_set_sctlr(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I);
	isb();
	stage2_tlbi();
}

u64 test_block(u32 n)
{
	return RAM_BASE + MIB(8) + n * MIB(2);
}
