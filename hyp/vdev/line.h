/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupt lines: SPIs of a VM's that the bundle names, for doorbells and whoever else wants to
 * raise one.
 *
 * A level line stays high from line_raise() until the guest ends the interrupt (EOI, or DIR in
 * EOImode 1): then it falls, and its `on_eoi` action is done, so that whoever raised it can raise
 * it again if there is still a reason ("resample"). Raising a line that is high already is counted,
 * and changes nothing; one that is raised between the guest's acknowledgement and its EOI is high
 * again after the EOI. An edge line pulses.
 *
 * A VM that is reset or stopped lets go of its lines: they are low, and no on_eoi is done.
 */
#ifndef HYP_VDEV_LINE_H
#define HYP_VDEV_LINE_H

#include "hyp/vm/vm.h"

#define LINES_MAX 256 /* of all VMs */

/* What a doorbell, or the end of a line's interrupt, does. */
struct bell_action {
	enum bell_kind {
		BELL_COUNT,  /* nothing but to be counted */
		BELL_LINE,   /* raises the line of that name, of whichever VM */
		BELL_SIGNAL, /* wakes a vCPU: its WFI ends, no interrupt is made */
	} kind;
	char name[VM_NAME_MAX + 1]; /* of the line, or of the VM */
	unsigned vcpu;              /* BELL_SIGNAL */
};

struct line_config {
	char name[VM_NAME_MAX + 1];
	char vm[VM_NAME_MAX + 1];
	unsigned spi; /* number of the SPI: INTID - 32 */
	bool level;
	struct bell_action on_eoi; /* level lines; BELL_COUNT: nothing */
};

/*
 * Makes a line, before the VMs. What its action names may be made later, or never (then it is only
 * counted). ERR_EXISTS: the name, or the VM's SPI, is another line's; ERR_RANGE: the SPI is one of
 * Lintel's own devices, or there is none; ERR_NO_MEMORY: LINES_MAX.
 */
enum status line_add(const struct line_config *config) __must_check;

#endif
