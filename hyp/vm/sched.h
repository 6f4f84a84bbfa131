/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which vCPU runs on which CPU.
 *
 * Each CPU has a run queue with its own lock; a live vCPU belongs to one (vcpu->cpu).
 *
 * Fairness. A vCPU has a weight (its VM's, 1..1000, normally 100) and a virtual runtime: the time
 * it had a CPU * 100 / weight. All time of a CPU that is not idle or a job's is charged to a vCPU:
 * what Lintel does for its exits, and bringing its state in, are its own. The READY one furthest
 * behind runs next, for a slice of SCHED_SLICE_MS by EL2's own timer, which is set only while
 * somebody else waits for that CPU. The queue's reference is the virtual runtime of the one
 * furthest behind; it never goes back. Who comes to a queue is put at most SCHED_CREDIT_WAKE slices
 * behind it (SCHED_CREDIT_MOVE when it comes from another queue, READY already), so that sleep
 * saves up no claim, and not far ahead of it, so that queues whose references have drifted apart
 * can exchange vCPUs.
 *
 * Waking. A vCPU that wakes takes the CPU at once if it is more than SCHED_GRANULARITY_US of
 * virtual time behind the running one; else it waits for the end of the slice. For taking it, it is
 * charged SCHED_TAKE_US more than it uses: what the other one loses by leaving and coming back. So
 * a flood of wake-ups is paid by who sends it: it comes to its share sooner, and then waits.
 * One that is woken by the running vCPU, which is about to block for it (vcpu_hand_over()), stays
 * on that CPU, takes nobody's turn and pays nothing: it runs next unless others there are further
 * behind.
 *
 * Migration. A vCPU may change its CPU when it is READY (or being woken) and not loaded in a CPU's
 * registers. It does
 *  - when it wakes, its CPU is busy and another that it may use is idle;
 *  - when a CPU becomes idle: it takes one that waits elsewhere;
 *  - when a CPU has waiters and another one is idle, or all that is on the other is more than
 *    SCHED_LEAD slices of virtual time further: it gives one away. So three equal vCPUs get two
 *    thirds of a CPU each on two CPUs.
 * What moves with it: vcpu_load() and vcpu_put() carry everything that is in a CPU's registers
 * (EL1 bank, list registers, FP/SIMD, debug, timers; a PPI that is a physical interrupt is
 * deactivated on the old CPU and made active on the new one). A soft timer armed by a blocked vCPU
 * stays on the CPU that armed it, fires there as vcpu_wake(), and is disarmed by the next load,
 * wherever that is. TLBs and instruction caches: HCR_EL2.FB makes a guest's local invalidations
 * reach all CPUs, so what a vCPU leaves behind on a CPU is never older than what it has
 * invalidated; entries of a sibling that had the CPU in between go by vm->last_vcpu[]. BSU makes
 * its barriers reach as far. WFE: an exception return sets the event register, so no event that
 * came meanwhile is missed.
 *
 * Affinity. `cpus` of the manifest says where a VM's vCPUs may be. `pinned`: each vCPU has a CPU to
 * itself; no other vCPU is placed there, moved there or woken there; it takes no tick and its WFI
 * and WFE are not trapped. A job (loading a VM) may still be done on its CPU.
 * CPU 0 takes the console's interrupts: pinned VMs get the highest numbers that they may have.
 *
 * Exclusive. WFI isn't trapped for a pinned vCPU, nor while no queue has more than one live vCPU:
 * then nobody waits and nobody could ever want to move. In all other cases an untrapped WFI would
 * hide an idle CPU. It ends for everybody when some queue gets a second one.
 *
 * Locks. One queue lock at a time, except none. A vCPU moves in two steps: out under the lock of
 * the old queue, with vcpu->cpu changed, then into the new one. Meanwhile it is READY in no list:
 * nobody else acts on it, for all that is done to a READY vCPU by others begins at a list.
 * What is read of other queues without their locks (nr_ready, running, reference ...) are hints.
 *
 * No wake-up is lost. Who wakes sets a bit in vcpu->work, then looks at vcpu->state; who blocks
 * sets the state, then looks at vcpu->work; with full barriers between, one of the two sees the
 * other. With migration: the state changes from BLOCKED only under the lock of the queue that
 * vcpu->cpu names, and vcpu->cpu only changes under it, so who wakes locks that queue and reads
 * vcpu->cpu again. Who finds the state RUNNING reads vcpu->cpu after it and kicks that CPU: if the
 * vCPU has left it in between, it was picked anew after its work was set, and looks at its work
 * after it was picked.
 * In the same way no CPU sleeps while a vCPU waits that it could take: a CPU says that it is idle
 * (idle_cpus), then looks at the others' queues; who has made a vCPU wait, and put its state away,
 * then looks at idle_cpus.
 */
#ifndef HYP_VM_SCHED_H
#define HYP_VM_SCHED_H

#include "hyp/vm/vcpu.h"

struct cpu_queue;

#define SCHED_SLICE_MS       5
#define SCHED_GRANULARITY_US 1000
#define SCHED_TAKE_US        2
#define SCHED_LEAD           2 /* slices */
#define SCHED_CREDIT_WAKE    1 /* slices */
#define SCHED_CREDIT_MOVE    8 /* slices */

#define SCHED_WEIGHT_DEFAULT 100
#define SCHED_WEIGHT_MAX     1000

/* SGIs between CPUs. */
#define SGI_KICK             0 /* leave the guest, or idle, and look */
#define SGI_STOP             1 /* panic: stop for ever */

/* Work for a CPU outside any vCPU, done in steps in its loop (loading a VM). */
struct sched_job {
	struct list link;
	bool (*step)(struct sched_job
			*job); /* at most 100,000 instructions; true: there is more to do */
};

/* How the vCPUs of a VM are scheduled (struct vm: sched). */
struct sched_config {
	uint64_t weight; /* 0: SCHED_WEIGHT_DEFAULT */
	uint64_t cpus;   /* bit n: it may use Lintel's CPU n; 0: any */
	bool pinned;
};

/* Each CPU, before sched_loop(): its queue, and the physical interrupts the scheduler uses (kick
 * SGI, EL2's timer). */
void sched_init_cpu(void);

/*
 * Chooses CPUs for the vCPUs of a new VM, by vm->sched, and gives them back. When a vCPU is powered
 * on it may begin on another one that it may use.
 */
void sched_place(struct vm *vm);
void sched_unplace(struct vm *vm);

/*
 * Can a VM of that name and so many vCPUs be scheduled so? CPUs that aren't there are taken out of
 * config->cpus. Logged: each of them; and, with ERR_NOT_FOUND, that none is left, or that there
 * aren't enough for a pinned VM, and whose they are.
 */
enum status sched_check(
	const char *name, unsigned nr_vcpus, struct sched_config *config) __must_check;

/* Has a VM that was just made scheduled as sched_check() has found possible. */
void sched_configure(struct vm *vm, const struct sched_config *config);

/* Ticks from when the running vCPU became READY until its turn began: 0 if that was asked already
 * in this turn. */
uint64_t sched_take_wait(struct vcpu *vcpu);

/* This CPU's queue. */
struct cpu_queue *sched_own_queue(void);

/*
 * Whose turn on this CPU is next: RUNNING, and loaded. Does jobs and waits for interrupts until
 * there is one. The vCPU whose turn it was must give up the CPU: it waits for its next one if it is
 * still RUNNING; else its state says where it is, or another CPU has it already.
 */
struct vcpu *sched_turn(struct cpu_queue *queue);

/* This CPU's loop. `run` runs a loaded vCPU until it must give up the CPU. */
static __always_inline __noreturn void sched_loop(void (*run)(struct vcpu *vcpu))
{
	struct cpu_queue *queue = sched_own_queue();

	for (;;)
		run(sched_turn(queue));
}

/* The running vCPU blocks, unless there is work for it. True: it is BLOCKED, the run loop must
 * leave it. */
bool sched_block(struct vcpu *vcpu);

/*
 * The running vCPU spins (a trapped WFE): a sibling that was preempted and waits for this CPU runs
 * next, and soon: the spinning one is asked to give up the CPU. False: there is none.
 */
bool sched_yield_to_sibling(struct vcpu *vcpu);

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
