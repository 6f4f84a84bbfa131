/* SPDX-License-Identifier: BSD-3-Clause */
#include "mmu.h"
#include "el2.h"
#include "machine.h"
#include "regs.h"

#define ENTRIES       512
#define BLOCK_1G      GIB(1)
#define BLOCK_2M      MIB(2)
#define PAGE          KIB(4)
#define DESC_VALID    BIT(0)
#define DESC_TABLE    (BIT(1) | DESC_VALID)

/* MAIR: Device-nGnRE, Normal write-back, Normal non-cacheable. */
#define MAIR          UINT64_C(0x44ff04)
/* T0SZ 25, inner and outer write-back, inner shareable, no TTBR1. */
#define TCR           (UINT64_C(25) | 1 << 8 | 1 << 10 | 3 << 12 | BIT(23))
#define TCR_IPS_SHIFT 32
#define PARANGE_48    5

#define WINDOW_INDEX  510
#define WINDOW_BASE   ((u64)WINDOW_INDEX * BLOCK_1G)

static u64 level1[ENTRIES] __attribute__((section(".bss.pages"), aligned(4096)));
static u64 ram_low[ENTRIES] __attribute__((section(".bss.pages"), aligned(4096)));
static u64 window_blocks[ENTRIES] __attribute__((section(".bss.pages"), aligned(4096)));
static u64 window_pages[ENTRIES] __attribute__((section(".bss.pages"), aligned(4096)));

static void write_entry(u64 *entry, u64 value)
{
	*(volatile u64 *)entry = value;
}

static u64 leaf(u64 attributes)
{
	return el2_attributes(attributes);
}

void mmu_build(void)
{
	u64 ram = leaf(MAP_NORMAL | MAP_AF | MAP_UXN) | DESC_VALID;

	write_entry(&level1[0], leaf(MAP_DEVICE | MAP_AF | MAP_UXN | MAP_PXN) | DESC_VALID);
	write_entry(&level1[RAM_BASE / BLOCK_1G], (u64)ram_low | DESC_TABLE);
	for (u64 i = 0; i < ENTRIES; i++)
		write_entry(&ram_low[i], (RAM_BASE + i * BLOCK_2M) | ram);
	write_entry(&level1[WINDOW_INDEX], (u64)window_blocks | DESC_TABLE);
	write_entry(&window_blocks[ENTRIES - 1], (u64)window_pages | DESC_TABLE);
	dsb(sy);
}

void mmu_enable(void)
{
	u64 ips = mrs(id_aa64mmfr0_el1) & 0xf;

	if (el2_form)
		return el2_mmu_enable((u64)level1);
	if (ips > PARANGE_48)
		ips = PARANGE_48;
	msr(mair_el1, MAIR);
	msr(tcr_el1, TCR | ips << TCR_IPS_SHIFT);
	msr(ttbr0_el1, level1);
	isb();
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	dsb(nsh);
	isb();
	msr(sctlr_el1, SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA);
	isb();
}

static void flush_tlb(void)
{
	if (el2_form)
		return el2_tlbi_all();
	dsb(ishst);
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
	dsb(ish);
	isb();
}

void mmu_fit_memory(void)
{
	u64 end = machine.memory_base + machine.memory_size;
	u64 first = RAM_BASE / BLOCK_1G;

	for (u64 i = 0; i < ENTRIES; i++) {
		if (RAM_BASE + (i + 1) * BLOCK_2M > end)
			write_entry(&ram_low[i], 0);
	}
	for (u64 i = first + 1; i < WINDOW_INDEX && (i + 1) * BLOCK_1G <= end; i++)
		write_entry(&level1[i],
			i * BLOCK_1G | leaf(MAP_NORMAL | MAP_AF | MAP_UXN | MAP_PXN) | DESC_VALID);
	flush_tlb();
}

static void remap(u64 *entry, u64 value)
{
	write_entry(entry, 0);
	flush_tlb();
	write_entry(entry, value);
	dsb(ishst);
	isb();
}

u64 mmu_window(u32 slot, u64 pa, u64 attributes)
{
	remap(&window_blocks[slot], ALIGN_DOWN(pa, BLOCK_2M) | leaf(attributes) | DESC_VALID);
	return WINDOW_BASE + slot * BLOCK_2M + (pa & (BLOCK_2M - 1));
}

u64 mmu_window_page(u32 slot, u64 pa, u64 attributes)
{
	remap(&window_pages[slot], ALIGN_DOWN(pa, PAGE) | leaf(attributes) | DESC_TABLE);
	return WINDOW_BASE + (ENTRIES - 1) * BLOCK_2M + slot * PAGE + (pa & (PAGE - 1));
}

u64 mmu_window_table(u32 slot, u64 pa)
{
	remap(&window_blocks[slot], ALIGN_DOWN(pa, PAGE) | DESC_TABLE);
	return WINDOW_BASE + slot * BLOCK_2M;
}

u64 mmu_unmap(u32 slot)
{
	remap(&window_blocks[slot], 0);
	return WINDOW_BASE + slot * BLOCK_2M;
}

u64 mmu_unmap_page(u32 slot)
{
	remap(&window_pages[slot], 0);
	return WINDOW_BASE + (ENTRIES - 1) * BLOCK_2M + slot * PAGE;
}

void sync_code(const void *at, size_t size)
{
	u64 start = (u64)at & ~UINT64_C(15);

	for (u64 a = start; a < (u64)at + size; a += 16)
		__asm__ volatile("dc cvau, %0" ::"r"(a) : "memory");
	dsb(ish);
	for (u64 a = start; a < (u64)at + size; a += 16)
		__asm__ volatile("ic ivau, %0" ::"r"(a) : "memory");
	dsb(ish);
	isb();
}
