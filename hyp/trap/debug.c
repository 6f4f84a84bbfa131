/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/debug.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/string.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"

#define PAIRS_MAX 16

/* A comparator: its value register and its control register. */
struct pair {
	uint64_t value, control;
};

struct debug {
	uint64_t mdscr;
	bool locked;   /* the OS lock */
	bool in_force; /* the CPU's registers are this vCPU's */
	struct pair breakpoints[PAIRS_MAX];
	struct pair watchpoints[PAIRS_MAX];
};

/* What a guest may change; the rest of MDSCR_EL1 is the external debugger's. */
#define MDSCR_WRITABLE   (MDSCR_EL1_SS | MDSCR_EL1_TDCC | MDSCR_EL1_KDE | MDSCR_EL1_MDE)
#define MDSCR_ENABLES    (MDSCR_EL1_SS | MDSCR_EL1_KDE | MDSCR_EL1_MDE)
/* Of it, what AArch32 finds in DBGDSCRint as well. */
#define DBGDSCRINT_SHOWN (MDSCR_EL1_MOE | MDSCR_EL1_TDCC | MDSCR_EL1_MDE)

/* op2 of DBGBVR<n>_EL1 (4), DBGBCR (5), DBGWVR (6), DBGWCR (7); n is CRm. */
#define OP2_WATCHPOINT   BIT(1)
#define OP2_CONTROL      BIT(0)

static struct debug *debug_of(const struct vcpu *vcpu)
{
	return vcpu->part[PART_DEBUG];
}

static enum status create(struct vm *vm)
{
	struct debug *all = mm_zalloc(vm->nr_vcpus * sizeof(*all));

	if (!all)
		return ERR_NO_MEMORY;
	vm->part[PART_DEBUG] = all;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->part[PART_DEBUG] = &all[i];
	return OK;
}

static void destroy(struct vm *vm)
{
	mm_free(vm->part[PART_DEBUG], vm->nr_vcpus * sizeof(struct debug));
	vm->part[PART_DEBUG] = NULL;
}

/* The OS lock is closed after a reset (Arm ARM H6.1). An AArch32 vCPU's MDSCR_EL1 is switched even
 * while it has nothing enabled: BKPT needs no enable, and leaves its MOE. */
static void reset_vcpu(struct vcpu *vcpu)
{
	*debug_of(vcpu) = (struct debug){ .locked = true };
	if (vcpu->vm->policy.aarch32)
		vcpu->on_demand |= (uint32_t)BIT(PART_DEBUG);
}

#define PAIRS_0_7(DO)  DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define PAIRS_8_15(DO) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)

static void write_breakpoints(const struct pair *pairs)
{
#define WRITE_BREAKPOINT(n)                                      \
	if (n < cpu_features.breakpoints) {                      \
		write_sysreg(pairs[n].value, DBGBVR##n##_EL1);   \
		write_sysreg(pairs[n].control, DBGBCR##n##_EL1); \
	}
	PAIRS_0_7(WRITE_BREAKPOINT)
	PAIRS_8_15(WRITE_BREAKPOINT)
}

static void write_watchpoints(const struct pair *pairs)
{
#define WRITE_WATCHPOINT(n)                                      \
	if (n < cpu_features.watchpoints) {                      \
		write_sysreg(pairs[n].value, DBGWVR##n##_EL1);   \
		write_sysreg(pairs[n].control, DBGWCR##n##_EL1); \
	}
	PAIRS_0_7(WRITE_WATCHPOINT)
	PAIRS_8_15(WRITE_WATCHPOINT)
}

static __noinline void quiet(struct debug *debug)
{
	static const struct pair none[PAIRS_MAX];

	if (!debug->in_force)
		return;
	debug->in_force = false;
	write_sysreg(0, MDSCR_EL1);
	write_breakpoints(none);
	write_watchpoints(none);
}

/* The CPU says in MDSCR_EL1.MOE what an AArch32 debug exception was: takes it over. */
static void take_moe(const struct vcpu *vcpu, struct debug *debug)
{
	if (vcpu->aarch32)
		debug->mdscr =
			(debug->mdscr & ~MDSCR_EL1_MOE) | (read_sysreg(MDSCR_EL1) & MDSCR_EL1_MOE);
}

/* With nothing enabled. */
static void give_moe(const struct vcpu *vcpu, const struct debug *debug)
{
	if (vcpu->aarch32)
		write_sysreg(debug->mdscr & MDSCR_EL1_MOE, MDSCR_EL1);
}

static bool is_wanted(const struct debug *debug)
{
	return !debug->locked && (debug->mdscr & MDSCR_ENABLES);
}

/* Makes the CPU's registers what the guest's say; all of them, for what is written is written
 * rarely. */
static __noinline void apply(struct vcpu *vcpu, struct debug *debug)
{
	if (!is_wanted(debug)) {
		quiet(debug);
		give_moe(vcpu, debug);
		return;
	}
	debug->in_force = true;
	vcpu->on_demand |= (uint32_t)BIT(PART_DEBUG);
	write_breakpoints(debug->breakpoints);
	write_watchpoints(debug->watchpoints);
	write_sysreg(debug->mdscr, MDSCR_EL1);
}

/* What was in force was put away: nothing is, yet. */
static void load(struct vcpu *vcpu)
{
	struct debug *debug = debug_of(vcpu);

	if (unlikely(is_wanted(debug)))
		apply(vcpu, debug);
	else
		give_moe(vcpu, debug);
}

static void put(struct vcpu *vcpu)
{
	struct debug *debug = debug_of(vcpu);

	take_moe(vcpu, debug);
	if (unlikely(debug->in_force))
		quiet(debug);
	else if (vcpu->aarch32)
		write_sysreg(0, MDSCR_EL1);
}

const struct vm_part debug_part = {
	.name = "debug registers",
	.create = create,
	.destroy = destroy,
	.vcpu_reset = reset_vcpu,
	.vcpu_load = load,
	.vcpu_put = put,
	.on_demand = true,
};

/* A value register or a control register of a comparator; NULL: the CPU hasn't got that many. */
static uint64_t *comparator(struct debug *debug, unsigned encoding)
{
	unsigned n = SYSREG_CRM(encoding);
	bool watchpoint = SYSREG_OP2(encoding) & OP2_WATCHPOINT;
	struct pair *pair = watchpoint ? &debug->watchpoints[n] : &debug->breakpoints[n];

	if (n >= (watchpoint ? cpu_features.watchpoints : cpu_features.breakpoints))
		return NULL;
	return SYSREG_OP2(encoding) & OP2_CONTROL ? &pair->control : &pair->value;
}

/* The bits that aren't RES0. A breakpoint's value may also be a context ID, of which every bit
 * counts. */
static uint64_t comparator_fields(unsigned encoding)
{
	bool watchpoint = SYSREG_OP2(encoding) & OP2_WATCHPOINT;

	if (SYSREG_OP2(encoding) & OP2_CONTROL)
		return watchpoint ? DBGWCR_EL1_FIELDS : DBGBCR_EL1_FIELDS;
	return watchpoint ? ~DBGWVR_EL1_RES0 : ~UINT64_C(0);
}

static enum exit_result access_comparator(
	struct vcpu *vcpu, unsigned encoding, bool write, unsigned rt)
{
	struct debug *debug = debug_of(vcpu);
	uint64_t *reg = comparator(debug, encoding);

	if (!reg)
		return inject_undefined(vcpu);
	if (write) {
		*reg = vcpu_get_x(vcpu, rt) & comparator_fields(encoding);
		apply(vcpu, debug);
	} else {
		vcpu_set_x(vcpu, rt, *reg);
	}
	return EXIT_SKIP;
}

static enum exit_result access_mdscr(struct vcpu *vcpu, bool write, unsigned rt)
{
	struct debug *debug = debug_of(vcpu);

	uint64_t writable = MDSCR_WRITABLE | (vcpu->aarch32 ? MDSCR_EL1_MOE : 0);

	if (write) {
		debug->mdscr = vcpu_get_x(vcpu, rt) & writable;
		apply(vcpu, debug);
	} else {
		vcpu_set_x(vcpu, rt, debug->mdscr);
	}
	return EXIT_SKIP;
}

static enum exit_result write_lock(struct vcpu *vcpu, bool write, unsigned rt)
{
	struct debug *debug = debug_of(vcpu);

	if (!write)
		return inject_undefined(vcpu);
	debug->locked = vcpu_get_x(vcpu, rt) & OSLAR_EL1_OSLK;
	apply(vcpu, debug);
	return EXIT_SKIP;
}

static enum exit_result read_lock(struct vcpu *vcpu, bool write, unsigned rt)
{
	if (write)
		return inject_undefined(vcpu);
	vcpu_set_x(vcpu, rt, OSLSR_EL1_OSLM | (debug_of(vcpu)->locked ? OSLSR_EL1_OSLK : 0));
	return EXIT_SKIP;
}

/* The trap itself, for EL1: EC 0x18 with the syndrome it came with. */
static enum exit_result trap_to_el1(struct vcpu *vcpu, unsigned encoding, bool write, unsigned rt)
{
	uint64_t iss = FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(encoding)) |
		FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(encoding)) |
		FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(encoding)) |
		FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(encoding)) |
		FIELD_PREP(ISS_SYS_CRM, SYSREG_CRM(encoding)) | FIELD_PREP(ISS_SYS_RT, rt);

	return inject_sync(vcpu, ESR_MAKE(EC_SYSREG, iss | (write ? 0 : ISS_SYS_READ)));
}

/*
 * The channel to an external debugger, of which there is none: reads as zero (nothing received,
 * room to send), writes are lost. EL0 may use it unless its kernel says no (MDSCR_EL1.TDCC). Its
 * status has, for AArch32 (DBGDSCRint), fields of MDSCR_EL1 too.
 */
static enum exit_result access_channel(
	struct vcpu *vcpu, unsigned encoding, bool write, unsigned rt)
{
	bool el0 = (vcpu->regs.pstate & PSTATE_MODE_MASK) == PSTATE_EL0T; /* or usr */

	if (el0 && (debug_of(vcpu)->mdscr & MDSCR_EL1_TDCC))
		return trap_to_el1(vcpu, encoding, write, rt);
	if (write && encoding == SYS_MDCCSR_EL0)
		return inject_undefined(vcpu);
	if (!write)
		vcpu_set_x(vcpu, rt,
			vcpu->aarch32 && encoding == SYS_MDCCSR_EL0
				? debug_of(vcpu)->mdscr & DBGDSCRINT_SHOWN
				: 0);
	return EXIT_SKIP;
}

enum exit_result debug_access(struct vcpu *vcpu, unsigned encoding, bool write, unsigned rt)
{
	take_moe(vcpu, debug_of(vcpu));
	switch (encoding) {
	case SYS_MDSCR_EL1:
		return access_mdscr(vcpu, write, rt);
	case SYS_OSLAR_EL1:
		return write_lock(vcpu, write, rt);
	case SYS_OSLSR_EL1:
		return read_lock(vcpu, write, rt);
	case SYS_MDCCSR_EL0:
	case SYS_DBGDTR_EL0:
	case SYS_DBGDTRTX_EL0:
		return access_channel(vcpu, encoding, write, rt);
	default:
		return access_comparator(vcpu, encoding, write, rt);
	}
}
