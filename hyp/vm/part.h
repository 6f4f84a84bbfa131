/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parts: what rooms above hyp/vm keep for each VM and each vCPU, and how the life of a VM reaches
 * them.
 *
 * Each part has one row, listed once in boot/parts.c, in the order of enum vm_part_id. create and
 * vcpu_load go through the rows first to last; destroy and vcpu_put last to first. A NULL function
 * is not called.
 */
#ifndef HYP_VM_PART_H
#define HYP_VM_PART_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"

struct vm;
struct vcpu;

enum vm_part_id {
	PART_VGIC,
	PART_VTIMER,
	PART_VUART,
	PART_VRTC,
	PART_VWATCHDOG,
	PART_SHMEM,
	PART_FPSIMD,
	PART_DEBUG,
	PART_CMO,
	PART_VSCRATCH,
	PART_SMCCC,       /* call tables: hyp/smccc/call_table.h */
	PART_PSCI,        /* suspend mode, statistics, MEM_PROTECT */
	PART_SDEI,        /* hyp/smccc/sdei.h */
	PART_STOLEN_TIME, /* hyp/smccc/stolen_time.h */
	PART_MONITOR,     /* hyp/smccc/monitor.h: calls to another VM */
	PART_WORKAROUNDS, /* hyp/smccc/arch_calls.h */
	PART_AARCH32,     /* hyp/vm/aarch32.h */
	PART_NESTED,      /* hyp/nested/nested.h: a virtual EL2 */
	PART_DOORBELL,
	PART_ROM, /* behind all that have devices */
	NR_PARTS,
};

struct vm_part {
	const char *name;
	/* Makes the VM's part, and its vCPUs' (vm->vcpus exist, with ids, nothing else):
	 * vm->part[], vcpu->part[]. */
	enum status (*create)(struct vm *vm);
	/* Back to what it was after create: before the VM starts, and when it has ended. No vCPU of
	 * it is loaded. */
	void (*reset)(struct vm *vm);
	/* One vCPU back to its reset state (PSCI CPU_ON of a vCPU that was off). It is not loaded.
	 */
	void (*vcpu_reset)(struct vcpu *vcpu);
	/* What vcpu_power_down() takes from it, after the registers. It is not loaded. */
	void (*vcpu_power_down)(struct vcpu *vcpu);
	void (*destroy)(struct vm *vm);
	/* Every vCPU of the VM is PAUSED, or about to be READY again: what counts virtual time by
	 * itself stops, and goes on. vm->cntvoff is up to date when resume is called. With the VM's
	 * lock held. A VM that is stopped or restarted while it is paused is reset, not resumed. */
	void (*pause)(struct vm *vm);
	void (*resume)(struct vm *vm);
	/* Moves the vCPU's state into this CPU, and out of it. */
	void (*vcpu_load)(struct vcpu *vcpu);
	void (*vcpu_put)(struct vcpu *vcpu);
	/* These two only for a vCPU whose vcpu->on_demand has the part's bit. */
	bool on_demand;
	/* Something set WORK_PARTS for this vCPU (loaded here): about to enter the guest. */
	void (*vcpu_enter)(struct vcpu *vcpu);
};

/* The table, NR_PARTS rows. Set once by boot before the first VM is made. */
extern const struct vm_part *vm_parts;

#endif
