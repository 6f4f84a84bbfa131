/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The doorbells of one address are a chain, which is the device of their row. Nothing of it changes
 * once VMs run, but the counters, which are atomic: so a ring takes no lock.
 */
#include "hyp/vdev/doorbell.h"
#include "hyp/base/compiler.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/vdev/device.h"
#include "mm/page.h"

#define WIDTH_MAX 8

struct doorbell {
	uint64_t match, mask; /* rings for values that are equal in `mask` */
	uint16_t widths;      /* bit n: for stores of n bytes */
	bool only_counted;
	struct doorbell *next; /* at the same address */
	struct bell_target target;
	uint64_t rings, dropped;
	uint64_t misses; /* of its address: of the first one there */
	bool first;
	struct vm *vm; /* NULL: not made */
	struct doorbell_config config;
};

static struct doorbell *doorbells; /* DOORBELLS_MAX of them, since the first was added */
static unsigned nr_doorbells;

#define DOORBELLS_SIZE (DOORBELLS_MAX * sizeof(struct doorbell))

static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* ---- the guest's accesses ---- */

static __noinline enum mmio_result miss(const struct vcpu *vcpu, struct doorbell *first)
{
	count(&first->misses);
	return vcpu->vm->policy.absent_ignored ? MMIO_RAZ_WI : MMIO_EXTERNAL_ABORT;
}

static enum mmio_result bell_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	(void)offset;
	(void)width;
	(void)value;
	return miss(vcpu, device);
}

static __noinline enum mmio_result act(struct doorbell *bell)
{
	if (!bell_do(&bell->config.action, &bell->target))
		count(&bell->dropped);
	return MMIO_DONE;
}

static enum mmio_result bell_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	struct doorbell *bell = device;

	if (unlikely(offset != 0))
		return miss(vcpu, device);
	for (; bell; bell = bell->next) {
		if (!((bell->widths >> width) & 1) || ((value ^ bell->match) & bell->mask))
			continue;
		count(&bell->rings);
		return bell->only_counted ? MMIO_DONE : act(bell);
	}
	return miss(vcpu, device);
}

static const struct device_ops bell_ops = { "doorbell", bell_read, bell_write };

/* ---- the bundle's doorbells ---- */

/* The widest access that is aligned there. */
static unsigned natural_width(uint64_t address)
{
	return (unsigned)((address | WIDTH_MAX) & -(address | WIDTH_MAX));
}

static bool is_width(unsigned width)
{
	return width <= WIDTH_MAX && (width & (width - 1)) == 0;
}

static bool is_valid(const struct doorbell_config *config)
{
	if (!is_width(config->width) || config->width > natural_width(config->address))
		return false;
	return !config->has_match ||
		(config->width != 0 &&
			(config->width == WIDTH_MAX || config->match >> (8 * config->width) == 0));
}

static struct doorbell *last_at(const char *vm, uint64_t address)
{
	for (unsigned i = nr_doorbells; i-- > 0;) {
		if (doorbells[i].config.address == address &&
			strcmp(doorbells[i].config.vm, vm) == 0)
			return &doorbells[i];
	}
	return NULL;
}

enum status doorbell_add(const struct doorbell_config *config)
{
	struct doorbell *bell, *before;

	if (!is_valid(config))
		return ERR_INVALID;
	if (!doorbells)
		doorbells = mm_zalloc(DOORBELLS_SIZE);
	if (!doorbells || nr_doorbells == DOORBELLS_MAX)
		return ERR_NO_MEMORY;
	before = last_at(config->vm, config->address);
	bell = &doorbells[nr_doorbells++];
	*bell = (struct doorbell){
		.match = config->match,
		.mask = config->has_match ? UINT64_MAX : 0,
		.widths = (uint16_t)(config->width ? BIT(config->width) : WIDTHS_ALL),
		.only_counted = config->action.kind == BELL_COUNT,
		.first = !before,
		.config = *config,
	};
	if (before)
		before->next = bell;
	return OK;
}

/* ---- rows ---- */

static bool is_of(const struct doorbell *bell, const struct vm *vm)
{
	return strcmp(bell->config.vm, vm->name) == 0;
}

/* How many bytes those at an address must have. */
static unsigned needed_at(const struct doorbell *first)
{
	unsigned needed = 1;

	for (const struct doorbell *bell = first; bell; bell = bell->next)
		needed = MAX(needed, bell->config.width);
	return needed;
}

/* The first doorbell of the VM whose address is inside [address + 1, address + size), the nearest;
 * NULL: none. */
static const struct doorbell *next_inside(const struct doorbell *first, unsigned size)
{
	const struct doorbell *nearest = NULL;
	uint64_t distance, least = size;

	for (unsigned i = 0; i < nr_doorbells; i++) {
		distance = doorbells[i].config.address - first->config.address;
		if (distance == 0 || distance >= least ||
			strcmp(doorbells[i].config.vm, first->config.vm) != 0)
			continue;
		nearest = &doorbells[i];
		least = distance;
	}
	return nearest;
}

/* What of the VM is there. */
static const char *whose(const struct vm *vm, uint64_t ipa)
{
	struct device_region *row = vm->devices ? device_find(vm->devices, ipa, 1) : NULL;

	if (row)
		return row->ops->name;
	if (stage2_region_find(&vm->stage2, IPA(ipa)))
		return "its memory";
	return stage2_share_find(&vm->stage2, IPA(ipa)) ? "shared memory" : NULL;
}

/* How many of these bytes are free, and what is behind them. */
static unsigned free_at(const struct vm *vm, uint64_t address, unsigned size, const char **owner)
{
	for (unsigned i = 0; i < size; i++) {
		*owner = whose(vm, address + i);
		if (*owner)
			return i;
	}
	return size;
}

/*
 * An access of any width comes to the doorbell, even if none there is for it: so the row is as wide
 * as the widest, or as there is room.
 */
static enum status add_row(struct vm *vm, struct doorbell *first)
{
	const struct doorbell_config *config = &first->config;
	uint64_t address = config->address;
	const struct doorbell *other;
	unsigned needed = needed_at(first), size = natural_width(address);
	const char *owner = NULL;

	other = next_inside(first, size);
	if (other)
		size = (unsigned)(other->config.address - address);
	if (other && size < needed) {
		log_error("doorbell %s: %u bytes at 0x%llx of VM %s reach into doorbell %s at "
			  "0x%llx: give one another address, or a smaller width",
			config->name, needed, (unsigned long long)address, vm->name,
			other->config.name, (unsigned long long)other->config.address);
		return ERR_EXISTS;
	}
	size = free_at(vm, address, size, &owner);
	if (size < needed) {
		log_error("doorbell %s: at 0x%llx of VM %s there is %s: give it an address where "
			  "nothing is",
			config->name, (unsigned long long)address, vm->name, owner);
		return ERR_EXISTS;
	}
	if (address >> vm->stage2.ipa_bits) {
		log_error("doorbell %s: 0x%llx is beyond the addresses of VM %s, which has %u "
			  "bits of them",
			config->name, (unsigned long long)address, vm->name, vm->stage2.ipa_bits);
		return ERR_RANGE;
	}
	return device_add(vm, address, size, first, &bell_ops, WIDTHS_ALL);
}

/* ---- the life of a VM ---- */

static void destroy(struct vm *vm)
{
	line_destroy(vm);
	for (unsigned i = 0; i < nr_doorbells; i++) {
		bell_unbind(&doorbells[i].target, vm);
		if (doorbells[i].vm == vm)
			doorbells[i].vm = NULL;
	}
}

static enum status create(struct vm *vm)
{
	enum status status = line_create(vm);

	for (unsigned i = 0; status == OK && i < nr_doorbells; i++) {
		struct doorbell *bell = &doorbells[i];

		bell_bind(&bell->config.action, &bell->target, vm);
		if (!is_of(bell, vm))
			continue;
		bell->vm = vm;
		if (bell->first)
			status = add_row(vm, bell);
	}
	if (status != OK)
		destroy(vm);
	return status;
}

/* A VM runs from its vCPU 0's first instruction on. Its reset has closed its lines. */
static void reset_vcpu(struct vcpu *vcpu)
{
	if (vcpu->id == 0)
		line_open(vcpu->vm);
}

const struct vm_part doorbell_part = {
	.name = "doorbells",
	.create = create,
	.vcpu_reset = reset_vcpu,
	.destroy = destroy,
};

unsigned doorbell_total(void)
{
	return nr_doorbells;
}

bool doorbell_view(const struct vm *vm, unsigned n, struct doorbell_view *view)
{
	const struct doorbell *bell;

	if (n >= nr_doorbells || doorbells[n].vm != vm)
		return false;
	bell = &doorbells[n];
	*view = (struct doorbell_view){
		.config = &bell->config,
		.rings = READ_ONCE(bell->rings),
		.dropped = READ_ONCE(bell->dropped),
		.first = bell->first,
		.misses = READ_ONCE(bell->misses),
	};
	return true;
}
