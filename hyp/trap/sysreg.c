/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/sysreg.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/arch/sysreg_index.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/debug.h"
#include "hyp/trap/idreg.h"
#include "hyp/trap/setway.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"

enum trap_class {
	TRAP_NEVER,
	TRAP_UNDEF,
	TRAP_ID,
	TRAP_RAZWI,
	TRAP_DEBUG,
	TRAP_SGI,
	TRAP_ICC,
	TRAP_SETWAY,
	TRAP_VM,
	TRAP_CMO,
	NR_TRAP_CLASSES,
};

struct row {
	uint8_t trap;
	const char *name;
};

/* In the order of sysreg_row(), from 1 on. */
static const struct row rows[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) { TRAP_##trap, #name },
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

void sysreg_init(void)
{
	sysreg_index_init();
}

const char *sysreg_name(unsigned encoding)
{
	unsigned index = sysreg_row(encoding);

	return index == 0 ? NULL : rows[index - 1].name;
}

bool sysreg_is_own_at_el0(unsigned encoding)
{
	unsigned index = sysreg_row(encoding), crn = SYSREG_CRN(encoding);

	if (index == 0)
		return (SYSREG_OP0(encoding) & 1) && (crn == 11 || crn == 15);
	return rows[index - 1].trap == TRAP_UNDEF || rows[index - 1].trap == TRAP_DEBUG;
}

/* The space that HCR_EL2.TID3 traps: 3, 0, 0, 1..7, all of it, allocated or not. */
static bool is_id_space(unsigned encoding)
{
	return encoding >= SYSREG_ENC(3, 0, 0, 1, 0) && encoding <= SYSREG_ENC(3, 0, 0, 7, 7);
}

/*
 * With FEAT_IDST a read in the space of the ID registers (3, {0, 1, 3}, 0) that is not there is
 * reported as a trapped access; everything else as an Undefined Instruction. Arm ARM:
 * ID_AA64MMFR2_EL1.IDS.
 */
static enum exit_result undefined(struct vcpu *vcpu, uint64_t esr)
{
	unsigned encoding = sysreg_encoding_of(esr), op1 = SYSREG_OP1(encoding);
	uint64_t mmfr2 = 0;

	if ((esr & ISS_SYS_READ) && SYSREG_OP0(encoding) == 3 && SYSREG_CRN(encoding) == 0 &&
		(op1 == 0 || op1 == 1 || op1 == 3) &&
		idreg_read(vcpu, SYS_ID_AA64MMFR2_EL1, &mmfr2) &&
		FIELD_GET(ID_AA64MMFR2_EL1_IDS, mmfr2) != 0)
		return inject_sync(vcpu, esr);
	return inject_undefined(vcpu);
}

static enum exit_result read_id(struct vcpu *vcpu, uint64_t esr, unsigned encoding, unsigned rt)
{
	uint64_t value;

	if (!(esr & ISS_SYS_READ) || !idreg_read(vcpu, encoding, &value))
		return undefined(vcpu, esr);
	vcpu_set_x(vcpu, rt, value);
	return EXIT_SKIP;
}

static enum exit_result no_row(struct vcpu *vcpu, uint64_t esr, unsigned encoding, unsigned rt)
{
	if (is_id_space(encoding))
		return read_id(vcpu, esr, encoding, rt);
	vcpu_log(vcpu, "access to system register S%u_%u_C%u_C%u_%u: undefined",
		SYSREG_OP0(encoding), SYSREG_OP1(encoding), SYSREG_CRN(encoding),
		SYSREG_CRM(encoding), SYSREG_OP2(encoding));
	return undefined(vcpu, esr);
}

static enum exit_result icc(struct vcpu *vcpu, unsigned encoding, bool read, unsigned rt)
{
	uint64_t value = vcpu_get_x(vcpu, rt);
	enum exit_result result = vgic_icc_access(vcpu, encoding, !read, &value);

	if (read && result == EXIT_SKIP)
		vcpu_set_x(vcpu, rt, value);
	return result;
}

static enum exit_result vm_register(struct vcpu *vcpu, unsigned encoding, bool read, unsigned rt)
{
	if (encoding == SYS_CPACR_EL1) {
		if (read)
			vcpu_set_x(vcpu, rt, read_sysreg(CPACR_EL1) & CPACR_EL1_FPEN);
		else
			write_sysreg(guest_cpacr(vcpu_get_x(vcpu, rt)), CPACR_EL1);
		return EXIT_SKIP;
	}
	if (read)
		return inject_undefined(vcpu);
	return setway_write_vm_register(vcpu, encoding, vcpu_get_x(vcpu, rt));
}

/* The syndrome of a write to ICC_SGI1R_EL1, but for Rt. */
#define ISS_SYS_REGISTER (ESR_ISS_MASK & ~ISS_SYS_RT)
#define ISS_WRITE_SGI1R                                                  \
	(FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(SYS_ICC_SGI1R_EL1)) |        \
		FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(SYS_ICC_SGI1R_EL1)) | \
		FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(SYS_ICC_SGI1R_EL1)) | \
		FIELD_PREP(ISS_SYS_CRM, SYSREG_CRM(SYS_ICC_SGI1R_EL1)) | \
		FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(SYS_ICC_SGI1R_EL1)))

enum exit_result sysreg_handle(struct vcpu *vcpu, uint64_t esr)
{
	unsigned rt = (unsigned)FIELD_GET(ISS_SYS_RT, esr);
	bool read = esr & ISS_SYS_READ;
	unsigned encoding, index;

	/* What guests do all the time goes first. */
	if (likely((esr & ISS_SYS_REGISTER) == ISS_WRITE_SGI1R))
		return vgic_sgi_write(vcpu, SYS_ICC_SGI1R_EL1, vcpu_get_x(vcpu, rt));
	encoding = sysreg_encoding_of(esr);
	index = sysreg_row(encoding);
	if (unlikely(index == 0))
		return no_row(vcpu, esr, encoding, rt);
	switch ((enum trap_class)rows[index - 1].trap) {
	case TRAP_SGI:
		if (read)
			return inject_undefined(vcpu);
		return vgic_sgi_write(vcpu, encoding, vcpu_get_x(vcpu, rt));
	case TRAP_ICC:
		return icc(vcpu, encoding, read, rt);
	case TRAP_ID:
		return read_id(vcpu, esr, encoding, rt);
	case TRAP_RAZWI:
		if (read)
			vcpu_set_x(vcpu, rt, 0);
		return EXIT_SKIP;
	case TRAP_DEBUG:
		return debug_access(vcpu, encoding, !read, rt);
	case TRAP_SETWAY:
		return setway_handle(vcpu);
	case TRAP_CMO:
		if (read)
			return inject_undefined(vcpu);
		return cmo_handle_trap(vcpu, encoding, vcpu_get_x(vcpu, rt));
	case TRAP_VM:
		return vm_register(vcpu, encoding, read, rt);
	default:
		return undefined(vcpu, esr);
	}
}
