/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who answers an exit of a vCPU with a virtual EL2, in each of its contexts; and how such a VM is
 * made and reset.
 *
 * links: hyp/trap/virtual_el2.c hyp/nested/nested.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/nested/context.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/services.h"
#include "hyp/nested/shadow.h"
#include "hyp/nested/sysreg.h"
#include "hyp/nested/timer.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/sysreg.h"
#include "hyp/trap/virtual_el2.h"
#include "hyp/trap/wfx.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/inject.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

/* MSR ICC_SGI1R_EL1, X0 */
#define ISS_SGI1R UINT64_C(0x3a3016)

#define FAR       UINT64_C(0x1234560)
#define HPFAR     UINT64_C(0x80000)
#define L1IPA     UINT64_C(0x9000000)

struct cpu_features cpu_features;
enum exit_result (*const *nested_exit_table[NR_NESTED_EXITS])(struct vcpu *vcpu, uint64_t esr);

static struct vm vm;
static struct vcpu vcpu, second;
static struct nested nested;
static uint64_t page[512];

/* --- who was called, the last one --- */

static const char *called;
static uint64_t called_esr, called_far, called_hpfar, called_ipa;

#define HANDLER(name)                                       \
	enum exit_result name(struct vcpu *v, uint64_t esr) \
	{                                                   \
		assert_ptr_equal(v, &vcpu);                 \
		called = #name;                             \
		called_esr = esr;                           \
		return EXIT_RESUME;                         \
	}
HANDLER(sysreg_handle)
HANDLER(wfx_handle)
HANDLER(nested_eret)
HANDLER(nested_inner_smc)
HANDLER(nested_sysreg)

enum exit_result inject_undefined(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	called = "undefined";
	return EXIT_INJECT;
}

static enum exit_result ordinary(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	called = "ordinary";
	called_esr = esr;
	return EXIT_RESUME;
}

const exit_handler exit_table[NR_EXIT_CLASSES] = { [0 ... NR_EXIT_CLASSES - 1] = ordinary };

bool sysreg_is_own_at_el0(unsigned encoding)
{
	return encoding == SYS_MDCCSR_EL0;
}

static bool forwards, inner_signals;

bool forward_sysreg(const struct nested *n, uint64_t esr)
{
	(void)n;
	(void)esr;
	return forwards;
}

bool forward_class(const struct nested *n, uint64_t esr)
{
	(void)n;
	(void)esr;
	return forwards;
}

bool nested_gic_forwards(const struct nested *n, unsigned encoding)
{
	(void)n;
	return encoding == SYS_ICC_SGI1R_EL1;
}

bool nested_gic_inner_signals(struct nested *n)
{
	(void)n;
	return inner_signals;
}

void nested_take_sync(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	called = "sync";
	called_esr = esr;
}

void nested_take_abort(struct vcpu *v, uint64_t esr, uint64_t far, uint64_t hpfar)
{
	assert_ptr_equal(v, &vcpu);
	called = "abort";
	called_esr = esr;
	called_far = far;
	called_hpfar = hpfar;
}

static enum shadow_verdict verdict;
static uint64_t look; /* 0: shadow_abort() is asked */

uint64_t shadow_look(struct nested *n, uint64_t esr)
{
	assert_ptr_equal(n, &nested);
	return look != 0 ? esr | look : 0;
}

enum shadow_verdict shadow_abort(struct nested *n, uint64_t *esr, uint64_t *hpfar, ipa_t *ipa)
{
	assert_ptr_equal(n, &nested);
	*esr |= BIT(13);
	*hpfar = HPFAR;
	*ipa = IPA(L1IPA);
	return verdict;
}

static struct device_region region;
static uintptr_t entries[1];
static struct device_table table = { .root = { .entries = entries }, .index = &table };

struct device_region *device_search(const struct device_table *searched, uint64_t ipa)
{
	(void)searched;
	(void)ipa;
	return NULL;
}

enum exit_result abort_emulate(
	struct vcpu *v, struct device_region *r, uint64_t esr, uint64_t ipa, uint64_t far)
{
	assert_ptr_equal(v, &vcpu);
	assert_ptr_equal(r, &region);
	called = "emulate";
	called_esr = esr;
	called_ipa = ipa;
	called_far = far;
	return EXIT_SKIP;
}

enum exit_result inject_external_abort(struct vcpu *v, uint64_t esr, uint64_t far)
{
	assert_ptr_equal(v, &vcpu);
	called = "external";
	called_esr = esr;
	called_far = far;
	return EXIT_INJECT;
}

/* --- making and resetting --- */

uint64_t guest_cptr(void)
{
	return 0x222;
}

static char calls[32];
static unsigned left, freed;
static enum status shadow_status, timer_status, gic_status;

static void note(const char *what)
{
	strcat(calls, what);
}

#define PAGES 8
static uint64_t memory[PAGES][512];

void *mm_zalloc(size_t size)
{
	assert_true(size <= sizeof(memory[0]));
	if (left == 0)
		return NULL;
	memset(memory[--left], 0, sizeof(memory[0]));
	return memory[left];
}

void mm_free(void *what, size_t size)
{
	(void)size;
	freed += what != NULL;
}

enum status shadow_create(struct vm *v)
{
	(void)v;
	note("S");
	return shadow_status;
}

enum status nested_timer_create(struct vm *v)
{
	(void)v;
	note("T");
	return timer_status;
}

enum status nested_gic_create(struct vm *v)
{
	(void)v;
	note("G");
	return gic_status;
}

static enum status services_status;

enum status nested_services_create(struct vm *v)
{
	(void)v;
	note("V");
	return services_status;
}

const struct vcpu_el2_ops nested_el2_ops;

void nested_power_down(struct vcpu *v)
{
	(void)v;
}

void shadow_destroy(struct vm *v)
{
	(void)v;
	note("s");
}

void nested_timer_destroy(struct vm *v)
{
	(void)v;
	note("t");
}

void nested_gic_destroy(struct vm *v)
{
	(void)v;
	note("g");
}

void shadow_reset(struct vm *v)
{
	(void)v;
	note("r");
}

void nested_sysreg_reset(struct nested *n)
{
	(void)n;
	note("1");
}

void vel2_reset(struct nested *n)
{
	assert_int_equal(n->base_hcr, 0x111);
	note("2");
}

void nested_gic_reset(struct nested *n)
{
	(void)n;
	note("3");
}

void nested_timer_reset(struct nested *n)
{
	(void)n;
	note("4");
}

void nested_reset_controls(struct nested *n)
{
	n->hyp_hcr = n->base_hcr | BIT(42);
	n->hyp_cptr = n->base_cptr | BIT(31);
}

void nested_load(struct nested *n)
{
	assert_ptr_equal(n, &nested);
	note("L");
}

void nested_put(struct nested *n)
{
	assert_ptr_equal(n, &nested);
	note("P");
}

void nested_take_recorded(struct vcpu *v)
{
	(void)v;
}

static int setup(void **state)
{
	(void)state;
	forwards = false;
	fake_cpu_reset();
	memset(page, 0, sizeof(page));
	called = NULL;
	calls[0] = 0;
	left = PAGES;
	freed = 0;
	shadow_status = timer_status = gic_status = OK;
	entries[0] = (uintptr_t)&region;
	region =
		(struct device_region){ .first = L1IPA, .size = PAGE_SIZE, .limit = { PAGE_SIZE } };
	vm = (struct vm){ .nr_vcpus = 2, .vcpus = { &vcpu, &second } };
	nested = (struct nested){ .page = page, .vcpu = &vcpu };
	vcpu = (struct vcpu){ .vm = &vm, .hcr = 0x111, .cptr = 0x222, .devices = &table };
	second = vcpu;
	vcpu.part[PART_NESTED] = &nested;
	fake_reg(FAR_EL2) = FAR;
	virtual_el2_init();
	return 0;
}

static enum exit_result leave(enum nested_exits which, unsigned ec, uint64_t iss)
{
	called = "nobody";
	return nested_exit_table[which][ec](&vcpu, ESR_MAKE(ec, iss));
}

static void test_hyp(void **state)
{
	(void)state;
	assert_int_equal(leave(NESTED_EXITS_HYP, EC_SYSREG, 1), EXIT_RESUME);
	assert_string_equal(called, "nested_sysreg");
	assert_int_equal(leave(NESTED_EXITS_HYP, EC_HVC64, 7), EXIT_RESUME);
	assert_string_equal(called, "sync");
	assert_int_equal(called_esr, ESR_MAKE(EC_HVC64, 7));
	leave(NESTED_EXITS_HYP, EC_ERET, 0);
	assert_string_equal(called, "nested_eret");
	leave(NESTED_EXITS_HYP, EC_SMC64, 0);
	assert_string_equal(called, "ordinary");
	leave(NESTED_EXITS_HYP, EC_DATA_ABORT_LOWER, 0);
	assert_string_equal(called, "ordinary");
}

static void test_inner(void **state)
{
	(void)state;
	for (unsigned ec = 0; ec < NR_EXIT_CLASSES; ec++) {
		if (ec == EC_DATA_ABORT_LOWER || ec == EC_INSN_ABORT_LOWER || ec == EC_HVC64)
			continue;
		forwards = true;
		assert_int_equal(leave(NESTED_EXITS_INNER, ec, 0), EXIT_REFLECT);
		forwards = false;
		assert_int_equal(leave(NESTED_EXITS_INNER, ec, 0), EXIT_RESUME);
		assert_string_equal(called,
			ec == EC_SYSREG          ? "sysreg_handle"
				: ec == EC_WFX   ? "wfx_handle"
				: ec == EC_SMC64 ? "nested_inner_smc"
						 : "ordinary");
		assert_int_equal(nested.exits[1][ec], 2);
	}
	/* An SGI of an inner guest with list registers of its own is the guest hypervisor's. */
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_SYSREG, ISS_SGI1R), EXIT_REFLECT);
	/* A WFI with an interrupt in the inner guest's own list registers is over at once. */
	nested.inner_lrs = inner_signals = true;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_WFX, 0), EXIT_SKIP);
	/* So it is with what L1 has made pending by vHCR_EL2. */
	nested.inner_lrs = inner_signals = false;
	for (uint64_t bit = HCR_EL2_VF; bit <= HCR_EL2_VSE; bit <<= 1) {
		fake_reg(HCR_EL2) = bit;
		assert_int_equal(leave(NESTED_EXITS_INNER, EC_WFX, 0), EXIT_SKIP);
	}
	fake_reg(HCR_EL2) = 0;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_WFX, 0), EXIT_RESUME);
}

static void test_inner_abort(void **state)
{
	const uint64_t iss = ISS_ISV | ISS_WNR | FSC_TRANSLATION | 3;

	(void)state;
	/* Nothing is mapped: that is all. */
	look = BIT(14);
	fake_reg(HPFAR_EL2) = HPFAR | BIT(63) | 1;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, iss), EXIT_RESUME);
	assert_string_equal(called, "abort");
	assert_int_equal(called_esr, ESR_MAKE(EC_DATA_ABORT_LOWER, iss | BIT(14)));
	assert_int_equal(called_far, FAR);
	assert_int_equal(called_hpfar, HPFAR);
	look = 0;
	verdict = SHADOW_RESUME;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, iss), EXIT_RESUME);
	assert_string_equal(called, "nobody");
	verdict = SHADOW_FAULT;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_INSN_ABORT_LOWER, iss), EXIT_RESUME);
	assert_string_equal(called, "abort");
	assert_int_equal(called_esr, ESR_MAKE(EC_INSN_ABORT_LOWER, iss | BIT(13)));
	assert_int_equal(called_far, FAR);
	assert_int_equal(called_hpfar, HPFAR);
	verdict = SHADOW_DEVICE;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, iss), EXIT_SKIP);
	assert_string_equal(called, "emulate");
	assert_int_equal(called_ipa, L1IPA);
	assert_int_equal(
		leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, iss & ~ISS_ISV), EXIT_INJECT);
	assert_string_equal(called, "external");
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, iss | ISS_CM), EXIT_INJECT);
	/* What the device doesn't take is like what isn't there. */
	VNCR_REG(&nested, HCR_EL2) = HCR_EL2_TEA;
	region.limit[0] = 0;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, iss), EXIT_RESUME);
	assert_string_equal(called, "abort");
	assert_int_equal(called_esr, ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_WNR | FSC_EXTERNAL));
	VNCR_REG(&nested, HCR_EL2) = 0;
	entries[0] = (uintptr_t)&region;
	region.first = L1IPA + PAGE_SIZE;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, iss), EXIT_INJECT);
	assert_int_equal(nested.exits[1][EC_DATA_ABORT_LOWER], 7);
	assert_int_equal(nested.exits[1][EC_INSN_ABORT_LOWER], 1);
}

/* An external abort is the inner guest's, or by vHCR_EL2.TEA vEL2's. */
static void test_inner_external(void **state)
{
	(void)state;
	verdict = SHADOW_ABSENT;
	assert_int_equal(
		leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, FSC_TRANSLATION | 2), EXIT_INJECT);
	assert_string_equal(called, "external");
	assert_int_equal(called_far, FAR);
	VNCR_REG(&nested, HCR_EL2) = HCR_EL2_TEA;
	assert_int_equal(
		leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, FSC_TRANSLATION | 2), EXIT_RESUME);
	assert_string_equal(called, "abort");
	assert_int_equal(called_esr, ESR_MAKE(EC_DATA_ABORT_LOWER, FSC_EXTERNAL));
	assert_int_equal(called_hpfar, 0);
	/* Nothing of the syndrome that only a stage-2 fault has. */
	leave(NESTED_EXITS_INNER, EC_DATA_ABORT_LOWER, ISS_ISV | ISS_S1PTW | ISS_CM | ISS_WNR | 6);
	assert_int_equal(
		called_esr, ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_CM | ISS_WNR | FSC_EXTERNAL));
	leave(NESTED_EXITS_INNER, EC_INSN_ABORT_LOWER, ISS_S1PTW | FSC_TRANSLATION);
	assert_int_equal(called_esr, ESR_MAKE(EC_INSN_ABORT_LOWER, FSC_EXTERNAL));
}

/* HVC is L1's, or undefined where L1 has switched it off. */
static void test_inner_hvc(void **state)
{
	(void)state;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_HVC64, 5), EXIT_RESUME);
	assert_string_equal(called, "sync");
	assert_int_equal(called_esr, ESR_MAKE(EC_HVC64, 5));
	VNCR_REG(&nested, HCR_EL2) = HCR_EL2_HCD;
	assert_int_equal(leave(NESTED_EXITS_INNER, EC_HVC64, 5), EXIT_INJECT);
	assert_string_equal(called, "undefined");
	assert_int_equal(nested.exits[1][EC_HVC64], 2);
}

/* EL0 under the CPU's TGE: stage 2's aborts are Lintel's, WFI is if L1 doesn't trap it, the rest is
 * vEL2's. */
static void test_el0(void **state)
{
	(void)state;
	fake_reg(SCTLR_EL1) = SCTLR_EL1_NTWI;
	assert_int_equal(leave(NESTED_EXITS_EL0, EC_SVC64, 0), EXIT_REFLECT);
	assert_int_equal(leave(NESTED_EXITS_EL0, EC_UNKNOWN, 0), EXIT_REFLECT);
	assert_int_equal(
		leave(NESTED_EXITS_EL0, EC_DATA_ABORT_LOWER, FSC_ADDRESS_SIZE), EXIT_REFLECT);
	assert_int_equal(leave(NESTED_EXITS_EL0, EC_DATA_ABORT_LOWER, FSC_ALIGNMENT), EXIT_REFLECT);
	assert_int_equal(
		leave(NESTED_EXITS_EL0, EC_INSN_ABORT_LOWER, FSC_TRANSLATION | 1), EXIT_RESUME);
	assert_string_equal(called, "ordinary");
	leave(NESTED_EXITS_EL0, EC_WFX, ISS_WFX_WFI);
	assert_string_equal(called, "wfx_handle");
	assert_int_equal(leave(NESTED_EXITS_EL0, EC_WFX, ISS_WFX_WFE), EXIT_REFLECT); /* nTWE */
	forwards = true;
	assert_int_equal(leave(NESTED_EXITS_EL0, EC_WFX, ISS_WFX_WFI), EXIT_REFLECT);
}

/* Features that L1 isn't shown are undefined to it, as to any guest. */
static void test_el0_hidden(void **state)
{
	static const unsigned hidden[] = { EC_SVE, EC_SME, EC_GCS, EC_LS64, EC_TSTART };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++) {
		called = "";
		assert_int_equal(leave(NESTED_EXITS_EL0, hidden[i], 0), EXIT_RESUME);
		assert_string_equal(called, "ordinary");
	}
}

static const char *el0_register(unsigned encoding)
{
	uint64_t iss = FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(encoding)) |
		FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(encoding)) |
		FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(encoding)) |
		FIELD_PREP(ISS_SYS_CRM, SYSREG_CRM(encoding)) |
		FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(encoding)) | ISS_SYS_READ;

	called = "";
	return leave(NESTED_EXITS_EL0, EC_SYSREG, iss) == EXIT_REFLECT ? "vEL2" : called;
}

/* EL0's registers: vEL2's if vEL1 denies them, or L1 traps them; else Lintel's, where it traps them
 * for itself. */
static void test_el0_registers(void **state)
{
	static const struct {
		unsigned encoding, enable;
	} timers[] = { { SYS_CNTPCT_EL0, 0 }, { SYS_CNTPCTSS_EL0, 0 }, { SYS_CNTVCT_EL0, 1 },
		{ SYS_CNTVCTSS_EL0, 1 }, { SYS_CNTV_TVAL_EL0, 8 }, { SYS_CNTV_CVAL_EL0, 8 },
		{ SYS_CNTV_CTL_EL0, 8 }, { SYS_CNTP_TVAL_EL0, 9 }, { SYS_CNTP_CVAL_EL0, 9 },
		{ SYS_CNTP_CTL_EL0, 9 } };

	(void)state;
	fake_reg(SCTLR_EL1) = ~(uint64_t)SCTLR_EL1_UCI;
	for (unsigned i = 0; i < ARRAY_SIZE(timers); i++) {
		fake_reg(CNTKCTL_EL1) = BIT(timers[i].enable);
		assert_string_equal(el0_register(timers[i].encoding), "nested_sysreg");
		fake_reg(CNTKCTL_EL1) = ~BIT(timers[i].enable);
		assert_string_equal(el0_register(timers[i].encoding), "vEL2");
	}
	assert_string_equal(el0_register(SYS_CNTFRQ_EL0), "vEL2");
	assert_string_equal(el0_register(SYS_CTR_EL0), "vEL2");
	assert_string_equal(el0_register(SYS_MDCCSR_EL0), "sysreg_handle");
	assert_string_equal(el0_register(SYS_DC_CVAC), "vEL2");
	fake_reg(SCTLR_EL1) = SCTLR_EL1_UCI;
	assert_string_equal(el0_register(SYS_DC_CVAC), "sysreg_handle");
	assert_string_equal(el0_register(SYS_DC_ZVA), "vEL2");
	forwards = true;
	fake_reg(CNTKCTL_EL1) = ~UINT64_C(0);
	assert_string_equal(el0_register(SYS_CNTVCT_EL0), "vEL2");
	assert_string_equal(el0_register(SYS_MDCCSR_EL0), "vEL2");
}

static void test_create(void **state)
{
	(void)state;
	vcpu.part[PART_NESTED] = NULL;
	vm.policy.virtual_el2 = VIRTUAL_EL2_VHE;
	assert_int_equal(nested_create(&vm), OK);
	assert_string_equal(calls, "STGV");
	assert_true(nested_of(&vcpu)->vhe);
	assert_ptr_equal(nested_of(&second)->vcpu, &second);
	assert_non_null(nested_of(&second)->page);
	nested_part.reset(&vm);
	nested_part.destroy(&vm);
	assert_string_equal(calls, "STGVrgts");
	assert_int_equal(freed, 4);
	assert_null(nested_of(&vcpu));
	/* Of a VM that isn't one nothing is reset or destroyed. */
	nested_part.reset(&vm);
	nested_part.destroy(&vm);
	nested_part.vcpu_reset(&vcpu);
	assert_string_equal(calls, "STGVrgts");
}

/* What can't be had leaves nothing behind. */
static void test_create_fails(void **state)
{
	(void)state;
	vcpu.part[PART_NESTED] = NULL;
	for (unsigned have = 0; have < 4; have++) {
		left = have;
		freed = 0;
		assert_int_equal(nested_create(&vm), ERR_NO_MEMORY);
		assert_int_equal(freed, have);
		assert_null(nested_of(&vcpu));
		assert_null(nested_of(&second));
	}
	left = PAGES;
	timer_status = ERR_NO_MEMORY;
	calls[0] = 0;
	assert_int_equal(nested_create(&vm), ERR_NO_MEMORY);
	assert_string_equal(calls, "STgts");
	assert_null(nested_of(&vcpu));
}

static void test_reset(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){ 0 };
	vm.stage2.vttbr = 0x5000;
	vm.stage2.vtcr = 0x66;
	/* It was powered down by its guest: what L1 controls there does not stay. */
	nested.base_hcr = vcpu.hcr;
	nested.inner_mdcr = MDCR_EL2_TDE;
	vcpu.hcr |= HCR_EL2_TVM | HCR_EL2_TRVM | HCR_EL2_DC | HCR_EL2_VI | HCR_EL2_HCD;
	vcpu.mdcr = MDCR_EL2_TDRA | MDCR_EL2_TDE;
	nested.vmpidr = 0x80000003;
	fake_reg(MIDR_EL1) = 0x410fd0f0;
	nested.inner = nested.el0 = nested.inner_lrs = true;
	nested_part.vcpu_reset(&vcpu);
	assert_string_equal(calls, "1234");
	assert_false(nested.inner || nested.el0 || nested.inner_lrs);
	assert_int_equal(nested.midr, 0x410fd0f0);
	assert_int_equal(vcpu.vmpidr, 0x80000003);
	assert_int_equal(vcpu.vttbr, 0x5000);
	assert_int_equal(vcpu.vtcr, 0x66);
	assert_int_equal(vcpu.hcr, 0x111 | BIT(42));
	assert_int_equal(vcpu.cptr, 0x222 | BIT(31));
	assert_ptr_equal(vcpu.exit_table, nested_exit_table[NESTED_EXITS_HYP]);
	assert_ptr_equal(vcpu.take, nested_take_recorded);
	assert_ptr_equal(vcpu.el2, &nested_el2_ops);
	assert_int_equal(vcpu.on_demand, BIT(PART_NESTED));
	assert_int_equal(vcpu.mdcr, MDCR_EL2_TDRA);
	/* Or at vEL2. */
	vcpu.hcr = 0x111 | HCR_EL2_NV | HCR_EL2_NV1;
	nested_part.vcpu_reset(&vcpu);
	assert_int_equal(nested.base_hcr, 0x111);
	calls[0] = '\0';
	nested_part.vcpu_load(&vcpu);
	nested_part.vcpu_put(&vcpu);
	assert_string_equal(calls, "LP");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hyp, setup),
		cmocka_unit_test_setup(test_inner, setup),
		cmocka_unit_test_setup(test_inner_hvc, setup),
		cmocka_unit_test_setup(test_inner_abort, setup),
		cmocka_unit_test_setup(test_inner_external, setup),
		cmocka_unit_test_setup(test_el0, setup),
		cmocka_unit_test_setup(test_el0_hidden, setup),
		cmocka_unit_test_setup(test_el0_registers, setup),
		cmocka_unit_test_setup(test_create, setup),
		cmocka_unit_test_setup(test_create_fails, setup),
		cmocka_unit_test_setup(test_reset, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
