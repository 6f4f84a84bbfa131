/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vGIC when CPUs are late: what one asks of another is done some time later, while the other's
 * guest goes on taking and ending interrupts. Edge-triggered interrupts, and lines that fall when
 * they are ended; none may be lost (sent after the last time it was taken, but neither pending nor
 * taken in the end) and none may come from nothing (taken more often than sent, or pending without
 * a cause). Each end of a line is told once. Now and then a CPU's interface is detached for a
 * while: then too it must be told of what would be signalled, and of nothing else.
 *
 * links: tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c hyp/vdev/vgic_lr.c
 * hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c hyp/vdev/vgic_reg.c
 * hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c hyp/vdev/vgic_bound.c
 * hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define CPUS      3
#define SPIS      8
#define LINES     4 /* of these, the last ones; and two of them are level-sensitive */
#define STEPS     6000
#define STACK_MAX 64

struct count {
	unsigned sent; /* since it was last known not to be pending, less the times it was taken */
	bool owed;     /* sent, and not taken since */
	unsigned taken;
};

static struct count sgis[CPUS][16], spis[SPIS];
static struct {
	unsigned stack[STACK_MAX], depth;
	bool loaded;
} guests[CPUS];
static uint32_t enabled_spis;
static uint64_t random_state;
static unsigned seed_now, step, taken, detached;

static unsigned roll(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % n;
}

static struct count *count_of(unsigned cpu, unsigned intid)
{
	return intid < 16 ? &sgis[cpu][intid] : &spis[intid - 32];
}

static void sent(struct count *count)
{
	count->sent++;
	count->owed = true;
}

static bool ack(unsigned cpu)
{
	unsigned intid = guest_ack(cpu, true);
	struct count *count;

	if (intid == MODEL_SPURIOUS)
		return false;
	assert_true(guests[cpu].depth < STACK_MAX);
	guests[cpu].stack[guests[cpu].depth++] = intid;
	count = count_of(cpu, intid);
	if (count->sent == 0)
		print_error("seed %u step %u: CPU %u takes %u, which was not sent\n", seed_now,
			step, cpu, intid);
	assert_true(count->sent > 0);
	count->sent--;
	count->owed = false;
	count->taken++;
	taken++;
	return true;
}

static void end(unsigned cpu)
{
	if (guests[cpu].depth > 0)
		guest_eoi(cpu, guests[cpu].stack[--guests[cpu].depth], true);
}

/* Everybody has done what was asked: what is pending now is known. */
static void check_quiet(unsigned reader)
{
	uint32_t pending, active;

	model_run_all();
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		pending = (uint32_t)guest_read(reader, SGI_FRAME(cpu, 0x200), 4);
		for (unsigned n = 0; n < 16; n++) {
			if (sgis[cpu][n].owed && !((pending >> n) & 1))
				print_error("seed %u step %u: SGI %u of CPU %u is lost\n", seed_now,
					step, n, cpu);
			assert_true(!sgis[cpu][n].owed || (pending >> n) & 1);
			assert_true(sgis[cpu][n].sent > 0 || !((pending >> n) & 1));
			if (!((pending >> n) & 1))
				sgis[cpu][n].sent = 0;
		}
	}
	pending = (uint32_t)guest_read(reader, GICD(0x204), 4);
	/* A line may be owed for the time after it has been ended. */
	active = (uint32_t)guest_read(reader, GICD(0x304), 4) &
		(uint32_t)GENMASK(SPIS - 1, SPIS - LINES);
	for (unsigned n = 0; n < SPIS; n++) {
		if ((active >> n) & 1)
			continue;
		if (spis[n].owed && !((pending >> n) & 1))
			print_error("seed %u step %u: SPI %u is lost\n", seed_now, step, n + 32);
		assert_true(!spis[n].owed || (pending >> n) & 1);
		assert_true(spis[n].sent > 0 || !((pending >> n) & 1));
		if (!((pending >> n) & 1))
			spis[n].sent = 0;
	}
}

static unsigned any_loaded(void)
{
	unsigned cpu = roll(CPUS);

	if (!guests[cpu].loaded) {
		guests[cpu].loaded = true;
		model_switch(cpu, model_vcpu(cpu));
		model_run(cpu);
	}
	return cpu;
}

static bool is_active(unsigned intid)
{
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		for (unsigned i = 0; i < guests[cpu].depth; i++) {
			if (guests[cpu].stack[i] == intid)
				return true;
		}
	}
	return false;
}

static void raise(unsigned cpu, unsigned n)
{
	unsigned before = this_cpu()->index;

	fake_cpu_switch(cpu);
	assert_int_not_equal(vgic_raise_line(model_vm, 32 + n), VGIC_RISE_DOWN);
	fake_cpu_switch(before);
	/* Before it goes on. */
	model_run(cpu);
}

/* As it is told while it is detached, so it comes when it isn't. */
static void attach(unsigned cpu)
{
	bool pending;

	if (!model_detached(cpu))
		return;
	model_run(cpu);
	pending = model_has_pending(cpu);
	model_attach(cpu);
	assert_int_equal(guest_signalled(cpu, NULL) != MODEL_SPURIOUS, pending);
	detached++;
}

static void one_step(void)
{
	unsigned cpu = any_loaded(), n = roll(SPIS), targets, what = roll(22);

	/* What its guest does, and where it goes. */
	if (what <= 8 || what == 17)
		attach(cpu);
	switch (what) {
	case 0 ... 4:
		ack(cpu);
		break;
	case 5 ... 8:
		end(cpu);
		break;
	case 9 ... 11:
		n = roll(16);
		targets = roll(1U << CPUS);
		guest_sgi(cpu, (uint64_t)n << 24 | targets);
		for (unsigned i = 0; i < CPUS; i++) {
			if ((targets >> i) & 1)
				sent(&sgis[i][n]);
		}
		model_run(cpu);
		break;
	case 12 ... 13:
		if (n >= SPIS - LINES)
			raise(cpu, n);
		else
			guest_write(cpu, GICD(0x204), 4, BIT(n));
		sent(&spis[n]);
		break;
	case 14:
		guest_write(cpu, GICD(0x6000 + 8 * (32 + n)), 8, roll(CPUS));
		break;
	case 15:
		enabled_spis ^= (uint32_t)BIT(n);
		guest_write(cpu, GICD(enabled_spis & BIT(n) ? 0x104 : 0x184), 4, BIT(n));
		break;
	case 16:
		/* Of an active one it would not be known whom an end outside the list registers
		 * ends. */
		if (!is_active(32 + n))
			guest_write(cpu, GICD(0x420 + n), 1, roll(16) << 4);
		break;
	case 17:
		guests[cpu].loaded = false;
		model_switch(cpu, NULL);
		break;
	case 18:
		if (roll(8) == 0)
			check_quiet(cpu);
		break;
	case 19:
		if (!model_detached(cpu))
			model_detach(cpu);
		break;
	default:
		model_run(roll(CPUS));
		break;
	}
}

/* With everything enabled each guest takes all there is. */
static void drain(void)
{
	guest_write(any_loaded(), GICD(0x104), 4, UINT32_MAX);
	for (unsigned i = 0; i < CPUS; i++) {
		if (!guests[i].loaded)
			model_switch(i, model_vcpu(i));
		guests[i].loaded = true;
		attach(i);
	}
	for (unsigned rounds = 0; rounds < 200; rounds++) {
		model_run_all();
		for (unsigned cpu = 0; cpu < CPUS; cpu++) {
			if (!ack(cpu))
				end(cpu);
		}
	}
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(guests[cpu].depth, 0);
		for (unsigned n = 0; n < 16; n++)
			assert_false(sgis[cpu][n].owed);
	}
	for (unsigned n = 0; n < SPIS; n++) {
		assert_false(spis[n].owed);
		assert_int_equal(model_ended[32 + n], n < SPIS - LINES ? 0 : spis[n].taken);
	}
	assert_int_equal(guest_read(0, GICD(0x204), 4), 0);
}

static void run(unsigned seed, unsigned lrs)
{
	random_state = seed_now = seed;
	memset(sgis, 0, sizeof(sgis));
	memset(spis, 0, sizeof(spis));
	memset(guests, 0, sizeof(guests));
	model_create(CPUS, lrs);
	guest_setup(0x80);
	guest_write(0, GICD(0xc08), 4, (uint32_t)GENMASK(2 * (SPIS - LINES / 2) - 1, 0));
	guest_write(0, GICD(0xc0c), 4, UINT32_MAX);
	enabled_spis = UINT32_MAX;
	for (unsigned n = SPIS - LINES; n < SPIS; n++)
		vgic_open_line(model_vm, 32 + n, true);
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		guests[cpu].loaded = true;
	for (step = 0; step < STEPS; step++)
		one_step();
	drain();
	model_destroy();
}

static void run_seeds(unsigned lrs)
{
	const char *text = getenv("VGIC_SEEDS");
	unsigned seeds = text ? (unsigned)atoi(text) : 8;

	taken = detached = 0;
	for (unsigned seed = 0; seed < seeds; seed++)
		run(seed, lrs);
	assert_true(taken > seeds * STEPS / 20);
	assert_true(detached > seeds * STEPS / 50);
}

static void two_registers(void **state)
{
	(void)state;
	run_seeds(2);
}

static void four_registers(void **state)
{
	(void)state;
	run_seeds(4);
}

static void sixteen_registers(void **state)
{
	(void)state;
	run_seeds(16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_registers),
		cmocka_unit_test(four_registers),
		cmocka_unit_test(sixteen_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
