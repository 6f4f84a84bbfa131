/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/at/cpu.h"

#include "hyp/arch/sysreg_fields.h"
#include "hyp/nested/par.h"

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

/* --- accesses --- */

#define SCTLR_EL1_OFF  UINT64_C(0x30d00800)
#define SCTLR_EL2_OFF  UINT64_C(0x30c50830)
#define ESR_EC         GENMASK(31, 26)
#define EC_INSTRUCTION 0x20
#define EC_DATA        0x24
#define ESR_FSC        0x3f

extern char at_el1_code[], at_el1_read[], at_el1_write[], at_el2_vectors[];
void at_enter_el1(uint64_t pc, uint64_t x1);

uint64_t cpu_access_code(void)
{
	return (uintptr_t)at_el1_code;
}

static uint64_t read_spsr_el3(void)
{
	uint64_t spsr;

	__asm__ volatile("mrs %0, spsr_el3" : "=r"(spsr));
	return spsr;
}

uint64_t cpu_access(const struct at_case *made, uint64_t code_ipa, uint64_t ipa, bool write)
{
	static struct at_case flat;
	uint64_t offset = (uintptr_t)(write ? at_el1_write : at_el1_read) - cpu_access_code();
	uint64_t esr, fsc;

	flat = *made;
	flat.hcr &= HCR_EL2_VM | HCR_EL2_FWB;
	flat.el1 = (struct at_registers){ .sctlr = SCTLR_EL1_OFF };
	flat.el2 = (struct at_registers){ .sctlr = SCTLR_EL2_OFF | (made->el2.sctlr & SCTLR_EE) };
	write_sysreg((uintptr_t)at_el2_vectors, VBAR_EL2);
	write_sysreg(code_ipa, VBAR_EL1);
	load(&flat);
	at_enter_el1(code_ipa + offset, ipa);
	if ((read_spsr_el3() & PSTATE_MODE_MASK) == PSTATE_EL1H)
		return 0;
	esr = read_sysreg(ESR_EL2);
	fsc = esr & ESR_FSC;
	/* With registers that make no sense there is no code either. */
	return FIELD_GET(ESR_EC, esr) == EC_DATA || FIELD_GET(ESR_EC, esr) == EC_INSTRUCTION
		? par_fault((unsigned)fsc, true, false)
		: esr;
}
