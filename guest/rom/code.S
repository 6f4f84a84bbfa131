/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is executed where the region has it: code that may be anywhere. x0 points to eight numbers.
 */
	.text

/* x[0] += 3 */
	.globl	rom_add
rom_add:
	ldr	x1, [x0]
	add	x1, x1, #3
	str	x1, [x0]
	ret

/* A load with write-back, which Lintel must fetch to do it at a device: x[1] = *x[0]++, 32 bits. */
	.globl	rom_load
rom_load:
	ldr	x1, [x0]
	ldr	w2, [x1], #4
	stp	x1, x2, [x0]
	ret
