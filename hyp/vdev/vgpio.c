/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/vgpio.h"

/* DDI 0190B 3.2. GPIODATA has 256 places: bits 9:2 of the address say which lines are meant. */
#define REG_DATA_END 0x400
#define REG_DIR      0x400
#define REG_IS       0x404
#define REG_IBE      0x408
#define REG_IEV      0x40c
#define REG_IE       0x410
#define REG_RIS      0x414
#define REG_MIS      0x418
#define REG_IC       0x41c
#define REG_AFSEL    0x420
#define REG_ID_FIRST 0xfe0

#define WORD         4

/* GPIOPeriphID0 to 3, GPIOPCellID0 to 3. */
static const uint8_t id_bytes[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static uint8_t levels(const struct vgpio *gpio)
{
	return (uint8_t)(vgpio_outputs(gpio) | (gpio->inputs & ~gpio->dir));
}

static uint8_t raw_interrupts(const struct vgpio *gpio)
{
	uint8_t level = (uint8_t) ~(levels(gpio) ^ gpio->event);

	return (uint8_t)((level & gpio->sense) | (gpio->edges & ~gpio->sense));
}

void vgpio_reset(struct vgpio *gpio)
{
	*gpio = (struct vgpio){ .inputs = gpio->inputs };
}

/* The bytes that can be written and read back; NULL: the register at `offset` is none of them. */
static uint8_t *plain_register(struct vgpio *gpio, uint64_t offset)
{
	switch (offset) {
	case REG_DIR:
		return &gpio->dir;
	case REG_IS:
		return &gpio->sense;
	case REG_IBE:
		return &gpio->both;
	case REG_IEV:
		return &gpio->event;
	case REG_IE:
		return &gpio->enable;
	case REG_AFSEL:
		return &gpio->alternate;
	default:
		return NULL;
	}
}

uint8_t vgpio_read(const struct vgpio *gpio, uint64_t offset)
{
	const uint8_t *plain = plain_register((struct vgpio *)gpio, offset);

	/* Registers have 8 bits; the bytes behind the first one of a word are zero. */
	if (offset % WORD != 0)
		return 0;
	if (plain)
		return *plain;
	if (offset < REG_DATA_END)
		return levels(gpio) & (uint8_t)(offset / WORD);
	if (offset >= REG_ID_FIRST)
		return id_bytes[(offset - REG_ID_FIRST) / WORD % sizeof(id_bytes)];
	if (offset == REG_RIS)
		return raw_interrupts(gpio);
	return offset == REG_MIS ? raw_interrupts(gpio) & gpio->enable : 0;
}

void vgpio_write(struct vgpio *gpio, uint64_t offset, uint8_t value)
{
	uint8_t *plain = plain_register(gpio, offset);

	if (offset % WORD != 0)
		return;
	if (plain) {
		*plain = value;
	} else if (offset < REG_DATA_END) {
		uint8_t mask = (uint8_t)(offset / WORD) & gpio->dir;

		gpio->data = (uint8_t)((gpio->data & ~mask) | (value & mask));
	} else if (offset == REG_IC) {
		gpio->edges &= (uint8_t)~value;
	}
}

void vgpio_set_inputs(struct vgpio *gpio, uint8_t inputs)
{
	uint8_t changed = (gpio->inputs ^ inputs) & (uint8_t)~gpio->dir;
	uint8_t wanted = gpio->both | (uint8_t) ~(inputs ^ gpio->event);

	gpio->inputs = inputs;
	gpio->edges |= changed & wanted & (uint8_t)~gpio->sense;
}

bool vgpio_interrupt(const struct vgpio *gpio)
{
	return raw_interrupts(gpio) & gpio->enable;
}
