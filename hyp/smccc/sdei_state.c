/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/sdei_state.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"

/* ---- the table of states ---- */

enum {
	NONE = 0,
	R = SDEI_REGISTERED,
	RE = SDEI_REGISTERED | SDEI_ENABLED,
	R_RUNS = R | SDEI_RUNNING,
	RE_RUNS = RE | SDEI_RUNNING,
	RUNS = SDEI_RUNNING,
	NR_STATES = 8,
};

struct cell {
	int8_t answer;
	uint8_t next;
};

/* clang-format off */
#define DENY(state) { SDEI_DENIED, state }
static const struct cell cells[NR_STATES][NR_SDEI_STEPS] = {
	/*            REGISTER         ENABLE          DISABLE        UNREGISTER              ROUTING_SET    RELEASE        BEGIN           COMPLETE */
	[NONE] =    { { 0, R },        DENY(NONE),     DENY(NONE),    DENY(NONE),             DENY(NONE),    { 0, NONE },   DENY(NONE),     DENY(NONE) },
	[R] =       { DENY(R),         { 0, RE },      { 0, R },      { 0, NONE },            { 0, R },      DENY(R),       DENY(R),        DENY(R) },
	[RE] =      { DENY(RE),        { 0, RE },      { 0, R },      { 0, NONE },            DENY(RE),      DENY(RE),      { 0, RE_RUNS }, DENY(RE) },
	[R_RUNS] =  { DENY(R_RUNS),    { 0, RE_RUNS }, { 0, R_RUNS }, { SDEI_PENDING, RUNS }, DENY(R_RUNS),  DENY(R_RUNS),  DENY(R_RUNS),   { 0, R } },
	[RE_RUNS] = { DENY(RE_RUNS),   { 0, RE_RUNS }, { 0, R_RUNS }, { SDEI_PENDING, RUNS }, DENY(RE_RUNS), DENY(RE_RUNS), DENY(RE_RUNS),  { 0, RE } },
	[RUNS] =    { DENY(RUNS),      DENY(RUNS),     DENY(RUNS),    { SDEI_PENDING, RUNS }, DENY(RUNS),    DENY(RUNS),    DENY(RUNS),     { 0, NONE } },
};
/* clang-format on */

enum sdei_error sdei_may(unsigned state, enum sdei_step step)
{
	return (enum sdei_error)cells[state][step].answer;
}

enum sdei_error sdei_step(struct sdei_registration *registration, enum sdei_step step)
{
	const struct cell *cell = &cells[registration->state][step];

	registration->state = cell->next;
	return (enum sdei_error)cell->answer;
}

/* ---- the table of events ---- */

void sdei_state_create(struct sdei_vm *sdei, unsigned nr_vcpus)
{
	sdei->nr_cpus = nr_vcpus;
	sdei->events[SDEI_EVENT_0] = (struct sdei_event){ .present = true };
	sdei_state_reset(sdei);
}

static void add(
	struct sdei_vm *sdei, unsigned place, uint32_t number, unsigned intid, bool critical)
{
	sdei->events[place] = (struct sdei_event){
		.number = number,
		.intid = (uint16_t)intid,
		.present = true,
		.shared = intid >= VGIC_SPI_FIRST,
		.critical = critical,
	};
	sdei->of_intid[intid] = (uint8_t)place;
}

enum status sdei_state_configure(struct sdei_vm *sdei, const struct sdei_event_config *config)
{
	if (sdei->nr_configured == SDEI_EVENTS_MAX)
		return ERR_NO_MEMORY;
	add(sdei, SDEI_CONFIGURED + sdei->nr_configured, config->number, config->intid,
		config->critical);
	sdei->nr_configured++;
	return OK;
}

void sdei_state_reset(struct sdei_vm *sdei)
{
	for (unsigned place = SDEI_PRIVATE_BOUND; place < SDEI_EVENTS; place++) {
		if (sdei->events[place].present)
			sdei_free_slot(sdei, place);
	}
	memset(sdei->shared, 0, sizeof(sdei->shared));
	memset(sdei->told, SDEI_NOTHING, sizeof(sdei->told));
	sdei->waits = false;
	for (unsigned cpu = 0; cpu < sdei->nr_cpus; cpu++)
		sdei_state_reset_cpu(sdei, cpu);
}

void sdei_state_reset_cpu(struct sdei_vm *sdei, unsigned cpu)
{
	struct sdei_cpu *reset = &sdei->cpus[cpu];

	memset(reset, 0, sizeof(*reset));
	memset(reset->running, SDEI_NOTHING, sizeof(reset->running));
	reset->masked = true;
}

unsigned sdei_find(const struct sdei_vm *sdei, uint64_t number)
{
	if (number == 0)
		return SDEI_EVENT_0;
	for (unsigned place = SDEI_CONFIGURED; place < SDEI_EVENTS; place++) {
		if (sdei->events[place].present && sdei->events[place].number == number)
			return place;
	}
	return SDEI_NOTHING;
}

struct sdei_registration *sdei_registration(struct sdei_vm *sdei, unsigned cpu, unsigned place)
{
	if (sdei->events[place].shared)
		return &sdei->shared[place];
	return &sdei->cpus[cpu].private[place];
}

bool sdei_is_used(struct sdei_vm *sdei, unsigned place)
{
	for (unsigned cpu = 0; cpu < sdei->nr_cpus; cpu++) {
		if (sdei_registration(sdei, cpu, place)->state)
			return true;
	}
	return false;
}

bool sdei_any_running(const struct sdei_vm *sdei)
{
	for (unsigned cpu = 0; cpu < sdei->nr_cpus; cpu++) {
		if (sdei_innermost(&sdei->cpus[cpu]) != NR_SDEI_PRIORITIES)
			return true;
	}
	return false;
}

bool sdei_any_private(struct sdei_vm *sdei)
{
	for (unsigned place = 0; place < SDEI_SHARED_BOUND; place++) {
		if (!sdei->events[place].shared && sdei_is_used(sdei, place))
			return true;
	}
	return false;
}

/* ---- interrupts that the guest binds ---- */

bool sdei_is_slot(unsigned place)
{
	return place >= SDEI_PRIVATE_BOUND && place < SDEI_EVENTS;
}

enum sdei_error sdei_take_slot(struct sdei_vm *sdei, unsigned intid, unsigned *place)
{
	bool shared = intid >= VGIC_SPI_FIRST;
	unsigned first = shared ? SDEI_SHARED_BOUND : SDEI_PRIVATE_BOUND;
	unsigned end = shared ? SDEI_EVENTS : SDEI_SHARED_BOUND;

	*place = sdei->of_intid[intid];
	if (*place != 0)
		return sdei_is_slot(*place) ? SDEI_SUCCESS : SDEI_INVALID_PARAMETERS;
	for (*place = first; *place < end; ++*place) {
		if (!sdei->events[*place].present) {
			add(sdei, *place, SDEI_BOUND_NUMBER + *place, intid, false);
			return SDEI_SUCCESS;
		}
	}
	return SDEI_OUT_OF_RESOURCE;
}

void sdei_free_slot(struct sdei_vm *sdei, unsigned place)
{
	sdei->of_intid[sdei->events[place].intid] = 0;
	sdei->events[place].present = false;
}

/* ---- whose turn is it? ---- */

unsigned sdei_innermost(const struct sdei_cpu *cpu)
{
	if (cpu->running[SDEI_CRITICAL] != SDEI_NOTHING)
		return SDEI_CRITICAL;
	return cpu->running[SDEI_NORMAL] != SDEI_NOTHING ? SDEI_NORMAL : NR_SDEI_PRIORITIES;
}

/* Is the vCPU free for a handler of that priority? */
static bool is_free(const struct sdei_cpu *cpu, bool critical)
{
	return !cpu->masked && cpu->running[SDEI_CRITICAL] == SDEI_NOTHING &&
		(critical || cpu->running[SDEI_NORMAL] == SDEI_NOTHING);
}

bool sdei_may_begin(struct sdei_vm *sdei, unsigned cpu, unsigned place)
{
	const struct sdei_event *event = &sdei->events[place];
	const struct sdei_registration *registration = sdei_registration(sdei, cpu, place);

	if (registration->state != RE || !is_free(&sdei->cpus[cpu], event->critical))
		return false;
	return !event->shared || !registration->to_one || registration->target == cpu;
}

bool sdei_is_before(const struct sdei_vm *sdei, unsigned a, unsigned b)
{
	const struct sdei_event *first = &sdei->events[a], *second = &sdei->events[b];

	if (first->critical != second->critical)
		return first->critical;
	return first->number < second->number;
}

unsigned sdei_choose(struct sdei_vm *sdei, unsigned place)
{
	const struct sdei_registration *registration = &sdei->shared[place];
	bool critical = sdei->events[place].critical;
	unsigned told = sdei->told[place], second = SDEI_NOTHING;

	if (!(registration->state & SDEI_ENABLED))
		return SDEI_NOTHING;
	if (registration->to_one)
		return sdei->cpus[registration->target].masked ? SDEI_NOTHING
							       : registration->target;
	if (told != SDEI_NOTHING && is_free(&sdei->cpus[told], critical))
		return told;
	for (unsigned cpu = 0; cpu < sdei->nr_cpus; cpu++) {
		if (is_free(&sdei->cpus[cpu], critical))
			return cpu;
		if (!sdei->cpus[cpu].masked && second == SDEI_NOTHING)
			second = cpu;
	}
	return second;
}

struct sdei_context *sdei_begin(struct sdei_vm *sdei, unsigned cpu, unsigned place)
{
	unsigned priority = sdei->events[place].critical ? SDEI_CRITICAL : SDEI_NORMAL;

	(void)sdei_step(sdei_registration(sdei, cpu, place), SDEI_STEP_BEGIN);
	sdei->cpus[cpu].running[priority] = (uint8_t)place;
	return &sdei->cpus[cpu].saved[priority];
}

unsigned sdei_end(struct sdei_vm *sdei, unsigned cpu)
{
	unsigned priority = sdei_innermost(&sdei->cpus[cpu]), place;

	assert(priority < NR_SDEI_PRIORITIES);
	place = sdei->cpus[cpu].running[priority];
	sdei->cpus[cpu].running[priority] = SDEI_NOTHING;
	(void)sdei_step(sdei_registration(sdei, cpu, place), SDEI_STEP_COMPLETE);
	return place;
}
