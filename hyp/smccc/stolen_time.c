/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/stolen_time.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/cache.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/rom.h"
#include "hyp/vdev/shmem.h"
#include "mm/page.h"
#include "mm/phys.h"

/* One for each VM, in front of those of hyp/smccc/monitor.h. */
#define OWNER_FIRST_STOLEN_TIME (OWNER_COUNT - 2 * MAX_VMS)

_Static_assert(OWNER_FIRST_STOLEN_TIME >= OWNER_FIRST_SHARED + SHMEM_REGIONS_MAX + ROM_REGIONS_MAX,
	"an owner each");
_Static_assert(MAX_VCPUS * sizeof(struct stolen_time_structure) <= PAGE_SIZE, "one page");

struct stolen_vcpu {
	struct stolen_time_structure *structure;
	uint64_t ticks;
	bool asked;
};

struct stolen_vm {
	pa_t page;
	struct stolen_vcpu vcpu[MAX_VCPUS];
};

static struct stolen_vcpu *part_of(const struct vcpu *vcpu)
{
	return vcpu->part[PART_STOLEN_TIME];
}

/* ---- counting ---- */

static void load(struct vcpu *vcpu)
{
	struct stolen_vcpu *part = part_of(vcpu);

	part->ticks += sched_take_wait(vcpu);
	__atomic_store_n(
		&part->structure->stolen_ns, timer_ticks_to_ns(part->ticks), __ATOMIC_RELAXED);
}

static void start_counting(struct vcpu *vcpu)
{
	struct stolen_vcpu *part = part_of(vcpu);

	/* What it waited for this turn was before it asked. */
	(void)sched_take_wait(vcpu);
	part->asked = true;
	vcpu->on_demand |= BIT(PART_STOLEN_TIME);
}

uint64_t stolen_time_ns(const struct vcpu *vcpu)
{
	const struct stolen_vcpu *part = part_of(vcpu);

	return part ? timer_ticks_to_ns(part->ticks) : 0;
}

/* ---- calls ---- */

/* Functions of this service, as PV_TIME_FEATURES is asked for them. */
#define PV_TIME_FEATURES (SMCCC_BASE_PV_TIME | SMCCC_64 | 0)
#define PV_TIME_ST       (SMCCC_BASE_PV_TIME | SMCCC_64 | 1)

enum exit_result pv_time_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint32_t asked = (uint32_t)vcpu->regs.x[1];

	(void)function;
	return smccc_return(vcpu, conduit,
		asked == PV_TIME_FEATURES || asked == PV_TIME_ST ? 0 : SMCCC_NOT_SUPPORTED);
}

enum exit_result pv_time_st(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	if (!part_of(vcpu)->asked)
		start_counting(vcpu);
	return smccc_return(
		vcpu, conduit, STOLEN_TIME_IPA + vcpu->id * sizeof(struct stolen_time_structure));
}

/* ---- the life of a VM ---- */

static owner_t owner_of(const struct vm *vm)
{
	return (owner_t)(OWNER_FIRST_STOLEN_TIME + vm->id);
}

/* A device whose place the bundle chooses is there. */
static bool place_taken(const struct vm *vm)
{
	const struct device_table *devices = vm->devices;

	for (unsigned i = 0; devices && i < devices->count; i++) {
		const struct device_region *row = &devices->rows[i];

		if (row->first >= STOLEN_TIME_IPA + PAGE_SIZE ||
			row->first + row->size <= STOLEN_TIME_IPA)
			continue;
		log_error("vm %s: %s at 0x%llx, where its stolen time is (0x%llx to 0x%llx)",
			vm->name, row->ops->name, (unsigned long long)row->first,
			(unsigned long long)STOLEN_TIME_IPA,
			(unsigned long long)(STOLEN_TIME_IPA + PAGE_SIZE));
		return true;
	}
	return false;
}

static enum status map_page(struct vm *vm, pa_t *page)
{
	const struct stage2_share share = { .ipa = IPA(STOLEN_TIME_IPA),
		.size = PAGE_SIZE,
		.prot = MEM_R,
		.owner = owner_of(vm),
		.cached = true };
	enum status status = page_alloc(share.owner, page);

	if (status)
		return status;
	status = stage2_share(&vm->stage2, &share);
	if (!status)
		status = stage2_map_share(&vm->stage2, share.ipa, *page, share.size);
	if (status && page_free(*page, 1, share.owner))
		log_error("vm %s: the page of its stolen time is not its own", vm->name);
	return status;
}

static enum status create(struct vm *vm)
{
	struct stolen_time_structure *structures;
	struct stolen_vm *part;
	enum status status;

	if (place_taken(vm))
		return ERR_EXISTS;
	part = mm_zalloc(sizeof(*part));
	status = part ? map_page(vm, &part->page) : ERR_NO_MEMORY;
	if (status) {
		mm_free(part, sizeof(*part));
		return status;
	}
	structures = pa_to_ptr(part->page);
	vm->part[PART_STOLEN_TIME] = part;
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		part->vcpu[i].structure = &structures[i];
		vm->vcpus[i]->part[PART_STOLEN_TIME] = &part->vcpu[i];
	}
	return OK;
}

/* For a guest with its caches off, too. */
static void reset(struct vm *vm)
{
	struct stolen_vm *part = vm->part[PART_STOLEN_TIME];
	void *structures = pa_to_ptr(part->page);

	memset(structures, 0, MAX_VCPUS * sizeof(struct stolen_time_structure));
	cache_clean(structures, MAX_VCPUS * sizeof(struct stolen_time_structure));
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		part->vcpu[i].ticks = 0;
		part->vcpu[i].asked = false;
	}
}

/* It is on again, or goes on somewhere else: it is still counted. */
static void vcpu_reset_counting(struct vcpu *vcpu)
{
	if (part_of(vcpu)->asked)
		vcpu->on_demand |= BIT(PART_STOLEN_TIME);
}

static void destroy(struct vm *vm)
{
	struct stolen_vm *part = vm->part[PART_STOLEN_TIME];

	if (page_free(part->page, 1, owner_of(vm)))
		log_error("vm %s: the page of its stolen time is not its own", vm->name);
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->part[PART_STOLEN_TIME] = NULL;
	vm->part[PART_STOLEN_TIME] = NULL;
	mm_free(part, sizeof(*part));
}

const struct vm_part stolen_time_part = {
	.name = "stolen time",
	.create = create,
	.reset = reset,
	.vcpu_reset = vcpu_reset_counting,
	.destroy = destroy,
	.vcpu_load = load,
	.on_demand = true,
};
