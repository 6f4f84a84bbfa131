/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual CPU.
 *
 * States (vcpu->state, changed under the lock of the run queue it belongs to, hyp/vm/sched.c):
 *
 *   OFF      powered off (PSCI), or its VM is not running. Leaves by vcpu_power_on().
 *   READY    in a CPU's run queue.
 *   RUNNING  a CPU's run loop has it.
 *   BLOCKED  waits (WFI, CPU_SUSPEND) until vcpu_wake().
 *   PAUSED   would run, but its VM is paused (vm_pause()): in no run queue. Leaves by vm_resume()
 * to READY, or when it is asked to stop.
 *
 * Who may touch what: registers and bank by the CPU that has the vCPU RUNNING, or by anyone while
 * it is OFF and its VM's lock is held. `work` by anyone, atomically (vcpu_request()).
 */
#ifndef HYP_VM_VCPU_H
#define HYP_VM_VCPU_H

#include "hyp/arch/cpu.h"
#include "hyp/arch/workarounds.h"
#include "hyp/base/list.h"
#include "hyp/vm/part.h"

#define MAX_VCPUS \
	16 /* of one VM: one cluster of Aff0 values, so that one SGI target list reaches all */

/* What a handler of an exit says is to be done; hyp/trap/exit.c does it. */
enum exit_result {
	EXIT_SKIP,    /* the instruction was emulated: move past it. The first: looked at first */
	EXIT_RESUME,  /* registers are as they should be */
	EXIT_INJECT,  /* vcpu->inject holds an exception for the guest's EL1 */
	EXIT_REFLECT, /* to virtual EL2, as it is */
	EXIT_WAIT,    /* the vCPU blocks; the instruction is past (it was moved, or it moves on
			 completion) */
	EXIT_SWITCH,  /* another context is loaded already */
	EXIT_RESCHEDULE, /* try the same instruction again later */
	EXIT_STOP_VM,    /* the VM can't go on; vm_fail() said why */
	EXIT_REPEAT,     /* the same instruction again, once interrupts had their turn */
};

enum vcpu_state { VCPU_OFF, VCPU_READY, VCPU_RUNNING, VCPU_BLOCKED, VCPU_PAUSED };

/* vcpu->work: why the run loop must look before it enters the guest. */
#define WORK_VGIC    BIT(0) /* interrupts to be put into list registers */
#define WORK_RESCHED BIT(1) /* give up the CPU */
#define WORK_STOP    BIT(2) /* power off: the vCPU, or its VM */
#define WORK_PARTS   BIT(3) /* call the parts' vcpu_enter */
#define WORK_WAKE    BIT(4) /* nothing but to look, and not to block now */
#define WORK_PAUSE   BIT(5) /* its VM is PAUSING: out, to VCPU_PAUSED */

/* An exception for the guest's EL1, recorded by a handler that returns EXIT_INJECT. */
struct injection {
	uint64_t esr; /* ESR_EL1's value, but EC's lower/same-EL bit and IL, which follow from the
			 state */
	uint64_t far;
	bool has_far;
};

/* The EL1 bank: one slot for each EL1, PAUTH and RAS row of sysreg.def. */
enum bank_slot {
#define BANK_SLOT_NONE(name)
#define BANK_SLOT_TIMER(name)
#define BANK_SLOT_VIF(name)
#define BANK_SLOT_DEBUG(name)
#define BANK_SLOT_AARCH32(name)
#define BANK_SLOT_EL1(name)                                    BANK_##name,
#define BANK_SLOT_PAUTH(name)                                  BANK_##name,
#define BANK_SLOT_RAS(name)                                    BANK_##name,
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) BANK_SLOT_##bank(name)
#include "hyp/arch/sysreg.def"
#undef SYSREG
	NR_BANK_SLOTS,
};

/* What a vCPU whose EL1 is AArch32 has besides: the AARCH32 rows. */
enum bank32_slot {
#define BANK32_SLOT_NONE(name)
#define BANK32_SLOT_TIMER(name)
#define BANK32_SLOT_VIF(name)
#define BANK32_SLOT_DEBUG(name)
#define BANK32_SLOT_EL1(name)
#define BANK32_SLOT_PAUTH(name)
#define BANK32_SLOT_RAS(name)
#define BANK32_SLOT_AARCH32(name)                              BANK32_##name,
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) BANK32_SLOT_##bank(name)
#include "hyp/arch/sysreg.def"
#undef SYSREG
	NR_BANK32_SLOTS,
};

#define NR_EXIT_CLASSES 64

/* Where a vCPU's time went, in ticks of the counter; kept by hyp/trap/exit.c. */
struct vcpu_times {
	uint64_t guest;     /* in the guest, up to the last exit */
	uint64_t last_exit; /* when that was, or when the run loop got it */
	uint64_t away; /* of the counter's ticks up to then, when the run loop did not have it */
};

/*
 * Calls that are counted, besides PSCI's functions: by the service they belong to, and, again,
 * those that were answered NOT_SUPPORTED because nobody offers them (hyp/smccc/dispatch.c).
 */
enum call_class {
	CALL_ARCH,
	CALL_SDEI,
	CALL_TRNG,
	CALL_PV_TIME,
	CALL_VENDOR,
	CALL_FIRMWARE,   /* forwarded to EL3 */
	CALL_MONITOR,    /* forwarded to another VM; of these: */
	CALL_UNANSWERED, /* that did not answer in time, or was not there */
	CALL_REFUSED,
	NR_CALL_CLASSES
};
#define NR_PSCI_CALLS 32

/* Exceptions that Lintel gave to a guest. */
enum inject_class {
	INJECT_UNDEFINED,
	INJECT_INSTRUCTION_ABORT,
	INJECT_DATA_ABORT,
	INJECT_SERROR,
	INJECT_OTHER,
	NR_INJECT_CLASSES
};

/*
 * What a stage-2 abort was answered with (hyp/trap/triage_table.h), but for the plain accesses to
 * devices that never come that far: those the devices' own counts have.
 */
enum abort_answer {
	ANSWER_RETRY,
	ANSWER_FLUSH,     /* one IPA dropped from the TLBs, and again */
	ANSWER_FLUSH_ALL, /* the VM's whole TLB, and again */
	ANSWER_GIVE,
	ANSWER_EMULATE,
	ANSWER_DECODE,
	ANSWER_MAINTAIN,
	ANSWER_IGNORE,
	ANSWER_EXTERNAL,
	ANSWER_ON_WALK,
	ANSWER_ADDRESS_SIZE,
	ANSWER_REFLECT,
	ANSWER_HARDWARE, /* the machine's own external abort */
	ANSWER_ODD,      /* external abort for what can't be, logged */
	NR_ABORT_ANSWERS
};

/* The last instruction that had to be tried again (triage_retry()). */
struct retry_note {
	uint64_t pc, far, registers; /* registers: a sum of all of them */
	uint32_t esr;
	uint32_t count; /* 0: none */
};

/*
 * An access that a device wants again later when a part of it is done (hyp/trap/emulate_access.c):
 * it goes on there, if it is what the vCPU's next data abort is about.
 */
struct access_note {
	uint64_t pc, address;
	uint64_t ipa[2]; /* where its pages lead */
	uint64_t aborts; /* exits[EC_DATA_ABORT_LOWER] */
	uint8_t size;    /* 0: none */
	uint8_t unit, at;
	bool write;
	uint8_t data[64];
};

/*
 * Of a vCPU with a virtual EL2 (hyp/nested/services.h), for services whose client is that: the vCPU
 * goes there, whatever it ran, and back. It is loaded here.
 */
struct vcpu_el2_ops {
	/* Goes there; PC and PSTATE are the caller's. Returns what SPSR_EL2 would be after an
	 * exception. */
	uint64_t (*enter)(struct vcpu *vcpu);
	/* PSTATE there after an exception from that one. */
	uint64_t (*new_pstate)(const struct vcpu *vcpu, uint64_t interrupted);
	/* As firmware's ERET: PC, PSTATE as SPSR has it, and where that is. */
	void (*leave)(struct vcpu *vcpu, uint64_t pstate, uint64_t pc);
};

struct device_table;
struct call_table;

struct vcpu {
	struct guest_regs regs; /* must be first: vectors.S */
	/* What comes and goes with every exit and every turn is within 504 bytes: LDP and STP reach
	 * it. */
	uint64_t work; /* WORK_*, atomic */
	struct vm *vm;
	struct vcpu_times times;
	uint64_t hcr;    /* HCR_EL2 while it runs */
	uint64_t mdcr;   /* MDCR_EL2 while it runs */
	uint64_t cptr;   /* CPTR_EL2 while it runs */
	uint64_t vmpidr; /* VMPIDR_EL2: what the guest reads as MPIDR_EL1 */
	uint64_t vtcr;   /* VTCR_EL2 while it runs: its VM's stage 2, or a shadow (hyp/nested/) */
	uint64_t vttbr;  /* VTTBR_EL2 while it runs */
	/* By ESR_EL2.EC: who handles its exits now (hyp/trap/exit.h). */
	enum exit_result (*const *exit_table)(struct vcpu *vcpu, uint64_t esr);
	unsigned id;       /* index in its VM, and Aff0 of its MPIDR */
	uint32_t trace_id; /* TRACE_VCPU() of it */
	enum vcpu_state state;
	struct cpu *cpu;      /* whose run queue it belongs to; changes only under that queue's lock
			       */
	struct list run_link; /* in that run queue while READY */
	bool loaded;          /* its state is in cpu's registers */
	bool exclusive;       /* it has its CPU to itself: WFI is not trapped, no tick */
	bool signalled;       /* vcpu_signal(): its next WFI ends at once */
	bool displaced;       /* READY, but it would have gone on */
	uint64_t vruntime;    /* virtual time it had (hyp/vm/sched.h) */
	uint64_t vtime_rate;  /* of virtual time, for a tick of the counter: by its weight */
	/* counted by hyp/vm/sched*.c */
	uint64_t run_ticks;   /* of the counter, it was RUNNING */
	uint64_t ready_since; /* the counter when it became READY last; 0: it will be so at once */
	uint64_t turns;       /* how often it was given a CPU */
	uint64_t preempted;   /* how often that was taken from it */
	uint64_t wakes;       /* how often it was woken, or unpaused */

	void *part[NR_PARTS];

	const struct device_table *devices; /* its VM's: looked at on every abort */
	uintptr_t device_counts;            /* hyp/vdev/device.h: device_count() */
	uint64_t fault_address;             /* FAR_EL2 of an emulated access (hyp/trap/abort.c) */
	uint64_t mmio_value;                /* what an emulated load has read (hyp/trap/abort.c) */

	const struct call_table *call_tables[2]; /* hyp/smccc/call_table.h: for SMC, for HVC */

	uint64_t exits[NR_EXIT_CLASSES]; /* by ESR_EL2.EC */
	uint64_t irq_exits;
	uint64_t psci_calls[NR_PSCI_CALLS]; /* by function number */
	uint64_t calls[NR_CALL_CLASSES];
	uint64_t injected[NR_INJECT_CLASSES];

	uint64_t bank[NR_BANK_SLOTS];
	uint32_t on_demand;    /* bit n: vcpu_load and vcpu_put of part n, which is on demand, are
				  called */
	uint64_t migrations;   /* how often it changed its CPU */
	struct cpu *placed_on; /* where it was to begin when its VM was made */
	uint64_t cpus;         /* bit n: it may use CPU n, while no other VM is pinned to that */
	struct injection inject;
	/* While its exceptions go to a virtual EL2 that runs as EL1: makes the recorded one happen
	 * there, instead of inject_now(). */
	void (*take)(struct vcpu *vcpu);
	uint64_t waits; /* HCR_EL2.{TWI,TWE} that a guest hypervisor has set for its guest */
	const struct vcpu_el2_ops *el2; /* it has a virtual EL2; NULL: it hasn't */
	/*
	 * What it waits for beyond an interrupt (the answer to a call); NULL: nothing. It is
	 * BLOCKED, or soon is again: the run loop asks when it has been woken, and enters the
	 * guest, with the parts' vcpu_enter called if they want that, only when this says that it
	 * is over. Set by the handler of an exit that returns EXIT_WAIT; it makes itself NULL when
	 * it is over, and vcpu_reset() does. Who ends it writes registers of the BLOCKED vCPU under
	 * a lock that this function takes, too, then calls vcpu_wake().
	 */
	bool (*wait_over)(struct vcpu *vcpu);
	bool parts_wait; /* WORK_PARTS came meanwhile: it is done when the wait is over */
	uint64_t aborts[NR_ABORT_ANSWERS];
	struct retry_note retry;
	struct access_note access;
	struct workarounds workarounds;   /* calls that vectors.S answers */
	bool aarch32;                     /* its EL1 is AArch32: hyp/vm/aarch32.h */
	uint64_t bank32[NR_BANK32_SLOTS]; /* while it isn't loaded */
};

static inline uint64_t vcpu_get_x(const struct vcpu *vcpu, unsigned n)
{
	return n == 31 ? 0 : vcpu->regs.x[n];
}

static inline void vcpu_set_x(struct vcpu *vcpu, unsigned n, uint64_t value)
{
	if (n != 31)
		vcpu->regs.x[n] = value;
}

/* The exit table of a vCPU out of reset; set by hyp/trap before the first VM is made. */
extern enum exit_result (*const *vcpu_exit_table)(struct vcpu *vcpu, uint64_t esr);

/* Asks the vCPU to look at `work` before it enters the guest again; kicks it when it runs on
 * another CPU. */
void vcpu_request(struct vcpu *vcpu, uint64_t work);

/* The same without the kick, for the vCPU that runs on this CPU. */
static inline void vcpu_request_local(struct vcpu *vcpu, uint64_t work)
{
	__atomic_fetch_or(&vcpu->work, work, __ATOMIC_RELAXED);
}

/*
 * Makes a BLOCKED vCPU ready (on its CPU, kicked out of idle). If it is RUNNING or READY, its next
 * attempt to block returns at once. Nothing for one that is OFF. vcpu_request() of anything does
 * the same.
 */
void vcpu_wake(struct vcpu *vcpu);

/*
 * vcpu_wake() by a vCPU that is about to block until the other has done something for it: where
 * both belong to this CPU, the other stays here, and runs next if nobody else waits.
 */
void vcpu_hand_over(struct vcpu *vcpu);

/*
 * Ends a WFI of the guest's without an interrupt: the one in which the vCPU is BLOCKED, or sits
 * with its CPU to itself; else its next one, so that a signal between a guest's look at memory and
 * its WFI is not lost, not even if it is PAUSED there. False: it is OFF. vcpu_reset() forgets it.
 */
bool vcpu_signal(struct vcpu *vcpu);

/*
 * Powers on an OFF vCPU: reset state, then pc, x0 as given, EL1h (AArch32: SVC mode, and Thumb with
 * bit 0 of pc), all masked, MMU off. ERR_BUSY
 * when it is not OFF. The caller has checked the entry address. Holds no lock.
 */
enum status vcpu_power_on(struct vcpu *vcpu, uint64_t pc, uint64_t x0) __must_check;

/* The same with the VM's lock held. */
enum status vcpu_power_on_locked(struct vcpu *vcpu, uint64_t pc, uint64_t x0) __must_check;

/* vCPU 0 of a VM that starts, as vm->entry has it; with the VM's lock held. */
enum status vcpu_boot_locked(struct vcpu *vcpu) __must_check;

/* Puts the reset state into a vCPU that is OFF: registers, bank, parts. */
void vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t x0);

/*
 * Of these, only what a CPU loses that is powered down and goes on elsewhere (PSCI CPU_SUSPEND):
 * general, system, debug and FP/SIMD registers, and a virtual SError that it has not taken.
 * Interrupts and timers are kept. It is loaded here, before and after.
 */
void vcpu_power_down(struct vcpu *vcpu, uint64_t pc, uint64_t x0);

/* Once vm_parts is set, before a vCPU is loaded: which of them have something to do then. */
void vcpu_list_parts(void);

/* What the parts have for the vCPU, which is loaded here and about to enter its guest
 * (WORK_PARTS). */
void vcpu_enter_parts(struct vcpu *vcpu);

/* State into this CPU, and out. Loading what is loaded here already costs nothing. */
void vcpu_load(struct vcpu *vcpu);
void vcpu_put(struct vcpu *vcpu);

/* An event of this vCPU's for this CPU's trace ring (hyp/base/trace.h): kind is TRACE_*. */
static inline void trace_vcpu(const struct vcpu *vcpu, enum trace_kind kind, uint64_t argument)
{
	trace_record(&this_cpu()->trace, TRACE_WHAT(kind) | vcpu->trace_id, argument);
}

/* Time for log limits: milliseconds since boot. Set by boot from drivers/timer. */
uint64_t vm_now_ms(void);

#endif
