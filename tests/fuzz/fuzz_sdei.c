/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes become calls of SDEI by a VM's vCPUs, wires that rise and fall, and vCPUs that go off.
 * After each: a call that failed has changed nothing, what runs is in a state that runs, and
 * nothing that could begin is left lying.
 *
 * links: hyp/smccc/sdei.c hyp/smccc/sdei_state.c hyp/smccc/sdei_bind.c hyp/smccc/sdei_deliver.c
 *
 * covers: hyp/smccc/sdei.c hyp/smccc/sdei_state.c hyp/smccc/sdei_deliver.c
 */
#include <stdlib.h>
#include <string.h>

#include "hyp/arch/at.h"
#include "hyp/arch/features.h"
#include "hyp/smccc/sdei.h"
#include "hyp/vdev/vtimer.h"
#include "hyp/vm/inject.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define VCPUS     3
#define CALLS_MAX 400
#define RAM_BASE  UINT64_C(0x40000000)
#define CRITICAL  UINT64_C(0x40000001)
#define PRIVATE   UINT64_C(0x40000002)

static struct vm vm;
static struct vcpu vcpus[VCPUS];

/* ---- a vGIC that knows only of levels ---- */

static struct {
	bool level[VCPUS][VGIC_NR_INTIDS], bound[VCPUS][VGIC_NR_INTIDS],
		taken[VCPUS][VGIC_NR_INTIDS];
	struct vcpu *told[VGIC_NR_INTIDS];
	bool any; /* a level was high at some time: else there is nothing to look for */
} gic;

/* SPIs are kept with vCPU 0. */
static unsigned bank(const struct vcpu *vcpu, unsigned intid)
{
	return intid < VGIC_SPI_FIRST ? vcpu->id : 0;
}

static bool is_pending(const struct vcpu *vcpu, unsigned intid)
{
	unsigned id = bank(vcpu, intid);

	return gic.level[id][intid] && gic.bound[id][intid] && !gic.taken[id][intid];
}

static void tell(struct vcpu *vcpu, unsigned intid)
{
	struct vcpu *whom = intid < VGIC_SPI_FIRST ? vcpu : gic.told[intid];

	if (whom && is_pending(whom, intid))
		whom->work |= WORK_PARTS;
}

bool vgic_can_bind(const struct vm *of, unsigned intid)
{
	MUST(of == &vm && intid < VGIC_NR_INTIDS);
	return intid >= 16 && intid != VTIMER_PPI_VIRTUAL && intid != VTIMER_PPI_PHYSICAL;
}

enum vgic_bind_result vgic_bind(struct vcpu *vcpu, unsigned intid)
{
	MUST(vgic_can_bind(&vm, intid));
	/* As if the guest dealt with that one. */
	if (intid == 40)
		return VGIC_BIND_ACTIVE;
	gic.bound[bank(vcpu, intid)][intid] = true;
	return VGIC_BIND_DONE;
}

void vgic_unbind(struct vcpu *vcpu, unsigned intid)
{
	gic.bound[bank(vcpu, intid)][intid] = gic.taken[bank(vcpu, intid)][intid] = false;
}

void vgic_bound_tell(struct vm *of, unsigned intid, struct vcpu *vcpu)
{
	MUST(of == &vm && intid >= VGIC_SPI_FIRST && intid < VGIC_NR_INTIDS);
	gic.told[intid] = vcpu;
	tell(vcpu, intid);
}

bool vgic_any_bound(const struct vm *of)
{
	MUST(of == &vm);
	return true;
}

bool vgic_bound_pending(struct vcpu *vcpu, struct vgic_bound *found)
{
	bool any = false;

	memset(found, 0, sizeof(*found));
	for (unsigned intid = 16; gic.any && intid < VGIC_NR_INTIDS; intid++) {
		if (is_pending(vcpu, intid)) {
			found->pending[intid / 32] |= (uint32_t)BIT(intid % 32);
			any = true;
		}
	}
	return any;
}

bool vgic_bound_take(struct vcpu *vcpu, unsigned intid)
{
	bool pending = is_pending(vcpu, intid);

	gic.taken[bank(vcpu, intid)][intid] |= pending;
	return pending;
}

void vgic_bound_end(struct vcpu *vcpu, unsigned intid)
{
	gic.taken[bank(vcpu, intid)][intid] = false;
	tell(vcpu, intid);
}

/* ---- the other rooms ---- */

struct cpu_features cpu_features;

uint64_t inject_new_pstate(uint64_t pstate, uint64_t sctlr, bool has_pan, bool has_ssbs)
{
	(void)sctlr, (void)has_pan, (void)has_ssbs;
	return pstate;
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	vcpu->work |= work;
}

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static uint64_t translate(uint64_t va)
{
	return va >= UINT64_C(1) << 40 ? PAR_F : va & PAR_PA;
}

/* ---- what must hold ---- */

static void check_running(struct sdei_vm *sdei)
{
	unsigned running[SDEI_EVENTS] = { 0 };

	for (unsigned cpu = 0; cpu < VCPUS; cpu++) {
		for (unsigned priority = 0; priority < NR_SDEI_PRIORITIES; priority++) {
			unsigned place = sdei->cpus[cpu].running[priority];

			if (place == SDEI_NOTHING)
				continue;
			MUST(place < SDEI_EVENTS && sdei->events[place].present);
			MUST(sdei->events[place].critical == (priority == SDEI_CRITICAL));
			MUST(sdei_registration(sdei, cpu, place)->state & SDEI_RUNNING);
			if (sdei->events[place].shared)
				MUST(running[place]++ == 0);
		}
	}
	for (unsigned place = 0; place < SDEI_EVENTS; place++)
		MUST(!!(sdei->shared[place].state & SDEI_RUNNING) == running[place]);
}

static void check_nothing_waits(struct sdei_vm *sdei)
{
	for (unsigned cpu = 0; cpu < VCPUS; cpu++) {
		MUST(!sdei->cpus[cpu].signalled || !sdei_may_begin(sdei, cpu, SDEI_EVENT_0));
		for (unsigned intid = 16; gic.any && intid < VGIC_NR_INTIDS; intid++) {
			if (is_pending(&vcpus[cpu], intid))
				MUST(!sdei_may_begin(sdei, cpu, sdei->of_intid[intid]));
		}
	}
}

/* What is bound in the vGIC is registered, or runs. */
static void check_bound(struct sdei_vm *sdei)
{
	for (unsigned cpu = 0; cpu < VCPUS; cpu++) {
		for (unsigned intid = 16; intid < VGIC_NR_INTIDS; intid++) {
			unsigned place = sdei->of_intid[intid];
			bool used = place && sdei_registration(sdei, cpu, place)->state;

			if (intid >= VGIC_SPI_FIRST && cpu != 0)
				break;
			MUST(gic.bound[cpu][intid] == used);
		}
	}
}

static void enter_guests(void)
{
	for (bool again = true; again;) {
		again = false;
		for (unsigned i = 0; i < VCPUS; i++) {
			if (!(vcpus[i].work & WORK_PARTS))
				continue;
			vcpus[i].work = 0;
			fake_cpu_switch(i);
			sdei_part.vcpu_enter(&vcpus[i]);
			again = true;
		}
	}
}

/* ---- bytes ---- */

static const uint8_t *input;
static size_t left;

static uint8_t byte(void)
{
	if (!left)
		return 0;
	left--;
	return *input++;
}

/* Mostly what means something. */
static uint64_t value(void)
{
	static const uint64_t known[] = { 0, 1, 2, 3, 4, 5, CRITICAL, PRIVATE, RAM_BASE,
		RAM_BASE + 4, RAM_BASE + 2, UINT64_C(1) << 32, UINT64_C(1) << 40, UINT64_C(1) << 31,
		18, 40 };
	uint8_t which = byte();

	if (which < 64)
		return known[which % ARRAY_SIZE(known)];
	if (which < 128)
		return SDEI_BOUND_NUMBER + SDEI_PRIVATE_BOUND + which % 44;
	return which - 112;
}

static const smccc_service handlers[] = {
	sdei_version,
	sdei_event_register,
	sdei_event_enable,
	sdei_event_disable,
	sdei_event_context,
	sdei_event_complete,
	sdei_event_complete_and_resume,
	sdei_event_unregister,
	sdei_event_status,
	sdei_event_get_info,
	sdei_event_routing_set,
	sdei_pe_mask,
	sdei_pe_unmask,
	sdei_interrupt_bind,
	sdei_interrupt_release,
	sdei_event_signal,
	sdei_features,
	sdei_private_reset,
	sdei_shared_reset,
};
#define CONTEXT     4
#define UNREGISTER  7
#define OTHER_STEPS 4 /* behind the calls */

static size_t state_size(void)
{
	return sizeof(struct sdei_vm) + VCPUS * sizeof(struct sdei_cpu);
}

static void call(struct vcpu *vcpu, unsigned function)
{
	static char before[sizeof(struct sdei_vm) + VCPUS * sizeof(struct sdei_cpu)];
	enum conduit conduit = byte() & 1 ? SMCCC_HVC : SMCCC_SMC;
	enum exit_result result;
	uint64_t pc = vcpu->regs.pc;

	for (unsigned i = 1; i <= 5; i++)
		vcpu->regs.x[i] = value();
	memcpy(before, sdei_of(&vm), state_size());
	result = handlers[function](vcpu, conduit, function);
	MUST(!spin_is_locked(&sdei_of(&vm)->lock));
	if (result == EXIT_SWITCH)
		return;
	MUST(result == (enum exit_result)conduit && vcpu->regs.pc == pc);
	if ((int64_t)vcpu->regs.x[0] < 0 && function != CONTEXT && function != UNREGISTER)
		MUST(memcmp(before, sdei_of(&vm), state_size()) == 0);
}

static void one_step(void)
{
	unsigned what = byte() % (ARRAY_SIZE(handlers) + OTHER_STEPS);
	struct vcpu *vcpu = &vcpus[byte() % VCPUS];
	unsigned intid;

	fake_cpu_switch(vcpu->id);
	if (what < ARRAY_SIZE(handlers)) {
		call(vcpu, what);
		return;
	}
	intid = 16 + byte() % 60;
	switch (what - ARRAY_SIZE(handlers)) {
	case 0:
		sdei_cpu_off(vcpu);
		break;
	case 1:
		gic.level[bank(vcpu, intid)][intid] = gic.any = true;
		tell(vcpu, intid);
		break;
	case 2:
		gic.level[bank(vcpu, intid)][intid] = false;
		break;
	default:
		if (intid != 16)
			break;
		memset(gic.bound, 0, sizeof(gic.bound));
		memset(gic.taken, 0, sizeof(gic.taken));
		sdei_part.reset(&vm);
		break;
	}
}

static void configure(void)
{
	static bool done;
	struct sdei_event_config config = {
		.vm = "vm", .number = CRITICAL, .critical = true, .intid = 50
	};

	if (done)
		return;
	done = true;
	MUST(sdei_event_add(&config) == OK);
	config = (struct sdei_event_config){ .vm = "vm", .number = PRIVATE, .intid = 20 };
	MUST(sdei_event_add(&config) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	fake_cpu_reset();
	fake_cpu_count(VCPUS);
	fake_at_hook = translate;
	configure();
	memset(&gic, 0, sizeof(gic));
	memset(vcpus, 0, sizeof(vcpus));
	vm = (struct vm){ .name = "vm", .ram_base = IPA(RAM_BASE), .ram_size = MIB(2) };
	vm.nr_vcpus = VCPUS;
	for (unsigned i = 0; i < VCPUS; i++) {
		vm.vcpus[i] = &vcpus[i];
		vcpus[i].vm = &vm;
		vcpus[i].id = i;
	}
	MUST(sdei_part.create(&vm) == OK);
	for (unsigned i = 0; left && i < CALLS_MAX; i++) {
		one_step();
		check_running(sdei_of(&vm));
		if (left % 8 == 0)
			check_bound(sdei_of(&vm));
		if (byte() & 1) {
			enter_guests();
			check_nothing_waits(sdei_of(&vm));
		}
	}
	sdei_part.destroy(&vm);
	return 0;
}
