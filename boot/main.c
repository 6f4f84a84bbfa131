/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of start-up.
 *
 *   head.S        relocation, BSS, stack, keys
 *   boot_main     is this a CPU and an EL that Lintel can run on?     (boot/early.c says so if not)
 *                 EL2's map of the image, MMU on
 *                 devicetree → struct machine; memory; console; options
 *                 GIC, timer, PSCI; the other CPUs
 *                 the bundle → VMs; start them; the run loop
 */
#include "boot/crash.h"
#include "boot/early.h"
#include "boot/end.h"
#include "boot/parts.h"
#include "boot/secondary.h"
#include "drivers/dt/dt.h"
#include "drivers/gic/gic.h"
#include "drivers/psci/psci_client.h"
#include "drivers/psci/smccc_client.h"
#include "drivers/rtc/rtc.h"
#include "drivers/timer/timer.h"
#include "drivers/uart/uart.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/crypto/entropy.h"
#include "hyp/crypto/wipe.h"
#include "hyp/base/log.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "hyp/bundle/build.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/options.h"
#include "hyp/monitor/results.h"
#include "hyp/monitor/trace.h"
#include "hyp/smccc/trng.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/at.h"
#include "hyp/nested/sysreg.h"
#include "hyp/trap/exit.h"
#include "hyp/trap/idreg.h"
#include "hyp/trap/sysreg.h"
#include "hyp/trap/virtual_el2.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vtimer.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vm.h"
#include "mm/el2_map.h"
#include "mm/phys.h"

/* linker.ld */
extern char __text_start[], __bearssl_start[], __bearssl_end[], __text_end[];
extern char __rodata_start[], __rodata_end[], __data_start[];
extern char __bss_end[], __image_start[], __image_end[];
extern const char __bundle_start[], __bundle_end[];
extern char boot_stack_guard[]; /* head.S */

static struct machine machine;
static struct uart console_uart;
static struct boot_mmu mmu;

__noreturn void boot_main(void *dtb, uint64_t current_el, uint64_t sctlr);

static void must(enum status status, const char *what)
{
	if (status != OK)
		panic("start-up: %s: %s", what, status_name(status));
}

static void map(const void *start, const void *end, uint64_t prot)
{
	must(el2_map_early((uintptr_t)start, (uintptr_t)end, prot, MEM_NORMAL),
		"mapping the image");
}

/* The image by its sections, with a hole below the boot stack, and the devicetree. */
static void map_and_enable_mmu(void *dtb, uint64_t dtb_size)
{
	el2_map_init(cpu_features.pa_bits, cpu_features.bti);
	map(__bearssl_start, __bearssl_end, MEM_RX | MEM_UNGUARDED);
	map(__text_start, __text_end, MEM_RX);
	map(__rodata_start, __rodata_end, MEM_R);
	map(__data_start, boot_stack_guard, MEM_RW);
	map(boot_stack_guard + PAGE_SIZE, __image_end, MEM_RW);
	map(dtb, (char *)dtb + dtb_size, MEM_RW);
	mmu = (struct boot_mmu){
		.ttbr0_el2 = el2_map_ttbr0(),
		.tcr_el2 = el2_map_tcr(),
		.mair_el2 = EL2_MAIR,
		.sctlr_el2 = EL2_SCTLR,
	};
	boot_enable_mmu(&mmu);
}

static struct page_range region(const void *start, const void *end)
{
	return (struct page_range){ (uintptr_t)start, (uintptr_t)end - (uintptr_t)start,
		OWNER_LINTEL };
}

/* Who owns which memory from the start. */
static void init_memory(void *dtb, uint64_t dtb_size)
{
	struct page_range ram[MACHINE_MEMORY_MAX], taken[MACHINE_RESERVED_MAX + 3];
	unsigned count = 0;

	for (unsigned i = 0; i < machine.memory_count; i++)
		ram[i] = (struct page_range){ machine.memory[i].base.pa, machine.memory[i].size,
			OWNER_NONE };
	taken[count++] = region(__image_start, __image_end);
	taken[count++] = region(dtb, (char *)dtb + dtb_size);
	if (machine.initrd.size)
		taken[count++] = (struct page_range){ machine.initrd.base.pa, machine.initrd.size,
			OWNER_LINTEL };
	for (unsigned i = 0; i < machine.reserved_count; i++)
		taken[count++] = (struct page_range){ machine.reserved[i].region.base.pa,
			machine.reserved[i].region.size, OWNER_FIRMWARE };
	must(el2_map_memory(ram, machine.memory_count, taken, count,
		     BOOT_STACKS_PER_CPU * (machine.cpu_count - 1), CPU_STACK_SIZE),
		"memory");
}

static const struct machine_uart *choose_uart(void)
{
	for (unsigned i = 0; options.console[0] && i < machine.uart_count; i++) {
		if (strcmp(options.console, machine.uarts[i].path) == 0)
			return &machine.uarts[i];
	}
	if (options.console[0]) {
		if (strcmp(options.console, "none") != 0)
			log_error("lintel.console=%s: the devicetree has no serial port with that "
				  "path; using the default one",
				options.console);
		else
			return NULL;
	}
	return machine.console < 0 ? NULL : &machine.uarts[machine.console];
}

static void init_console(void)
{
	const struct machine_uart *from = choose_uart();
	volatile void *registers;

	if (from && el2_map_device(from->region.base, from->region.size, &registers) == OK &&
		uart_bind(&console_uart, from, registers) == OK)
		console_init(&console_uart);
	else
		console_init(NULL);
}

static void init_entropy(void)
{
	uint8_t seed[64];
	size_t length = dt_take_seeds(&machine, seed, sizeof(seed));

	entropy_mix(seed, length);
	wipe(seed, sizeof(seed));
}

static void init_time_of_day(void)
{
	volatile void *registers = NULL;

	if (machine.rtc.size && !options.time &&
		el2_map_device(machine.rtc.base, machine.rtc.size, &registers) != OK)
		registers = NULL;
	rtc_init(registers, options.time);
}

static void init_hardware(void)
{
	must(timer_init(&machine.timer), "no usable timer");
	init_time_of_day();
	must(gic_init(&machine), "no usable interrupt controller");
	must(timer_queue_init(), "no interrupt of EL2's timer");
	must(vgic_init(), "no maintenance interrupt");
	must(vtimer_init(), "no interrupt of the virtual timer");
	if (psci_client_init(&machine.psci) != OK)
		log_warn("no PSCI: one CPU only, and the machine can't be switched off");
	smccc_client_init(options.firmware);
	trng_init();
	arch_calls_init();
	cpus[0].mpidr = read_sysreg(MPIDR_EL1) & MPIDR_AFFINITY_MASK;
	if (!boot_prepare_cpu(0, cpus[0].mpidr))
		panic("start-up: no memory");
	boot_init_cpu(&cpus[0]);
}

static void make_vms(void)
{
	const void *bundle = __bundle_start;
	uint64_t size = (uint64_t)(__bundle_end - __bundle_start);
	unsigned bad = 0;
	enum status status;

	if (machine.initrd.size) {
		bundle = pa_to_ptr(machine.initrd.base);
		size = machine.initrd.size;
	}
	status = bundle_build(bundle, size, &bad);
	results_set_bad(bad);
	if (status != OK) {
		log_error("no VM to run: %s", status_name(status));
		end_machine(1);
	}
	console_attach_vms();
	trace_init();
	results_begin();
	vm_all_stopped = end_of_vms;
	vm_count_instructions = options.measure_instructions;
	if (bundle_start() == 0) {
		log_error("no VM was started: every one has autostart = <0>");
		end_machine(1);
	}
}

__noreturn void boot_main(void *dtb, uint64_t current_el, uint64_t sctlr)
{
	uint64_t dtb_size;

	if (!dtb)
		dtb = early_find_dtb();

	early_check(dtb, current_el, sctlr);
	cpu_features_init();
	if (dt_size(dtb, &dtb_size) != OK)
		early_stop(NULL, "no devicetree in x0: boot the image as a Linux kernel is booted");
	map_and_enable_mmu(dtb, dtb_size);
	must(dt_scan(dtb, dtb_size, &machine), "the devicetree");
	options_parse(machine.bootargs);
	init_memory(dtb, dtb_size);
	init_console();
	crash_init();
	log_info("Lintel, on %u-bit physical addresses", cpu_features.pa_bits);
	dt_log(&machine);
	init_entropy();
	stage2_init(cpu_features.pa_bits, cpu_features.vmid_bits);
	if (cpu_features.fwb)
		stage2_force_write_back();
	idreg_init();
	sysreg_init();
	nested_sysreg_init(sysreg_handle);
	forward_init();
	nested_at_init();
	vcpu_exit_table = exit_table;
	virtual_el2_init();
	parts_init();
	init_hardware();
	boot_start_secondaries(&machine, &mmu);
	log_info("%u CPU%s", nr_cpus, nr_cpus == 1 ? "" : "s");
	console_enable_interrupts(cpus[0].mpidr);
	make_vms();
	boot_release_secondaries();
	exit_loop();
}
