/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupt lines: SPIs of a VM's that the bundle names, for doorbells and whoever else wants to
 * raise one.
 *
 * A level line stays high from line_raise() until the guest ends the interrupt (it becomes
 * inactive: EOI, in EOImode 1 DIR): then it falls, and its `on_eoi` action is done, so that whoever
 * raised it can raise it again if there is still a reason ("resample"). Raising a line that is high
 * already is counted, and changes nothing; one that is raised between the guest's acknowledgement
 * and its EOI is high again after the EOI, for one more interrupt. Where Lintel can't see which of
 * the two it is (the vCPU that has the interrupt runs on another CPU just now) it takes it for the
 * latter: rather one interrupt too many than one too few.
 *
 * An edge line pulses: the guest configures its SPI as edge-triggered (GICD_ICFGR). As long as it
 * has not, which is so after a reset, raising it does nothing, and is counted as dropped.
 *
 * What the guest does to its distributor does not lose a line: it stays high while its SPI is
 * disabled, and ICPENDR changes nothing of a level; ICACTIVER of the active interrupt is its end.
 * An interrupt that the guest made pending itself (ISPENDR) while the line was low ends without
 * on_eoi.
 *
 * A VM that is reset or stopped lets go of its lines: they are low, and no on_eoi is done; raising
 * one is counted as dropped until the VM runs again. In a paused VM a line can be raised, and its
 * vCPUs can be signalled: they find it when they go on.
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
		BELL_SIGNAL, /* wakes a vCPU: its WFI ends, no interrupt is made (vcpu_signal()) */
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
 * Lintel's own devices, or there is none; ERR_INVALID: an edge line with an on_eoi; ERR_NO_MEMORY:
 * LINES_MAX.
 */
enum status line_add(const struct line_config *config) __must_check;

struct line;

/* What has been counted since Lintel started. */
struct line_view {
	const struct line_config *config;
	uint64_t raises;    /* all of them; of these: */
	uint64_t coalesced; /* it was high already */
	uint64_t dropped;   /* its VM was not running, or never made; or it is an edge line, and the
			       guest has its SPI level-triggered */
	uint64_t ends;      /* ends of its interrupt; of these: */
	uint64_t unheard;   /* what its on_eoi names is not there, or not running */
};

/* Number n of all lines, of which there are line_total(); false: it is not the VM's. */
bool line_view(const struct vm *vm, unsigned n, struct line_view *view);
unsigned line_total(void);

/* ---- for doorbells, and for what else raises lines ---- */

/* The line of that name, NULL: there is none (yet). */
struct line *line_find(const char *name);

/*
 * Raises it; false: it was dropped. From any CPU, with locks held that are above the vGIC's
 * (hyp/arch/lock.h), but no vGIC's.
 */
bool line_raise(struct line *line);

/* Whom an action is about, once that is there: kept by whoever does the action. */
struct bell_target {
	struct line *line;
	struct vm *vm;
};

/* The VM is being made, and all lines are: it, or a line, may be what the action names. And it is
 * unmade. */
void bell_bind(const struct bell_action *action, struct bell_target *target, struct vm *vm);
void bell_unbind(struct bell_target *target, const struct vm *vm);

/* Does it, as line_raise(); false: it was dropped. */
bool bell_do(const struct bell_action *action, const struct bell_target *target);

/* For hyp/vdev/doorbell.c, whose part lines belong to: a VM is made, or unmade; it begins to run.
 */
enum status line_create(struct vm *vm) __must_check;
void line_destroy(struct vm *vm);
void line_open(struct vm *vm);

/* For the vGIC: the guest has ended the interrupt of a level line, which has fallen (or is high
 * again already). With no vGIC's lock held. */
void line_ended(struct vm *vm, unsigned intid);

#endif
