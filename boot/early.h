/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When Lintel can't run here: says why, on the machine's console if the devicetree names one, and
 * stops. Works with the MMU off and at EL1.
 */
#ifndef BOOT_EARLY_H
#define BOOT_EARLY_H

#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

/*
 * Looks at how Lintel was entered. Stops unless it is at EL2 with the MMU off, on a CPU that has
 * E2H = 0. current_el, sctlr: CurrentEL, and SCTLR_EL2 as the boot loader left it.
 */
void early_check(void *dtb, uint64_t current_el, uint64_t sctlr);

/*
 * Nobody gave an address (a debugger or QEMU started lintel.elf): the devicetree where QEMU then
 * puts it, at the start of RAM, which is taken to be at the multiple of 1 GiB below the image. NULL
 * if there is none.
 */
void *early_find_dtb(void);

/* Says `message` and stops. dtb: may be NULL, or anything. */
__noreturn void early_stop(void *dtb, const char *message);

#endif
