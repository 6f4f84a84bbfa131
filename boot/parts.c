/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of a VM: the one place that lists them all (hyp/vm/part.h).
 */
#include "boot/parts.h"
#include "hyp/nested/nested.h"
#include "hyp/smccc/call_table.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/smccc/monitor.h"
#include "hyp/smccc/sdei.h"
#include "hyp/smccc/psci.h"
#include "hyp/smccc/stolen_time.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/debug.h"
#include "hyp/vdev/doorbell.h"
#include "hyp/vdev/rom.h"
#include "hyp/vdev/shmem.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vrtc.h"
#include "hyp/vdev/vscratch.h"
#include "hyp/vdev/vtimer.h"
#include "hyp/vdev/vuart.h"
#include "hyp/vdev/vwatchdog.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/fpsimd_part.h"

static struct vm_part parts[NR_PARTS];

void parts_init(void)
{
	parts[PART_VGIC] = vgic_part;
	parts[PART_VTIMER] = vtimer_part;
	parts[PART_VUART] = vuart_part;
	parts[PART_VRTC] = vrtc_part;
	parts[PART_VWATCHDOG] = vwatchdog_part;
	parts[PART_SHMEM] = shmem_part;
	parts[PART_FPSIMD] = fpsimd_part;
	parts[PART_DEBUG] = debug_part;
	parts[PART_CMO] = cmo_part;
	parts[PART_VSCRATCH] = vscratch_part;
	parts[PART_SMCCC] = smccc_part;
	parts[PART_WORKAROUNDS] = workaround_part;
	parts[PART_MONITOR] = monitor_part;
	parts[PART_SDEI] = sdei_part;
	parts[PART_PSCI] = psci_part;
	parts[PART_STOLEN_TIME] = stolen_time_part;
	parts[PART_AARCH32] = aarch32_part;
	parts[PART_NESTED] = nested_part;
	parts[PART_DOORBELL] = doorbell_part;
	parts[PART_ROM] = rom_part;
	vm_parts = parts;
}
