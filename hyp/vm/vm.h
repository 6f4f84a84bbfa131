/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual machine: memory, vCPUs, parts, policy.
 *
 * States (vm->state, changed under vm->lock):
 *
 *   STOPPED   nothing of it runs, and it has no memory but promises.
 *   WAITING   it may start, but its start-delay runs.
 *   LOADING   its memory is emptied and its images are put there: a job, in steps.
 *   RUNNING
 *   PAUSING   its vCPUs go to VCPU_PAUSED; those that have not yet may still run.
 *   PAUSED    all vCPUs that are not OFF are VCPU_PAUSED.
 *   STOPPING  its vCPUs go to OFF; when all are, its memory is given back: the same job.
 *   RESETTING its vCPUs go to OFF, for a restart.
 *
 *   from                     by                                          to
 *   STOPPED                  vm_autostart(), when there is a delay       WAITING
 *   STOPPED, WAITING         vm_start(), vm_restart(), the delay's end   LOADING
 *   LOADING                  the job: images are in place                RUNNING
 *   RUNNING                  vm_pause(), a crash with on-crash = "pause" PAUSING
 *   PAUSING                  the last vCPU                               PAUSED
 *   PAUSING, PAUSED          vm_resume()                                 RUNNING
 *   RUNNING, PAUSING, PAUSED vm_power_off(), vm_stop(), vm_fail()        STOPPING
 *   RUNNING, PAUSING, PAUSED vm_reset(), vm_restart(), watchdog, policy  RESETTING
 *   RESETTING                the last vCPU                               LOADING
 *   LOADING, RESETTING       vm_stop(), images that can't be loaded      STOPPING
 *   STOPPING                 vm_restart()                                RESETTING; LOADING when
 *                                                                        all vCPUs are OFF
 *   STOPPING                 the job: memory is given back               STOPPED
 *   WAITING                  vm_stop()                                   STOPPED
 *
 * Whoever finds the VM in another state does nothing, and is told so where it is the console.
 *
 * A vCPU that runs, is ready, blocked or paused leaves when it sees WORK_STOP; the last one out
 * does the next step (vm_vcpu_stopped()). vm->end says why a VM is STOPPED, or on its way there; a
 * VM that is PAUSED with VM_END_FAULT has crashed: it may be stopped or restarted, not resumed.
 *
 * What comes after an end is the VM's policy (struct vm_policy): a guest that switches itself off
 * is stopped or restarted, one that can't go on (vm_fail()) is stopped, restarted or paused.
 * vm_stop() and vm_restart(), the words of the person at the console, do what they say whatever the
 * policy is.
 */
#ifndef HYP_VM_VM_H
#define HYP_VM_VM_H

#include "hyp/arch/lock.h"
#include "hyp/base/log.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vcpu.h"
#include "mm/stage2.h"

#define MAX_VMS     64
#define VM_NAME_MAX 31

enum vm_state {
	VM_STOPPED,
	VM_LOADING,
	VM_RUNNING,
	VM_PAUSING,
	VM_PAUSED,
	VM_STOPPING,
	VM_RESETTING,
	VM_WAITING,
};

/* Why a VM is not running any more. */
enum vm_end {
	VM_END_NONE,
	VM_END_POWER_OFF, /* the guest's wish */
	VM_END_RESET,     /* the guest's wish */
	VM_END_FAULT,     /* vm_fail() */
	VM_END_STOPPED,   /* from the console */
	VM_END_WATCHDOG,  /* the guest let its watchdog expire */
};

enum vm_action { VM_ACTION_STOP, VM_ACTION_RESTART, VM_ACTION_PAUSE };

/* Which cache maintenance by address is trapped: HCR_EL2.{TPCP,TPU}, or HFGITR_EL2.DCIVAC alone. */
enum trap_cmo { TRAP_CMO_NONE, TRAP_CMO_ALL, TRAP_CMO_IVAC };

/* virtual-el2: the VM's guest is a hypervisor at a virtual EL2 (hyp/nested/nested.h), with E2H
 * fixed. */
enum virtual_el2 { VIRTUAL_EL2_NONE, VIRTUAL_EL2_VHE, VIRTUAL_EL2_NON_VHE };

/* The manifest's words on what comes next, and on what aborts are answered with; zero is the
 * default of each. */
struct vm_policy {
	enum vm_action on_off;   /* STOP or RESTART */
	enum vm_action on_crash; /* STOP, RESTART or PAUSE (so that one can look) */
	bool keep_memory;        /* on-reset = "keep": RAM is not wiped, images are loaded again */
	bool counter_runs_on;    /* its virtual time goes on while it is paused */
	uint64_t start_delay_ms; /* from the moment it could start */
	bool start_when_running; /* start_after: when that VM is RUNNING, not when it has stopped */

	bool ivac_faults;       /* ro-dc-ivac = "fault": DC IVAC on ROM is a permission fault */
	bool atomics_abort;     /* device-atomics = "abort": external abort, not FSC 0x35 */
	bool absent_cmo_aborts; /* absent-cmo = "abort": maintenance where nothing is, not skipped
				 */
	bool absent_ignored;    /* absent-access = "ignore": RAZ/WI where nothing is */
	enum trap_cmo trap_cmo; /* trap-cmo = "all", "dc-ivac" */

	bool extended_states; /* power-states = "extended": CPU_SUSPEND's power_state has that
			       * format
			       */
	bool kvm_ptp; /* kvm-ptp: KVM's UID and its clock service, instead of Lintel's UID */
	bool aarch32; /* aarch32: its EL1 is AArch32 */
	enum virtual_el2 virtual_el2;
	bool has_soc_id; /* soc-id = <version revision>: what SMCCC_ARCH_SOC_ID says */
	uint32_t soc_version, soc_revision;
};

struct device_table;

/* Where the VM is entered: filled when its images are loaded. */
struct vm_entry {
	uint64_t pc;
	uint64_t x0, x1, x2;
};

struct vm {
	/* looked at on every abort */
	const struct device_table *devices; /* hyp/vdev/device.h; immutable once the VM runs */
	void *part[NR_PARTS];
	struct stage2 stage2;

	unsigned id;     /* index in vms[] */
	unsigned number; /* of its node in the manifest, from 1 on, whatever others are not made */
	char name[VM_NAME_MAX + 1];
	unsigned nr_vcpus;
	struct vcpu *vcpus[MAX_VCPUS];
	ipa_t ram_base;
	uint64_t ram_size;

	uint8_t last_vcpu[MAX_CPUS]; /* which one a CPU had last: id + 1; 0: none (hyp/vm/vcpu.c) */

	struct spinlock lock;
	enum vm_state state;
	enum vm_end end;
	unsigned live_vcpus;   /* not OFF */
	unsigned paused_vcpus; /* of them, those that are PAUSED */
	uint64_t paused_at;    /* the counter when it became PAUSED */
	struct vm_policy policy;
	struct sched_config sched;
	uint64_t boots;             /* how often it was started */
	uint64_t started_at;        /* the counter then, the last time */
	uint64_t watchdog_restarts; /* how often its watchdog had it restarted */
	bool memory_protected; /* PSCI MEM_PROTECT, atomic: a restart wipes RAM, whatever policy
				  says. It outlives every end of the VM, as firmware's would */
	unsigned crashes; /* in a row, each soon after its start: see CRASHES_MAX, lifecycle.c */
	struct vm *start_after; /* it is started when that one stops (policy.start_when_running:
				   runs); NULL then, or when it waits for none */
	struct soft_timer start_timer; /* WAITING */
	struct sched_job start_job;
	struct log_limit log_limit;
	struct vm_entry entry;
	uint64_t cntvoff;      /* CNTVOFF_EL2: the counter when the VM was started; with a virtual
				  EL2: 0 */
	uint64_t load_ticks;   /* of the counter, that loading took the last time */
	uint64_t instructions; /* vm_count_instructions: executed while it ran; 0: not counted */
	struct sched_job load_job; /* while LOADING, and STOPPING when all vCPUs are OFF */
	/* What it has still to do before it loads; and how far it is. */
	enum vm_memory_step { MEMORY_READY, MEMORY_EMPTY, MEMORY_CLEAN } memory_step;
	uint64_t load_position;
	unsigned parts_reset; /* load_job: parts that have been reset so far */
	/*
	 * Loads the images into the (zeroed) RAM and fills vm->entry: called again and again until
	 * it says it is done (OK with *done), each time a step of at most 100,000 instructions.
	 * *position is 0 at the beginning, else what the step before left there. Set by hyp/bundle.
	 */
	enum status (*load_step)(struct vm *vm, uint64_t *position, bool *done);
	void *config; /* hyp/bundle's */
};

/*
 * lintel.measure=instructions: counts what is executed at EL0, EL1 and EL2 from a VM's first
 * instruction until it is powered off. Only makes sense with one CPU and one VM.
 */
extern bool vm_count_instructions;

extern struct vm *vms[MAX_VMS];
extern unsigned nr_vms;

/*
 * Makes a VM with its vCPUs (OFF) and parts: name, RAM at ram_base (ram_size a multiple of 2 MiB,
 * promised now, given on first touch). ERR_NO_MEMORY, ERR_RANGE, ERR_INVALID; nothing is left
 * behind on failure.
 */
enum status vm_create(const char *name, ipa_t ram_base, uint64_t ram_size, unsigned nr_vcpus,
	struct vm **vm) __must_check;

/* Takes back the VM that vm_create() made last, before anything else is done with it. */
void vm_discard(struct vm *vm);

/* Begins to load and run a VM that is STOPPED, or WAITING: at once. ERR_BUSY in any other state. */
enum status vm_start(struct vm *vm) __must_check;

/* The same after the delay that its policy has, if any. ERR_BUSY unless it is STOPPED. */
enum status vm_autostart(struct vm *vm) __must_check;

/*
 * Pauses a VM that is RUNNING (OK for one that is PAUSING or PAUSED), and lets it go on (OK for one
 * that is RUNNING). While it is PAUSED nothing of it runs, its devices keep their state, and its
 * virtual time stands still unless policy.counter_runs_on. ERR_BUSY in any other state. A VM that
 * has crashed can't be resumed: ERR_FAULT, and the log says what can be done.
 */
enum status vm_pause(struct vm *vm) __must_check;
enum status vm_resume(struct vm *vm) __must_check;

/*
 * From the console, whatever the policy says: stops a VM that is not STOPPED (and takes back the
 * start of one that waits), and starts anew one in any state. ERR_BUSY where it is there, or on its
 * way there, already: STOPPED and STOPPING; LOADING and RESETTING.
 */
enum status vm_stop(struct vm *vm) __must_check;
enum status vm_restart(struct vm *vm) __must_check;

/* The VM's watchdog has expired for the second time: it is restarted. From any CPU. */
void vm_watchdog_expired(struct vm *vm);

/*
 * The run loop of a vCPU, which is RUNNING and loaded, has seen WORK_PAUSE. It is PAUSED when this
 * returns, unless its VM has been resumed meanwhile, or ends: the run loop leaves it in either
 * case.
 */
void vm_vcpu_paused(struct vcpu *vcpu);

/*
 * Ends: by the guest's wish, or for a restart. All vCPUs leave before they enter the guest again;
 * the caller (the handler of an exit of one of them, or anyone else) returns EXIT_RESUME. Nothing
 * for a VM that isn't RUNNING, PAUSING or PAUSED, or that has crashed. What comes after
 * vm_power_off() is the policy's on_off.
 */
void vm_power_off(struct vm *vm);
void vm_reset(struct vm *vm);

/* The crash without a message of its own, see vm_fail(): returns what is done with the VM. */
enum vm_action vm_fault(struct vm *vm);

/* The run loop of a vCPU has seen WORK_STOP: powers it off, and when it was the VM's last does what
 * comes next. */
void vm_vcpu_stopped(struct vcpu *vcpu);

/* PSCI CPU_OFF of the running vCPU: it stops at once, its VM goes on (or is powered off when it was
 * the last). */
void vm_vcpu_off(struct vcpu *vcpu);

/*
 * The VM can't go on: says VM, vCPU, PC, and (the text, without a full stop) what the guest did and
 * what to change; then stops, restarts or pauses it, as its policy's on_crash says. The handler
 * returns EXIT_STOP_VM.
 */
void vm_fail(struct vcpu *vcpu, const char *fmt, ...) __printf_like(2, 3);

/* Called (by boot's wiring) when the last VM has stopped, with no lock held: ends the machine. */
extern void (*vm_all_stopped)(void);

/* Message about a guest's behaviour, prefixed with VM, vCPU and PC, rate-limited per VM. */
void vcpu_log(struct vcpu *vcpu, const char *fmt, ...) __printf_like(2, 3);

#endif
