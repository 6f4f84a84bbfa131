/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One event counter of the CPU's performance monitors (Arm ARM D13), for Lintel's own measurements:
 * instructions executed at EL0, EL1 and EL2 (event 0x08, INST_RETIRED). Guests don't see the
 * monitors.
 */
#ifndef DRIVERS_PMU_PMU_H
#define DRIVERS_PMU_PMU_H

#include "hyp/base/types.h"

/* Starts from 0, on this CPU. False: no monitors, or none of their counters. */
bool pmu_count_start(void);

/* Instructions on this CPU since then; false when the 32-bit counter ran over, or was not started
 * here. */
bool pmu_count_read(uint64_t *instructions);

#endif
