/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtual EL2's contexts: which registers are switched, where an ERET goes, what an exception to
 * vEL2 leaves, in both forms.
 *
 * links: hyp/nested/vel2.c hyp/arch/sysreg_index.c hyp/nested/context.c hyp/nested/take.c
 * hyp/nested/eret.c hyp/nested/el0.c hyp/nested/auth.c hyp/vm/inject.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_index.h"
#include "hyp/nested/auth.h"
#include "hyp/nested/context.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/shadow.h"
#include "hyp/nested/timer.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"
#include "tests/unit/fake/cpu.h"

#define PC    UINT64_C(0x40081000)
#define ELR   UINT64_C(0x40082000)
#define VBAR  UINT64_C(0x40090000)
#define FAR   UINT64_C(0x123456789a)
#define DAIF  (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)
#define BASE  UINT64_C(0x80000001) /* of HCR_EL2: RW, VM */
#define MPIDR UINT64_C(0x80000001)
#define MIDR  UINT64_C(0x410fd0f0)
#define OTHER UINT64_C(0x5a5a0000)

static struct vm vm;
static struct vcpu vcpu;
static struct nested nested;
static uint64_t page[512];
static enum exit_result (*const tables[NR_NESTED_EXITS][1])(struct vcpu *, uint64_t);

/* --- what is beside and below: recorded in order --- */

static char calls[256];

static void note(const char *what)
{
	assert_true(strlen(calls) + strlen(what) < sizeof(calls));
	strcat(calls, what);
}

uint64_t forward_hcr(const struct nested *n)
{
	return BASE | (VNCR_REG(n, HCR_EL2) & HCR_EL2_TSC);
}

uint64_t forward_cptr(const struct nested *n)
{
	(void)n;
	return 0x400;
}

static uint64_t l1_mdcr;

uint64_t forward_mdcr(const struct nested *n)
{
	(void)n;
	return l1_mdcr;
}

static uint64_t l1_hcrx;

uint64_t forward_hcrx(const struct nested *n)
{
	(void)n;
	return l1_hcrx;
}

uint64_t guest_hcrx(void)
{
	return 0x800;
}

bool forward_always(const struct nested *n)
{
	(void)n;
	return true;
}

void forward_enter(struct nested *n)
{
	assert_true(n->inner);
	n->forwarded = 1;
	note("F");
}

void forward_leave(struct nested *n)
{
	n->forwarded = 0;
	note("f");
}

void nested_gic_enter(struct nested *n)
{
	(void)n;
	note("G");
}

void nested_gic_leave(struct nested *n)
{
	(void)n;
	note("g");
}

void nested_gic_detach(struct nested *n)
{
	(void)n;
	note("X");
}

void nested_gic_attach(struct nested *n)
{
	(void)n;
	note("x");
}

static bool signals;

bool nested_gic_signals(struct nested *n)
{
	(void)n;
	return signals;
}

bool vgic_has_pending(struct vcpu *v)
{
	(void)v;
	return signals;
}

void nested_timer_enter(struct nested *n)
{
	assert_false(n->inner);
	note("T");
}

void nested_timer_leave(struct nested *n)
{
	assert_true(n->inner);
	note("t");
}

void nested_timer_load(struct nested *n)
{
	(void)n;
	note("L");
}

void nested_timer_put(struct nested *n)
{
	(void)n;
	note("P");
}

static unsigned taken;

struct shadow *shadow_take(struct nested *n)
{
	(void)n;
	taken++;
	return (struct shadow *)page;
}

void shadow_enter(struct nested *n, struct shadow *shadow)
{
	assert_ptr_equal(shadow, page);
	n->vcpu->vttbr = 0x1111000;
	note("S");
}

void shadow_release(struct nested *n)
{
	n->vcpu->vttbr = 0x3333000;
	n->vcpu->vtcr = 0x44;
	note("s");
}

void shadow_load(struct nested *n)
{
	(void)n;
	note("D");
}

static uint64_t last_pointer, last_modifier;
static struct pauth_key last_key;

uint64_t fake_pacga(uint64_t pointer, uint64_t modifier, struct pauth_key key)
{
	last_pointer = pointer;
	last_modifier = modifier;
	last_key = key;
	return UINT64_C(0x2a5c3b1700000000);
}

/* --- */

static void begin(bool vhe)
{
	fake_cpu_reset();
	sysreg_index_init();
	cpu_features = (struct cpu_features){ .pan = true, .aarch32_el0 = true };
	memset(page, 0, sizeof(page));
	calls[0] = 0;
	signals = false;
	l1_mdcr = 0;
	l1_hcrx = 0;
	vm = (struct vm){ .stage2 = { .ipa_bits = 40 } };
	nested = (struct nested){ .page = page,
		.vcpu = &vcpu,
		.vhe = vhe,
		.base_hcr = BASE,
		.base_cptr = 0x33ff,
		.midr = MIDR,
		.vmpidr = MPIDR };
	vcpu = (struct vcpu){ .vm = &vm,
		.regs = { .pc = PC, .pstate = PSTATE_EL1H },
		.mdcr = MDCR_EL2_TDRA,
		.vmpidr = MPIDR,
		.take = nested_take_recorded };
	vcpu.part[PART_NESTED] = &nested;
	nested_reset_controls(&nested);
	vcpu.hcr = nested.hyp_hcr;
	for (unsigned i = 0; i < NR_NESTED_EXITS; i++)
		nested_exit_table[i] = tables[i];
	vcpu.exit_table = tables[NESTED_EXITS_HYP];
	VNCR_REG(&nested, VPIDR_EL2) = MIDR;
	VNCR_REG(&nested, VMPIDR_EL2) = MPIDR + 7;
	fake_reg(VBAR_EL1) = VBAR;
	fake_reg(ELR_EL1) = ELR;
	fake_reg(HCR_EL2) = vcpu.hcr;
}

static void set_vhcr(uint64_t vhcr)
{
	VNCR_REG(&nested, HCR_EL2) = vhcr;
}

static const bool forms[] = { false, true };

/* Bits of HCR_EL2 while hyp: NV1 without VHE alone. */
static void test_hyp_controls(void **state)
{
	const uint64_t always = BASE | HCR_EL2_NV | HCR_EL2_NV2 | HCR_EL2_AT | HCR_EL2_TTLB;

	(void)state;
	begin(true);
	assert_int_equal(nested.hyp_hcr, always);
	assert_int_equal(nested.hyp_cptr, 0x33ff | CPTR_EL2_TCPAC);
	begin(false);
	assert_int_equal(nested.hyp_hcr, always | HCR_EL2_NV1);
	assert_int_equal(nested.hyp_cptr, 0x33ff);
}

#define X(name) SYS_##name##_EL1,
static const unsigned switched[] = { SWITCHED_REGISTERS(X) };
#undef X
#define X(name) VNCR_##name##_EL1,
static const int offsets[] = { SWITCHED_REGISTERS(X) };
#undef X

/* Of a guest's CPACR_EL1 there is FPEN alone; hidden vectors don't trap to EL1. */
static uint64_t in_page(unsigned i, uint64_t value)
{
	return switched[i] == SYS_CPACR_EL1 ? value & CPACR_EL1_FPEN : value;
}

static uint64_t in_cpu(unsigned i, uint64_t value)
{
	return switched[i] == SYS_CPACR_EL1 ? guest_cpacr(value) : value;
}

/* There and back: each context finds its registers as it left them, and the order is the one that
 * the others rely on. */
static void test_switch(void **state)
{
	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		begin(forms[f]);
		cpu_features.sve = true;
		nested_reset_controls(&nested);
		set_vhcr(HCR_EL2_IMO | HCR_EL2_TWI | HCR_EL2_TSC);
		l1_mdcr = MDCR_EL2_TDA | MDCR_EL2_TDRA;
		nested.values[VEL2_CNTKCTL_EL1] = 0x55;
		fake_reg(CNTKCTL_EL1) = 0x66;
		for (unsigned i = 0; i < ARRAY_SIZE(switched); i++) {
			fake_sysreg_set(switched[i], 0x1000 + i);
			page[offsets[i] / 8] = 0x112000 + i;
		}
		nested_enter_inner(&vcpu);
		assert_string_equal(calls, "TSFG");
		assert_true(nested.inner && nested.inner_lrs);
		assert_ptr_equal(vcpu.exit_table, tables[NESTED_EXITS_INNER]);
		assert_null(vcpu.take);
		assert_int_equal(fake_reg(HCR_EL2), BASE | HCR_EL2_TWI | HCR_EL2_TSC);
		assert_int_equal(vcpu.hcr, fake_reg(HCR_EL2));
		assert_int_equal(vcpu.waits, HCR_EL2_TWI);
		assert_int_equal(fake_reg(MDCR_EL2), MDCR_EL2_TDA | MDCR_EL2_TDRA);
		assert_int_equal(fake_reg(CPTR_EL2), 0x400);
		assert_int_equal(fake_reg(VMPIDR_EL2), MPIDR + 7);
		assert_int_equal(fake_reg(VTTBR_EL2), 0x1111000);
		assert_int_equal(fake_reg(CNTKCTL_EL1), forms[f] ? 0x55 : 0x66);
		for (unsigned i = 0; i < ARRAY_SIZE(switched); i++) {
			assert_int_equal(fake_sysreg_get(switched[i]), in_cpu(i, 0x112000 + i));
			fake_sysreg_set(switched[i], 0x333000 + i);
		}
		fake_reg(CNTKCTL_EL1) = 0x77;
		calls[0] = 0;
		nested_enter_hyp(&vcpu);
		assert_string_equal(calls, "gfts");
		assert_false(nested.inner || nested.inner_lrs);
		assert_ptr_equal(vcpu.exit_table, tables[NESTED_EXITS_HYP]);
		assert_ptr_equal(vcpu.take, nested_take_recorded);
		assert_int_equal(fake_reg(HCR_EL2), nested.hyp_hcr);
		assert_int_equal(fake_reg(MDCR_EL2), MDCR_EL2_TDRA);
		assert_int_equal(fake_reg(VMPIDR_EL2), MPIDR);
		assert_int_equal(fake_reg(VTTBR_EL2), 0x3333000);
		assert_int_equal(vcpu.waits, 0);
		for (unsigned i = 0; i < ARRAY_SIZE(switched); i++) {
			assert_int_equal(fake_sysreg_get(switched[i]), 0x1000 + i);
			assert_int_equal(page[offsets[i] / 8], in_page(i, 0x333000 + i));
		}
		assert_int_equal(fake_reg(CNTKCTL_EL1), forms[f] ? 0x66 : 0x77);
		assert_int_equal(nested.values[VEL2_CNTKCTL_EL1], forms[f] ? 0x77 : 0x55);
	}
}

/* What is pending for L1 waits meanwhile. */
static void test_serrors(void **state)
{
	(void)state;
	begin(true);
	cpu_features.ras = true;
	vcpu.hcr |= HCR_EL2_VSE;
	fake_reg(HCR_EL2) = vcpu.hcr;
	fake_reg(VSESR_EL2) = 0x11;
	nested_enter_inner(&vcpu);
	assert_false(vcpu.hcr & HCR_EL2_VSE);
	fake_reg(VSESR_EL2) = 0x22;
	nested_enter_hyp(&vcpu);
	assert_true(vcpu.hcr & HCR_EL2_VSE);
	assert_int_equal(fake_reg(VSESR_EL2), 0x11);
}

/* L1's own is taken from its guest if vHCR_EL2.AMO says so: when it was pending before, and when it
 * comes. */
static void test_take_serror(void **state)
{
	(void)state;
	for (unsigned amo = 0; amo < 2; amo++) {
		begin(true);
		set_vhcr(amo ? HCR_EL2_AMO : 0);
		cpu_features.ras = true;
		vcpu.hcr |= HCR_EL2_VSE;
		fake_reg(HCR_EL2) = vcpu.hcr;
		fake_reg(VSESR_EL2) = 0x33;
		fake_reg(SPSR_EL1) = PSTATE_EL1H;
		nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
		assert_int_equal(nested.inner, !amo);
		if (amo) {
			assert_int_equal(vcpu.regs.pc, VBAR + 0x580);
			assert_int_equal(fake_reg(ESR_EL1), ESR_MAKE(EC_SERROR, 0x33));
			assert_false(fake_reg(HCR_EL2) & HCR_EL2_VSE);
		}
		begin(false);
		set_vhcr(amo ? HCR_EL2_AMO : 0);
		fake_reg(SPSR_EL1) = PSTATE_EL1H;
		nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
		assert_int_equal(nested_take_serror(&vcpu, 0x44), amo);
		assert_int_equal(nested.inner, !amo);
	}
}

/* What L1's controls mean is found anew when one of them has changed, and only then. */
static void test_controls_anew(void **state)
{
	static const int in_page[] = { VNCR_HCR_EL2, VNCR_VTTBR_EL2, VNCR_VTCR_EL2, VNCR_HCRX_EL2 };

	(void)state;
	begin(true);
	cpu_features.hcrx = true;
	nested_reset_controls(&nested);
	l1_hcrx = 0x123;
	taken = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(in_page) + 2; i++) {
		if (i < ARRAY_SIZE(in_page))
			page[in_page[i] / 8] ^= BIT(40);
		else
			nested.values[i % 2 ? VEL2_CPTR : VEL2_MDCR] ^= BIT(40);
		for (unsigned twice = 0; twice < 2; twice++) {
			nested_enter_inner(&vcpu);
			assert_int_equal(taken, i + 1);
			assert_int_equal(fake_reg(HCRX_EL2), 0x123);
			nested_enter_hyp(&vcpu);
			assert_int_equal(fake_reg(HCRX_EL2), 0x800);
		}
	}
	/* The shadow was lost. */
	nested.controls.shadow = NULL;
	nested_enter_inner(&vcpu);
	assert_int_equal(taken, ARRAY_SIZE(in_page) + 3);
}

/* What else is in the CPU comes and goes with the vCPU. */
static void test_load_put(void **state)
{
	(void)state;
	begin(true);
	nested_load(&nested);
	assert_int_equal(fake_reg(VNCR_EL2), (uintptr_t)page);
	assert_string_equal(calls, "L");
	nested_put(&nested);
	assert_string_equal(calls, "LP");
	set_vhcr(HCR_EL2_IMO);
	VNCR_REG(&nested, VPIDR_EL2) = 0x123;
	fake_reg(VPIDR_EL2) = MIDR;
	nested_enter_inner(&vcpu);
	assert_int_equal(fake_reg(VPIDR_EL2), 0x123);
	calls[0] = 0;
	nested_put(&nested);
	assert_string_equal(calls, "Pgf");
	assert_int_equal(fake_reg(VPIDR_EL2), MIDR);
	/* FP/SIMD state is saved and loaded by EL2 between. */
	assert_int_equal(fake_reg(CPTR_EL2) & CPTR_EL2_TFP, 0);
	assert_int_equal(vcpu.cptr & CPTR_EL2_TFP, 0);
	calls[0] = 0;
	nested_load(&nested);
	assert_string_equal(calls, "DLFG");
	assert_int_equal(fake_reg(VPIDR_EL2), 0x123);
	assert_int_equal(fake_reg(CPTR_EL2) & CPTR_EL2_TFP, CPTR_EL2_TFP);
	assert_int_equal(vcpu.cptr & CPTR_EL2_TFP, CPTR_EL2_TFP);
}

/* L0's own trap of WFI is there afterwards, if L1 has trapped it for its guest or not. */
static void test_waits(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		begin(true);
		set_vhcr(i & 1 ? HCR_EL2_TWI : 0);
		vcpu.hcr |= i & 2 ? HCR_EL2_TWI : 0;
		nested_enter_inner(&vcpu);
		nested_enter_hyp(&vcpu);
		assert_int_equal(vcpu.hcr & HCR_EL2_TWI, i & 2 ? HCR_EL2_TWI : 0);
	}
	/* It was on another CPU between: what was said there does not show either. */
	nested_enter_inner(&vcpu);
	nested_put(&nested);
	vcpu.hcr |= HCR_EL2_TWI;
	nested_load(&nested);
	nested_enter_hyp(&vcpu);
	assert_true(vcpu.hcr & HCR_EL2_TWI);
}

/* Without IMO the list registers stay L1's own. */
static void test_no_imo(void **state)
{
	(void)state;
	begin(true);
	nested_enter_inner(&vcpu);
	assert_string_equal(calls, "TSF");
	nested_enter_hyp(&vcpu);
	assert_string_equal(calls, "TSFfts");
}

/* --- ERET --- */

enum goes { ILLEGAL, HYP, EL0, INNER };

static const struct {
	uint64_t mode;
	enum goes tge0, tge1;
} modes[] = {
	{ 0x0, INNER, EL0 },
	{ 0x1, ILLEGAL, ILLEGAL },
	{ 0x2, ILLEGAL, ILLEGAL },
	{ 0x3, ILLEGAL, ILLEGAL },
	{ 0x4, INNER, ILLEGAL },
	{ 0x5, INNER, ILLEGAL },
	{ 0x6, ILLEGAL, ILLEGAL },
	{ 0x7, ILLEGAL, ILLEGAL },
	{ 0x8, HYP, HYP },
	{ 0x9, HYP, HYP },
	{ 0xa, ILLEGAL, ILLEGAL },
	{ 0xb, ILLEGAL, ILLEGAL },
	{ 0xc, ILLEGAL, ILLEGAL },
	{ 0xd, ILLEGAL, ILLEGAL },
	{ 0xe, ILLEGAL, ILLEGAL },
	{ 0xf, ILLEGAL, ILLEGAL },
	{ 0x10, INNER, EL0 }, /* AArch32 usr */
	{ 0x13, ILLEGAL, ILLEGAL },
	{ 0x1a, ILLEGAL, ILLEGAL },
};

static void check_eret(bool vhe, uint64_t mode, bool tge, enum goes goes)
{
	const uint64_t spsr = PSTATE_N | PSTATE_I | mode;

	begin(vhe);
	set_vhcr(tge ? HCR_EL2_TGE : 0);
	vcpu.regs.pstate = PSTATE_EL1T | PSTATE_Z | PSTATE_A | PSTATE_UAO;
	fake_reg(SPSR_EL1) = spsr;
	assert_int_equal(nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0)), EXIT_RESUME);
	assert_int_equal(vcpu.regs.pc, ELR);
	assert_int_equal(nested.inner, goes == INNER);
	assert_int_equal(nested.el0, goes == EL0 && !vhe);
	if (goes == ILLEGAL)
		assert_int_equal(vcpu.regs.pstate,
			PSTATE_EL1T | PSTATE_N | PSTATE_I | PSTATE_IL | PSTATE_UAO);
	else
		assert_int_equal(vcpu.regs.pstate, goes == HYP ? spsr - 4 : spsr);
}

static void test_eret(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++)
		for (unsigned f = 0; f < 2; f++) {
			check_eret(forms[f], modes[i].mode, false, modes[i].tge0);
			check_eret(forms[f], modes[i].mode, true, modes[i].tge1);
		}
}

/* No AArch32 where the CPU has none. */
static void test_eret_no_aarch32(void **state)
{
	(void)state;
	begin(true);
	cpu_features.aarch32_el0 = false;
	fake_reg(SPSR_EL1) = 0x10;
	nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
	assert_true(vcpu.regs.pstate & PSTATE_IL);
}

/* A handler of an event's: into vEL2 from either context, and back as by ERET; vEL2's registers are
 * as they were. */
static void test_event(void **state)
{
	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		begin(forms[f]);
		fake_reg(ELR_EL1) = OTHER;
		fake_reg(SPSR_EL1) = OTHER + 1;
		vcpu.regs.pstate = PSTATE_EL1T | PSTATE_Z;
		assert_int_equal(nested_go_to_hyp(&vcpu), PSTATE_EL2T | PSTATE_Z);
		assert_int_equal(vcpu.regs.pstate, PSTATE_EL1T | PSTATE_Z);
		nested_return(&vcpu, PSTATE_EL1H | PSTATE_C, PC);
		assert_true(nested.inner);
		assert_int_equal(vcpu.regs.pc, PC);
		assert_int_equal(vcpu.regs.pstate, PSTATE_EL1H | PSTATE_C);
		assert_int_equal(nested_go_to_hyp(&vcpu), PSTATE_EL1H | PSTATE_C);
		assert_false(nested.inner);
		assert_int_equal(nested_new_pstate(&vcpu, PSTATE_EL1H | PSTATE_C) & 0x3cf,
			DAIF | PSTATE_EL1H);
		nested_return(&vcpu, PSTATE_EL2H | PSTATE_V, ELR);
		assert_false(nested.inner);
		assert_int_equal(vcpu.regs.pstate, PSTATE_EL1H | PSTATE_V);
		assert_int_equal(fake_reg(ELR_EL1), OTHER);
		assert_int_equal(fake_reg(SPSR_EL1), OTHER + 1);
	}
}

/* An interrupt that waits for L1 is taken before the inner guest's first instruction: the vGIC has
 * asked for work. */
static void test_eret_interrupt(void **state)
{
	(void)state;
	begin(true);
	set_vhcr(HCR_EL2_IMO);
	fake_reg(SPSR_EL1) = PSTATE_EL1H;
	signals = true;
	nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
	nested_before_entry(&vcpu);
	assert_false(nested.inner);
	assert_int_equal(vcpu.regs.pc, VBAR + 0x480);
	assert_int_equal(fake_reg(ELR_EL1), ELR);
	assert_int_equal(fake_reg(SPSR_EL1), PSTATE_EL1H);
}

#define ERETAA    ESR_MAKE(EC_ERET, 2)
#define ERETAB    ESR_MAKE(EC_ERET, 3)
#define ENIA      BIT(31)
#define ENIB      BIT(30)
/* With T0SZ = 16, and the top byte not ignored: bits 63:56 and 54:48 of what PACGA says. */
#define CODE_BITS (GENMASK(63, 56) | GENMASK(54, 48))
#define SIGNED    ((UINT64_C(0x2a5c3b1700000000) & CODE_BITS) | ELR)

static void begin_auth(bool vhe, unsigned apa)
{
	begin(vhe);
	fake_reg(ID_AA64ISAR1_EL1) = (uint64_t)apa << 4;
	fake_reg(SPSR_EL1) = PSTATE_EL2H;
	fake_reg(SP_EL1) = 0x7770;
	fake_reg(SP_EL0) = 0x8880;
	fake_reg(TCR_EL1) = 16;
	nested.values[VEL2_TCR] = 16;
	vcpu.regs.apia_lo = 0x11;
	vcpu.regs.apia_hi = 0x22;
	fake_reg(APIBKEYLO_EL1) = 0x33;
	fake_reg(APIBKEYHI_EL1) = 0x44;
	fake_reg(SCTLR_EL1) = ENIA | ENIB;
}

static void test_eret_authenticated(void **state)
{
	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		begin_auth(forms[f], 1);
		fake_reg(ELR_EL1) = SIGNED;
		assert_int_equal(nested_eret(&vcpu, ERETAA), EXIT_RESUME);
		assert_int_equal(vcpu.regs.pc, ELR);
		assert_int_equal(last_pointer, ELR);
		assert_int_equal(last_modifier, 0x7770);
		assert_int_equal(last_key.lo, 0x11);
		assert_int_equal(last_key.hi, 0x22);
		/* The B key, SP_EL0, and a code that is wrong: an error code is in the pointer. */
		begin_auth(forms[f], 1);
		vcpu.regs.pstate = PSTATE_EL1T;
		fake_reg(ELR_EL1) = SIGNED ^ BIT(60);
		nested_eret(&vcpu, ERETAB);
		assert_int_equal(last_key.lo, 0x33);
		assert_int_equal(last_key.hi, 0x44);
		assert_int_equal(last_modifier, 0x8880);
		assert_int_equal(vcpu.regs.pc, ELR | UINT64_C(2) << 61);
		/* Not enabled: nothing is looked at. */
		begin_auth(forms[f], 1);
		fake_reg(SCTLR_EL1) = ENIB;
		fake_reg(ELR_EL1) = SIGNED;
		nested_eret(&vcpu, ERETAA);
		assert_int_equal(vcpu.regs.pc, SIGNED);
	}
}

/* FEAT_PAuth2: the code goes by exclusive OR; FEAT_FPACCOMBINE: a wrong one is an exception. */
static void test_eret_pauth2(void **state)
{
	(void)state;
	begin_auth(true, 3);
	fake_reg(ELR_EL1) = SIGNED;
	nested_eret(&vcpu, ERETAA);
	assert_int_equal(vcpu.regs.pc, ELR);
	begin_auth(true, 4);
	fake_reg(ELR_EL1) = SIGNED ^ BIT(50);
	assert_int_equal(nested_eret(&vcpu, ERETAA), EXIT_RESUME);
	assert_int_equal(vcpu.regs.pc, ELR | BIT(50));
	begin_auth(true, 5);
	fake_reg(ELR_EL1) = SIGNED ^ BIT(50);
	assert_int_equal(nested_eret(&vcpu, ERETAB), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, ESR_MAKE(EC_FPAC, 1));
	assert_int_equal(vcpu.regs.pc, PC);
}

/* Which bits are the code, by range, granule and TBI. */
static void test_auth_bits(void **state)
{
	const uint64_t low = ELR, high = ELR | GENMASK(63, 48);
	struct regime regime = { .kind = REGIME_EL20, .tcr = 25 | UINT64_C(16) << 16 };

	(void)state;
	assert_int_equal(auth_bottom_bit(&regime, low), 39);
	assert_int_equal(auth_bottom_bit(&regime, high), 48);
	regime.tcr = 50 | UINT64_C(3) << 16;
	assert_int_equal(auth_bottom_bit(&regime, low), 25);
	assert_int_equal(auth_bottom_bit(&regime, high), 48);
	regime.tcr = 12 | BIT(14) | UINT64_C(12) << 16 | GENMASK(31, 30);
	assert_int_equal(auth_bottom_bit(&regime, low), 48);
	regime.features = REGIME_LVA;
	assert_int_equal(auth_bottom_bit(&regime, low), 52);
	assert_int_equal(auth_bottom_bit(&regime, high), 52);
	regime.tcr = TCR_TBI0 | TCR_TBI1 | TCR_TBID1;
	assert_true(auth_top_ignored(&regime, low));
	assert_false(auth_top_ignored(&regime, high));
	regime.kind = REGIME_EL2;
	assert_false(auth_top_ignored(&regime, low));
	regime.tcr = TCR_EL2_TBI;
	assert_true(auth_top_ignored(&regime, high));
	regime.tcr |= TCR_EL2_TBID;
	assert_false(auth_top_ignored(&regime, high));
}

/* With the top byte ignored the error code is lower, and the byte stays. */
static void test_auth_top_ignored(void **state)
{
	const struct regime regime = { .kind = REGIME_EL20, .tcr = 16 | TCR_TBI0 };
	const uint64_t tag = UINT64_C(0xab) << 56;
	uint64_t result;

	(void)state;
	assert_true(auth_pointer(&regime, auth_kind(0x10, 0), tag | ELR, 0, (struct pauth_key){ 0 },
		false, &result));
	assert_int_equal(result, tag | ELR | BIT(53));
	assert_true(auth_kind(0x300, 0).pauth2);
	assert_true(auth_kind(0, 0x5000).fpac);
	assert_false(auth_kind(0x20, 0).pauth2);
}

/* --- exceptions to vEL2 --- */

/* From where, and what vSPSR_EL2.M and the vector are. */
static void test_take_from(void **state)
{
	static const struct {
		uint64_t pstate, spsr, vector;
	} rows[] = {
		{ PSTATE_EL1H, PSTATE_EL2H, 0x200 },
		{ PSTATE_EL1T, PSTATE_EL2T, 0x000 },
		{ PSTATE_EL0T, PSTATE_EL0T, 0x400 },
		{ PSTATE_NRW, PSTATE_NRW, 0x600 },
	};

	(void)state;
	for (unsigned f = 0; f < 2; f++)
		for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
			begin(forms[f]);
			vcpu.regs.pstate = rows[i].pstate | PSTATE_N | PSTATE_SS | PSTATE_IL;
			nested_take_sync(&vcpu, ESR_MAKE(EC_HVC64, 5));
			assert_int_equal(fake_reg(SPSR_EL1),
				rows[i].spsr | PSTATE_N | PSTATE_SS | PSTATE_IL);
			assert_int_equal(fake_reg(ELR_EL1), PC);
			assert_int_equal(fake_reg(ESR_EL1), ESR_MAKE(EC_HVC64, 5));
			assert_int_equal(vcpu.regs.pc, VBAR + rows[i].vector);
			assert_int_equal(vcpu.regs.pstate, PSTATE_EL1H | DAIF | PSTATE_N);
		}
}

/* PAN is set by SPAN = 0 under {E2H,TGE} = {1,1} alone. */
static void test_take_pan(void **state)
{
	(void)state;
	for (unsigned f = 0; f < 2; f++)
		for (unsigned tge = 0; tge < 2; tge++)
			for (unsigned span = 0; span < 2; span++) {
				begin(forms[f]);
				set_vhcr(tge ? HCR_EL2_TGE : 0);
				fake_reg(SCTLR_EL1) = span ? SCTLR_EL1_SPAN : 0;
				nested_take_sync(&vcpu, ESR_MAKE(EC_UNKNOWN, 0));
				assert_int_equal(!!(vcpu.regs.pstate & PSTATE_PAN),
					forms[f] && tge && !span);
			}
}

static void test_take_from_inner(void **state)
{
	const uint64_t abort = ESR_MAKE(EC_DATA_ABORT_LOWER, 0x47);

	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		begin(forms[f]);
		fake_reg(SPSR_EL1) = PSTATE_EL1H | PSTATE_V;
		nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
		assert_true(nested_is_inner(&vcpu));
		fake_reg(VBAR_EL1) = OTHER;
		fake_reg(FAR_EL1) = OTHER;
		nested_take_abort(&vcpu, abort, FAR, 0x4440);
		assert_false(nested_is_inner(&vcpu));
		/* The inner guest's own are in the page; EC is of a lower EL. */
		assert_int_equal(VNCR_REG(&nested, VBAR_EL1), OTHER);
		assert_int_equal(VNCR_REG(&nested, FAR_EL1), OTHER);
		assert_int_equal(vcpu.regs.pc, VBAR + 0x400);
		assert_int_equal(fake_reg(SPSR_EL1), PSTATE_EL1H | PSTATE_V);
		assert_int_equal(fake_reg(ELR_EL1), ELR);
		assert_int_equal(fake_reg(ESR_EL1), abort);
		assert_int_equal(fake_reg(FAR_EL1), FAR);
		assert_int_equal(vel2_read(&nested, SYS_HPFAR_EL2), 0x4440);
	}
	/* AArch32 at EL0 of it. */
	begin(true);
	fake_reg(SPSR_EL1) = PSTATE_NRW;
	nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
	nested_take_irq(&vcpu);
	assert_int_equal(vcpu.regs.pc, VBAR + 0x680);
}

/* What a handler has recorded: an abort of vEL2's own has the EC of the same EL. */
static void test_take_recorded(void **state)
{
	(void)state;
	begin(true);
	inject_external_abort(&vcpu, ESR_MAKE(EC_DATA_ABORT_LOWER, 0x47), FAR);
	inject_now(&vcpu);
	assert_int_equal(fake_reg(ESR_EL1), ESR_MAKE(EC_DATA_ABORT_SAME, 0x50));
	assert_int_equal(fake_reg(FAR_EL1), FAR);
	begin(true);
	vcpu.regs.pstate = PSTATE_EL0T;
	fake_reg(FAR_EL1) = OTHER;
	inject_undefined(&vcpu);
	inject_now(&vcpu);
	assert_int_equal(fake_reg(ESR_EL1), ESR_MAKE(EC_UNKNOWN, 0));
	assert_int_equal(fake_reg(FAR_EL1), OTHER);
	assert_int_equal(vcpu.regs.pc, VBAR + 0x400);
}

static void test_reflect(void **state)
{
	(void)state;
	begin(true);
	fake_reg(SPSR_EL1) = PSTATE_EL1H;
	nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
	fake_reg(FAR_EL2) = FAR;
	nested_reflect(&vcpu, ESR_MAKE(EC_WATCHPOINT_LOWER, 1));
	assert_int_equal(fake_reg(FAR_EL1), FAR);
	assert_int_equal(fake_reg(ESR_EL1), ESR_MAKE(EC_WATCHPOINT_LOWER, 1));
	begin(true);
	fake_reg(SPSR_EL1) = PSTATE_EL1H;
	nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
	nested.hyp_live[SWITCHED_FAR] = OTHER;
	nested_reflect(&vcpu, ESR_MAKE(EC_SYSREG, 1));
	assert_int_equal(fake_reg(FAR_EL1), OTHER);
}

static void test_before_entry(void **state)
{
	(void)state;
	begin(true);
	signals = true;
	nested_before_entry(&vcpu); /* at vEL2 the CPU delivers it */
	assert_int_equal(vcpu.regs.pc, PC);
	signals = false;
	fake_reg(SPSR_EL1) = PSTATE_EL1H;
	nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
	signals = true;
	nested_before_entry(&vcpu); /* vIMO = 0: neither is it L1's to take */
	assert_true(nested.inner);
}

/* EL0 directly under vEL2 without VHE: the CPU's TGE, stage 1 off; what ends it restores both. */
static void test_el0(void **state)
{
	(void)state;
	begin(false);
	set_vhcr(HCR_EL2_TGE);
	vel2_write(&nested, SYS_SCTLR_EL2, SCTLR_EL1_M | BIT(2));
	vel2_write(&nested, SYS_CPTR_EL2, 0x33ff | CPTR_EL2_TFP);
	VNCR_REG(&nested, SCTLR_EL1) = SCTLR_EL1_M | SCTLR_EL1_UCI;
	VNCR_REG(&nested, CPACR_EL1) = BIT(20);
	fake_reg(SPSR_EL1) = PSTATE_EL0T;
	nested_eret(&vcpu, ESR_MAKE(EC_ERET, 0));
	assert_true(nested.el0 && (fake_reg(HCR_EL2) & HCR_EL2_TGE));
	assert_int_equal(fake_reg(SCTLR_EL1), SCTLR_EL1_UCI);
	assert_int_equal(fake_reg(CPACR_EL1) & CPACR_EL1_FPEN, BIT(20));
	assert_true(fake_reg(CPTR_EL2) & CPTR_EL2_TFP);
	nested_put(&nested); /* EL2 saves FP/SIMD registers then */
	assert_false((fake_reg(CPTR_EL2) | vcpu.cptr) & CPTR_EL2_TFP);
	nested_load(&nested);
	assert_true(fake_reg(CPTR_EL2) & vcpu.cptr & CPTR_EL2_TFP);
	assert_ptr_equal(vcpu.exit_table, tables[NESTED_EXITS_EL0]);
	signals = true;
	nested_before_entry(&vcpu);
	assert_int_equal(vcpu.regs.pc, VBAR + 0x480);
	assert_false(nested.el0 || (fake_reg(HCR_EL2) & HCR_EL2_TGE));
	assert_true(fake_reg(SCTLR_EL1) & SCTLR_EL1_M);
	assert_int_equal(fake_reg(CPACR_EL1) & CPACR_EL1_FPEN, 0);
	assert_false((fake_reg(CPTR_EL2) | vcpu.cptr) & CPTR_EL2_TFP);
	assert_int_equal(vel2_read(&nested, SYS_SCTLR_EL2), SCTLR_EL1_M | BIT(2));
	assert_ptr_equal(vcpu.exit_table, tables[NESTED_EXITS_HYP]);
}

/* --- vEL2's registers --- */

static const struct {
	unsigned el2, el1;
} same[] = {
	{ SYS_TTBR0_EL2, SYS_TTBR0_EL1 },
	{ SYS_MAIR_EL2, SYS_MAIR_EL1 },
	{ SYS_AMAIR_EL2, SYS_AMAIR_EL1 },
	{ SYS_VBAR_EL2, SYS_VBAR_EL1 },
	{ SYS_CONTEXTIDR_EL2, SYS_CONTEXTIDR_EL1 },
	{ SYS_AFSR0_EL2, SYS_AFSR0_EL1 },
	{ SYS_AFSR1_EL2, SYS_AFSR1_EL1 },
	{ SYS_ESR_EL2, SYS_ESR_EL1 },
	{ SYS_FAR_EL2, SYS_FAR_EL1 },
	{ SYS_SPSR_EL2, SYS_SPSR_EL1 },
	{ SYS_ELR_EL2, SYS_ELR_EL1 },
	{ SYS_SP_EL2, SYS_SP_EL1 },
};

/* Written in either context: read back there, and the CPU has it while hyp. */
static void test_registers(void **state)
{
	(void)state;
	for (unsigned f = 0; f < 2; f++)
		for (unsigned i = 0; i < ARRAY_SIZE(same); i++) {
			begin(forms[f]);
			vel2_write(&nested, same[i].el2, 0x1230 + i);
			assert_int_equal(vel2_read(&nested, same[i].el2), 0x1230 + i);
			assert_int_equal(fake_sysreg_get(same[i].el1), 0x1230 + i);
			nested_enter_inner(&vcpu);
			assert_int_equal(vel2_read(&nested, same[i].el2), 0x1230 + i);
			fake_sysreg_set(same[i].el1, OTHER);
			vel2_write(&nested, same[i].el2, 0x4560 + i);
			assert_int_equal(fake_sysreg_get(same[i].el1), OTHER);
			nested_enter_hyp(&vcpu);
			assert_int_equal(fake_sysreg_get(same[i].el1), 0x4560 + i);
			assert_int_equal(vel2_read(&nested, same[i].el2), 0x4560 + i);
		}
	assert_int_equal(vel2_read(&nested, SYS_MIDR_EL1), 0);
	vel2_write(&nested, SYS_MIDR_EL1, 1);
	vel2_write(&nested, SYS_MDCR_EL2, 0x77);
	assert_int_equal(vel2_read(&nested, SYS_MDCR_EL2), 0x77);
}

/* Without VHE the CPU has a translation, bit by bit (D19.2: SCTLR_EL2, TCR_EL2, CPTR_EL2). */
static void test_translated(void **state)
{
	static const uint8_t sctlr_bits[] = { 0, 1, 2, 3, 12, 13, 19, 21, 25, 27, 30, 31, 36, 44 };
	static const struct {
		uint64_t el2, el1;
	} tcr[] = {
		{ 0x3f, 0x3f },
		{ BIT(20), TCR_TBI0 },
		{ BIT(21), TCR_HA },
		{ BIT(22), TCR_HD },
		{ BIT(24), TCR_HPD0 },
		{ BIT(29), TCR_TBID0 },
		{ BIT(32), TCR_DS },
		{ UINT64_C(5) << 16, UINT64_C(5) << 32 },
		{ 0xff00, 0xff00 },
	};

	(void)state;
	begin(false);
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t expected = UINT64_C(0x30d00800);

		for (unsigned i = 0; i < ARRAY_SIZE(sctlr_bits); i++)
			if (sctlr_bits[i] == bit)
				expected |= BIT(bit);
		vel2_write(&nested, SYS_SCTLR_EL2, BIT(bit));
		assert_int_equal(fake_reg(SCTLR_EL1), expected);
		assert_int_equal(vel2_read(&nested, SYS_SCTLR_EL2), BIT(bit));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(tcr); i++) {
		vel2_write(&nested, SYS_TCR_EL2, tcr[i].el2);
		assert_int_equal(fake_reg(TCR_EL1), tcr[i].el1 | TCR_EPD1);
	}
	vel2_write(&nested, SYS_CPTR_EL2, 0x33ff);
	assert_int_equal(fake_reg(CPACR_EL1) & CPACR_EL1_FPEN, CPACR_EL1_FPEN);
	vel2_write(&nested, SYS_CPTR_EL2, 0x33ff | BIT(10) | BIT(20));
	assert_int_equal(fake_reg(CPACR_EL1), BIT(28));
	begin(true);
	vel2_write(&nested, SYS_CPTR_EL2, BIT(31) | CPACR_EL1_FPEN);
	assert_int_equal(fake_reg(CPACR_EL1), CPACR_EL1_FPEN);
	assert_int_equal(vel2_read(&nested, SYS_CPTR_EL2), BIT(31) | CPACR_EL1_FPEN);
	vel2_write(&nested, SYS_TCR_EL2, 0x123456789);
	assert_int_equal(fake_reg(TCR_EL1), 0x123456789);
}

static void test_reset(void **state)
{
	(void)state;
	begin(false);
	fake_reg(ID_AA64MMFR0_EL1) = 0x00100000; /* 4, 16 and 64 KiB */
	nested.values[VEL2_SCTLR] = UINT64_C(0x30c50830);
	nested.values[VEL2_TCR] = UINT64_C(0x80800000);
	nested.values[VEL2_CPTR] = 0x33ff;
	vel2_reset(&nested);
	assert_int_equal(vcpu.bank[BANK_SCTLR_EL1], UINT64_C(0x30d00800));
	assert_int_equal(vcpu.bank[BANK_TCR_EL1], TCR_EPD1);
	assert_int_equal(vcpu.bank[BANK_CPACR_EL1], CPACR_EL1_FPEN);
	assert_int_equal(nested.granules, REGIME_4K | REGIME_16K | REGIME_64K);
}

static void test_regimes(void **state)
{
	struct regime regime;

	(void)state;
	begin(true);
	set_vhcr(HCR_EL2_DC);
	fake_reg(TTBR0_EL1) = 0x1000;
	VNCR_REG(&nested, TTBR0_EL1) = 0x2000;
	regime = nested_el2_regime(&nested);
	assert_int_equal(regime.kind, REGIME_EL20);
	assert_int_equal(regime.ttbr0, 0x1000);
	assert_int_equal(regime.hcr, HCR_EL2_DC);
	assert_int_equal(regime.pa_bits, 40);
	regime = nested_el1_regime(&nested);
	assert_int_equal(regime.kind, REGIME_EL10);
	assert_int_equal(regime.ttbr0, 0x2000);
	nested_enter_inner(&vcpu);
	assert_int_equal(nested_el2_regime(&nested).ttbr0, 0x1000);
	assert_int_equal(nested_el1_regime(&nested).ttbr0, 0x2000);
	begin(false);
	assert_int_equal(nested_el2_regime(&nested).kind, REGIME_EL2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hyp_controls),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_serrors),
		cmocka_unit_test(test_take_serror),
		cmocka_unit_test(test_controls_anew),
		cmocka_unit_test(test_load_put),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_no_imo),
		cmocka_unit_test(test_eret),
		cmocka_unit_test(test_eret_no_aarch32),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_eret_interrupt),
		cmocka_unit_test(test_eret_authenticated),
		cmocka_unit_test(test_eret_pauth2),
		cmocka_unit_test(test_auth_bits),
		cmocka_unit_test(test_auth_top_ignored),
		cmocka_unit_test(test_take_from),
		cmocka_unit_test(test_take_pan),
		cmocka_unit_test(test_take_from_inner),
		cmocka_unit_test(test_take_recorded),
		cmocka_unit_test(test_reflect),
		cmocka_unit_test(test_before_entry),
		cmocka_unit_test(test_el0),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_translated),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_regimes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
