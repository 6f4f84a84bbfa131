/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nothing here has a lock: what a line is now, is in its VM's vGIC (hyp/vdev/vgic_line.c); names
 * are looked up while VMs are made, before any of them runs.
 */
#include "hyp/vdev/line.h"
#include "hyp/base/compiler.h"
#include "hyp/base/string.h"
#include "hyp/vdev/shmem.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vrtc.h"
#include "hyp/vdev/vuart.h"
#include "hyp/vdev/vwatchdog.h"
#include "mm/page.h"

struct line {
	struct vm *vm; /* NULL: not made */
	unsigned intid;
	struct bell_target on_eoi;
	uint64_t raises, coalesced, dropped, ends, unheard; /* atomic */
	struct line_config config;
};

/* vm->part[PART_DOORBELL] of a VM that has lines. */
struct lines_of_vm {
	struct line *by_spi[VGIC_NR_SPIS];
};

static struct line *lines; /* LINES_MAX of them, since the first was added */
static unsigned nr_lines;

#define LINES_SIZE (LINES_MAX * sizeof(struct line))

static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* ---- actions ---- */

void bell_bind(const struct bell_action *action, struct bell_target *target, struct vm *vm)
{
	if (action->kind == BELL_LINE)
		target->line = line_find(action->name);
	else if (action->kind == BELL_SIGNAL && strcmp(action->name, vm->name) == 0)
		target->vm = vm;
}

void bell_unbind(struct bell_target *target, const struct vm *vm)
{
	if (target->vm == vm)
		target->vm = NULL;
}

bool bell_do(const struct bell_action *action, const struct bell_target *target)
{
	switch (action->kind) {
	case BELL_LINE:
		return target->line && line_raise(target->line);
	case BELL_SIGNAL:
		return target->vm && action->vcpu < target->vm->nr_vcpus &&
			vcpu_signal(target->vm->vcpus[action->vcpu]);
	default:
		return true;
	}
}

/* ---- up and down ---- */

bool line_raise(struct line *line)
{
	enum vgic_rise rise = line->vm ? vgic_raise_line(line->vm, line->intid) : VGIC_RISE_DOWN;

	count(&line->raises);
	if (rise == VGIC_RISE_HIGH)
		count(&line->coalesced);
	else if (rise == VGIC_RISE_DOWN)
		count(&line->dropped);
	return rise != VGIC_RISE_DOWN;
}

void line_ended(struct vm *vm, unsigned intid)
{
	const struct lines_of_vm *of_vm = vm->part[PART_DOORBELL];
	struct line *line = of_vm->by_spi[intid - VGIC_SPI_FIRST];

	count(&line->ends);
	if (!bell_do(&line->config.on_eoi, &line->on_eoi))
		count(&line->unheard);
}

/* ---- the life of a VM ---- */

static bool is_of(const struct line *line, const struct vm *vm)
{
	return strcmp(line->config.vm, vm->name) == 0;
}

static bool has_lines(const struct vm *vm)
{
	for (unsigned i = 0; i < nr_lines; i++) {
		if (is_of(&lines[i], vm))
			return true;
	}
	return false;
}

enum status line_create(struct vm *vm)
{
	struct lines_of_vm *of_vm = NULL;

	if (has_lines(vm)) {
		of_vm = mm_zalloc(sizeof(*of_vm));
		if (!of_vm)
			return ERR_NO_MEMORY;
	}
	vm->part[PART_DOORBELL] = of_vm;
	for (unsigned i = 0; i < nr_lines; i++) {
		struct line *line = &lines[i];

		bell_bind(&line->config.on_eoi, &line->on_eoi, vm);
		if (of_vm && is_of(line, vm)) {
			line->vm = vm;
			of_vm->by_spi[line->config.spi] = line;
		}
	}
	return OK;
}

void line_destroy(struct vm *vm)
{
	mm_free(vm->part[PART_DOORBELL], sizeof(struct lines_of_vm));
	vm->part[PART_DOORBELL] = NULL;
	for (unsigned i = 0; i < nr_lines; i++) {
		bell_unbind(&lines[i].on_eoi, vm);
		if (lines[i].vm == vm)
			lines[i].vm = NULL;
	}
}

void line_open(struct vm *vm)
{
	const struct lines_of_vm *of_vm = vm->part[PART_DOORBELL];

	for (unsigned spi = 0; of_vm && spi < VGIC_NR_SPIS; spi++) {
		const struct line *line = of_vm->by_spi[spi];

		if (line)
			vgic_open_line(vm, line->intid, line->config.level);
	}
}

/* ---- the bundle's lines ---- */

/* Whether the VM has it or not: so that a device can be added to a VM that has lines. */
static bool is_taken(unsigned spi)
{
	unsigned intid = VGIC_SPI_FIRST + spi;

	return intid == VUART_INTID || intid == VRTC_INTID || intid == VWATCHDOG_INTID ||
		(spi >= SHMEM_SPI && spi < SHMEM_SPI + 2 * SHMEM_REGIONS_MAX);
}

struct line *line_find(const char *name)
{
	for (unsigned i = 0; i < nr_lines; i++) {
		if (strcmp(lines[i].config.name, name) == 0)
			return &lines[i];
	}
	return NULL;
}

static enum status check(const struct line_config *config)
{
	if (config->spi >= VGIC_NR_SPIS || is_taken(config->spi))
		return ERR_RANGE;
	if (!config->level && config->on_eoi.kind != BELL_COUNT)
		return ERR_INVALID;
	if (line_find(config->name))
		return ERR_EXISTS;
	for (unsigned i = 0; i < nr_lines; i++) {
		if (lines[i].config.spi == config->spi &&
			strcmp(lines[i].config.vm, config->vm) == 0)
			return ERR_EXISTS;
	}
	return nr_lines == LINES_MAX ? ERR_NO_MEMORY : OK;
}

enum status line_add(const struct line_config *config)
{
	enum status status = check(config);

	if (status != OK)
		return status;
	if (!lines)
		lines = mm_zalloc(LINES_SIZE);
	if (!lines)
		return ERR_NO_MEMORY;
	lines[nr_lines++] =
		(struct line){ .intid = VGIC_SPI_FIRST + config->spi, .config = *config };
	return OK;
}

unsigned line_total(void)
{
	return nr_lines;
}

bool line_view(const struct vm *vm, unsigned n, struct line_view *view)
{
	const struct line *line;

	if (n >= nr_lines || lines[n].vm != vm)
		return false;
	line = &lines[n];
	*view = (struct line_view){
		.config = &line->config,
		.raises = READ_ONCE(line->raises),
		.coalesced = READ_ONCE(line->coalesced),
		.dropped = READ_ONCE(line->dropped),
		.ends = READ_ONCE(line->ends),
		.unheard = READ_ONCE(line->unheard),
	};
	return true;
}
