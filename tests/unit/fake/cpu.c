/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/fake/cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/arch/at.h"
#include "hyp/arch/cache.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/mmio.h"
#include "hyp/arch/tlb.h"
#include "hyp/arch/uaccess.h"
#include "hyp/base/log.h"
#include "hyp/base/panic.h"

#define ENCODINGS 65536

/* Tests that define these themselves, or link boot/secondary.c, have them from there. */
__weak struct cpu cpus[MAX_CPUS];
__weak unsigned nr_cpus = 1;
_Thread_local struct cpu *fake_this_cpu = &cpus[0];

static struct trace_entry rings[MAX_CPUS][TRACE_ENTRIES] __aligned(
	TRACE_ENTRIES * sizeof(struct trace_entry));

static uint64_t *registers[MAX_CPUS]; /* ENCODINGS each, made when first used */
static unsigned reads[ENCODINGS], writes[ENCODINGS];
unsigned fake_sysreg_accesses;
uint64_t (*fake_sysreg_read_hook)(unsigned encoding, uint64_t value);
uint64_t (*fake_sysreg_write_hook)(unsigned encoding, uint64_t value);

uint64_t (*fake_at_hook)(uint64_t va);
uint64_t (*fake_at_kind_hook)(unsigned kind, uint64_t va);

uint64_t (*fake_mmio_read_hook)(const volatile void *address, unsigned width);
void (*fake_mmio_write_hook)(volatile void *address, unsigned width, uint64_t value);

void (*fake_smc_hook)(struct smc_regs *regs);
struct smc_regs fake_smc_last;
unsigned fake_smc_calls;

struct fake_op fake_ops[FAKE_OPS_MAX];
unsigned fake_op_count;

const void *fake_bad_memory;
size_t fake_bad_size;
bool (*fake_copy_faults)(const void *destination, const void *source, size_t n);
struct fpsimd_state fake_fpsimd;
enum exit_kind (*fake_enter_hook)(struct guest_regs *regs);

char fake_log[8192];
unsigned fake_log_messages;
jmp_buf fake_panic_jump;
bool fake_panic_expected;
unsigned fake_panicked;

static void reset_records(void)
{
	memset(reads, 0, sizeof(reads));
	memset(writes, 0, sizeof(writes));
	fake_sysreg_accesses = 0;
	fake_smc_calls = 0;
	fake_op_count = 0;
	fake_log[0] = '\0';
	fake_log_messages = 0;
	fake_panicked = 0;
	fake_panic_expected = false;
}

void fake_cpu_reset(void)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		free(registers[i]);
		registers[i] = NULL;
	}
	fake_sysreg_read_hook = fake_sysreg_write_hook = NULL;
	fake_at_hook = NULL;
	fake_at_kind_hook = NULL;
	fake_mmio_read_hook = NULL;
	fake_mmio_write_hook = NULL;
	fake_smc_hook = NULL;
	fake_copy_faults = NULL;
	fake_bad_memory = NULL;
	fake_bad_size = 0;
	fake_enter_hook = NULL;
	memset(&fake_fpsimd, 0, sizeof(fake_fpsimd));
	reset_records();
	fake_cpu_count(1);
}

void fake_cpu_count(unsigned n)
{
	memset(cpus, 0, MAX_CPUS * sizeof(cpus[0]));
	memset(rings, 0, n * sizeof(rings[0]));
	for (unsigned i = 0; i < n; i++) {
		cpus[i].index = i;
		cpus[i].mpidr = i;
		cpus[i].online = true;
		cpus[i].trace.next = rings[i];
		cpus[i].enter = vcpu_enter_plain;
	}
	nr_cpus = n;
	fake_this_cpu = &cpus[0];
}

void fake_cpu_switch(unsigned index)
{
	fake_this_cpu = &cpus[index];
}

/* Also used before a test has set anything up, with whatever CPU it made itself. */
static uint64_t *sysreg(unsigned encoding)
{
	unsigned cpu = fake_this_cpu ? fake_this_cpu->index : 0;

	if (!registers[cpu])
		registers[cpu] = calloc(ENCODINGS, sizeof(uint64_t));
	return &registers[cpu][encoding];
}

/* Not a leak: forgotten by the reset of the next test, or here. */
__attribute__((destructor)) static void free_registers(void)
{
	for (unsigned i = 0; i < MAX_CPUS; i++)
		free(registers[i]);
}

uint64_t *fake_sysreg_at(unsigned encoding)
{
	return sysreg(encoding);
}

uint64_t fake_sysreg_get(unsigned encoding)
{
	return *sysreg(encoding);
}

void fake_sysreg_set(unsigned encoding, uint64_t value)
{
	*sysreg(encoding) = value;
}

unsigned fake_sysreg_writes(unsigned encoding)
{
	return writes[encoding];
}

unsigned fake_sysreg_reads(unsigned encoding)
{
	return reads[encoding];
}

__weak void fake_wfi(void)
{
}

__weak uint64_t fake_sysreg_read(unsigned encoding)
{
	uint64_t value = *sysreg(encoding);

	reads[encoding]++;
	fake_sysreg_accesses++;
	return fake_sysreg_read_hook ? fake_sysreg_read_hook(encoding, value) : value;
}

__weak void fake_sysreg_write(unsigned encoding, uint64_t value)
{
	writes[encoding]++;
	fake_sysreg_accesses++;
	if (fake_sysreg_write_hook)
		value = fake_sysreg_write_hook(encoding, value);
	*sysreg(encoding) = value;
}

uint64_t fake_at_s1e1r(uint64_t va)
{
	return fake_at_hook ? fake_at_hook(va) : PAR_F;
}

uint64_t fake_at_s1e2r(uint64_t va)
{
	return fake_at_s1e1r(va);
}

uint64_t fake_at_s1(enum at_kind kind, uint64_t va)
{
	return fake_at_kind_hook ? fake_at_kind_hook(kind, va) : fake_at_s1e1r(va);
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
	fake_smc_last = *regs;
	fake_smc_calls++;
	if (fake_smc_hook)
		fake_smc_hook(regs);
	else
		regs->x[0] = ~UINT64_C(0);
}

static void record(enum fake_op_kind kind, uint64_t address, uint64_t extra)
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

__weak void tlb_flush_local_stage1(void)
{
}

__weak void tlb_flush_local_vmid(uint64_t vttbr)
{
	record(FAKE_TLB_LOCAL_VMID, 0, vttbr);
}

__weak void tlb_flush_vmid(uint64_t vttbr)
{
	record(FAKE_TLB_VMID, 0, vttbr);
}

__weak void tlb_flush_ipa(uint64_t vttbr, ipa_t ipa)
{
	record(FAKE_TLB_IPA, ipa.ipa, vttbr);
}

__weak void tlb_guest(uint64_t vttbr, enum tlb_guest_op op, uint64_t operand)
{
	record(FAKE_TLB_GUEST, operand, vttbr | op);
}

__weak void tlb_flush_all_guests(void)
{
	record(FAKE_TLB_ALL_GUESTS, 0, 0);
}

__weak void tlb_flush_el2_va(uint64_t va)
{
	record(FAKE_TLB_EL2_VA, va, 0);
}

__weak void tlb_flush_el2_all(void)
{
	record(FAKE_TLB_EL2_ALL, 0, 0);
}

__weak void cache_clean(const void *start, size_t size)
{
	record(FAKE_CACHE_CLEAN, (uintptr_t)start, size);
}

__weak void cache_clean_invalidate(const void *start, size_t size)
{
	record(FAKE_CACHE_CLEAN_INVALIDATE, (uintptr_t)start, size);
}

__weak void cache_sync_code(const void *start, size_t size)
{
	record(FAKE_CACHE_SYNC_CODE, (uintptr_t)start, size);
}

__weak void cache_maintain(enum cmo_op op, const void *address)
{
	record(FAKE_CACHE_MAINTAIN, (uintptr_t)address, op);
}

__weak void cache_invalidate_code(void)
{
	record(FAKE_CACHE_CODE, 0, 0);
}

__weak void cache_zero(void *start, size_t size)
{
	memset(start, 0, size);
}

static bool is_bad(const void *start, size_t size)
{
	const char *a = start, *b = fake_bad_memory;

	return b && a < b + fake_bad_size && b < a + size;
}

__weak size_t copy_fault_safe(void *destination, const void *source, size_t n)
{
	if (is_bad(destination, n) || is_bad(source, n) ||
		(fake_copy_faults && fake_copy_faults(destination, source, n)))
		return n;
	memcpy(destination, source, n);
	return 0;
}

__weak bool load_fault_safe(uint64_t guard, uint64_t address, uint64_t *value)
{
	const void *source = (const void *)(uintptr_t)address;

	(void)guard;
	if (is_bad(source, sizeof(*value)) ||
		(fake_copy_faults && fake_copy_faults(value, source, sizeof(*value))))
		return false;
	*value = __atomic_load_n((const uint64_t *)source, __ATOMIC_ACQUIRE);
	return true;
}

__weak void fpsimd_save(struct fpsimd_state *state)
{
	*state = fake_fpsimd;
}

__weak void fpsimd_restore(const struct fpsimd_state *state)
{
	fake_fpsimd = *state;
}

__weak void fpsimd_read(unsigned n, uint64_t value[2])
{
	value[0] = fake_fpsimd.v[n][0];
	value[1] = fake_fpsimd.v[n][1];
}

__weak void fpsimd_write(unsigned n, const uint64_t value[2])
{
	fake_fpsimd.v[n][0] = value[0];
	fake_fpsimd.v[n][1] = value[1];
}

__weak struct guest_exit vcpu_enter_plain(struct guest_regs *regs)
{
	enum exit_kind kind = fake_enter_hook ? fake_enter_hook(regs) : EXIT_IRQ;

	return (struct guest_exit){ kind, *sysreg(SYS_ESR_EL2) };
}

__weak struct guest_exit vcpu_enter_pauth(struct guest_regs *regs)
{
	return vcpu_enter_plain(regs);
}

static void append_log(const char *fmt, va_list args)
{
	size_t used = strlen(fake_log);
	int length = vsnprintf(fake_log + used, sizeof(fake_log) - used - 1, fmt, args);

	used = MIN(used + (size_t)MAX(length, 0), sizeof(fake_log) - 2);
	fake_log[used] = '\n';
	fake_log[used + 1] = '\0';
	fake_log_messages++;
}

__weak void log_at(enum log_level level, const char *fmt, ...)
{
	va_list args;

	(void)level;
	va_start(args, fmt);
	append_log(fmt, args);
	va_end(args);
}

__weak bool log_limit_ok(struct log_limit *limit, uint64_t now_ms)
{
	(void)limit;
	(void)now_ms;
	return true;
}

__weak void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	append_log(fmt, args);
	va_end(args);
	fake_panicked++;
	if (!fake_panic_expected) {
		fprintf(stderr, "unexpected panic:\n%s", fake_log);
		abort();
	}
	fake_panic_expected = false;
	longjmp(fake_panic_jump, 1);
}
