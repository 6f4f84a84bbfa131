/* SPDX-License-Identifier: BSD-3-Clause */
#define INNER 500
#define ROUND (2 * INNER + 5) /* instructions of a round */

	.text

/* x0 = a counter value: loops until the virtual counter is there; returns the instructions executed. */
	.balign	64
	.globl	count_until
count_until:
	mov	x1, #0
1:	mov	x2, #INNER
2:	sub	x2, x2, #1
	cbnz	x2, 2b
	add	x1, x1, #ROUND
	mrs	x3, cntvct_el0
	cmp	x3, x0
	b.lo	1b
	mov	x0, x1
	ret
