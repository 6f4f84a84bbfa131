/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/bank.h"
#include "hyp/arch/features.h"
#include "hyp/base/string.h"

/* SCTLR_EL1 out of reset: the bits that are RES1 in the base architecture (SPAN, nTLSMD, LSMAOE,
 * nTWE, nTWI, ITD ...). */
#define SCTLR_EL1_RESET UINT64_C(0x30d00980)

#define NONE(name)
#define TIMER(name)
#define VIF(name)
#define DEBUG(name)
#define AARCH32(name)

void bank_reset(uint64_t bank[NR_BANK_SLOTS])
{
	memset(bank, 0, NR_BANK_SLOTS * sizeof(bank[0]));
	bank[BANK_SCTLR_EL1] = SCTLR_EL1_RESET;
	bank[BANK_CPACR_EL1] = guest_cpacr(0);
}

#define SAVE(name)                                             bank[BANK_##name] = save_sysreg(name);
#define LOAD(name)                                             restore_sysreg(bank[BANK_##name], name);
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) bank(name)

static void save_el1(uint64_t bank[NR_BANK_SLOTS])
{
#define EL1   SAVE
#define PAUTH NONE
#define RAS   NONE
#include "hyp/arch/sysreg.def"
#undef EL1
#undef PAUTH
#undef RAS
}

static void save_pauth(uint64_t bank[NR_BANK_SLOTS])
{
#define EL1   NONE
#define PAUTH SAVE
#define RAS   NONE
#include "hyp/arch/sysreg.def"
#undef EL1
#undef PAUTH
#undef RAS
}

static void save_ras(uint64_t bank[NR_BANK_SLOTS])
{
#define EL1   NONE
#define PAUTH NONE
#define RAS   SAVE
#include "hyp/arch/sysreg.def"
#undef EL1
#undef PAUTH
#undef RAS
}

static void load_el1(const uint64_t bank[NR_BANK_SLOTS])
{
#define EL1   LOAD
#define PAUTH NONE
#define RAS   NONE
#include "hyp/arch/sysreg.def"
#undef EL1
#undef PAUTH
#undef RAS
}

static void load_pauth(const uint64_t bank[NR_BANK_SLOTS])
{
#define EL1   NONE
#define PAUTH LOAD
#define RAS   NONE
#include "hyp/arch/sysreg.def"
#undef EL1
#undef PAUTH
#undef RAS
}

static void load_ras(const uint64_t bank[NR_BANK_SLOTS])
{
#define EL1   NONE
#define PAUTH NONE
#define RAS   LOAD
#include "hyp/arch/sysreg.def"
#undef EL1
#undef PAUTH
#undef RAS
}

void bank_save(uint64_t bank[NR_BANK_SLOTS])
{
	save_el1(bank);
	if (likely(cpu_features.pauth))
		save_pauth(bank);
	if (likely(cpu_features.ras))
		save_ras(bank);
}

void bank_load(const uint64_t bank[NR_BANK_SLOTS])
{
	load_el1(bank);
	if (likely(cpu_features.pauth))
		load_pauth(bank);
	if (likely(cpu_features.ras))
		load_ras(bank);
}
