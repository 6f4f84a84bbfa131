/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Touches everything that a guest should not, gets the architecture's answer and stays alive.
 */
#include "gic.h"
#include "parts.h"
#include "smp.h"

bool explain(bool good, const char *what, const struct probe *p)
{
	if (!good)
		tap_note("%s: exceptions %u ESR %lx FAR %lx ELR %lx (insn %lx) x0 %lx", what,
			p->count, p->esr, p->far, p->elr, p->pc, p->x[0]);
	return good;
}

void payload_main(void)
{
	test_holes();
	test_devices();
	test_maintenance();
	test_registers();
	test_calls();
	tap_ok(machine.memory_size == *(volatile u64 *)&machine.memory_size, "still alive");
}
