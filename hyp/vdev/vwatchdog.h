/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's watchdog: the generic watchdog of Arm's BSA (DEN0094) and SBSA (DEN0029), revision 1,
 * which stock Linux drives as "arm,sbsa-gwdt".
 *
 * Two frames. Control: WCS (enable, WS0, WS1), WOR (the period, 48 bits), WCV (the compare value).
 * Refresh: WRR. Once enabled it counts a period; when nobody has refreshed it by then, it signals
 * WS0, an interrupt, and counts another; at the end of that it signals WS1, and the VM is restarted
 * (vm_watchdog_expired()). A write to WRR, WCS or WOR is a refresh: it takes both signals back and
 * begins a period; a write to WCV is none.
 *
 * It counts the VM's virtual time (CNTVCT_EL0), which WCV is compared with, and stands still while
 * the VM is paused. Nothing ticks: one soft timer for each VM, and only while it is enabled.
 *
 * Every VM has the part; its frames are there only where the manifest says `watchdog`.
 */
#ifndef HYP_VDEV_VWATCHDOG_H
#define HYP_VDEV_VWATCHDOG_H

#include "hyp/vm/vm.h"

#define VWATCHDOG_CONTROL_IPA UINT64_C(0x09100000)
#define VWATCHDOG_REFRESH_IPA UINT64_C(0x09110000)
#define VWATCHDOG_FRAME_SIZE  KIB(4)
#define VWATCHDOG_INTID       42 /* SPI 10, level: WS0 */

/* The part's row: PART_VWATCHDOG of boot/parts.c. Its create() adds the devices' rows, for a VM
 * that is to have one. */
extern const struct vm_part vwatchdog_part;

/* The VM of that name is to have one; it is made next. */
void vwatchdog_ask(const char *vm);

#endif
