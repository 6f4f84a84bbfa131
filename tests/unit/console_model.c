/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/console_model.h"

#include <stdlib.h>

#include "drivers/gic/gic.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/monitor/trace.h"
#include "hyp/trap/exit.h"
#include "hyp/smccc/monitor.h"
#include "hyp/vdev/vuart.h"
#include "hyp/vdev/doorbell.h"
#include "hyp/vm/sched.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define PORT_INTID 33
#define BOOT_MPIDR 0x100

/* --- the port --- */

char output[262144];
unsigned output_count, port_room, waited;
const char *typed = "";
bool rx_on, tx_on, port_interrupts = true;

void forget(void)
{
	output_count = 0;
	output[0] = '\0';
}

static bool port_try_put(struct uart *uart, char c)
{
	(void)uart;
	if (!port_room)
		return false;
	if (port_room != ROOM_FOR_ALL)
		port_room--;
	assert_true(output_count < sizeof(output) - 1);
	output[output_count++] = c;
	output[output_count] = '\0';
	return true;
}

static int port_get(struct uart *uart)
{
	(void)uart;
	return *typed ? (uint8_t)*typed++ : -1;
}

static void port_rx_irq(struct uart *uart, bool on)
{
	(void)uart;
	rx_on = on;
}

static void port_tx_irq(struct uart *uart, bool on)
{
	(void)uart;
	tx_on = on;
}

static void port_ack(struct uart *uart)
{
	(void)uart;
}

static const struct uart_ops port_ops = {
	.try_put = port_try_put,
	.get = port_get,
	.rx_irq = port_rx_irq,
	.tx_irq = port_tx_irq,
	.ack = port_ack,
};
struct uart port = { .ops = &port_ops };

void uart_put(struct uart *uart, char c)
{
	unsigned kept = port_room;

	waited++;
	port_room = ROOM_FOR_ALL;
	port_try_put(uart, c);
	port_room = kept;
}

void uart_write(struct uart *uart, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			uart_put(uart, '\r');
		uart_put(uart, text[i]);
	}
}

void uart_flush(struct uart *uart)
{
	(void)uart;
}

/* --- interrupts, time, jobs --- */

static irq_handler handler;

enum status irq_register(uint32_t intid, irq_handler fn, void *context, enum irq_flags flags)
{
	(void)context;
	(void)flags;
	assert_int_equal(intid, PORT_INTID);
	handler = fn;
	return OK;
}

void gic_set_edge(unsigned cpu, uint32_t intid, bool edge)
{
	(void)cpu;
	(void)intid;
	(void)edge;
}

void gic_route(uint32_t intid, uint64_t mpidr)
{
	(void)intid;
	assert_int_equal(mpidr, BOOT_MPIDR);
}

void gic_enable(unsigned cpu, uint32_t intid)
{
	(void)cpu;
	(void)intid;
}

void model_interrupt(void)
{
	if ((rx_on && *typed) || (tx_on && port_room))
		handler(NULL, PORT_INTID);
}

struct timer_scale timer_scale;
static struct soft_timer *armed[4];

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	unsigned i = 0;

	timer->deadline = deadline;
	for (unsigned n = 0; n < ARRAY_SIZE(armed); n++) {
		if (armed[n] == timer)
			return;
	}
	while (armed[i])
		assert_true(++i < ARRAY_SIZE(armed));
	armed[i] = timer;
}

static unsigned earliest(void)
{
	unsigned first = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(armed); i++) {
		if (armed[i] && (!armed[first] || armed[i]->deadline < armed[first]->deadline))
			first = i;
	}
	return first;
}

uint64_t time_of_timer(void)
{
	return armed[earliest()] ? armed[earliest()]->deadline : UINT64_MAX;
}

uint64_t fake_time(void)
{
	return fake_reg(CNTPCT_EL0);
}

void fake_advance(uint64_t ticks)
{
	fake_reg(CNTPCT_EL0) += ticks;
}

bool let_time_pass(void)
{
	unsigned first = earliest();
	struct soft_timer *timer = armed[first];

	if (!timer)
		return false;
	armed[first] = NULL;
	fake_reg(CNTPCT_EL0) = MAX(fake_reg(CNTPCT_EL0), timer->deadline);
	timer->fn(timer);
	return true;
}

static struct sched_job *job;
bool jobs_at_once;

bool do_job(void)
{
	struct sched_job *one = job;

	job = NULL;
	if (!one)
		return false;
	assert_false(spin_is_locked(&console.lock));
	if (one->step(one))
		job = one;
	return job != NULL;
}

void sched_add_job(struct cpu *cpu, struct sched_job *one)
{
	(void)cpu;
	assert_null(job);
	job = one;
	while (jobs_at_once && do_job())
		;
}

/* --- memory --- */

static void *rings[MODEL_VMS];
static unsigned ring_count;
bool has_memory;
uint64_t mm_wiped_ticks;
uint64_t free_pages = 0x8000;

void *mm_zalloc(size_t size)
{
	if (!has_memory)
		return NULL;
	assert_true(ring_count < MODEL_VMS);
	rings[ring_count] = calloc(1, size);
	return rings[ring_count++];
}

void page_get_stats(struct page_stats *stats)
{
	*stats = (struct page_stats){ .total_pages = 0x10000,
		.free_pages = free_pages,
		.promised_blocks = 3,
		.lintel_pages = 3,
		.firmware_pages = 5 };
}

uint64_t page_count_of(owner_t owner)
{
	return (uint64_t)(owner - OWNER_FIRST_VM + 1) * 256;
}

/* --- VMs --- */

struct vm *vms[MAX_VMS];
unsigned nr_vms;
void (*vm_all_stopped)(void);

struct vm machines[MODEL_VMS];
struct vcpu vcpus[2];
static const struct vuart_backend *backends[MODEL_VMS];
static void *contexts[MODEL_VMS];
char received[MODEL_VMS][16384];
size_t accepts;
unsigned transmit_ready[MODEL_VMS], breaks[MODEL_VMS];
char actions[256];
enum status action_status;
int state_after;

static unsigned index_of(const struct vm *vm)
{
	return (unsigned)(vm - machines);
}

void vuart_set_backend(struct vm *vm, const struct vuart_backend *backend, void *context)
{
	backends[index_of(vm)] = backend;
	contexts[index_of(vm)] = context;
}

void (*meanwhile)(void);

size_t vuart_receive(struct vm *vm, const char *text, size_t length)
{
	size_t taken = length < accepts ? length : accepts;
	void (*now)(void) = meanwhile;

	meanwhile = NULL;
	if (now)
		now();
	assert_false(spin_is_locked(&console.lock));
	accepts -= accepts == SIZE_MAX ? 0 : taken;
	strncat(received[index_of(vm)], text, taken);
	return taken;
}

void vuart_receive_break(struct vm *vm)
{
	breaks[index_of(vm)]++;
}

void vuart_transmit_ready(struct vm *vm)
{
	assert_false(spin_is_locked(&console.lock));
	transmit_ready[index_of(vm)]++;
}

static enum status act(const char *what, struct vm *vm)
{
	char text[64];

	assert_false(spin_is_locked(&console.lock));
	snprintf(text, sizeof(text), "%s %s, ", what, vm->name);
	strncat(actions, text, sizeof(actions) - strlen(actions) - 1);
	if (action_status == OK && state_after >= 0)
		vm->state = (enum vm_state)state_after;
	if (action_status == OK && state_after == VM_RUNNING)
		vm->boots++;
	return action_status;
}

enum status vm_start(struct vm *vm)
{
	return act("start", vm);
}

enum status vm_pause(struct vm *vm)
{
	return act("pause", vm);
}

enum status vm_resume(struct vm *vm)
{
	return act("resume", vm);
}

enum status vm_stop(struct vm *vm)
{
	return act("stop", vm);
}

enum status vm_restart(struct vm *vm)
{
	return act("restart", vm);
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	(void)vcpu, (void)work;
}

unsigned trace_dumps;

void trace_dump(void)
{
	trace_dumps++;
}

static unsigned trace_steps;

void trace_command(const char *arguments)
{
	console_printf("trace: %s\n", arguments);
	trace_steps = 2;
}

bool trace_is_printing(void)
{
	return trace_steps && trace_steps--;
}

/* There are no doorbells, and no lines. */
unsigned doorbell_total(void)
{
	return 0;
}

bool monitor_view(const struct vm *vm, struct monitor_view *view)
{
	(void)vm;
	(void)view;
	return false;
}

unsigned line_total(void)
{
	return 0;
}

bool doorbell_view(const struct vm *vm, unsigned n, struct doorbell_view *view)
{
	(void)vm;
	(void)n;
	(void)view;
	return false;
}

bool line_view(const struct vm *vm, unsigned n, struct line_view *view)
{
	(void)vm;
	(void)n;
	(void)view;
	return false;
}

const char *exit_class_name(unsigned ec)
{
	return ec == 0x16 ? "HVC" : "other";
}

bool vm_is_full(unsigned index)
{
	return backends[index]->full(contexts[index]);
}

void vm_reads(unsigned index)
{
	backends[index]->receive_ready(contexts[index]);
}

bool vm_says(unsigned index, const char *text)
{
	for (; *text; text++) {
		if (vm_is_full(index))
			return false;
		backends[index]->put(contexts[index], text, 1);
		assert_false(spin_is_locked(&console.lock));
	}
	return true;
}

void type(const char *text)
{
	typed = text;
	model_interrupt();
}

/* --- start --- */

static void forget_all(void)
{
	static char *stage, *keys;

	if (!stage) {
		stage = console.stage.text;
		keys = console.keys.text;
	}
	memset(&console, 0, sizeof(console));
	console.stage = (struct console_ring){ .text = stage, .size = CONSOLE_STAGE_MAX };
	console.keys = (struct console_ring){ .text = keys, .size = CONSOLE_INPUT_MAX };
	while (ring_count)
		free(rings[--ring_count]);
	memset(machines, 0, sizeof(machines));
	memset(vcpus, 0, sizeof(vcpus));
	memset(received, 0, sizeof(received));
	memset(transmit_ready, 0, sizeof(transmit_ready));
	memset(breaks, 0, sizeof(breaks));
	memset(armed, 0, sizeof(armed));
	memset(actions, 0, sizeof(actions));
	action_status = OK;
	state_after = -1;
	job = NULL;
	jobs_at_once = has_memory = true;
	typed = "";
	accepts = SIZE_MAX;
	port_room = ROOM_FOR_ALL;
	waited = 0;
	rx_on = tx_on = false;
	vm_all_stopped = NULL;
	meanwhile = NULL;
	log_threshold = LOG_INFO;
}

static void make_vm(unsigned i)
{
	vms[i] = &machines[i];
	snprintf(machines[i].name, sizeof(machines[i].name), "vm%u", i);
	machines[i].id = i;
	machines[i].state = VM_RUNNING;
	machines[i].ram_size = MIB(64);
	machines[i].boots = 1;
	machines[i].nr_vcpus = 2;
	for (unsigned n = 0; n < 2; n++) {
		machines[i].vcpus[n] = &vcpus[n];
		vcpus[n].id = n;
	}
}

void model_start(unsigned count)
{
	fake_cpu_reset();
	timer_scale =
		(struct timer_scale){ .hz = 1000, .ticks_per_ns = (1ull << 32) / 1000000 + 1 };
	fake_reg(CNTPCT_EL0) = 1000;
	forget_all();
	options.escape = ESC[0];
	port.intid = port_interrupts ? PORT_INTID : MACHINE_NO_INTID;
	nr_vms = count;
	for (unsigned i = 0; i < count; i++)
		make_vm(i);
	console_init(&port);
	console_enable_interrupts(BOOT_MPIDR);
	console_attach_vms();
	forget();
}

int start_one(void **state)
{
	(void)state;
	model_start(1);
	return 0;
}

int start_three(void **state)
{
	(void)state;
	model_start(3);
	return 0;
}
