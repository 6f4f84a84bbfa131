/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest hypervisor: virtual EL2 by FEAT_NV2 (DDI 0487 D8.13; docs/nested.md says what guests
 * see).
 *
 * Words. L0 is Lintel, L1 the guest hypervisor, L2 its guest. vX is L1's value of X. vEL2 is what
 * L1 calls EL2, executed at EL1 with HCR_EL2.{NV,NV2} = 1. "Inner guest" is what L1 calls EL1 and
 * EL0 while vHCR_EL2.TGE = 0: L2, or L1's own kernel with no stage 2.
 *
 * What a vCPU of such a VM can be (struct nested: inner):
 *
 *   hyp    vEL2, and vEL0 while v{E2H,TGE} = {1,1}. Stage 2 is the VM's own, under the VM's VMID;
 * list registers are L0's; CNTV and CNTP are vCNTHV and vCNTHP (VHE form). HCR_EL2: NV, NV2, AT,
 * TTLB, and NV1 without VHE. inner  vEL1, and vEL0 while vTGE = 0. Stage 2 is a shadow
 * (hyp/nested/shadow.h); list registers are L1's if vHCR_EL2.IMO, else L0's; CNTV and CNTP are
 * vEL1's. HCR_EL2: L0's own bits, and every trap of vHCR_EL2.
 *
 *   from   by                                                      to
 *   hyp    ERET with vSPSR_EL2.M = EL1, or EL0 with vTGE = 0       inner   nested_enter_inner()
 *   inner  a trap that L1 asked for, HVC, a fault of L1's stage 2,
 *          an interrupt for L1 (vHCR_EL2.IMO), SError              hyp     nested_enter_hyp(), then
 * an exception is taken
 *
 * Two forms, chosen for the VM, since NV2 lets L1 write HCR_EL2 unseen: VHE (vE2H is RES1; NV1 = 0)
 * and non-VHE (vE2H is RES0; NV1 = 1). ID_AA64MMFR4_EL1.E2H0 says the first, ID_AA64MMFR1_EL1.VH =
 * 0 the second.
 *
 * Where vEL2's registers are:
 *
 *   in the page (VNCR_* of hyp/arch/sysreg.h are the offsets): what NV2 redirects to memory:
 * vHCR_EL2, vVTTBR_EL2, ICH_*,
 *       ...; and, while hyp, those of vEL1 (while inner these are in the CPU, and the page's are
 * stale); switched (SWITCHED_REGISTERS): EL1 registers of the CPU that are vEL2's while hyp, vEL1's
 * while inner. While inner vEL2's are in hyp_live[], in the form in which the CPU has them;
 *   values[] (enum vel2_value): what L1 wrote to registers that trap and that no register of the
 * CPU holds in that form. In VHE form SCTLR_EL2, TCR_EL2 ... are the CPU's EL1 registers as they
 * are; without VHE the CPU has a translation of them (facts: EL2-style descriptors with NV1 = 1),
 * and values[] what L1 wrote.
 *
 * vel2_read() hides that. TPIDR_EL1, SP_EL0, PAR_EL1, CSSELR_EL1, the keys and FP/SIMD are never
 * switched: L1 moves them.
 *
 * Everything here belongs to the CPU that runs the vCPU, or to who resets it while it is OFF. No
 * lock, but for what is shared by the vCPUs of a VM: the shadows (shadow.h).
 */
#ifndef HYP_NESTED_NESTED_H
#define HYP_NESTED_NESTED_H

#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/vm.h"
#include "mm/walk_s2.h"

/* EL1 registers of the CPU that mean vEL2 while hyp and vEL1 while inner. All are in the page but
 * CNTKCTL_EL1. */
#define SWITCHED_REGISTERS(X) \
	X(SCTLR)              \
	X(CPACR)              \
	X(TTBR0)              \
	X(TTBR1)              \
	X(TCR)                \
	X(MAIR)               \
	X(AMAIR)              \
	X(VBAR)               \
	X(CONTEXTIDR)         \
	X(AFSR0)              \
	X(AFSR1)              \
	X(ESR)                \
	X(FAR)                \
	X(SPSR)               \
	X(ELR)                \
	X(SP)

enum switched {
#define X(name) SWITCHED_##name,
	SWITCHED_REGISTERS(X)
#undef X
		SWITCHED_CNTKCTL,
	NR_SWITCHED,
};

/* What L1 wrote into EL2 registers that trap. Of those marked n only without VHE: with it the CPU's
 * EL1 register is it. */
enum vel2_value {
	VEL2_SCTLR,      /* n */
	VEL2_TTBR0,      /* n */
	VEL2_TTBR1,      /* n */
	VEL2_TCR,        /* n */
	VEL2_MAIR,       /* n */
	VEL2_AMAIR,      /* n */
	VEL2_VBAR,       /* n */
	VEL2_CONTEXTIDR, /* n */
	VEL2_AFSR0,      /* n */
	VEL2_AFSR1,      /* n */
	VEL2_CPTR,       /* in VHE form the CPU's CPACR_EL1 has a part of it */
	VEL2_CNTHCTL,    /* in VHE form what CNTKCTL_EL1 has of it is there */
	VEL2_MDCR,
	VEL2_HPFAR,
	VEL2_CNTKCTL_EL1, /* VHE: vEL1's, while hyp (CNTKCTL_EL12) */
	NR_VEL2_VALUES,
};

struct shadow;
struct nested_gic;
struct nested_timer;

/*
 * L1's controls as they were when what they mean for the CPU's, while its guest runs, was found
 * last (context.c); and that.
 */
struct nested_controls {
	uint64_t vhcr, vttbr, vtcr, vhcrx, vcptr, vmdcr;
	uint64_t hcr, hcrx, cptr, mdcr, waits;
	struct shadow *shadow; /* NULL: it is to be taken anew */
	bool forwards;         /* forward_always() */
};

struct nested {
	uint64_t *page; /* of VNCR_EL2: 512 words, at EL2's address of it */
	struct vcpu *vcpu;
	bool vhe;
	bool inner;
	bool inner_lrs; /* inner: list registers and ICH_* in the CPU are L1's */
	bool el0;       /* hyp, without VHE: an application at EL0 under vTGE = 1 (eret.c) */
	uint64_t hyp_live[NR_SWITCHED];
	uint64_t values[NR_VEL2_VALUES];
	uint8_t granules;      /* of the CPU's: for regimes (mm/regime.h) */
	uint8_t granules_s2;   /* likewise */
	uint16_t features;     /* likewise */
	uint64_t midr, vmpidr; /* VPIDR_EL2 and VMPIDR_EL2 while hyp */
	uint64_t serror; /* inner: HCR_EL2.VSE of what is pending for L1 itself; its VSESR_EL2 */
	uint64_t vsesr;
	uint64_t vdisr; /* inner: vEL2's own VDISR_EL2, where that is not 0 */
	struct nested_controls controls;
	uint64_t own_hcrx;            /* HCRX_EL2 while hyp */
	uint64_t own_cpacr;           /* L0's own in CPACR_EL1: guest_cpacr() */
	uint64_t hyp_hcr, hyp_cptr;   /* HCR_EL2 and CPTR_EL2 while hyp */
	uint64_t base_hcr, base_cptr; /* L0's own, as of any vCPU of this VM */
	uint64_t own_waits;           /* inner: TWI and TWE as hyp has them, by L0 */
	uint64_t inner_mdcr;          /* inner: bits of MDCR_EL2 that L1 has set */
	uint64_t forwarded;           /* inner: what of L1's is in the CPU (forward.h) */
	/* What the registers said at the last AT by a walk: of EL1&0, of vEL2's regime; */
	struct walk_memo el1_memo, el2_memo;
	struct walk_memory el1_memory, el2_memory; /* where these walks read, with the memos */
	struct s2_setup s2_setup;                  /* and of stage 2: nested_s2_setup() */
	struct shadow *shadow;                     /* in force while inner */
	struct nested_gic *gic;                    /* hyp/nested/gic.h */
	struct nested_timer *timer;                /* hyp/nested/timer.h */
	/* Of the exits that vcpu->exits and vcpu->irq_exits count, those of inner: [1], by
	 * ESR_EL2.EC; and nested_inner_irqs(). */
	uint64_t exits[2][NR_EXIT_CLASSES];
	uint64_t inner_irq_exits;         /* while inner: less those of the vCPU when that began */
	uint64_t eret_count, taken_count; /* to inner, and exceptions to vEL2 from inner */
};

/* The exit tables of hyp, of inner, and of EL0 directly under vEL2 without VHE:
 * hyp/trap/virtual_el2.h. Set by boot before the first VM is made. */
enum nested_exits { NESTED_EXITS_HYP, NESTED_EXITS_INNER, NESTED_EXITS_EL0, NR_NESTED_EXITS };
extern enum exit_result (*const *nested_exit_table[NR_NESTED_EXITS])(
	struct vcpu *vcpu, uint64_t esr);

static inline struct nested *nested_of(const struct vcpu *vcpu)
{
	return vcpu->part[PART_NESTED];
}

/* Interrupts that came while inner. */
static inline uint64_t nested_inner_irqs(const struct nested *nested)
{
	return nested->inner_irq_exits + (nested->inner ? nested->vcpu->irq_exits : 0);
}

/* A register in the page, by name: VNCR_REG(nested, HCR_EL2). An lvalue. */
#define VNCR_REG(nested, name) ((nested)->page[VNCR_##name / 8])

/* vEL1's register, wherever it is now: the page's while hyp, the CPU's while inner. */
#define VEL1_REG(nested, name) ((nested)->inner ? read_sysreg(name) : VNCR_REG(nested, name))

/* The row for boot/parts.c; on demand. */
extern const struct vm_part nested_part;

/*
 * Gives a VM, which was just made, a virtual EL2 on each vCPU: memory for their state, and all that
 * the other files of this room keep for the VM. ERR_NOT_SUPPORTED: the CPU has no FEAT_NV2;
 * ERR_NO_MEMORY. vm->policy.virtual_el2 is set.
 */
enum status nested_create(struct vm *vm) __must_check;

/* The vCPU is hyp, with the registers of a reset; timers are the caller's to see to. It isn't
 * loaded. */
void nested_reset_registers(struct nested *nested);

/* ---- vEL2's registers (vel2.c) ---- */

/* An EL2 register that is switched or in values[], by its EL2 name: vel2_read(nested,
 * SYS_SCTLR_EL2). 0 for others. The vCPU is loaded. */
uint64_t vel2_read(const struct nested *nested, unsigned encoding);
/* After their reset values are in the page and in values[] (nested_sysreg_reset()): the bank of a
 * vCPU that is not loaded gets what they mean. */
void vel2_reset(struct nested *nested);
/* The write of one, with what it means to the CPU's registers, whichever context is there. */
void vel2_write(struct nested *nested, unsigned encoding, uint64_t value);

/*
 * Where a register is while hyp, in that form. value: its index in values[], or -1; else it is the
 * CPU's register itself. switched: that register (enum switched), or -1. translated: what the CPU
 * has is made of what L1 writes (vel2_write()). False: it isn't one of vEL2's.
 */
struct vel2_place {
	int8_t value, switched;
	bool translated;
};
bool vel2_where(bool vhe, unsigned encoding, struct vel2_place *where);
/* What the CPU has for a value of L1's, of a register that is switched. */
uint64_t vel2_form(const struct nested *nested, unsigned encoding, uint64_t value);

/* A register of the CPU that is switched. */
static __always_inline uint64_t switched_read(enum switched which)
{
	switch (which) {
#define X(name)               \
	case SWITCHED_##name: \
		return read_sysreg(name##_EL1);
		SWITCHED_REGISTERS(X)
#undef X
	default:
		return 0;
	}
}

static __always_inline void switched_write(enum switched which, uint64_t value)
{
	switch (which) {
#define X(name)                                  \
	case SWITCHED_##name:                    \
		write_sysreg(value, name##_EL1); \
		break;
		SWITCHED_REGISTERS(X)
#undef X
	default:
		break;
	}
}

/* The regimes as values, for the walkers of mm: by vEL2's registers (EL2&0, or EL2 without VHE),
 * and by vEL1's. */
struct regime nested_el2_regime(const struct nested *nested);
struct regime nested_el1_regime(const struct nested *nested);

/* And L1's stage 2, by vVTTBR_EL2 and vVTCR_EL2. The vCPU is loaded. */
static __always_inline struct s2_regime nested_s2_regime(const struct nested *nested)
{
	struct s2_regime regime = {
		.vttbr = VNCR_REG(nested, VTTBR_EL2),
		.vtcr = VNCR_REG(nested, VTCR_EL2),
		.sctlr = nested->values[VEL2_SCTLR],
		.hcr = VNCR_REG(nested, HCR_EL2),
		.pa_bits = nested->vcpu->vm->stage2.ipa_bits,
		.granules = nested->granules_s2,
		.features = nested->features,
	};

	if (nested->vhe)
		regime.sctlr =
			nested->inner ? nested->hyp_live[SWITCHED_SCTLR] : read_sysreg(SCTLR_EL1);
	return regime;
}

/* What that says anew, into nested->s2_setup (shadow_fill.c). */
void nested_prepare_s2(struct nested *nested);

/* And what it says, which is kept. */
static __always_inline const struct s2_setup *nested_s2_setup(struct nested *nested)
{
	struct s2_regime regime = nested_s2_regime(nested);

	if (unlikely(!walk_s2_is_prepared(&regime, &nested->s2_setup)))
		nested_prepare_s2(nested);
	return &nested->s2_setup;
}

/* v{E2H,TGE} of vHCR_EL2, with E2H as the form has it. */
static inline bool nested_tge(const struct nested *nested)
{
	return VNCR_REG(nested, HCR_EL2) & HCR_EL2_TGE;
}

static inline bool nested_host_el0(const struct nested *nested)
{
	return nested->vhe && nested_tge(nested);
}

/* ---- contexts (context.c) ---- */

/*
 * vEL2 to the inner guest: registers, stage 2, HCR_EL2 and the other controls, timers, list
 * registers. PC and PSTATE are the caller's. The vCPU is loaded.
 */
void nested_enter_inner(struct vcpu *vcpu);
/* And back. */
void nested_enter_hyp(struct vcpu *vcpu);

/* Is the vCPU one with a virtual EL2, and inner? For who is above and below. */
static inline bool nested_is_inner(const struct vcpu *vcpu)
{
	const struct nested *nested = nested_of(vcpu);

	return nested && nested->inner;
}

/* ---- exceptions to vEL2 (take.c): DDI 0487 AArch64.TakeException ---- */

/*
 * The exit as it is to vEL2 (EXIT_REFLECT): from inner, ESR_EL2 is vESR_EL2, FAR_EL2 and HPFAR_EL2
 * go along where the class has them. regs.pc is the preferred return address already. The context
 * is hyp afterwards.
 */
void nested_reflect(struct vcpu *vcpu, uint64_t esr);

/* The same with what the caller says: an abort. hpfar is as in the register. */
void nested_take_abort(struct vcpu *vcpu, uint64_t esr, uint64_t far, uint64_t hpfar);

/* Any other synchronous exception with that syndrome, from either context. FAR is not changed. */
void nested_take_sync(struct vcpu *vcpu, uint64_t esr);

/* An SError while inner: vEL2's, taken, if vHCR_EL2.AMO says so; else false: it is the inner
 * guest's, and if that hasn't taken it when it ends it is pending for vEL2. */
bool nested_take_serror(struct vcpu *vcpu, uint64_t iss);

/* An interrupt for L1 while inner: vector IRQ. */
void nested_take_irq(struct vcpu *vcpu);

/*
 * Parts of taking an exception: the context is hyp afterwards, PC and PSTATE are as they were;
 * returns what vSPSR_EL2 would be. And PSTATE at vEL2 after an exception; the context is hyp.
 */
uint64_t nested_go_to_hyp(struct vcpu *vcpu);
uint64_t nested_new_pstate(const struct vcpu *vcpu, uint64_t interrupted);

/*
 * The run loop, with work of any kind done, before the vCPU is entered: is there an interrupt for
 * L1 that takes it out of its inner guest?
 */
void nested_before_entry(struct vcpu *vcpu);

/* ---- ERET (eret.c) ---- */

/* EC 0x1a: ERET, ERETAA, ERETAB at vEL2. EXIT_RESUME or EXIT_INJECT (a failed authentication). */
enum exit_result nested_eret(struct vcpu *vcpu, uint64_t esr);

/* What ERET at vEL2 does with vSPSR_EL2 and vELR_EL2 of these values. */
void nested_return(struct vcpu *vcpu, uint64_t spsr, uint64_t elr);

#endif
