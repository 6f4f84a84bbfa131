/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GICv3 by its system registers, the virtual timer, WFI.
 */
#include "macros.h"

#define TIMER_INTID 27
#define SGI         5

function test_gic
	push	{r4-r6, lr}
	mrc	p15, 0, r0, c12, c12, 5		/* ICC_SRE */
	and	r0, r0, #1
	is	1, "ICC_SRE: the system registers are there"
	ldr	r1, =GICD
	mov	r0, #0x12			/* ARE, group 1 */
	str	r0, [r1]
	ldr	r1, =GICR
	mov	r0, #0
	str	r0, [r1, #0x14]			/* GICR_WAKER */
	ldr	r1, =GICR_SGI
	mvn	r0, #0
	str	r0, [r1, #0x80]			/* GICR_IGROUPR0 */
	ldr	r0, =((1 << TIMER_INTID) | (1 << SGI))
	str	r0, [r1, #0x100]		/* GICR_ISENABLER0 */
	mov	r0, #0xf0
	mcr	p15, 0, r0, c4, c6, 0		/* ICC_PMR */
	mov	r0, #1
	mcr	p15, 0, r0, c12, c12, 7		/* ICC_IGRPEN1 */
	isb
	bl	clear_record
	ldr	r0, =((SGI << 24) | 1)		/* to itself */
	mov	r1, #0
	mcrr	p15, 0, r0, r1, c12		/* ICC_SGI1R */
	isb
	cpsie	i
	isb
	cpsid	i
	recorded REC_INTID
	is	SGI, "ICC_SGI1R by MCRR: an SGI"
	bl	clear_record
	ldr	r0, =10000
	mcr	p15, 0, r0, c14, c3, 0		/* CNTV_TVAL */
	mov	r0, #1
	mcr	p15, 0, r0, c14, c3, 1		/* CNTV_CTL */
	isb
	wfi
	mrc	p15, 0, r0, c12, c8, 2		/* ICC_HPPIR0, nothing in group 0 */
	ldr	r1, =1023
	is_r1	"nothing pending in group 0"
	cpsie	i
	isb
	cpsid	i
	recorded REC_INTID
	is	TIMER_INTID, "WFI ends with the virtual timer's interrupt"
	recorded REC_KIND
	is	KIND_IRQ, "which is taken in IRQ mode"
	pop	{r4-r6, pc}
	.ltorg

function clear_record
	ldr	r0, =record
	mov	r1, #0
	str	r1, [r0, #REC_KIND]
	str	r1, [r0, #REC_INTID]
	bx	lr
	.ltorg
