/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/shmem.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"

_Static_assert(OWNER_FIRST_SHARED + SHMEM_REGIONS_MAX <= OWNER_COUNT, "an owner each");
_Static_assert(SHMEM_REGIONS_MAX <= STAGE2_SHARES_MAX, "one VM may be in all");
_Static_assert(SHMEM_SPI + 2 * SHMEM_REGIONS_MAX <= VGIC_NR_SPIS, "two interrupts each");

/* A member's "in" or "out". */
struct chip {
	struct vgpio gpio;
	struct member *member;
	unsigned intid;
	bool line; /* of the interrupt, as the vGIC was told */
};

struct member {
	struct region *region;
	struct vm *vm; /* NULL: it was not made */
	unsigned number;
	bool running;
	struct chip in, out;
};

struct region {
	struct spinlock lock;
	struct shmem_config config;
	struct shared_memory memory;
	uint64_t ipa;
	unsigned number;
	struct member members[SHMEM_MEMBERS_MAX];
};

static struct region *regions[SHMEM_REGIONS_MAX];
static unsigned nr_regions;

/* --- the wires; the region's lock is held --- */

static void update_interrupt(struct chip *chip)
{
	bool level = chip->member->running && vgpio_interrupt(&chip->gpio);

	if (chip->line == level || !chip->member->vm)
		return;
	chip->line = level;
	vgic_set_spi(chip->member->vm, chip->intid, level);
}

static void set_input(struct chip *chip, unsigned line, bool level)
{
	uint8_t bit = (uint8_t)BIT(line);
	uint8_t inputs = chip->gpio.inputs & (uint8_t)~bit;

	vgpio_set_inputs(&chip->gpio, level ? inputs | bit : inputs);
	update_interrupt(chip);
}

/* The lines of `from` that lead to another member. */
static uint8_t connected(const struct member *from)
{
	return (uint8_t)((BIT(from->region->config.members) - 1) & ~BIT(from->number));
}

/* The member's outputs were `before`: what has changed reaches the others. */
static void drive(const struct member *from, uint8_t before)
{
	uint8_t now = vgpio_outputs(&from->out.gpio);
	unsigned changed = (before ^ now) & connected(from);

	for (; changed != 0; changed &= changed - 1) {
		unsigned n = (unsigned)__builtin_ctz(changed);

		set_input(&from->region->members[n].in, from->number, now & BIT(n));
	}
}

/* The others, and the member itself, see whether it runs. */
static void set_running(struct member *member, bool running)
{
	struct region *region = member->region;

	member->running = running;
	for (unsigned n = 0; n < region->config.members; n++)
		set_input(&region->members[n].out, member->number, running);
	update_interrupt(&member->in);
}

/* It lets go of its wires, and forgets what rang for it. */
static void let_go(struct member *member)
{
	uint8_t before = vgpio_outputs(&member->out.gpio);
	uint8_t held = before & connected(member), rings = member->in.gpio.edges;

	if (member->running && (held || rings))
		log_info("VM %s lets go of shared region %s: it held the wires to members 0x%x; "
			 "rings "
			 "of members 0x%x that it had not taken are dropped (bit n: member n)",
			member->vm->name, member->region->config.name, held, rings);
	vgpio_reset(&member->in.gpio);
	vgpio_reset(&member->out.gpio);
	drive(member, before);
	set_running(member, false);
}

/* --- registers --- */

static enum mmio_result chip_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	struct chip *chip = device;

	(void)vcpu;
	(void)width;
	spin_lock(&chip->member->region->lock);
	*value = vgpio_read(&chip->gpio, offset);
	spin_unlock(&chip->member->region->lock);
	return MMIO_DONE;
}

static enum mmio_result chip_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	struct chip *chip = device;
	struct member *member = chip->member;
	uint8_t before, lost = 0;

	(void)width;
	spin_lock(&member->region->lock);
	before = vgpio_outputs(&chip->gpio);
	vgpio_write(&chip->gpio, offset, (uint8_t)value);
	if (chip == &member->out) {
		lost = (uint8_t)(vgpio_outputs(&chip->gpio) & ~before & ~connected(member));
		drive(member, before);
	}
	update_interrupt(chip);
	spin_unlock(&member->region->lock);
	if (unlikely(lost))
		vcpu_log(vcpu,
			"shared region %s: rings line %u, which leads to no other member (there "
			"are "
			"%u, and it is number %u)",
			member->region->config.name, (unsigned)__builtin_ctz(lost),
			member->region->config.members, member->number);
	return MMIO_DONE;
}

static const struct device_ops chip_ops = {
	.name = "shmem",
	.read = chip_read,
	.write = chip_write,
};

/* --- a member's life --- */

static struct member *member_of(struct region *region, const char *name)
{
	for (unsigned i = 0; i < region->config.members; i++)
		if (strcmp(region->config.member[i], name) == 0)
			return &region->members[i];
	return NULL;
}

/* Calls `what` for each region that the VM is a member of. */
static void for_memberships(const struct vm *vm, void (*what)(struct member *member))
{
	for (unsigned i = 0; i < nr_regions; i++) {
		struct member *member = member_of(regions[i], vm->name);

		if (!member || member->vm != vm)
			continue;
		spin_lock(&regions[i]->lock);
		what(member);
		spin_unlock(&regions[i]->lock);
	}
}

static enum status join(struct vm *vm, struct member *member)
{
	struct region *region = member->region;
	uint64_t offset = region->number * VGPIO_SIZE;
	bool reader = (region->config.readers >> member->number) & 1;
	enum status status = shared_memory_map(&region->memory, &vm->stage2, IPA(region->ipa),
		reader ? MEM_R : MEM_RW, reader && region->config.ignore_stores);

	if (status == OK)
		status = device_add(vm, SHMEM_IN + offset, VGPIO_SIZE, &member->in, &chip_ops,
			BIT(1) | BIT(2) | BIT(4));
	if (status == OK)
		status = device_add(vm, SHMEM_OUT + offset, VGPIO_SIZE, &member->out, &chip_ops,
			BIT(1) | BIT(2) | BIT(4));
	if (status == OK)
		member->vm = vm;
	return status;
}

static void destroy(struct vm *vm)
{
	for (unsigned i = 0; i < nr_regions; i++) {
		struct member *member = member_of(regions[i], vm->name);

		if (member && member->vm == vm)
			member->vm = NULL;
	}
}

static enum status create(struct vm *vm)
{
	for (unsigned i = 0; i < nr_regions; i++) {
		struct member *member = member_of(regions[i], vm->name);
		enum status status = member && !member->vm ? join(vm, member) : OK;

		if (status != OK) {
			destroy(vm);
			return status;
		}
	}
	return OK;
}

/* When it has stopped as well, before its memory is given back. */
static void reset(struct vm *vm)
{
	for_memberships(vm, let_go);
}

static void begin(struct member *member)
{
	if (member->running)
		return;
	/* What rang while it was being loaded. */
	member->in.gpio.edges = member->out.gpio.edges = 0;
	set_running(member, true);
}

/* A VM runs from its vCPU 0's first instruction on. */
static void reset_vcpu(struct vcpu *vcpu)
{
	if (vcpu->id == 0)
		for_memberships(vcpu->vm, begin);
}

const struct vm_part shmem_part = {
	.name = "shared memory",
	.create = create,
	.reset = reset,
	.vcpu_reset = reset_vcpu,
	.destroy = destroy,
};

/* --- regions --- */

static void init_member(struct region *region, unsigned n)
{
	struct member *member = &region->members[n];
	unsigned intid = VGIC_SPI_FIRST + SHMEM_SPI + 2 * region->number;

	*member = (struct member){
		.region = region,
		.number = n,
		.in = { .member = member, .intid = intid },
		.out = { .member = member, .intid = intid + 1 },
	};
}

/* Behind the last one. */
static uint64_t next_address(void)
{
	const struct region *last = nr_regions ? regions[nr_regions - 1] : NULL;

	return last ? ALIGN_UP(last->ipa + last->config.size, BLOCK_SIZE) : SHMEM_MEMORY_BASE;
}

enum status shmem_add(const struct shmem_config *config)
{
	uint64_t room = SHMEM_MEMORY_BASE + SHMEM_MEMORY_SIZE - next_address();
	struct region *region;
	enum status status;

	if (nr_regions == SHMEM_REGIONS_MAX || config->size > room)
		return ERR_RANGE;
	region = mm_zalloc(sizeof(*region));
	if (!region)
		return ERR_NO_MEMORY;
	status = shared_memory_create(
		&region->memory, (owner_t)(OWNER_FIRST_SHARED + nr_regions), config->size);
	if (status != OK) {
		mm_free(region, sizeof(*region));
		return status;
	}
	region->config = *config;
	region->ipa = next_address();
	region->number = nr_regions;
	for (unsigned i = 0; i < config->members; i++)
		init_member(region, i);
	regions[nr_regions++] = region;
	return OK;
}

bool shmem_view(const char *vm, unsigned nth, struct shmem_view *view)
{
	for (unsigned i = 0; i < nr_regions; i++) {
		struct region *region = regions[i];
		struct member *member = member_of(region, vm);

		if (!member || nth-- > 0)
			continue;
		*view = (struct shmem_view){
			.config = &region->config,
			.self = member->number,
			.memory = region->ipa,
			.in = SHMEM_IN + region->number * VGPIO_SIZE,
			.out = SHMEM_OUT + region->number * VGPIO_SIZE,
			.in_spi = SHMEM_SPI + 2 * region->number,
			.out_spi = SHMEM_SPI + 2 * region->number + 1,
		};
		return true;
	}
	return false;
}
