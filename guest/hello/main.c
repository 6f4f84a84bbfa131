/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest payload: says hello with the machine it finds.
 */
#include "machine.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"

#define EL1 1

void payload_main(void)
{
	volatile u64 *last = (volatile u64 *)(machine.memory_base + machine.memory_size - 8);

	tap_note("hello from EL%lu: %u CPU(s), %lu MiB, bootargs \"%s\"", mrs(CurrentEL) >> 2,
		machine.cpus, machine.memory_size >> 20, machine.bootargs);
	tap_is(mrs(CurrentEL) >> 2, EL1, "runs at EL1");
	tap_is(machine.memory_base, RAM_BASE, "RAM begins where QEMU's virt has it");
	tap_ok(machine.memory_size >= MIB(2), "%lu MiB of RAM", machine.memory_size >> 20);
	tap_is(mrs(mpidr_el1) & 0xff00ffffff, machine.mpidr[0],
		"the boot CPU is the devicetree's first");
	*last = 0x1122334455667788;
	tap_is(*last, 0x1122334455667788, "the last word of RAM is RAM");
}
