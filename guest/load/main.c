/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One of many VMs: each of its CPUs sends SGIs to every CPU and to itself, takes its own timer's
 * interrupts, spins on a lock that all want, and sleeps in WFI where it has nothing to send.
 *
 * CPU i sends SGI number i, so each pair has a pending bit of its own, and sends one more only when
 * the last was taken: none can merge with another, and in the end sent = taken for each pair.
 *
 * Boot arguments: count=N SGIs in all (20000); ms=N at least so long (0): who has sent all sends
 * on.
 */
#include "load.h"
#include "smp.h"

#define COUNT_DEFAULT 20000
#define TIMER_US      100
#define SLEEP_EVERY   16 /* turns, whether there is something to send or not */
#define JOIN_MS       60000

static struct ticket sgi[MAX_CPUS][MAX_CPUS]; /* [from][to] */
static struct ticket timer[MAX_CPUS];
static u64 turns[MAX_CPUS]; /* under the lock */
static u32 sleeps[MAX_CPUS];
static u32 strange; /* interrupts that nobody sent */
static u32 quota;   /* SGIs of each pair */
static u64 earliest_end;
static u32 prepared;
static u32 finished;

static void on_interrupt(u32 intid, struct regs *regs)
{
	u32 cpu = cpu_id();

	(void)regs;
	if (intid < machine.cpus) {
		if (ticket_free(&sgi[intid][cpu]))
			atomic_add(&strange, 1);
		store_release(&sgi[intid][cpu].taken, sgi[intid][cpu].taken + 1);
	} else if (intid == TIMER_VIRT_INTID) {
		timer_set_ctl(TIMER_VIRT, 0);
		if (ticket_free(&timer[cpu]))
			atomic_add(&strange, 1);
		store_release(&timer[cpu].taken, timer[cpu].taken + 1);
	} else {
		atomic_add(&strange, 1);
	}
}

/* One more to each CPU that took the last; 0 when there was none to send. */
static u32 send(u32 cpu, bool beyond_quota)
{
	u32 sent = 0;

	for (u32 i = 0; i < machine.cpus; i++) {
		u32 to = (cpu + i) % machine.cpus;
		struct ticket *ticket = &sgi[cpu][to];

		if (!ticket_free(ticket) || (ticket->sent >= quota && !beyond_quota))
			continue;
		store_release(&ticket->sent, ticket->sent + 1);
		gic_send_sgi(cpu, to);
		sent++;
	}
	return sent;
}

static bool all_sent(u32 cpu)
{
	for (u32 to = 0; to < machine.cpus; to++) {
		if (sgi[cpu][to].sent < quota)
			return false;
	}
	return counter() >= earliest_end;
}

static bool all_taken(u32 cpu)
{
	for (u32 to = 0; to < machine.cpus; to++) {
		if (!ticket_free(&sgi[cpu][to]))
			return false;
	}
	return true;
}

/* Until the timer's interrupt, or another's: masked, so that none is taken before the WFI. */
static void sleep(u32 cpu)
{
	irq_disable();
	if (ticket_free(&timer[cpu])) {
		store_release(&timer[cpu].sent, timer[cpu].sent + 1);
		timer_set_cval(TIMER_VIRT, counter() + us_ticks(TIMER_US));
		timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	}
	sleeps[cpu]++;
	wfi();
	irq_enable();
}

static void prepare(void)
{
	gic_init_cpu();
	for (u32 i = 0; i < machine.cpus; i++)
		gic_enable(i);
	gic_enable(TIMER_VIRT_INTID);
}

/* SGIs taken by all CPUs. */
static u64 progress(void)
{
	u64 sum = 0;

	for (u32 from = 0; from < machine.cpus; from++) {
		for (u32 to = 0; to < machine.cpus; to++)
			sum += load_acquire(&sgi[from][to].taken);
	}
	return sum;
}

/* Sleeps until the condition holds; false when it does not, and for STALL_MS no CPU took an SGI. */
#define sleep_until(cpu, condition)                                              \
	({                                                                       \
		u64 seen_ = progress();                                          \
		u64 last_ = counter();                                           \
		while (!(condition) && counter() - last_ < ms_ticks(STALL_MS)) { \
			u64 now_ = progress();                                   \
			if (now_ != seen_)                                       \
				last_ = counter();                               \
			seen_ = now_;                                            \
			sleep(cpu);                                              \
		}                                                                \
		(condition);                                                     \
	})

static void one_cpu(void *arg)
{
	u32 cpu = cpu_id();
	u64 last = counter();

	(void)arg;
	prepare();
	atomic_add(&prepared, 1);
	irq_enable();
	if (!sleep_until(cpu, load_acquire(&prepared) == machine.cpus))
		tap_note("CPU %u: only %u of %u CPUs came", cpu, prepared, machine.cpus);
	while (!all_sent(cpu)) {
		bool sent = send(cpu, counter() < earliest_end);

		if (sent)
			last = counter();
		else if (counter() - last > ms_ticks(STALL_MS))
			break;
		if (!shared_turn())
			break;
		if (++turns[cpu] % SLEEP_EVERY == 0 || !sent)
			sleep(cpu);
	}
	(void)sleep_until(cpu, all_taken(cpu) && ticket_free(&timer[cpu]));
	/* Others may still send to us. */
	atomic_add(&finished, 1);
	(void)sleep_until(cpu, load_acquire(&finished) == machine.cpus);
	/* The last sleep's timer. */
	(void)wait_for(STALL_MS, ticket_free(&timer[cpu]));
	irq_disable();
}

static void report_cpu(u32 cpu)
{
	u64 sent = 0;
	u64 taken = 0;

	for (u32 from = 0; from < machine.cpus; from++) {
		const struct ticket *ticket = &sgi[from][cpu];

		sent += ticket->sent;
		taken += ticket->taken;
		if (ticket->sent != ticket->taken || ticket->sent < quota)
			tap_note("CPU %u -> CPU %u: %u to send, %u sent, %u taken", from, cpu,
				quota, ticket->sent, ticket->taken);
	}
	tap_ok(taken == sent && sent >= (u64)quota * machine.cpus, "CPU %u took %lu of %lu SGIs",
		cpu, taken, sent);
	tap_ok(timer[cpu].taken == timer[cpu].sent && timer[cpu].sent,
		"CPU %u took %u of %u timer interrupts", cpu, timer[cpu].taken, timer[cpu].sent);
}

void payload_main(void)
{
	u32 pairs = machine.cpus * machine.cpus;
	u64 start = counter();
	u64 total = 0;
	bool came;

	quota = ((u32)arg_number("count", COUNT_DEFAULT) + pairs - 1) / pairs;
	earliest_end = start + ms_ticks(arg_number("ms", 0));
	gic_init();
	gic_set_handler(on_interrupt);
	came = smp_run(one_cpu, NULL, JOIN_MS);
	tap_ok(came, "%u CPUs come through", machine.cpus);
	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		report_cpu(cpu);
		total += turns[cpu];
		tap_note("CPU %u: %u sleeps, %u spurious", cpu, sleeps[cpu], gic_spurious(cpu));
	}
	tap_ok(!strange, "%u interrupts that nobody sent", strange);
	tap_ok(shared.sum == total && !shared.two, "%lu of %lu turns under the lock, each alone",
		shared.sum, total);
	tap_note("load: %lu ms", (counter() - start) / ms_ticks(1));
}
