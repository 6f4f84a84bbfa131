/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vendor specific hypervisor service (DEN0028 section 6.2): who is beneath the VM, and what it
 * offers. The handlers are in calls.def.
 *
 * | function            | a VM                               | a VM with kvm-ptp in its manifest |
 * | ------------------- | ---------------------------------- | --------------------------------- |
 * | 0xff01 UID          | w0-w3: Lintel's                    | w0-w3: KVM's                      |
 * | 0xff03 REVISION     | w0, w1: Lintel's, major and minor  | NOT_SUPPORTED, as KVM has it      |
 * | 0 FEATURES          | w0-w3: bit n: function n is there  | functions 0 and 1, nothing else   |
 * | 1 PTP               | NOT_SUPPORTED                      | see below                         |
 *
 * The UID says whose functions the others are, so that a VM is shown either Lintel's or KVM's. What
 * KVM means by function 1 (Linux: Documentation/virt/kvm/arm/ptp_kvm.rst): w1 is 0 for the virtual
 * and 1 for the physical counter; the time of day in ns since 1970 comes in w0 (upper half) and w1,
 * the value that the counter had at that moment in w2 (upper half) and w3. Another w1:
 * NOT_SUPPORTED.
 */
#ifndef HYP_SMCCC_VENDOR_H
#define HYP_SMCCC_VENDOR_H

#include "hyp/smccc/dispatch.h"

#define VENDOR_FN_FEATURES   SMCCC_BASE_VENDOR
#define VENDOR_FN_PTP        (SMCCC_BASE_VENDOR + 1)

/* x1 of PTP */
#define PTP_COUNTER_VIRTUAL  0
#define PTP_COUNTER_PHYSICAL 1

#endif
