/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by address that reaches EL2; by set and way: setway.h.
 *
 * It does so when stage 2 has nothing at the address, or not the right (data abort with CM = 1, Arm
 * ARM D7.5.9), and when the VM's policy has it trapped (trap-cmo). What comes of it is a table of
 * how it came, what it is, and where it goes: in cmo.c, and for people, with the reasons, in
 * docs/aborts.md, from which the test of that table is made.
 */
#ifndef HYP_TRAP_CMO_H
#define HYP_TRAP_CMO_H

#include "hyp/arch/insn.h"
#include "hyp/trap/place.h"
#include "hyp/vm/vcpu.h"

enum cmo_how {
	CMO_BY_TRANSLATION, /* stage-2 abort: translation, access flag, address size */
	CMO_BY_PERMISSION,
	CMO_BY_TRAP, /* HCR_EL2.TPCP, TPU, HFGITR_EL2.DCIVAC; stage 1 permits it */
	NR_CMO_HOWS,
};

enum cmo_action {
	CMO_UNDEFINED,    /* nothing of Lintel's brings it here */
	CMO_AGAIN,        /* executed again: it was repaired meanwhile */
	CMO_GIVE,         /* the memory is given, then again; if there is none: as PLACE_NOTHING */
	CMO_PERFORM,      /* on Lintel's own mapping of the line; skipped */
	CMO_SKIP,         /* nothing of that is in a cache */
	CMO_RO_IVAC,      /* ro-dc-ivac: performed, or a permission fault */
	CMO_RO_STORE,     /* stores of the region: external abort, or skipped */
	CMO_ABSENT,       /* absent-cmo: skipped, or external abort */
	CMO_ABSENT_STORE, /* absent-access: external abort, or skipped */
	CMO_ALIGNMENT,    /* alignment fault: a device is no memory to be zeroed */
	CMO_ADDRESS_SIZE, /* address size fault, level 0 */
};

/* The table. */
enum cmo_action cmo_decide(enum cmo_how how, enum cmo_op op, enum place place);

/*
 * A stage-2 data abort with CM = 1 and S1PTW = 0. The syndrome does not say which operation it was:
 * where that makes a difference, the instruction does (of AArch32: DCCIMVAC). ipa: from HPFAR_EL2,
 * or, on a permission fault, from a walk of FAR_EL2.
 */
enum exit_result cmo_handle_abort(struct vcpu *vcpu, uint64_t esr, ipa_t ipa);

/*
 * The same where the instruction has been decoded: QEMU 10 reports DC CVAP and CVADP as reads, with
 * CM = 0; DC ZVA, a store, has CM = 0 everywhere.
 */
enum exit_result cmo_handle_insn(struct vcpu *vcpu, uint64_t esr, enum cmo_op op, ipa_t ipa);

/*
 * A trapped DC or IC, by its encoding (SYS_DC_IVAC ...); va: Xt. Stage 1 comes first: what it
 * refuses goes to EL1 as its own fault. SCTLR_EL1.UCI has been looked at by the CPU.
 */
enum exit_result cmo_handle_trap(struct vcpu *vcpu, unsigned encoding, uint64_t va);

/*
 * What traps it, by the VM's policy, from a vCPU's reset on. The others that go to the point of
 * coherency are trapped, too, where only DC IVAC should be, on a CPU without FEAT_FGT.
 */
extern const struct vm_part cmo_part;

#endif
