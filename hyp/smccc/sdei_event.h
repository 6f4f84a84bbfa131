/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDEI events that the bundle gives to a VM (/sdei-events/NAME), besides event 0 and those that the
 * guest binds itself: each is signalled by an interrupt of the VM's, which is none for the guest
 * while it has the event registered. What raises that interrupt is any device of the VM's (its
 * watchdog: an NMI), or a line that doorbells ring (hyp/vdev/line.h).
 */
#ifndef HYP_SMCCC_SDEI_EVENT_H
#define HYP_SMCCC_SDEI_EVENT_H

#include "hyp/vm/vm.h"

#define SDEI_EVENTS_MAX 16 /* of a VM */

struct sdei_event_config {
	char name[VM_NAME_MAX + 1];
	char vm[VM_NAME_MAX + 1];
	uint32_t number; /* bit 30 set, bit 31 clear: a vendor's */
	bool critical;
	unsigned intid; /* 16..31: a private event; 32..287: a shared one */
};

/* Before the VM is made. ERR_EXISTS: number or interrupt are another one's; ERR_INVALID: an
 * interrupt that can't be bound; ERR_NO_MEMORY. */
enum status sdei_event_add(const struct sdei_event_config *config) __must_check;

#endif
