/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Services for a guest hypervisor: whose its calls are, and what a power-down leaves.
 *
 * links: hyp/nested/services.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/nested/services.h"
#include "hyp/nested/timer.h"
#include "hyp/smccc/call_table.h"
#include "tests/unit/fake/cpu.h"

#define ESR ESR_MAKE(EC_SMC64, 0)

static struct vm vm;
static struct vcpu vcpus[2];
static struct nested nested;
static uint64_t page[512];

/* --- what is below --- */

static char calls[64];
static enum status table_status;

enum status call_tables_reflect_hvc(struct vm *of)
{
	assert_ptr_equal(of, &vm);
	strcat(calls, "table ");
	return table_status;
}

enum exit_result smccc_smc(struct vcpu *vcpu, uint64_t esr)
{
	assert_ptr_equal(vcpu, &vcpus[0]);
	assert_int_equal(esr, ESR);
	strcat(calls, "smc ");
	return EXIT_SKIP;
}

enum exit_result smccc_not_supported(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	assert_int_equal(conduit, SMCCC_SMC);
	strcat(calls, "refused ");
	return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
}

/* As it does it. */
void nested_reset_registers(struct nested *of)
{
	memset(of->page, 0, sizeof(page));
	of->values[VEL2_CNTHCTL] = 0xc00;
	strcat(calls, "registers ");
}

void nested_timer_set_controls(struct nested *of)
{
	assert_int_equal(of->values[VEL2_CNTHCTL], 0xc00);
	strcat(calls, "controls ");
}

uint64_t nested_go_to_hyp(struct vcpu *vcpu)
{
	return vcpu->regs.pstate;
}

uint64_t nested_new_pstate(const struct vcpu *vcpu, uint64_t interrupted)
{
	(void)vcpu;
	return interrupted;
}

void nested_return(struct vcpu *vcpu, uint64_t spsr, uint64_t elr)
{
	(void)vcpu, (void)spsr, (void)elr;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vm, 0, sizeof(vm));
	memset(vcpus, 0, sizeof(vcpus));
	vm.nr_vcpus = 2;
	for (unsigned i = 0; i < 2; i++) {
		vm.vcpus[i] = &vcpus[i];
		vcpus[i].vm = &vm;
		memset(vcpus[i].workarounds.keys, 0x11, sizeof(vcpus[i].workarounds.keys));
		vcpus[i].workarounds.count = 3;
	}
	nested = (struct nested){ .page = page, .vcpu = &vcpus[0], .vhe = true };
	vcpus[0].part[PART_NESTED] = &nested;
	calls[0] = '\0';
	table_status = OK;
	return 0;
}

static void test_create(void **state)
{
	static const struct workarounds none = { .count = 3 };

	(void)state;
	table_status = ERR_NO_MEMORY;
	assert_int_equal(nested_services_create(&vm), ERR_NO_MEMORY);
	assert_int_not_equal(vcpus[0].workarounds.keys[0], 0);
	table_status = OK;
	assert_int_equal(nested_services_create(&vm), OK);
	for (unsigned i = 0; i < 2; i++)
		assert_memory_equal(&vcpus[i].workarounds, &none, sizeof(none));
	assert_string_equal(calls, "table table ");
}

static void test_power_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = 0x1000 + i;
	nested_power_down(&vcpus[0]);
	assert_string_equal(calls, "registers controls ");
	assert_int_equal(VNCR_REG(&nested, HCR_EL2), 0);
	assert_int_equal(VNCR_REG(&nested, CNTVOFF_EL2), 0x1000 + 0x60 / 8);
	assert_int_equal(VNCR_REG(&nested, CNTV_CVAL_EL0), 0x1000 + 0x168 / 8);
	assert_int_equal(VNCR_REG(&nested, CNTV_CTL_EL0), 0x1000 + 0x170 / 8);
	assert_int_equal(VNCR_REG(&nested, CNTP_CVAL_EL0), 0x1000 + 0x178 / 8);
	assert_int_equal(VNCR_REG(&nested, CNTP_CTL_EL0), 0x1000 + 0x180 / 8);
	/* Of a vCPU without a virtual EL2: nothing. */
	calls[0] = '\0';
	nested_power_down(&vcpus[1]);
	assert_string_equal(calls, "");
}

/* SDEI's client is vEL2; all else is answered. */
static void test_inner_smc(void **state)
{
	static const struct {
		uint64_t function;
		bool refused;
	} cases[] = {
		{ 0x84000000, false },
		{ 0x8400001f, false },
		{ 0xc4000020, true },
		{ 0x84000020, true },
		{ 0xffffffffc4010032, true },
		{ 0xc400003f, true },
		{ 0xc4000040, false },
		{ 0x04000020, false },
		{ 0x80000000, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		calls[0] = '\0';
		vcpus[0].regs.x[0] = cases[i].function;
		assert_int_equal(nested_inner_smc(&vcpus[0], ESR), EXIT_SKIP);
		assert_string_equal(calls, cases[i].refused ? "refused " : "smc ");
	}
	assert_ptr_equal(nested_el2_ops.enter, nested_go_to_hyp);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_create, setup),
		cmocka_unit_test_setup(test_power_down, setup),
		cmocka_unit_test_setup(test_inner_smc, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
