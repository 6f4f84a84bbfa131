/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which exits of an inner guest are its hypervisor's: each bit of each register that traps, alone,
 * against a list of what it traps, over every encoding there is, read and written.
 *
 * links: hyp/nested/forward.c hyp/nested/forward_table.c hyp/arch/sysreg_index.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_index.h"
#include "hyp/nested/forward.h"
#include "tests/unit/fake/cpu.h"

#define ENCODINGS 65536

struct cpu_features cpu_features;

static struct vcpu vcpu;
static struct nested nested;
static uint64_t page[512];

/* --- what the architecture says --- */

enum where {
	HCR,
	HCR_CLEAR,
	MDCR,
	CPTR,
	CNTHCTL,
	CNTHCTL_CLEAR,
	ICH_HCR,
	HFGRTR,
	HFGWTR,
	HFGITR,
	HDFGRTR,
	HDFGWTR,
	NR_WHERE
};
enum way { R = 1, W = 2, RW = 3 };

struct row {
	enum where where;
	unsigned bit; /* CNTHCTL: with E2H = 0 */
	enum way way;
	const unsigned *encodings; /* ended by 0 */
};

#define E(...) SYSREG_ENC(__VA_ARGS__)
#define LIST(...)              \
	(const unsigned[])     \
	{                      \
		__VA_ARGS__, 0 \
	}
#define ROW(where, bit, way, ...)                  \
	{                                          \
		where, bit, way, LIST(__VA_ARGS__) \
	}

#define VM_REGISTERS                                                                              \
	E(3, 0, 1, 0, 0), E(3, 0, 2, 0, 0), E(3, 0, 2, 0, 1), E(3, 0, 2, 0, 2), E(3, 0, 5, 2, 0), \
		E(3, 0, 6, 0, 0), E(3, 0, 5, 1, 0), E(3, 0, 5, 1, 1), E(3, 0, 10, 2, 0),          \
		E(3, 0, 10, 3, 0), E(3, 0, 13, 0, 1)
#define CACHE_IDS E(3, 1, 0, 0, 0), E(3, 1, 0, 0, 1), E(3, 1, 0, 0, 2), E(3, 2, 0, 0, 0)
#define KEYS                                                                                      \
	E(3, 0, 2, 1, 0), E(3, 0, 2, 1, 1), E(3, 0, 2, 1, 2), E(3, 0, 2, 1, 3), E(3, 0, 2, 2, 0), \
		E(3, 0, 2, 2, 1), E(3, 0, 2, 2, 2), E(3, 0, 2, 2, 3), E(3, 0, 2, 3, 0),           \
		E(3, 0, 2, 3, 1)
#define ERRORS                                                                                    \
	E(3, 0, 5, 3, 0), E(3, 0, 5, 3, 1), E(3, 0, 5, 4, 0), E(3, 0, 5, 4, 1), E(3, 0, 5, 4, 2), \
		E(3, 0, 5, 4, 3), E(3, 0, 5, 5, 0), E(3, 0, 5, 5, 1)
#define COMPARATORS(n) E(2, 0, 0, n, 4), E(2, 0, 0, n, 5), E(2, 0, 0, n, 6), E(2, 0, 0, n, 7)
#define COMPARATORS_ALL                                                                         \
	COMPARATORS(0), COMPARATORS(1), COMPARATORS(2), COMPARATORS(3), COMPARATORS(4),         \
		COMPARATORS(5), COMPARATORS(6), COMPARATORS(7), COMPARATORS(8), COMPARATORS(9), \
		COMPARATORS(10), COMPARATORS(11), COMPARATORS(12), COMPARATORS(13),             \
		COMPARATORS(14), COMPARATORS(15)
#define ONE_OF_ALL(op2)                                                                           \
	E(2, 0, 0, 0, op2), E(2, 0, 0, 1, op2), E(2, 0, 0, 2, op2), E(2, 0, 0, 3, op2),           \
		E(2, 0, 0, 4, op2), E(2, 0, 0, 5, op2), E(2, 0, 0, 6, op2), E(2, 0, 0, 7, op2),   \
		E(2, 0, 0, 8, op2), E(2, 0, 0, 9, op2), E(2, 0, 0, 10, op2), E(2, 0, 0, 11, op2), \
		E(2, 0, 0, 12, op2), E(2, 0, 0, 13, op2), E(2, 0, 0, 14, op2), E(2, 0, 0, 15, op2)
#define CHANNEL                                                                                   \
	E(2, 0, 0, 0, 2), E(2, 0, 0, 3, 2), E(2, 3, 0, 1, 0), E(2, 0, 0, 2, 0), E(2, 3, 0, 4, 0), \
		E(2, 3, 0, 5, 0)
#define OTHER_DEBUG \
	E(2, 0, 0, 2, 2), E(2, 0, 0, 6, 2), E(2, 0, 7, 8, 6), E(2, 0, 7, 9, 6), E(2, 0, 7, 14, 6)
#define LOCKS E(2, 0, 1, 0, 4), E(2, 0, 1, 1, 4), E(2, 0, 1, 3, 4), E(2, 0, 1, 4, 4)
#define SGIS  E(3, 0, 12, 11, 5), E(3, 0, 12, 11, 6), E(3, 0, 12, 11, 7)
#define GROUP(crm, ap) \
	E(3, 0, 12, crm, 0), E(3, 0, 12, crm, 1), E(3, 0, 12, crm, 2), E(3, 0, 12, crm, 3), ap
#define TLBIS_OF(crn, crm)                                                                      \
	E(1, 0, crn, crm, 0), E(1, 0, crn, crm, 1), E(1, 0, crn, crm, 2), E(1, 0, crn, crm, 3), \
		E(1, 0, crn, crm, 5), E(1, 0, crn, crm, 7)
#define RANGES_OF(crn, crm) \
	E(1, 0, crn, crm, 1), E(1, 0, crn, crm, 3), E(1, 0, crn, crm, 5), E(1, 0, crn, crm, 7)
#define TLBIS(crm)                    TLBIS_OF(8, crm), TLBIS_OF(9, crm)
#define RANGES(crm)                   RANGES_OF(8, crm), RANGES_OF(9, crm)
#define TLBI(bit, crm, op2)           ROW(HFGITR, bit, W, E(1, 0, 8, crm, op2), E(1, 0, 9, crm, op2))
#define INSN(bit, op1, crn, crm, op2) ROW(HFGITR, bit, W, E(1, op1, crn, crm, op2))

static const struct row rows[] = {
	ROW(HCR, 3, RW, SGIS), /* FMO */
	ROW(HCR, 4, RW, SGIS), /* IMO */
	ROW(HCR, 16, RW, E(3, 0, 0, 0, 6), E(3, 1, 0, 0, 7)),
	ROW(HCR, 17, RW, E(3, 3, 0, 0, 1), CACHE_IDS),
	ROW(HCR, 21, RW, E(3, 0, 1, 0, 1)),
	ROW(HCR, 22, RW, E(1, 0, 7, 6, 2), E(1, 0, 7, 10, 2), E(1, 0, 7, 14, 2)),
	ROW(HCR, 23, RW, E(1, 0, 7, 6, 1), E(1, 3, 7, 10, 1), E(1, 3, 7, 12, 1), E(1, 3, 7, 13, 1),
		E(1, 3, 7, 14, 1)),
	ROW(HCR, 24, RW, E(1, 3, 7, 5, 1), E(1, 0, 7, 5, 0), E(1, 0, 7, 1, 0), E(1, 3, 7, 11, 1)),
	ROW(HCR, 25, W, TLBIS(1), TLBIS(3), TLBIS(7), RANGES(2), RANGES(5), RANGES(6)),
	ROW(HCR, 26, W, VM_REGISTERS),
	ROW(HCR, 28, RW, E(1, 3, 7, 4, 1)),
	ROW(HCR, 30, R, VM_REGISTERS),
	ROW(HCR, 36, RW, ERRORS),
	ROW(HCR_CLEAR, 40, RW, KEYS),
	ROW(HCR, 44, RW, E(1, 0, 7, 8, 0), E(1, 0, 7, 8, 1), E(1, 0, 7, 8, 2), E(1, 0, 7, 8, 3),
		E(1, 0, 7, 9, 0), E(1, 0, 7, 9, 1), E(1, 0, 7, 9, 2)),
	ROW(HCR, 49, RW, CACHE_IDS),
	ROW(HCR, 50, RW, E(1, 0, 7, 1, 0)),
	ROW(HCR, 52, RW, E(1, 3, 7, 5, 1), E(1, 0, 7, 5, 0), E(1, 3, 7, 11, 1)),
	ROW(HCR, 54, W, TLBIS(3), RANGES(2)),
	ROW(HCR, 55, W, TLBIS(1), RANGES(5)),

	/* TDE: as the next three together; TDA, TDOSA, TDRA, TDCC */
	ROW(MDCR, 8, RW, COMPARATORS_ALL, OTHER_DEBUG, CHANNEL, LOCKS, E(2, 0, 1, 0, 0)),
	ROW(MDCR, 9, RW, COMPARATORS_ALL, OTHER_DEBUG, CHANNEL),
	ROW(MDCR, 10, RW, LOCKS),
	ROW(MDCR, 11, RW, E(2, 0, 1, 0, 0)),
	ROW(MDCR, 27, RW, CHANNEL),

	ROW(CPTR, 31, RW, E(3, 0, 1, 0, 2)),

	ROW(CNTHCTL_CLEAR, 0, RW, E(3, 3, 14, 0, 1), E(3, 3, 14, 0, 5)),
	ROW(CNTHCTL_CLEAR, 1, RW, E(3, 3, 14, 2, 0), E(3, 3, 14, 2, 1), E(3, 3, 14, 2, 2)),
	ROW(CNTHCTL, 13, RW, E(3, 3, 14, 3, 0), E(3, 3, 14, 3, 1), E(3, 3, 14, 3, 2)),
	ROW(CNTHCTL, 14, RW, E(3, 3, 14, 0, 2), E(3, 3, 14, 0, 6)),

	/* TC, TALL0, TALL1, TDIR */
	ROW(ICH_HCR, 10, RW, SGIS, E(3, 0, 4, 6, 0), E(3, 0, 12, 12, 4), E(3, 0, 12, 11, 1),
		E(3, 0, 12, 11, 3)),
	ROW(ICH_HCR, 11, RW, GROUP(8, E(3, 0, 12, 8, 4)), E(3, 0, 12, 12, 6)),
	ROW(ICH_HCR, 12, RW, GROUP(12, E(3, 0, 12, 9, 0)), E(3, 0, 12, 12, 7)),
	ROW(ICH_HCR, 14, RW, E(3, 0, 12, 11, 1)),

#define BOTH(bit, ...) ROW(HFGRTR, bit, R, __VA_ARGS__), ROW(HFGWTR, bit, W, __VA_ARGS__)
	BOTH(0, E(3, 0, 5, 1, 0)),
	BOTH(1, E(3, 0, 5, 1, 1)),
	ROW(HFGRTR, 2, R, E(3, 1, 0, 0, 7)),
	BOTH(3, E(3, 0, 10, 3, 0)),
	BOTH(4, E(3, 0, 2, 2, 0), E(3, 0, 2, 2, 1)),
	BOTH(5, E(3, 0, 2, 2, 2), E(3, 0, 2, 2, 3)),
	BOTH(6, E(3, 0, 2, 3, 0), E(3, 0, 2, 3, 1)),
	BOTH(7, E(3, 0, 2, 1, 0), E(3, 0, 2, 1, 1)),
	BOTH(8, E(3, 0, 2, 1, 2), E(3, 0, 2, 1, 3)),
	ROW(HFGRTR, 9, R, E(3, 1, 0, 0, 0)),
	ROW(HFGRTR, 10, R, E(3, 1, 0, 0, 1)),
	BOTH(11, E(3, 0, 13, 0, 1)),
	BOTH(12, E(3, 0, 1, 0, 2)),
	BOTH(13, E(3, 2, 0, 0, 0)),
	ROW(HFGRTR, 14, R, E(3, 3, 0, 0, 1)),
	ROW(HFGRTR, 15, R, E(3, 3, 0, 0, 7)),
	BOTH(16, E(3, 0, 5, 2, 0)),
	BOTH(17, E(3, 0, 6, 0, 0)),
	ROW(HFGRTR, 18, R, E(3, 0, 12, 1, 0)),
	BOTH(24, E(3, 0, 10, 2, 0)),
	ROW(HFGRTR, 25, R, E(3, 0, 0, 0, 0)),
	ROW(HFGRTR, 26, R, E(3, 0, 0, 0, 5)),
	BOTH(27, E(3, 0, 7, 4, 0)),
	ROW(HFGRTR, 28, R, E(3, 0, 0, 0, 6)),
	BOTH(29, E(3, 0, 1, 0, 0)),
	BOTH(32, E(3, 0, 2, 0, 2)),
	BOTH(33, E(3, 0, 13, 0, 4)),
	BOTH(34, E(3, 3, 13, 0, 3)),
	BOTH(35, E(3, 3, 13, 0, 2)),
	BOTH(36, E(3, 0, 2, 0, 0)),
	BOTH(37, E(3, 0, 2, 0, 1)),
	BOTH(38, E(3, 0, 12, 0, 0)),
	BOTH(39, E(3, 0, 12, 12, 6), E(3, 0, 12, 12, 7)),
	ROW(HFGRTR, 40, R, E(3, 0, 5, 3, 0)),
	BOTH(41, E(3, 0, 5, 3, 1)),
	ROW(HFGRTR, 42, R, E(3, 0, 5, 4, 0)),
	BOTH(43, E(3, 0, 5, 4, 1)),
	BOTH(44, E(3, 0, 5, 4, 2)),
	BOTH(45, E(3, 0, 5, 5, 0), E(3, 0, 5, 5, 1)),
	BOTH(49, E(3, 0, 5, 4, 3)),

	INSN(0, 0, 7, 1, 0),
	INSN(1, 0, 7, 5, 0),
	INSN(2, 3, 7, 5, 1),
	INSN(3, 0, 7, 6, 1),
	INSN(4, 0, 7, 6, 2),
	INSN(5, 0, 7, 10, 2),
	INSN(6, 0, 7, 14, 2),
	INSN(7, 3, 7, 11, 1),
	INSN(8, 3, 7, 12, 1),
	INSN(9, 3, 7, 13, 1),
	INSN(10, 3, 7, 14, 1),
	INSN(11, 3, 7, 4, 1),
	INSN(12, 0, 7, 8, 0),
	INSN(13, 0, 7, 8, 1),
	INSN(14, 0, 7, 8, 2),
	INSN(15, 0, 7, 8, 3),
	INSN(16, 0, 7, 9, 0),
	INSN(17, 0, 7, 9, 1),
	INSN(54, 3, 7, 10, 1),
	INSN(62, 0, 7, 9, 2),
	/* VMALLE1OS, VAE1OS, ASIDE1OS, VAAE1OS, VALE1OS, VAALE1OS; RVAE1OS, RVAAE1OS, ... */
	TLBI(18, 1, 0),
	TLBI(19, 1, 1),
	TLBI(20, 1, 2),
	TLBI(21, 1, 3),
	TLBI(22, 1, 5),
	TLBI(23, 1, 7),
	TLBI(24, 5, 1),
	TLBI(25, 5, 3),
	TLBI(26, 5, 5),
	TLBI(27, 5, 7),
	TLBI(28, 3, 0),
	TLBI(29, 3, 1),
	TLBI(30, 3, 2),
	TLBI(31, 3, 3),
	TLBI(32, 3, 5),
	TLBI(33, 3, 7),
	TLBI(34, 2, 1),
	TLBI(35, 2, 3),
	TLBI(36, 2, 5),
	TLBI(37, 2, 7),
	TLBI(38, 6, 1),
	TLBI(39, 6, 3),
	TLBI(40, 6, 5),
	TLBI(41, 6, 7),
	TLBI(42, 7, 0),
	TLBI(43, 7, 1),
	TLBI(44, 7, 2),
	TLBI(45, 7, 3),
	TLBI(46, 7, 5),
	TLBI(47, 7, 7),

#define BOTH_DEBUG(bit, ...) ROW(HDFGRTR, bit, R, __VA_ARGS__), ROW(HDFGWTR, bit, W, __VA_ARGS__)
	BOTH_DEBUG(0, ONE_OF_ALL(5)),
	BOTH_DEBUG(1, ONE_OF_ALL(4)),
	BOTH_DEBUG(2, ONE_OF_ALL(7)),
	BOTH_DEBUG(3, ONE_OF_ALL(6)),
	BOTH_DEBUG(4, E(2, 0, 0, 2, 2)),
	BOTH_DEBUG(5, E(2, 0, 7, 8, 6), E(2, 0, 7, 9, 6)),
	ROW(HDFGRTR, 6, R, E(2, 0, 7, 14, 6)),
	BOTH_DEBUG(7, E(2, 0, 1, 4, 4)),
	ROW(HDFGWTR, 8, W, E(2, 0, 1, 0, 4)),
	ROW(HDFGRTR, 9, R, E(2, 0, 1, 1, 4)),
	BOTH_DEBUG(10, E(2, 0, 0, 6, 2)),
	BOTH_DEBUG(11, E(2, 0, 1, 3, 4)),
};

static const unsigned place[NR_WHERE] = {
	[HFGRTR] = 0x1b8,
	[HFGWTR] = 0x1c0,
	[HFGITR] = 0x1c8,
	[HDFGRTR] = 0x1d0,
	[HDFGWTR] = 0x1d8,
	[HCR] = 0x078,
	[HCR_CLEAR] = 0x078,
	[ICH_HCR] = 0x4c0,
};

/* What traps nothing. */
static void quiet(bool vhe)
{
	memset(page, 0, sizeof(page));
	memset(&nested, 0, sizeof(nested));
	nested.page = page;
	nested.vcpu = &vcpu;
	nested.vhe = vhe;
	page[0x078 / 8] = BIT(40) | BIT(41);
	nested.values[VEL2_CNTHCTL] = vhe ? 0xc00 : 3;
	nested.values[VEL2_CPTR] = vhe ? 0x300000 : 0x33ff;
}

static void set(enum where where, unsigned bit)
{
	switch (where) {
	case HCR_CLEAR:
		page[place[where] / 8] &= ~BIT(bit);
		break;
	case MDCR:
		nested.values[VEL2_MDCR] |= BIT(bit);
		break;
	case CPTR:
		nested.values[VEL2_CPTR] |= BIT(bit);
		break;
	case CNTHCTL:
		nested.values[VEL2_CNTHCTL] |= BIT(bit);
		break;
	case CNTHCTL_CLEAR:
		nested.values[VEL2_CNTHCTL] &= ~BIT(bit + (nested.vhe ? 10 : 0));
		break;
	default:
		page[place[where] / 8] |= BIT(bit);
		break;
	}
}

static uint8_t expected[ENCODINGS];

/* TID3, TIDCP: whole spaces. */
static void expect_spaces(enum where where, unsigned bit)
{
	for (unsigned e = 0; e < ENCODINGS; e++) {
		unsigned op0 = SYSREG_OP0(e), crn = SYSREG_CRN(e);

		if (where == HCR && bit == 18 && op0 == 3 && SYSREG_OP1(e) == 0 && crn == 0 &&
			SYSREG_CRM(e) >= 1 && SYSREG_CRM(e) <= 7)
			expected[e] |= R;
		if (where == HCR && bit == 20 && (op0 == 1 || op0 == 3) && (crn == 11 || crn == 15))
			expected[e] |= RW;
	}
}

static void expect(enum where where, unsigned bit)
{
	memset(expected, 0, sizeof(expected));
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].where != where || rows[i].bit != bit)
			continue;
		for (const unsigned *e = rows[i].encodings; *e != 0; e++)
			expected[*e] |= (uint8_t)rows[i].way;
	}
	expect_spaces(where, bit);
}

static uint64_t esr_of(unsigned e, bool read)
{
	uint64_t iss = FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(e)) |
		FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(e)) | FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(e)) |
		FIELD_PREP(ISS_SYS_CRM, SYSREG_CRM(e)) | FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(e));

	return ESR_MAKE(EC_SYSREG, iss | (read ? ISS_SYS_READ : 0));
}

static void check_all(enum where where, unsigned bit)
{
	for (unsigned e = 0; e < ENCODINGS; e++) {
		unsigned got = (forward_sysreg(&nested, esr_of(e, true)) ? R : 0) |
			(forward_sysreg(&nested, esr_of(e, false)) ? W : 0);

		if (got != expected[e])
			fail_msg("register %u bit %u: S%u_%u_C%u_C%u_%u is trapped %u, not %u",
				where, bit, SYSREG_OP0(e), SYSREG_OP1(e), SYSREG_CRN(e),
				SYSREG_CRM(e), SYSREG_OP2(e), got, expected[e]);
	}
}

/* --- the tests --- */

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ .fgt = true, .hcrx = true, .pauth = true };
	memset(&vcpu, 0, sizeof(vcpu));
	sysreg_index_init();
	quiet(true);
	return 0;
}

/* Every bit of every register: NV, NV1 and NV2 among them, which do nothing. */
static void check_register(enum where where, bool vhe)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		if (where == HCR_CLEAR && bit != 40)
			continue;
		/* In VHE form the first bits are for EL0 under TGE, 10 and 11 are those cleared. */
		if (where == CNTHCTL_CLEAR && bit > 1)
			continue;
		quiet(vhe);
		set(where, bit);
		expect(where, bit);
		check_all(where, bit);
	}
}

static void test_registers(void **state)
{
	(void)state;
	for (enum where where = 0; where < NR_WHERE; where++)
		check_register(where, true);
}

static void test_registers_of_non_vhe(void **state)
{
	(void)state;
	for (enum where where = CPTR; where <= CNTHCTL_CLEAR; where++)
		check_register(where, false);
}

static void test_quiet(void **state)
{
	(void)state;
	memset(expected, 0, sizeof(expected));
	for (unsigned vhe = 0; vhe < 2; vhe++) {
		quiet(vhe == 1);
		check_all(NR_WHERE, 0);
	}
}

/* Without FEAT_FGT its registers are memory, and no more. */
static void test_no_fine_traps(void **state)
{
	(void)state;
	cpu_features.fgt = false;
	memset(expected, 0, sizeof(expected));
	for (enum where where = HFGRTR; where <= HDFGWTR; where++)
		page[place[where] / 8] = UINT64_MAX;
	check_all(NR_WHERE, 0);
	assert_false(forward_class(&nested, ESR_MAKE(EC_ERET, 0)));
	assert_false(forward_class(&nested, ESR_MAKE(EC_SVC64, 0)));
}

static void test_nxs(void **state)
{
	uint64_t plain = esr_of(E(1, 0, 8, 7, 0), false), nxs = esr_of(E(1, 0, 9, 7, 0), false);

	(void)state;
	set(HFGITR, 42);
	page[0x0a0 / 8] = BIT(4); /* FGTnXS */
	assert_true(forward_sysreg(&nested, plain));
	assert_false(forward_sysreg(&nested, nxs));
	cpu_features.hcrx = false;
	assert_true(forward_sysreg(&nested, nxs));
	cpu_features.hcrx = true;
	set(HCR, 25);
	assert_true(forward_sysreg(&nested, nxs));
}

/* --- other classes --- */

static bool is_forwarded(unsigned ec, uint64_t iss)
{
	return forward_class(&nested, ESR_MAKE(ec, iss));
}

/* With what is in `nested`, all classes that are L1's: one bit each. The ISS is 0. */
static uint64_t classes(void)
{
	uint64_t mask = 0;

	for (unsigned ec = 0; ec < NR_EXIT_CLASSES; ec++)
		mask |= is_forwarded(ec, 0) ? BIT(ec) : 0;
	return mask;
}

#define HVCS  (BIT(0x16) | BIT(0x12))
#define SMCS  (BIT(0x17) | BIT(0x13))
#define DEBUG (BIT(0x30) | BIT(0x32) | BIT(0x34) | BIT(0x38) | BIT(0x3a) | BIT(0x3c))

static void test_classes(void **state)
{
	static const struct {
		enum where where;
		unsigned bit;
		uint64_t more;
	} table[] = {
		{ HCR, 13, BIT(0x01) },                          /* TWI */
		{ HCR, 14, 0 },                                  /* TWE: not WFI */
		{ HCR, 19, SMCS }, { HCR_CLEAR, 41, BIT(0x09) }, /* API */
		{ HFGITR, 51, BIT(0x1a) },                       /* ERET */
		{ HFGITR, 52, BIT(0x15) | BIT(0x11) },           /* SVC at EL0 */
		{ HFGITR, 53, 0 },
		/* TDE: and of coprocessor 14, the channel (LDC, STC) and DBGDIDR */
		{ MDCR, 8, DEBUG | BIT(0x06) | BIT(0x05) }, { MDCR, 9, BIT(0x06) | BIT(0x05) },
		{ MDCR, 27, BIT(0x06) }, { HCR, 42, 0 }, { HCR, 43, 0 },
		{ HCR, 45, 0 }, /* NV, NV1, NV2 */
	};

	(void)state;
	for (unsigned vhe = 0; vhe < 2; vhe++) {
		quiet(vhe == 1);
		assert_int_equal(classes(), HVCS);
		for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
			quiet(vhe == 1);
			set(table[i].where, table[i].bit);
			assert_int_equal(classes(), HVCS | table[i].more);
		}
		quiet(vhe == 1);
		set(HCR, 29); /* HCD */
		assert_int_equal(classes(), 0);
	}
}

static void test_wfx(void **state)
{
	(void)state;
	for (unsigned ti = 0; ti < 4; ti++) {
		quiet(true);
		assert_false(is_forwarded(EC_WFX, ti));
		set(HCR, 13);
		assert_int_equal(is_forwarded(EC_WFX, ti), ti == 0 || ti == 2);
		quiet(true);
		set(HCR, 14);
		assert_int_equal(is_forwarded(EC_WFX, ti), ti == 1 || ti == 3);
	}
}

static void test_fp(void **state)
{
	(void)state;
	quiet(false);
	set(CPTR, 10);
	assert_true(is_forwarded(EC_FP, 0));
	for (unsigned fpen = 0; fpen < 4; fpen++) {
		quiet(true);
		nested.values[VEL2_CPTR] = (uint64_t)fpen << 20 | BIT(10);
		assert_int_equal(is_forwarded(EC_FP, 0), fpen == 0 || fpen == 2);
	}
	/* vectors that aren't shown: UNDEFINED, whatever CPTR_EL2 says */
	nested.values[VEL2_CPTR] = 0;
	assert_false(is_forwarded(EC_SVE, 0));
	assert_false(is_forwarded(EC_SME, 0));
}

static void test_svc(void **state)
{
	(void)state;
	set(HFGITR, 52);
	vcpu.regs.pstate = PSTATE_EL1H;
	assert_false(is_forwarded(EC_SVC64, 0));
	vcpu.regs.pstate = PSTATE_EL0T;
	assert_true(is_forwarded(EC_SVC64, 0));
	quiet(true);
	set(HFGITR, 53);
	assert_false(is_forwarded(EC_SVC64, 0));
	vcpu.regs.pstate = PSTATE_EL1H;
	assert_true(is_forwarded(EC_SVC64, 0));
	vcpu.regs.pstate = PSTATE_NRW;
	assert_false(is_forwarded(EC_SVC32, 0));
}

static void test_features_that_are_not_there(void **state)
{
	(void)state;
	page[0x0a0 / 8] = BIT(10); /* MCE2 */
	assert_true(is_forwarded(EC_MOPS, 0));
	cpu_features.hcrx = false;
	assert_false(is_forwarded(EC_MOPS, 0));
	page[0x078 / 8] = 0;
	assert_true(is_forwarded(EC_PAUTH, 0));
	cpu_features.pauth = false;
	assert_false(is_forwarded(EC_PAUTH, 0));
}

/* --- AArch32 at EL0 --- */

#define MRC(crn, crm, opc2)                                            \
	(FIELD_PREP(ISS_SYS_CRN, crn) | FIELD_PREP(ISS_SYS_CRM, crm) | \
		FIELD_PREP(ISS_SYS_OP2, opc2) | ISS_SYS_READ)
#define MCR(crn, crm, opc2) (MRC(crn, crm, opc2) & ~ISS_SYS_READ)
#define MRRC(opc1, crm) \
	(FIELD_PREP(GENMASK(19, 16), opc1) | FIELD_PREP(ISS_SYS_CRM, crm) | ISS_SYS_READ)

static void test_aarch32(void **state)
{
	static const struct {
		enum where where;
		unsigned bit, ec;
		uint64_t iss;
	} table[] = {
		{ HFGRTR, 35, EC_CP15_MCR, MRC(13, 0, 2) },
		{ HFGWTR, 35, EC_CP15_MCR, MCR(13, 0, 2) },
		{ HFGRTR, 34, EC_CP15_MCR, MRC(13, 0, 3) },
		{ CNTHCTL_CLEAR, 1, EC_CP15_MCR, MRC(14, 2, 0) },
		{ CNTHCTL_CLEAR, 1, EC_CP15_MCR, MCR(14, 2, 1) },
		{ CNTHCTL, 13, EC_CP15_MCR, MRC(14, 3, 0) },
		{ CNTHCTL, 13, EC_CP15_MCR, MCR(14, 3, 1) },
		{ CNTHCTL_CLEAR, 0, EC_CP15_MCRR, MRRC(0, 14) },
		{ CNTHCTL, 14, EC_CP15_MCRR, MRRC(1, 14) },
		{ CNTHCTL_CLEAR, 1, EC_CP15_MCRR, MRRC(2, 14) },
		{ CNTHCTL, 13, EC_CP15_MCRR, MRRC(3, 14) },
		{ CNTHCTL_CLEAR, 0, EC_CP15_MCRR, MRRC(8, 14) },
		{ CNTHCTL, 14, EC_CP15_MCRR, MRRC(9, 14) },
		{ MDCR, 9, EC_CP14_MCR, MRC(0, 0, 0) },
		{ MDCR, 9, EC_CP14_MCR, MRC(0, 1, 0) },
		{ MDCR, 27, EC_CP14_MCR, MRC(0, 1, 0) },
		{ MDCR, 27, EC_CP14_MCR, MCR(0, 5, 0) },
		{ MDCR, 11, EC_CP14_MCR, MRC(1, 0, 0) },
		{ MDCR, 11, EC_CP14_MCR, MRC(2, 0, 0) },
		{ MDCR, 11, EC_CP14_MRRC, MRRC(0, 1) },
		{ MDCR, 11, EC_CP14_MRRC, MRRC(0, 2) },
		{ MDCR, 9, EC_CP14_LDC, 0 },
		{ HCR, 20, EC_CP15_MCR, MCR(9, 0, 0) },
		{ HCR, 20, EC_CP15_MCR, MCR(9, 8, 3) },
		{ HCR, 20, EC_CP15_MCR, MCR(10, 4, 0) },
		{ HCR, 20, EC_CP15_MCR, MCR(11, 15, 0) },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		quiet(true);
		assert_false(is_forwarded(table[i].ec, table[i].iss));
		set(table[i].where, table[i].bit);
		assert_true(is_forwarded(table[i].ec, table[i].iss));
	}
	/* next to them */
	quiet(true);
	set(HCR, 20);
	assert_false(is_forwarded(EC_CP15_MCR, MCR(9, 3, 0)));
	assert_false(is_forwarded(EC_CP15_MCR, MCR(8, 0, 0)));
	/* AArch64 alone has these traps of OSECCR_EL1, whose gate DBGDIDR has */
	quiet(true);
	set(HDFGRTR, 10);
	assert_false(is_forwarded(EC_CP14_MCR, MRC(0, 0, 0)));
	assert_false(is_forwarded(EC_CP14_MRRC, MRRC(0, 3)));
	assert_false(is_forwarded(EC_CP15_MCRR, MRRC(4, 14)));
}

/* HSTR_EL2: by CRn, or by CRm of the pairs; CP15 alone. */
static void test_hstr(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		quiet(true);
		page[0x080 / 8] = BIT(bit);
		for (unsigned n = 0; n < 16; n++) {
			bool is = n == bit && n != 4 && n != 14;

			assert_int_equal(is_forwarded(EC_CP15_MCR, MRC(n, 15, 7)), is);
			assert_int_equal(is_forwarded(EC_CP15_MCRR, MRRC(15, n)), is);
			assert_false(is_forwarded(EC_CP14_MCR, MRC(n, 15, 7)));
			assert_false(is_forwarded(EC_CP14_MRRC, MRRC(15, n)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_registers_of_non_vhe, setup),
		cmocka_unit_test_setup(test_quiet, setup),
		cmocka_unit_test_setup(test_no_fine_traps, setup),
		cmocka_unit_test_setup(test_nxs, setup),
		cmocka_unit_test_setup(test_classes, setup),
		cmocka_unit_test_setup(test_wfx, setup),
		cmocka_unit_test_setup(test_fp, setup),
		cmocka_unit_test_setup(test_svc, setup),
		cmocka_unit_test_setup(test_features_that_are_not_there, setup),
		cmocka_unit_test_setup(test_aarch32, setup),
		cmocka_unit_test_setup(test_hstr, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
