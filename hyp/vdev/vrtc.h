/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's clock: a PL031 (DDI 0224), as QEMU's virt has one at 0x0901_0000 with SPI 2.
 *
 * It shows the machine's time of day (drivers/rtc) plus an offset of the guest's own, which is kept
 * as a battery would keep it: over resets of the VM, as long as Lintel runs. The clock goes on
 * while the VM is paused. It always runs: RTCCR reads as 1, as after firmware has started it.
 *
 * Nothing ticks: the time is worked out when the guest asks for it, and a soft timer runs only
 * while the guest waits for an alarm.
 */
#ifndef HYP_VDEV_VRTC_H
#define HYP_VDEV_VRTC_H

#include "hyp/vm/vm.h"

#define VRTC_IPA   UINT64_C(0x09010000)
#define VRTC_SIZE  KIB(4)
#define VRTC_INTID 34 /* SPI 2, level */

/* The part's row: PART_VRTC of boot/parts.c. Its create() adds the device's row. */
extern const struct vm_part vrtc_part;

#endif
