/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scratch: devices that are memory. For tests: of the emulation of accesses (what a load reads is
 * what a store wrote, whichever instructions did it), of the device table (as many rows as one
 * likes, as crowded as one likes), and of drivers.
 *
 * A VM's property `scratch` asks for rows of the device table, one behind the other, each of so
 * many bytes. Accesses of 1, 2, 4 and 8 bytes are taken, aligned or not; bytes are little-endian.
 * All is zero at the start, and after a restart.
 */
#ifndef HYP_VDEV_VSCRATCH_H
#define HYP_VDEV_VSCRATCH_H

#include "hyp/vdev/device.h"

#define VSCRATCH_SIZE_MAX   KIB(64)  /* of one row */
#define VSCRATCH_COUNT_MAX  4096     /* rows side by side */
#define VSCRATCH_PIECES_MAX 8        /* for one VM: so many times rows side by side, */
#define VSCRATCH_TOTAL_MAX  KIB(512) /* and bytes in all, which a restart wipes in one step */

/*
 * Asks for `count` rows of `size` bytes from `address` on, for the VM of that name, before it is
 * made; forgets what was asked for another one. That they overlap others is found when it is made,
 * and said then. ERR_RANGE: beyond the limits above; ERR_NO_MEMORY: more than
 * VSCRATCH_PIECES_MAX or VSCRATCH_TOTAL_MAX for this VM.
 */
enum status vscratch_add(
	const char *vm, uint64_t address, uint64_t size, uint64_t count) __must_check;

/* The row for boot/parts.c: PART_VSCRATCH. */
extern const struct vm_part vscratch_part;

#endif
