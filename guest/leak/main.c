/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs that share a CPU, or two VMs that do: each fills every register it can write with
 * patterns of its own, spins across time slices and finds nothing but its own.
 *
 * Boot arguments: seed=N (another one for each VM), rounds=N (12), slice=US each round spins
 * (15000: longer than a time slice).
 */
#include "gic.h"
#include "machine.h"
#include "registers.h"
#include "smp.h"
#include "state.h"
#include "tap.h"
#include "timer.h"

#define ROUNDS_DEFAULT   12
#define SLICE_US_DEFAULT 15000
#define JOIN_MS          120000
/* What all patterns begin with; the next bits say whose they are. */
#define MARK_SHIFT       48
#define MARK             UINT64_C(0x1eaf)
#define OWNER_SHIFT      36
#define OWNER            GENMASK(47, 36)

static struct leak_register tables[MAX_CPUS][LEAK_REGISTERS_MAX];
static struct state fills[MAX_CPUS];
static struct state finds[MAX_CPUS];
static u64 seed;
static u32 rounds;
static u64 slice;

static u64 owner(u32 cpu)
{
	return seed << 4 | cpu;
}

static u64 pattern(u32 cpu, u32 round, u32 index)
{
	u64 mixed = (round * 64 + index + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return MARK << MARK_SHIFT | owner(cpu) << OWNER_SHIFT | mixed >> (64 - OWNER_SHIFT);
}

static bool is_others(u64 value, u32 cpu)
{
	return value >> MARK_SHIFT == MARK && (value & OWNER) >> OWNER_SHIFT != owner(cpu);
}

/* What a CPU finds when it comes up. */
static bool look_around(u32 cpu, const struct leak_register *table, u32 count)
{
	bool clean = true;

	for (u32 i = 0; i < count; i++) {
		u64 value = table[i].read();

		if (is_others(value, cpu)) {
			tap_note("CPU %u: %s is %lx at the start", cpu, table[i].name, value);
			clean = false;
		}
	}
	for (u32 i = 0; i < 32; i++) {
		for (u32 half = 0; half < 2; half++) {
			if (is_others(finds[cpu].q[i][half], cpu)) {
				tap_note("CPU %u: q%u is %lx at the start", cpu, i,
					finds[cpu].q[i][half]);
				clean = false;
			}
		}
	}
	return clean;
}

static void fill_general(u32 cpu, u32 round)
{
	struct state *state = &fills[cpu];

	for (u32 i = 0; i < 31; i++)
		state->x[i] = pattern(cpu, round, 200 + i);
	for (u32 i = 0; i < 32; i++) {
		state->q[i][0] = pattern(cpu, round, 300 + i);
		state->q[i][1] = pattern(cpu, round, 400 + i);
	}
	state->fpsr = pattern(cpu, round, 500) & 0x0800009f;
	state->fpcr = pattern(cpu, round, 501) & 0x07c00000;
	state->x[6] = counter() + slice;
}

static bool check_general(u32 cpu, u32 round)
{
	const struct state *in = &fills[cpu];
	const struct state *out = &finds[cpu];
	bool same = in->fpsr == out->fpsr && in->fpcr == out->fpcr;

	for (u32 i = 0; i < 31; i++)
		same &= i == 5 || in->x[i] == out->x[i];
	same &= !memcmp(in->q, out->q, sizeof(in->q));
	if (!same)
		tap_note("CPU %u round %u: general or FP registers differ", cpu, round);
	return same;
}

/* Fills, spins, compares: what was read right after writing must still be there. */
static bool one_round(u32 cpu, u32 round, struct leak_register *table, u32 count)
{
	u64 expected[LEAK_REGISTERS_MAX];
	u64 found[LEAK_REGISTERS_MAX];
	bool same;

	for (u32 i = 0; i < count; i++)
		table[i].write((table[i].first & table[i].keep) |
			(pattern(cpu, round, i) & ~table[i].keep));
	for (u32 i = 0; i < count; i++)
		expected[i] = table[i].read();
	fill_general(cpu, round);
	state_spin(&fills[cpu], &finds[cpu]);
	for (u32 i = 0; i < count; i++)
		found[i] = table[i].read();
	same = check_general(cpu, round);
	for (u32 i = 0; i < count; i++)
		table[i].write(table[i].first);
	for (u32 i = 0; i < count; i++) {
		if (expected[i] != found[i]) {
			tap_note("CPU %u round %u: %s was %lx, is %lx", cpu, round, table[i].name,
				expected[i], found[i]);
			same = false;
		}
	}
	return same;
}

static void test_cpu(void *arg)
{
	u32 cpu = cpu_id();
	struct leak_register *table = tables[cpu];
	u32 count = leak_registers(table);
	bool same = true;

	(void)arg;
	for (u32 i = 0; i < count; i++)
		table[i].first = table[i].read();
	/* FP registers as they are: nothing has used them yet. */
	state_look(&finds[cpu]);
	tap_ok(look_around(cpu, table, count), "CPU %u: nothing of others at the start", cpu);
	for (u32 round = 0; round < rounds; round++)
		same &= one_round(cpu, round, table, count);
	tap_ok(same, "CPU %u: %u system registers, general and FP registers are its own", cpu,
		count);
}

void payload_main(void)
{
	seed = arg_number("seed", 1);
	rounds = (u32)arg_number("rounds", ROUNDS_DEFAULT);
	slice = us_ticks(arg_number("slice", SLICE_US_DEFAULT));
	tap_note("%u CPU(s), seed %lu", machine.cpus, seed);
	tap_ok(smp_run(test_cpu, NULL, JOIN_MS), "all CPUs came and went");
}
