/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/early.h"
#include "drivers/dt/dt.h"
#include "drivers/uart/uart.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/log.h"

#define CURRENTEL_EL1                  UINT64_C(0x4)
#define CURRENTEL_EL2                  UINT64_C(0x8)
#define SCTLR_M                        BIT(0)
/* ID_AA64MMFR4_EL1.E2H0: zero: HCR_EL2.E2H can be 0; negative values: it is 1 (FEAT_E2H0 is not
 * implemented). */
#define ID_AA64MMFR4_E2H0              GENMASK(27, 24)
#define ID_AA64MMFR4_E2H0_MIN_NEGATIVE 8

/* The first word of a devicetree, big-endian. */
#define FDT_MAGIC                      UINT32_C(0xd00dfeed)

static struct machine machine;
static struct uart uart;

static void write(const char *text, size_t length)
{
	uart_write(&uart, text, length);
}

/* The MMU is off, so the port's registers are where they are. */
static void find_console(void *dtb)
{
	uint64_t size;

	if (!dtb || dt_size(dtb, &size) != OK || dt_scan(dtb, size, &machine) != OK ||
		machine.console < 0)
		return;

	const struct machine_uart *from = &machine.uarts[machine.console];

	if (uart_bind(&uart, from, (volatile void *)from->region.base.pa) == OK)
		log_set_sink(write);
}

__noreturn void early_stop(void *dtb, const char *message)
{
	find_console(dtb);
	log_error("%s", message);
	for (;;)
		wfi();
}

void *early_find_dtb(void)
{
	extern const char __image_start[];
	void *start = (void *)ALIGN_DOWN((uintptr_t)__image_start, GIB(1));
	uint32_t magic = *(const volatile uint32_t *)start;

	return __builtin_bswap32(magic) == FDT_MAGIC ? start : NULL;
}

void early_check(void *dtb, uint64_t current_el, uint64_t sctlr)
{
	if (current_el == CURRENTEL_EL1)
		early_stop(dtb,
			"started at EL1, but a hypervisor needs EL2: switch virtualization on "
			"(QEMU: -machine virt,virtualization=on; U-Boot and firmware: enter "
			"the image at EL2)");
	if (current_el != CURRENTEL_EL2)
		early_stop(dtb, "started at EL3: firmware that starts the image at EL2 is needed");
	if (sctlr & SCTLR_M)
		early_stop(NULL,
			"entered with the MMU on: enter the image as a Linux kernel, MMU off");
	if (FIELD_GET(ID_AA64MMFR4_E2H0, read_sysreg(ID_AA64MMFR4_EL1)) >=
		ID_AA64MMFR4_E2H0_MIN_NEGATIVE)
		early_stop(dtb,
			"this CPU has only HCR_EL2.E2H = 1 (ID_AA64MMFR4_EL1.E2H0); Lintel "
			"needs E2H = 0");
}
