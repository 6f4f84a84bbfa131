/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a PL061 (DDI 0190B): eight lines, each an input or an output, with an interrupt
 * when an input has a level or changes. Pure: what the lines are wired to, the lock and the
 * interrupt are the caller's (hyp/vdev/shmem.c).
 *
 * Edges are only looked for on inputs. AFSEL can be written and read back and has no effect.
 */
#ifndef HYP_VDEV_VGPIO_H
#define HYP_VDEV_VGPIO_H

#include "hyp/base/types.h"

#define VGPIO_SIZE  KIB(4)
#define VGPIO_LINES 8

struct vgpio {
	uint8_t inputs; /* levels that come from outside */
	uint8_t data;   /* levels to drive on outputs */
	uint8_t dir;    /* 1: output */
	uint8_t sense;  /* GPIOIS: 1: level, 0: edge */
	uint8_t both;   /* GPIOIBE: both edges */
	uint8_t event;  /* GPIOIEV: 1: high or rising, 0: low or falling */
	uint8_t enable; /* GPIOIE */
	uint8_t alternate;
	uint8_t edges; /* seen and not cleared */
};

/* Everything as after a reset, but for the levels that come from outside. */
void vgpio_reset(struct vgpio *gpio);

/* A register at `offset` below VGPIO_SIZE; what is not there reads as zero, and writes are lost. */
uint8_t vgpio_read(const struct vgpio *gpio, uint64_t offset);
void vgpio_write(struct vgpio *gpio, uint64_t offset, uint8_t value);

/* New levels from outside. */
void vgpio_set_inputs(struct vgpio *gpio, uint8_t inputs);

/* The levels it drives: 0 on lines that are inputs. */
static inline uint8_t vgpio_outputs(const struct vgpio *gpio)
{
	return gpio->data & gpio->dir;
}

/* The level of its interrupt. */
bool vgpio_interrupt(const struct vgpio *gpio);

#endif
