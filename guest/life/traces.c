/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest leaves in its interrupt controller, timers and serial port, and that the next boot
 * finds none of it: it finds what each has after a reset (IHI 0069, DDI 0183, Arm ARM D12).
 */
#include "gic.h"
#include "life.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define UARTLCR_H      0x2c
#define UARTCR         0x30
#define UARTIFLS       0x34
#define UARTIMSC       0x38
#define UARTRIS        0x3c
#define UARTCR_RESET   0x300
#define UARTIFLS_RESET 0x12
#define UARTRIS_RX     BIT(4)
#define IRQS_ALL       0x7ff
#define TAKEN_SGI      3
#define LOW_PRIORITY   0x80
#define SPI_WORDS      8
#define OTHER_CPU_MS   2000

static u32 running;

static void stay(void *arg)
{
	gic_init_cpu();
	store_release((u32 *)arg, 1);
	for (;;)
		cpu_relax();
}

static void leave_interrupts(void)
{
	gic_init();
	gic_init_cpu();
	for (u32 i = 1; i <= SPI_WORDS; i++) {
		mmio_write32(GICD_BASE + GIC_IPRIORITYR + i * 32, 0x10203040);
		mmio_write32(GICD_BASE + GIC_ICFGR + i * 8, 0xaaaaaaaa);
		mmio_write32(GICD_BASE + GIC_ISPENDR + i * 4, 0x0f0f0f0f);
		mmio_write32(GICD_BASE + GIC_ISACTIVER + i * 4, 0x00ff00ff);
		mmio_write32(GICD_BASE + GIC_ISENABLER + i * 4, UINT32_MAX);
	}
	mmio_write64(GICD_BASE + GICD_IROUTER + SPI_BASE * 8, IROUTER_IRM);
	mmio_write32(gicr(0) + GICR_SGI_BASE + GIC_ISENABLER, UINT32_MAX);
	/* One that is being handled. */
	gic_set_priority(TAKEN_SGI, 0);
	gic_send_sgi(TAKEN_SGI, 0);
	while (gic_ack() != TAKEN_SGI)
		cpu_relax();
	mmio_write32(gicr(0) + GICR_SGI_BASE + GIC_ISPENDR, 0xffff);
	msr(ICC_PMR_EL1, LOW_PRIORITY);
	isb();
}

void leave_traces(void)
{
	running = 0;
	if (machine.cpus > 1) {
		(void)smp_start(1, stay, &running);
		(void)wait_for(OTHER_CPU_MS, load_acquire(&running));
	}
	leave_interrupts();
	for (enum timer timer = TIMER_VIRT; timer <= TIMER_PHYS; timer++) {
		timer_set_cval(timer, timer_counter(timer));
		timer_set_ctl(timer, TIMER_ENABLE);
	}
	mmio_write32(UART_BASE + UARTCR, 0x301);
	mmio_write32(UART_BASE + UARTLCR_H, 0x70);
	mmio_write32(UART_BASE + UARTIFLS, 0);
	mmio_write32(UART_BASE + UARTIMSC, IRQS_ALL);
	dsb(sy);
}

static u32 any_spi(u64 bank, u32 bytes)
{
	u32 all = 0;

	for (u32 at = 0; at < SPI_WORDS * bytes; at += 4)
		all |= mmio_read32(GICD_BASE + bank + bytes + at);
	return all;
}

static void check_interrupts(void)
{
	tap_is(mmio_read32(GICD_BASE + GICD_CTLR) & (GICD_CTLR_GRP0 | GICD_CTLR_GRP1), 0,
		"the distributor is off");
	tap_is(any_spi(GIC_ISENABLER, 4), 0, "no SPI is enabled");
	tap_is(any_spi(GIC_ISPENDR, 4), 0, "no SPI is pending");
	tap_is(any_spi(GIC_ISACTIVER, 4), 0, "no SPI is active");
	tap_is(any_spi(GIC_IPRIORITYR, 32), 0, "every SPI has priority 0");
	tap_is(any_spi(GIC_ICFGR, 8), 0, "every SPI is level-sensitive");
	tap_is(mmio_read64(GICD_BASE + GICD_IROUTER + SPI_BASE * 8), 0,
		"an SPI for anybody is for CPU 0 again");
	for (u32 i = 0; i < machine.cpus; i++) {
		u64 base = gicr(i) + GICR_SGI_BASE;

		tap_is(mmio_read32(base + GIC_ISENABLER) | mmio_read32(base + GIC_ISPENDR) |
				mmio_read32(base + GIC_ISACTIVER),
			0, "CPU %u: no SGI and no PPI is enabled, pending or active", i);
	}
	tap_is(mrs(ICC_PMR_EL1), 0, "the priority mask is closed");
	tap_is(mrs(ICC_IGRPEN1_EL1), 0, "group 1 is off");
	tap_is(mrs(ICC_AP1R0_EL1), 0, "no priority is active");
	tap_is(mrs(ICC_HPPIR1_EL1), INTID_NONE, "nothing is signalled");
}

void check_traces(void)
{
	check_interrupts();
	for (enum timer timer = TIMER_VIRT; timer <= TIMER_PHYS; timer++)
		tap_is(timer_ctl(timer) & TIMER_ENABLE, 0, "the %s timer is off",
			timer == TIMER_VIRT ? "virtual" : "physical");
	tap_is(mmio_read32(UART_BASE + UARTCR), UARTCR_RESET, "the serial port: UARTCR");
	tap_is(mmio_read32(UART_BASE + UARTLCR_H), 0, "the serial port: UARTLCR_H");
	tap_is(mmio_read32(UART_BASE + UARTIFLS), UARTIFLS_RESET, "the serial port: UARTIFLS");
	tap_is(mmio_read32(UART_BASE + UARTIMSC), 0, "the serial port: UARTIMSC");
	tap_is(mmio_read32(UART_BASE + UARTRIS) & UARTRIS_RX, 0,
		"the serial port: nothing received");
	if (machine.cpus > 1)
		tap_is((u32)psci(PSCI_AFFINITY_INFO, machine.mpidr[1], 0, 0), AFFINITY_OFF,
			"the other CPU is off");
}
