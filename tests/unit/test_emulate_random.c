/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random loads and stores, each through hyp/trap/emulate.c and through a reference that knows only
 * bytes: both must leave the same registers and the same memory, or fault alike.
 *
 * links: tests/unit/emulate_model.c hyp/trap/emulate.c hyp/trap/emulate_access.c
 * hyp/trap/emulate_regs.c hyp/trap/guest_walk.c hyp/nested/vel2.c hyp/arch/sysreg_index.c
 * hyp/trap/place.c hyp/arch/insn.c hyp/arch/insn_address.c hyp/vdev/device.c hyp/vm/inject.c
 * hyp/arch/features.c
 */
#include "tests/unit/emulate_model.h"

#define ROUNDS 60000
#define SP     31

static uint64_t seed;

static uint64_t any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned below(unsigned n)
{
	return (unsigned)((any() >> 32) % n);
}

/* --- what is to come of it --- */

static struct {
	enum exit_result result;
	uint64_t iss, far;
	uint64_t x[31], sp0, sp1;
	uint64_t v[32][2];
	uint8_t bytes[NR_MODEL_PLACES][PAGE_SIZE];
	unsigned device_bytes;
} want;

static uint64_t *base_of(unsigned n)
{
	if (n != SP)
		return &want.x[n];
	return model_vcpu.regs.pstate & 1 ? &want.sp1 : &want.sp0;
}

static uint64_t x_of(unsigned n)
{
	return n == 31 ? 0 : want.x[n];
}

static uint64_t extended(const struct insn *insn)
{
	uint64_t value = x_of(insn->index);

	if (insn->extend == 2)
		value &= 0xffffffff;
	if (insn->extend == 6)
		value = (uint64_t)(int32_t)value;
	return value << insn->shift;
}

/* Where it is, if the base were `base`. */
static uint64_t where(const struct insn *insn, uint64_t base)
{
	switch (insn->address) {
	case INSN_REGISTER:
		return base + extended(insn);
	case INSN_OFFSET:
	case INSN_PRE_INDEX:
		return base + (uint64_t)insn->offset;
	default:
		return base;
	}
}

static uint8_t *byte_at(uint64_t va)
{
	const struct model_page *page = &model_pages[(va - MODEL_VA) / PAGE_SIZE];

	return &want.bytes[page->place][va % PAGE_SIZE];
}

/* Element e of the value, from its end that comes first in memory. */
static uint8_t *byte_of(uint8_t *value, const struct insn *insn, unsigned i, bool big)
{
	unsigned element = i / insn->element, within = i % insn->element;

	return value + element * insn->element + (big ? insn->element - 1 - within : within);
}

static void want_load(const struct insn *insn, unsigned n, uint64_t va, bool big)
{
	uint8_t value[16] = { 0 }, *vector = (uint8_t *)want.v[insn->reg[n]];
	uint64_t low;

	for (unsigned i = 0; i < insn->width; i++)
		*byte_of(value, insn, i, big) = *byte_at(va + i);
	memcpy(&low, value, 8);
	if (insn->simd && insn->replicate) {
		memset(vector, 0, 16);
		for (unsigned i = 0; i < (insn->full ? 16U : 8U); i++)
			vector[i] = value[i % insn->width];
	} else if (insn->simd && insn->lane >= 0) {
		memcpy(vector + insn->lane * insn->width, value, insn->width);
	} else if (insn->simd) {
		memcpy(vector, value, 16);
	} else if (insn->reg[n] != 31) {
		if (insn->sign_extend && low >> (8 * insn->width - 1) & 1 && insn->width < 8)
			low -= UINT64_C(1) << (8 * insn->width);
		want.x[insn->reg[n]] = insn->reg64 ? low : low & 0xffffffff;
	}
}

static void want_store(const struct insn *insn, unsigned n, uint64_t va, bool big)
{
	uint8_t value[16] = { 0 };
	uint64_t x = x_of(insn->reg[n]);

	if (insn->simd)
		memcpy(value,
			(uint8_t *)want.v[insn->reg[n]] +
				(insn->lane > 0 ? insn->lane * insn->width : 0),
			insn->width);
	else
		memcpy(value, &x, 8);
	for (unsigned i = 0; i < insn->width; i++)
		*byte_at(va + i) = *byte_of(value, insn, i, big);
}

static void want_fault(uint64_t iss, uint64_t far)
{
	want.result = EXIT_INJECT;
	want.iss = iss;
	want.far = far;
}

/* Faults, by page; true: none. */
static bool want_pages(const struct insn *insn, uint64_t va, unsigned size)
{
	uint64_t wnr = insn->write ? ISS_WNR : 0;
	bool user = (model_vcpu.regs.pstate & PSTATE_MODE_MASK) == PSTATE_EL0T ||
		(insn->unprivileged && !(model_vcpu.regs.pstate & PSTATE_UAO));
	uint64_t firsts[2] = { va, ALIGN_UP(va + 1, PAGE_SIZE) };
	unsigned pages = firsts[1] < va + size ? 2 : 1;
	bool memory = true;

	for (unsigned i = 0; i < pages; i++) {
		const struct model_page *page = &model_pages[(firsts[i] - MODEL_VA) / PAGE_SIZE];
		uint64_t rights = user ? page->user : page->priv;

		if (page->status != OK)
			return want_fault(wnr | page->fst, firsts[i]), false;
		if (!(rights & (insn->write ? MEM_W : MEM_R)) ||
			(!user && page->user != 0 && (model_vcpu.regs.pstate & PSTATE_PAN)))
			return want_fault(wnr | FSC_PERMISSION | page->level, firsts[i]), false;
	}
	for (unsigned i = 0; i < pages; i++) {
		if (model_pages[(firsts[i] - MODEL_VA) / PAGE_SIZE].attr == ATTR_DEVICE &&
			va % insn->element != 0)
			return want_fault(wnr | FSC_ALIGNMENT, firsts[i]), false;
	}
	for (unsigned i = 0; i < pages; i++) {
		enum model_place place = model_pages[(firsts[i] - MODEL_VA) / PAGE_SIZE].place;

		if (place == MODEL_HOLE || (place == MODEL_ROM && insn->write))
			return want_fault(wnr | FSC_EXTERNAL, firsts[i]), false;
		memory &= place != MODEL_DEVICE;
	}
	if (memory)
		want.result = EXIT_RESUME;
	return !memory;
}

static void want_done(const struct insn *insn, uint64_t va, bool big)
{
	uint64_t back = *base_of(insn->base) + (uint64_t)insn->offset;
	bool loaded = false;

	if (insn->address == INSN_POST_REG)
		back = *base_of(insn->base) + x_of(insn->index);
	for (unsigned n = 0; n < insn->count; n++) {
		uint64_t at = va + n * insn->width;

		(insn->write ? want_store : want_load)(insn, n, at, big);
		loaded |= !insn->write && !insn->simd && insn->reg[n] == insn->base && n != SP &&
			insn->base != SP;
		for (unsigned i = 0; i < insn->width; i++)
			want.device_bytes +=
				model_pages[(at + i - MODEL_VA) / PAGE_SIZE].place == MODEL_DEVICE;
	}
	if ((insn->address == INSN_PRE_INDEX || insn->address == INSN_POST_INDEX ||
		    insn->address == INSN_POST_REG) &&
		!loaded)
		*base_of(insn->base) = back;
	want.result = EXIT_SKIP;
}

/* --- one round --- */

static const struct {
	uint32_t value, free;
} forms[] = {
	{ 0x39000000, 0xc4ffffff }, /* unsigned offset */
	{ 0x38000000, 0xc4dfffff }, /* unscaled, indexed, unprivileged */
	{ 0x38200800, 0xc4dff3ff }, /* register */
	{ 0x18000000, 0xc4ffffff }, /* literal */
	{ 0x28000000, 0xc5ffffff }, /* pairs */
	{ 0x19000000, 0xc0dff3ff }, /* LDAPUR, STLUR */
	{ 0x089ffc00, 0xc06003ff }, /* LDAR, STLR */
	{ 0x0c000000, 0x4040ffff }, /* LD1, ST1 of several */
	{ 0x0c800000, 0x405fffff },
	{ 0x0d000000, 0x4040dfff }, /* of one */
	{ 0x0d800000, 0x405fdfff },
};

static uint32_t random_access(struct insn *insn)
{
	uint32_t word;

	do {
		unsigned form = below(ARRAY_SIZE(forms));

		word = forms[form].value | ((uint32_t)any() & forms[form].free);
		*insn = insn_decode(word);
	} while (insn->class != INSN_ACCESS);
	return word;
}

static void random_page(unsigned n)
{
	static const enum model_place places[] = { MODEL_DEVICE, MODEL_DEVICE, MODEL_DEVICE,
		MODEL_RAM, MODEL_RAM2, MODEL_ROM, MODEL_HOLE };
	static const uint8_t attrs[] = { ATTR_DEVICE, ATTR_NORMAL, ATTR_NORMAL, ATTR_NC };

	/* Often enough a device, and beside all else. */
	model_map(n, n % 2 ? MODEL_DEVICE : places[below(ARRAY_SIZE(places))],
		attrs[below(ARRAY_SIZE(attrs))]);
	model_pages[n].desc = BIT(10) | 3; /* a page that was accessed */
	if (below(16) == 0) {
		model_pages[n].status = ERR_FAULT;
		model_pages[n].fst = (uint8_t)(FST_TRANSLATION + below(8));
	}
	if (below(16) == 0)
		model_pages[n].user = below(2) ? 0 : MEM_R;
	if (below(16) == 0)
		model_pages[n].priv = MEM_R;
}

static void random_state(void)
{
	static const uint64_t modes[] = { PSTATE_EL0T, PSTATE_EL1T, PSTATE_EL1H };

	for (unsigned i = 0; i < 31; i++)
		model_vcpu.regs.x[i] = below(4) ? any() : any() & 0xff;
	for (unsigned i = 0; i < 32; i++)
		fake_fpsimd.v[i][0] = any(), fake_fpsimd.v[i][1] = any();
	fake_reg(SP_EL0) = any();
	fake_reg(SP_EL1) = any();
	fake_reg(SCTLR_EL1) = any() & (SCTLR_EL1_EE | SCTLR_EL1_E0E);
	model_vcpu.regs.pstate =
		modes[below(3)] | (below(4) ? 0 : PSTATE_UAO) | (below(8) ? 0 : PSTATE_PAN);
	model_vcpu.regs.pc = MODEL_PC;
	for (unsigned n = 0; n < MODEL_PAGES; n++)
		random_page(n);
}

static void want_as_it_is(void)
{
	memcpy(want.x, model_vcpu.regs.x, sizeof(want.x));
	memcpy(want.v, fake_fpsimd.v, sizeof(want.v));
	want.sp0 = fake_reg(SP_EL0);
	want.sp1 = fake_reg(SP_EL1);
	memcpy(want.bytes, model_bytes, sizeof(want.bytes));
	want.device_bytes = 0;
}

/* Makes the base such that the access begins at va; false: it hasn't one that does. */
static bool aim(const struct insn *insn, uint64_t va)
{
	uint64_t base;

	want_as_it_is();
	if (insn->address == INSN_LITERAL) {
		model_vcpu.regs.pc = va - (uint64_t)insn->offset;
		return true;
	}
	base = va - where(insn, 0);
	if (insn->base != SP)
		model_vcpu.regs.x[insn->base] = base;
	else if (model_vcpu.regs.pstate & 1)
		fake_reg(SP_EL1) = base;
	else
		fake_reg(SP_EL0) = base;
	want_as_it_is();
	return where(insn, base) == va;
}

static void check(uint32_t word, const struct insn *insn, uint64_t va)
{
	unsigned size = insn->count * insn->width, device_bytes = 0;
	uint64_t sctlr = fake_reg(SCTLR_EL1);
	bool el0 = (model_vcpu.regs.pstate & PSTATE_MODE_MASK) == PSTATE_EL0T;
	enum exit_result result;

	if (want_pages(insn, va, size))
		want_done(insn, va, sctlr & (el0 ? SCTLR_EL1_E0E : SCTLR_EL1_EE));
	result = model_run(word, insn->write ? ISS_WNR : 0, va + below(size));
	assert_int_equal(result, want.result);
	if (result == EXIT_INJECT) {
		assert_int_equal(model_vcpu.inject.esr, ESR_MAKE(EC_DATA_ABORT_LOWER, want.iss));
		assert_int_equal(model_vcpu.inject.far, want.far);
	}
	assert_memory_equal(model_vcpu.regs.x, want.x, sizeof(want.x));
	assert_memory_equal(fake_fpsimd.v, want.v, sizeof(want.v));
	assert_int_equal(fake_reg(SP_EL0), want.sp0);
	assert_int_equal(fake_reg(SP_EL1), want.sp1);
	assert_memory_equal(model_bytes, want.bytes, sizeof(want.bytes));
	/* Devices: each byte once. */
	for (unsigned i = 0; i < model_accesses; i++)
		if (model_log[i].ipa - model_ipa(MODEL_DEVICE) < PAGE_SIZE)
			device_bytes += model_log[i].width;
	assert_int_equal(device_bytes, want.device_bytes);
}

static void test_random(void **state)
{
	unsigned results[EXIT_STOP_VM + 1] = { 0 };

	(void)state;
	seed = UINT64_C(0x4c696e74656c2121);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct insn insn;
		uint32_t word = random_access(&insn);
		uint64_t edge = MODEL_VA + (1 + below(3)) * PAGE_SIZE;
		uint64_t va = below(2) ? edge - below(80) : MODEL_VA + below(2 * PAGE_SIZE);

		/* More often than not as a sensible program has it. */
		if (below(4))
			va &= ~(uint64_t)(insn.element - 1);
		random_state();
		if (!aim(&insn, va) || va + 64 > MODEL_VA + MODEL_PAGES * PAGE_SIZE)
			continue;
		check(word, &insn, va);
		results[want.result]++;
	}
	/* It was about something. */
	assert_true(results[EXIT_SKIP] > ROUNDS / 4);
	assert_true(results[EXIT_INJECT] > ROUNDS / 50);
	assert_true(results[EXIT_RESUME] > ROUNDS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, model_setup, model_teardown),
	};

	return cmocka_run_group_tests_name("emulate_random", tests, NULL, NULL);
}
