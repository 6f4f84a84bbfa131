/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which vCPU runs on which CPU.
 *
 * Each CPU has a run queue; a vCPU belongs to one CPU (placed when its VM is made, on the CPU with
 * the fewest). READY vCPUs take turns: a slice of SCHED_SLICE_MS, by EL2's own timer, only while
 * more than one wants the CPU. One that wakes goes to the front and the running one, whose turn it
 * no longer is, to the back: so a wake-up is answered soon, and two that wake each other can't keep
 * a third from the CPU.
 *
 * A vCPU that is the only one not OFF on its CPU has it to itself: its WFI isn't trapped, and there
 * is no tick.
 *
 * Waking without a lost wake-up: who wakes sets a bit in vcpu->work, then looks at vcpu->state; who
 * blocks sets the state, then looks at vcpu->work; with full barriers between, one of the two sees
 * the other.
 */
#ifndef HYP_VM_SCHED_H
#define HYP_VM_SCHED_H

#include "hyp/vm/vcpu.h"

#define SCHED_SLICE_MS 5

/* SGIs between CPUs. */
#define SGI_KICK       0 /* leave the guest, or idle, and look */
#define SGI_STOP       1 /* panic: stop for ever */

/* Work for a CPU outside any vCPU, done in steps in its loop (loading a VM). */
struct sched_job {
	struct list link;
	bool (*step)(struct sched_job
			*job); /* at most 100,000 instructions; true: there is more to do */
};

/* Each CPU, before sched_loop(): its queue, and the physical interrupts the scheduler uses (kick
 * SGI, EL2's timer). */
void sched_init_cpu(void);

/* Chooses CPUs for the vCPUs of a new VM, and gives them back. */
void sched_place(struct vm *vm);
void sched_unplace(struct vm *vm);

/*
 * This CPU's loop: picks, runs, idles; never returns. `run` runs a loaded vCPU until it must give
 * up the CPU.
 */
__noreturn void sched_loop(void (*run)(struct vcpu *vcpu));

/* The running vCPU blocks, unless there is work for it. True: it is BLOCKED, the run loop must
 * leave it. */
bool sched_block(struct vcpu *vcpu);

/* OFF → READY, with the state it is to start with; the VM's lock is held. */
void sched_power_on(struct vcpu *vcpu);

/* The running vCPU → OFF: its state is put away first. */
void sched_power_off(struct vcpu *vcpu);

/*
 * The running vCPU → PAUSED: its state is put away first, so that it can go on anywhere. Not when
 * it was asked to stop meanwhile: false, it stays able to run and sees that. Either way the run
 * loop must leave it.
 */
bool sched_pause(struct vcpu *vcpu);

/* PAUSED → READY. Nothing for one that is not PAUSED (any more: it may have been asked to stop). */
void sched_unpause(struct vcpu *vcpu);

/* Has the CPU do a job in steps. The job is linked until its last step has returned. */
void sched_add_job(struct cpu *cpu, struct sched_job *job);

/* Makes another CPU leave its guest, or idle. */
void sched_kick(struct cpu *cpu);

#endif
