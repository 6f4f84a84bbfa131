/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/fixtures.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest.h"
#include "hyp/smccc/smc_trap.h"
#include "mm/page.h"

/* All that were made, and of them those of the VM that is described. */
struct fixture_lists {
	unsigned nr_doorbells, nr_lines;
	struct doorbell_config doorbells[DOORBELLS_MAX];
	struct line_config lines[LINES_MAX];
	const struct doorbell_config *its_doorbells[DOORBELLS_MAX];
	const struct line_config *its_lines[LINES_MAX];
	/* VMs that can't be made, because a rule for their calls is wrong */
	unsigned nr_refused;
	char refused[MAX_VMS][VM_NAME_MAX + 1];
};
_Static_assert(sizeof(struct fixture_lists) <= BLOCK_SIZE, "mm_zalloc()");

/* --- regions --- */

static unsigned long long free_mib(void)
{
	struct page_stats stats;
	uint64_t mib;

	page_get_stats(&stats);
	mib = stats.free_blocks * (BLOCK_SIZE / MIB(1));
	return mib;
}

static void found_shared(void *context, const struct shmem_config *config)
{
	struct fixtures *fixtures = context;
	enum status status = shmem_add(config);

	if (status == OK)
		return;
	fixtures->bad++;
	log_error("shared region %s: not made: size <0x%llx> (%llu KiB): %s; all regions together "
		  "may have %llu MiB, each counted as whole 2 MiB, and the machine has %llu MiB "
		  "that are free; its members run without it",
		config->name, (unsigned long long)config->size,
		(unsigned long long)(config->size / KIB(1)), status_name(status),
		(unsigned long long)(SHMEM_MEMORY_SIZE / MIB(1)), free_mib());
}

static void found_rom(void *context, const struct rom_config *config)
{
	struct fixtures *fixtures = context;
	enum status status = rom_add(config);

	if (status == OK)
		return;
	fixtures->bad++;
	log_error("read-only region %s: not made: 0x%llx bytes at 0x%llx: %s; the machine has %llu "
		  "MiB that are free; its members run without it",
		config->name, (unsigned long long)config->size, (unsigned long long)config->address,
		status_name(status), free_mib());
}

/* --- doorbells and lines --- */

static struct fixture_lists *lists_of(struct fixtures *fixtures)
{
	if (!fixtures->lists)
		fixtures->lists = mm_zalloc(sizeof(*fixtures->lists));
	return fixtures->lists;
}

static void found_line(void *context, const struct line_config *config)
{
	struct fixtures *fixtures = context;
	struct fixture_lists *lists = lists_of(fixtures);
	enum status status = lists ? line_add(config) : ERR_NO_MEMORY;

	if (status == OK) {
		lists->lines[lists->nr_lines++] = *config;
		return;
	}
	fixtures->bad++;
	log_error("line %s: not made: spi <%u> of VM %s: %s; expected one that is no other line's "
		  "and no device's (1, 2, 10 and 192 to 223 are)",
		config->name, config->spi, config->vm, status_name(status));
}

/* A region of the VM's that the doorbell would reach into; NULL: none. What else may be in its way
 * is known when the VM is made. */
static const char *region_at(const struct doorbell_config *config)
{
	uint64_t first = config->address, end = first + MAX(config->width, 1u);
	const struct rom_config *rom;
	struct shmem_view view;

	for (unsigned i = 0; (rom = rom_of(config->vm, i)); i++)
		if (first < rom->address + rom->size && rom->address < end)
			return rom->name;
	for (unsigned i = 0; shmem_view(config->vm, i, &view); i++)
		if (first < view.memory + view.config->size && view.memory < end)
			return view.config->name;
	return NULL;
}

static void found_doorbell(void *context, const struct doorbell_config *config)
{
	struct fixtures *fixtures = context;
	struct fixture_lists *lists = lists_of(fixtures);
	const char *region = region_at(config);
	enum status status;

	if (region) {
		fixtures->bad++;
		log_error("doorbell %s: not made: 0x%llx in VM %s is in region %s, expected a "
			  "place where nothing is",
			config->name, (unsigned long long)config->address, config->vm, region);
		return;
	}
	status = lists ? doorbell_add(config) : ERR_NO_MEMORY;
	if (status == OK) {
		lists->doorbells[lists->nr_doorbells++] = *config;
		return;
	}
	fixtures->bad++;
	log_error("doorbell %s: not made: 0x%llx in VM %s: %s", config->name,
		(unsigned long long)config->address, config->vm, status_name(status));
}

/* --- rules for calls, and SDEI events --- */

static bool is_refused(const struct fixture_lists *lists, const char *vm)
{
	for (unsigned i = 0; lists && i < lists->nr_refused; i++)
		if (strcmp(lists->refused[i], vm) == 0)
			return true;
	return false;
}

/* A VM that can't be made; NULL: it may be any. */
static void refuse(void *context, const char *vm)
{
	struct fixtures *fixtures = context;
	struct fixture_lists *lists = lists_of(fixtures);

	if (!vm || !lists || (!is_refused(lists, vm) && lists->nr_refused == MAX_VMS))
		fixtures->all_refused = true;
	else if (!is_refused(lists, vm))
		format(lists->refused[lists->nr_refused++], sizeof(lists->refused[0]), "%s", vm);
}

static void found_rule(void *context, const struct call_rule *rule)
{
	struct fixtures *fixtures = context;
	const char *why = "this CPU does not trap SMC, so that a rule for it alone can't be kept";
	enum status status = ERR_NOT_SUPPORTED;

	if (rule->hvc || smccc_smc_is_trapped()) {
		why = NULL;
		status = call_rule_add(rule, &why);
	}
	if (status == OK)
		return;
	fixtures->bad++;
	log_error("manifest: /smccc/%s: %s", rule->name, why ? why : status_name(status));
	refuse(context, rule->vm);
}

/* The rules were read before. */
static bool calls_sdei(const char *vm)
{
	struct guest_dt_config config;

	guest_dt_choose_conduits(vm, false, smccc_smc_is_trapped(), &config);
	return config.sdei != GUEST_NEITHER;
}

static void found_event(void *context, const struct sdei_event_config *config)
{
	struct fixtures *fixtures = context;
	enum status status;

	if (!calls_sdei(config->vm)) {
		fixtures->bad++;
		log_error("manifest: /sdei-events/%s: not made: VM %s has no conduit by which "
			  "Lintel answers SDEI's calls (/smccc), so that it could never register "
			  "it; expected a VM that has one",
			config->name, config->vm);
		return;
	}
	status = sdei_event_add(config);
	if (status == OK)
		return;
	fixtures->bad++;
	log_error("manifest: /sdei-events/%s: not made: event 0x%x by interrupt %u of VM %s: %s; "
		  "expected a number and an interrupt that no other event of the VM's has, an "
		  "interrupt that may be one's, and at most %u events of a VM",
		config->name, config->number, config->intid, config->vm, status_name(status),
		SDEI_EVENTS_MAX);
}

/* --- all of them --- */

enum status fixtures_make(struct fixtures *fixtures, const void *tree, uint64_t size,
	const struct cpio_archive *archive)
{
	unsigned shared = 0, roms = 0, lines = 0, doorbells = 0, rules = 0, events = 0;
	enum status status = manifest_read_shared(tree, size, found_shared, fixtures, &shared);

	if (!status)
		status = manifest_read_roms(tree, size, archive, found_rom, fixtures, &roms);
	if (!status)
		status = manifest_read_lines(tree, size, found_line, fixtures, &lines);
	if (!status)
		status = manifest_read_doorbells(tree, size, found_doorbell, fixtures, &doorbells);
	if (!status)
		status = manifest_read_rules(tree, size, found_rule, refuse, fixtures, &rules);
	if (!status)
		status = manifest_read_events(tree, size, found_event, fixtures, &events);
	fixtures->bad += shared + roms + lines + doorbells + rules + events;
	return status;
}

static void describe_lists(
	struct fixture_lists *lists, const char *vm, struct guest_dt_config *config)
{
	for (unsigned i = 0; i < lists->nr_doorbells; i++)
		if (strcmp(lists->doorbells[i].vm, vm) == 0)
			lists->its_doorbells[config->nr_doorbells++] = &lists->doorbells[i];
	for (unsigned i = 0; i < lists->nr_lines; i++)
		if (strcmp(lists->lines[i].vm, vm) == 0)
			lists->its_lines[config->nr_lines++] = &lists->lines[i];
	config->doorbells = lists->its_doorbells;
	config->lines = lists->its_lines;
}

bool fixtures_refuse(const struct fixtures *fixtures, const char *vm, bool only_smc)
{
	const char *why;
	bool refused = is_refused(fixtures->lists, vm);

	if (call_rules_check_vm(vm, only_smc, &why)) {
		log_error("manifest: /smccc: %s", why);
		refused = true;
	}
	if (fixtures->all_refused)
		log_error("vm %s: not made: a rule of /smccc is wrong that may be for it, and "
			  "without it the VM might do more than it is meant to",
			vm);
	else if (refused)
		log_error("vm %s: not made: a rule of /smccc for it is wrong, and without it the "
			  "VM might do more than it is meant to",
			vm);
	return refused || fixtures->all_refused;
}

void fixtures_describe(struct fixtures *fixtures, const char *vm, struct guest_dt_config *config)
{
	config->shared = fixtures->shared;
	config->roms = fixtures->roms;
	config->nr_shared = config->nr_roms = config->nr_doorbells = config->nr_lines = 0;
	while (config->nr_shared < SHMEM_REGIONS_MAX &&
		shmem_view(vm, config->nr_shared, &fixtures->shared[config->nr_shared]))
		config->nr_shared++;
	while (config->nr_roms < ROM_REGIONS_MAX &&
		(fixtures->roms[config->nr_roms] = rom_of(vm, config->nr_roms)))
		config->nr_roms++;
	if (fixtures->lists)
		describe_lists(fixtures->lists, vm, config);
}

void fixtures_forget(struct fixtures *fixtures)
{
	mm_free(fixtures->lists, sizeof(*fixtures->lists));
	fixtures->lists = NULL;
}
