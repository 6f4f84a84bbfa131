/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the gic payload, and polling for interrupts with PSTATE.I set.
 */
#ifndef GUEST_GIC_PARTS_H
#define GUEST_GIC_PARTS_H

#include "gic.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define BOUND_MS 2000
/* How long an interrupt that must not come is waited for. */
#define QUIET_US 2000
/* The first SPI of those that no device uses. */
#define FREE_SPI 64

/* Acknowledges the next group 1 interrupt; INTID_NONE when none comes in time. */
u32 take_one(void);
/* True when no group 1 interrupt is signalled for a while. */
bool quiet(void);
/* All interrupts off, idle, default priority and route; CPU interface of CPU 0 as at its start. */
void gic_fresh(void);

/* Every register, every legal width. */
void test_distributor_registers(void);
void test_redistributor_registers(void);
void test_cpu_interface_registers(void);
/* Enable, pending, active, edge and level. */
void test_states(void);
/* Priority order, masking, preemption, more interrupts than list registers. */
void test_priorities(void);
void test_preemption(void);
void test_end_of_interrupt(void);
/* Group 0 and 1, by group enables and as FIQ. */
void test_groups(void);
/* Between CPUs: SPI routes, SGIs. */
void test_routes(void);
void test_sgis(void);
/* Sent = taken, in numbers. */
void test_storm(void);

#endif
