/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/monitor/stats_bell.h"
#include "hyp/base/format.h"
#include "hyp/monitor/console.h"
#include "hyp/vdev/doorbell.h"

#define NAME_WIDTH  "31"
#define TITLE_WIDTH "46" /* a name, an address, and what is around them */

/* One that is not the VM's, or at which nothing has happened, is not shown. */
static bool bell_shows(const struct vm *vm, unsigned n, struct doorbell_view *view)
{
	return doorbell_view(vm, n, view) && (view->rings || view->misses);
}

static bool line_shows(const struct vm *vm, unsigned n, struct line_view *view)
{
	return line_view(vm, n, view) && (view->raises || view->ends);
}

/* ---- for people ---- */

void stats_bells_heading(const struct vm *vm)
{
	struct doorbell_view view;
	char title[VM_NAME_MAX + 16];
	unsigned n = 0;

	while (n < doorbell_total() && !bell_shows(vm, n, &view))
		n++;
	if (n == doorbell_total())
		return;
	format(title, sizeof(title), "[%s] doorbells:", vm->name);
	console_printf("%-" TITLE_WIDTH "s %11s %11s %11s\n", title, "rings", "dropped", "misses");
}

bool stats_bells_row(const struct vm *vm, unsigned n)
{
	struct doorbell_view view;

	if (!bell_shows(vm, n, &view))
		return false;
	console_printf("  %-" NAME_WIDTH "s 0x%-10llx %11llu %11llu %11llu\n", view.config->name,
		(unsigned long long)view.config->address, (unsigned long long)view.rings,
		(unsigned long long)view.dropped, (unsigned long long)view.misses);
	return true;
}

void stats_lines_heading(const struct vm *vm)
{
	struct line_view view;
	char title[VM_NAME_MAX + 16];
	unsigned n = 0;

	while (n < line_total() && !line_shows(vm, n, &view))
		n++;
	if (n == line_total())
		return;
	format(title, sizeof(title), "[%s] lines:", vm->name);
	console_printf("%-" TITLE_WIDTH "s %11s %11s %11s %11s %11s\n", title, "raises",
		"coalesced", "dropped", "ends", "unheard");
}

bool stats_lines_row(const struct vm *vm, unsigned n)
{
	struct line_view view;

	if (!line_shows(vm, n, &view))
		return false;
	console_printf("  %-" NAME_WIDTH "s SPI %-8u %11llu %11llu %11llu %11llu %11llu\n",
		view.config->name, view.config->spi, (unsigned long long)view.raises,
		(unsigned long long)view.coalesced, (unsigned long long)view.dropped,
		(unsigned long long)view.ends, (unsigned long long)view.unheard);
	return true;
}

/* ---- for scripts ---- */

void stats_bells_machine_readable(const struct vm *vm)
{
	struct doorbell_view bell;
	struct line_view line;

	for (unsigned n = 0; n < doorbell_total(); n++) {
		if (bell_shows(vm, n, &bell))
			console_printf(
				"stats %s doorbell %s 0x%llx rings %llu dropped %llu misses %llu\n",
				vm->name, bell.config->name,
				(unsigned long long)bell.config->address,
				(unsigned long long)bell.rings, (unsigned long long)bell.dropped,
				(unsigned long long)bell.misses);
	}
	for (unsigned n = 0; n < line_total(); n++) {
		if (line_shows(vm, n, &line))
			console_printf("stats %s line %s %u raises %llu coalesced %llu dropped "
				       "%llu ends %llu unheard %llu\n",
				vm->name, line.config->name, line.config->spi,
				(unsigned long long)line.raises, (unsigned long long)line.coalesced,
				(unsigned long long)line.dropped, (unsigned long long)line.ends,
				(unsigned long long)line.unheard);
	}
}
