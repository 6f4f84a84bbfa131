/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads and stores that the device must do as RAM does them.
 */
#include "access.h"
#include "mmu.h"
#include "regs.h"
#include "tap.h"

#define COMPLAINTS_MAX 12

static const struct mode modes[] = {
	{ .name = "EL1, MMU off" },
	{ .name = "EL1, MMU off, big-endian", .big_endian = true },
	{ .name = "EL0, MMU off", .el0 = true },
	{ .name = "EL1", .mmu = true },
	{ .name = "EL1, big-endian", .mmu = true, .big_endian = true },
	{ .name = "EL0, tagged addresses", .el0 = true, .mmu = true, .tagged = true },
	{ .name = "EL0, big-endian", .el0 = true, .mmu = true, .big_endian = true },
};

/* Where in the two pages; a row of the device has 256 bytes. */
static const u64 aligned_targets[] = { 0x340, 0x3f0, 0xff0 };
static const u64 unaligned_targets[] = { 0x343, 0x349, 0x35e };
static const u64 row_targets[] = { 0x3fb, 0x3ff, 0x3f1 };
static const u64 page_targets[] = { 0xffd, 0xff3, 0xff0, 0xff8, 0xff9, 0xfe1 };

static u32 complaints, done, refused;

/* --- one instruction --- */

/* An external abort, and nothing has changed. */
static bool is_refusal(const struct row *row, const struct view *device, u64 target,
	const struct regs *before, const struct regs *after)
{
	if ((after->esr & ESR_FSC) != FSC_SEA || view_restore(device, target))
		return false;
	refused++;
	return unchanged_registers(row->text, before, after);
}

/* The instruction in both views; memory is as before afterwards. */
static bool run_both(const struct row *row, const struct mode *mode, const struct view *ram,
	const struct view *device, u64 target, bool may_refuse)
{
	static struct regs before_a, before_b, a, b;
	bool good = true, changed;

	view_run(ram, mode, row->word, target, &before_a, &a);
	view_run(device, mode, row->word, target, &before_b, &b);
	if (a.esr >> 26 != EC_BRK) {
		tap_note("%s: in RAM, ESR %lx FAR %lx", row->text, a.esr, a.far);
		good = false;
	}
	done++;
	if (may_refuse && is_refusal(row, device, target, &before_b, &b)) {
		view_restore(ram, target);
		return good;
	}
	good &= same_registers(row, &before_a, &a, &before_b, &b);
	good &= view_same(row->text, ram, device, target, &changed);
	if (changed != !!(row->flags & ROW_STORE)) {
		tap_note("%s: memory has %schanged", row->text, changed ? "" : "not ");
		good = false;
	}
	return good;
}

/* --- all of them --- */

static bool fits(const struct row *row, const struct mode *mode, u64 target)
{
	if (!row_runs_here(row))
		return false;
	if ((row->flags & ROW_LITERAL) && (!mode->mmu || target % 16 != 0 || target > 0xf00))
		return false;
	return !(row->flags & ROW_ALIGNED) || target % 16 == 0;
}

/* What the second view is. */
struct kind {
	const char *name;
	bool mmu;
	u64 attributes;
	bool ram[2];     /* memory instead of the device */
	bool may_refuse; /* an access of one register that lies in two rows of the device */
	bool half;       /* EL1 every other row, EL0 those between: it takes long */
	const u64 *targets;
	u32 count;
};

#define TARGETS(list) .targets = (list), .count = ARRAY_SIZE(list)

static const struct kind kinds[] = {
	{ .name = "", TARGETS(aligned_targets) },
	{ .name = ", Device memory",
		.mmu = true,
		.attributes = MAP_DEVICE,
		TARGETS(aligned_targets) },
	{ .name = ", not aligned",
		.mmu = true,
		.attributes = MAP_NORMAL,
		TARGETS(unaligned_targets) },
	{ .name = ", over a row's end",
		.mmu = true,
		.half = true,
		.attributes = MAP_NC,
		.may_refuse = true,
		TARGETS(row_targets) },
	{ .name = ", over a page's end",
		.mmu = true,
		.half = true,
		.attributes = MAP_NORMAL,
		TARGETS(page_targets) },
	{ .name = ", from RAM into the device",
		.mmu = true,
		.half = true,
		.attributes = MAP_NC,
		.ram = { true, false },
		TARGETS(page_targets) },
	{ .name = ", from the device into RAM",
		.mmu = true,
		.half = true,
		.attributes = MAP_NORMAL,
		.ram = { false, true },
		TARGETS(page_targets) },
};

/* Every row at one of the targets, in turn. */
static bool compare(
	const struct mode *mode, struct view *ram, struct view *device, const struct kind *kind)
{
	static u32 turn;
	bool good = true;

	view_map(ram, mode);
	view_map(device, mode);
	view_fill(ram);
	view_fill(device);
	for (const struct row *row = access_rows + (kind->half && mode->el0); row < access_rows_end;
		row += kind->half ? 2 : 1) {
		u64 target = kind->targets[turn++ % kind->count];

		if (complaints >= COMPLAINTS_MAX || !fits(row, mode, target))
			continue;
		if (run_both(row, mode, ram, device, target, kind->may_refuse))
			continue;
		good = false;
		if (++complaints == COMPLAINTS_MAX)
			tap_note("and so on");
	}
	good &= view_is_filled(ram);
	good &= view_is_filled(device);
	return good;
}

static void test_kind(const struct mode *mode, const struct kind *kind)
{
	struct view ram = { .page = { ram_page(0), ram_page(1) }, .slot = 8 };
	struct view device = { .page = { places.first, places.second }, .slot = 12 };
	bool good;

	ram.attributes = device.attributes = kind->attributes | MAP_USER;
	/* Pages that follow each other only for the instruction. */
	if (kind->mmu) {
		device.page[0] = kind->ram[0] ? ram_page(2) : places.second;
		device.page[1] = kind->ram[1] ? ram_page(3) : places.first;
	}
	done = complaints = refused = 0;
	good = compare(mode, &ram, &device, kind);
	if (refused)
		tap_note("%u of them are external aborts", refused);
	tap_ok(good && refused < done, "%s%s: %u loads and stores as in RAM", mode->name,
		kind->name, done);
}

void test_same(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
			if (modes[i].mmu == kinds[k].mmu)
				test_kind(&modes[i], &kinds[k]);
		}
	}
}
