/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM with SDEI on the model of the vGIC (vgic_model.h): calls by any of its vCPUs, and what the
 * run loop does before it enters a guest.
 */
#ifndef TESTS_UNIT_SDEI_MODEL_H
#define TESTS_UNIT_SDEI_MODEL_H

#include "hyp/smccc/sdei.h"
#include "tests/unit/vgic_model.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE MIB(64)
#define HANDLER  (RAM_BASE + 0x1000)
#define VBAR     (RAM_BASE + 0x8000)
#define ARGUMENT UINT64_C(0x1122334455667788)
#define RM_PE    1
#define RELATIVE 2
#define NEW_PSTATE \
	UINT64_C(0x80000000) /* what inject_new_pstate() gives is its argument and this */

/* Its vCPUs run, each on the CPU with its number. */
void sdei_model_create(unsigned nr_vcpus);
void sdei_model_destroy(void);

/* A call, by HVC, of that vCPU; its x0-x5. What the handler returned is in sdei_model_result. */
int64_t sdei_model_call(unsigned cpu, smccc_service handler, uint64_t x1, uint64_t x2, uint64_t x3,
	uint64_t x4, uint64_t x5);
extern enum exit_result sdei_model_result;
#define CALL1(cpu, name, x1)         sdei_model_call(cpu, sdei_##name, x1, 0, 0, 0, 0)
#define CALL2(cpu, name, x1, x2)     sdei_model_call(cpu, sdei_##name, x1, x2, 0, 0, 0)
#define CALL3(cpu, name, x1, x2, x3) sdei_model_call(cpu, sdei_##name, x1, x2, x3, 0, 0)
#define CALL0(cpu, name)             CALL1(cpu, name, 0)

/* EVENT_REGISTER with HANDLER + 16 * (number & 0xff) and ARGUMENT. */
int64_t sdei_model_register(unsigned cpu, uint64_t number, uint64_t flags, uint64_t affinity);

/* Registered for any vCPU, and enabled. */
void sdei_model_enable(unsigned cpu, uint64_t number);

/* All vCPUs do what is asked of them, then would enter their guests. */
void sdei_model_run(void);

/* Registers of all kinds in a vCPU, that tell where they are from. */
void sdei_model_fill(unsigned cpu, uint64_t seed);

/* Is the vCPU at the beginning of the handler of that event? And at what sdei_model_fill() left? */
bool sdei_model_in(unsigned cpu, uint64_t number);
bool sdei_model_is_back(unsigned cpu, uint64_t seed);

/* EVENT_COMPLETE, as it is when a handler ran. */
void sdei_model_complete(unsigned cpu);

#endif
