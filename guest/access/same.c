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
	{ "EL1, MMU off", false, false, false },
	{ "EL1, MMU off, big-endian", false, false, true },
	{ "EL0, MMU off", true, false, false },
	{ "EL1", false, true, false },
	{ "EL1, big-endian", false, true, true },
	{ "EL0", true, true, false },
	{ "EL0, big-endian", true, true, true },
};

/* Where in the two pages: inside a row of the device, over the end of one, over the end of the
 * page. */
static const u64 aligned_targets[] = { 0x340, 0x3f0, 0xff0 };
static const u64 unaligned_targets[] = { 0x343, 0x3fb, 0xffd, 0xff3, 0xfe1, 0x3ff, 0xff9 };
static const u64 crossing_targets[] = { 0xffd, 0xff3, 0xff0, 0xff8 };

static u32 complaints, done;

/* The instruction in both views; memory is as before afterwards. */
static bool run_both(const struct row *row, const struct mode *mode, const struct view *ram,
	const struct view *device, u64 target)
{
	static struct regs before_a, before_b, a, b;
	bool good = true;

	view_run(ram, mode, row->word, target, &before_a, &a);
	view_run(device, mode, row->word, target, &before_b, &b);
	done++;
	if (a.esr >> 26 != EC_BRK) {
		tap_note("%s: in RAM, ESR %lx FAR %lx", row->text, a.esr, a.far);
		good = false;
	}
	good &= same_registers(row, &before_a, &a, &before_b, &b);
	for (u64 at = ALIGN_DOWN(target, 8) - AROUND_BEFORE, i = 0;
		i < AROUND_BYTES / 8 && at < 2 * PAGE; i++, at += 8) {
		if (view_read(ram, at) == view_read(device, at))
			continue;
		tap_note("%s: memory at %ld is %lx, in RAM %lx", row->text, (s64)(at - target),
			view_read(device, at), view_read(ram, at));
		good = false;
	}
	if (view_restore(ram, target) != !!(row->flags & ROW_STORE)) {
		tap_note("%s: memory has %schanged", row->text,
			row->flags & ROW_STORE ? "not " : "");
		good = false;
	}
	view_restore(device, target);
	return good;
}

static bool fits(const struct row *row, const struct mode *mode, u64 target)
{
	if (!row_runs_here(row))
		return false;
	if ((row->flags & ROW_LITERAL) && (!mode->mmu || target % 16 != 0 || target > 0xf00))
		return false;
	return !(row->flags & ROW_ALIGNED) || target % 16 == 0;
}

/* Every row at one of the targets, in turn. */
static bool compare(const struct mode *mode, struct view *ram, struct view *device,
	const u64 *targets, u32 count)
{
	static u32 turn;
	bool good = true;

	view_map(ram, mode);
	view_map(device, mode);
	view_fill(ram);
	view_fill(device);
	for (const struct row *row = access_rows; row < access_rows_end; row++) {
		u64 target = targets[turn++ % count];

		if (complaints >= COMPLAINTS_MAX || !fits(row, mode, target))
			continue;
		if (run_both(row, mode, ram, device, target))
			continue;
		good = false;
		if (++complaints == COMPLAINTS_MAX)
			tap_note("and so on");
	}
	return good & view_is_filled(ram) & view_is_filled(device);
}

/* What the second view is. */
struct kind {
	const char *name;
	bool mmu;
	u64 attributes;
	bool ram[2]; /* memory instead of the device */
	const u64 *targets;
	u32 count;
};

#define TARGETS(list) (list), ARRAY_SIZE(list)

static const struct kind kinds[] = {
	{ "", false, 0, { 0 }, TARGETS(aligned_targets) },
	{ ", Device memory", true, MAP_DEVICE, { 0 }, TARGETS(aligned_targets) },
	{ ", Normal memory", true, MAP_NORMAL, { 0 }, TARGETS(unaligned_targets) },
	{ ", not cached, from RAM into the device", true, MAP_NC, { true, false },
		TARGETS(crossing_targets) },
	{ ", from the device into RAM", true, MAP_NORMAL, { false, true },
		TARGETS(crossing_targets) },
};

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
	done = complaints = 0;
	good = compare(mode, &ram, &device, kind->targets, kind->count);
	tap_ok(good, "%s%s: %u loads and stores as in RAM", mode->name, kind->name, done);
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
