/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a bundle's bytes to VMs that are loaded: with VMs and stage 2 made of the test's own memory.
 *
 * links: hyp/bundle/build.c hyp/bundle/fixtures.c hyp/bundle/manifest_bell.c hyp/bundle/load.c
 * hyp/bundle/manifest_smccc.c hyp/bundle/manifest_sdei.c
 * hyp/bundle/place.c hyp/bundle/manifest.c hyp/bundle/manifest_nodes.c hyp/bundle/manifest_names.c
 * hyp/bundle/manifest_value.c hyp/bundle/manifest_shared.c hyp/bundle/manifest_rom.c
 * hyp/bundle/guest_dt_shared.c hyp/bundle/cpio.c hyp/bundle/guest_dt.c
 * hyp/bundle/guest_dt_fixtures.c hyp/bundle/guest_dt_copy.c hyp/bundle/guest_dt_calls.c
 * hyp/bundle/guest_conduit.c hyp/bundle/dt_writer.c drivers/dt/walk.c hyp/base/log.c
 * hyp/base/format.c hyp/base/status.c hyp/arch/features.c
 */
#include "hyp/bundle/build.h"
#include "hyp/arch/features.h"
#include "hyp/bundle/load.h"
#include "hyp/crypto/entropy.h"
#include "mm/guest_mem.h"
#include "mm/page.h"
#include "mm/phys.h"
#include "tests/unit/fake/memory.h"
#include "tests/unit/test_bundle.h"

#define RAM      GUEST_RAM_BASE
#define RAM_SIZE MIB(64)

/* --- the rooms below --- */

/* What a made VM's count of boots is when it was given a watchdog. */
#define WATCHDOG 77

struct vm *vms[MAX_VMS];
unsigned nr_vms;
static struct vm made[MAX_VMS];
static enum status create_status, start_status;
static unsigned allocations, started, busy;
static uint64_t touched; /* bit per 2 MiB window of RAM */
static unsigned seeds;

static unsigned fail_nth; /* allocation from now; 0: none */

void *mm_zalloc(size_t size)
{
	if (fail_nth && --fail_nth == 0)
		return NULL;
	allocations++;
	return size <= MIB(2) ? calloc(1, size) : NULL;
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	allocations -= memory != NULL;
	free(memory);
}

void page_get_stats(struct page_stats *stats)
{
	*stats = (struct page_stats){ .free_blocks = 100, .promised_blocks = 36 };
}

bool entropy_seeded(void)
{
	return true;
}

void entropy_get(void *out, size_t size)
{
	memset(out, (int)++seeds, size);
}

static char watchdog_for[VM_NAME_MAX + 1];

void vwatchdog_ask(const char *vm)
{
	snprintf(watchdog_for, sizeof(watchdog_for), "%s", vm);
}

enum status vm_create(
	const char *name, ipa_t ram_base, uint64_t ram_size, unsigned nr_vcpus, struct vm **vm)
{
	if (create_status)
		return create_status;
	*vm = &made[nr_vms];
	**vm = (struct vm){ .ram_base = ram_base, .ram_size = ram_size, .nr_vcpus = nr_vcpus };
	snprintf((*vm)->name, sizeof((*vm)->name), "%s", name);
	(*vm)->boots = strcmp(watchdog_for, name) == 0 ? WATCHDOG : 0;
	vms[nr_vms++] = *vm;
	return OK;
}

void vm_discard(struct vm *vm)
{
	assert_ptr_equal(vm, vms[nr_vms - 1]);
	nr_vms--;
}

static unsigned nested;
static enum status nested_status;

enum status nested_create(struct vm *vm)
{
	assert_ptr_equal(vm, vms[nr_vms - 1]);
	assert_int_not_equal(vm->policy.virtual_el2, VIRTUAL_EL2_NONE);
	nested += nested_status == OK;
	return nested_status;
}

static struct {
	uint64_t address, size, count;
} scratch[2];
static unsigned scratches;
static enum status scratch_status;

enum status vscratch_add(const char *vm, uint64_t address, uint64_t size, uint64_t count)
{
	assert_string_equal(vm, "it");
	assert_true(scratches < 2);
	/* Before the VM is made. */
	assert_int_equal(nr_vms, 0);
	scratch[scratches].address = address;
	scratch[scratches].size = size;
	scratch[scratches++].count = count;
	return scratch_status;
}

static unsigned sealed, connected;

/* Once, when all VMs are there. */
bool monitor_is_named(const char *vm)
{
	return strcmp(vm, "tee") == 0;
}

void monitor_connect(void)
{
	assert_int_equal(sealed, nr_vms);
	connected++;
}

enum status device_table_seal(struct vm *vm)
{
	sealed++;
	return vm == &made[0] ? OK : ERR_NO_MEMORY;
}

enum status vm_autostart(struct vm *vm)
{
	(void)vm;
	/* Every VM's devices and monitors were known before the first one ran. */
	assert_int_equal(sealed, nr_vms);
	assert_int_equal(connected, 1);
	started += !start_status;
	return start_status;
}

static enum status sched_status;
static struct sched_config checked, configured;

enum status sched_check(const char *name, unsigned nr_vcpus, struct sched_config *config)
{
	assert_non_null(name);
	assert_true(nr_vcpus > 0);
	config->cpus &= 0xff; /* the others aren't there */
	checked = *config;
	return sched_status;
}

void sched_configure(struct vm *vm, const struct sched_config *config)
{
	assert_ptr_equal(vm, vms[nr_vms - 1]);
	configured = *config;
}

static struct shmem_config region;
static unsigned regions;
static enum status region_status;

enum status shmem_add(const struct shmem_config *config)
{
	/* Before any VM. */
	assert_int_equal(nr_vms, 0);
	if (region_status)
		return region_status;
	region = *config;
	regions++;
	return OK;
}

bool shmem_view(const char *vm, unsigned nth, struct shmem_view *view)
{
	if (nth >= regions || strcmp(vm, region.member[1]) != 0)
		return false;
	*view = (struct shmem_view){ .config = &region, .self = 1, .memory = 0x10000000 };
	return true;
}

static struct rom_config rom;
static unsigned roms;
static enum status rom_status;

enum status rom_add(const struct rom_config *config)
{
	/* Before any VM, behind what is shared. */
	assert_int_equal(nr_vms, 0);
	if (rom_status)
		return rom_status;
	rom = *config;
	roms++;
	return OK;
}

const struct rom_config *rom_of(const char *vm, unsigned nth)
{
	return nth < roms && strcmp(vm, rom.member[0]) == 0 ? &rom : NULL;
}

static unsigned lines_added, bells_added;
static enum status bell_status;
static struct line_config last_line;
static struct doorbell_config last_bell;

enum status line_add(const struct line_config *config)
{
	assert_int_equal(nr_vms, 0);
	last_line = *config;
	lines_added += bell_status == OK;
	return bell_status;
}

enum status doorbell_add(const struct doorbell_config *config)
{
	assert_int_equal(nr_vms, 0);
	last_bell = *config;
	bells_added += bell_status == OK;
	return bell_status;
}

static unsigned rules, events;
static enum status rule_status, event_status;
static const char *rule_why;
static struct call_rule last_rule;
static struct sdei_event_config last_event;

enum status call_rule_add(const struct call_rule *rule, const char **why)
{
	/* Before any VM. */
	assert_int_equal(nr_vms, 0);
	last_rule = *rule;
	*why = rule_why;
	rules += rule_status == OK;
	return rule_status;
}

static bool smc_untrapped;
static const char *rule_conduit;

bool smccc_smc_is_trapped(void)
{
	return !smc_untrapped;
}

static enum call_action by_hvc, by_smc; /* what becomes of all calls */

static unsigned checked_only_smc;
static const char *service_in_parts; /* the rule that takes only a part of it */

enum status call_rules_check_vm(const char *vm, bool only_smc, const char **why)
{
	checked_only_smc += only_smc;
	*why = service_in_parts;
	return service_in_parts && strcmp(vm, "it") == 0 ? ERR_INVALID : OK;
}

bool smccc_offers(uint32_t function)
{
	(void)function;
	return true;
}

enum call_action call_rule_action(const char *vm, bool smc, uint32_t function)
{
	assert_non_null(vm);
	assert_true(function == 0x84000000 || function == 0xc4000020);
	return smc ? by_smc : by_hvc;
}

enum status sdei_event_add(const struct sdei_event_config *config)
{
	assert_int_equal(nr_vms, 0);
	last_event = *config;
	events += event_status == OK;
	return event_status;
}

bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	uint64_t offset = ipa.ipa - RAM;

	(void)s2;
	assert_true(offset < RAM_SIZE);
	*page = (struct stage2_page){ .pa = PA(ipa.ipa), .left = MIB(2) - offset % MIB(2) };
	return (touched >> (offset / MIB(2))) & 1;
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	(void)s2;
	if (busy && busy--)
		return ERR_BUSY;
	touched |= BIT((ipa.ipa - RAM) / MIB(2));
	return OK;
}

static uint64_t synced;

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	(void)s2;
	(void)ipa;
	assert_true(size <= KIB(64));
	synced += size;
}

/* --- the test's bundles --- */

static uint8_t image[200000], initrd[70001];
static struct test_archive archive;
static struct test_tree tree;
static unsigned bad;

static int start(void **state)
{
	struct arm64_image header = {
		.text_offset = 0x80000, .image_size = MIB(3), .magic = ARM64_IMAGE_MAGIC
	};

	sealed = scratches = connected = 0;
	watchdog_for[0] = '\0';
	scratch_status = OK;
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * 31 + (i >> 8));
	for (size_t i = 0; i < sizeof(initrd); i++)
		initrd[i] = (uint8_t)(i * 17 + (i >> 7));
	memcpy(image, &header, sizeof(header));
	archive = (struct test_archive){ 0 };
	nr_vms = 0;
	create_status = start_status = OK;
	started = busy = seeds = regions = 0;
	region_status = rom_status = bell_status = OK;
	roms = lines_added = bells_added = 0;
	rules = events = 0;
	by_hvc = by_smc = CALL_HANDLE;
	rule_status = event_status = OK;
	smc_untrapped = false;
	nested_status = OK;
	nested = 0;
	rule_conduit = "both";
	rule_why = service_in_parts = NULL;
	touched = synced = 0;
	allocations = fail_nth = 0;
	fake_memory_reset();
	fake_memory_add(RAM, RAM_SIZE);
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "vms");
	return start_logging(state);
}

static void begin_vm(const char *name)
{
	tree_begin(&tree, name);
	tree_text(&tree, "kernel", "Image");
	tree_u64(&tree, "memory", RAM_SIZE);
}

/* The archive of the tree and the files, built. */
static enum status build(void)
{
	tree_end(&tree);
	archive_file(&archive, "manifest.dtb", tree.bytes, tree_finish(&tree));
	archive_file(&archive, "Image", image, sizeof(image));
	archive_file(&archive, "initrd", initrd, sizeof(initrd));
	archive_end(&archive);
	return bundle_build(archive.bytes, archive.size, &bad);
}

static int stop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_vms; i++) {
		struct vm_images *images = vms[i]->config;

		mm_free(images->dt.tree, images->dt_room);
		mm_free(images, sizeof(*images));
	}
	/* Whatever was for a while only is given back. */
	assert_int_equal(allocations, 0);
	free(archive.bytes);
	return 0;
}

static void run_load(struct vm *vm)
{
	uint64_t position = 0;
	bool done = false;

	for (unsigned steps = 0; !done; steps++) {
		assert_true(steps < 1000);
		assert_int_equal(vm->load_step(vm, &position, &done), OK);
	}
}

static void builds_and_loads(void **state)
{
	(void)state;
	begin_vm("linux");
	tree_text(&tree, "ramdisk", "initrd");
	tree_text(&tree, "bootargs", "quiet");
	tree_u32(&tree, "vcpus", 2);
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	assert_int_equal(nr_vms, 1);
	assert_string_equal(vms[0]->name, "linux");
	assert_int_equal(vms[0]->nr_vcpus, 2);
	assert_int_equal(vms[0]->ram_size, RAM_SIZE);
	busy = 2;
	run_load(vms[0]);
	assert_int_equal(vms[0]->entry.pc, RAM + 0x80000);
	assert_int_equal(vms[0]->entry.x0, RAM + 0x400000);
	assert_memory_equal(pa_to_ptr(PA(RAM + 0x80000)), image, sizeof(image));

	const void *dt = pa_to_ptr(PA(vms[0]->entry.x0));
	int chosen = fdt_path_offset(dt, "/chosen");
	uint64_t at = fdt64_ld(fdt_getprop(dt, chosen, "linux,initrd-start", NULL));
	uint64_t end = fdt64_ld(fdt_getprop(dt, chosen, "linux,initrd-end", NULL));

	assert_int_equal(fdt_check_full(dt, MIB(2)), 0);
	assert_int_equal(end - at, sizeof(initrd));
	assert_memory_equal(pa_to_ptr(PA(at)), initrd, sizeof(initrd));
	assert_string_equal(fdt_getprop(dt, chosen, "bootargs", NULL), "quiet");
	assert_int_equal(fdt64_ld(fdt_getprop(dt, chosen, "kaslr-seed", NULL)),
		UINT64_C(0x0101010101010101) * seeds);
	assert_int_equal(synced, sizeof(image) + sizeof(initrd) + fdt_totalsize(dt));
	/* Only what is needed was touched: the kernel's file, the ramdisk behind its BSS, the tree.
	 */
	assert_int_equal(touched, BIT(0) | BIT(1) | BIT(2));

	/* Again: other seeds. */
	unsigned before = seeds;

	run_load(vms[0]);
	assert_true(seeds > before);
	assert_int_equal(fdt64_ld(fdt_getprop(dt, chosen, "kaslr-seed", NULL)),
		UINT64_C(0x0101010101010101) * seeds);
	assert_nothing_logged();
}

static void populates(void **state)
{
	(void)state;
	begin_vm("all");
	tree_bytes(&tree, "memory-populate", "", 0);
	tree_end(&tree);
	assert_int_equal(build(), OK);
	run_load(vms[0]);
	assert_int_equal(touched, 0xffffffff);
}

static void gives_a_watchdog(void **state)
{
	const void *dt;

	(void)state;
	begin_vm("with");
	tree_bytes(&tree, "watchdog", "", 0);
	tree_end(&tree);
	begin_vm("without");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(vms[i]->boots, i == 0 ? WATCHDOG : 0);
		run_load(vms[i]);
		dt = pa_to_ptr(PA(vms[i]->entry.x0));
		assert_int_equal(fdt_path_offset(dt, "/watchdog@9100000") >= 0, i == 0);
	}
}

/* Behind the VMs: from /vms to one rule and one event. */
static void write_rule(const char *vm, uint32_t last)
{
	uint32_t range[2] = { cpu_to_fdt32(0x84000050), cpu_to_fdt32(last) };

	tree_end(&tree);
	tree_begin(&tree, "smccc");
	tree_begin(&tree, "quiet");
	tree_text(&tree, "vm", vm);
	tree_bytes(&tree, "functions", range, sizeof(range));
	tree_text(&tree, "action", "deny");
	tree_text(&tree, "conduit", rule_conduit);
	tree_end(&tree);
	tree_end(&tree);
	tree_begin(&tree, "sdei-events");
	tree_begin(&tree, "alarm");
	tree_text(&tree, "vm", vm);
	tree_u32(&tree, "event", 0x40000001);
	tree_u32(&tree, "spi", 10);
	tree_end(&tree);
}

static void begin_aarch32(const char *name)
{
	begin_vm(name);
	tree_u64(&tree, "load-address", RAM);
	tree_bytes(&tree, "aarch32", "", 0);
}

/* 32-bit code begins with the devicetree in r2. */
static void boots_aarch32(void **state)
{
	(void)state;
	cpu_features.aarch32_el1 = true;
	begin_aarch32("thirty-two");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	assert_true(vms[0]->policy.aarch32);
	run_load(vms[0]);
	assert_int_equal(vms[0]->entry.pc, RAM);
	assert_int_equal(vms[0]->entry.x0, 0);
	assert_int_equal(vms[0]->entry.x1, 0xffffffff);
	assert_int_equal(fdt_check_header(pa_to_ptr(PA(vms[0]->entry.x2))), 0);
}

/* Where the CPUs can't, it is an error, unless the VM is optional; an optional one that can run
 * does.
 */
static void leaves_out_aarch32(void **state)
{
	(void)state;
	cpu_features.aarch32_el1 = false;
	begin_aarch32("refused");
	tree_end(&tree);
	begin_aarch32("missing");
	tree_bytes(&tree, "optional", "", 0);
	tree_end(&tree);
	begin_vm("runs");
	tree_bytes(&tree, "optional", "", 0);
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 1);
	assert_int_equal(nr_vms, 1);
	assert_string_equal(vms[0]->name, "runs");
	assert_int_equal(vms[0]->number, 3);
	assert_logged("vm refused: not every CPU of this machine has AArch32 at EL1 (aarch32)");
	assert_logged("vm missing: left out: not every CPU of this machine has AArch32 at EL1");
}

static void begin_hypervisor(const char *name, const char *form)
{
	begin_vm(name);
	tree_text(&tree, "virtual-el2", form);
}

/* Each form, with what its devicetree says of calls. */
static void makes_hypervisors(void **state)
{
	static const enum virtual_el2 forms[] = { VIRTUAL_EL2_VHE, VIRTUAL_EL2_NON_VHE,
		VIRTUAL_EL2_NONE };
	const void *dt;

	(void)state;
	cpu_features.nv2 = cpu_features.nv1 = true;
	checked_only_smc = 0;
	begin_hypervisor("vhe", "vhe");
	tree_end(&tree);
	begin_hypervisor("non-vhe", "non-vhe");
	tree_end(&tree);
	begin_vm("plain");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	assert_int_equal(nested, 2);
	assert_int_equal(checked_only_smc, 2); /* of their rules for calls */
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		bool plain = forms[i] == VIRTUAL_EL2_NONE;

		assert_int_equal(vms[i]->policy.virtual_el2, forms[i]);
		run_load(vms[i]);
		dt = pa_to_ptr(PA(vms[i]->entry.x0));
		assert_string_equal(fdt_getprop(dt, fdt_path_offset(dt, "/psci"), "method", NULL),
			plain ? "hvc" : "smc");
		assert_int_equal(
			!fdt_getprop(dt, fdt_path_offset(dt, "/timer"), "interrupt-names", NULL),
			plain);
	}
}

/* What the CPUs lack for one form, or for both. */
static void leaves_out_hypervisors(void **state)
{
	(void)state;
	cpu_features.nv2 = *state != NULL;
	cpu_features.nv1 = false;
	begin_hypervisor("vhe", "vhe");
	tree_end(&tree);
	begin_hypervisor("non-vhe", "non-vhe");
	tree_end(&tree);
	begin_hypervisor("optional", "non-vhe");
	tree_bytes(&tree, "optional", "", 0);
	tree_end(&tree);
	begin_vm("runs");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	if (*state) {
		assert_int_equal(bad, 1);
		assert_int_equal(nr_vms, 2);
		assert_logged("vm non-vhe: not every CPU of this machine has HCR_EL2.NV1: only "
			      "virtual-el2 = \"vhe\" is possible");
		assert_logged(
			"vm optional: left out: not every CPU of this machine has HCR_EL2.NV1");
	} else {
		assert_int_equal(bad, 2);
		assert_int_equal(nr_vms, 1);
		assert_logged("vm vhe: no FEAT_NV2 on every CPU of this machine (virtual-el2)");
		assert_logged("vm optional: left out: no FEAT_NV2 on every CPU of this machine "
			      "(virtual-el2)");
	}
	*state = NULL;
}

static void leaves_out_without_nv1(void **state)
{
	*state = (void *)1;
	leaves_out_hypervisors(state);
}

/* No SMC comes to Lintel, or none is answered. */
static void hypervisors_call_by_smc(void **state)
{
	const void *dt;

	(void)state;
	cpu_features.nv2 = cpu_features.nv1 = true;
	smc_untrapped = *state != NULL;
	by_smc = CALL_DENY;
	begin_hypervisor("it", "vhe");
	tree_bytes(&tree, "optional", "", 0);
	tree_end(&tree);
	begin_vm("runs");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	if (smc_untrapped) {
		assert_int_equal(nr_vms, 1);
		assert_logged(
			"vm it: left out: this machine gives Lintel no SMCs, by which a guest "
			"hypervisor calls (virtual-el2)");
	} else {
		run_load(vms[0]);
		dt = pa_to_ptr(PA(vms[0]->entry.x0));
		assert_int_equal(fdt_path_offset(dt, "/psci"), -FDT_ERR_NOTFOUND);
		assert_int_equal(fdt_path_offset(dt, "/firmware"), -FDT_ERR_NOTFOUND);
		assert_logged("vm it: nobody answers its PSCI calls");
	}
	*state = NULL;
}

static void hypervisors_need_smc(void **state)
{
	*state = (void *)1;
	hypervisors_call_by_smc(state);
}

/* The VM is gone then, and the others run. */
static void no_memory_for_virtual_el2(void **state)
{
	(void)state;
	cpu_features.nv2 = true;
	nested_status = ERR_NO_MEMORY;
	begin_hypervisor("it", "vhe");
	tree_end(&tree);
	begin_vm("runs");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 1);
	assert_int_equal(nr_vms, 1);
	assert_string_equal(vms[0]->name, "runs");
	assert_logged("vm it: not made: no virtual EL2 (virtual-el2): no memory");
}

static void hands_on_rules_and_events(void **state)
{
	(void)state;
	begin_vm("it");
	tree_text(&tree, "power-states", "extended");
	tree_bytes(&tree, "kvm-ptp", "", 0);
	tree_bytes(&tree, "soc-id", "\0\0\0\1\x7f\xff\xff\xff", 8);
	tree_end(&tree);
	write_rule("it", 0x8400005f);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	assert_int_equal(rules, 1);
	assert_string_equal(last_rule.name, "quiet");
	assert_string_equal(last_rule.vm, "it");
	assert_int_equal(last_rule.function_last, 0x8400005f);
	assert_int_equal(events, 1);
	assert_int_equal(last_event.intid, 42);
	assert_true(vms[0]->policy.extended_states);
	assert_true(vms[0]->policy.kvm_ptp);
	assert_false(vms[0]->policy.aarch32);
	assert_true(vms[0]->policy.has_soc_id);
	assert_int_equal(vms[0]->policy.soc_version, 1);
	assert_int_equal(vms[0]->policy.soc_revision, 0x7fffffff);
	assert_nothing_logged();
}

/* Without the rule it might do more than it is meant to. */
static void a_bad_rule_is_its_vms_end(void **state)
{
	(void)state;
	rule_status = ERR_INVALID;
	rule_why = "the moon is full";
	begin_vm("it");
	tree_end(&tree);
	begin_vm("other");
	tree_end(&tree);
	write_rule("it", 0x8400005f);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 2);
	assert_logged("manifest: /smccc/quiet: the moon is full");
	assert_logged("vm it: not made: a rule of /smccc for it is wrong");
	assert_int_equal(nr_vms, 1);
	assert_string_equal(vms[0]->name, "other");
	assert_false(vms[0]->policy.extended_states || vms[0]->policy.has_soc_id);
}

static void a_service_in_parts(void **state)
{
	(void)state;
	service_in_parts = "quiet takes a part of TRNG by SMC";
	begin_vm("it");
	tree_end(&tree);
	begin_vm("other");
	tree_end(&tree);
	write_rule("it", 0x84000050);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 1);
	assert_logged("manifest: /smccc: quiet takes a part of TRNG by SMC");
	assert_logged("vm it: not made: a rule of /smccc for it is wrong");
	assert_int_equal(nr_vms, 1);
	assert_string_equal(vms[0]->name, "other");
}

static void a_rule_that_breaks_the_schema(void **state)
{
	(void)state;
	begin_vm("it");
	tree_end(&tree);
	write_rule("it", 0);
	assert_int_equal(build(), ERR_NOT_FOUND);
	assert_logged("manifest: /smccc/quiet: functions: <0x84000050 0x0>, expected the first");
	assert_logged("vm it: not made: a rule of /smccc for it is wrong");
	assert_int_equal(rules, 0);
}

/* A rule that is nobody's may be anybody's; an event isn't worth a VM. */
static void what_is_nobodys_is_left_out(void **state)
{
	(void)state;
	begin_vm("it");
	tree_end(&tree);
	begin_vm("other");
	tree_end(&tree);
	write_rule("nobody", 0x8400005f);
	assert_int_equal(build(), ERR_NOT_FOUND);
	assert_int_equal(bad, 4);
	assert_int_equal(nr_vms, 0);
	assert_logged("manifest: /smccc/quiet: vm: \"nobody\", expected the name of a VM");
	assert_logged("vm it: not made: a rule of /smccc is wrong that may be for it");
	assert_logged("vm other: not made: a rule of /smccc is wrong that may be for it");
	assert_logged("manifest: /sdei-events/alarm: vm: \"nobody\", expected the name of a VM");
}

/* Nor is there memory for the names of VMs that are refused. */
static void no_memory_for_refusals(void **state)
{
	(void)state;
	rule_status = ERR_INVALID;
	rule_why = "the moon is full";
	fail_nth = 2; /* behind the manifest's copy */
	begin_vm("it");
	tree_end(&tree);
	write_rule("it", 0x8400005f);
	assert_int_equal(build(), ERR_NOT_FOUND);
	assert_int_equal(nr_vms, 0);
}

/* The tree breaks off behind its VMs, at the end of /sdei-events. */
static void a_tree_that_breaks_off(void **state)
{
	size_t size;

	(void)state;
	begin_vm("it");
	tree_end(&tree);
	write_rule("it", 0x8400005f);
	tree_end(&tree);
	size = tree_finish(&tree);
	memset((char *)tree.bytes + fdt_off_dt_struct(tree.bytes) + fdt_size_dt_struct(tree.bytes) -
			12,
		0xff, 4);
	archive_file(&archive, "manifest.dtb", tree.bytes, size);
	archive_file(&archive, "Image", image, sizeof(image));
	archive_end(&archive);
	assert_int_equal(bundle_build(archive.bytes, archive.size, &bad), ERR_CORRUPT);
	assert_int_equal(nr_vms, 0);
	assert_logged("no VM is made, because a rule of /smccc for it may be lost");
}

static void an_event_that_is_refused(void **state)
{
	(void)state;
	event_status = ERR_EXISTS;
	begin_vm("it");
	tree_end(&tree);
	write_rule("it", 0x8400005f);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 1);
	assert_int_equal(nr_vms, 1);
	assert_logged("manifest: /sdei-events/alarm: not made: event 0x40000001 by interrupt 42 of "
		      "VM it: exists already; expected a number");
}

/* Whoever can't register it never gets it. By SMC one can where that is trapped. */
static void an_event_of_a_vm_without_sdei(void **state)
{
	(void)state;
	by_hvc = CALL_DENY;
	by_smc = CALL_TO_MONITOR;
	begin_vm("it");
	tree_end(&tree);
	write_rule("it", 0x8400005f);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 1);
	assert_int_equal(nr_vms, 1);
	assert_int_equal(events, 0);
	assert_logged("manifest: /sdei-events/alarm: not made: VM it has no conduit");
}

static void an_event_by_smc_alone(void **state)
{
	bool untrapped = *state;

	by_hvc = CALL_DENY;
	smc_untrapped = untrapped;
	begin_vm("it");
	tree_end(&tree);
	rule_conduit = "hvc";
	write_rule("it", 0x8400005f);
	assert_int_equal(build(), OK);
	assert_int_equal(events, !untrapped);
	assert_int_equal(bad, untrapped);
}

static void an_event_by_smc_untrapped(void **state)
{
	*state = (void *)1;
	an_event_by_smc_alone(state);
	*state = NULL;
}

static void says_how_psci_is_called(void **state)
{
	const void *dt;

	(void)state;
	by_hvc = CALL_DENY;
	begin_vm("it");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	run_load(vms[0]);
	dt = pa_to_ptr(PA(vms[0]->entry.x0));
	assert_string_equal(fdt_getprop(dt, fdt_path_offset(dt, "/psci"), "method", NULL), "smc");
	assert_nothing_logged();
}

/* A CPU that gives Lintel no SMCs: rules for both conduits are HVC's, those for SMC alone nobody's.
 */
static void knows_that_smc_is_not_trapped(void **state)
{
	(void)state;
	smc_untrapped = true;
	begin_vm("it");
	tree_text(&tree, "psci-conduit", "smc");
	tree_end(&tree);
	begin_vm("other");
	tree_end(&tree);
	rule_conduit = "smc";
	write_rule("other", 0x8400005f);
	assert_int_equal(build(), OK);
	assert_logged("manifest: /smccc/quiet: this CPU does not trap SMC, so that a rule for it "
		      "alone can't be kept");
	assert_logged("vm other: not made: a rule of /smccc for it is wrong");
	assert_logged("vm it: psci-conduit = \"smc\", but its PSCI calls by SMC are not answered: "
		      "its devicetree says \"hvc\"");
	assert_int_equal(rules, 0);
	assert_int_equal(nr_vms, 1);
}

static void knows_that_smc_is_not_trapped_by_both(void **state)
{
	(void)state;
	smc_untrapped = true;
	begin_vm("it");
	tree_end(&tree);
	write_rule("it", 0x8400005f);
	assert_int_equal(build(), OK);
	assert_int_equal(rules, 1);
	assert_nothing_logged();
}

static void says_where_calls_are_found(void **state)
{
	const void *dt;

	(void)state;
	begin_vm("tee");
	tree_end(&tree);
	begin_vm("it");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	for (unsigned i = 0; i < 2; i++) {
		run_load(vms[i]);
		dt = pa_to_ptr(PA(vms[i]->entry.x0));
		assert_int_equal(fdt_path_offset(dt, "/call-monitor@a310000") >= 0, i == 0);
	}
}

static void says_that_smc_is_not_answered(void **state)
{
	const void *dt;

	(void)state;
	by_smc = CALL_DENY;
	begin_vm("it");
	tree_text(&tree, "psci-conduit", "smc");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	run_load(vms[0]);
	dt = pa_to_ptr(PA(vms[0]->entry.x0));
	assert_string_equal(fdt_getprop(dt, fdt_path_offset(dt, "/psci"), "method", NULL), "hvc");
	assert_logged("vm it: psci-conduit = \"smc\", but its PSCI calls by SMC are not answered: "
		      "its devicetree says \"hvc\"");
}

static void says_that_nobody_answers(void **state)
{
	(void)state;
	by_smc = by_hvc = CALL_DENY;
	begin_vm("it");
	tree_u32(&tree, "vcpus", 2);
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_logged("vm it: nobody answers its PSCI calls: its devicetree has no PSCI, and only "
		      "its first vCPU will run");
}

static void asks_for_scratch(void **state)
{
	static const char cells[] = "\x0b\0\0\0\0\0\0\x4\0\0\x3\xe8\x0c\0\0\0\0\1\0\0\0\0\0\1";

	(void)state;
	begin_vm("it");
	tree_bytes(&tree, "scratch", cells, 24);
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(scratches, 2);
	assert_int_equal(scratch[0].address, 0xb000000);
	assert_int_equal(scratch[0].size, 4);
	assert_int_equal(scratch[0].count, 1000);
	assert_int_equal(scratch[1].address, 0xc000000);
	assert_int_equal(scratch[1].size, 65536);
	assert_int_equal(scratch[1].count, 1);
}

static void scratch_that_is_refused(void **state)
{
	(void)state;
	scratch_status = ERR_RANGE;
	begin_vm("it");
	tree_bytes(&tree, "scratch", "\x0b\0\0\0\0\0\0\x4\0\0\0\1", 12);
	tree_end(&tree);
	assert_int_equal(build(), ERR_NOT_FOUND);
	assert_int_equal(nr_vms, 0);
	assert_logged("vm it: scratch can't be had: out of range");
}

static void starts_what_should(void **state)
{
	(void)state;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_u32(&tree, "autostart", 0);
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(bundle_start(), 1);
	assert_logged("vm b: no index of its devices (no memory): accesses to them will be slow");
	start_status = ERR_BUSY;
	assert_int_equal(bundle_start(), 0);
	assert_logged("vm a: not started: busy");
}

static void fills_the_policy(void **state)
{
	(void)state;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_text(&tree, "start-after", "a");
	tree_text(&tree, "start-when", "running");
	tree_u32(&tree, "start-delay", 1500);
	tree_text(&tree, "on-off", "restart");
	tree_text(&tree, "on-crash", "pause");
	tree_text(&tree, "on-reset", "keep");
	tree_text(&tree, "virtual-time", "runs");
	tree_end(&tree);
	begin_vm("c");
	tree_text(&tree, "on-crash", "restart");
	tree_end(&tree);
	assert_int_equal(build(), OK);

	static const struct vm_policy defaults;

	assert_memory_equal(&vms[0]->policy, &defaults, sizeof(defaults));
	assert_int_equal(vms[1]->policy.on_off, VM_ACTION_RESTART);
	assert_int_equal(vms[1]->policy.on_crash, VM_ACTION_PAUSE);
	assert_true(vms[1]->policy.keep_memory);
	assert_true(vms[1]->policy.counter_runs_on);
	assert_int_equal(vms[1]->policy.start_delay_ms, 1500);
	assert_true(vms[1]->policy.start_when_running);
	assert_int_equal(vms[2]->policy.on_crash, VM_ACTION_RESTART);
}

/* Each property with its last word, alone: the field that it is for, and no other. */
static void fills_the_policy_of_aborts(void **state)
{
	static const struct {
		const char *property, *word;
		struct vm_policy policy;
	} rows[] = {
		{ "ro-dc-ivac", "fault", { .ivac_faults = true } },
		{ "trap-cmo", "all", { .trap_cmo = TRAP_CMO_ALL } },
		{ "trap-cmo", "dc-ivac", { .trap_cmo = TRAP_CMO_IVAC } },
		{ "device-atomics", "abort", { .atomics_abort = true } },
		{ "absent-cmo", "abort", { .absent_cmo_aborts = true } },
		{ "absent-access", "ignore", { .absent_ignored = true } },
	};
	char name[] = "a";

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++, name[0]++) {
		begin_vm(name);
		tree_text(&tree, rows[i].property, rows[i].word);
		tree_end(&tree);
	}
	assert_int_equal(build(), OK);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct vm_policy *policy = &vms[i]->policy;

		assert_int_equal(policy->ivac_faults, rows[i].policy.ivac_faults);
		assert_int_equal(policy->trap_cmo, rows[i].policy.trap_cmo);
		assert_int_equal(policy->atomics_abort, rows[i].policy.atomics_abort);
		assert_int_equal(policy->absent_cmo_aborts, rows[i].policy.absent_cmo_aborts);
		assert_int_equal(policy->absent_ignored, rows[i].policy.absent_ignored);
	}
}

static void fills_the_scheduling(void **state)
{
	(void)state;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_u32(&tree, "weight", 300);
	tree_bytes(&tree, "cpus", "\0\0\0\2\0\0\0\5\0\0\0\x3f", 12);
	tree_bytes(&tree, "pinned", "", 0);
	tree_end(&tree);
	sched_status = OK;
	assert_int_equal(build(), OK);
	assert_int_equal(checked.weight, 300);
	assert_int_equal(configured.weight, 300);
	/* What the check has taken out isn't configured. */
	assert_int_equal(configured.cpus, BIT(2) | BIT(5));
	assert_true(configured.pinned);
}

static void refuses_what_cant_be_scheduled(void **state)
{
	(void)state;
	sched_status = ERR_NOT_FOUND;
	begin_vm("c");
	tree_end(&tree);
	assert_int_equal(build(), ERR_NOT_FOUND);
	assert_int_equal(nr_vms, 0);
	assert_int_equal(checked.cpus, 0);
	assert_false(checked.pinned);
	sched_status = OK;
}

static void skips_bad_vms(void **state)
{
	(void)state;
	begin_vm("good");
	tree_end(&tree);
	begin_vm("schema");
	tree_text(&tree, "nonsense", "x");
	tree_end(&tree);
	tree_begin(&tree, "image");
	tree_text(&tree, "kernel", "initrd");
	tree_u64(&tree, "memory", RAM_SIZE);
	tree_end(&tree);
	begin_vm("tree");
	tree_text(&tree, "dtb", "initrd");
	tree_end(&tree);
	assert_int_equal(build(), OK);
	assert_int_equal(nr_vms, 1);
	assert_int_equal(bad, 3);
	assert_logged("/vms/schema: nonsense");
	assert_logged("vm image: kernel \"initrd\" is no arm64 Image");
	assert_logged("vm tree: dtb \"initrd\" can't be used: corrupt, expected a devicetree");
}

static void explains_what_cant_be_made(void **state)
{
	(void)state;
	create_status = ERR_NO_MEMORY;
	begin_vm("large");
	tree_end(&tree);
	assert_int_equal(build(), ERR_NOT_FOUND);
	assert_int_equal(bad, 1);
	assert_logged("vm large: not made: memory <0x4000000> (64 MiB) and 1 vCPUs: no memory; the "
		      "machine has 128 MiB that are free and promised to no other VM");
	assert_logged("bundle: none of its VMs can be run");
}

static void uses_a_given_tree(void **state)
{
	struct test_tree own;

	(void)state;
	tree_start(&own);
	tree_u32(&own, "#size-cells", 2);
	tree_text(&own, "model", "theirs");
	archive_file(&archive, "own.dtb", own.bytes, tree_finish(&own));
	begin_vm("a");
	tree_text(&tree, "dtb", "own.dtb");
	tree_u64(&tree, "dtb-address", RAM + 0x1000000);
	tree_end(&tree);
	assert_int_equal(build(), OK);
	run_load(vms[0]);
	assert_int_equal(vms[0]->entry.x0, RAM + 0x1000000);

	const void *dt = pa_to_ptr(PA(vms[0]->entry.x0));

	assert_string_equal(fdt_getprop(dt, 0, "model", NULL), "theirs");
	assert_true(fdt_path_offset(dt, "/memory@40000000") > 0);
}

/* /shared-memory stands behind the VMs. */
static void add_region(const char *members, size_t size)
{
	tree_end(&tree);
	tree_begin(&tree, "shared-memory");
	tree_begin(&tree, "box");
	tree_u32(&tree, "size", 0x3000);
	tree_bytes(&tree, "members", members, size);
	tree_end(&tree);
}

static void makes_regions(void **state)
{
	static const char path[] = "/reserved-memory/box@10000000";

	(void)state;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_end(&tree);
	add_region("a\0b", 4);
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	assert_int_equal(regions, 1);
	assert_string_equal(region.name, "box");
	assert_int_equal(region.size, 0x3000);
	/* Each is told of what it is a member of (here: b, see shmem_view()). */
	run_load(vms[0]);
	assert_true(fdt_path_offset(pa_to_ptr(PA(vms[0]->entry.x0)), path) < 0);
	touched = 0;
	run_load(vms[1]);
	assert_true(fdt_path_offset(pa_to_ptr(PA(vms[1]->entry.x0)), path) > 0);
}

static void goes_on_without_a_region(void **state)
{
	(void)state;
	region_status = ERR_NO_MEMORY;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_end(&tree);
	add_region("a\0b", 4);
	assert_int_equal(build(), OK);
	assert_int_equal(nr_vms, 2);
	assert_int_equal(bad, 1);
	assert_logged(
		"shared region box: not made: size <0x3000> (12 KiB): no memory; all regions "
		"together may have 512 MiB, each counted as whole 2 MiB, and the machine has 200 "
		"MiB that are free; its members run without it");
}

static void counts_bad_regions(void **state)
{
	(void)state;
	begin_vm("a");
	tree_end(&tree);
	add_region("a\0c", 4);
	assert_int_equal(build(), OK);
	assert_int_equal(nr_vms, 1);
	assert_int_equal(regions, 0);
	assert_int_equal(bad, 1);
}

static bool has_node(unsigned vm, const char *path)
{
	touched = 0;
	run_load(vms[vm]);
	return fdt_path_offset(pa_to_ptr(PA(vms[vm]->entry.x0)), path) > 0;
}

static void add_rom(const char *file)
{
	tree_end(&tree);
	tree_begin(&tree, "read-only");
	tree_begin(&tree, "rom");
	tree_text(&tree, "file", file);
	tree_u32(&tree, "address", 0x2000);
	tree_text(&tree, "members", "a");
	tree_text(&tree, "stores", "ignore");
	tree_end(&tree);
}

static void makes_roms(void **state)
{
	(void)state;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_end(&tree);
	add_rom("Image");
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	assert_int_equal(roms, 1);
	assert_string_equal(rom.name, "rom");
	assert_int_equal(rom.address, 0x2000);
	assert_int_equal(rom.file_size, sizeof(image));
	assert_memory_equal(rom.file, image, 64);
	assert_true(rom.ignore_stores);
	assert_true(has_node(0, "/rom@2000"));
	assert_false(has_node(1, "/rom@2000"));
}

/* Two doorbells of a, one of b, a line of b. */
static void add_bells(void)
{
	tree_end(&tree);
	tree_begin(&tree, "doorbells");
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "first", "second", "of-b" };

		tree_begin(&tree, names[i]);
		tree_text(&tree, "vm", i < 2 ? "a" : "b");
		tree_u32(&tree, "address", 0x0b000000 + 8 * i);
		tree_text(&tree, "line", "line");
		tree_end(&tree);
	}
	tree_end(&tree);
	tree_begin(&tree, "lines");
	tree_begin(&tree, "line");
	tree_text(&tree, "vm", "b");
	tree_u32(&tree, "spi", 40);
	tree_end(&tree);
}

static void makes_bells(void **state)
{
	(void)state;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_end(&tree);
	add_bells();
	assert_int_equal(build(), OK);
	assert_int_equal(bad, 0);
	assert_int_equal(bells_added, 3);
	assert_int_equal(lines_added, 1);
	assert_string_equal(last_bell.name, "of-b");
	assert_string_equal(last_line.vm, "b");
	/* Each VM is told of its own. */
	assert_true(has_node(0, "/doorbell@b000000"));
	assert_true(has_node(0, "/doorbell@b000008"));
	assert_false(has_node(0, "/doorbell@b000010"));
	assert_false(has_node(0, "/line-40"));
	assert_false(has_node(1, "/doorbell@b000000"));
	assert_true(has_node(1, "/doorbell@b000010"));
	assert_true(has_node(1, "/line-40"));
}

/* A doorbell may not be in what its VM can only read; beside it, and in another VM, it may. */
static void keeps_bells_out_of_regions(void **state)
{
	static const struct {
		const char *name, *vm;
		uint32_t address, width;
	} bells[] = {
		{ "inside", "a", 0x2000 + 0xffc, 4 },
		{ "below", "a", 0x1ffc, 4 },
		{ "bytes", "a", 0x1fff, 0 },
		{ "other", "b", 0x2000, 4 },
	};

	(void)state;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_end(&tree);
	add_rom("Image");
	tree_end(&tree);
	tree_begin(&tree, "doorbells");
	for (unsigned i = 0; i < ARRAY_SIZE(bells); i++) {
		tree_begin(&tree, bells[i].name);
		tree_text(&tree, "vm", bells[i].vm);
		tree_u32(&tree, "address", bells[i].address);
		if (bells[i].width)
			tree_u32(&tree, "width", bells[i].width);
		tree_end(&tree);
	}
	assert_int_equal(build(), OK);
	assert_int_equal(bells_added, 3);
	assert_int_equal(bad, 1);
	assert_logged(
		"doorbell inside: not made: 0x2ffc in VM a is in region rom, expected a place "
		"where nothing is");
}

static void goes_on_without_bells(void **state)
{
	(void)state;
	bell_status = ERR_EXISTS;
	begin_vm("a");
	tree_end(&tree);
	begin_vm("b");
	tree_end(&tree);
	add_bells();
	assert_int_equal(build(), OK);
	assert_int_equal(nr_vms, 2);
	assert_int_equal(bad, 4);
	assert_logged("line line: not made: spi <40> of VM b: ");
	assert_logged("doorbell second: not made: 0xb000008 in VM a: ");
	assert_false(has_node(0, "/doorbell@b000000"));
	assert_false(has_node(1, "/line-40"));
}

static void goes_on_without_a_rom(void **state)
{
	(void)state;
	rom_status = ERR_NO_MEMORY;
	begin_vm("a");
	tree_end(&tree);
	add_rom("Image");
	assert_int_equal(build(), OK);
	assert_int_equal(nr_vms, 1);
	assert_int_equal(bad, 1);
	assert_logged("read-only region rom: not made: 0x");
	assert_logged(" bytes at 0x2000: no memory; the machine has 200 MiB that are free; its "
		      "members run without it");
}

static void counts_bad_roms(void **state)
{
	(void)state;
	begin_vm("a");
	tree_end(&tree);
	add_rom("nothing");
	assert_int_equal(build(), OK);
	assert_int_equal(nr_vms, 1);
	assert_int_equal(bad, 1);
	assert_int_equal(roms, 0);
}

static void refuses_bad_bundles(void **state)
{
	static uint8_t large[MANIFEST_SIZE_MAX + 1];

	(void)state;
	assert_int_equal(bundle_build("", 0, &bad), ERR_NOT_FOUND);
	archive_file(&archive, "Image", image, 100);
	archive_end(&archive);
	assert_int_equal(bundle_build(archive.bytes, archive.size, &bad), ERR_CORRUPT);
	assert_logged("bundle: no file \"manifest.dtb\" among its 1 files, expected one");
	free(archive.bytes);
	archive = (struct test_archive){ 0 };
	archive_file(&archive, "manifest.dtb", large, sizeof(large));
	archive_end(&archive);
	assert_int_equal(bundle_build(archive.bytes, archive.size, &bad), ERR_CORRUPT);
	assert_logged("bundle: manifest.dtb has 524289 bytes, expected 1 to 524288");
	free(archive.bytes);
	archive = (struct test_archive){ 0 };
	archive_file(&archive, "manifest.dtb", image, 1000);
	archive_end(&archive);
	assert_int_equal(bundle_build(archive.bytes, archive.size, &bad), ERR_CORRUPT);
	assert_logged("manifest: manifest.dtb is no devicetree that can be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(builds_and_loads, start, stop),
		cmocka_unit_test_setup_teardown(populates, start, stop),
		cmocka_unit_test_setup_teardown(gives_a_watchdog, start, stop),
		cmocka_unit_test_setup_teardown(boots_aarch32, start, stop),
		cmocka_unit_test_setup_teardown(leaves_out_aarch32, start, stop),
		cmocka_unit_test_setup_teardown(makes_hypervisors, start, stop),
		cmocka_unit_test_setup_teardown(leaves_out_hypervisors, start, stop),
		cmocka_unit_test_setup_teardown(leaves_out_without_nv1, start, stop),
		cmocka_unit_test_setup_teardown(hypervisors_call_by_smc, start, stop),
		cmocka_unit_test_setup_teardown(hypervisors_need_smc, start, stop),
		cmocka_unit_test_setup_teardown(no_memory_for_virtual_el2, start, stop),
		cmocka_unit_test_setup_teardown(hands_on_rules_and_events, start, stop),
		cmocka_unit_test_setup_teardown(a_bad_rule_is_its_vms_end, start, stop),
		cmocka_unit_test_setup_teardown(a_service_in_parts, start, stop),
		cmocka_unit_test_setup_teardown(a_rule_that_breaks_the_schema, start, stop),
		cmocka_unit_test_setup_teardown(what_is_nobodys_is_left_out, start, stop),
		cmocka_unit_test_setup_teardown(no_memory_for_refusals, start, stop),
		cmocka_unit_test_setup_teardown(a_tree_that_breaks_off, start, stop),
		cmocka_unit_test_setup_teardown(an_event_that_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(an_event_of_a_vm_without_sdei, start, stop),
		cmocka_unit_test_setup_teardown(an_event_by_smc_alone, start, stop),
		cmocka_unit_test_setup_teardown(an_event_by_smc_untrapped, start, stop),
		cmocka_unit_test_setup_teardown(says_how_psci_is_called, start, stop),
		cmocka_unit_test_setup_teardown(knows_that_smc_is_not_trapped, start, stop),
		cmocka_unit_test_setup_teardown(knows_that_smc_is_not_trapped_by_both, start, stop),
		cmocka_unit_test_setup_teardown(says_where_calls_are_found, start, stop),
		cmocka_unit_test_setup_teardown(says_that_smc_is_not_answered, start, stop),
		cmocka_unit_test_setup_teardown(says_that_nobody_answers, start, stop),
		cmocka_unit_test_setup_teardown(asks_for_scratch, start, stop),
		cmocka_unit_test_setup_teardown(scratch_that_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(starts_what_should, start, stop),
		cmocka_unit_test_setup_teardown(fills_the_policy, start, stop),
		cmocka_unit_test_setup_teardown(fills_the_policy_of_aborts, start, stop),
		cmocka_unit_test_setup_teardown(fills_the_scheduling, start, stop),
		cmocka_unit_test_setup_teardown(refuses_what_cant_be_scheduled, start, stop),
		cmocka_unit_test_setup_teardown(skips_bad_vms, start, stop),
		cmocka_unit_test_setup_teardown(explains_what_cant_be_made, start, stop),
		cmocka_unit_test_setup_teardown(uses_a_given_tree, start, stop),
		cmocka_unit_test_setup_teardown(makes_regions, start, stop),
		cmocka_unit_test_setup_teardown(goes_on_without_a_region, start, stop),
		cmocka_unit_test_setup_teardown(counts_bad_regions, start, stop),
		cmocka_unit_test_setup_teardown(makes_roms, start, stop),
		cmocka_unit_test_setup_teardown(makes_bells, start, stop),
		cmocka_unit_test_setup_teardown(keeps_bells_out_of_regions, start, stop),
		cmocka_unit_test_setup_teardown(goes_on_without_bells, start, stop),
		cmocka_unit_test_setup_teardown(goes_on_without_a_rom, start, stop),
		cmocka_unit_test_setup_teardown(counts_bad_roms, start, stop),
		cmocka_unit_test_setup_teardown(refuses_bad_bundles, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
