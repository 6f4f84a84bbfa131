/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that fails as kernels do early: an undefined instruction with the MMU off and no memory
 * at VBAR_EL1. Lintel is to stop it and say so; nothing of this is TAP.
 */
#include "base.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"

#define SCTLR_M BIT(0)

void payload_main(void)
{
	tap_note("crash: on purpose");
	msr(sctlr_el1, mrs(sctlr_el1) & ~SCTLR_M);
	isb();
	msr(vbar_el1, 0);
	isb();
	__asm__ volatile("udf #0");
}
