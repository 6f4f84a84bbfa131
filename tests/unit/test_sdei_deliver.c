/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Into handlers and out of them: registers, order, nesting, who is told and who waits, vCPUs that
 * go, and random calls against what must hold after each.
 *
 * links: hyp/smccc/sdei.c hyp/smccc/sdei_state.c hyp/smccc/sdei_bind.c hyp/smccc/sdei_deliver.c
 * tests/unit/sdei_model.c tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c
 * hyp/vdev/vgic_lr.c hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c
 * hyp/vdev/vgic_reg.c hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c
 * hyp/vdev/vgic_bound.c hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake/cpu.h"
#include "tests/unit/sdei_model.h"

#define SPI      100
#define SPI_TOO  101
#define PPI      20
#define CRITICAL UINT64_C(0x40000001)
#define CRIT_SPI 102
#define VCPUS    3
#define RESUME   UINT64_C(0x44440000)

static uint64_t spi, spi_too, ppi;

/* One critical event is the bundle's, in all tests. */
static int configure(void **state)
{
	struct sdei_event_config config = {
		.vm = "model", .number = CRITICAL, .critical = true, .intid = CRIT_SPI
	};

	(void)state;
	return sdei_event_add(&config) != OK;
}

static uint64_t bind(unsigned intid)
{
	int64_t event = CALL1(0, interrupt_bind, intid);

	assert_true(event > 0);
	return (uint64_t)event;
}

static int begin(void **state)
{
	(void)state;
	sdei_model_create(VCPUS);
	spi = bind(SPI);
	spi_too = bind(SPI_TOO);
	ppi = bind(PPI);
	for (unsigned i = 0; i < VCPUS; i++) {
		assert_int_equal(CALL0(i, pe_unmask), 0);
		model_vcpu(i)->state = VCPU_RUNNING;
		sdei_model_fill(i, i);
	}
	sdei_model_run();
	return 0;
}

static int end(void **state)
{
	(void)state;
	sdei_model_destroy();
	return 0;
}

/* Calls change registers, which are then those of what is interrupted. */
static void signal(unsigned from, unsigned to)
{
	assert_int_equal(CALL2(from, event_signal, 0, to), SDEI_SUCCESS);
	sdei_model_fill(from, from);
}

static void signal_and_run(unsigned to)
{
	signal(to, to);
	sdei_model_run();
}

static void raise(unsigned intid)
{
	vgic_set_spi(model_vm, intid, true);
	sdei_model_run();
}

static void lower(unsigned intid)
{
	vgic_set_spi(model_vm, intid, false);
	sdei_model_run();
}

static void enable(unsigned cpu, uint64_t number)
{
	sdei_model_enable(cpu, number);
	sdei_model_fill(cpu, cpu);
	sdei_model_run();
}

static void complete(unsigned cpu)
{
	sdei_model_complete(cpu);
	sdei_model_run();
}

static bool is_idle(unsigned cpu)
{
	return sdei_innermost(&sdei_of(model_vm)->cpus[cpu]) == NR_SDEI_PRIORITIES;
}

/* ---- registers ---- */

static void test_complete(void **state)
{
	const struct guest_regs *regs = &model_vcpu(0)->regs;

	(void)state;
	enable(0, 0);
	signal(0, 0);
	fake_sysreg_accesses = 0;
	sdei_model_run();
	assert_true(sdei_model_in(0, 0));
	assert_int_equal(regs->x[2], 0xf0);
	assert_int_equal(regs->x[3], 0);
	assert_int_equal(regs->pstate, NEW_PSTATE);
	for (unsigned i = 4; i < 31; i++)
		assert_int_equal(regs->x[i], i);
	assert_int_equal(fake_sysreg_writes(SYS_ELR_EL1), 0);
	assert_int_equal(fake_sysreg_writes(SYS_SPSR_EL1), 0);
	for (unsigned i = 0; i < 18; i++) {
		assert_int_equal(CALL1(0, event_context, i), i);
		assert_int_equal(sdei_model_result, EXIT_RESUME);
	}
	assert_int_equal(CALL1(0, event_context, 18), SDEI_INVALID_PARAMETERS);
	/* x18-x30 are the handler's. */
	model_vcpu(0)->regs.x[18] = 0x1818;
	sdei_model_complete(0);
	assert_true(sdei_model_is_back(0, 0));
	assert_int_equal(regs->x[18], 0x1818);
	assert_int_equal(fake_sysreg_writes(SYS_ELR_EL1), 0);
	assert_true(is_idle(0));
	sdei_model_run();
	assert_true(sdei_model_is_back(0, 0));
	assert_int_equal(CALL1(0, event_complete, 0), SDEI_DENIED);
}

static void test_resume(void **state)
{
	const struct guest_regs *regs = &model_vcpu(1)->regs;

	(void)state;
	enable(1, 0);
	signal_and_run(1);
	assert_true(sdei_model_in(1, 0));
	assert_int_equal(CALL1(1, event_complete_and_resume, RESUME + 1), SDEI_INVALID_PARAMETERS);
	assert_false(is_idle(1));
	CALL1(1, event_complete_and_resume, RESUME);
	assert_int_equal(sdei_model_result, EXIT_SWITCH);
	assert_true(is_idle(1));
	assert_int_equal(regs->pc, RESUME);
	assert_int_equal(regs->pstate, NEW_PSTATE | 1 << 8);
	assert_int_equal(fake_reg(ELR_EL1), 1 << 8 | 0xf0);
	assert_int_equal(fake_reg(SPSR_EL1), 1 << 8);
	for (unsigned i = 0; i < 18; i++)
		assert_int_equal(regs->x[i], 1 << 8 | i);
}

/* A virtual EL2 is the client: it is gone to, and left, by others. */
#define SEEN      UINT64_C(0x600003c9)
#define EL2_STATE UINT64_C(0x3c5)
static unsigned entered, left;

static uint64_t el2_enter(struct vcpu *vcpu)
{
	entered++;
	assert_int_equal(vcpu->regs.pstate, 0);
	assert_int_equal(vcpu->regs.pc, 0xf0);
	return SEEN;
}

static uint64_t el2_new_pstate(const struct vcpu *vcpu, uint64_t interrupted)
{
	assert_ptr_equal(vcpu, model_vcpu(0));
	assert_int_equal(interrupted, SEEN);
	return EL2_STATE;
}

static void el2_leave(struct vcpu *vcpu, uint64_t pstate, uint64_t pc)
{
	left++;
	assert_int_equal(pstate, SEEN);
	assert_int_equal(vcpu->regs.x[3], 3);
	vcpu->regs.pc = pc;
	vcpu->regs.pstate = 0;
}

static void test_at_el2(void **state)
{
	static const struct vcpu_el2_ops el2 = { el2_enter, el2_new_pstate, el2_leave };
	struct guest_regs *regs = &model_vcpu(0)->regs;

	(void)state;
	entered = left = 0;
	model_vcpu(0)->el2 = &el2;
	enable(0, 0);
	signal_and_run(0);
	assert_int_equal(entered, 1);
	assert_int_equal(regs->x[2], 0xf0);
	assert_int_equal(regs->x[3], SEEN);
	assert_int_equal(regs->pstate, EL2_STATE);
	assert_int_equal(regs->pc, HANDLER);
	assert_int_equal(left, 0);
	CALL0(0, event_complete);
	assert_int_equal(sdei_model_result, EXIT_SWITCH);
	assert_int_equal(left, 1);
	assert_true(sdei_model_is_back(0, 0));
	signal_and_run(0);
	CALL1(0, event_complete_and_resume, RESUME);
	assert_int_equal(entered, 2);
	assert_int_equal(left, 1);
	assert_int_equal(regs->pc, RESUME);
	assert_int_equal(regs->pstate, EL2_STATE);
	assert_int_equal(fake_reg(SPSR_EL1), SEEN);
	assert_int_equal(fake_reg(ELR_EL1), 0xf0);
	model_vcpu(0)->el2 = NULL;
}

static void test_relative(void **state)
{
	(void)state;
	assert_int_equal(sdei_model_call(0, sdei_event_register, 0, 0x40, 0, RELATIVE, 0), 0);
	assert_int_equal(CALL1(0, event_enable, 0), 0);
	fake_reg(VBAR_EL1) = VBAR + 0x10000;
	signal_and_run(0);
	assert_int_equal(model_vcpu(0)->regs.pc, VBAR + 0x10040);
}

/* ---- when ---- */

static void test_merge_and_mask(void **state)
{
	(void)state;
	signal(0, 1);
	sdei_model_run();
	assert_true(sdei_model_is_back(1, 1));
	enable(1, 0);
	/* What was signalled before it was registered. */
	assert_true(sdei_model_in(1, 0));
	signal(0, 1);
	signal(0, 1);
	sdei_model_run();
	complete(1);
	assert_true(sdei_model_in(1, 0));
	complete(1);
	assert_true(sdei_model_is_back(1, 1));
	CALL0(1, pe_mask);
	sdei_model_fill(1, 1);
	signal(0, 1);
	sdei_model_run();
	assert_true(sdei_model_is_back(1, 1));
	CALL0(1, pe_unmask);
	sdei_model_run();
	assert_true(sdei_model_in(1, 0));
	/* A handler that masks its vCPU. */
	CALL0(1, pe_mask);
	signal(0, 1);
	complete(1);
	assert_true(is_idle(1));
	/* What is pending for an event that is unregistered is forgotten. */
	assert_int_equal(CALL1(1, event_unregister, 0), 0);
	enable(1, 0);
	CALL0(1, pe_unmask);
	sdei_model_run();
	assert_true(is_idle(1));
}

static void test_wakes(void **state)
{
	(void)state;
	enable(1, 0);
	model_vcpu(1)->state = VCPU_BLOCKED;
	signal(0, 1);
	assert_int_equal(model_vcpu(1)->state, VCPU_READY);
	sdei_model_run();
	assert_true(sdei_model_in(1, 0));
}

static void test_nesting(void **state)
{
	(void)state;
	enable(0, 0);
	enable(0, CRITICAL);
	assert_int_equal(sdei_of(model_vm)->told[SDEI_CONFIGURED], 0);
	signal_and_run(0);
	sdei_model_fill(0, 7);
	raise(CRIT_SPI);
	/* Others are free: who was told before hands it on only if it can't begin there. */
	assert_true(sdei_model_in(0, CRITICAL));
	assert_int_equal(model_vcpu(0)->regs.x[2], 7 << 8 | 0xf0);
	assert_int_equal(CALL1(0, event_context, 5), 7 << 8 | 5);
	signal_and_run(0);
	assert_int_equal(sdei_innermost(&sdei_of(model_vm)->cpus[0]), SDEI_CRITICAL);
	lower(CRIT_SPI);
	complete(0);
	assert_true(sdei_model_is_back(0, 7));
	assert_int_equal(sdei_innermost(&sdei_of(model_vm)->cpus[0]), SDEI_NORMAL);
	complete(0);
	/* Signalled meanwhile. */
	assert_true(sdei_model_in(0, 0));
	complete(0);
	assert_true(sdei_model_is_back(0, 0));
}

/* Critical first, then by number, each when the one before is complete; all on one vCPU. */
static void test_order(void **state)
{
	(void)state;
	CALL0(1, pe_mask);
	CALL0(2, pe_mask);
	CALL0(0, pe_mask);
	enable(0, spi_too);
	enable(0, spi);
	enable(0, CRITICAL);
	enable(0, 0);
	enable(0, ppi);
	raise(SPI_TOO);
	raise(SPI);
	raise(CRIT_SPI);
	vgic_set_ppi(model_vcpu(0), PPI, true);
	signal_and_run(0);
	assert_true(sdei_model_is_back(0, 0));
	CALL0(0, pe_unmask);
	sdei_model_fill(0, 0);
	sdei_model_run();
	assert_true(sdei_model_in(0, CRITICAL));
	lower(CRIT_SPI);
	complete(0);
	assert_true(sdei_model_in(0, 0));
	complete(0);
	assert_true(sdei_model_in(0, ppi));
	vgic_set_ppi(model_vcpu(0), PPI, false);
	complete(0);
	assert_true(sdei_model_in(0, spi));
	lower(SPI);
	complete(0);
	assert_true(sdei_model_in(0, spi_too));
	/* Still high: again. */
	complete(0);
	assert_true(sdei_model_in(0, spi_too));
	lower(SPI_TOO);
	complete(0);
	assert_true(sdei_model_is_back(0, 0));
	assert_true(is_idle(1) && is_idle(2));
}

/* ---- states in a handler ---- */

static void test_in_handler(void **state)
{
	(void)state;
	enable(0, spi);
	raise(SPI);
	assert_true(sdei_model_in(0, spi));
	assert_int_equal(CALL1(0, event_status, spi), 7);
	assert_int_equal(CALL1(1, event_status, spi), 7);
	assert_int_equal(CALL1(0, event_disable, spi), 0);
	complete(0);
	assert_true(is_idle(0));
	sdei_model_fill(0, 0);
	assert_int_equal(CALL1(1, event_enable, spi), 0);
	sdei_model_run();
	assert_true(sdei_model_in(0, spi));
	/* By another vCPU, too; the interrupt is back when the handler is complete. */
	assert_int_equal(CALL1(1, event_unregister, spi), SDEI_PENDING);
	assert_int_equal(CALL1(0, event_status, spi), 4);
	assert_int_equal(CALL1(0, interrupt_release, spi), SDEI_DENIED);
	assert_true(vgic_any_bound(model_vm));
	complete(0);
	assert_int_equal(CALL1(0, event_status, spi), 0);
	assert_false(vgic_any_bound(model_vm));
	model_run_all();
	assert_int_equal(guest_ack(0, true), SPI);
}

/* ---- which vCPU ---- */

static void test_one(void **state)
{
	(void)state;
	assert_int_equal(sdei_model_register(0, spi, RM_PE, 2), 0);
	assert_int_equal(CALL1(0, event_enable, spi), 0);
	raise(SPI);
	assert_true(sdei_model_in(2, spi));
	assert_true(is_idle(0) && is_idle(1));
	/* Busy, then masked: it waits, whoever else is free. */
	complete(2);
	assert_true(sdei_model_in(2, spi));
	lower(SPI);
	complete(2);
	CALL0(2, pe_mask);
	raise(SPI);
	assert_true(is_idle(0) && is_idle(1) && is_idle(2));
	CALL0(2, pe_unmask);
	sdei_model_run();
	assert_true(sdei_model_in(2, spi));
}

static void test_any(void **state)
{
	(void)state;
	enable(0, spi);
	enable(0, spi_too);
	raise(SPI);
	assert_true(sdei_model_in(0, spi));
	raise(SPI_TOO);
	assert_true(sdei_model_in(1, spi_too));
	lower(SPI);
	lower(SPI_TOO);
	complete(0);
	complete(1);
	/* Masked: the next that is not. */
	CALL0(0, pe_mask);
	CALL0(1, pe_mask);
	raise(SPI);
	assert_true(sdei_model_in(2, spi));
	raise(SPI_TOO);
	assert_true(is_idle(0) && is_idle(1));
	/* It waits for the one that is busy, or for whoever unmasks itself before. */
	lower(SPI);
	complete(2);
	assert_true(sdei_model_in(2, spi_too));
	raise(SPI);
	CALL0(1, pe_unmask);
	sdei_model_run();
	assert_true(sdei_model_in(1, spi));
	assert_true(is_idle(0));
}

/* All are busy: the first that is complete takes it, though another one was told. */
static void test_any_waits(void **state)
{
	(void)state;
	enable(0, spi);
	for (unsigned i = 0; i < VCPUS; i++) {
		enable(i, 0);
		signal_and_run(i);
	}
	raise(SPI);
	assert_true(sdei_of(model_vm)->waits);
	complete(2);
	assert_true(sdei_model_in(2, spi));
	lower(SPI);
	complete(2);
	assert_true(is_idle(2));
	complete(0);
	complete(1);
	assert_true(is_idle(0) && is_idle(1));
}

/* A line that falls before the vCPU has looked was nothing. */
static void test_fallen(void **state)
{
	(void)state;
	enable(0, spi);
	vgic_set_spi(model_vm, SPI, true);
	vgic_set_spi(model_vm, SPI, false);
	sdei_model_run();
	assert_true(is_idle(0) && is_idle(1) && is_idle(2));
}

/* ---- off and on ---- */

static void test_off(void **state)
{
	(void)state;
	enable(0, 0);
	enable(0, ppi);
	enable(0, spi);
	enable(0, CRITICAL);
	raise(SPI);
	raise(CRIT_SPI);
	vgic_set_ppi(model_vcpu(0), PPI, true);
	signal_and_run(0);
	assert_int_equal(sdei_innermost(&sdei_of(model_vm)->cpus[0]), SDEI_CRITICAL);
	sdei_cpu_off(model_vcpu(0));
	model_vcpu(0)->state = VCPU_OFF;
	sdei_model_run();
	/* What is still high goes to others. */
	assert_true(is_idle(0));
	assert_true(sdei_model_in(1, CRITICAL) || sdei_model_in(2, CRITICAL));
	assert_int_equal(CALL1(0, event_status, 0), 0);
	assert_int_equal(CALL1(0, event_status, ppi), 0);
	assert_int_equal(CALL0(0, pe_mask), 0);
	assert_int_equal(sdei_of(model_vm)->shared[SDEI_CONFIGURED].state, 7);
	model_run_all();
	assert_int_equal(guest_signalled(0, NULL), PPI);
	assert_false(sdei_of(model_vm)->cpus[0].signalled);
}

/* An event that its only vCPU was told of as it went is there when one unmasks itself. */
static void test_off_and_on(void **state)
{
	(void)state;
	CALL0(1, pe_mask);
	CALL0(2, pe_mask);
	enable(0, spi);
	vgic_set_spi(model_vm, SPI, true);
	model_vcpu(0)->work = 0;
	sdei_cpu_off(model_vcpu(0));
	sdei_model_run();
	sdei_part.vcpu_reset(model_vcpu(0));
	CALL0(0, pe_unmask);
	sdei_model_run();
	assert_true(sdei_model_in(0, spi));
}

/* From a power-down it comes masked: what woke it waits there, or another vCPU takes it. */
static void test_woken(void **state)
{
	(void)state;
	enable(0, 0);
	enable(0, spi);
	signal(1, 0);
	sdei_woken(model_vcpu(0));
	sdei_model_run();
	assert_true(is_idle(0));
	sdei_woken(model_vcpu(0));
	assert_int_equal(CALL1(0, event_status, 0), 3);
	vgic_set_spi(model_vm, SPI, true);
	sdei_model_run();
	assert_true(sdei_model_in(1, spi));
	assert_int_equal(CALL0(0, pe_mask), 0);
	CALL0(0, pe_unmask);
	sdei_model_run();
	assert_true(sdei_model_in(0, 0));
	lower(SPI);
	complete(1);
	complete(0);
	/* It was told, but has not looked yet. */
	sdei_model_run();
	vgic_set_spi(model_vm, SPI, true);
	sdei_woken(model_vcpu(0));
	sdei_model_run();
	assert_true(is_idle(0));
	assert_true(sdei_model_in(1, spi) || sdei_model_in(2, spi));
}

static void test_vm_reset(void **state)
{
	(void)state;
	enable(0, 0);
	enable(0, spi);
	raise(SPI);
	vgic_part.reset(model_vm);
	sdei_part.reset(model_vm);
	sdei_part.vcpu_reset(model_vcpu(0));
	assert_true(is_idle(0));
	assert_int_equal(CALL1(0, event_status, 0), 0);
	assert_int_equal(CALL1(0, event_status, spi), SDEI_INVALID_PARAMETERS);
	assert_int_equal(CALL1(0, event_status, CRITICAL), 0);
	assert_int_equal(CALL0(0, pe_mask), 0);
	assert_false(vgic_any_bound(model_vm));
}

/* ---- random calls ---- */

static uint64_t seed = 1;

static unsigned draw(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

/* What a vCPU runs is in a state that runs, nested at most once, and the only one of its event. */
static void check_running(const struct sdei_vm *sdei)
{
	unsigned shared_running[SDEI_EVENTS] = { 0 };

	for (unsigned cpu = 0; cpu < VCPUS; cpu++) {
		for (unsigned priority = 0; priority < NR_SDEI_PRIORITIES; priority++) {
			unsigned place = sdei->cpus[cpu].running[priority];
			const struct sdei_event *event = &sdei->events[place % SDEI_EVENTS];
			unsigned running;

			if (place == SDEI_NOTHING)
				continue;
			assert_int_equal(event->critical, priority == SDEI_CRITICAL);
			running = event->shared ? sdei->shared[place].state
						: sdei->cpus[cpu].private[place].state;
			assert_true(running & SDEI_RUNNING);
			assert_true(!event->shared || !shared_running[place]++);
		}
	}
	for (unsigned place = 0; place < SDEI_EVENTS; place++)
		assert_int_equal(
			!!(sdei->shared[place].state & SDEI_RUNNING), shared_running[place]);
}

/* Nothing that could begin is left lying. */
static void check_nothing_waits(struct sdei_vm *sdei)
{
	static const unsigned spis[] = { SPI, SPI_TOO, CRIT_SPI };

	for (unsigned cpu = 0; cpu < VCPUS; cpu++) {
		struct vgic_bound bound;

		assert_false(sdei->cpus[cpu].signalled && sdei_may_begin(sdei, cpu, SDEI_EVENT_0));
		if (!vgic_bound_pending(model_vcpu(cpu), &bound))
			continue;
		for (unsigned i = 0; i < ARRAY_SIZE(spis); i++) {
			if (bound.pending[spis[i] / 32] & BIT(spis[i] % 32))
				assert_false(sdei_may_begin(sdei, cpu, sdei->of_intid[spis[i]]));
		}
		if (bound.pending[0] & BIT(PPI))
			assert_false(sdei_may_begin(sdei, cpu, sdei->of_intid[PPI]));
	}
}

static void one_step(void)
{
	const uint64_t events[] = { 0, spi, spi_too, ppi, CRITICAL };
	static const unsigned spis[] = { SPI, SPI_TOO, CRIT_SPI };
	unsigned cpu = draw(VCPUS);
	uint64_t event = events[draw(ARRAY_SIZE(events))];

	switch (draw(14)) {
	case 0:
		sdei_model_register(cpu, event, draw(2), draw(VCPUS));
		break;
	case 1:
		CALL1(cpu, event_enable, event);
		break;
	case 2:
		CALL1(cpu, event_disable, event);
		break;
	case 3:
		if (draw(4) == 0)
			CALL1(cpu, event_unregister, event);
		break;
	case 4:
	case 5:
		CALL1(cpu, event_complete, 0);
		break;
	case 6:
		CALL1(cpu, event_complete_and_resume, RESUME);
		break;
	case 7:
		CALL0(cpu, pe_mask);
		break;
	case 8:
		CALL0(cpu, pe_unmask);
		break;
	case 9:
		CALL2(cpu, event_signal, 0, draw(VCPUS));
		break;
	case 10:
		vgic_set_spi(model_vm, spis[draw(3)], draw(2));
		break;
	case 11:
		vgic_set_ppi(model_vcpu(cpu), PPI, draw(2));
		break;
	case 12:
		CALL3(cpu, event_routing_set, event, draw(2), draw(VCPUS));
		break;
	default:
		if (draw(20) == 0)
			sdei_cpu_off(model_vcpu(cpu));
		else if (draw(20) == 0)
			sdei_woken(model_vcpu(cpu));
		else if (draw(4) == 0)
			CALL0(cpu, private_reset);
		break;
	}
}

static void test_random(void **state)
{
	unsigned begun = 0;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		one_step();
		if (draw(3) == 0) {
			sdei_model_run();
			check_nothing_waits(sdei_of(model_vm));
		}
		check_running(sdei_of(model_vm));
		begun += sdei_any_running(sdei_of(model_vm));
	}
	assert_in_range(begun, 10000, 59000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_complete),
		TEST(test_resume),
		TEST(test_at_el2),
		TEST(test_relative),
		TEST(test_merge_and_mask),
		TEST(test_wakes),
		TEST(test_nesting),
		TEST(test_order),
		TEST(test_in_handler),
		TEST(test_one),
		TEST(test_any),
		TEST(test_any_waits),
		TEST(test_fallen),
		TEST(test_off),
		TEST(test_off_and_on),
		TEST(test_woken),
		TEST(test_vm_reset),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, configure, NULL);
}
