/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes become accesses to a guest's UART and events on its line; after each one registers, FIFOs
 * and interrupt agree.
 *
 * links: hyp/vdev/vuart.c
 */
#include <stdlib.h>
#include <string.h>

#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vuart.h"
#include "mm/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define FR      0x18
#define IMSC    0x38
#define RIS     0x3c
#define MIS     0x40
#define FR_RXFE 0x10
#define FR_TXFF 0x20
#define FR_RXFF 0x40
#define FR_TXFE 0x80

static struct vm vm;
static struct device_table table;
static const struct device_ops *ops;
static void *device;
static bool line, full;

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

enum status device_table_create(struct vm *for_vm, unsigned capacity)
{
	(void)capacity;
	for_vm->devices = &table;
	return OK;
}

enum status device_add(struct vm *for_vm, uint64_t first, uint64_t size, void *new_device,
	const struct device_ops *new_ops, uint16_t widths)
{
	(void)for_vm;
	(void)first;
	(void)size;
	(void)widths;
	device = new_device;
	ops = new_ops;
	return OK;
}

void vgic_set_spi(struct vm *for_vm, unsigned intid, bool level)
{
	MUST(for_vm == &vm && intid == VUART_INTID && level != line);
	line = level;
}

static void put(void *context, const char *text, size_t length)
{
	(void)context;
	(void)text;
	MUST(length == 1 && !full);
}

static bool is_full(void *context)
{
	(void)context;
	return full;
}

static uint64_t read_register(uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	ops->read(NULL, device, offset, width, &value);
	MUST(width == 4 ? value <= UINT32_MAX : value < BIT(8 * width));
	return value;
}

static void check(void)
{
	uint64_t fr = read_register(FR, 4);

	MUST(read_register(MIS, 4) == (read_register(RIS, 4) & read_register(IMSC, 4)));
	MUST(line == (read_register(MIS, 4) != 0));
	MUST(!(fr & FR_RXFE) || !(fr & FR_RXFF));
	MUST(!(fr & FR_TXFE) || !(fr & FR_TXFF));
	MUST(!(fr & ~UINT64_C(0xf8)));
}

static void step(const uint8_t *op)
{
	uint64_t offset = (op[1] | op[2] << 8) & 0xfff;
	unsigned width = 1u << op[0] / 16 % 3;

	switch (op[0] % 8) {
	case 0:
	case 1:
		read_register(offset % 0x50, width);
		break;
	case 2:
	case 3:
		ops->write(NULL, device, offset % 0x50, width, op[3] | op[2] << 8);
		break;
	case 4:
		read_register(offset, width);
		ops->write(NULL, device, offset, width, op[3]);
		break;
	case 5:
		MUST(vuart_receive(&vm, (const char *)op, op[1] % 4) <= 3);
		break;
	case 6:
		full = op[1] & 1;
		vuart_transmit_ready(&vm);
		break;
	default:
		if (op[1] < 8)
			vuart_part.reset(&vm);
		else
			vuart_receive_break(&vm);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vuart_backend backend = { put, is_full, NULL };

	memset(&vm, 0, sizeof(vm));
	line = full = false;
	MUST(vuart_part.create(&vm) == OK);
	vuart_set_backend(&vm, &backend, NULL);
	for (; size >= 4; data += 4, size -= 4) {
		step(data);
		check();
	}
	vuart_part.destroy(&vm);
	return 0;
}
