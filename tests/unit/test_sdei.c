/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls of SDEI: each answer and each error in its order, and that a call that fails changes
 * nothing.
 *
 * links: hyp/smccc/sdei.c hyp/smccc/sdei_state.c hyp/smccc/sdei_bind.c hyp/smccc/sdei_deliver.c
 * tests/unit/sdei_model.c tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c
 * hyp/vdev/vgic_lr.c hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c
 * hyp/vdev/vgic_reg.c hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c
 * hyp/vdev/vgic_bound.c hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake/cpu.h"
#include "tests/unit/sdei_model.h"

#define SPI    100
#define PPI    20
#define UNUSED UINT64_C(0x40123456)

#define OK_    SDEI_SUCCESS
#define BAD    SDEI_INVALID_PARAMETERS
#define NO     SDEI_DENIED

static int begin(void **state)
{
	(void)state;
	sdei_model_create(2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sdei_model_destroy();
	return 0;
}

/* What a failed call must not have changed. */
static size_t size(void)
{
	return sizeof(struct sdei_vm) + 2 * sizeof(struct sdei_cpu);
}

static void expect(int64_t expected, int64_t answer)
{
	assert_int_equal(answer, expected);
	assert_int_equal(sdei_model_result, EXIT_RESUME);
}

/* `call` fails with `error` and leaves everything as it was. */
#define FAILS(error, call)                                             \
	do {                                                           \
		void *copy_ = malloc(size());                          \
                                                                       \
		memcpy(copy_, sdei_of(model_vm), size());              \
		expect(error, call);                                   \
		assert_memory_equal(copy_, sdei_of(model_vm), size()); \
		free(copy_);                                           \
	} while (0)

static int64_t reg(uint64_t event, uint64_t entry, uint64_t flags, uint64_t affinity)
{
	return sdei_model_call(0, sdei_event_register, event, entry, ARGUMENT, flags, affinity);
}

static uint64_t bind(unsigned intid)
{
	int64_t event = CALL1(0, interrupt_bind, intid);

	assert_true(event > 0);
	return (uint64_t)event;
}

static void test_constants(void **state)
{
	(void)state;
	expect(0x0001000100000000, CALL0(0, version));
	expect(SDEI_PRIVATE_SLOTS | SDEI_SHARED_SLOTS << 16, CALL1(0, features, 0));
	expect(1, CALL1(0, features, 1));
	expect(BAD, CALL1(0, features, 2));
	expect(BAD, CALL1(0, features, UINT64_C(1) << 32));
}

/* By SMC the dispatcher moves past the call. */
static void test_conduit(void **state)
{
	(void)state;
	assert_int_equal(sdei_version(model_vcpu(0), SMCCC_SMC, 0), EXIT_SKIP);
	assert_int_equal(sdei_pe_mask(model_vcpu(0), SMCCC_SMC, 0), EXIT_SKIP);
	assert_int_equal(sdei_event_complete(model_vcpu(0), SMCCC_SMC, 0), EXIT_SKIP);
}

static void test_register(void **state)
{
	uint64_t spi = bind(SPI);

	(void)state;
	FAILS(BAD, reg(UNUSED, HANDLER, 0, 0));
	FAILS(BAD, reg(UINT64_C(1) << 32, HANDLER, 0, 0));
	FAILS(BAD, reg(0, HANDLER, 4, 0));
	FAILS(BAD, reg(0, HANDLER, UINT64_C(1) << 63, 0));
	FAILS(BAD, reg(0, 0, 0, 0));
	FAILS(BAD, reg(0, HANDLER + 2, 0, 0));
	FAILS(BAD, reg(0, RAM_BASE - 4, 0, 0));
	FAILS(BAD, reg(0, RAM_BASE + RAM_SIZE, 0, 0));
	FAILS(BAD, reg(0, UINT64_C(1) << 40, 0, 0));
	FAILS(BAD, reg(0, 2, RELATIVE, 0));
	FAILS(BAD, reg(0, RAM_SIZE, RELATIVE, 0));
	FAILS(BAD, reg(spi, HANDLER, RM_PE, 2));
	FAILS(BAD, reg(spi, HANDLER, RM_PE, UINT64_C(1) << 32));
	FAILS(BAD, reg(spi, HANDLER, RM_PE, 1 << 30));
	/* A private one is this vCPU's, whatever the flags say. */
	expect(OK_, reg(0, HANDLER, RM_PE, 77));
	FAILS(NO, reg(0, HANDLER, 0, 0));
	expect(1, CALL1(0, event_status, 0));
	expect(0, CALL1(1, event_status, 0));
	/* A foreign affinity comes before the state. */
	expect(OK_, reg(spi, HANDLER, RM_PE, BIT(31) | 1));
	FAILS(BAD, reg(spi, HANDLER, RM_PE, 2));
	FAILS(NO, reg(spi, HANDLER, RM_PE, 1));
	expect(1, CALL2(0, event_get_info, spi, 3));
	expect(1, CALL2(0, event_get_info, spi, 4));
	expect(1, CALL1(1, event_status, spi));
}

/* An interrupt that the guest is dealing with can't become an event. */
static void test_register_active(void **state)
{
	uint64_t spi = bind(SPI);

	(void)state;
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	assert_int_equal(guest_ack(0, true), SPI);
	expect(NO, reg(spi, HANDLER, 0, 0));
	expect(0, CALL1(0, event_status, spi));
	vgic_set_spi(model_vm, SPI, false);
	guest_eoi(0, SPI, true);
	model_run_all();
	expect(OK_, reg(spi, HANDLER, 0, 0));
}

/* Another CPU has it, and says first whether it deals with it: the call is repeated. */
static void test_register_elsewhere(void **state)
{
	uint64_t spi = bind(SPI);

	(void)state;
	guest_write(0, GICD(0x6000 + 8 * SPI), 8, 1);
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	for (unsigned active = 2; active-- > 0;) {
		if (active)
			assert_int_equal(guest_ack(1, true), SPI);
		else
			guest_eoi(1, SPI, true);
		reg(spi, HANDLER, 0, 0);
		assert_int_equal(sdei_model_result, EXIT_REPEAT);
		assert_int_equal(CALL1(0, event_status, spi), 0);
		model_run_all();
		expect(active ? NO : OK_, reg(spi, HANDLER, 0, 0));
	}
}

static void test_by_number(void **state)
{
	(void)state;
	FAILS(BAD, CALL1(0, event_enable, UNUSED));
	FAILS(BAD, CALL1(0, event_disable, UNUSED));
	FAILS(BAD, CALL1(0, event_unregister, UNUSED));
	FAILS(BAD, CALL1(0, event_status, UNUSED));
	FAILS(BAD, CALL1(0, interrupt_release, UNUSED));
	FAILS(NO, CALL1(0, event_enable, 0));
	FAILS(NO, CALL1(0, event_disable, 0));
	FAILS(NO, CALL1(0, event_unregister, 0));
	expect(OK_, sdei_model_register(0, 0, 0, 0));
	expect(OK_, CALL1(0, event_enable, 0));
	expect(OK_, CALL1(0, event_enable, 0));
	expect(3, CALL1(0, event_status, 0));
	expect(OK_, CALL1(0, event_disable, 0));
	expect(1, CALL1(0, event_status, 0));
	expect(OK_, CALL1(0, event_unregister, 0));
	expect(0, CALL1(0, event_status, 0));
}

static void test_info(void **state)
{
	uint64_t spi = bind(SPI), ppi = bind(PPI);

	(void)state;
	FAILS(BAD, CALL2(0, event_get_info, UNUSED, 0));
	FAILS(BAD, CALL2(0, event_get_info, 0, 5));
	expect(0, CALL2(0, event_get_info, 0, 0));
	expect(1, CALL2(0, event_get_info, 0, 1));
	expect(0, CALL2(0, event_get_info, 0, 2));
	FAILS(BAD, CALL2(0, event_get_info, 0, 3));
	FAILS(BAD, CALL2(0, event_get_info, ppi, 4));
	expect(0, CALL2(0, event_get_info, ppi, 0));
	expect(1, CALL2(0, event_get_info, spi, 0));
	expect(0, CALL2(0, event_get_info, spi, 1));
	FAILS(NO, CALL2(0, event_get_info, spi, 3));
	FAILS(NO, CALL2(0, event_get_info, spi, 4));
	expect(OK_, sdei_model_register(0, spi, 0, 0));
	expect(0, CALL2(0, event_get_info, spi, 3));
	FAILS(BAD, CALL2(0, event_get_info, spi, 4));
}

static void test_routing(void **state)
{
	uint64_t spi = bind(SPI);

	(void)state;
	FAILS(BAD, CALL3(0, event_routing_set, UNUSED, 0, 0));
	FAILS(BAD, CALL3(0, event_routing_set, 0, 0, 0));
	FAILS(BAD, CALL3(0, event_routing_set, spi, 2, 0));
	FAILS(BAD, CALL3(0, event_routing_set, spi, RM_PE, 2));
	FAILS(NO, CALL3(0, event_routing_set, spi, RM_PE, 1));
	expect(OK_, sdei_model_register(0, spi, 0, 0));
	expect(OK_, CALL3(0, event_routing_set, spi, RM_PE, 1));
	expect(1, CALL2(0, event_get_info, spi, 4));
	expect(OK_, CALL3(0, event_routing_set, spi, 0, 77));
	expect(0, CALL2(0, event_get_info, spi, 3));
	expect(OK_, CALL1(0, event_enable, spi));
	FAILS(NO, CALL3(0, event_routing_set, spi, RM_PE, 1));
	expect(0, CALL2(0, event_get_info, spi, 3));
}

static void test_bind(void **state)
{
	uint64_t event;

	(void)state;
	FAILS(BAD, CALL1(0, interrupt_bind, 0));
	FAILS(BAD, CALL1(0, interrupt_bind, 15));
	FAILS(BAD, CALL1(0, interrupt_bind, VTIMER_PPI_VIRTUAL));
	FAILS(BAD, CALL1(0, interrupt_bind, VTIMER_PPI_PHYSICAL));
	FAILS(BAD, CALL1(0, interrupt_bind, VGIC_NR_INTIDS));
	FAILS(BAD, CALL1(0, interrupt_bind, 1023));
	FAILS(BAD, CALL1(0, interrupt_bind, UINT64_C(1) << 32 | SPI));
	event = bind(SPI);
	assert_int_equal(bind(SPI), event);
	assert_int_not_equal(bind(PPI), event);
	for (unsigned i = 1; i < SDEI_SHARED_SLOTS; i++)
		bind(SPI + i);
	FAILS(SDEI_OUT_OF_RESOURCE, CALL1(0, interrupt_bind, SPI - 1));
	/* Bound is not registered: it is an interrupt as ever. */
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	assert_int_equal(guest_signalled(0, NULL), SPI);
	vgic_set_spi(model_vm, SPI, false);
	model_run_all();
	expect(OK_, sdei_model_register(0, event, 0, 0));
	FAILS(NO, CALL1(0, interrupt_release, event));
	expect(OK_, CALL1(0, event_unregister, event));
	expect(OK_, CALL1(1, interrupt_release, event));
	FAILS(BAD, CALL1(0, interrupt_release, event));
	FAILS(BAD, CALL1(0, interrupt_release, 0));
	FAILS(BAD, CALL1(0, event_status, event));
}

/* A private one is used as long as it is registered anywhere. */
static void test_release_private(void **state)
{
	uint64_t ppi = bind(PPI);

	(void)state;
	expect(OK_, sdei_model_register(1, ppi, 0, 0));
	expect(0, CALL1(0, event_status, ppi));
	FAILS(NO, CALL1(0, interrupt_release, ppi));
	expect(OK_, CALL1(1, event_unregister, ppi));
	expect(OK_, CALL1(0, interrupt_release, ppi));
}

static void test_masks(void **state)
{
	(void)state;
	expect(0, CALL0(0, pe_mask));
	expect(0, CALL0(0, pe_unmask));
	expect(0, CALL0(0, pe_unmask));
	expect(1, CALL0(0, pe_mask));
	expect(0, CALL0(0, pe_mask));
	expect(0, CALL0(1, pe_mask));
}

static void test_signal(void **state)
{
	uint64_t spi = bind(SPI);

	(void)state;
	FAILS(BAD, CALL2(0, event_signal, 1, 0));
	FAILS(BAD, CALL2(0, event_signal, spi, 0));
	FAILS(BAD, CALL2(0, event_signal, 0, 2));
	FAILS(BAD, CALL2(0, event_signal, 0, 0x100));
	FAILS(BAD, CALL2(0, event_signal, 0, BIT(30)));
	FAILS(BAD, CALL2(0, event_signal, UINT64_C(1) << 32, 0));
	expect(OK_, CALL2(0, event_signal, 0, BIT(31) | 1));
	assert_true(sdei_of(model_vm)->cpus[1].signalled);
	assert_false(sdei_of(model_vm)->cpus[0].signalled);
}

/* Without a handler that runs. */
static void test_no_handler(void **state)
{
	(void)state;
	FAILS(BAD, CALL1(0, event_context, 18));
	FAILS(NO, CALL1(0, event_context, 17));
	FAILS(NO, CALL1(0, event_complete, 0));
	FAILS(NO, CALL1(0, event_complete_and_resume, HANDLER));
	FAILS(NO, CALL1(0, event_complete_and_resume, 1));
}

static void test_resets(void **state)
{
	uint64_t spi = bind(SPI), ppi = bind(PPI);

	(void)state;
	sdei_model_enable(0, 0);
	sdei_model_enable(0, ppi);
	sdei_model_enable(1, ppi);
	sdei_model_enable(0, spi);
	CALL2(0, event_signal, 0, 0);
	FAILS(NO, CALL0(0, shared_reset));
	expect(OK_, CALL0(0, private_reset));
	expect(0, CALL1(0, event_status, 0));
	expect(0, CALL1(0, event_status, ppi));
	assert_false(sdei_of(model_vm)->cpus[0].signalled);
	expect(3, CALL1(1, event_status, ppi));
	expect(3, CALL1(1, event_status, spi));
	FAILS(NO, CALL0(0, shared_reset));
	expect(OK_, CALL0(1, private_reset));
	expect(OK_, CALL0(1, shared_reset));
	expect(BAD, CALL1(0, event_status, spi));
	expect(BAD, CALL1(0, event_status, ppi));
	assert_false(vgic_any_bound(model_vm));
	expect(OK_, CALL0(1, shared_reset));
}

/* ---- what the bundle says ---- */

static enum status add(const char *vm, uint32_t number, unsigned intid, bool critical)
{
	struct sdei_event_config config = {
		.number = number, .intid = intid, .critical = critical
	};

	strcpy(config.vm, vm);
	return sdei_event_add(&config);
}

static void test_configured(void **state)
{
	(void)state;
	assert_int_equal(add("a", 0x80000001, 40, false), ERR_INVALID);
	assert_int_equal(add("a", 0x00000001, 40, false), ERR_INVALID);
	assert_int_equal(add("a", 0xc0000001, 40, false), ERR_INVALID);
	assert_int_equal(add("a", 0x40000001, 15, false), ERR_INVALID);
	assert_int_equal(add("a", 0x40000001, VTIMER_PPI_VIRTUAL, false), ERR_INVALID);
	assert_int_equal(add("a", 0x40000001, VTIMER_PPI_PHYSICAL, false), ERR_INVALID);
	assert_int_equal(add("a", 0x40000001, VGIC_NR_INTIDS, false), ERR_INVALID);
	assert_int_equal(add("a", SDEI_BOUND_NUMBER, 40, false), ERR_EXISTS);
	assert_int_equal(add("a", 0x40000001, 40, true), OK);
	assert_int_equal(add("a", 0x40000001, 41, false), ERR_EXISTS);
	assert_int_equal(add("a", 0x40000002, 40, false), ERR_EXISTS);
	assert_int_equal(add("b", 0x40000001, 40, false), OK);
	for (unsigned i = 1; i < SDEI_EVENTS_MAX; i++)
		assert_int_equal(add("b", 0x40000001 + i, 40 + i, false), OK);
	assert_int_equal(add("b", 0x40001000, 200, false), ERR_NO_MEMORY);
	assert_int_equal(add("model", 0x7fffffff, PPI, false), OK);
	assert_int_equal(add("model", 0x40000005, SPI, true), OK);
	sdei_part.destroy(model_vm);
	assert_int_equal(sdei_part.create(model_vm), OK);
	expect(BAD, CALL1(0, event_status, 0x40000001));
	expect(0, CALL1(0, event_status, 0x7fffffff));
	expect(0, CALL2(0, event_get_info, 0x7fffffff, 0));
	expect(1, CALL2(0, event_get_info, 0x40000005, 0));
	expect(1, CALL2(0, event_get_info, 0x40000005, 2));
	FAILS(BAD, CALL1(0, interrupt_bind, SPI));
	FAILS(BAD, CALL1(0, interrupt_bind, PPI));
	FAILS(BAD, CALL1(0, interrupt_release, 0x40000005));
	expect(OK_, CALL0(0, shared_reset));
	expect(0, CALL1(0, event_status, 0x40000005));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_constants, begin, end),
		cmocka_unit_test_setup_teardown(test_conduit, begin, end),
		cmocka_unit_test_setup_teardown(test_register, begin, end),
		cmocka_unit_test_setup_teardown(test_register_active, begin, end),
		cmocka_unit_test_setup_teardown(test_register_elsewhere, begin, end),
		cmocka_unit_test_setup_teardown(test_by_number, begin, end),
		cmocka_unit_test_setup_teardown(test_info, begin, end),
		cmocka_unit_test_setup_teardown(test_routing, begin, end),
		cmocka_unit_test_setup_teardown(test_bind, begin, end),
		cmocka_unit_test_setup_teardown(test_release_private, begin, end),
		cmocka_unit_test_setup_teardown(test_masks, begin, end),
		cmocka_unit_test_setup_teardown(test_signal, begin, end),
		cmocka_unit_test_setup_teardown(test_no_handler, begin, end),
		cmocka_unit_test_setup_teardown(test_resets, begin, end),
		cmocka_unit_test_setup_teardown(test_configured, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
