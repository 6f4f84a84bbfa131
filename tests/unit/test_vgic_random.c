/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random guests on the vGIC, beside a plain model of a GIC that has no list registers: at every
 * step each CPU must be signalled the interrupt that the plain one says (any of those with the same
 * priority), and ISPENDR and ISACTIVER must read as it says.
 *
 * links: tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c hyp/vdev/vgic_lr.c
 * hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c hyp/vdev/vgic_reg.c
 * hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c hyp/vdev/vgic_bound.c
 * hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define CPUS      3
#define SPIS_USED 40 /* the first of them: two words */
#define STEPS     4000
#define STACK_MAX 64
#define NOBODY    (-1)
#define PINNED_PRIORITY                                                           \
	0xf0 /* of what is made active by ISACTIVER: lower than all that is taken \
	      */

struct irq {
	bool enabled, group1, edge, latch, line, active;
	bool pinned; /* active by ISACTIVER */
	bool acked;  /* active by IAR, not ended yet */
	bool falls;  /* a line: its wire falls when it stops being active, */
	bool again;  /* unless it was raised meanwhile */
	unsigned ended;
	unsigned priority;
	int target;
};

struct acked {
	unsigned intid;
	bool group1;
};

struct plain_cpu {
	struct irq irqs[32];
	struct acked stack[STACK_MAX];
	unsigned depth;
	unsigned pmr;
	bool groups[2], eoimode;
	bool loaded;
	uint64_t ctl[2], cval[2];
	uint32_t undeactivated; /* private ones after EOIR in EOImode 1 */
};

static struct plain_cpu plain[CPUS];
static struct irq spis[SPIS_USED];
static bool dist_groups[2];
static uint64_t spi_undeactivated; /* by SPI number */
static uint64_t random_state;
static unsigned nr, step, seed_now;
static bool trace;
static unsigned acks, ends, agains;

static unsigned roll(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % n;
}

static bool one_in(unsigned n)
{
	return roll(n) == 0;
}

static struct irq *irq_of(unsigned cpu, unsigned intid)
{
	return intid < 32 ? &plain[cpu].irqs[intid] : &spis[intid - 32];
}

static int timer_of(unsigned intid)
{
	return intid == VTIMER_PPI_VIRTUAL ? 0 : intid == VTIMER_PPI_PHYSICAL ? 1 : -1;
}

static bool timer_line(unsigned cpu, unsigned which)
{
	uint64_t now = model_counter - (which == 0 ? model_vm->cntvoff : 0);

	return (plain[cpu].ctl[which] & 3) == 1 && now >= plain[cpu].cval[which];
}

static bool is_pending(unsigned cpu, unsigned intid)
{
	const struct irq *irq = irq_of(cpu, intid);

	if (timer_of(intid) >= 0 && intid < 32)
		return irq->latch || timer_line(cpu, (unsigned)timer_of(intid));
	return irq->latch || (!irq->edge && irq->line);
}

static bool is_candidate(unsigned cpu, unsigned intid)
{
	const struct irq *irq = irq_of(cpu, intid);

	return is_pending(cpu, intid) && irq->enabled && !irq->active && dist_groups[irq->group1] &&
		plain[cpu].groups[irq->group1] && (intid < 32 || irq->target == (int)cpu);
}

static unsigned running(unsigned cpu)
{
	const struct plain_cpu *p = &plain[cpu];
	unsigned best = 0x100;

	for (unsigned i = 0; i < p->depth; i++)
		best = MIN(best, irq_of(cpu, p->stack[i].intid)->priority);
	return best;
}

/* The priority of what must be signalled, or 0x100. */
static unsigned expected(unsigned cpu)
{
	unsigned best = 0x100;

	for (unsigned intid = 0; intid < 32 + SPIS_USED; intid++) {
		if (is_candidate(cpu, intid))
			best = MIN(best, irq_of(cpu, intid)->priority);
	}
	return best < plain[cpu].pmr && best < running(cpu) ? best : 0x100;
}

static void say(const char *fmt, ...)
{
	va_list args;

	if (!trace)
		return;
	va_start(args, fmt);
	fprintf(stderr, "%u: ", step);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
}

static void explain(unsigned cpu)
{
	for (unsigned intid = 0; intid < 32 + SPIS_USED; intid++) {
		const struct irq *irq = irq_of(cpu, intid);

		if (is_candidate(cpu, intid) || irq->active)
			print_error("  %u: priority 0x%x group %d%s%s%s%s\n", intid, irq->priority,
				irq->group1, irq->active ? " active" : "",
				irq->latch ? " latch" : "", irq->line ? " line" : "",
				irq->edge ? " edge" : "");
	}
	for (unsigned i = 0; i < vif.lrs; i++)
		print_error("  LR%u 0x%016lx\n", i, (unsigned long)model_cpus[cpu].lr[i]);
	print_error("  HCR 0x%lx, timers' lines %d %d\n", (unsigned long)model_cpus[cpu].hcr,
		timer_line(cpu, 0), timer_line(cpu, 1));
	print_error("  physically enabled 0x%x active 0x%x\n", model_cpus[cpu].phys_enabled,
		model_cpus[cpu].phys_active);
	{
		struct vgic_cpu *c = model_vcpu(cpu)->part[PART_VGIC];

		print_error("  look 0x%x held 0x%x active 0x%x in_lr 0x%x enable 0x%x\n", c->look,
			c->hw_held, c->bank.active, c->bank.in_lr, c->bank.enable);
		for (unsigned w = 0; w < 2; w++)
			print_error("  SPI word %u: active 0x%x in_lr 0x%x line 0x%x latch 0x%x\n",
				w, c->vgic->spi[w].active, c->vgic->spi[w].in_lr,
				c->vgic->spi[w].line, c->vgic->spi[w].latch);
	}
}

static void check_signalled(unsigned cpu)
{
	unsigned priority = expected(cpu), intid;
	struct vcpu *vcpu = model_vcpu(cpu);
	unsigned before = this_cpu()->index;
	bool pending;

	fake_cpu_switch(plain[cpu].loaded ? cpu : (cpu + 1) % nr);
	pending = vgic_has_pending(vcpu);
	fake_cpu_switch(before);
	if (pending != (priority != 0x100))
		explain(cpu);
	if (pending != (priority != 0x100))
		print_error("seed %u step %u: CPU %u has_pending %d, expected priority 0x%x\n",
			seed_now, step, cpu, pending, priority);
	assert_int_equal(pending, priority != 0x100);
	if (!plain[cpu].loaded)
		return;
	intid = guest_signalled(cpu, NULL);
	if ((intid == MODEL_SPURIOUS) != (priority == 0x100) ||
		(intid != MODEL_SPURIOUS &&
			(!is_candidate(cpu, intid) || irq_of(cpu, intid)->priority != priority))) {
		print_error("seed %u step %u: CPU %u is signalled %u, expected priority 0x%x\n",
			seed_now, step, cpu, intid, priority);
		explain(cpu);
		fail();
	}
}

static void check_word(unsigned reader, int owner, unsigned word)
{
	uint64_t base = owner >= 0 ? SGI_FRAME((unsigned)owner, 0) : GICD(4 * word);
	uint32_t pending = 0, active = 0, got;
	unsigned cpu = owner >= 0 ? (unsigned)owner : 0;

	for (unsigned n = 0; n < 32; n++) {
		unsigned intid = 32 * word + n;

		if (intid >= 32 + SPIS_USED)
			break;
		pending |= (uint32_t)is_pending(cpu, intid) << n;
		active |= (uint32_t)irq_of(cpu, intid)->active << n;
	}
	got = (uint32_t)guest_read(reader, base + 0x200 + (one_in(2) ? 0x80 : 0), 4);
	if (got != pending)
		print_error("seed %u step %u: ISPENDR of %d word %u is 0x%x, expected 0x%x\n",
			seed_now, step, owner, word, got, pending);
	assert_int_equal(got, pending);
	got = (uint32_t)guest_read(reader, base + 0x300 + (one_in(2) ? 0x80 : 0), 4);
	if (got != active)
		explain(reader);
	if (got != active)
		print_error("seed %u step %u: ISACTIVER of %d word %u is 0x%x, expected 0x%x\n",
			seed_now, step, owner, word, got, active);
	assert_int_equal(got, active);
}

/* ---- what the guest may do ---- */

static void stops_being_active(struct irq *irq)
{
	irq->active = irq->acked = false;
	if (!irq->falls)
		return;
	irq->ended += irq->line;
	ends += irq->line;
	irq->line = irq->again;
	irq->latch |= irq->again && irq->edge;
	irq->again = false;
}

/* A register with a bit for each interrupt. */
static void write_bit(unsigned by, unsigned cpu, unsigned intid, unsigned offset)
{
	uint64_t base = intid < 32 ? SGI_FRAME(cpu, offset) : GICD(offset + intid / 32 * 4);

	guest_write(by, base, 4, BIT(intid % 32));
}

static unsigned any_intid(void)
{
	return one_in(3) ? roll(32) : 32 + roll(SPIS_USED);
}

static void do_ack(unsigned cpu)
{
	struct plain_cpu *p = &plain[cpu];
	bool group1 = false;
	unsigned intid = guest_signalled(cpu, &group1);
	struct irq *irq;

	if (intid == MODEL_SPURIOUS || p->depth == STACK_MAX)
		return;
	assert_int_equal(guest_ack(cpu, group1), intid);
	irq = irq_of(cpu, intid);
	assert_int_equal(irq->group1, group1);
	irq->active = irq->acked = true;
	irq->latch = false;
	p->stack[p->depth++] = (struct acked){ intid, group1 };
	acks++;
	say("cpu %u acks %u", cpu, intid);
}

static void do_eoi(unsigned cpu)
{
	struct plain_cpu *p = &plain[cpu];
	struct acked top;

	if (p->depth == 0)
		return;
	top = p->stack[--p->depth];
	say("cpu %u ends %u", cpu, top.intid);
	guest_eoi(cpu, top.intid, top.group1);
	if (!p->eoimode) {
		stops_being_active(irq_of(cpu, top.intid));
	} else if (top.intid < 32) {
		p->undeactivated |= (uint32_t)BIT(top.intid);
	} else {
		spi_undeactivated |= BIT(top.intid - 32);
	}
}

static void do_dir(unsigned cpu)
{
	struct plain_cpu *p = &plain[cpu];
	unsigned intid = 0;

	if (!p->eoimode)
		return;
	if (p->undeactivated && (one_in(2) || !spi_undeactivated)) {
		intid = (unsigned)__builtin_ctz(p->undeactivated);
		p->undeactivated &= p->undeactivated - 1;
	} else if (spi_undeactivated) {
		intid = 32 + (unsigned)__builtin_ctzll(spi_undeactivated);
		spi_undeactivated &= spi_undeactivated - 1;
	} else {
		return;
	}
	say("cpu %u deactivates %u", cpu, intid);
	guest_dir(cpu, intid);
	stops_being_active(irq_of(cpu, intid));
}

static void do_sgi(unsigned cpu)
{
	unsigned sgi = roll(16), targets = roll(1U << nr);
	bool all = one_in(4);

	say("cpu %u sends SGI %u to 0x%x%s", cpu, sgi, targets, all ? " (all others)" : "");
	guest_sgi(cpu, (uint64_t)sgi << 24 | targets | (all ? BIT(40) : 0));
	for (unsigned i = 0; i < nr; i++) {
		if ((all ? i != cpu : (targets >> i) & 1) && plain[i].irqs[sgi].group1)
			plain[i].irqs[sgi].latch = true;
	}
}

/* From the CPU that has it in a list register, which sees whether the guest has acknowledged it. */
static void raise(unsigned intid, struct irq *irq)
{
	const struct vgic *vgic = model_vm->part[PART_VGIC];
	const struct vgic_bank *bank = &vgic->spi[intid / 32 - 1];
	unsigned before = this_cpu()->index;

	say("line %u is raised", intid);
	if (bank->in_lr & BIT(intid % 32))
		fake_cpu_switch(bank->home[intid % 32]);
	assert_int_equal(vgic_raise_line(model_vm, intid),
		irq->line || irq->again ? VGIC_RISE_HIGH : VGIC_RISE_DONE);
	fake_cpu_switch(before);
	if (irq->active) {
		irq->again = true;
		agains++;
	} else {
		irq->latch |= irq->edge;
		irq->line = true;
	}
}

static void do_line(unsigned cpu)
{
	unsigned intid = any_intid();
	struct irq *irq = irq_of(cpu, intid);
	bool level = one_in(2);

	if (intid < 16 || (intid < 32 && timer_of(intid) >= 0))
		return;
	if (irq->falls) {
		raise(intid, irq);
		return;
	}
	say("line of %u (cpu %u) goes %d", intid, cpu, level);
	if (intid < 32)
		vgic_set_ppi(model_vcpu(cpu), intid, level);
	else
		vgic_set_spi(model_vm, intid, level);
	if (level && !irq->line && irq->edge)
		irq->latch = true;
	irq->line = level;
}

static void do_pending(unsigned by, unsigned cpu)
{
	unsigned intid = any_intid();
	bool set = !one_in(3);

	/* One that was pending by its wire alone when its physical interrupt was taken. */
	say("cpu %u writes %s of %u (cpu %u)", by, set ? "ISPENDR" : "ICPENDR", intid, cpu);
	write_bit(by, cpu, intid, set ? 0x200 : 0x280);
	irq_of(cpu, intid)->latch = set;
}

static void do_active(unsigned by, unsigned cpu)
{
	unsigned intid = any_intid();
	struct irq *irq = irq_of(cpu, intid);

	if (irq->acked || irq->priority != PINNED_PRIORITY)
		return;
	say("cpu %u writes %s of %u (cpu %u)", by, irq->pinned ? "ICACTIVER" : "ISACTIVER", intid,
		cpu);
	irq->pinned = !irq->pinned;
	if (irq->pinned)
		irq->active = true;
	else
		stops_being_active(irq);
	write_bit(by, cpu, intid, irq->pinned ? 0x300 : 0x380);
}

static void do_enable(unsigned by, unsigned cpu)
{
	unsigned intid = any_intid();
	bool set = !one_in(3);

	say("cpu %u %s %u (cpu %u)", by, set ? "enables" : "disables", intid, cpu);
	write_bit(by, cpu, intid, set ? 0x100 : 0x180);
	irq_of(cpu, intid)->enabled = set;
}

static void do_priority(unsigned by, unsigned cpu)
{
	unsigned intid = any_intid(), priority = roll(30) << 3;
	struct irq *irq = irq_of(cpu, intid);

	if (irq->active)
		return;
	if (one_in(8))
		priority = PINNED_PRIORITY;
	say("cpu %u gives %u (cpu %u) priority 0x%x", by, intid, cpu, priority);
	guest_write(by, intid < 32 ? SGI_FRAME(cpu, 0x400 + intid) : GICD(0x400 + intid), 1,
		priority | roll(8));
	irq->priority = priority;
}

static void do_group(unsigned by, unsigned cpu)
{
	unsigned intid = any_intid(), base = intid / 32 * 32;
	uint32_t value = 0;

	if (irq_of(cpu, intid)->active)
		return;
	irq_of(cpu, intid)->group1 ^= 1;
	for (unsigned n = 0; n < 32 && base + n < 32 + SPIS_USED; n++)
		value |= (uint32_t)irq_of(cpu, base + n)->group1 << n;
	say("cpu %u gives %u (cpu %u) group %d", by, intid, cpu, irq_of(cpu, intid)->group1);
	guest_write(by, intid < 32 ? SGI_FRAME(cpu, 0x80) : GICD(0x80 + base / 8), 4, value);
}

static void do_config(unsigned by)
{
	unsigned intid = 32 + roll(SPIS_USED), base = intid / 16 * 16;
	uint32_t value = 0;

	/* Else it is UNPREDICTABLE (IHI 0069 12.9.9). */
	if (spis[intid - 32].active || spis[intid - 32].enabled)
		return;
	spis[intid - 32].edge ^= 1;
	for (unsigned n = 0; n < 16 && base + n < 32 + SPIS_USED; n++)
		value |= (uint32_t)spis[base - 32 + n].edge << (2 * n + 1);
	say("cpu %u makes %u %s", by, intid, spis[intid - 32].edge ? "edge" : "level");
	guest_write(by, GICD(0xc00 + base / 4), 4, value);
}

static void do_route(unsigned by)
{
	unsigned spi = roll(SPIS_USED);
	int target = (int)roll(nr + 1);

	if (spis[spi].active)
		return;
	say("cpu %u routes %u to %d", by, spi + 32, target);
	guest_write(by, GICD(0x6000 + 8 * (spi + 32)), 8, (uint64_t)target);
	spis[spi].target = target < (int)nr ? target : NOBODY;
}

static void do_interface(unsigned cpu)
{
	struct plain_cpu *p = &plain[cpu];

	if (one_in(2)) {
		p->pmr = one_in(2) ? PINNED_PRIORITY : roll(31) << 3;
		guest_set_pmr(cpu, p->pmr);
	} else {
		p->groups[0] = !one_in(3);
		p->groups[1] = !one_in(3);
		guest_set_groups(cpu, p->groups[0], p->groups[1]);
	}
	say("cpu %u has PMR 0x%x, groups %d %d", cpu, p->pmr, p->groups[0], p->groups[1]);
}

static void do_dist(unsigned by)
{
	dist_groups[0] = !one_in(4);
	dist_groups[1] = !one_in(4);
	say("distributor groups %d %d", dist_groups[0], dist_groups[1]);
	guest_write(by, GICD(0), 4, (uint64_t)dist_groups[0] | (uint64_t)dist_groups[1] << 1);
}

/* A timer is set anew while its wire is low, or by its own handler. */
static void do_timer(unsigned cpu)
{
	unsigned which = roll(2);
	struct plain_cpu *p = &plain[cpu];
	struct irq *irq = &p->irqs[which == 0 ? VTIMER_PPI_VIRTUAL : VTIMER_PPI_PHYSICAL];

	if (timer_line(cpu, which) && !irq->acked)
		return;
	p->ctl[which] = roll(4);
	p->cval[which] = model_counter + roll(60) - 20 - (which == 0 ? model_vm->cntvoff : 0);
	model_cpus[cpu].ctl[which] = p->ctl[which];
	model_cpus[cpu].cval[which] = p->cval[which];
	say("cpu %u sets timer %u: ctl %u, %d from now", cpu, which, (unsigned)p->ctl[which],
		(int)(p->cval[which] + (which == 0 ? model_vm->cntvoff : 0) - model_counter));
}

static void do_switch(unsigned cpu)
{
	plain[cpu].loaded = !plain[cpu].loaded;
	say("cpu %u is %s", cpu, plain[cpu].loaded ? "loaded" : "put");
	if (!plain[cpu].loaded && one_in(2))
		model_vcpu(cpu)->state = VCPU_BLOCKED;
	model_switch(cpu, plain[cpu].loaded ? model_vcpu(cpu) : NULL);
	model_run_all();
}

static unsigned any_loaded(void)
{
	for (unsigned tries = 0; tries < 100; tries++) {
		unsigned cpu = roll(nr);

		if (plain[cpu].loaded)
			return cpu;
	}
	do_switch(0);
	return 0;
}

static void check_ended(void)
{
	for (unsigned i = 0; i < SPIS_USED; i++) {
		if (spis[i].ended != model_ended[32 + i])
			print_error("seed %u step %u: line %u ended %u times, expected %u\n",
				seed_now, step, 32 + i, model_ended[32 + i], spis[i].ended);
		assert_int_equal(spis[i].ended, model_ended[32 + i]);
	}
}

static void one_step(void)
{
	unsigned cpu = any_loaded(), other = roll(nr);

	switch (roll(30)) {
	case 0 ... 5:
		do_ack(cpu);
		break;
	case 6 ... 10:
		do_eoi(cpu);
		break;
	case 11 ... 12:
		do_dir(cpu);
		break;
	case 13 ... 14:
		do_sgi(cpu);
		break;
	case 15 ... 17:
		do_line(other);
		break;
	case 18 ... 20:
		do_pending(cpu, other);
		break;
	case 21:
		do_active(cpu, other);
		break;
	case 22:
		do_enable(cpu, other);
		break;
	case 23:
		do_priority(cpu, other);
		break;
	case 24:
		if (one_in(2))
			do_group(cpu, other);
		else
			do_config(cpu);
		break;
	case 25:
		do_route(cpu);
		break;
	case 26:
		do_interface(cpu);
		break;
	case 27:
		do_timer(cpu);
		break;
	case 28:
		model_counter += roll(40);
		break;
	default:
		if (one_in(4))
			do_dist(cpu);
		else
			do_switch(roll(nr));
		break;
	}
	model_run_all();
	for (unsigned i = 0; i < nr; i++)
		check_signalled(i);
	check_ended();
	if (one_in(4)) {
		if (one_in(2))
			check_word(any_loaded(), (int)roll(nr), 0);
		else
			check_word(any_loaded(), -1, 1 + roll(2));
	}
}

static void start(unsigned seed, unsigned lrs, bool eoimode)
{
	random_state = seed_now = seed;
	nr = 1 + seed % CPUS;
	memset(plain, 0, sizeof(plain));
	memset(spis, 0, sizeof(spis));
	spi_undeactivated = 0;
	model_create(nr, lrs);
	guest_setup(0x80);
	dist_groups[0] = dist_groups[1] = true;
	for (unsigned cpu = 0; cpu < nr; cpu++) {
		plain[cpu].pmr = PINNED_PRIORITY;
		guest_set_pmr(cpu, PINNED_PRIORITY);
		plain[cpu].groups[1] = true;
		plain[cpu].loaded = true;
		plain[cpu].eoimode = eoimode;
		guest_set_eoimode(cpu, eoimode);
		/* The guest's change is seen at the next occasion. */
		model_switch(cpu, NULL);
		model_switch(cpu, model_vcpu(cpu));
		for (unsigned intid = 0; intid < 32; intid++)
			plain[cpu].irqs[intid] = (struct irq){ .enabled = true,
				.group1 = true,
				.edge = intid < 16,
				.priority = 0x80 };
	}
	for (unsigned i = 0; i < SPIS_USED; i++) {
		spis[i] = (struct irq){
			.enabled = true, .group1 = true, .priority = 0x80, .falls = i % 3 == 0
		};
		if (spis[i].falls)
			vgic_open_line(model_vm, 32 + i, true);
	}
	model_run_all();
}

static void run(unsigned seed, unsigned lrs, bool eoimode)
{
	start(seed, lrs, eoimode);
	for (step = 0; step < STEPS; step++)
		one_step();
	model_destroy();
}

static unsigned seeds(void)
{
	const char *text = getenv("VGIC_SEEDS");

	return text ? (unsigned)atoi(text) : 9;
}

/* Ended while active, with its group disabled and its line still high: pending, but not delivered.
 */
static const unsigned found[] = { 10, 12, 42, 60 };

static void run_seeds(unsigned lrs, bool eoimode)
{
	const char *one = getenv("VGIC_SEED");

	trace = getenv("VGIC_TRACE") != NULL;
	acks = ends = agains = 0;
	if (one) {
		run((unsigned)atoi(one), lrs, eoimode);
		return;
	}
	for (unsigned seed = 0; seed < seeds(); seed++)
		run(seed, lrs, eoimode);
	for (unsigned i = 0; i < ARRAY_SIZE(found); i++)
		run(found[i], lrs, eoimode);
	/* A test in which nothing happens proves nothing. */
	assert_true(acks > seeds() * STEPS / 50);
	assert_true(ends > seeds() * STEPS / 1000);
	assert_true(agains > seeds());
}

static void four_registers_eoimode_0(void **state)
{
	(void)state;
	run_seeds(4, false);
}

static void four_registers_eoimode_1(void **state)
{
	(void)state;
	run_seeds(4, true);
}

static void one_register(void **state)
{
	(void)state;
	run_seeds(1, false);
	run_seeds(1, true);
}

static void sixteen_registers(void **state)
{
	(void)state;
	run_seeds(16, false);
	run_seeds(16, true);
}

/* Without ICH_VTR_EL2.TDS all common registers are trapped instead of ICC_DIR_EL1 alone. */
static void without_tdir(void **state)
{
	(void)state;
	model_has_tdir = false;
	run_seeds(4, true);
	model_has_tdir = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_registers_eoimode_0),
		cmocka_unit_test(four_registers_eoimode_1),
		cmocka_unit_test(one_register),
		cmocka_unit_test(sixteen_registers),
		cmocka_unit_test(without_tdir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
