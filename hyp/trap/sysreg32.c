/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/sysreg32.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/idreg.h"
#include "hyp/trap/setway.h"
#include "hyp/trap/sysreg.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"

enum how {
	HOW_SAME,
	HOW_LOW,
	HOW_HIGH,
	HOW_OWN,
	HOW_ZERO,
	HOW_CPACR,
	HOW_DIDR,
	HOW_OSLAR,
	HOW_STATUS
};

/* A coprocessor's numbers, packed as an encoding of AArch64 is: CP15 has op0 = 3, CP14 op0 = 2,
 * as most of those that they are mapped to. */
#define OP0_OF(cp)                       ((cp) == 15 ? 3 : 2)
#define CP_ENC(cp, opc1, crn, crm, opc2) SYSREG_ENC(OP0_OF(cp), opc1, crn, crm, opc2)
#define CP15_ID_FIRST                    CP_ENC(15, 0, 0, 1, 0)
#define CP15_ID_LAST                     CP_ENC(15, 0, 0, 7, 7)
#define CP15_ID_AA64                     CP_ENC(15, 0, 0, 4, 0)
#define CP14_COMPARATORS_FIRST           CP_ENC(14, 0, 0, 0, 0)
#define CP14_COMPARATORS_LAST            CP_ENC(14, 0, 0, 15, 7)

static const struct row {
	uint16_t encoding; /* CP_ENC() */
	uint16_t target;   /* SYS_* */
	uint8_t how;
} rows[] = {
#define SYSREG32(name, cp, opc1, crn, crm, opc2, how, target) \
	{ CP_ENC(cp, opc1, crn, crm, opc2), SYS_##target, HOW_##how },
#include "hyp/arch/sysreg32.def"
#undef SYSREG32
};

/* One access of one register. */
struct access32 {
	unsigned encoding; /* CP_ENC() */
	unsigned rt;       /* an x register; 31: the PC's number, APSR */
	bool read;
};

static const struct row *find(unsigned encoding)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].encoding == encoding)
			return &rows[i];
	}
	return NULL;
}

static unsigned mode_of(const struct vcpu *vcpu)
{
	return (unsigned)(vcpu->regs.pstate & AARCH32_MODE_MASK);
}

static uint32_t value_of(const struct vcpu *vcpu, const struct access32 *access)
{
	return (uint32_t)vcpu_get_x(vcpu, access->rt);
}

static enum exit_result undefined(struct vcpu *vcpu, unsigned encoding)
{
	vcpu_log(vcpu, "access to AArch32 register p%u, %u, c%u, c%u, %u: undefined",
		SYSREG_OP0(encoding) == OP0_OF(15) ? 15 : 14, SYSREG_OP1(encoding),
		SYSREG_CRN(encoding), SYSREG_CRM(encoding), SYSREG_OP2(encoding));
	return inject_undefined(vcpu);
}

static enum exit_result give(struct vcpu *vcpu, const struct access32 *access, uint32_t value)
{
	if (access->read)
		vcpu_set_x(vcpu, access->rt, value);
	return EXIT_SKIP;
}

/* As if the register had been accessed by its AArch64 name. */
static enum exit_result as_aarch64(
	struct vcpu *vcpu, const struct access32 *access, unsigned target)
{
	uint64_t iss = FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(target)) |
		FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(target)) |
		FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(target)) |
		FIELD_PREP(ISS_SYS_CRM, SYSREG_CRM(target)) |
		FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(target)) | FIELD_PREP(ISS_SYS_RT, access->rt);
	enum exit_result result;

	vcpu_set_x(vcpu, access->rt, value_of(vcpu, access));
	result = sysreg_handle(vcpu, ESR_MAKE(EC_SYSREG, access->read ? iss | ISS_SYS_READ : iss));
	vcpu_set_x(vcpu, access->rt, value_of(vcpu, access));
	return result;
}

/* What the registers of class VM hold now. */
static uint64_t read_vm_register(unsigned target)
{
	switch (target) {
#define READ_VM(name)    \
	case SYS_##name: \
		return read_sysreg(name);
#define READ_NEVER(name)
#define READ_UNDEF(name)
#define READ_ID(name)
#define READ_RAZWI(name)
#define READ_DEBUG(name)
#define READ_SGI(name)
#define READ_ICC(name)
#define READ_SETWAY(name)
#define READ_CMO(name)
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) READ_##trap(name)
#include "hyp/arch/sysreg.def"
#undef SYSREG
	default:
		return 0;
	}
}

static enum exit_result write_half(
	struct vcpu *vcpu, const struct access32 *access, unsigned target, bool high)
{
	uint64_t mask = high ? GENMASK(63, 32) : GENMASK(31, 0);
	uint64_t value = value_of(vcpu, access);

	value = (read_vm_register(target) & ~mask) | (high ? value << 32 : value);
	return setway_write_vm_register(vcpu, target, value);
}

static enum exit_result write_own(struct vcpu *vcpu, const struct access32 *access, unsigned target)
{
	if (target == SYS_DACR32_EL2)
		write_sysreg(value_of(vcpu, access), DACR32_EL2);
	else
		write_sysreg(value_of(vcpu, access), IFSR32_EL2);
	return EXIT_SKIP;
}

#define CPACR_CP11 GENMASK(23, 22) /* the two bits above FPEN, cp10 */

static enum exit_result access_cpacr(struct vcpu *vcpu, const struct access32 *access)
{
	uint64_t cp10 = read_sysreg(CPACR_EL1) & CPACR_EL1_FPEN;

	if (access->read)
		return give(vcpu, access, (uint32_t)(cp10 | (cp10 << 2 & CPACR_CP11)));
	write_sysreg(guest_cpacr(value_of(vcpu, access)), CPACR_EL1);
	return EXIT_SKIP;
}

/* DBGDIDR */
#define DIDR_WRPS     GENMASK(31, 28)
#define DIDR_BRPS     GENMASK(27, 24)
#define DIDR_CTX_CMPS GENMASK(23, 20)
#define DIDR_VERSION  GENMASK(19, 16)
#define DIDR_V8       6 /* no later one has a register that Lintel would lack */
#define DFR0_CTX_CMPS GENMASK(31, 28)

static enum exit_result read_didr(struct vcpu *vcpu, const struct access32 *access)
{
	uint64_t dfr0 = 0;

	if (!access->read)
		return undefined(vcpu, access->encoding);
	(void)idreg_read(vcpu, SYS_ID_AA64DFR0_EL1, &dfr0);
	return give(vcpu, access,
		(uint32_t)(FIELD_PREP(DIDR_WRPS, FIELD_GET(ID_AA64DFR0_EL1_WRPS, dfr0)) |
			FIELD_PREP(DIDR_BRPS, FIELD_GET(ID_AA64DFR0_EL1_BRPS, dfr0)) |
			FIELD_PREP(DIDR_CTX_CMPS, FIELD_GET(DFR0_CTX_CMPS, dfr0)) |
			FIELD_PREP(DIDR_VERSION, DIDR_V8)));
}

#define OSLAR32_KEY 0xc5acce55u

/* Undefined when read, as in AArch64. */
static enum exit_result access_oslar(
	struct vcpu *vcpu, const struct access32 *access, unsigned target)
{
	uint64_t written = vcpu_get_x(vcpu, access->rt);
	enum exit_result result;

	if (access->read)
		return as_aarch64(vcpu, access, target);
	vcpu_set_x(vcpu, access->rt, (uint32_t)written == OSLAR32_KEY ? OSLAR_EL1_OSLK : 0);
	result = as_aarch64(vcpu, access, target);
	vcpu_set_x(vcpu, access->rt, (uint32_t)written);
	return result;
}

/* Into APSR: the debug communications channel is always empty, which is what the flags say. */
static enum exit_result read_status(
	struct vcpu *vcpu, const struct access32 *access, unsigned target)
{
	enum exit_result result = as_aarch64(vcpu, access, target);

	if (result == EXIT_SKIP && access->read && access->rt == 31)
		vcpu->regs.pstate &= ~(PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V);
	return result;
}

static enum exit_result answer(
	struct vcpu *vcpu, const struct access32 *access, const struct row *row)
{
	switch ((enum how)row->how) {
	case HOW_SAME:
		return as_aarch64(vcpu, access, row->target);
	case HOW_ZERO:
		return give(vcpu, access, 0);
	case HOW_CPACR:
		return access_cpacr(vcpu, access);
	case HOW_DIDR:
		return read_didr(vcpu, access);
	case HOW_OSLAR:
		return access_oslar(vcpu, access, row->target);
	case HOW_STATUS:
		return read_status(vcpu, access, row->target);
	default:
		break;
	}
	if (access->read) /* HCR_EL2.TRVM is never set */
		return undefined(vcpu, access->encoding);
	if (row->how == HOW_OWN)
		return write_own(vcpu, access, row->target);
	return write_half(vcpu, access, row->target, row->how == HOW_HIGH);
}

/*
 * Those that are the same by numbers. AArch64's own ID registers read as zero, and so do MVFR0-2
 * here: AArch32 reads those by VMRS.
 */
static enum exit_result by_numbers(struct vcpu *vcpu, const struct access32 *access)
{
	unsigned encoding = access->encoding;

	if (encoding >= CP15_ID_FIRST && encoding <= CP15_ID_LAST) {
		if (!access->read)
			return undefined(vcpu, encoding);
		if (encoding >= CP15_ID_AA64 ||
			(encoding >= SYS_MVFR0_EL1 && encoding <= SYS_MVFR2_EL1))
			return give(vcpu, access, 0);
		return as_aarch64(vcpu, access, encoding);
	}
	if (encoding >= CP14_COMPARATORS_FIRST && encoding <= CP14_COMPARATORS_LAST &&
		SYSREG_OP2(encoding) >= 4)
		return as_aarch64(vcpu, access, encoding);
	return undefined(vcpu, encoding);
}

enum exit_result sysreg32_handle(struct vcpu *vcpu, uint64_t esr)
{
	unsigned op0 = OP0_OF(ESR_GET_EC(esr) == EC_CP15_MCR ? 15 : 14);
	struct access32 access = {
		/* The same fields as a system register's, but for op0. */
		.encoding = sysreg_encoding_of(esr & ~ISS_SYS_OP0) | op0 << 14,
		.rt = aarch32_register(mode_of(vcpu), (unsigned)FIELD_GET(ISS_SYS_RT, esr)),
		.read = esr & ISS_SYS_READ,
	};
	const struct row *row;

	if (!vcpu->aarch32)
		return inject_undefined(vcpu);
	row = find(access.encoding);
	return row ? answer(vcpu, &access, row) : by_numbers(vcpu, &access);
}

/* --- MCRR and MRRC --- */

#define ISS_PAIR_OPC1 GENMASK(19, 16)
#define ISS_PAIR_RT2  GENMASK(14, 10)

static const struct {
	uint8_t cp, opc1, crm;
	uint16_t target;
} pairs[] = {
	{ 15, 0, 12, SYS_ICC_SGI1R_EL1 },
	{ 15, 1, 12, SYS_ICC_ASGI1R_EL1 },
	{ 15, 2, 12, SYS_ICC_SGI0R_EL1 },
	{ 15, 0, 2, SYS_TTBR0_EL1 },
	{ 15, 1, 2, SYS_TTBR1_EL1 },
	{ 14, 0, 1, SYS_MDRAR_EL1 }, /* DBGDRAR, DBGDSAR */
	{ 14, 0, 2, SYS_MDRAR_EL1 },
};

static unsigned find_pair(uint64_t esr)
{
	unsigned cp = ESR_GET_EC(esr) == EC_CP15_MCRR ? 15 : 14;

	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (pairs[i].cp == cp && pairs[i].opc1 == FIELD_GET(ISS_PAIR_OPC1, esr) &&
			pairs[i].crm == FIELD_GET(ISS_SYS_CRM, esr))
			return pairs[i].target;
	}
	return 0;
}

static enum exit_result write_pair(struct vcpu *vcpu, unsigned target, uint64_t value)
{
	switch (target) {
	case SYS_ICC_SGI1R_EL1:
	case SYS_ICC_ASGI1R_EL1:
	case SYS_ICC_SGI0R_EL1:
		return vgic_sgi_write(vcpu, target, value);
	case SYS_TTBR0_EL1:
	case SYS_TTBR1_EL1:
		return setway_write_vm_register(vcpu, target, value);
	default:
		return inject_undefined(vcpu);
	}
}

enum exit_result sysreg32_handle_pair(struct vcpu *vcpu, uint64_t esr)
{
	unsigned mode = mode_of(vcpu), target = find_pair(esr);
	unsigned rt = aarch32_register(mode, (unsigned)FIELD_GET(ISS_SYS_RT, esr));
	unsigned rt2 = aarch32_register(mode, (unsigned)FIELD_GET(ISS_PAIR_RT2, esr));

	if (!vcpu->aarch32)
		return inject_undefined(vcpu);
	if (target == 0) {
		vcpu_log(vcpu, "access to AArch32 register p%u, %u, c%u of 64 bits: undefined",
			ESR_GET_EC(esr) == EC_CP15_MCRR ? 15 : 14,
			(unsigned)FIELD_GET(ISS_PAIR_OPC1, esr),
			(unsigned)FIELD_GET(ISS_SYS_CRM, esr));
		return inject_undefined(vcpu);
	}
	if (!(esr & ISS_SYS_READ))
		return write_pair(
			vcpu, target, (uint32_t)vcpu_get_x(vcpu, rt) | vcpu_get_x(vcpu, rt2) << 32);
	if (target != SYS_MDRAR_EL1)
		return inject_undefined(vcpu);
	vcpu_set_x(vcpu, rt, 0);
	vcpu_set_x(vcpu, rt2, 0);
	return EXIT_SKIP;
}

/* --- the rest --- */

enum exit_result sysreg32_handle_memory(struct vcpu *vcpu, uint64_t esr)
{
	(void)esr;
	if (vcpu->aarch32)
		vcpu_log(vcpu, "LDC or STC of the debug communications channel: undefined");
	return inject_undefined(vcpu);
}

/* VMRS has its register's number where others have CRn. */
enum exit_result sysreg32_handle_vmrs(struct vcpu *vcpu, uint64_t esr)
{
	static const uint16_t mvfr[] = { [5] = SYS_MVFR2_EL1, SYS_MVFR1_EL1, SYS_MVFR0_EL1 };
	unsigned number = (unsigned)FIELD_GET(ISS_SYS_CRN, esr);
	struct access32 access = {
		.rt = aarch32_register(mode_of(vcpu), (unsigned)FIELD_GET(ISS_SYS_RT, esr)),
		.read = true,
	};

	if (!vcpu->aarch32 || !(esr & ISS_SYS_READ) || number >= ARRAY_SIZE(mvfr) ||
		mvfr[number] == 0)
		return inject_undefined(vcpu);
	return as_aarch64(vcpu, &access, mvfr[number]);
}
