/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/vscratch.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "mm/page.h"

/* Rows side by side, and the memory that they are. */
struct piece {
	uint64_t address, size, count;
	uint8_t *memory;
};

struct vscratch {
	unsigned count;
	struct piece piece[VSCRATCH_PIECES_MAX];
};

/* What was asked for the VM that is made next. */
static struct {
	char vm[VM_NAME_MAX + 1];
	struct vscratch asked;
} next;

static uint64_t bytes_of(const struct piece *piece)
{
	return piece->size * piece->count;
}

static uint64_t bytes_asked(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < next.asked.count; i++)
		sum += bytes_of(&next.asked.piece[i]);
	return sum;
}

enum status vscratch_add(const char *vm, uint64_t address, uint64_t size, uint64_t count)
{
	struct vscratch *asked = &next.asked;

	if (size == 0 || size > VSCRATCH_SIZE_MAX || count == 0 || count > VSCRATCH_COUNT_MAX ||
		address + size * count < address)
		return ERR_RANGE;
	if (strcmp(next.vm, vm) != 0) {
		format(next.vm, sizeof(next.vm), "%s", vm);
		asked->count = 0;
	}
	if (asked->count == VSCRATCH_PIECES_MAX ||
		bytes_asked() + size * count > VSCRATCH_TOTAL_MAX)
		return ERR_NO_MEMORY;
	asked->piece[asked->count++] =
		(struct piece){ .address = address, .size = size, .count = count };
	return OK;
}

/* --- accesses --- */

static bool is_aligned(const void *at, unsigned width)
{
	return ((uintptr_t)at & (width - 1)) == 0;
}

static __noinline uint64_t read_bytes(const volatile uint8_t *at, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static __noinline void write_bytes(volatile uint8_t *at, unsigned width, uint64_t value)
{
	for (unsigned i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

/* device: the row's memory. Single-copy atomic where it is aligned, as memory is. */
static enum mmio_result scratch_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	void *at = (uint8_t *)device + offset;

	(void)vcpu;
	if (unlikely(!is_aligned(at, width)) || width < 4) {
		*value = width == 1 ? READ_ONCE(*(uint8_t *)at) : read_bytes(at, width);
		return MMIO_DONE;
	}
	*value = width == 4 ? READ_ONCE(*(uint32_t *)at) : READ_ONCE(*(uint64_t *)at);
	return MMIO_DONE;
}

static enum mmio_result scratch_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	void *at = (uint8_t *)device + offset;

	(void)vcpu;
	if (unlikely(!is_aligned(at, width)))
		write_bytes(at, width, value);
	else if (width == 4)
		WRITE_ONCE(*(uint32_t *)at, (uint32_t)value);
	else if (width == 8)
		WRITE_ONCE(*(uint64_t *)at, value);
	else if (width == 2)
		WRITE_ONCE(*(uint16_t *)at, (uint16_t)value);
	else
		WRITE_ONCE(*(uint8_t *)at, (uint8_t)value);
	return MMIO_DONE;
}

static const struct device_ops scratch_ops = { "scratch", scratch_read, scratch_write };

/* --- the part --- */

static void vscratch_destroy(struct vm *vm)
{
	struct vscratch *scratch = vm->part[PART_VSCRATCH];

	vm->part[PART_VSCRATCH] = NULL;
	if (!scratch)
		return;
	for (unsigned i = 0; i < scratch->count; i++)
		mm_free(scratch->piece[i].memory, bytes_of(&scratch->piece[i]));
	mm_free(scratch, sizeof(*scratch));
}

static enum status add_rows(struct vm *vm, struct piece *piece)
{
	enum status status = OK;

	piece->memory = mm_zalloc(bytes_of(piece));
	if (!piece->memory)
		return ERR_NO_MEMORY;
	for (uint64_t n = 0; status == OK && n < piece->count; n++)
		status = device_add(vm, piece->address + n * piece->size, piece->size,
			piece->memory + n * piece->size, &scratch_ops, WIDTHS_ALL);
	return status;
}

static enum status vscratch_create(struct vm *vm)
{
	struct vscratch *scratch;

	if (strcmp(next.vm, vm->name) != 0 || next.asked.count == 0)
		return OK;
	scratch = mm_zalloc(sizeof(*scratch));
	if (!scratch)
		return ERR_NO_MEMORY;
	*scratch = next.asked;
	next.asked.count = 0;
	vm->part[PART_VSCRATCH] = scratch;
	for (unsigned i = 0; i < scratch->count; i++) {
		struct piece *piece = &scratch->piece[i];
		enum status status = add_rows(vm, piece);

		if (status == OK)
			continue;
		log_error("vm %s: scratch <0x%llx 0x%llx %llu>: %s%s", vm->name,
			(unsigned long long)piece->address, (unsigned long long)piece->size,
			(unsigned long long)piece->count, status_name(status),
			status == ERR_EXISTS ? ": its memory or another device is there" : "");
		vscratch_destroy(vm);
		return status;
	}
	return OK;
}

static void vscratch_reset(struct vm *vm)
{
	struct vscratch *scratch = vm->part[PART_VSCRATCH];

	for (unsigned i = 0; scratch && i < scratch->count; i++)
		memset(scratch->piece[i].memory, 0, bytes_of(&scratch->piece[i]));
}

const struct vm_part vscratch_part = {
	.name = "scratch",
	.create = vscratch_create,
	.reset = vscratch_reset,
	.destroy = vscratch_destroy,
};
