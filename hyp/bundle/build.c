/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/build.h"
#include "drivers/dt/walk.h"
#include "hyp/arch/features.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/fixtures.h"
#include "hyp/bundle/load.h"
#include "hyp/nested/nested.h"
#include "hyp/smccc/monitor.h"
#include "hyp/smccc/smc_trap.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vscratch.h"
#include "hyp/vdev/vwatchdog.h"
#include "mm/page.h"

/* The archive's list: config structures point into it while VMs are built. */
static struct cpio_archive archive;

struct build {
	struct fixtures fixtures;
	unsigned good, bad; /* VMs */
};

/* The file as an allocated copy, aligned for libfdt and the walker, which an archive's data need
 * not be. */
static void *aligned_copy(const struct cpio_file *file)
{
	void *copy = mm_zalloc(file->size);

	return copy ? memcpy(copy, file->data, file->size) : NULL;
}

static enum status out_of_memory(const struct vm_config *config, uint64_t bytes)
{
	log_error("vm %s: no memory left for 0x%llx bytes of its devicetree", config->name,
		(unsigned long long)bytes);
	return ERR_NO_MEMORY;
}

/* Copies the user's tree with Lintel's /memory and /chosen. */
static enum status copy_tree(const struct vm_config *config, const struct guest_dt_config *wanted,
	struct vm_images *images)
{
	void *source = config->dtb->size <= GUEST_DTB_MAX ? aligned_copy(config->dtb) : NULL;
	size_t size = config->dtb->size;
	enum status status;

	if (!source)
		return out_of_memory(config, size);
	status = guest_dt_copy_room(wanted, source, size, &images->dt_room);
	if (!status) {
		images->dt_room = MIN(images->dt_room, GUEST_DTB_MAX);
		images->dt.tree = mm_zalloc(images->dt_room);
		status = images->dt.tree ? guest_dt_copy(wanted, source, size, images->dt.tree,
						   images->dt_room, &images->dt)
					 : ERR_NO_MEMORY;
	}
	mm_free(source, size);
	if (status)
		log_error("vm %s: dtb \"%s\" can't be used: %s, expected a devicetree made by dtc "
			  "of at most 0x%llx bytes, with 1 or 2 #address-cells and #size-cells",
			config->name, config->dtb->name, status_name(status),
			(unsigned long long)GUEST_DTB_MAX);
	return status;
}

static enum status make_tree(const struct vm_config *config, const struct guest_dt_config *wanted,
	struct vm_images *images)
{
	enum status status;

	images->dt_room = guest_dt_room(wanted);
	images->dt.tree = mm_zalloc(images->dt_room);
	if (!images->dt.tree)
		return out_of_memory(config, images->dt_room);
	status = guest_dt_make(wanted, images->dt.tree, images->dt_room, &images->dt);
	if (status)
		log_error("vm %s: its devicetree can't be made: %s", config->name,
			status_name(status));
	return status;
}

/* How its devicetree says that PSCI and SDEI are called. */
static void choose_conduits(const struct vm_config *config, struct guest_dt_config *wanted)
{
	bool hypervisor = vm_config_has(config, SCHEMA_VM_virtual_el2);
	bool smc = hypervisor || config->psci_conduit != 0;

	guest_dt_choose_conduits(config->name, smc, smccc_smc_is_trapped(), wanted);
	if (config->aarch32)
		wanted->sdei = GUEST_NEITHER;
	if (hypervisor)
		guest_dt_only_smc(wanted);
	if (smc && wanted->psci == GUEST_HVC)
		log_warn("vm %s: psci-conduit = \"smc\", but its PSCI calls by SMC are not "
			 "answered: its devicetree says \"hvc\"",
			config->name);
	if (wanted->psci == GUEST_NEITHER)
		log_warn("vm %s: nobody answers its PSCI calls: its devicetree has no PSCI, and "
			 "only its first vCPU will run",
			config->name);
}

static enum status prepare_images(
	struct fixtures *fixtures, const struct vm_config *config, struct vm_images *images)
{
	struct guest_dt_config wanted = {
		.nr_vcpus = (unsigned)config->vcpus,
		.ram_base = GUEST_RAM_BASE,
		.ram_size = config->memory,
		.bootargs = vm_config_has(config, SCHEMA_VM_bootargs) ? config->bootargs : NULL,
		.ramdisk = config->ramdisk != NULL,
		.watchdog = config->watchdog != 0,
		.monitor = monitor_is_named(config->name),
		.virtual_el2 = vm_config_has(config, SCHEMA_VM_virtual_el2),
	};
	struct vm_layout layout;
	enum status status;

	fixtures_describe(fixtures, config->name, &wanted);
	choose_conduits(config, &wanted);
	status = config->dtb ? copy_tree(config, &wanted, images)
			     : make_tree(config, &wanted, images);
	if (!status)
		status = place_images(config, images->dt.size, &layout);
	if (status)
		return status;
	guest_dt_set_ramdisk(&images->dt, layout.ramdisk.address, layout.ramdisk.size);
	images->pieces[PIECE_KERNEL] = (struct load_piece){ config->kernel->data, layout.kernel };
	images->pieces[PIECE_DTB] = (struct load_piece){ images->dt.tree, layout.dtb };
	if (config->ramdisk)
		images->pieces[PIECE_RAMDISK] =
			(struct load_piece){ config->ramdisk->data, layout.ramdisk };
	images->entry = layout.entry;
	images->populate = config->memory_populate != 0;
	images->autostart = config->autostart != 0;
	if (config->start_after)
		format(images->start_after, sizeof(images->start_after), "%s", config->start_after);
	return OK;
}

static void explain_failure(const struct vm_config *config, enum status status)
{
	struct page_stats stats;

	page_get_stats(&stats);
	log_error("vm %s: not made: memory <0x%llx> (%llu MiB) and %llu vCPUs: %s; the machine has "
		  "%llu MiB that are free and promised to no other VM",
		config->name, (unsigned long long)config->memory,
		(unsigned long long)(config->memory / MIB(1)), (unsigned long long)config->vcpus,
		status_name(status),
		(unsigned long long)((stats.free_blocks - stats.promised_blocks) *
			(BLOCK_SIZE / MIB(1))));
}

/* The numbers of words of the schema are those of the policy's enums. */
_Static_assert(VM_ACTION_STOP == 0 && VM_ACTION_RESTART == 1 && VM_ACTION_PAUSE == 2,
	"on-off, on-crash in schema.def");
_Static_assert(
	TRAP_CMO_NONE == 0 && TRAP_CMO_ALL == 1 && TRAP_CMO_IVAC == 2, "trap-cmo in schema.def");
_Static_assert(VIRTUAL_EL2_NONE == 0 && VIRTUAL_EL2_VHE == 1 && VIRTUAL_EL2_NON_VHE == 2,
	"virtual-el2 in schema.def, from 1 on");

static enum virtual_el2 virtual_el2_of(const struct vm_config *config)
{
	if (!vm_config_has(config, SCHEMA_VM_virtual_el2))
		return VIRTUAL_EL2_NONE;
	return (enum virtual_el2)(VIRTUAL_EL2_VHE + config->virtual_el2);
}

static struct vm_policy policy_of(const struct vm_config *config)
{
	bool soc_id = config->soc_id.count != 0;

	return (struct vm_policy){
		.on_off = (enum vm_action)config->on_off,
		.on_crash = (enum vm_action)config->on_crash,
		.keep_memory = config->on_reset != 0,
		.counter_runs_on = config->virtual_time != 0,
		.start_delay_ms = config->start_delay,
		.start_when_running = config->start_when != 0,
		.ivac_faults = config->ro_dc_ivac != 0,
		.trap_cmo = (enum trap_cmo)config->trap_cmo,
		.atomics_abort = config->device_atomics != 0,
		.absent_cmo_aborts = config->absent_cmo != 0,
		.absent_ignored = config->absent_access != 0,
		.extended_states = config->power_states != 0,
		.kvm_ptp = config->kvm_ptp != 0,
		.aarch32 = config->aarch32 != 0,
		.virtual_el2 = virtual_el2_of(config),
		.has_soc_id = soc_id,
		.soc_version = soc_id ? manifest_cell(&config->soc_id, 0) : 0,
		.soc_revision = soc_id ? manifest_cell(&config->soc_id, 1) : 0,
	};
}

static struct sched_config sched_config_of(const struct vm_config *config)
{
	struct sched_config sched = { .weight = config->weight, .pinned = config->pinned != 0 };

	for (unsigned i = 0; i < config->cpus.count; i++)
		sched.cpus |= BIT(manifest_cell(&config->cpus, i));
	return sched;
}

static enum status ask_for_scratch(const struct vm_config *config)
{
	const struct manifest_cells *cells = &config->scratch;
	enum status status = OK;

	for (unsigned i = 0; status == OK && i + 2 < cells->count; i += 3)
		status = vscratch_add(config->name, manifest_cell(cells, i),
			manifest_cell(cells, i + 1), manifest_cell(cells, i + 2));
	if (status)
		log_error("vm %s: scratch can't be had: %s", config->name, status_name(status));
	return status;
}

/* The VM with its policy, and with its virtual EL2 if that says so; nothing where that fails. */
static enum status make_vm(const struct vm_config *config, struct vm **vm)
{
	enum status status = vm_create(
		config->name, IPA(GUEST_RAM_BASE), config->memory, (unsigned)config->vcpus, vm);

	if (status) {
		explain_failure(config, status);
		return status;
	}
	(*vm)->policy = policy_of(config);
	if (!(*vm)->policy.virtual_el2)
		return OK;
	status = nested_create(*vm);
	if (status) {
		log_error("vm %s: not made: no virtual EL2 (virtual-el2): %s", config->name,
			status_name(status));
		vm_discard(*vm);
	}
	return status;
}

static enum status build_vm(struct fixtures *fixtures, const struct vm_config *config)
{
	struct vm_images *images = mm_zalloc(sizeof(*images));
	struct sched_config sched = sched_config_of(config);
	struct vm *vm;
	enum status status =
		images ? prepare_images(fixtures, config, images) : out_of_memory(config, 0);

	if (!status)
		status = sched_check(config->name, (unsigned)config->vcpus, &sched);
	if (!status)
		status = ask_for_scratch(config);
	if (config->watchdog)
		vwatchdog_ask(config->name);
	if (!status)
		status = make_vm(config, &vm);
	if (status) {
		if (images)
			mm_free(images->dt.tree, images->dt_room);
		mm_free(images, sizeof(*images));
		return status;
	}
	vm->number = config->number;
	vm->config = images;
	vm->load_step = load_step;
	sched_configure(vm, &sched);
	log_debug("vm %s: kernel at 0x%llx, entry 0x%llx, devicetree at 0x%llx, ramdisk at 0x%llx",
		vm->name, (unsigned long long)images->pieces[PIECE_KERNEL].place.address,
		(unsigned long long)images->entry,
		(unsigned long long)images->pieces[PIECE_DTB].place.address,
		(unsigned long long)images->pieces[PIECE_RAMDISK].place.address);
	return OK;
}

static const char *missing_for_el2(enum virtual_el2 form)
{
	if (!cpu_features.nv2)
		return "no FEAT_NV2 on every CPU of this machine (virtual-el2)";
	if (form == VIRTUAL_EL2_NON_VHE && !cpu_features.nv1)
		return "not every CPU of this machine has HCR_EL2.NV1: only virtual-el2 = \"vhe\" "
		       "is possible";
	if (!smccc_smc_is_trapped())
		return "this machine gives Lintel no SMCs, by which a guest hypervisor calls "
		       "(virtual-el2)";
	return NULL;
}

/* What the machine lacks for it; NULL: nothing. */
static const char *missing_for(const struct vm_config *config)
{
	if (config->aarch32 && !cpu_features.aarch32_el1)
		return "not every CPU of this machine has AArch32 at EL1 (aarch32)";
	if (vm_config_has(config, SCHEMA_VM_virtual_el2))
		return missing_for_el2(virtual_el2_of(config));
	return NULL;
}

static void found(void *context, const struct vm_config *config)
{
	struct build *build = context;
	const char *missing = missing_for(config);

	if (missing && config->optional) {
		log_info("vm %s: left out: %s", config->name, missing);
		return;
	}
	if (missing)
		log_error("vm %s: %s", config->name, missing);
	if (missing ||
		fixtures_refuse(&build->fixtures, config->name,
			vm_config_has(config, SCHEMA_VM_virtual_el2)) ||
		build_vm(&build->fixtures, config))
		build->bad++;
	else
		build->good++;
}

/* The manifest's bytes, aligned; NULL, logged, when they can't be had. */
static void *manifest_copy(uint64_t *size)
{
	const struct cpio_file *file = cpio_find(&archive, MANIFEST_FILE);
	void *copy;

	if (!file) {
		log_error("bundle: no file \"%s\" among its %u files, expected one", MANIFEST_FILE,
			archive.count);
		return NULL;
	}
	if (!file->size || file->size > MANIFEST_SIZE_MAX) {
		log_error("bundle: %s has %llu bytes, expected 1 to %llu", MANIFEST_FILE,
			(unsigned long long)file->size, (unsigned long long)MANIFEST_SIZE_MAX);
		return NULL;
	}
	*size = file->size;
	copy = aligned_copy(file);
	if (!copy)
		log_error("bundle: no memory left for %s", MANIFEST_FILE);
	return copy;
}

/* All of the VM's devices are there. */
static void seal_devices(struct vm *vm)
{
	enum status status = device_table_seal(vm);

	if (status)
		log_warn("vm %s: no index of its devices (%s): accesses to them will be slow",
			vm->name, status_name(status));
}

enum status bundle_build(const void *base, uint64_t size, unsigned *bad)
{
	struct build build = { 0 };
	enum status status = cpio_open(&archive, base, size);
	uint64_t tree_size;
	unsigned refused = 0;
	void *tree;

	*bad = 0;
	if (status)
		return status;
	tree = manifest_copy(&tree_size);
	if (!tree)
		return ERR_CORRUPT;
	status = fixtures_make(&build.fixtures, tree, tree_size, &archive);
	if (!status)
		status = manifest_read(tree, tree_size, &archive, found, &build, &refused);
	fixtures_forget(&build.fixtures);
	mm_free(tree, tree_size);
	for (unsigned i = 0; i < nr_vms; i++)
		seal_devices(vms[i]);
	monitor_connect();
	refused += build.bad;
	*bad = refused + build.fixtures.bad;
	/* A tree that breaks off does not stop what came before. */
	if (build.good)
		return OK;
	if (status)
		return status;
	log_error("bundle: none of its VMs can be run");
	return ERR_NOT_FOUND;
}

static struct vm *find_vm(const char *name)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		if (strcmp(vms[i]->name, name) == 0)
			return vms[i];
	}
	return NULL;
}

/* True if the VM waits for another one. */
static bool waits(struct vm *vm, const struct vm_images *images)
{
	struct vm *first = images->start_after[0] ? find_vm(images->start_after) : NULL;

	if (images->start_after[0] && (!first || first->id >= vm->id)) {
		log_error("vm %s: start-after = \"%s\": no VM of that name stands before it in the "
			  "manifest, or it was not made; starting it now",
			vm->name, images->start_after);
		return false;
	}
	vm->start_after = first;
	return first != NULL;
}

unsigned bundle_start(void)
{
	unsigned started = 0;

	for (unsigned i = 0; i < nr_vms; i++) {
		const struct vm_images *images = vms[i]->config;
		enum status status;

		if (!images->autostart || waits(vms[i], images))
			continue;
		status = vm_autostart(vms[i]);
		if (status)
			log_error("vm %s: not started: %s", vms[i]->name, status_name(status));
		else
			started++;
	}
	return started;
}
