/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/sysreg.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_index.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "hyp/nested/at.h"
#include "hyp/nested/at_op.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/timer.h"
#include "hyp/nested/tlbi.h"

enum vel2_class {
	VEL2_CLASS_NONE,
	VEL2_CLASS_VALUE,
	VEL2_CLASS_VHE,
	VEL2_CLASS_ZERO,
	VEL2_CLASS_RESET,
	VEL2_CLASS_CPACR,
	VEL2_CLASS_GIC,
	VEL2_CLASS_TIMER,
};

#define CLASS_(class) VEL2_CLASS_##class
#define CLASS(class)  CLASS_(class)

static const struct {
	uint16_t encoding;
	uint8_t class;
} rows[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, vncr, ...) \
	{ SYS_##name, CLASS(SYSREG_COLUMN_VEL2(__VA_ARGS__)) },
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

/* ---- the index ---- */

/* How it is answered, in one form. */
enum how {
	HOW_ORDINARY, /* as any guest's */
	HOW_VALUE,    /* place: in values[]; switched: of the CPU, too, if any */
	HOW_CHANGED,  /* the same, but the CPU's is another: vel2_form() */
	HOW_CPU,      /* switched: there alone */
	HOW_PAGE,     /* place: of words */
	HOW_ZERO,
	HOW_RESET,
	HOW_GIC,
	HOW_TIMER,
	HOW_AT, /* no register: nested_at() */
};

struct answer {
	uint8_t how;
	uint8_t place;
	int8_t switched;
	uint16_t encoding; /* whose: CPTR_EL2 for CPACR_EL1 */
};

/*
 * From the syndrome to the answer in two steps that cost next to nothing: its bits 21:10 (op0, op2,
 * op1, CRn) choose a group, CRm a cell in it. Group 0, and answer 0, are for all the rest.
 */
#define ISS_GROUP   GENMASK(21, 10)
#define GROUPS_MAX  80
#define ANSWERS_MAX 128

static uint8_t groups[1 << 12];
static uint8_t cells[GROUPS_MAX][16];
static struct answer answers[2][ANSWERS_MAX]; /* without VHE, with it */

static enum exit_result (*answer_otherwise)(struct vcpu *vcpu, uint64_t esr);

/* vEL2's own: where it is. */
static struct answer answer_value(bool vhe, unsigned encoding)
{
	struct vel2_place where;
	bool is = vel2_where(vhe, encoding, &where);

	assert(is);
	return (struct answer){
		.how = where.value < 0     ? HOW_CPU
			: where.translated ? HOW_CHANGED
					   : HOW_VALUE,
		.place = (uint8_t)where.value,
		.switched = where.switched,
		.encoding = (uint16_t)encoding,
	};
}

static struct answer answer_for(bool vhe, enum vel2_class class, unsigned encoding)
{
	static const uint8_t how[] = {
		[VEL2_CLASS_ZERO] = HOW_ZERO,
		[VEL2_CLASS_RESET] = HOW_RESET,
		[VEL2_CLASS_GIC] = HOW_GIC,
		[VEL2_CLASS_TIMER] = HOW_TIMER,
	};

	switch (class) {
	case VEL2_CLASS_VHE:
		return vhe ? answer_value(true, encoding) : (struct answer){ 0 };
	case VEL2_CLASS_VALUE:
		return answer_value(vhe, encoding);
	case VEL2_CLASS_CPACR:
		if (vhe)
			return answer_value(true, SYS_CPTR_EL2);
		return (struct answer){ .how = HOW_PAGE, .place = VNCR_CPACR_EL1 / 8 };
	default:
		return (struct answer){ .how = how[class], .encoding = (uint16_t)encoding };
	}
}

static unsigned group_of(unsigned encoding)
{
	uint64_t iss = FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(encoding)) |
		FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(encoding)) |
		FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(encoding)) |
		FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(encoding));

	return (unsigned)FIELD_GET(ISS_GROUP, iss);
}

/* How many of each there are yet. */
struct counts {
	unsigned groups, answers;
};

static void add(struct counts *counts, unsigned encoding, struct answer plain, struct answer vhe)
{
	uint8_t *group = &groups[group_of(encoding)];

	assert(counts->groups < GROUPS_MAX && counts->answers < ANSWERS_MAX);
	if (*group == 0)
		*group = (uint8_t)counts->groups++;
	answers[false][counts->answers] = plain;
	answers[true][counts->answers] = vhe;
	cells[*group][SYSREG_CRM(encoding)] = (uint8_t)counts->answers++;
}

/* All encodings of AT, and some that are not: nested_at() knows which there are. */
static void add_at(struct counts *counts)
{
	for (unsigned i = 0; i < 2 * 2 * 8; i++) {
		unsigned encoding =
			SYS_AT_S1E1R | (i & 16 ? AT_OP1_4 : 0) | (i & 8 ? AT_CRM_9 : 0) | (i & 7);
		struct answer answer = { .how = HOW_AT, .encoding = (uint16_t)encoding };

		add(counts, encoding, answer, answer);
	}
}

void nested_sysreg_init(enum exit_result (*otherwise)(struct vcpu *vcpu, uint64_t esr))
{
	struct counts counts = { 1, 1 };

	answer_otherwise = otherwise;
	sysreg_index_init();
	memset(groups, 0, sizeof(groups));
	memset(cells, 0, sizeof(cells));
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		enum vel2_class class = (enum vel2_class)rows[i].class;
		unsigned encoding = rows[i].encoding;

		if (class != VEL2_CLASS_NONE)
			add(&counts, encoding, answer_for(false, class, encoding),
				answer_for(true, class, encoding));
	}
	add_at(&counts);
}

static __always_inline struct answer find(const struct nested *nested, uint64_t esr)
{
	unsigned cell = cells[groups[FIELD_GET(ISS_GROUP, esr)]][FIELD_GET(ISS_SYS_CRM, esr)];

	return answers[nested->vhe][cell];
}

/* ---- accesses ---- */

/* AT is SYS 1, op1, c7, c8 and c9; TLBI 1, op1, c8 and c9 (the latter: nXS). */
#define CRN_AT       7
#define CRN_TLBI     8
#define CRN_TLBI_NXS 9
#define CRM_AT_FIRST 8
#define CRM_AT_LAST  9

static __noinline enum exit_result other(struct vcpu *vcpu, uint64_t esr)
{
	unsigned encoding = sysreg_encoding_of(esr);
	unsigned crn = SYSREG_CRN(encoding), crm = SYSREG_CRM(encoding);
	uint64_t operand;

	if (SYSREG_OP0(encoding) != 1 || (esr & ISS_SYS_READ))
		return answer_otherwise(vcpu, esr);
	operand = vcpu_get_x(vcpu, (unsigned)FIELD_GET(ISS_SYS_RT, esr));
	if (crn == CRN_AT && crm >= CRM_AT_FIRST && crm <= CRM_AT_LAST)
		return nested_at(vcpu, encoding, operand);
	if (crn == CRN_TLBI || crn == CRN_TLBI_NXS)
		return nested_tlbi(vcpu, encoding, operand);
	return answer_otherwise(vcpu, esr);
}

/* Registers that other files have. */
static __noinline enum exit_result read_part(struct vcpu *vcpu, uint64_t esr, struct answer answer)
{
	struct nested *nested = nested_of(vcpu);
	uint64_t value;
	bool is = answer.how == HOW_GIC ? nested_gic_read(nested, answer.encoding, &value)
					: nested_timer_read(nested, answer.encoding, &value);

	if (!is)
		return answer_otherwise(vcpu, esr);
	vcpu_set_x(vcpu, (unsigned)FIELD_GET(ISS_SYS_RT, esr), value);
	return EXIT_SKIP;
}

static __always_inline enum exit_result read_register(
	struct vcpu *vcpu, uint64_t esr, const struct nested *nested, struct answer answer)
{
	uint64_t value;

	switch ((enum how)answer.how) {
	case HOW_VALUE:
	case HOW_CHANGED:
		value = nested->values[answer.place];
		break;
	case HOW_CPU:
		value = switched_read((enum switched)answer.switched);
		break;
	case HOW_PAGE:
		value = nested->page[answer.place];
		break;
	case HOW_ZERO:
		value = 0;
		break;
	case HOW_RESET:
		value = vcpu->vm->entry.pc;
		break;
	case HOW_GIC:
	case HOW_TIMER:
		return read_part(vcpu, esr, answer);
	default:
		return other(vcpu, esr);
	}
	vcpu_set_x(vcpu, (unsigned)FIELD_GET(ISS_SYS_RT, esr), value);
	return EXIT_SKIP;
}

static __always_inline enum exit_result write_register(
	struct vcpu *vcpu, uint64_t esr, struct nested *nested, struct answer answer)
{
	uint64_t value = vcpu_get_x(vcpu, (unsigned)FIELD_GET(ISS_SYS_RT, esr));
	bool is = true;

	if (answer.how == HOW_AT)
		return nested_at(vcpu, answer.encoding, value);
	switch ((enum how)answer.how) {
	case HOW_VALUE:
		nested->values[answer.place] = value;
		if (answer.switched < 0)
			break;
		/* fall through */
	case HOW_CPU:
		switched_write((enum switched)answer.switched, value);
		break;
	case HOW_CHANGED:
		nested->values[answer.place] = value;
		value = vel2_form(nested, answer.encoding, value);
		switched_write((enum switched)answer.switched, value);
		break;
	case HOW_PAGE:
		nested->page[answer.place] = value;
		break;
	case HOW_ZERO:
		break;
	case HOW_GIC:
		is = nested_gic_write(nested, answer.encoding, value);
		break;
	case HOW_TIMER:
		is = nested_timer_write(nested, answer.encoding, value);
		break;
	default:
		return other(vcpu, esr);
	}
	return likely(is) ? EXIT_SKIP : answer_otherwise(vcpu, esr);
}

enum exit_result nested_sysreg(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);
	struct answer answer = find(nested, esr);

	if (esr & ISS_SYS_READ)
		return read_register(vcpu, esr, nested, answer);
	return write_register(vcpu, esr, nested, answer);
}

/* ---- reset ---- */

/*
 * Most of it is UNKNOWN by the architecture, and 0 here. SCTLR_EL2, TCR_EL2 without VHE: RES1, and
 * all else off. CPTR_EL2 without VHE: RES1, FP not trapped. CNTHCTL_EL2: EL1 has its counter and
 * timer. HCR_EL2.RW is RAO: EL1 has no AArch32.
 */
#define SCTLR_EL2_RESET   UINT64_C(0x30c50830)
#define TCR_EL2_RESET     UINT64_C(0x80800000)
#define CPTR_EL2_RESET    UINT64_C(0x33ff)
#define CNTHCTL_RESET     (CNTHCTL_EL2_EL1PCTEN | CNTHCTL_EL2_EL1PCEN)
#define CNTHCTL_VHE_SHIFT 10 /* the same two with E2H = 1 */
#define PAGE_WORDS        512

void nested_sysreg_reset(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;
	uint64_t *values = nested->values;

	memset(nested->page, 0, PAGE_WORDS * sizeof(nested->page[0]));
	memset(nested->values, 0, sizeof(nested->values));
	memset(nested->hyp_live, 0, sizeof(nested->hyp_live));
	VNCR_REG(nested, HCR_EL2) = HCR_EL2_RW | (nested->vhe ? HCR_EL2_E2H : 0);
	VNCR_REG(nested, VPIDR_EL2) = read_sysreg(MIDR_EL1);
	VNCR_REG(nested, VMPIDR_EL2) = vcpu->vmpidr;
	/* vEL1's, as vcpu_reset() has made it. The bank is vEL2's: vel2_reset(). */
	VNCR_REG(nested, SCTLR_EL1) = vcpu->bank[BANK_SCTLR_EL1];
	values[VEL2_SCTLR] = SCTLR_EL2_RESET;
	if (nested->vhe) {
		values[VEL2_CNTHCTL] = CNTHCTL_RESET << CNTHCTL_VHE_SHIFT;
		return;
	}
	values[VEL2_CNTHCTL] = CNTHCTL_RESET;
	values[VEL2_TCR] = TCR_EL2_RESET;
	values[VEL2_CPTR] = CPTR_EL2_RESET;
}
