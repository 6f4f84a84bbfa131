/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/smc_trap.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/lock.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/arch/tlb.h"
#include "hyp/base/log.h"
#include "hyp/smccc/dispatch.h"
#include "hyp/smccc/psci.h"

/* smc_probe.S */
extern const char smc_probe[], smc_probe_vectors[];

/* EL1's MMU off; the bits that are RES1 in the base architecture. */
#define SCTLR_EL1_OFF UINT64_C(0x30d00980)
#define PROBE_PSTATE  (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_EL1H)
/* An interrupt may come first. */
#define TRIES         8

static bool not_trapped;

/* The vector uses more of a vCPU than its registers. One, for CPUs come up side by side: a turn
 * each.
 */
static struct vcpu probe;
static struct spinlock turn;

static bool has_el3(void)
{
	return FIELD_GET(ID_AA64PFR0_EL1_EL3, read_sysreg(ID_AA64PFR0_EL1)) != 0;
}

static bool is_exit(void)
{
	struct guest_exit came = { .kind = EXIT_IRQ };

	write_sysreg(SCTLR_EL1_OFF, SCTLR_EL1);
	write_sysreg((uintptr_t)smc_probe_vectors, VBAR_EL1);
	isb();
	/* Harmless, whoever answers it. */
	probe.regs.x[0] = PSCI_BASE;
	probe.regs.pc = (uintptr_t)smc_probe;
	probe.regs.pstate = PROBE_PSTATE;
	for (unsigned i = 0; i < TRIES && came.kind != EXIT_SYNC; i++)
		came = vcpu_enter(
			cpu_features.pauth ? vcpu_enter_pauth : vcpu_enter_plain, &probe.regs);
	tlb_flush_all_guests();
	return came.kind == EXIT_SYNC && ESR_GET_EC(came.esr) == EC_SMC64;
}

static bool is_trapped(void)
{
	bool trapped;

	if (has_el3())
		return true;
	spin_lock(&turn);
	trapped = is_exit();
	spin_unlock(&turn);
	return trapped;
}

void smc_trap_init_cpu(bool first)
{
	if (first)
		not_trapped = false;
	if (!is_trapped() && !__atomic_exchange_n(&not_trapped, true, __ATOMIC_RELAXED))
		log_warn("this CPU does not trap SMC (it has no EL3, and ignores HCR_EL2.TSC): VMs "
			 "are "
			 "served by HVC only");
}

bool smccc_smc_is_trapped(void)
{
	return !not_trapped;
}
