/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses to timers that trap at vEL2 (what traps: timer.h).
 */
#include "drivers/timer/timer.h"
#include "hyp/arch/features.h"
#include "hyp/nested/timer_state.h"

/* Bits of vCNTHCTL_EL2 that the CPU's CNTKCTL_EL1 has with VHE, while hyp: L1 may write them there
 * unseen. */
#define KCTL_BITS (GENMASK(9, 0) | CNTHCTL_EL2_EVNTIS)

/* Of a timer: op2 of the name. */
enum word { TVAL, CTL, CVAL };

struct name {
	enum nested_timer_id which;
	enum word word;
};

/* Names are 3, op1, c14, c2 (physical) or c3 (virtual), op2. */
#define CRN_TIMER    14
#define CRM_PHYSICAL 2
#define CRM_VIRTUAL  3
#define OP1_EL0      3
#define OP1_EL2      4
#define OP1_EL02     5

/* EL0's names trap without VHE only, where they are vEL1's. */
static bool find(const struct nested *nested, unsigned encoding, struct name *name)
{
	unsigned crm = SYSREG_CRM(encoding), op1 = SYSREG_OP1(encoding);
	bool virt = crm == CRM_VIRTUAL;

	if (SYSREG_OP0(encoding) != 3 || SYSREG_CRN(encoding) != CRN_TIMER ||
		(crm != CRM_PHYSICAL && !virt) || SYSREG_OP2(encoding) > CVAL)
		return false;
	name->word = (enum word)SYSREG_OP2(encoding);
	if (op1 == OP1_EL2) {
		name->which = virt ? NESTED_CNTHV : NESTED_CNTHP;
		return !virt || nested->vhe;
	}
	name->which = virt ? NESTED_CNTV : NESTED_CNTP;
	return op1 == (nested->vhe ? OP1_EL02 : OP1_EL0);
}

/* ---- a timer that is in the CPU: vEL2's, with VHE ---- */

static uint64_t read_live(const struct name *name)
{
	bool virt = name->which == NESTED_CNTHV;

	switch (name->word) {
	case CTL:
		return virt ? read_sysreg(CNTV_CTL_EL0) : read_sysreg(CNTP_CTL_EL0);
	case CVAL:
		return virt ? read_sysreg(CNTV_CVAL_EL0) : read_sysreg(CNTP_CVAL_EL0);
	default:
		return virt ? read_sysreg(CNTV_TVAL_EL0) : read_sysreg(CNTP_TVAL_EL0);
	}
}

static void write_live(const struct name *name, uint64_t value)
{
	bool virt = name->which == NESTED_CNTHV;

	if (name->word == CTL && virt)
		write_sysreg(value, CNTV_CTL_EL0);
	else if (name->word == CTL)
		write_sysreg(value, CNTP_CTL_EL0);
	else if (name->word == CVAL && virt)
		write_sysreg(value, CNTV_CVAL_EL0);
	else if (name->word == CVAL)
		write_sysreg(value, CNTP_CVAL_EL0);
	else if (virt)
		write_sysreg(value, CNTV_TVAL_EL0);
	else
		write_sysreg(value, CNTP_TVAL_EL0);
}

/* ---- one that is in memory ---- */

static uint64_t read_kept(const struct nested *nested, const struct name *name)
{
	enum nested_timer_id which = name->which;
	uint64_t cval = *nested_timer_cval(nested, which);

	switch (name->word) {
	case CTL:
		return (*nested_timer_ctl(nested, which) & (TIMER_CTL_ENABLE | TIMER_CTL_IMASK)) |
			(nested_timer_met(nested, which) ? TIMER_CTL_ISTATUS : 0);
	case CVAL:
		return cval;
	default:
		return (uint32_t)(cval - nested_timer_count(nested, which));
	}
}

static void write_kept(struct nested *nested, const struct name *name, uint64_t value)
{
	enum nested_timer_id which = name->which;
	uint64_t *cval = nested_timer_cval(nested, which);

	if (name->word == CTL)
		*nested_timer_ctl(nested, which) = value & (TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
	else if (name->word == CVAL)
		*cval = value;
	else
		*cval = nested_timer_count(nested, which) + (uint64_t)(int64_t)(int32_t)value;
	nested_timer_changed(nested, which);
}

/* ---- the others ---- */

/* Of a CNTHCTL_EL2 as L1 sees it: no FEAT_ECV_POFF, no FEAT_RME. */
static uint64_t cnthctl_mask(const struct nested *nested)
{
	uint64_t mask = nested->vhe ? GENMASK(11, 0) : GENMASK(7, 0);

	return cpu_features.ecv ? mask | GENMASK(17, 13) : mask;
}

static uint64_t read_cnthctl(const struct nested *nested)
{
	uint64_t value = nested->values[VEL2_CNTHCTL];

	if (nested->vhe)
		value = (value & ~KCTL_BITS) | (read_sysreg(CNTKCTL_EL1) & KCTL_BITS);
	return value & cnthctl_mask(nested);
}

static void write_cnthctl(struct nested *nested, uint64_t value)
{
	value &= cnthctl_mask(nested);
	nested->values[VEL2_CNTHCTL] = value;
	if (nested->vhe)
		write_sysreg(value & KCTL_BITS, CNTKCTL_EL1);
	nested_timer_set_controls(nested);
	write_sysreg(nested->timer->cnthctl[0], CNTHCTL_EL2);
}

bool nested_timer_read(struct nested *nested, unsigned encoding, uint64_t *value)
{
	struct name name;

	if (find(nested, encoding, &name)) {
		*value = nested_timer_is_live(nested, name.which) ? read_live(&name)
								  : read_kept(nested, &name);
		return true;
	}
	switch (encoding) {
	case SYS_CNTHCTL_EL2:
		*value = read_cnthctl(nested);
		return true;
	case SYS_CNTKCTL_EL12:
		*value = nested->values[VEL2_CNTKCTL_EL1];
		return nested->vhe;
	case SYS_CNTVCT_EL0:
	case SYS_CNTVCTSS_EL0:
		*value = nested_timer_count(nested, nested->vhe ? NESTED_CNTHV : NESTED_CNTV);
		return true;
	case SYS_CNTPCT_EL0:
	case SYS_CNTPCTSS_EL0:
		*value = timer_now();
		return true;
	default:
		return false;
	}
}

bool nested_timer_write(struct nested *nested, unsigned encoding, uint64_t value)
{
	struct name name;

	if (find(nested, encoding, &name)) {
		if (nested_timer_is_live(nested, name.which))
			write_live(&name, value);
		else
			write_kept(nested, &name, value);
		return true;
	}
	switch (encoding) {
	case SYS_CNTHCTL_EL2:
		write_cnthctl(nested, value);
		return true;
	case SYS_CNTKCTL_EL12:
		nested->values[VEL2_CNTKCTL_EL1] = value;
		return nested->vhe;
	default:
		return false;
	}
}
