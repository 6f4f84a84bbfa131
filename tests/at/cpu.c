/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/at/cpu.h"

#include "hyp/arch/sysreg_fields.h"

/* EL1 is AArch64. */
#define HCR_ALWAYS       BIT(31)

#define SYS_EXIT         0x18
#define SYS_GET_CMDLINE  0x15
#define APPLICATION_EXIT 0x20026

/* For start.S. */
uint32_t at_expected;
uint64_t at_syndrome;

static uint64_t semihosting(uint64_t operation, void *block)
{
	register uint64_t x0 __asm__("x0") = operation;
	register void *x1 __asm__("x1") = block;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return x0;
}

void cpu_exit(unsigned status)
{
	uint64_t block[2] = { APPLICATION_EXIT, status };

	for (;;)
		semihosting(SYS_EXIT, block);
}

bool cpu_arguments(char *text, size_t size)
{
	uint64_t block[2] = { (uintptr_t)text, size };

	return semihosting(SYS_GET_CMDLINE, block) == 0;
}

void cpu_describe(struct at_cpu *cpu)
{
	static const unsigned sizes[] = { 32, 36, 40, 42, 44, 48, 52 };
	uint64_t mmfr0 = read_sysreg(ID_AA64MMFR0_EL1);

	*cpu = (struct at_cpu){
		.pa_bits = sizes[FIELD_GET(GENMASK(3, 0), mmfr0)],
		.granules = regime_granules(mmfr0),
		.granules_s2 = regime_granules_s2(mmfr0),
		.fwb = FIELD_GET(ID_AA64MMFR2_EL1_FWB, read_sysreg(ID_AA64MMFR2_EL1)) != 0,
		.features = regime_features(
			mmfr0, read_sysreg(ID_AA64MMFR1_EL1), read_sysreg(ID_AA64MMFR2_EL1)),
	};
}

static void load(const struct at_case *made)
{
	write_sysreg(made->hcr | HCR_ALWAYS, HCR_EL2);
	write_sysreg(made->el1.ttbr0, TTBR0_EL1);
	write_sysreg(made->el1.ttbr1, TTBR1_EL1);
	write_sysreg(made->el1.tcr, TCR_EL1);
	write_sysreg(made->el1.mair, MAIR_EL1);
	write_sysreg(made->el1.sctlr, SCTLR_EL1);
	write_sysreg(made->el2.ttbr0, TTBR0_EL2);
	write_sysreg(made->el2.ttbr1, TTBR1_EL2);
	write_sysreg(made->el2.tcr, TCR_EL2);
	write_sysreg(made->el2.mair, MAIR_EL2);
	write_sysreg(made->el2.sctlr, SCTLR_EL2);
	write_sysreg(made->vttbr, VTTBR_EL2);
	write_sysreg(made->vtcr, VTCR_EL2);
	if (made->pan)
		__asm__ volatile(".arch_extension pan\n\tmsr pan, #1");
	else
		__asm__ volatile(".arch_extension pan\n\tmsr pan, #0");
	__asm__ volatile("dsb sy\n\tisb\n\ttlbi alle1\n\ttlbi alle2\n\tdsb sy\n\tisb" ::: "memory");
}

#define AT(name, encoding)                                                           \
	case SYS_AT_##name:                                                          \
		__asm__ volatile("sys " encoding ", %0" ::"r"(made->va) : "memory"); \
		break

static void translate(const struct at_case *made)
{
	switch (made->encoding) {
		AT(S1E1R, "#0, c7, c8, #0");
		AT(S1E1W, "#0, c7, c8, #1");
		AT(S1E0R, "#0, c7, c8, #2");
		AT(S1E0W, "#0, c7, c8, #3");
		AT(S1E1RP, "#0, c7, c9, #0");
		AT(S1E1WP, "#0, c7, c9, #1");
		AT(S1E2R, "#4, c7, c8, #0");
		AT(S1E2W, "#4, c7, c8, #1");
		AT(S12E1R, "#4, c7, c8, #4");
		AT(S12E1W, "#4, c7, c8, #5");
		AT(S12E0R, "#4, c7, c8, #6");
		AT(S12E0W, "#4, c7, c8, #7");
	default:
		break;
	}
}

uint64_t cpu_at(const struct at_case *made, uint64_t *esr)
{
	load(made);
	at_syndrome = 0;
	__atomic_store_n(&at_expected, 1, __ATOMIC_SEQ_CST);
	translate(made);
	__asm__ volatile("isb" ::: "memory");
	__atomic_store_n(&at_expected, 0, __ATOMIC_SEQ_CST);
	*esr = __atomic_load_n(&at_syndrome, __ATOMIC_SEQ_CST);
	return read_sysreg(PAR_EL1);
}
