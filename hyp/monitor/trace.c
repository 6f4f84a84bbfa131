/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/monitor/trace.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/esr.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/monitor/console.h"
#include "hyp/trap/exit.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"

#define SHOW_DEFAULT   20
#define LINES_PER_STEP 8
#define BACK_PER_STEP  64
#define DESCRIPTION    128

/* --- words --- */

static const char *vm_name(uint64_t id)
{
	return id < nr_vms ? vms[id]->name : "?";
}

static const char *state_name(uint64_t state)
{
	static const char *const names[] = {
		[VM_STOPPED] = "stopped",
		[VM_LOADING] = "loading",
		[VM_RUNNING] = "running",
		[VM_PAUSING] = "pausing",
		[VM_PAUSED] = "paused",
		[VM_STOPPING] = "stopping",
		[VM_RESETTING] = "restarting",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

/* Events of a vCPU: what comes behind its name, with the argument. */
static const char *const vcpu_events[NR_TRACE_KINDS] = {
	[TRACE_BLOCK] = "waits, PC %llx",
	[TRACE_WAKE] = "is woken, for CPU %llu",
	[TRACE_MIGRATE] = "moves to CPU %llu",
	[TRACE_INJECT] = "is given an exception, ESR %llx",
	[TRACE_RUN] = "has its turn, PC %llx",
	[TRACE_PUT] = "is put away, PC %llx",
};

static void describe_vcpu(const struct trace_entry *entry, char *text, size_t size)
{
	uint64_t low = trace_low(entry);
	unsigned kind = trace_kind(entry);
	size_t length;

	if (kind == TRACE_VM) {
		format(text, size, "%s: %s", vm_name(low >> 16), state_name(entry->argument));
		return;
	}
	length = format(text, size, "%s vCPU %u ", vm_name(low >> 16), (unsigned)(low & 0xffff));
	if (kind == TRACE_LEVEL)
		format(text + MIN(length, size), size - MIN(length, size), "goes on %s",
			entry->argument ? "in its inner guest" : "at virtual EL2");
	else if (kind >= NR_TRACE_KINDS || !vcpu_events[kind])
		format(text, size, "unknown event %016llx", (unsigned long long)entry->what);
	else if (length < size)
		format(text + length, size - length, vcpu_events[kind],
			(unsigned long long)entry->argument);
}

void trace_describe(const struct trace_entry *entry, char *text, size_t size)
{
	unsigned long long low = trace_low(entry), argument = entry->argument;

	switch (trace_kind(entry)) {
	case TRACE_SYNC:
		format(text, size, "exit: %s, ESR %llx, PC %llx",
			exit_class_name((unsigned)ESR_GET_EC(low)), low, argument);
		return;
	case TRACE_IRQ:
		format(text, size, argument ? "exit: interrupt %llu, PC %llx" : "interrupt %llu",
			low, argument);
		return;
	case TRACE_FIQ:
		format(text, size, "exit: FIQ, PC %llx", argument);
		return;
	case TRACE_SERROR:
		format(text, size, "exit: SError, ESR %llx, PC %llx", low, argument);
		return;
	case TRACE_IDLE:
		format(text, size, argument ? "idle no more" : "idle");
		return;
	default:
		describe_vcpu(entry, text, size);
	}
}

/* Of a CPU, while its events are printed: the vCPU of the last TRACE_LEVEL, and at which level it
 * is. Known until another one has its turn. */
struct level {
	bool known, inner;
	uint64_t vcpu;
};

static void follow_level(struct level *level, const struct trace_entry *entry)
{
	if (trace_kind(entry) == TRACE_LEVEL)
		*level = (struct level){ true, entry->argument != 0, trace_low(entry) };
	else if (trace_kind(entry) == TRACE_RUN && trace_low(entry) != level->vcpu)
		level->known = false;
}

static const char *level_name(const struct level *level, const struct trace_entry *entry)
{
	if (!level->known || trace_kind(entry) > TRACE_SERROR || !entry->argument)
		return "";
	return level->inner ? ", of the inner guest" : ", at virtual EL2";
}

static void print_event(const struct cpu *cpu, const struct trace_entry *entry, struct level *level)
{
	unsigned long long us =
		timer_ticks_to_ns(entry->out - MIN(entry->out, cpus[0].started)) / 1000;
	char text[DESCRIPTION], duration[32] = "";

	follow_level(level, entry);
	trace_describe(entry, text, sizeof(text));
	if (entry->in > entry->out)
		format(duration, sizeof(duration), ", %llu ns in Lintel",
			(unsigned long long)timer_ticks_to_ns(entry->in - entry->out));
	console_printf("%6llu.%06llu CPU %u  %s%s%s\n", us / 1000000, us % 1000000, cpu->index,
		text, level_name(level, entry), duration);
}

/* --- the dump --- */

static void dump_head(void)
{
	console_printf("trace begin 1 hz %llu now %llx cpus %u\n", (unsigned long long)timer_hz(),
		(unsigned long long)timer_now(), nr_cpus);
	for (unsigned i = 0; i < nr_vms; i++)
		console_printf("trace vm %u %s vcpus %u\n", i, vms[i]->name, vms[i]->nr_vcpus);
}

static void dump_cpu_head(unsigned n)
{
	const struct vcpu *vcpu = cpus[n].current;

	if (vcpu)
		console_printf("trace cpu %u events %u current %u %u\n", n,
			trace_count(&cpus[n].trace), vcpu->vm->id, vcpu->id);
	else
		console_printf("trace cpu %u events %u\n", n, trace_count(&cpus[n].trace));
}

static void dump_event(unsigned n, const struct trace_entry *entry)
{
	unsigned long long what = entry->what, argument = entry->argument, out = entry->out;

	if (entry->in)
		console_printf("trace %u %llx %llx %llx %llx\n", n, what, argument, out,
			(unsigned long long)(entry->in - entry->out));
	else
		console_printf("trace %u %llx %llx %llx\n", n, what, argument, out);
}

static void dump_end(void)
{
	console_printf("trace end\n");
}

void trace_dump(void)
{
	dump_head();
	for (unsigned n = 0; n < nr_cpus; n++) {
		/* The ring of a CPU that still records goes on: as much as it held at first. */
		struct trace_ring ring = cpus[n].trace;
		unsigned count = trace_count(&ring);

		dump_cpu_head(n);
		for (unsigned i = 0; i < count; i++)
			dump_event(n, trace_at(&ring, i));
	}
	dump_end();
}

/* --- recording on and off, on every CPU by itself --- */

static struct trace_entry *scratch; /* where events go that nobody wants */
static struct sched_job switch_jobs[MAX_CPUS];
static unsigned switching; /* CPUs that have not done it yet */
static bool keep_wanted;   /* what they shall do */
static bool off;           /* the person's wish */

void trace_init(void)
{
	scratch = mm_zalloc(TRACE_SIZE);
}

static bool switch_step(struct sched_job *job)
{
	(void)job;
	if (keep_wanted)
		trace_keep(&this_cpu()->trace, scratch);
	else
		trace_go_on(&this_cpu()->trace);
	__atomic_fetch_sub(&switching, 1, __ATOMIC_RELEASE);
	return false;
}

static bool is_switching(void)
{
	return __atomic_load_n(&switching, __ATOMIC_ACQUIRE) != 0;
}

/* False: no memory. Nobody is switching now. */
static bool switch_all(bool keep)
{
	if (!scratch) {
		console_printf("trace: no memory to keep what there is\n");
		return false;
	}
	keep_wanted = keep;
	for (unsigned i = 0; i < nr_cpus; i++) {
		if (!cpus[i].online)
			continue;
		__atomic_fetch_add(&switching, 1, __ATOMIC_RELAXED);
		switch_jobs[i].step = switch_step;
		list_init(&switch_jobs[i].link);
		sched_add_job(&cpus[i], &switch_jobs[i]);
	}
	return true;
}

/* --- printing in pieces --- */

static struct {
	struct sched_job job;
	bool busy;
	bool head_done, cpu_head_done;
	unsigned cpu, end_cpu;    /* dump: CPUs still to come */
	unsigned left;            /* show: events still to be printed */
	unsigned back;            /* show: events still to go back */
	unsigned place[MAX_CPUS]; /* show: each CPU's next event; dump: place[cpu] */
	struct level level[MAX_CPUS];
} printing;

bool trace_is_printing(void)
{
	return READ_ONCE(printing.busy);
}

static void stop_printing(void)
{
	printing.busy = false;
	if (!off)
		switch_all(false);
}

/* A few events. True: there is more. */
static bool dump_piece(void)
{
	unsigned n = printing.cpu, count;

	if (!printing.head_done) {
		dump_head();
		printing.head_done = true;
		return true;
	}
	if (n == printing.end_cpu) {
		dump_end();
		return false;
	}
	count = trace_count(&cpus[n].trace);
	if (!printing.cpu_head_done)
		dump_cpu_head(n);
	printing.cpu_head_done = true;
	for (unsigned lines = 0; lines < LINES_PER_STEP && printing.place[n] < count; lines++)
		dump_event(n, trace_at(&cpus[n].trace, printing.place[n]++));
	if (printing.place[n] == count) {
		printing.cpu++;
		printing.cpu_head_done = false;
	}
	return true;
}

/* The CPU whose event before its place is the latest, or whose next one is the earliest; or
 * nr_cpus. */
static unsigned choose_cpu(bool back)
{
	unsigned chosen = nr_cpus;
	uint64_t best = 0;

	for (unsigned i = 0; i < nr_cpus; i++) {
		const struct trace_ring *ring = &cpus[i].trace;
		unsigned at = printing.place[i];
		uint64_t time;

		if (at == (back ? 0 : trace_count(ring)))
			continue;
		time = trace_at(ring, back ? at - 1 : at)->out;
		if (chosen == nr_cpus || (back ? time > best : time < best)) {
			chosen = i;
			best = time;
		}
	}
	return chosen;
}

/* First back from the end, then forward. */
static bool show_piece(void)
{
	if (!printing.head_done) {
		for (unsigned i = 0; i < nr_cpus; i++)
			printing.place[i] = trace_count(&cpus[i].trace);
		printing.head_done = true;
	}
	for (unsigned i = 0; printing.back && i < BACK_PER_STEP; i++) {
		unsigned n = choose_cpu(true);

		printing.back--;
		if (n == nr_cpus)
			printing.back = 0;
		else
			printing.place[n]--;
	}
	if (printing.back)
		return true;
	for (unsigned lines = 0; printing.left && lines < LINES_PER_STEP; lines++) {
		unsigned n = choose_cpu(false);

		if (n == nr_cpus)
			return false;
		print_event(&cpus[n], trace_at(&cpus[n].trace, printing.place[n]++),
			&printing.level[n]);
		printing.left--;
	}
	return printing.left != 0;
}

static bool print_step(struct sched_job *job)
{
	(void)job;
	if (is_switching() || !console_has_room())
		return true;
	if (printing.end_cpu ? dump_piece() : show_piece())
		return true;
	stop_printing();
	return false;
}

static void start_printing(void)
{
	if (!off && !switch_all(true))
		return;
	printing.busy = true;
	printing.job.step = print_step;
	list_init(&printing.job.link);
	sched_add_job(this_cpu(), &printing.job);
}

/* --- the command --- */

static void show_status(void)
{
	console_printf("trace: %s, up to %u events a CPU\n", off ? "off" : "on", TRACE_ENTRIES);
	for (unsigned i = 0; i < nr_cpus; i++) {
		const struct trace_ring *ring = &cpus[i].trace;
		unsigned count = trace_count(ring);
		uint64_t ticks =
			count ? trace_at(ring, count - 1)->out - trace_at(ring, 0)->out : 0;

		console_printf("  CPU %-2u %5u events of %llu.%03llu ms\n", i, count,
			(unsigned long long)timer_ticks_to_ns(ticks) / 1000000,
			(unsigned long long)timer_ticks_to_ns(ticks) / 1000 % 1000);
	}
}

/* A word of the line; *rest is what follows it. */
static bool take_word(const char **rest, const char *word)
{
	size_t length = strlen(word);
	const char *at = *rest;

	while (*at == ' ')
		at++;
	if (strncmp(at, word, length) != 0 || (at[length] != ' ' && at[length] != '\0'))
		return false;
	*rest = at + length;
	return true;
}

/* A number up to `limit` and no more behind it; nothing at all: *number stays. */
static bool take_last_number(const char *rest, unsigned limit, unsigned *number)
{
	unsigned value = 0;

	while (*rest == ' ')
		rest++;
	if (!*rest)
		return true;
	for (; *rest >= '0' && *rest <= '9'; rest++) {
		value = value * 10 + (unsigned)(*rest - '0');
		if (value > limit)
			return false;
	}
	while (*rest == ' ')
		rest++;
	*number = value;
	return !*rest;
}

static void start_dump(const char *rest)
{
	unsigned cpu = MAX_CPUS;

	if (!take_last_number(rest, nr_cpus - 1, &cpu)) {
		console_printf(
			"trace dump [CPU]: a CPU's number is expected, 0 to %u\n", nr_cpus - 1);
		return;
	}
	memset(&printing, 0, sizeof(printing));
	printing.cpu = cpu == MAX_CPUS ? 0 : cpu;
	printing.end_cpu = cpu == MAX_CPUS ? nr_cpus : cpu + 1;
	start_printing();
}

static void start_show(const char *rest)
{
	unsigned count = SHOW_DEFAULT;

	if (!take_last_number(rest, TRACE_ENTRIES, &count)) {
		console_printf("trace show [N]: the number of events is expected, up to %u\n",
			TRACE_ENTRIES);
		return;
	}
	memset(&printing, 0, sizeof(printing));
	printing.left = printing.back = count;
	start_printing();
}

static void switch_to(bool to_off)
{
	if (off != to_off && switch_all(to_off))
		off = to_off;
	console_printf("trace: %s\n", off ? "off" : "on");
}

void trace_command(const char *arguments)
{
	const char *rest = arguments;
	unsigned none = 0;

	if (printing.busy || is_switching())
		console_printf("trace: the command before this one is still at work\n");
	else if (take_word(&rest, "dump"))
		start_dump(rest);
	else if (take_word(&rest, "show"))
		start_show(rest);
	else if (take_word(&rest, "off") && take_last_number(rest, 0, &none))
		switch_to(true);
	else if (take_word(&rest, "on") && take_last_number(rest, 0, &none))
		switch_to(false);
	else if (rest == arguments && take_last_number(rest, 0, &none))
		show_status();
	else
		console_printf("trace [dump [CPU] | show [N] | off | on]\n");
}
