/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers and tables at random: the walkers end, what they say is well-formed and within what the
 * registers allow, and they say the same again, with and without windows into the memory, and with
 * descriptors that another CPU changes meanwhile.
 *
 * Input: registers of both stages (struct input), then values, which are descriptors of a small
 * memory in turn; what is beyond it reads as an abort.
 *
 * links: mm/walk_s12.c mm/walk_s1.c mm/walk_s2.c mm/walk_table.c mm/walk_attr.c
 * covers: mm/walk_s1.c mm/walk_s12.c mm/walk_s2.c mm/walk_table.c mm/walk_attr.c
 */
#include <stdlib.h>
#include <string.h>

#include "mm/guest_mem.h"
#include "mm/guest_window.h"
#include "mm/walk_attr.h"
#include "mm/walk_s12.h"
#include "tests/unit/fake/cpu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define PAGES     24
#define WORDS     512
#define READS_MAX ((5 * 5 + 5) * 2 * WALK_TRIES * 2)

struct input {
	uint64_t ttbr0, ttbr1, tcr, sctlr, mair, hcr;
	uint64_t vttbr, vtcr;
	uint64_t va;
	uint16_t features;
	uint8_t kind, pa_bits, granules, granules_s2;
	uint8_t access, mode;
};

/* mode */
#define MODE_THROUGH BIT(0) /* stage 2 */
#define MODE_FLAGS   BIT(1) /* may be set */
#define MODE_RACES   BIT(2)
#define MODE_BUSY    BIT(3) /* some memory is being given */

static uint64_t pages[PAGES][WORDS] __aligned(4096);
static uint64_t written[PAGES][WORDS];
static unsigned reads, races;
static struct stage2 s2;
static struct input in;

static uint64_t *word_at(uint64_t ipa)
{
	MUST(ipa % 8 == 0);
	return ipa / PAGE_SIZE < PAGES ? &pages[ipa / PAGE_SIZE][ipa % PAGE_SIZE / 8] : NULL;
}

static enum status read_word(void *context, ipa_t ipa, uint64_t *value)
{
	const uint64_t *word = word_at(ipa.ipa);
	struct guest_window *window = &fake_this_cpu->windows[guest_window_index(ipa.ipa)];

	(void)context;
	MUST(++reads < READS_MAX);
	if (!word)
		return ipa.ipa >> 40 ? ERR_RANGE : ERR_FAULT;
	if ((in.mode & MODE_BUSY) && ipa.ipa / PAGE_SIZE == PAGES - 1)
		return ERR_BUSY;
	*value = *word;
	*window = (struct guest_window){
		.ipa = ALIGN_DOWN(ipa.ipa, PAGE_SIZE),
		.mask = PAGE_SIZE - 1,
		.generation = s2.generation,
		.offset = (uintptr_t)pages,
	};
	return OK;
}

static void sync_word(void *context, ipa_t ipa)
{
	(void)context;
	MUST(ipa.ipa % 8 == 0);
}

static enum status update_word(void *context, ipa_t ipa, uint64_t old, uint64_t new)
{
	uint64_t *word = word_at(ipa.ipa);

	(void)context;
	MUST(old != new);
	if (!word)
		return ERR_FAULT;
	if (races != 0) {
		races--;
		*word = old + 4096;
	}
	if (*word != old)
		return ERR_EXISTS;
	*word = new;
	return OK;
}

/* For walk_s1.c's own reads of a VM's memory. */
enum status guest_read_u64(struct stage2 *stage2, ipa_t ipa, uint64_t *value)
{
	return read_word(stage2, ipa, value);
}

void guest_sync(struct stage2 *stage2, ipa_t ipa, uint64_t size)
{
	(void)stage2;
	(void)ipa;
	(void)size;
}

enum status guest_read(struct stage2 *stage2, ipa_t ipa, void *destination, size_t size)
{
	(void)stage2;
	(void)size;
	memcpy(destination, &ipa, 4);
	return OK;
}

static bool fst_well_formed(unsigned fst)
{
	return fst <= 0x0f || (fst >= 0x13 && fst <= 0x17) || fst == 0x29 || fst == 0x2b;
}

static struct regime regime_of_input(void)
{
	return (struct regime){
		.kind = in.kind % 3,
		.pa_bits = 32 + in.pa_bits % 21,
		.granules = in.granules & 7,
		.features = in.features,
		.ttbr0 = in.ttbr0,
		.ttbr1 = in.ttbr1,
		.tcr = in.tcr,
		.sctlr = in.sctlr,
		.mair = in.mair,
		.hcr = in.hcr,
	};
}

static struct s2_regime s2_regime_of_input(void)
{
	return (struct s2_regime){
		.vttbr = in.vttbr,
		.vtcr = in.vtcr,
		.sctlr = in.sctlr,
		.hcr = in.hcr,
		.pa_bits = 32 + in.pa_bits % 21,
		.granules = in.granules_s2 & 7,
		.features = in.features,
	};
}

static void check_s1(const struct regime *regime, const struct s1_result *s1)
{
	MUST(s1->ipa.ipa >> (s1->off ? regime->pa_bits : 52) == 0);
	MUST(s1->ipa.ipa >> regime->pa_bits == 0);
	MUST(s1->level >= 0 && s1->level <= 3);
	MUST((s1->span & (s1->span - 1)) == 0 && s1->span >= PAGE_SIZE);
	MUST(s1->off || (s1->desc & 1));
	MUST(((s1->priv | s1->user) & ~MEM_RWX) == 0);
	MUST(s1->sh < 4);
	/* What EL0 may do with data the others may. */
	MUST((s1->user & ~s1->priv & MEM_RW) == 0);
	MUST(!(s1->user & MEM_W) || !(s1->priv & MEM_X) || s1->off);
	MUST(s1_contiguous(s1) <= 128);
}

static void check_s2(const struct s2_result *result)
{
	MUST(result->output.ipa >> (32 + in.pa_bits % 21) == 0);
	MUST(result->level >= 0 && result->level <= 3);
	MUST((result->span & (result->span - 1)) == 0 && result->span >= PAGE_SIZE);
	MUST(result->desc & 1);
	MUST(result->mem_attr < 16 && result->sh < 4);
	MUST((result->priv & MEM_RW) == (result->user & MEM_RW));
	MUST(s2_contiguous(result) <= 128);
}

static void check(const struct regime *regime, enum status status, const struct s12_result *result)
{
	if (status == ERR_FAULT) {
		MUST(fst_well_formed(result->fst));
		MUST(result->stage2 || !result->on_walk);
		MUST(!result->stage2 || (in.mode & MODE_THROUGH));
		return;
	}
	if (status == ERR_NOT_SUPPORTED) {
		MUST(regime->granules == 0);
		return;
	}
	if (status == ERR_BUSY) {
		MUST(in.mode & (MODE_BUSY | MODE_RACES));
		return;
	}
	MUST(status == OK);
	check_s1(regime, &result->s1);
	if ((in.mode & MODE_THROUGH) && (in.access & WALK_FINAL)) {
		check_s2(&result->s2);
		MUST(result->output.ipa == result->s2.output.ipa);
	} else {
		MUST(result->output.ipa == result->s1.ipa.ipa);
	}
	(void)attr_par_sh(result->attr, result->sh);
	if (in.access & WALK_JUDGE) {
		struct s1_result s1 = result->s1;

		MUST(s1_judge(regime, &s1, in.access) == OK);
	}
}

static bool same(const struct s12_result *a, const struct s12_result *b, enum status status)
{
	if (status == ERR_FAULT)
		return a->fst == b->fst && a->stage2 == b->stage2 && a->on_walk == b->on_walk &&
			a->fault_ipa.ipa == b->fault_ipa.ipa;
	if (status != OK)
		return true;
	return a->output.ipa == b->output.ipa && a->attr == b->attr && a->sh == b->sh &&
		a->s1.priv == b->s1.priv && a->s1.user == b->s1.user &&
		a->s1.level == b->s1.level && a->s1.desc == b->s1.desc;
}

/* The table pages hold each other's addresses as often as not: otherwise no walk comes far. */
static void fill(const uint8_t *data, size_t size)
{
	size_t words = size / sizeof(uint64_t);

	memset(pages, 0, sizeof(pages));
	for (size_t i = 0; i < words; i++) {
		uint64_t value;

		memcpy(&value, data + i * sizeof(value), sizeof(value));
		/* One descriptor for a stretch of a page: walks come by wherever they are. */
		for (unsigned n = 0; n < WORDS / 4; n++)
			pages[i / 4 % PAGES][i % 4 * (WORDS / 4) + n] = value;
	}
}

/* In one walk: of five descriptors of stage 1, and on the way to each of them, and to the output.
 */
#define FLAGS_MAX 200

static void walk_twice(const struct regime *regime, const struct s2_setup *setup)
{
	struct walk_memory memory = {
		.read = read_word, .sync = sync_word, .update = update_word, .windows = &s2
	};
	static struct walk_memo memo; /* over inputs: they are mostly about other registers */
	struct s12_result first, second, slow;
	enum status status, again;

	if (!(in.mode & MODE_FLAGS))
		memory.update = NULL;
	reads = 0;
	races = in.mode & MODE_RACES ? in.mode >> 4 : 0;
	status = walk_s12(regime, setup, &memory, GVA(in.va), in.access, &first);
	/* After some flags it wants to be called again, and comes further; but for tables of both
	 * stages in one, where the dirty state of one is what the other's is not. */
	for (unsigned left = FLAGS_MAX; status == ERR_BUSY && left != 0; left--) {
		reads = 0;
		status = walk_s12(regime, setup, &memory, GVA(in.va), in.access, &first);
	}
	check(regime, status, &first);
	if ((in.mode & MODE_RACES) || status == ERR_BUSY)
		return;
	/* Its flags are set now; and it goes through windows. */
	memcpy(written, pages, sizeof(pages));
	memory.memo = &memo;
	again = walk_s12(regime, setup, &memory, GVA(in.va), in.access, &second);
	MUST(again == status && same(&first, &second, status));
	again = walk_s12(regime, setup, &memory, GVA(in.va), in.access, &second);
	MUST(again == status && same(&first, &second, status));
	MUST(memcmp(written, pages, sizeof(pages)) == 0);
	memory.windows = NULL;
	again = walk_s12(regime, setup, &memory, GVA(in.va), in.access, &slow);
	MUST(again == status && same(&first, &slow, status));
}

/* Nothing mapped: what the look says is what the walk says; and a second time it is no less. */
static void look_at_stage2(const struct s2_setup *setup)
{
	struct walk_memory memory = { .read = read_word, .sync = sync_word };
	struct s2_result result;
	uint8_t fst;
	enum status status;

	reads = 0;
	status = walk_s2(setup, &memory, IPA(in.va), in.access, &result);
	fst = walk_s2_look(setup, &s2, IPA(in.va));
	MUST(fst == 0 || (status == ERR_FAULT && fst == result.fst));
	memory.windows = &s2;
	MUST(walk_s2(setup, &memory, IPA(in.va), in.access, &result) == status);
	MUST(fst == 0 || fst == result.fst);
}

static void fetch_and_look(const struct regime *regime)
{
	struct walk_memory memory = walk_memory_of(&s2);
	struct s1_result result;
	uint32_t instruction;
	enum status status;

	reads = 0;
	status = walk_s1(regime, &memory, GVA(in.va), true, in.access & WALK_USER, &result);
	MUST(status != ERR_FAULT || fst_well_formed(result.fst));
	status = walk_s1_fetch(regime, &s2, GVA(in.va), in.access & WALK_USER, &instruction);
	MUST(status != OK || IS_ALIGNED(in.va, 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct regime regime;
	struct s2_regime s2_regime;
	static struct s2_setup setup;
	struct s2_setup kept;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	fill(data + sizeof(in), size - sizeof(in));
	fake_cpu_reset();
	memset(fake_this_cpu->windows, 0, sizeof(fake_this_cpu->windows));
	s2 = (struct stage2){ .generation = 1 };
	regime = regime_of_input();
	s2_regime = s2_regime_of_input();
	walk_s2_prepare(&s2_regime, &kept);
	if (!walk_s2_is_prepared(&s2_regime, &setup))
		walk_s2_prepare(&s2_regime, &setup);
	MUST(setup.invalid == kept.invalid && setup.table.base == kept.table.base &&
		setup.base_too_large == kept.base_too_large && setup.hcr == kept.hcr);
	walk_twice(&regime, in.mode & MODE_THROUGH ? &setup : NULL);
	fetch_and_look(&regime);
	look_at_stage2(&setup);
	return 0;
}
