/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory, memory that is reserved, and the CPUs.
 */
#include "drivers/dt/scan.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"

/* MPIDR_EL1's affinity fields: Aff3 39:32, Aff2..Aff0 23:0. */
#define MPIDR_AFFINITY (GENMASK(39, 32) | GENMASK(23, 0))

void dt_node_memory(struct dt_scan *scan)
{
	struct machine *machine = scan->machine;
	unsigned count = dt_reg_count(scan);

	if (count == 0)
		dt_complain(scan, "reg: expected at least one address and size");
	for (unsigned i = 0; i < count; i++) {
		struct machine_region region;

		if (!dt_reg(scan, i, &region) || region.size == 0)
			continue;
		if (machine->memory_count == MACHINE_MEMORY_MAX) {
			dt_complain(scan, "more than %u banks: those from 0x%llx on are not used",
				MACHINE_MEMORY_MAX, (unsigned long long)region.base.pa);
			return;
		}
		machine->memory[machine->memory_count++] = region;
	}
}

/* False when the table is full: memory could then be given away that must not be, so the scan
 * fails. */
static bool add_reserved(struct machine *machine, struct machine_region region, bool no_map)
{
	if (region.size == 0)
		return true;
	if (machine->reserved_count == MACHINE_RESERVED_MAX)
		return false;
	machine->reserved[machine->reserved_count++] =
		(struct machine_reserved){ .region = region, .no_map = no_map };
	return true;
}

void dt_node_reserved(struct dt_scan *scan)
{
	/* Without reg it is a wish for memory to be allocated, which nobody here has. */
	unsigned count = dt_reg_count(scan);

	for (unsigned i = 0; i < count; i++) {
		struct machine_region region;

		if (!dt_reg(scan, i, &region))
			continue;
		if (!add_reserved(scan->machine, region, dt_has(scan, PROP_NO_MAP))) {
			scan->reserved_overflow = true;
			return;
		}
	}
}

void dt_reservation_block(struct dt_scan *scan)
{
	const uint64_t *at = scan->walk.reservations;

	for (; scan->walk.reservations_end - at >= 2; at += 2) {
		struct machine_region region = { PA(dt_be64(at)), dt_be64(at + 1) };

		if (region.base.pa == 0 && region.size == 0)
			return;
		if (region.base.pa + region.size < region.base.pa) {
			log_warn("devicetree: memory reservation block: 0x%llx, size 0x%llx: "
				 "expected not to wrap",
				(unsigned long long)region.base.pa,
				(unsigned long long)region.size);
			return;
		}
		if (!add_reserved(scan->machine, region, false)) {
			scan->reserved_overflow = true;
			return;
		}
	}
}

static enum cpu_enable_method enable_method(const struct dt_scan *scan)
{
	if (!dt_has(scan, PROP_ENABLE_METHOD))
		return CPU_ENABLE_NONE;
	if (dt_text_is(scan, PROP_ENABLE_METHOD, "psci"))
		return CPU_ENABLE_PSCI;
	if (dt_text_is(scan, PROP_ENABLE_METHOD, "spin-table"))
		return CPU_ENABLE_SPIN_TABLE;
	return CPU_ENABLE_UNKNOWN;
}

static bool cpu_known(const struct machine *machine, uint64_t mpidr)
{
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		if (machine->cpus[i].mpidr == mpidr)
			return true;
	}
	return false;
}

void dt_node_cpu(struct dt_scan *scan)
{
	struct machine *machine = scan->machine;
	const struct dt_value *reg = &scan->node.values[PROP_REG];
	uint32_t cells = dt_parent(scan)->address_cells;

	if (!dt_has(scan, PROP_REG) || cells == 0 || reg->length != cells * DT_CELL_SIZE) {
		dt_complain(scan, "reg: expected the CPU's affinity in %u cells", cells);
		return;
	}
	uint64_t mpidr = cells == 1 ? dt_be32(reg->data) : dt_be64(reg->data);

	if (mpidr & ~MPIDR_AFFINITY) {
		dt_complain(scan, "reg: 0x%llx, expected only affinity bits of MPIDR_EL1",
			(unsigned long long)mpidr);
		mpidr &= MPIDR_AFFINITY;
	}
	if (cpu_known(machine, mpidr)) {
		dt_complain(scan, "reg: 0x%llx is another CPU's, too", (unsigned long long)mpidr);
		return;
	}
	if (machine->cpu_count == MACHINE_CPUS_MAX) {
		dt_complain(scan, "more than %u CPUs: this one stays off", MACHINE_CPUS_MAX);
		return;
	}
	machine->cpus[machine->cpu_count++] = (struct machine_cpu){
		.mpidr = mpidr,
		.method = enable_method(scan),
		.usable = dt_enabled(scan),
		.release_addr = PA(dt_u64(scan, PROP_RELEASE_ADDR, 0)),
	};
}
