/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDEI 1.1 (Arm DEN0054): what there is to know about events, without hardware and without guests.
 * The calls are in sdei.c, entry into a handler and the way back in sdei_deliver.c, interrupts in
 * sdei_bind.c.
 *
 * An event has a place in its VM's table:
 *
 *   place                     what                                     number
 *   0                         software signalled, private, normal      0
 *   SDEI_CONFIGURED ...       the bundle's (sdei_event.h), in order    the bundle's
 *   SDEI_PRIVATE_BOUND ...    PPIs that the guest binds                SDEI_BOUND_NUMBER + place
 *   SDEI_SHARED_BOUND ...     SPIs that the guest binds                SDEI_BOUND_NUMBER + place
 *
 * The registration of a private event is each vCPU's, that of a shared one the VM's. Its state is
 * three bits, R(egistered), E(nabled), running ("!"), of which six values occur; what the calls
 * make of them is DEN0054's table of states:
 *
 *   state   REGISTER  ENABLE   DISABLE  UNREGISTER   ROUTING_SET  RELEASE  signalled  COMPLETE
 *   -       R         DENIED   DENIED   DENIED       DENIED       ok       -          -
 *   R       DENIED    RE       ok       -            ok           DENIED   waits      -
 *   RE      DENIED    ok       R        -            DENIED       DENIED   RE!        -
 *   R!      DENIED    RE!      ok       !, PENDING   DENIED       DENIED   waits      R
 *   RE!     DENIED    ok       R!       !, PENDING   DENIED       DENIED   waits      RE
 *   !       DENIED    DENIED   DENIED   PENDING      DENIED       DENIED   -          -
 *
 * An event that is signalled begins on a vCPU when its state is RE, the vCPU is the one it is for
 * (its own; RM_PE: the one named; RM_ANY: any), is not masked, and runs no handler of the same or a
 * higher priority: a critical handler may interrupt a normal one, so two are nested at most.
 *
 * A vCPU is masked, with no private event registered, when it is powered on.
 *
 * All functions: under the lock of the VM's events.
 */
#ifndef HYP_SMCCC_SDEI_STATE_H
#define HYP_SMCCC_SDEI_STATE_H

#include "hyp/arch/lock.h"
#include "hyp/smccc/sdei_event.h"
#include "hyp/vdev/vgic.h"

/* FEATURES, feature 0: how many interrupts a guest can bind. */
#define SDEI_PRIVATE_SLOTS 8
#define SDEI_SHARED_SLOTS  32

enum sdei_place {
	SDEI_EVENT_0,
	SDEI_CONFIGURED,
	SDEI_PRIVATE_BOUND = SDEI_CONFIGURED + SDEI_EVENTS_MAX,
	SDEI_SHARED_BOUND = SDEI_PRIVATE_BOUND + SDEI_PRIVATE_SLOTS,
	SDEI_EVENTS = SDEI_SHARED_BOUND + SDEI_SHARED_SLOTS,
};

/* Numbers of bound events; the bundle's may not have any from here on with the same upper bits. */
#define SDEI_BOUND_NUMBER UINT32_C(0x40ff0000)
#define SDEI_BOUND_MASK   UINT32_C(0xffff0000)

/* What calls answer (DEN0054 5.1). */
enum sdei_error {
	SDEI_SUCCESS = 0,
	SDEI_INVALID_PARAMETERS = -2,
	SDEI_DENIED = -3,
	SDEI_PENDING = -5,
	SDEI_OUT_OF_RESOURCE = -10,
};

/* sdei_registration.state, and what EVENT_STATUS says. */
#define SDEI_REGISTERED BIT(0)
#define SDEI_ENABLED    BIT(1)
#define SDEI_RUNNING    BIT(2)

enum sdei_step {
	SDEI_STEP_REGISTER,
	SDEI_STEP_ENABLE,
	SDEI_STEP_DISABLE,
	SDEI_STEP_UNREGISTER,
	SDEI_STEP_ROUTING_SET,
	SDEI_STEP_RELEASE,
	SDEI_STEP_BEGIN,
	SDEI_STEP_COMPLETE,
	NR_SDEI_STEPS,
};

/* What an event is. */
struct sdei_event {
	uint32_t number;
	uint16_t intid; /* the interrupt that signals it; 0: none */
	bool present;
	bool shared;
	bool critical;
};

struct sdei_registration {
	uint64_t entry;
	uint64_t argument;
	uint8_t state;
	bool relative;  /* entry: to VBAR_EL1 */
	bool to_one;    /* RM_PE; else RM_ANY */
	uint8_t target; /* RM_PE: which vCPU */
};

/* What was interrupted. */
#define SDEI_CONTEXT_REGISTERS 18
struct sdei_context {
	uint64_t x[SDEI_CONTEXT_REGISTERS];
	uint64_t pc;
	uint64_t pstate;
};

/* Priorities, as numbers of what follows. */
enum { SDEI_NORMAL, SDEI_CRITICAL, NR_SDEI_PRIORITIES };

#define SDEI_NOTHING 0xff /* no place, no vCPU */

struct sdei_cpu {
	bool masked;
	bool signalled; /* event 0 */
	bool waits;     /* something that is for this vCPU alone could not begin */
	uint8_t running[NR_SDEI_PRIORITIES]; /* places, or SDEI_NOTHING */
	struct sdei_context saved[NR_SDEI_PRIORITIES];
	struct sdei_registration private[SDEI_SHARED_BOUND];
};

struct sdei_vm {
	struct spinlock lock;
	unsigned nr_cpus;
	unsigned nr_configured;
	bool waits; /* something that any vCPU may take could not begin */
	struct sdei_event events[SDEI_EVENTS];
	struct sdei_registration shared[SDEI_EVENTS];
	uint8_t told[SDEI_EVENTS];        /* of shared events: sdei_choose() */
	uint8_t of_intid[VGIC_NR_INTIDS]; /* which event an interrupt signals; 0: none */
	struct sdei_cpu cpus[];
};

/* A VM that has event 0 and nothing else; the memory is zero. */
void sdei_state_create(struct sdei_vm *sdei, unsigned nr_vcpus);

/* One more event of the bundle's. ERR_NO_MEMORY: there are SDEI_EVENTS_MAX. */
enum status sdei_state_configure(
	struct sdei_vm *sdei, const struct sdei_event_config *config) __must_check;

/* As it was when the last event had been configured. */
void sdei_state_reset(struct sdei_vm *sdei);

/* As a vCPU is powered on; nothing of it runs (any more). */
void sdei_state_reset_cpu(struct sdei_vm *sdei, unsigned cpu);

/* The event of that number, or SDEI_NOTHING. */
unsigned sdei_find(const struct sdei_vm *sdei, uint64_t number);

/* The registration of the event as that vCPU sees it. */
struct sdei_registration *sdei_registration(struct sdei_vm *sdei, unsigned cpu, unsigned place);

/* What a step is answered with in a state: nothing is changed. */
enum sdei_error sdei_may(unsigned state, enum sdei_step step);

/* The same, and the registration's state is what the table says. */
enum sdei_error sdei_step(struct sdei_registration *registration, enum sdei_step step);

/* Does some vCPU have it in another state than "-"? */
bool sdei_is_used(struct sdei_vm *sdei, unsigned place);

/* Does any vCPU run a handler; does any have a private event that isn't in state "-"? */
bool sdei_any_running(const struct sdei_vm *sdei);
bool sdei_any_private(struct sdei_vm *sdei);

/* An interrupt becomes an event, which has `*place` then; or has been one that the guest bound.
 * INVALID_PARAMETERS: it is the bundle's; OUT_OF_RESOURCE. */
enum sdei_error sdei_take_slot(struct sdei_vm *sdei, unsigned intid, unsigned *place);

/* Is it one that the guest bound? And it is no event any more. */
bool sdei_is_slot(unsigned place);
void sdei_free_slot(struct sdei_vm *sdei, unsigned place);

/* Priority of the innermost handler that the vCPU runs, or NR_SDEI_PRIORITIES: none. */
unsigned sdei_innermost(const struct sdei_cpu *cpu);

/* May a signalled event begin on that vCPU now? */
bool sdei_may_begin(struct sdei_vm *sdei, unsigned cpu, unsigned place);

/* Of two events that may begin: is it a's turn? By priority, then by number. */
bool sdei_is_before(const struct sdei_vm *sdei, unsigned a, unsigned b);

/*
 * Whom to tell when a shared event is signalled: RM_PE: the one named; RM_ANY: the one told before,
 * if it could begin there; else the first where it could; else the first that isn't masked.
 * SDEI_NOTHING: nobody (yet).
 */
unsigned sdei_choose(struct sdei_vm *sdei, unsigned place);

/* It begins on that vCPU: where its context goes. */
struct sdei_context *sdei_begin(struct sdei_vm *sdei, unsigned cpu, unsigned place);

/* The innermost handler of that vCPU is over; which event's it was. There is one. */
unsigned sdei_end(struct sdei_vm *sdei, unsigned cpu);

#endif
