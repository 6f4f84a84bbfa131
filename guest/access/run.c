/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instruction in a regime of its own (run.S), and what it left.
 */
#include "access.h"
#include "mmio.h"
#include "mmu.h"
#include "regs.h"
#include "tap.h"

#define SCTLR_DZE     BIT(14)
#define SCTLR_E0E     BIT(24)
#define SCTLR_EE      BIT(25)
#define SCTLR_UCI     BIT(26)
#define SCTLR_PLAIN   (SCTLR_RES1 | SCTLR_I | SCTLR_DZE | SCTLR_UCI)

#define TCR_TBI0      BIT(37)
#define TAG           (UINT64_C(0x5a) << 56)

#define INSN_BRK      0xd4200000u
#define SPSR_NZCV     (UINT64_C(0xa) << 28)

#define ENTRIES       512
#define DESC_IS_TABLE 3
#define DESC_ADDRESS  GENMASK(47, 12)
#define TABLES        8
#define PAGE_FLAGS    (UNMAPPED | READ_ONLY | NOTHING)

/* run.S */
void access_run(const struct regs *in, u64 *sp);
void access_back(void);
extern char access_vectors[];

static u32 code[PAGE / sizeof(u32)] __attribute__((section(".bss.pages"), aligned(4096)));
static u64 tables[TABLES][ENTRIES] __attribute__((section(".bss.pages"), aligned(4096)));
static u32 tables_used;

static struct regs result;
static u64 saved_sp;
static bool running;

/* --- there and back --- */

static bool come_back(struct regs *regs)
{
	if (!running)
		return false;
	result = *regs;
	result.sp = mrs(sp_el0);
	regs->x[0] = saved_sp;
	regs->elr = (u64)access_back;
	regs->spsr = SPSR_EL1H | SPSR_DAIF;
	return true;
}

void run_set_up(void)
{
	exception_set_sync(come_back);
	msr(vbar_el1, access_vectors);
	msr(tcr_el1, mrs(tcr_el1) | TCR_TBI0);
	isb();
}

static u64 sctlr_of(const struct mode *mode)
{
	u64 sctlr = SCTLR_PLAIN | (mode->mmu ? SCTLR_M | SCTLR_C : 0);

	if (mode->big_endian)
		sctlr |= mode->el0 ? SCTLR_E0E : SCTLR_EE;
	return sctlr;
}

/* Walks of EL1's read tables in EL1's byte order: EE turns the tables round, too. */
static bool turned_tables(const struct mode *mode)
{
	return mode->mmu && mode->big_endian && !mode->el0;
}

static u64 *turn_table(const u64 *table, u32 level)
{
	u64 *turned = tables[tables_used++];

	for (u32 i = 0; i < ENTRIES; i++) {
		u64 desc = table[i];

		if (level < 3 && (desc & DESC_IS_TABLE) == DESC_IS_TABLE)
			desc = (desc & ~DESC_ADDRESS) |
				(u64)turn_table((const u64 *)(desc & DESC_ADDRESS), level + 1);
		turned[i] = __builtin_bswap64(desc);
	}
	return turned;
}

/* --- the view --- */

static void map_page(u32 slot, u64 page, u64 attributes)
{
	if (page & UNMAPPED)
		mmu_unmap_page(slot);
	else
		mmu_window_page(slot, page & ~PAGE_FLAGS,
			attributes | (page & READ_ONLY ? MAP_RO : 0) | MAP_AF | MAP_UXN | MAP_PXN);
}

void view_map(struct view *view, const struct mode *mode)
{
	u64 code_attributes = MAP_NORMAL | MAP_AF | MAP_USER | MAP_RO;

	view->code = (u64)code;
	view->va = view->page[0] & ~PAGE_FLAGS;
	if (!mode->mmu)
		return;
	view->code = mmu_window_page(view->slot, view->code, code_attributes);
	view->va = (view->code + PAGE) | (mode->tagged ? TAG : 0);
	for (u32 i = 0; i < 2; i++)
		map_page(view->slot + 1 + i, view->page[i], view->attributes);
	if (!turned_tables(mode))
		return;
	tables_used = 0;
	turn_table((const u64 *)mrs(ttbr0_el1), 1);
	dsb(sy);
}

/* 0: there is nothing to look at. */
static u64 page_of(const struct view *view, u64 offset)
{
	u64 page = view->page[offset / PAGE];

	return page & (UNMAPPED | NOTHING) ? 0 : page & ~PAGE_FLAGS;
}

static u64 view_read(const struct view *view, u64 offset)
{
	return mmio_read64(page_of(view, offset) + offset % PAGE);
}

u64 view_expected(u64 offset)
{
	return (offset + 0x1234567) * UINT64_C(0x9e3779b97f4a7c15) ^ offset >> 3;
}

/* Puts back what `found` is not. */
static bool put_back(const struct view *view, u64 offset, u64 found)
{
	u64 expected = view_expected(offset);

	if (found == expected)
		return false;
	mmio_write64(page_of(view, offset) + offset % PAGE, expected);
	return true;
}

static bool restore(const struct view *view, u64 from, u64 to)
{
	bool changed = false;

	for (u64 offset = from; offset < to; offset += sizeof(u64)) {
		if (page_of(view, offset) != 0)
			changed |= put_back(view, offset, view_read(view, offset));
	}
	return changed;
}

void view_fill(const struct view *view)
{
	restore(view, 0, 2 * PAGE);
}

bool view_is_filled(const struct view *view)
{
	return !restore(view, 0, 2 * PAGE);
}

static u64 around(u64 target, u64 *end)
{
	u64 from = ALIGN_DOWN(target, sizeof(u64)) - AROUND_BEFORE;

	*end = from + AROUND_BYTES < 2 * PAGE ? from + AROUND_BYTES : 2 * PAGE;
	return from;
}

bool view_restore(const struct view *view, u64 target)
{
	u64 end, from = around(target, &end);

	return restore(view, from, end);
}

bool view_same(const char *text, const struct view *ram, const struct view *device, u64 target,
	bool *changed)
{
	u64 end, from = around(target, &end);
	bool good = true;

	*changed = false;
	for (u64 offset = from; offset < end; offset += sizeof(u64)) {
		u64 a = view_read(ram, offset), b = view_read(device, offset);

		if (a != b) {
			tap_note("%s: memory at %ld is %lx, in RAM %lx", text,
				(s64)(offset - target), b, a);
			good = false;
		}
		*changed |= put_back(ram, offset, a);
		put_back(device, offset, b);
	}
	return good;
}

/* The instruction may look past the cache, in which we are. */
static void flush(const struct view *view, u64 target)
{
	u64 end, from = around(target, &end);

	for (u64 offset = from; offset < end; offset += 16) {
		u64 page = page_of(view, offset);

		if (page >= RAM_BASE)
			__asm__ volatile("dc civac, %0" ::"r"(page + offset % PAGE) : "memory");
	}
	dsb(sy);
}

/* --- registers --- */

static const struct {
	u8 reg;
	s64 from_target;
} addresses[] = { { 1, 0 }, { 8, 256 }, { 9, -4080 } };

static void set_registers(struct regs *regs, u64 address)
{
	for (u32 n = 0; n < 31; n++)
		regs->x[n] = view_expected(0x10000 + n);
	for (u32 n = 0; n < 32; n++) {
		regs->q[n][0] = view_expected(0x20000 + n);
		regs->q[n][1] = view_expected(0x30000 + n);
	}
	for (u32 i = 0; i < ARRAY_SIZE(addresses); i++)
		regs->x[addresses[i].reg] = address + (u64)addresses[i].from_target;
	regs->sp = address;
	regs->x[2] = 16;
	regs->x[3] = (u64)-16;
	regs->x[5] = UINT64_C(0xdeadbeef00000010);
	regs->x[6] = 2;
	regs->x[7] = UINT64_C(0x12345678fffffffe);
}

static void set_regime(struct regs *regs, const struct mode *mode)
{
	regs->x[26] = SCTLR_RES1 | SCTLR_I;
	regs->x[27] = mrs(ttbr0_el1);
	regs->x[28] = turned_tables(mode) ? (u64)tables[0] : regs->x[27];
	regs->x[29] = sctlr_of(mode);
	regs->x[30] = mrs(sctlr_el1);
	regs->spsr = (mode->el0 ? SPSR_EL0 : SPSR_EL1T) | SPSR_DAIF | SPSR_NZCV;
}

void view_run(const struct view *view, const struct mode *mode, u32 word, u64 target,
	struct regs *before, struct regs *after)
{
	u64 at = ALIGN_DOWN(target, sizeof(u32)) % PAGE;

	if (at + 2 * sizeof(u32) > PAGE)
		at = 0; /* not for literals */
	*(volatile u32 *)((u64)code + at) = word;
	*(volatile u32 *)((u64)code + at + sizeof(u32)) = INSN_BRK;
	sync_code((void *)((u64)code + at), 2 * sizeof(u32));
	set_registers(before, view->va + target);
	set_regime(before, mode);
	before->elr = view->code + at;
	flush(view, target);
	running = true;
	access_run(before, &saved_sp);
	running = false;
	flush(view, target);
	*after = result;
}

/* What an address has become, as a distance. */
static u64 relative(const struct regs *before, const struct regs *after, u32 n)
{
	for (u32 i = 0; i < ARRAY_SIZE(addresses); i++) {
		if (addresses[i].reg == n)
			return after->x[n] - before->x[n];
	}
	return after->x[n];
}

static bool same(const char *text, const char *what, u32 n, u64 a, u64 b)
{
	if (a != b)
		tap_note("%s: %s%u is %lx, in RAM %lx", text, what, n, b, a);
	return a == b;
}

bool same_registers(const struct row *row, const struct regs *before_a, const struct regs *a,
	const struct regs *before_b, const struct regs *b)
{
	bool good = true;

	for (u32 n = 0; n < 31; n++)
		good &= same(row->text, "x", n, relative(before_a, a, n), relative(before_b, b, n));
	for (u32 n = 0; n < 32; n++) {
		good &= same(row->text, "low half of v", n, a->q[n][0], b->q[n][0]);
		good &= same(row->text, "high half of v", n, a->q[n][1], b->q[n][1]);
	}
	good &= same(row->text, "sp_el", 0, a->sp - before_a->sp, b->sp - before_b->sp);
	good &= same(row->text, "elr_el", 1, a->elr - before_a->elr, b->elr - before_b->elr);
	good &= same(row->text, "spsr_el", 1, a->spsr, b->spsr);
	good &= same(row->text, "esr_el", 1, a->esr, b->esr);
	return good;
}

bool unchanged_registers(const char *text, const struct regs *before, const struct regs *after)
{
	bool good =
		after->elr == before->elr && after->spsr == before->spsr && after->sp == before->sp;

	good &= memcmp(before->x, after->x, sizeof(before->x)) == 0;
	good &= memcmp(before->q, after->q, sizeof(before->q)) == 0;
	if (!good)
		tap_note("%s: registers have changed (sp %lx to %lx, elr %lx to %lx)", text,
			before->sp, after->sp, before->elr, after->elr);
	return good;
}
