/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses without a syndrome, row by row of hyp/trap/emulate.h: what is fetched, what has changed
 * meanwhile, forms of loads and stores, stage 1, alignment, places, what devices say.
 *
 * links: tests/unit/emulate_model.c hyp/trap/emulate.c hyp/trap/emulate_access.c
 * hyp/trap/emulate_regs.c hyp/trap/guest_walk.c hyp/nested/vel2.c hyp/arch/sysreg_index.c
 * hyp/trap/place.c hyp/arch/insn.c hyp/arch/insn_address.c hyp/vdev/device.c hyp/vm/inject.c
 * hyp/arch/features.c
 */
#include "tests/unit/emulate_model.h"
#include "doc_aborts.h"

#define LDP         0xa9400440 /* ldp x0, x1, [x2] */
#define LDP_W       0x29400440
#define LDP_PRE     0xa9c10440 /* ldp x0, x1, [x2, #16]! */
#define LDP_XZR     0xa940045f /* ldp xzr, x1, [x2] */
#define LDPSW       0x69400440
#define STP         0xa9000440
#define STP_W       0x29000440
#define STP_PRE     0xa9bf0440 /* stp x0, x1, [x2, #-16]! */
#define STP_POST    0xa8810440 /* stp x0, x1, [x2], #16 */
#define LDR         0xf9400040 /* ldr x0, [x2] */
#define STR         0xf9000040
#define LDR_POST    0xf8408440 /* ldr x0, [x2], #8 */
#define LDR_SP      0xf84107e0 /* ldr x0, [sp], #16 */
#define STR_SP      0xf81f0fe0 /* str x0, [sp, #-16]! */
#define LDRSB_POST  0x38c01440 /* ldrsb w0, [x2], #1 */
#define LDRSH_PRE   0x78802c40 /* ldrsh x0, [x2, #2]! */
#define LDR_LITERAL 0x58008000 /* ldr x0, . + 0x1000 */
#define LDR_REG     0xf8637840 /* ldr x0, [x2, x3, lsl #3] */
#define LDTR        0xf8400840
#define STTR        0xf8000840
#define LDAPUR      0xd9408040 /* ldapur x0, [x2, #8] */
#define STLUR       0xd9008040
#define LDR_Q       0x3dc00043 /* ldr q3, [x2] */
#define STR_Q       0x3d800043
#define LDP_Q       0xad401043 /* ldp q3, q4, [x2] */
#define STP_Q       0xad001043
#define LDR_S       0xbd400043
#define LDR_B       0x3d400043
#define LD1_4S      0x4c407843 /* ld1 {v3.4s}, [x2] */
#define LD1_FOUR    0x4cdf2043 /* ld1 {v3.16b-v6.16b}, [x2], #64 */
#define ST1_TWO_8H  0x4c00a443 /* st1 {v3.8h, v4.8h}, [x2] */
#define LD1_LANE    0x4d404843 /* ld1 {v3.h}[5], [x2] */
#define ST1_LANE    0x0d9f9043 /* st1 {v3.s}[1], [x2], #4 */
#define LD1R_4S     0x4d40c843
#define LD1R_8B     0x0d40c043
#define LDXR        0xc85f7c40
#define STXR        0xc8017c40
#define LDXP        0xc87f0440
#define LDADD       0xf8200041
#define CASP        0x48207c44
#define LD64B       0xf83fd044
#define ST64B       0xf83f9044
#define PRFM        0xf9800040
#define DC_ZVA      0xd50b7422
#define DC_CVAC     0xd50b7a22
#define DC_CVAP     0xd50b7c22
#define IC_IVAU     0xd50b7522
#define DC_GVA      0xd50b7462
#define LD1B_SVE    0xa400a040
#define LD2         0x4c408843
#define STG         0xd9200842
#define ADD         0x8b020020
#define NOP         0xd503201f

#define VA          MODEL_VA
#define X           model_vcpu.regs.x

static uint64_t bytes_at(enum model_place place, unsigned at, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)model_bytes[place][at + i] << (8 * i);
	return value;
}

static uint64_t dev(unsigned at, unsigned width)
{
	return bytes_at(MODEL_DEVICE, at, width);
}

static uint64_t swapped(uint64_t value, unsigned width)
{
	return __builtin_bswap64(value) >> (64 - 8 * width);
}

static void assert_injected(enum exit_result result, uint64_t iss, uint64_t far)
{
	uint64_t fsc = iss & FSC_MASK;

	/* An external abort of a store is one of a write. */
	if (fsc == FSC_EXTERNAL || (fsc & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK)
		iss |= model_iss & ISS_WNR;
	assert_int_equal(result, EXIT_INJECT);
	assert_int_equal(model_vcpu.inject.esr, ESR_MAKE(EC_DATA_ABORT_LOWER, iss));
	assert_true(model_vcpu.inject.has_far);
	assert_int_equal(model_vcpu.inject.far, far);
	model_assert_unchanged();
}

static void assert_resumed(enum exit_result result)
{
	assert_int_equal(result, EXIT_RESUME);
	assert_int_equal(model_accesses, 0);
	model_assert_unchanged();
}

static void assert_log(unsigned n, uint64_t ipa, unsigned width, bool write)
{
	assert_true(n < model_accesses);
	assert_int_equal(model_log[n].ipa, ipa);
	assert_int_equal(model_log[n].width, width);
	assert_int_equal(model_log[n].write, write);
}

/* A device, mapped as one, at VA + 0x100 and X2. */
static int setup(void **state)
{
	(void)model_setup(state);
	model_map(0, MODEL_DEVICE, ATTR_DEVICE);
	model_map(1, MODEL_DEVICE, ATTR_DEVICE);
	X[2] = VA + 0x100;
	return 0;
}

/* Runs it with FAR = X2. */
static enum exit_result run(uint32_t instruction)
{
	return model_run(instruction, insn_decode(instruction).write ? ISS_WNR : 0, X[2]);
}

/* --- 1, 2: what was it? --- */

static void test_aarch32(void **state)
{
	(void)state;
	model_vcpu.regs.pstate = PSTATE_NRW;
	assert_injected(run(LDP), FSC_EXTERNAL, VA + 0x100);
	assert_int_equal(model_logs, 1);
}

static void test_fetch(void **state)
{
	static const enum status changed[] = { ERR_FAULT, ERR_INVALID, ERR_RANGE },
				 hopeless[] = { ERR_NOT_SUPPORTED, ERR_IO };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(changed); i++) {
		model_fetch = changed[i];
		assert_resumed(run(LDP));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(hopeless); i++) {
		model_fetch = hopeless[i];
		assert_injected(run(LDP), FSC_EXTERNAL, VA + 0x100);
		assert_int_equal(model_logs, i + 1);
	}
}

/* Memory that is being given, where the instruction, a table or what it accesses is: again, as
 * often as it takes. */
static void test_busy(void **state)
{
	static const uint32_t words[] = { LDP, STP, LDADD, IC_IVAU };

	(void)state;
	model_fetch = ERR_BUSY;
	assert_resumed(run(LDP));
	assert_int_equal(model_retries, 0);
	model_fetch = OK;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		model_pages[0].status = ERR_BUSY;
		assert_resumed(run(words[i]));
		assert_int_equal(model_retries, 0);
	}
	model_pages[0].status = OK;
	model_map(0, MODEL_RAM, ATTR_NORMAL);
	model_map(1, MODEL_DEVICE, ATTR_DEVICE);
	X[2] = VA + PAGE_SIZE - 8;
	model_read = ERR_BUSY;
	assert_resumed(run(LDP));
	assert_int_equal(model_retries + model_logs, 0);
	model_read = OK;
	assert_int_equal(run(LDP), EXIT_SKIP);
}

/* The instruction must explain FAR, whatever the tag. */
static void test_far(void **state)
{
	static const struct {
		uint32_t instruction;
		unsigned size;
	} cases[] = { { LDP, 16 }, { STP, 16 }, { LD1_FOUR, 64 }, { LDXP, 16 }, { LDXR, 8 },
		{ LDADD, 8 }, { LD64B, 64 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t word = cases[i].instruction;
		uint64_t wnr = insn_decode(word).write ? ISS_WNR : 0, first = VA + 0x100;

		X[2] = first;
		assert_resumed(model_run(word, wnr, first - 1));
		assert_resumed(model_run(word, wnr, first + cases[i].size));
		assert_resumed(model_run(word, wnr, first ^ BIT(55)));
		assert_int_not_equal(model_run(word, wnr, first), EXIT_RESUME);
		X[2] = first;
		assert_int_not_equal(model_run(word, wnr, first + cases[i].size - 1), EXIT_RESUME);
		X[2] = first & ~GENMASK(63, 56);
		assert_int_not_equal(model_run(word, wnr, first), EXIT_RESUME);
	}
}

static void test_changed(void **state)
{
	static const uint32_t words[] = { ADD, NOP & ~0x01000000U, 0x14000000 /* b . */,
		0x1e602820 /* fadd d0, d1, d0 */, 0x9a020020 /* adc */ };

	(void)state;
	/* A load never was a store. */
	assert_resumed(model_run(LDP, ISS_WNR, X[2]));
	assert_resumed(model_run(STP, 0, X[2]));
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		assert_resumed(run(words[i]));
	assert_int_equal(model_logs, 0);
}

/* --- loads --- */

static void test_loads(void **state)
{
	(void)state;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x100, 8));
	assert_int_equal(X[1], dev(0x108, 8));
	assert_int_equal(X[2], VA + 0x100);
	assert_int_equal(model_vcpu.regs.pc, MODEL_PC);
	assert_int_equal(model_accesses, 2);
	assert_log(0, model_ipa(MODEL_DEVICE) + 0x100, 8, false);
	assert_log(1, model_ipa(MODEL_DEVICE) + 0x108, 8, false);
	assert_int_equal(device_count(&model_vcpu, model_device)->reads, 2);

	assert_int_equal(run(LDP_W), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x100, 4));
	assert_int_equal(X[1], dev(0x104, 4));
	assert_log(1, model_ipa(MODEL_DEVICE) + 0x104, 4, false);
	assert_int_equal(run(LDPSW), EXIT_SKIP);
	assert_int_equal(X[0], (uint64_t)(int32_t)dev(0x100, 4));
	assert_int_equal(X[1], (uint64_t)(int32_t)dev(0x104, 4));
	/* XZR is read all the same. */
	assert_int_equal(run(LDP_XZR), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	assert_int_equal(X[1], dev(0x108, 8));

	X[3] = 4;
	X[2] = VA + 0x120;
	assert_int_equal(model_run(LDR_REG, 0, VA + 0x140), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x140, 8));
	X[2] = VA + 0x138;
	assert_int_equal(model_run(LDAPUR, 0, VA + 0x140), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x140, 8));
}

static void test_load_writeback(void **state)
{
	(void)state;
	assert_int_equal(model_run(LDP_PRE, 0, VA + 0x110), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x110, 8));
	assert_int_equal(X[2], VA + 0x110);
	X[2] = VA + 0x201;
	assert_int_equal(run(LDRSB_POST), EXIT_SKIP);
	assert_int_equal(X[0], (uint32_t)(int8_t)dev(0x201, 1));
	assert_int_equal(X[2], VA + 0x202);
	assert_int_equal(model_run(LDRSH_PRE, 0, VA + 0x204), EXIT_SKIP);
	assert_int_equal(X[0], (uint64_t)(int16_t)dev(0x204, 2));
	assert_int_equal(X[2], VA + 0x204);
	/* ldr x2, [x2], #8: what was loaded stays. */
	X[2] = VA + 0x208;
	assert_int_equal(run(LDR_POST | 2), EXIT_SKIP);
	assert_int_equal(X[2], dev(0x208, 8));
}

static void test_literal(void **state)
{
	(void)state;
	model_vcpu.regs.pc = VA + 0x100 - 0x1000;
	assert_int_equal(model_run(LDR_LITERAL, 0, VA + 0x100), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x100, 8));
	assert_resumed(model_run(LDR_LITERAL, 0, VA + 0x108));
}

/* --- stores --- */

static void test_stores(void **state)
{
	(void)state;
	assert_int_equal(run(STP), EXIT_SKIP);
	assert_int_equal(dev(0x100, 8), X[0]);
	assert_int_equal(dev(0x108, 8), X[1]);
	assert_int_equal(model_accesses, 2);
	assert_log(0, model_ipa(MODEL_DEVICE) + 0x100, 8, true);
	assert_log(1, model_ipa(MODEL_DEVICE) + 0x108, 8, true);
	assert_int_equal(device_count(&model_vcpu, model_device)->writes, 2);
	assert_int_equal(run(STP_W | 31), EXIT_SKIP);
	assert_int_equal(dev(0x100, 4), 0);
	assert_int_equal(dev(0x104, 4), (uint32_t)X[1]);
	assert_log(0, model_ipa(MODEL_DEVICE) + 0x100, 4, true);
	X[2] = VA + 0x210;
	assert_int_equal(model_run(STP_PRE, ISS_WNR, VA + 0x200), EXIT_SKIP);
	assert_int_equal(dev(0x200, 8), X[0]);
	assert_int_equal(X[2], VA + 0x200);
	assert_int_equal(run(STP_POST), EXIT_SKIP);
	assert_int_equal(X[2], VA + 0x210);
	X[2] = VA + 0x2f8;
	assert_int_equal(model_run(STLUR, ISS_WNR, VA + 0x300), EXIT_SKIP);
	assert_int_equal(dev(0x300, 8), X[0]);
}

/* The stack pointer of the guest's EL, and only that, is written back. */
static void test_stack_pointer(void **state)
{
	static const struct {
		uint64_t pstate;
		bool sp1;
	} cases[] = { { PSTATE_EL0T, false }, { PSTATE_EL1T, false }, { PSTATE_EL1H, true } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		model_vcpu.regs.pstate = cases[i].pstate;
		fake_reg(SP_EL0) = VA + 0x140;
		fake_reg(SP_EL1) = VA + 0x180;
		if (cases[i].sp1) {
			assert_int_equal(model_run(LDR_SP, 0, VA + 0x180), EXIT_SKIP);
			assert_int_equal(X[0], dev(0x180, 8));
			assert_int_equal(fake_reg(SP_EL0), VA + 0x140);
			assert_int_equal(fake_reg(SP_EL1), VA + 0x190);
			assert_int_equal(model_run(STR_SP, ISS_WNR, VA + 0x180), EXIT_SKIP);
			assert_int_equal(fake_reg(SP_EL1), VA + 0x180);
		} else {
			assert_int_equal(model_run(LDR_SP, 0, VA + 0x140), EXIT_SKIP);
			assert_int_equal(X[0], dev(0x140, 8));
			assert_int_equal(fake_reg(SP_EL0), VA + 0x150);
			assert_int_equal(fake_reg(SP_EL1), VA + 0x180);
		}
	}
}

/* --- FP and SIMD --- */

static void assert_vector(unsigned n, uint64_t low, uint64_t high)
{
	assert_int_equal(fake_fpsimd.v[n][0], low);
	assert_int_equal(fake_fpsimd.v[n][1], high);
}

static void test_vector_loads(void **state)
{
	uint64_t old = UINT64_C(0x8484848484848484);
	uint64_t lane = 4 * UINT64_C(0x100000001) / 4;

	(void)state;
	assert_int_equal(run(LDR_Q), EXIT_SKIP);
	assert_vector(3, dev(0x100, 8), dev(0x108, 8));
	assert_int_equal(model_accesses, 2);
	assert_log(0, model_ipa(MODEL_DEVICE) + 0x100, 8, false);
	assert_int_equal(run(LDP_Q), EXIT_SKIP);
	assert_vector(4, dev(0x110, 8), dev(0x118, 8));
	assert_int_equal(run(LDR_S), EXIT_SKIP);
	assert_vector(3, dev(0x100, 4), 0);
	assert_log(0, model_ipa(MODEL_DEVICE) + 0x100, 4, false);
	assert_int_equal(run(LDR_B), EXIT_SKIP);
	assert_vector(3, dev(0x100, 1), 0);
	assert_int_equal(run(LD1_4S), EXIT_SKIP);
	assert_vector(3, dev(0x100, 8), dev(0x108, 8));
	assert_int_equal(run(LD1_FOUR), EXIT_SKIP);
	assert_int_equal(model_accesses, 8);
	assert_vector(6, dev(0x130, 8), dev(0x138, 8));
	assert_int_equal(X[2], VA + 0x140);
	fake_fpsimd.v[3][0] = fake_fpsimd.v[3][1] = old;
	assert_int_equal(run(LD1_LANE), EXIT_SKIP); /* lane 5 of 8 */
	assert_vector(3, old, (old & ~UINT64_C(0xffff0000)) | dev(0x140, 2) << 16);
	assert_int_equal(run(LD1R_4S), EXIT_SKIP);
	assert_vector(3, dev(0x140, 4) * lane, dev(0x140, 4) * lane);
	assert_int_equal(model_accesses, 1);
	assert_int_equal(run(LD1R_8B), EXIT_SKIP);
	assert_vector(3, dev(0x140, 1) * UINT64_C(0x0101010101010101), 0);
}

static void test_vector_stores(void **state)
{
	(void)state;
	fake_fpsimd.v[3][0] = UINT64_C(0x0706050403020100);
	fake_fpsimd.v[3][1] = UINT64_C(0x0f0e0d0c0b0a0908);
	assert_int_equal(run(STR_Q), EXIT_SKIP);
	assert_int_equal(dev(0x100, 8), fake_fpsimd.v[3][0]);
	assert_int_equal(dev(0x108, 8), fake_fpsimd.v[3][1]);
	assert_int_equal(run(STP_Q), EXIT_SKIP);
	assert_int_equal(dev(0x118, 8), fake_fpsimd.v[4][1]);
	X[2] = VA + 0x140;
	assert_int_equal(run(ST1_TWO_8H), EXIT_SKIP);
	assert_int_equal(dev(0x148, 8), fake_fpsimd.v[3][1]);
	assert_int_equal(dev(0x150, 8), fake_fpsimd.v[4][0]);
	X[2] = VA + 0x180;
	assert_int_equal(run(ST1_LANE), EXIT_SKIP);
	assert_int_equal(dev(0x180, 4), 0x07060504);
	assert_int_equal(model_accesses, 1);
	assert_int_equal(X[2], VA + 0x184);
}

/* A guest hypervisor's trap of FP/SIMD would be EL2's own. */
static void test_vector_trapped(void **state)
{
	(void)state;
	write_sysreg(CPTR_EL2_TFP, CPTR_EL2);
	assert_resumed(run(STR_Q));
	assert_resumed(run(LD1_LANE));
	assert_int_equal(run(LDP), EXIT_SKIP);
	write_sysreg(0, CPTR_EL2);
	assert_int_equal(run(STR_Q), EXIT_SKIP);
}

/* --- byte order: by element --- */

static void test_big_endian(void **state)
{
	(void)state;
	fake_reg(SCTLR_EL1) = SCTLR_EL1_EE;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(X[0], swapped(dev(0x100, 8), 8));
	assert_int_equal(X[1], swapped(dev(0x108, 8), 8));
	assert_int_equal(run(LDPSW), EXIT_SKIP);
	assert_int_equal(X[1], (uint64_t)(int32_t)swapped(dev(0x104, 4), 4));
	assert_int_equal(run(LDR_Q), EXIT_SKIP);
	assert_vector(3, swapped(dev(0x108, 8), 8), swapped(dev(0x100, 8), 8));
	assert_int_equal(run(LD1_4S), EXIT_SKIP);
	assert_vector(3, swapped(dev(0x104, 4), 4) << 32 | swapped(dev(0x100, 4), 4),
		swapped(dev(0x10c, 4), 4) << 32 | swapped(dev(0x108, 4), 4));
	assert_int_equal(run(LD1R_4S), EXIT_SKIP);
	assert_vector(3, swapped(dev(0x100, 4), 4) * UINT64_C(0x100000001),
		swapped(dev(0x100, 4), 4) * UINT64_C(0x100000001));
	assert_int_equal(run(STP_W), EXIT_SKIP);
	assert_int_equal(dev(0x104, 4), swapped((uint32_t)X[1], 4));
	fake_fpsimd.v[3][0] = UINT64_C(0x0706050403020100);
	assert_int_equal(run(ST1_TWO_8H), EXIT_SKIP);
	assert_int_equal(dev(0x100, 8), UINT64_C(0x0607040502030001));
	/* At EL0 it is E0E. */
	model_vcpu.regs.pstate = PSTATE_EL0T;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x100, 8));
}

/* --- 4: the guest's own stage 1 --- */

static void test_stage1_second_page(void **state)
{
	static const uint8_t faults[] = { FST_TRANSLATION | 3, FST_TRANSLATION, FST_ACCESS_FLAG | 2,
		FST_ADDRESS_SIZE | 1, FST_WALK_SEA | 2 };
	uint64_t second = VA + PAGE_SIZE;

	(void)state;
	X[2] = second - 8;
	model_pages[1].status = ERR_FAULT;
	for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
		bool on_walk = faults[i] == (FST_WALK_SEA | 2);

		model_pages[1].fst = faults[i];
		assert_injected(run(LDP), faults[i], second);
		assert_injected(run(STP), faults[i] | (on_walk ? 0 : ISS_WNR), second);
	}
	/* Tables of a kind that is not walked. */
	model_pages[1].status = ERR_NOT_SUPPORTED;
	assert_injected(run(LDP), FSC_EXTERNAL, second);
	/* The first page comes first. */
	model_pages[0].status = ERR_FAULT;
	model_pages[0].fst = FST_TRANSLATION | 1;
	assert_injected(run(LDP), FST_TRANSLATION | 1, X[2]);
	assert_int_equal(model_accesses, 0);
}

static void test_rights(void **state)
{
	static const struct {
		uint64_t pstate;
		uint32_t instruction;
		bool user;
	} cases[] = {
		{ PSTATE_EL1H, LDP, false },
		{ PSTATE_EL1H, STP, false },
		{ PSTATE_EL0T, LDP, true },
		{ PSTATE_EL0T, STP, true },
		{ PSTATE_EL1H, LDTR, true },
		{ PSTATE_EL1H, STTR, true },
		{ PSTATE_EL1H | PSTATE_UAO, LDTR, false },
		{ PSTATE_EL1H | PSTATE_UAO, STTR, false },
		{ PSTATE_EL0T | PSTATE_UAO, STTR, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		bool write = insn_decode(cases[i].instruction).write;
		uint64_t needs = write ? MEM_W : MEM_R, wnr = write ? ISS_WNR : 0;
		struct model_page *page = &model_pages[0];

		model_vcpu.regs.pstate = cases[i].pstate;
		page->level = i % 4;
		page->priv = page->user = 0;
		*(cases[i].user ? &page->user : &page->priv) = needs;
		assert_int_equal(run(cases[i].instruction), EXIT_SKIP);
		assert_int_equal(model_user, cases[i].user);
		page->priv = page->user = MEM_RWX;
		*(cases[i].user ? &page->user : &page->priv) = MEM_RWX & ~needs;
		assert_injected(run(cases[i].instruction), wnr | FSC_PERMISSION | (i % 4), X[2]);
	}
}

/* PSTATE.PAN keeps EL1 from what EL0 may access, in whichever page. */
static void test_privileged_never(void **state)
{
	static const uint64_t users[] = { 0, MEM_X, MEM_R, MEM_RW };

	(void)state;
	X[2] = VA + PAGE_SIZE - 8;
	for (unsigned i = 0; i < 0x200; i++) {
		unsigned n = i & 1;
		bool pan = i & 2, epan = i & 4, has_epan = i & 8, on = i & 0x10, el0 = i & 0x20;
		bool write = i & 0x40;
		uint64_t user = users[i >> 7];
		bool refused =
			pan && on && !el0 && ((user & MEM_RW) || (user != 0 && epan && has_epan));
		uint32_t word = write ? STP : LDP;

		model_vcpu.regs.pstate = (el0 ? PSTATE_EL0T : PSTATE_EL1H) | (pan ? PSTATE_PAN : 0);
		fake_reg(SCTLR_EL1) = epan ? SCTLR_EL1_EPAN : 0;
		fake_reg(ID_AA64MMFR1_EL1) =
			FIELD_PREP(ID_AA64MMFR1_EL1_PAN, (uint64_t)(has_epan ? 3 : 2));
		model_pages[!n].user = el0 ? MEM_RW : 0;
		model_pages[n].user = user;
		model_pages[0].desc = model_pages[1].desc = on ? BIT(10) | 3 : 0;
		if (el0 && !(user & (write ? MEM_W : MEM_R)))
			refused = true;
		if (refused)
			assert_injected(run(word), (write ? ISS_WNR : 0) | FSC_PERMISSION | 3,
				n ? VA + PAGE_SIZE : X[2]);
		else
			assert_int_equal(run(word), EXIT_SKIP);
	}
	/* LDTR and STTR are as EL0's, unless PSTATE.UAO is set. */
	model_pages[0].user = MEM_RW;
	model_pages[0].desc = BIT(10) | 3;
	model_vcpu.regs.pstate = PSTATE_EL1H | PSTATE_PAN;
	assert_int_equal(run(LDTR), EXIT_SKIP);
	assert_int_equal(run(STTR), EXIT_SKIP);
	model_vcpu.regs.pstate |= PSTATE_UAO;
	assert_injected(run(LDTR), FSC_PERMISSION | 3, X[2]);
	assert_injected(run(STTR), ISS_WNR | FSC_PERMISSION | 3, X[2]);
}

/* --- 5: alignment --- */

static void test_alignment(void **state)
{
	static const uint8_t device_types[] = { 0, 0x04, 0x08, 0x0c };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(device_types); i++) {
		/* Whatever there is. */
		model_map(0, i % 2 ? MODEL_HOLE : MODEL_DEVICE, device_types[i]);
		X[2] = VA + 0x104;
		assert_injected(run(LDP), FSC_ALIGNMENT, X[2]);
		assert_injected(run(STP), ISS_WNR | FSC_ALIGNMENT, X[2]);
		X[2] = VA + 0x108;
		assert_injected(run(LDR_Q), FSC_ALIGNMENT, X[2]);
		X[2] = VA + 0x102;
		assert_injected(run(LD1_4S), FSC_ALIGNMENT, X[2]);
	}
	assert_int_equal(model_accesses, 0);
	model_map(0, MODEL_DEVICE, ATTR_DEVICE);
	/* A vector's elements are what must be aligned. */
	X[2] = VA + 0x104;
	assert_int_equal(run(LD1_4S), EXIT_SKIP);
	assert_int_equal(model_accesses, 4);
	assert_log(1, model_ipa(MODEL_DEVICE) + 0x108, 4, false);
	assert_vector(3, dev(0x104, 8), dev(0x10c, 8));
	X[2] = VA + 0x108;
	assert_int_equal(run(LD1_4S), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	/* The second page's type counts, too; its first byte is to blame. */
	model_map(0, MODEL_DEVICE, ATTR_NORMAL);
	X[2] = VA + PAGE_SIZE - 4;
	assert_injected(run(LDP), FSC_ALIGNMENT, VA + PAGE_SIZE);
	X[2] = VA + PAGE_SIZE - 20;
	assert_int_equal(run(LDP), EXIT_SKIP);
}

/* In Normal memory it is done in bytes, each at its own place; of 16 bytes that are aligned to 8,
 * halves will do. */
static void test_unaligned(void **state)
{
	(void)state;
	model_map(0, MODEL_DEVICE, ATTR_NORMAL);
	model_map(1, MODEL_DEVICE, ATTR_NC);
	X[2] = VA + PAGE_SIZE - 5;
	assert_int_equal(run(LDR), EXIT_SKIP);
	assert_int_equal(model_accesses, 8);
	assert_log(5, model_ipa(MODEL_DEVICE), 1, false);
	assert_int_equal(X[0], dev(PAGE_SIZE - 5, 5) | dev(0, 3) << 40);
	X[2] = VA + 0x108;
	assert_int_equal(run(LDR_Q), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	/* A device that doesn't take bytes. */
	model_map(0, MODEL_WORDS, ATTR_NORMAL);
	X[2] = VA + 0x102;
	assert_injected(run(STP_W), FSC_EXTERNAL, X[2]);
	assert_int_equal(model_accesses, 0);
	assert_int_equal(model_logs, 1);
	assert_int_equal(device_count(&model_vcpu, model_words)->writes, 0);
}

/* --- 3, 6: what and where, by the tables of docs/aborts.md --- */

/* Instructions of each row, all at X2; 0 ends them. */
static const struct {
	const char *row;
	uint32_t words[8];
} kinds[] = {
	{ "load", { LDP, LDP_W, LDPSW, LDR_POST, LDR_Q, LD1_4S, LD1_FOUR } },
	{ "store", { STP, STP_W, STP_POST, STR, STR_Q, STP_Q, ST1_LANE } },
	{ "exclusive, atomic, 64 bytes", { LDXR, STXR, LDXP, LDADD, CASP, LD64B, ST64B } },
	{ "prefetch", { PRFM } },
	{ "other", { LD1B_SVE, LD2, STG, DC_GVA } },
};

static const char *column_of(enum model_place place)
{
	static const char *const columns[NR_MODEL_PLACES] = {
		[MODEL_RAM] = "RAM",
		[MODEL_RAM2] = "RAM",
		[MODEL_LAZY] = "RAM, not given",
		[MODEL_ROM] = "ROM",
		[MODEL_ROM_LAZY] = "ROM, not given",
		[MODEL_SHARED] = "RAM",
		[MODEL_READER] = "ROM",
		[MODEL_DEVICE] = "device",
		[MODEL_WORDS] = "device",
		[MODEL_SMALL] = "nothing", /* but for a few bytes */
		[MODEL_HOLE] = "nothing",
		[MODEL_BEYOND] = "beyond",
	};

	return columns[place];
}

static const char *cell_of(unsigned row, enum model_place place)
{
	for (unsigned i = 1; i < ARRAY_SIZE(emulate_answers[0]); i++)
		if (!strcmp(emulate_answers[0][i], column_of(place)))
			return emulate_answers[row][i];
	fail_msg("no column %s", column_of(place));
	return "";
}

/* A word that the manifest decides becomes what the policy of now makes of it. */
static const char *by_policy(const char *word, enum model_place place)
{
	const char *value = "";

	if (!strcmp(word, "absent-access"))
		value = model_vm.policy.absent_ignored ? "ignore" : "abort";
	else if (!strcmp(word, "stores"))
		value = model_stores_ignored && place == MODEL_READER ? "ignore" : "abort";
	else if (!strcmp(word, "device-atomics"))
		value = model_vm.policy.atomics_abort ? "abort" : "fault";
	for (unsigned i = 1; i < ARRAY_SIZE(emulate_policy); i++)
		if (!strcmp(emulate_policy[i][0], word) && !strcmp(emulate_policy[i][1], value))
			return emulate_policy[i][2];
	return word;
}

static void check_answer(uint32_t word, uint64_t wnr, const char *answer)
{
	static const struct {
		const char *answer;
		uint64_t fsc;
	} faults[] = { { "external abort", FSC_EXTERNAL },
		{ "address size fault", FSC_ADDRESS_SIZE },
		{ "unsupported exclusive or atomic access", FSC_EXCLUSIVE } };
	enum exit_result result;

	X[2] = VA + 0x100;
	model_given = 0;
	result = model_run(word, wnr, X[2]);
	if (!strcmp(answer, "again") || !strcmp(answer, "give")) {
		assert_resumed(result);
		assert_int_equal(model_given, answer[0] == 'g');
		assert_int_equal(model_retries, answer[0] == 'a');
		return;
	}
	assert_int_equal(model_given, 0);
	if (!strcmp(answer, "emulate") || !strcmp(answer, "skip")) {
		assert_int_equal(result, EXIT_SKIP);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
		uint64_t iss = faults[i].fsc | wnr;

		if (!strcmp(answer, faults[i].answer)) {
			assert_injected(result, iss, VA + 0x100);
			return;
		}
	}
	fail_msg("no answer %s", answer);
}

static void check_row(unsigned row)
{
	const uint32_t *words = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].row, emulate_answers[row][0]))
			words = kinds[i].words;
	assert_non_null(words);
	for (; *words != 0; words++) {
		struct insn insn = insn_decode(*words);

		for (unsigned place = 0; place < NR_MODEL_PLACES; place++) {
			const char *answer = by_policy(cell_of(row, place), place);

			model_map(0, place, ATTR_NORMAL);
			if (insn.class != INSN_ACCESS || !insn.write)
				check_answer(*words, 0, answer);
			if (insn.class != INSN_ACCESS || insn.write)
				check_answer(*words, ISS_WNR, answer);
		}
	}
}

/* Under each policy. */
static void test_answers(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(emulate_answers), ARRAY_SIZE(kinds) + 1);
	for (unsigned policy = 0; policy < 8; policy++) {
		model_vm.policy.absent_ignored = policy & 1;
		model_vm.policy.atomics_abort = policy & 2;
		model_stores_ignored = policy & 4;
		for (unsigned row = 1; row < ARRAY_SIZE(emulate_answers); row++)
			check_row(row);
	}
}

/* What is ignored is done in all other respects. */
static void test_ignored(void **state)
{
	(void)state;
	model_stores_ignored = model_vm.policy.absent_ignored = true;
	model_map(0, MODEL_READER, ATTR_NORMAL);
	assert_int_equal(run(STP_POST), EXIT_SKIP);
	assert_int_equal(X[2], VA + 0x110);
	model_map(0, MODEL_HOLE, ATTR_NORMAL);
	assert_int_equal(run(STP_POST), EXIT_SKIP);
	assert_int_equal(X[2], VA + 0x120);
	assert_int_equal(run(LDR_POST), EXIT_SKIP);
	assert_int_equal(X[2], VA + 0x128);
	assert_int_equal(X[0], 0);
	assert_int_equal(model_accesses, 0);
	/* Not where a device begins in the middle. */
	X[2] = VA + 0x810;
	model_map(0, MODEL_SMALL, ATTR_NORMAL);
	assert_int_equal(run(LDR_S), EXIT_SKIP);
	assert_injected(run(LDR), FSC_EXTERNAL, X[2]);
	assert_int_equal(model_accesses, 0);
}

/* Memory can't be given. */
static void test_not_given(void **state)
{
	static const uint32_t words[] = { LDP, LDADD };

	(void)state;
	model_map(0, MODEL_LAZY, ATTR_NORMAL);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		model_give = ERR_BUSY;
		model_given = 0;
		assert_resumed(run(words[i]));
		assert_int_equal(model_given, 1);
		model_give = ERR_NOT_FOUND;
		model_given = 0;
		assert_injected(run(words[i]), FSC_EXTERNAL, X[2]);
	}
}

/* Each piece must lie in one region as a whole. */
static void test_regions(void **state)
{
	uint64_t small = model_ipa(MODEL_SMALL);

	(void)state;
	model_map(0, MODEL_SMALL, ATTR_DEVICE);
	X[2] = VA + 0x800;
	assert_injected(run(LDR), FSC_EXTERNAL, X[2]); /* the region has 4 bytes */
	assert_injected(run(STP_W), FSC_EXTERNAL, X[2] + 4);
	assert_int_equal(model_accesses, 0);
	assert_int_equal(run(LDR_S), EXIT_SKIP);
	assert_log(0, small + 0x800, 4, false);
	X[2] = VA + 0x808;
	assert_int_equal(run(STP_W), EXIT_SKIP);
	assert_log(1, small + 0x80c, 4, true);
	assert_injected(run(STP), FSC_EXTERNAL, X[2] + 8);
	assert_int_equal(model_accesses, 0);
	/* From a region into nothing, in bytes. */
	model_pages[0].attr = ATTR_NORMAL;
	X[2] = VA + 0x80c;
	assert_injected(run(LDR), FSC_EXTERNAL, VA + 0x810);
	assert_int_equal(model_accesses, 0);
	model_vm.policy.absent_ignored = true;
	assert_int_equal(run(LDR), EXIT_SKIP);
	assert_int_equal(model_accesses, 4);
	assert_int_equal(X[0], bytes_at(MODEL_SMALL, 0x80c, 4));
}

/* --- memory and devices side by side --- */

static void test_crossing(void **state)
{
	unsigned last = PAGE_SIZE - 8;

	(void)state;
	model_map(0, MODEL_RAM, ATTR_NORMAL);
	X[2] = VA + last;
	assert_int_equal(model_run(LDP, 0, VA + PAGE_SIZE), EXIT_SKIP);
	assert_int_equal(X[0], bytes_at(MODEL_RAM, last, 8));
	assert_int_equal(X[1], dev(0, 8));
	assert_int_equal(model_synced, 0);
	assert_int_equal(model_run(STP_POST, ISS_WNR, VA + PAGE_SIZE), EXIT_SKIP);
	assert_int_equal(bytes_at(MODEL_RAM, last, 8), X[0]);
	assert_int_equal(dev(0, 8), X[1]);
	assert_log(0, model_ipa(MODEL_RAM) + last, 8, true);
	assert_log(1, model_ipa(MODEL_DEVICE), 8, true);
	assert_int_equal(X[2], VA + PAGE_SIZE + 8);
	/* The other way round: from the device into RAM. */
	model_map(0, MODEL_DEVICE, ATTR_DEVICE);
	model_map(1, MODEL_RAM, ATTR_NC);
	X[2] = VA + last;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(X[1], bytes_at(MODEL_RAM, 0, 8));
	assert_int_equal(model_synced, 8);
	assert_int_equal(run(STP), EXIT_SKIP);
	assert_int_equal(model_synced, 24);
	assert_int_equal(bytes_at(MODEL_RAM, 0, 8), X[1]);
	/* ROM is read, and not written. */
	model_map(1, MODEL_ROM, ATTR_NORMAL);
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(X[1], bytes_at(MODEL_ROM, 0, 8));
	assert_injected(run(STP), FSC_EXTERNAL, VA + PAGE_SIZE);
	assert_int_equal(model_accesses, 0);
}

static void test_crossing_refused(void **state)
{
	static const struct {
		enum model_place place;
		uint64_t fsc;
	} rows[] = { { MODEL_SHARED, FSC_EXTERNAL }, { MODEL_READER, FSC_EXTERNAL },
		{ MODEL_HOLE, FSC_EXTERNAL }, { MODEL_BEYOND, FSC_ADDRESS_SIZE } };
	uint64_t second = VA + PAGE_SIZE;

	(void)state;
	X[2] = second - 8;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		model_map(0, MODEL_DEVICE, ATTR_DEVICE);
		model_map(1, rows[i].place, ATTR_NORMAL);
		assert_injected(run(LDP), rows[i].fsc, second);
		assert_injected(run(STP), rows[i].fsc | ISS_WNR, second);
		model_map(0, rows[i].place, ATTR_NORMAL);
		model_map(1, MODEL_DEVICE, ATTR_DEVICE);
		assert_injected(run(LDP), rows[i].fsc, X[2]);
		assert_injected(run(STP), rows[i].fsc | ISS_WNR, X[2]);
		assert_int_equal(model_accesses, 0);
	}
	/* Not there yet: given before anything is done. */
	model_map(0, MODEL_DEVICE, ATTR_DEVICE);
	model_map(1, MODEL_LAZY, ATTR_NORMAL);
	assert_resumed(run(STP));
	assert_int_equal(run(STP), EXIT_SKIP);
	assert_int_equal(bytes_at(MODEL_LAZY, 0, 8), X[1]);
	/* ROM that ignores stores, beside a device. */
	model_map(1, MODEL_READER, ATTR_NORMAL);
	model_stores_ignored = true;
	assert_int_equal(run(STP), EXIT_SKIP);
	assert_int_equal(model_accesses, 1);
}

/* Memory whose dirty state is the CPU's: it would have to be noted in the guest's table. */
static void test_clean_page(void **state)
{
	(void)state;
	model_map(1, MODEL_RAM, ATTR_NORMAL);
	model_pages[1].desc = BIT(7) | BIT(10);
	X[2] = VA + PAGE_SIZE - 8;
	assert_injected(run(STP), FSC_EXTERNAL, VA + PAGE_SIZE);
	assert_int_equal(model_accesses, 0);
	assert_int_equal(model_logs, 1);
	assert_int_equal(run(LDP), EXIT_SKIP);
	model_pages[1].desc = ~BIT(7);
	assert_int_equal(run(STP), EXIT_SKIP);
}

/* The same of the access flag: loads, too, and ROM. */
static void test_access_flag(void **state)
{
	static const enum model_place places[] = { MODEL_RAM, MODEL_ROM };

	(void)state;
	X[2] = VA + PAGE_SIZE - 8;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		model_map(1, places[i], ATTR_NORMAL);
		model_pages[1].desc = 3;
		assert_injected(run(LDP), FSC_EXTERNAL, VA + PAGE_SIZE);
		assert_injected(run(STP), ISS_WNR | FSC_EXTERNAL, VA + PAGE_SIZE);
		assert_int_equal(model_accesses, 0);
		assert_int_equal(model_logs, i == 0 ? 2 : 3);
		model_pages[1].desc |= BIT(10);
		assert_int_equal(run(LDP), EXIT_SKIP);
	}
	assert_injected(run(STP), FSC_EXTERNAL, VA + PAGE_SIZE);
	/* Stage 1 off: there is no flag. */
	model_map(1, MODEL_RAM, ATTR_NORMAL);
	assert_int_equal(run(STP), EXIT_SKIP);
	/* Nothing but memory: the CPU does it. */
	model_map(0, MODEL_RAM, ATTR_NORMAL);
	model_pages[1].desc = 3;
	assert_resumed(run(STP));
}

/* Memory is one piece, however it lies. */
static void test_memory_at_once(void **state)
{
	(void)state;
	model_map(1, MODEL_RAM, ATTR_NORMAL);
	X[2] = VA + PAGE_SIZE - 5;
	model_pages[0].attr = ATTR_NORMAL;
	assert_int_equal(run(STP), EXIT_SKIP);
	assert_int_equal(model_accesses, 6);
	assert_log(4, model_ipa(MODEL_DEVICE) + PAGE_SIZE - 1, 1, true);
	assert_log(5, model_ipa(MODEL_RAM), 11, true);
	assert_int_equal(bytes_at(MODEL_RAM, 3, 8), X[1]);
}

/* --- 7: what devices say --- */

static void test_device_results(void **state)
{
	static const struct {
		enum mmio_result said;
		enum exit_result result;
	} rows[] = { { MMIO_EXTERNAL_ABORT, EXIT_INJECT }, { MMIO_RETRY, EXIT_RESCHEDULE },
		{ MMIO_STOP_VM, EXIT_STOP_VM } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		model_result = rows[i].said;
		for (model_result_of = 0; model_result_of < 2; model_result_of++) {
			enum exit_result result = model_run(LDP_PRE, 0, VA + 0x110);

			assert_int_equal(result, rows[i].result);
			assert_int_equal(model_accesses, model_result_of + 1);
			model_assert_unchanged();
			if (result == EXIT_INJECT)
				assert_int_equal(
					model_vcpu.inject.far, VA + 0x110 + 8 * model_result_of);
			X[0] = X[1] = dev(0x100, 8); /* so that stores change nothing there */
			result = run(STP_POST);
			assert_int_equal(result, rows[i].result);
			assert_int_equal(X[2], VA + 0x100);
			model_vcpu.exits[EC_DATA_ABORT_LOWER]++; /* something else's */
		}
	}
	model_result = MMIO_RAZ_WI;
	model_result_of = 1;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(X[0], dev(0x100, 8));
	assert_int_equal(X[1], 0);
}

/* The second half of `word` is wanted later. */
static void retry_second(uint32_t word)
{
	model_result = MMIO_RETRY;
	model_result_of = 1;
	assert_int_equal(run(word), EXIT_RESCHEDULE);
	assert_int_equal(model_accesses, 2);
	model_result_of = ~0U;
}

/* It goes on at the piece that the device wanted later, how often it may be. */
static void test_goes_on(void **state)
{
	static const uint32_t words[] = { LDP, STP, LDP_W, STP_W };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		bool write = insn_decode(words[i]).write;
		unsigned width = insn_decode(words[i]).width;
		uint64_t first = dev(0x100, width);

		retry_second(words[i]);
		model_result_of = 0;
		assert_int_equal(run(words[i]), EXIT_RESCHEDULE);
		model_result_of = ~0U;
		if (!write) /* was read before it changed */
			model_bytes[MODEL_DEVICE][0x100] ^= 0xff;
		assert_int_equal(run(words[i]), EXIT_SKIP);
		assert_int_equal(model_accesses, 1);
		assert_log(0, model_ipa(MODEL_DEVICE) + 0x100 + width, width, write);
		assert_int_equal(X[0], write ? X[0] : first);
		assert_int_equal(dev(0x100 + width, width) ^ X[1],
			write && width == 4 ? X[1] >> 32 << 32 : 0);
		/* That was that. */
		assert_int_equal(run(words[i]), EXIT_SKIP);
		assert_int_equal(model_accesses, 2);
	}
}

/* Anything else begins at its beginning, and so does the same after it. */
static void test_goes_on_not(void **state)
{
	static const uint32_t others[] = { STP, LDP_Q, LDP_W };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		retry_second(LDP);
		assert_int_equal(run(others[i]), EXIT_SKIP);
		assert_int_equal(model_accesses, others[i] == LDP_Q ? 4 : 2);
		assert_int_equal(run(LDP), EXIT_SKIP);
		assert_int_equal(model_accesses, 2);
	}
	retry_second(LDP_W); /* as many bytes at once */
	assert_int_equal(run(LDR), EXIT_SKIP);
	assert_log(0, model_ipa(MODEL_DEVICE) + 0x100, 8, false);
	retry_second(LDP);
	model_vcpu.regs.pc += 4;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	retry_second(LDP);
	X[2] += 16;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	retry_second(LDP);
	model_vcpu.exits[EC_DATA_ABORT_LOWER]++;
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	retry_second(LDP);
	model_map(0, MODEL_WORDS, ATTR_DEVICE);
	assert_int_equal(run(LDP), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	retry_second(STP);
	X[1]++;
	assert_int_equal(run(STP), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
	X[2] = VA + PAGE_SIZE - 8;
	retry_second(STP);
	model_map(1, MODEL_WORDS, ATTR_DEVICE);
	assert_int_equal(run(STP), EXIT_SKIP);
	assert_int_equal(model_accesses, 2);
}

/* --- the other classes --- */

static void test_other(void **state)
{
	(void)state;
	assert_injected(run(LD2), FSC_EXTERNAL, X[2]);
	assert_int_equal(model_logs, 1);
	assert_int_equal(model_accesses, 0);
}

static void test_atomics(void **state)
{
	(void)state;
	/* The tables have changed meanwhile; or Lintel can't tell. */
	model_pages[0].status = ERR_FAULT;
	model_pages[0].fst = FST_TRANSLATION | 3;
	assert_resumed(run(LDADD));
	model_pages[0].status = ERR_NOT_SUPPORTED;
	assert_injected(run(LDADD), FSC_EXTERNAL, X[2]);
	assert_int_equal(model_accesses, 0);
}

static void test_prefetch(void **state)
{
	(void)state;
	for (unsigned place = 0; place < NR_MODEL_PLACES; place++) {
		model_map(0, place, ATTR_NORMAL);
		assert_int_equal(run(PRFM), EXIT_SKIP);
		model_assert_unchanged();
	}
	assert_int_equal(model_accesses, 0);
}

static void test_maintenance(void **state)
{
	static const uint32_t words[] = { DC_CVAC, DC_CVAP, IC_IVAU, DC_ZVA };
	static const enum cmo_op ops[] = { CMO_DC_CVAC, CMO_DC_CVAP, CMO_IC_IVAU, CMO_DC_ZVA };

	(void)state;
	X[2] = VA + 0x13c;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		for (unsigned device = 0; device < 2; device++) {
			enum model_place place = device ? MODEL_DEVICE : MODEL_HOLE;

			model_map(0, place, ATTR_NORMAL);
			model_cmo.calls = 0;
			/* FAR may be where the line begins. */
			assert_int_equal(model_run(words[i], 0, VA + 0x100), EXIT_SKIP);
			assert_int_equal(model_cmo.calls, 1);
			assert_int_equal(model_cmo.ipa, model_ipa(place) + 0x100);
			assert_int_equal(model_cmo.op, ops[i]);
			assert_int_equal(ESR_GET_EC(model_cmo.esr), EC_DATA_ABORT_LOWER);
		}
		assert_resumed(model_run(words[i], 0, VA + 0x900));
		model_pages[0].status = ERR_FAULT;
		model_pages[0].fst = FST_TRANSLATION | 3;
		assert_resumed(run(words[i]));
		model_pages[0].fst = FST_WALK_SEA | 1;
		assert_injected(run(words[i]), FSC_EXTERNAL_ON_WALK | 1, X[2]);
		/* The CPU's own walk went there. */
		model_pages[0].fst = FST_ADDRESS_SIZE | 3;
		model_cmo.calls = 0;
		assert_int_equal(run(words[i]), EXIT_SKIP);
		assert_int_equal(model_cmo.calls, 1);
		assert_int_equal(model_cmo.ipa, model_ipa(MODEL_BEYOND));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, model_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_aarch32),
		TEST(test_fetch),
		TEST(test_busy),
		TEST(test_far),
		TEST(test_changed),
		TEST(test_loads),
		TEST(test_load_writeback),
		TEST(test_literal),
		TEST(test_stores),
		TEST(test_stack_pointer),
		TEST(test_vector_loads),
		TEST(test_vector_stores),
		TEST(test_vector_trapped),
		TEST(test_big_endian),
		TEST(test_stage1_second_page),
		TEST(test_rights),
		TEST(test_privileged_never),
		TEST(test_alignment),
		TEST(test_unaligned),
		TEST(test_answers),
		TEST(test_ignored),
		TEST(test_not_given),
		TEST(test_regions),
		TEST(test_crossing),
		TEST(test_crossing_refused),
		TEST(test_clean_page),
		TEST(test_access_flag),
		TEST(test_memory_at_once),
		TEST(test_device_results),
		TEST(test_goes_on),
		TEST(test_goes_on_not),
		TEST(test_other),
		TEST(test_atomics),
		TEST(test_prefetch),
		TEST(test_maintenance),
	};

	return cmocka_run_group_tests_name("emulate", tests, NULL, NULL);
}
