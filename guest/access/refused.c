/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a device can't do, and accesses that abort half-way: the right exception, and nothing has
 * changed.
 */
#include "access.h"
#include "machine.h"
#include "mmu.h"
#include "regs.h"
#include "tap.h"

#define INSN_DC_ZVA     0xd50b7421u /* x1 */
#define TARGET          UINT64_C(0x340)
#define HALF            (PAGE - 8) /* the first half of a pair is in the first page */
#define ESR_IL          BIT(25)
#define FSC_TRANSLATION 0x07
#define FSC_PERMISSION  0x0f
#define ANYWHERE        UINT64_C(256) /* what an index adds to the target, at most */

static const struct mode modes[] = {
	{ .name = "EL1, MMU off" },
	{ .name = "EL1", .mmu = true },
	{ .name = "EL1, big-endian", .mmu = true, .big_endian = true },
	{ .name = "EL0, tagged addresses", .el0 = true, .mmu = true, .tagged = true },
};

/* What must come: a data abort, its FAR so far behind the target, or not further from it. */
struct abort {
	u32 fsc;
	u64 far, around;
	/* A part was accessed before: what it loaded is UNKNOWN (but not the base), as is what
	 * it stored. */
	bool partly;
};

static void forget_loaded(struct regs *before, const struct regs *after)
{
	before->x[4] = after->x[4];
	before->x[17] = after->x[17];
	memcpy(before->q[4], after->q[4], 2 * sizeof(before->q[4]));
}

static bool aborts(const struct view *view, const struct mode *mode, const char *text, u32 word,
	u64 target, const struct abort *want)
{
	static struct regs before, after;
	u64 ec = mode->el0 ? EC_DABORT_EL0 : EC_DABORT, far = view->va + target + want->far;
	u64 esr = ec << 26 | ESR_IL | want->fsc;
	bool good;

	view_run(view, mode, word, target, &before, &after);
	good = (after.esr & ~ESR_WNR) == esr &&
		after.far - (far - want->around) <= 2 * want->around;
	if (!good)
		tap_note("%s: ESR %lx FAR %lx, not ESR %lx FAR %lx", text, after.esr, after.far,
			esr, far);
	if (want->partly)
		forget_loaded(&before, &after);
	good &= unchanged_registers(text, &before, &after);
	if (view_restore(view, target) && !want->partly) {
		tap_note("%s: memory has changed", text);
		good = false;
	}
	return good;
}

static bool all_abort(const struct view *view, const struct mode *mode, const struct row *rows,
	const struct row *end, u32 flags, u64 target, const struct abort *want)
{
	bool good = true;

	for (const struct row *row = rows; row < end; row++) {
		if (!row_runs_here(row) || (row->flags & flags) != flags)
			continue;
		if ((row->flags & ROW_ALIGNED) && !mode->mmu)
			continue; /* an alignment fault before all else */
		good &= aborts(view, mode, row->text, row->word, target, want);
	}
	return good;
}

/* A view of two pages, mapped and filled. */
static struct view prepared(const struct mode *mode, u64 first, u64 second, u64 attributes)
{
	struct view view = {
		.page = { first, second }, .attributes = attributes | MAP_USER, .slot = 8
	};

	view_map(&view, mode);
	view_fill(&view);
	return view;
}

static void test_unsupported(const struct mode *mode)
{
	bool external = arg_flag("atomics-abort");
	const struct abort unsupported = { .fsc = external ? FSC_SEA : FSC_UNSUPPORTED };
	const struct abort alignment = { .fsc = FSC_ALIGNMENT };
	struct view view = prepared(mode, places.first, places.second, MAP_DEVICE);

	tap_ok(all_abort(&view, mode, refused_rows, refused_rows_end, 0, TARGET, &unsupported),
		"%s: exclusives and atomics are %s", mode->name,
		external ? "external aborts" : "unsupported");
	tap_ok(aborts(&view, mode, "DC ZVA", INSN_DC_ZVA, TARGET, &alignment),
		"%s: DC ZVA is an alignment fault", mode->name);
}

static void test_nothing_there(const struct mode *mode)
{
	const struct abort external = { .fsc = FSC_SEA, .around = ANYWHERE };
	struct view view =
		prepared(mode, places.hole | NOTHING, (places.hole + PAGE) | NOTHING, MAP_DEVICE);

	tap_ok(all_abort(&view, mode, access_rows, access_rows_end, ROW_WRITES, TARGET, &external),
		"%s: no base is written back where nothing is", mode->name);
}

static void test_half(const struct mode *mode)
{
	const struct abort external = { .fsc = FSC_SEA, .far = 8 };
	const struct abort partly = { .fsc = FSC_SEA, .far = 8, .partly = true };
	const struct abort first = { .fsc = FSC_SEA };
	struct view view = prepared(mode, places.last, places.hole | NOTHING, MAP_NORMAL);

	tap_ok(all_abort(&view, mode, pair_rows, pair_rows_end, 0, HALF, &external),
		"%s: a pair, the second half of which is nowhere", mode->name);
	if (!mode->mmu)
		return;
	view = prepared(mode, ram_page(2), places.hole | NOTHING, MAP_NORMAL);
	tap_ok(all_abort(&view, mode, pair_rows, pair_rows_end, 0, HALF, &partly),
		"%s: the first half of it in RAM", mode->name);
	view = prepared(mode, places.hole | NOTHING, ram_page(2), MAP_NORMAL);
	tap_ok(all_abort(&view, mode, pair_rows, pair_rows_end, 0, HALF, &first),
		"%s: the second half of it in RAM", mode->name);
}

/* Stage 1 is the guest's own. */
static void test_stage1(const struct mode *mode)
{
	const struct abort translation = { .fsc = FSC_TRANSLATION, .far = 8 };
	const struct abort permission = { .fsc = FSC_PERMISSION, .far = 8 };
	const struct abort alignment = { .fsc = FSC_ALIGNMENT };
	struct view view = prepared(mode, places.first, UNMAPPED, MAP_NORMAL);

	tap_ok(all_abort(&view, mode, pair_rows, pair_rows_end, 0, HALF, &translation),
		"%s: the second half is not mapped", mode->name);
	view = prepared(mode, places.first, places.second | READ_ONLY, MAP_NORMAL);
	tap_ok(all_abort(&view, mode, pair_rows, pair_rows_end, ROW_STORE, HALF, &permission),
		"%s: the second half is read-only", mode->name);
	view = prepared(mode, places.first, places.second, MAP_DEVICE);
	tap_ok(all_abort(&view, mode, pair_rows, pair_rows_end, 0, TARGET + 1, &alignment),
		"%s: not aligned, in Device memory", mode->name);
}

void test_refused(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		test_unsupported(&modes[i]);
		test_nothing_there(&modes[i]);
		test_half(&modes[i]);
		if (modes[i].mmu)
			test_stage1(&modes[i]);
	}
}
