/* SPDX-License-Identifier: BSD-3-Clause */
#include "flood.h"
#include "gic.h"
#include "machine.h"
#include "spinlock.h"
#include "timer.h"

#define BURST        16
#define SPIN_LOOPS   1000
#define FLOOD_SGI    1
#define FLOOD_SPI    64
#define FLOOD_SPIS   32
#define WFI_US       10   /* unless us= says another time */
#define NAP_SPIN_US  4800 /* a little less than a time slice */
#define NAP_US       20
#define HOLE         UINT64_C(0x0b000000)
#define UARTDR       0x00
#define UARTFR       0x18
#define INSN_MRS_EL2 0xd53c1100u /* MRS x0, HCR_EL2 */
#define INSN_MSR_EL2 0xd51c1100u
#define INSN_SMC     0xd4000003u
#define INSN_DC_CISW 0xd5087e40u /* DC CISW, x0 */
#define INSN_TLBI    0xd508831fu /* TLBI VMALLE1IS */
#define UNKNOWN_CALL 0xc7123456u

static u32 taken;

static void on_interrupt(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == TIMER_VIRT_INTID)
		timer_set_ctl(TIMER_VIRT, 0);
	taken++;
}

u32 flood_taken(void)
{
	return load_acquire(&taken);
}

void flood_prepare(void)
{
	gic_init();
	gic_init_cpu();
	gic_set_handler(on_interrupt);
	gic_enable(FLOOD_SGI);
	gic_enable(TIMER_VIRT_INTID);
	for (u32 i = 0; i < FLOOD_SPIS; i++) {
		gic_set_edge(FLOOD_SPI + i, true);
		gic_set_priority(FLOOD_SPI + i, (u8)(8 * i));
		gic_enable(FLOOD_SPI + i);
	}
}

/* No flood: as busy as one, and no exit. */
static u32 none(void)
{
	for (u32 i = 0; i < SPIN_LOOPS; i++)
		__asm__ volatile("");
	return SPIN_LOOPS;
}

/* To itself, to all but itself, and to every affinity that other VMs' vCPUs may have. */
static u32 sgis(void)
{
	for (u32 i = 0; i < BURST; i++) {
		u64 to[] = { 1, SGI1R_IRM, 0xffff, 0xffff | BIT(16), 0xffff | BIT(32),
			0xffff | BIT(48), 0xffff | BIT(44) };

		for (u32 k = 0; k < ARRAY_SIZE(to); k++)
			msr(ICC_SGI1R_EL1, to[k] | (u64)FLOOD_SGI << 24);
		isb();
	}
	return BURST * 7;
}

static u32 exits(void)
{
	for (u32 i = 0; i < BURST; i++) {
		(void)psci(PSCI_VERSION, 0, 0, 0);
		(void)mrs(id_aa64mmfr0_el1);
	}
	return BURST * 2;
}

static u32 faults(void)
{
	struct probe p;

	for (u32 i = 0; i < BURST; i++) {
		probe_load(&p, HOLE + i * 8, 4);
		probe_store(&p, HOLE + i * 8, i, 8);
		p = (struct probe){ 0 };
		probe_insn(&p, i & 1 ? INSN_MRS_EL2 : INSN_MSR_EL2);
	}
	return BURST * 3;
}

static u32 console(void)
{
	static const char line[] = "# This VM prints as fast as it can, and nobody reads it.\n";

	for (u32 i = 0; i < sizeof(line) - 1; i++)
		mmio_write32(UART_BASE + UARTDR, (u8)line[i]);
	return sizeof(line) - 1;
}

/* More interrupts than list registers: each EOI may ask for the next ones. */
static u32 maintenance(void)
{
	irq_disable();
	for (u32 i = 0; i < FLOOD_SPIS; i++)
		gic_set_pending(FLOOD_SPI + i);
	irq_enable();
	return FLOOD_SPIS;
}

/* Its timer has always just fired. */
static u32 timers(void)
{
	for (u32 i = 0; i < BURST; i++) {
		timer_set_cval(TIMER_VIRT, counter());
		timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	}
	return BURST;
}

static void sleep_us(u64 us)
{
	irq_disable();
	timer_set_cval(TIMER_VIRT, counter() + us_ticks(us));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	wfi();
	irq_enable();
}

static u32 sleeps(void)
{
	static u64 us;

	if (!us)
		us = arg_number("us", WFI_US);
	sleep_us(us);
	return 1;
}

/* Computes almost for a time slice, then sleeps so shortly that it loses nothing: a scheduler that
 * favours those who wake would give it the whole CPU. */
static u32 naps(void)
{
	delay_us(NAP_SPIN_US);
	sleep_us(NAP_US);
	return 1;
}

static u32 devices(void)
{
	for (u32 i = 0; i < BURST; i++) {
		u32 intid = FLOOD_SPI + i;

		(void)mmio_read32(GICD_BASE + GICD_TYPER);
		(void)mmio_read32(UART_BASE + UARTFR);
		gic_route(intid, 0);
		gic_set_priority(intid, (u8)(8 * i));
		gic_disable(intid);
		gic_enable(intid);
		(void)gic_is_pending(FLOOD_SGI);
	}
	return BURST * 7;
}

static u32 unknown_calls(void)
{
	for (u32 i = 0; i < BURST; i++) {
		struct probe p = { .x = { UNKNOWN_CALL + i } };

		(void)smccc_call(CONDUIT_HVC, UNKNOWN_CALL + i, 1, 2, 3);
		probe_insn(&p, INSN_SMC);
	}
	return BURST * 2;
}

/* Cache and TLB maintenance of everything there is. */
static u32 caches(void)
{
	for (u32 i = 0; i < BURST; i++) {
		struct probe p = { .x = { (u64)i << 6 } };

		probe_insn(&p, INSN_DC_CISW);
		probe_insn(&p, INSN_TLBI);
	}
	return BURST * 2;
}

/* Comes up again and again: its memory is wiped and its image loaded each time. */
static u32 resets(void)
{
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	return 1;
}

const struct flood floods[] = {
	{ "none", none, false },
	{ "sgi", sgis, true },
	{ "exits", exits, false },
	{ "faults", faults, false },
	{ "console", console, false },
	{ "maintenance", maintenance, true },
	{ "timer", timers, true },
	{ "wfi", sleeps, true },
	{ "nap", naps, true },
	{ "mmio", devices, true },
	{ "unknown-calls", unknown_calls, false },
	{ "caches", caches, false },
	{ "resets", resets, false },
};
const u32 nr_floods = ARRAY_SIZE(floods);
