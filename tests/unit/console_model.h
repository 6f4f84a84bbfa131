/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the console share: a serial port with as much room as the test gives it, time
 * that passes when the test says so, and VMs whose UARTs and ends are recorded.
 */
#ifndef TESTS_UNIT_CONSOLE_MODEL_H
#define TESTS_UNIT_CONSOLE_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/log.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/options.h"

#define MODEL_VMS    3
#define ROOM_FOR_ALL UINT32_MAX

/* The escape character and a key. */
#define ESC          "\x1e"

/* What the port has sent since forget(), as a text. */
extern char output[262144];
extern unsigned output_count;
void forget(void);

extern struct uart port;
extern unsigned port_room;   /* characters it takes; ROOM_FOR_ALL */
extern const char *typed;    /* not read yet */
extern bool rx_on, tx_on;    /* its interrupts */
extern bool port_interrupts; /* it has one: before model_start() */
extern unsigned waited;      /* characters that were written by waiting for room */

/* The port's interrupt, if it is on and has a reason. */
void model_interrupt(void);

/* Runs the earliest timer, the clock then showing its deadline. False: none is armed. */
bool let_time_pass(void);
uint64_t time_of_timer(void);
uint64_t fake_time(void);
void fake_advance(uint64_t ticks);

extern struct vm machines[MODEL_VMS];
extern struct vcpu vcpus[2];            /* of each of them */
extern char received[MODEL_VMS][16384]; /* by their UARTs */
extern size_t accepts;                  /* characters the UARTs take before they are full */
extern unsigned transmit_ready[MODEL_VMS], breaks[MODEL_VMS];
extern bool has_memory; /* for the rings */

extern unsigned trace_dumps;
extern uint64_t free_pages; /* page_get_stats()'s */

/* What was done with VMs: "stop vm1, ". */
extern char actions[256];
extern enum status action_status;
/* The state a VM is in after an action; as it was: -1. */
extern int state_after;

/* Jobs are done at once; false: when the test calls do_jobs(). */
extern bool jobs_at_once;
/* One step of the job. False: there is none (any more). */
bool do_job(void);

void model_start(unsigned count);
int start_one(void **state);
int start_three(void **state);

/* Called once, while a UART is given characters: what another CPU does then. */
extern void (*meanwhile)(void);

/* A VM writes, character by character; its UART waits where it should (false: it had to). */
bool vm_says(unsigned index, const char *text);
bool vm_is_full(unsigned index);
void vm_reads(unsigned index);

/* Somebody types. */
void type(const char *text);

#define assert_shown(text)                                                          \
	do {                                                                        \
		if (!strstr(output, text))                                          \
			fail_msg("\"%s\" is not in the output:\n%s", text, output); \
	} while (0)
#define assert_not_shown(text)                                                  \
	do {                                                                    \
		if (strstr(output, text))                                       \
			fail_msg("\"%s\" is in the output:\n%s", text, output); \
	} while (0)

#endif
