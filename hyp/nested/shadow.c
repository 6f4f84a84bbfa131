/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/shadow.h"

#include "hyp/arch/tlb.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/nested/shadow_state.h"
#include "mm/page.h"
#include "mm/phys.h"
#include "mm/stage2_regs.h"
#include "mm/vmid.h"

/* For each vCPU the one it is on, and one more to go to and come back from; and two. */
#define SHADOWS_FOR(nr_vcpus) (2 * (nr_vcpus) + 2)

/* Tables: these, and one for each 4 MiB of the VM's memory. */
#define TABLES_LEAST          32
#define TABLES_MAX            256
#define TABLE_BYTES           (2 * PAGE_SIZE)

/* In vm->last_vcpu[]: somebody else's translations may be there. */
#define LAST_UNKNOWN          0xff

/* --- making and ending --- */

static void changed(struct stage2_watcher *watcher, ipa_t ipa, uint64_t size, uint64_t entries)
{
	struct shadows *set = container_of(watcher, struct shadows, watcher);

	spin_lock(&set->lock);
	for (unsigned i = 0; i < set->count; i++) {
		const struct shadow *shadow = &set->slots[i];

		if (!shadow->used || shadow->on)
			continue;
		if (entries == 1)
			tlb_flush_ipa(shadow->vttbr, ipa);
		else
			tlb_flush_vmid(shadow->vttbr);
	}
	shadow_unmap_origin(set, ipa.ipa, size);
	spin_unlock(&set->lock);
}

static size_t set_size(unsigned count)
{
	return sizeof(struct shadows) + count * sizeof(struct shadow);
}

static enum status create_slot(struct shadows *set, struct shadow *shadow)
{
	pa_t root;
	enum status status = vmid_alloc(&shadow->vmid);

	if (status != OK)
		return status;
	status = page_alloc_contiguous(OWNER_LINTEL, set->root_pages, &root);
	if (status != OK)
		return status;
	shadow->root.entries = pa_to_ptr(root);
	shadow->root.origins = mm_zalloc(set->root_pages * PAGE_SIZE);
	shadow->root.low = UINT64_MAX;
	shadow->root.count = (uint16_t)(set->root_pages * PGTABLE_ENTRIES);
	shadow->root.level = set->s2->table.start_level;
	shadow->root.shadow = shadow;
	list_init(&shadow->tables);
	return shadow->root.origins ? OK : ERR_NO_MEMORY;
}

static enum status create_tables(struct shadows *set, unsigned count)
{
	uint64_t *page = mm_zalloc(count * TABLE_BYTES);

	set->table_count = count;
	set->pool = page;
	set->tables = mm_zalloc(count * sizeof(*set->tables));
	if (!set->pool || !set->tables)
		return ERR_NO_MEMORY;
	list_init(&set->free);
	for (unsigned i = 0; i < count; i++, page += 2 * PGTABLE_ENTRIES) {
		set->tables[i].entries = page;
		set->tables[i].origins = page + PGTABLE_ENTRIES;
		set->tables[i].count = PGTABLE_ENTRIES;
		list_push_back(&set->free, &set->tables[i].link);
	}
	set->free_count = count;
	return OK;
}

static void free_set(struct shadows *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		struct shadow *shadow = &set->slots[i];

		vmid_free(shadow->vmid);
		mm_free(shadow->root.entries, set->root_pages * PAGE_SIZE);
		mm_free(shadow->root.origins, set->root_pages * PAGE_SIZE);
	}
	mm_free(set->tables, set->table_count * sizeof(*set->tables));
	mm_free(set->pool, set->table_count * TABLE_BYTES);
	mm_free(set, set_size(set->count));
}

enum status shadow_create(struct vm *vm)
{
	unsigned count = SHADOWS_FOR(vm->nr_vcpus);
	struct shadows *set = mm_zalloc(set_size(count));
	enum status status;

	if (!set)
		return ERR_NO_MEMORY;
	set->watcher.changed = changed;
	set->s2 = &vm->stage2;
	set->count = count;
	set->root_pages = vm->stage2.root_pages;
	status =
		create_tables(set, (unsigned)MIN(TABLES_MAX, TABLES_LEAST + vm->ram_size / MIB(4)));
	for (unsigned i = 0; i < count && status == OK; i++)
		status = create_slot(set, &set->slots[i]);
	if (status != OK) {
		log_error("VM %s: its virtual EL2 needs %u VMIDs and %u KiB for shadow tables: "
			  "there are not as many left; use fewer vCPUs, or fewer VMs",
			vm->name, count,
			(unsigned)((set->table_count * 2 + count * set->root_pages * 2) *
				PAGE_SIZE / 1024));
		free_set(set);
		return status;
	}
	vm->stage2.watcher = &set->watcher;
	return OK;
}

void shadow_destroy(struct vm *vm)
{
	if (!vm->stage2.watcher)
		return;
	free_set(shadows_of(vm));
	vm->stage2.watcher = NULL;
}

/* Free again: nobody is on it. */
static void vacate(struct shadows *set, struct shadow *shadow)
{
	if (!shadow->used)
		return;
	if (shadow->on)
		shadow_drop(set, shadow);
	/* Also what stage 1 alone has left. */
	tlb_flush_vmid(shadow->vttbr);
	memset(shadow->last_vcpu, 0, sizeof(shadow->last_vcpu));
	shadow->used = false;
}

void shadow_reset(struct vm *vm)
{
	struct shadows *set = shadows_of(vm);

	if (!vm->stage2.watcher)
		return;
	spin_lock(&set->lock);
	memset(set->held, 0, sizeof(set->held));
	for (unsigned i = 0; i < set->count; i++) {
		set->slots[i].holders = 0;
		vacate(set, &set->slots[i]);
	}
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		nested_of(vm->vcpus[i])->controls.shadow = NULL;
	spin_unlock(&set->lock);
}

/* --- taking --- */

static uint16_t vmid_of(uint64_t vttbr, uint64_t vtcr)
{
	uint64_t vmid = FIELD_GET(VTTBR_VMID, vttbr);

	return (uint16_t)(vtcr & VTCR_VS ? vmid : vmid & 0xff);
}

uint16_t shadow_vvmid(const struct nested *nested)
{
	return vmid_of(VNCR_REG(nested, VTTBR_EL2), VNCR_REG(nested, VTCR_EL2));
}

static __always_inline struct shadow_key key_of(const struct nested *nested)
{
	uint64_t hcr = VNCR_REG(nested, HCR_EL2), vttbr = VNCR_REG(nested, VTTBR_EL2);
	uint64_t vtcr = VNCR_REG(nested, VTCR_EL2);

	if (!(hcr & (HCR_EL2_VM | HCR_EL2_DC)))
		return (struct shadow_key){ .vttbr = FIELD_PREP(VTTBR_VMID, vmid_of(vttbr, vtcr)) };
	return (struct shadow_key){
		.vttbr = vttbr & ~VTTBR_CNP,
		.vtcr = vtcr,
		.hcr = (hcr & SHADOW_HCR) | HCR_EL2_VM,
	};
}

static __always_inline bool matches(const struct shadow *shadow, const struct shadow_key *key)
{
	return shadow->key.vttbr == key->vttbr && shadow->key.vtcr == key->vtcr &&
		shadow->key.hcr == key->hcr;
}

static struct shadow *find(struct shadows *set, const struct shadow_key *key)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->slots[i].used && matches(&set->slots[i], key))
			return &set->slots[i];
	return NULL;
}

/* One that nobody holds: a free one, else the one that was taken least recently. */
static struct shadow *find_victim(struct shadows *set)
{
	struct shadow *best = NULL;

	for (unsigned i = 0; i < set->count; i++) {
		struct shadow *shadow = &set->slots[i];

		if (shadow->holders != 0)
			continue;
		if (!shadow->used)
			return shadow;
		if (!best || shadow->taken_at < best->taken_at)
			best = shadow;
	}
	return best;
}

static struct shadow *recycle(struct shadows *set, const struct shadow_key *key)
{
	struct shadow *shadow = find_victim(set);
	uint64_t root;

	set->recycled += shadow->used;
	vacate(set, shadow);
	shadow->key = *key;
	shadow->on = key->hcr != 0;
	shadow->vvmid = vmid_of(key->vttbr, shadow->on ? key->vtcr : VTCR_VS);
	root = shadow->on ? ptr_to_pa(shadow->root.entries).pa : set->s2->table.root.pa;
	shadow->vttbr = root | FIELD_PREP(VTTBR_VMID, shadow->vmid);
	shadow->used = true;
	return shadow;
}

static __noinline struct shadow *take_other(
	struct shadows *set, unsigned vcpu, const struct shadow_key *key)
{
	struct shadow *shadow;

	spin_lock(&set->lock);
	if (set->held[vcpu])
		set->held[vcpu]->holders--;
	shadow = find(set, key);
	if (!shadow)
		shadow = recycle(set, key);
	shadow->holders++;
	shadow->taken_at = ++set->clock;
	set->held[vcpu] = shadow;
	spin_unlock(&set->lock);
	return shadow;
}

static __always_inline void flush_what_others_left(
	const struct vcpu *vcpu, uint8_t *last, uint64_t vttbr)
{
	uint8_t own = (uint8_t)(vcpu->id + 1);

	if (likely(*last == own))
		return;
	if (*last != 0)
		tlb_flush_local_vmid(vttbr);
	*last = own;
}

struct shadow *shadow_take(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;
	struct shadows *set = shadows_of(vcpu->vm);
	struct shadow *shadow = set->held[vcpu->id];
	struct shadow_key key = key_of(nested);

	if (!shadow || !matches(shadow, &key))
		shadow = take_other(set, vcpu->id, &key);
	return shadow;
}

void shadow_enter(struct nested *nested, struct shadow *shadow)
{
	struct vcpu *vcpu = nested->vcpu;

	nested->shadow = shadow;
	vcpu->vttbr = shadow->vttbr;
	flush_what_others_left(vcpu, &shadow->last_vcpu[this_cpu()->index], shadow->vttbr);
}

void shadow_release(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;
	struct vm *vm = vcpu->vm;

	nested->shadow = NULL;
	vcpu->vttbr = vm->stage2.vttbr;
	flush_what_others_left(vcpu, &vm->last_vcpu[this_cpu()->index], vcpu->vttbr);
}

void shadow_load(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;
	unsigned cpu = this_cpu()->index;
	struct shadow *shadow = nested->shadow;

	/* vcpu_load() has looked after the VMID that is loaded, which is not the VM's own. */
	vcpu->vm->last_vcpu[cpu] = LAST_UNKNOWN;
	flush_what_others_left(vcpu, &shadow->last_vcpu[cpu], shadow->vttbr);
}
