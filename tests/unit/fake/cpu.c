/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/fake/cpu.h"

#include <string.h>

#include "hyp/arch/cache.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/tlb.h"
#include "hyp/arch/uaccess.h"

uint64_t fake_sysregs[FAKE_SYSREGS];
static unsigned reads[FAKE_SYSREGS], writes[FAKE_SYSREGS];
uint64_t (*fake_sysreg_read_hook)(unsigned encoding, uint64_t value);
uint64_t (*fake_sysreg_write_hook)(unsigned encoding, uint64_t value);
uint64_t (*fake_mmio_read_hook)(const volatile void *address, unsigned width);
void (*fake_mmio_write_hook)(volatile void *address, unsigned width, uint64_t value);
void (*fake_smc_hook)(struct smc_regs *regs);
const void *fake_bad_memory;
size_t fake_bad_size;
struct fake_op fake_ops[FAKE_OPS_MAX];
unsigned fake_op_count;

__weak struct cpu cpus[MAX_CPUS];
__weak unsigned nr_cpus = 1;
__weak struct cpu *fake_this_cpu = &cpus[0];

void fake_cpu_reset(void)
{
	memset(fake_sysregs, 0, sizeof(fake_sysregs));
	memset(reads, 0, sizeof(reads));
	memset(writes, 0, sizeof(writes));
	fake_sysreg_read_hook = NULL;
	fake_sysreg_write_hook = NULL;
	fake_mmio_read_hook = NULL;
	fake_mmio_write_hook = NULL;
	fake_smc_hook = NULL;
	fake_bad_memory = NULL;
	fake_bad_size = 0;
	fake_op_count = 0;
	memset(cpus, 0, sizeof(cpus));
	for (unsigned n = 0; n < MAX_CPUS; n++) {
		cpus[n].index = n;
		cpus[n].mpidr = n;
	}
	nr_cpus = 1;
	fake_this_cpu = &cpus[0];
}

void fake_cpu_switch(unsigned n)
{
	fake_this_cpu = &cpus[n];
}

__weak uint64_t fake_sysreg_read(unsigned encoding)
{
	uint64_t value = fake_sysregs[encoding];

	reads[encoding]++;
	return fake_sysreg_read_hook ? fake_sysreg_read_hook(encoding, value) : value;
}

__weak void fake_sysreg_write(unsigned encoding, uint64_t value)
{
	writes[encoding]++;
	fake_sysregs[encoding] =
		fake_sysreg_write_hook ? fake_sysreg_write_hook(encoding, value) : value;
}

unsigned fake_sysreg_reads(unsigned encoding)
{
	return reads[encoding];
}

unsigned fake_sysreg_writes(unsigned encoding)
{
	return writes[encoding];
}

__weak uint64_t fake_mmio_read(const volatile void *address, unsigned width)
{
	if (fake_mmio_read_hook)
		return fake_mmio_read_hook(address, width);
	switch (width) {
	case 1:
		return *(const volatile uint8_t *)address;
	case 2:
		return *(const volatile uint16_t *)address;
	case 4:
		return *(const volatile uint32_t *)address;
	default:
		return *(const volatile uint64_t *)address;
	}
}

__weak void fake_mmio_write(volatile void *address, unsigned width, uint64_t value)
{
	if (fake_mmio_write_hook) {
		fake_mmio_write_hook(address, width, value);
		return;
	}
	switch (width) {
	case 1:
		*(volatile uint8_t *)address = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)address = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)address = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)address = value;
	}
}

__weak void smc_call(struct smc_regs *regs)
{
	if (fake_smc_hook)
		fake_smc_hook(regs);
	else
		regs->x[0] = ~UINT64_C(0);
}

static void note(enum fake_op_kind kind, uint64_t address, uint64_t extra)
{
	if (fake_op_count < FAKE_OPS_MAX)
		fake_ops[fake_op_count] = (struct fake_op){ kind, address, extra };
	fake_op_count++;
}

unsigned fake_ops_of(enum fake_op_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fake_op_count && i < FAKE_OPS_MAX; i++)
		count += fake_ops[i].kind == kind;
	return count;
}

__weak void cache_clean(const void *start, size_t size)
{
	note(FAKE_CACHE_CLEAN, (uintptr_t)start, size);
}

__weak void cache_clean_invalidate(const void *start, size_t size)
{
	note(FAKE_CACHE_CLEAN_INVALIDATE, (uintptr_t)start, size);
}

__weak void cache_sync_code(const void *start, size_t size)
{
	note(FAKE_CACHE_SYNC_CODE, (uintptr_t)start, size);
}

__weak void cache_zero(void *start, size_t size)
{
	memset(start, 0, size);
}

__weak void tlb_flush_vmid(uint64_t vttbr)
{
	note(FAKE_TLB_VMID, 0, vttbr);
}

__weak void tlb_flush_ipa(uint64_t vttbr, ipa_t ipa)
{
	note(FAKE_TLB_IPA, ipa.ipa, vttbr);
}

__weak void tlb_flush_all_guests(void)
{
	note(FAKE_TLB_ALL_GUESTS, 0, 0);
}

__weak void tlb_flush_el2_va(uint64_t va)
{
	note(FAKE_TLB_EL2_VA, va, 0);
}

__weak void tlb_flush_el2_all(void)
{
	note(FAKE_TLB_EL2_ALL, 0, 0);
}

static bool is_bad(const void *start, size_t size)
{
	const char *a = start, *b = fake_bad_memory;

	return b && a < b + fake_bad_size && b < a + size;
}

__weak size_t copy_fault_safe(void *destination, const void *source, size_t n)
{
	if (is_bad(destination, n) || is_bad(source, n))
		return n;
	memcpy(destination, source, n);
	return 0;
}

__weak void fpsimd_save(struct fpsimd_state *state)
{
	(void)state;
}

__weak void fpsimd_restore(const struct fpsimd_state *state)
{
	(void)state;
}

__weak enum exit_kind vcpu_enter_pauth(struct guest_regs *regs)
{
	(void)regs;
	return EXIT_IRQ;
}

__weak enum exit_kind vcpu_enter_plain(struct guest_regs *regs)
{
	(void)regs;
	return EXIT_IRQ;
}
