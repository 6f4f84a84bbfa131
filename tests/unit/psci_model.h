/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of PSCI share: a VM of four vCPUs, of which the first makes the calls, on made-up
 * rooms below.
 */
#ifndef TESTS_UNIT_PSCI_MODEL_H
#define TESTS_UNIT_PSCI_MODEL_H

#include "hyp/smccc/psci.h"
#include "hyp/smccc/psci_state.h"
#include "tests/unit/fake/cpu.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE MIB(64)
#define ENTRY    (RAM_BASE + 0x80000)
#define VCPUS    4
#define SMC64    UINT32_C(0x40000000)
#define FN(n)    (PSCI_BASE + (n))
#define FN64(n)  (PSCI_BASE + (n) + SMC64)
#define JUNK     (UINT64_C(0xabcdabcd) << 32)
#define HZ       UINT64_C(1000000000) /* a tick is a nanosecond */

/* Numbers of the functions */
enum {
	VERSION,
	CPU_SUSPEND,
	CPU_OFF,
	CPU_ON,
	AFFINITY_INFO,
	MIGRATE,
	MIGRATE_INFO_TYPE,
	MIGRATE_INFO_UP_CPU,
	SYSTEM_OFF,
	SYSTEM_RESET,
	FEATURES,
	CPU_FREEZE,
	DEFAULT_SUSPEND,
	NODE_HW_STATE,
	SYSTEM_SUSPEND,
	SET_SUSPEND_MODE,
	STAT_RESIDENCY,
	STAT_COUNT,
	SYSTEM_RESET2,
	MEM_PROTECT,
	CHECK_RANGE,
	SYSTEM_OFF2,
};

extern struct vm model_vm;
extern struct vcpu model_vcpus[VCPUS];
#define me (&model_vcpus[0])

/* What was done below. */
extern struct vcpu *powered_on;
extern uint64_t powered_pc, powered_x0;
extern unsigned power_offs, resets, register_resets, blocks_tried;
/* What is done below: vcpu_power_on()'s answer, an interrupt is pending, sched_block() blocks. */
extern enum status power_on_status;
extern bool pending, blocks;
/* Called in vcpu_power_on(), and in vgic_has_pending(): what others do at that moment. */
extern void (*power_on_hook)(void);
extern void (*pending_hook)(void);
extern int model_allocated;
extern bool model_no_memory;

/* cmocka's setup and teardown of each test: one vCPU runs, the others are OFF. */
int model_setup(void **state);
int model_teardown(void **state);

void model_set_time(uint64_t ns);

/* A call with junk in x4-x30, by one conduit. */
enum exit_result call_by(
	enum conduit conduit, uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3);

/* By both conduits, one after the other: the second's answer; nothing but x0 has changed. */
int64_t call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3);

/* The same in both widths (by all four ways), narrow ones with junk in the upper halves. */
#define BOTH_WIDTHS(expected, n, a1, a2, a3)                                                    \
	do {                                                                                    \
		assert_int_equal(call(FN64(n), a1, a2, a3), expected);                          \
		assert_int_equal(call(FN(n), JUNK | (a1), JUNK | (a2), JUNK | (a3)), expected); \
	} while (0)

#endif
