/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions that Lintel gives: Undefined Instruction, Data Abort, Prefetch Abort; and the guest's
 * own, which it has nothing to do with.
 */
#include "macros.h"

/* Checks what was written down. LR is `label` + distance, and the handler's mode `mode`. */
	.macro	is_taken what, kind, mode, label, distance
	recorded REC_KIND
	is	\kind, "\what: taken"
	recorded REC_LR
	ldr	r1, =\label
	bic	r1, r1, #1
	add	r1, r1, #\distance
	is_r1	"\what: LR"
	recorded REC_CPSR
	ldr	r1, =0x2ff			/* all but A, which only aborts set */
	and	r0, r0, r1
	ldr	r1, =(0xc0 | \mode)
	is_r1	"\what: mode, masks, ARM state, little-endian"
	.endm

function test_exceptions
	push	{r4-r11, lr}
	resume_at 1f
svc_instruction:
	svc	#5
1:	is_taken "SVC", KIND_SVC, MODE_SVC, svc_instruction, 4
	bl	test_undefined
	bl	test_data_aborts
	bl	test_prefetch_aborts
	bl	test_breakpoint
	pop	{r4-r11, pc}
	.ltorg

/* PMCR: the performance monitors are hidden. */
function test_undefined
	push	{r4-r6, lr}
	/* Some, for one may have come while the CPU was another's. */
	mov	r5, #8
8:	resume_at 9f
	mrc	p15, 0, r0, c9, c12, 0
9:	bl	tap_spsr_probe
	subs	r5, r5, #1
	bne	8b
	resume_at 1f
	msr	apsr_nzcvq, #0x90000000
und_instruction:
	mrc	p15, 0, r0, c9, c12, 0
1:	is_taken "Undefined", KIND_UND, MODE_UND, und_instruction, 4
	spsr_is	0xf00001ff, (0x90000000 | PSR_AIF | MODE_SVC), "Undefined: SPSR"
	resume_at 2f
	blx	thumb_und
2:	is_taken "Undefined in Thumb", KIND_UND, MODE_UND, thumb_und_instruction, 2
	/* IT: EQ, and one instruction of the block to come */
	spsr_is	0x0600fc3f, (PSR_T | MODE_SVC | 0x0800), "Undefined in Thumb: SPSR has T and IT"
	.irp	mode, MODE_IRQ, MODE_FIQ, MODE_ABT
	resume_at 3f
	mrs	r4, cpsr
	msr	cpsr_c, #(PSR_IF | \mode)
	ldr	r1, =SPSR_MARK
	msr	spsr_cxsf, r1
	mrc	p15, 0, r0, c9, c12, 0
3:	msr	cpsr_c, r4
	recorded REC_KIND
	is	KIND_UND, "Undefined in mode \mode"
	spsr_is	0x1f, \mode, "Undefined in mode \mode: SPSR"
	.endr
	resume_at 4f
	mcr	p14, 1, r0, c0, c0, 0
4:	recorded REC_KIND
	is	KIND_UND, "a trace register is Undefined"
	pop	{r4-r6, pc}
	.ltorg

thumb_function thumb_und
	cmp	r0, r0
	itt	eq
	addeq	r0, r0, #0
	.globl	thumb_und_instruction
thumb_und_instruction:
	mrceq	p15, 0, r0, c9, c12, 0
	bx	lr

function test_data_aborts
	push	{r4-r6, lr}
	mrc	p15, 0, r4, c6, c0, 2		/* IFAR stays */
	ldr	r5, =(ABSENT + 0x124)
	mov	r6, #0x77
	resume_at 1f
load_instruction:
	ldr	r6, [r5]
1:	is_taken "Data Abort", KIND_DABT, MODE_ABT, load_instruction, 8
	recorded REC_DFSR
	is	0x008, "load: DFSR, short format"
	recorded REC_DFAR
	is	(ABSENT + 0x124), "load: DFAR"
	recorded REC_IFAR
	mov	r1, r4
	is_r1	"load: IFAR is as before"
	mov	r0, r6
	is	0x77, "load: the register is as before"
	recorded REC_CPSR
	and	r0, r0, #0x100
	is	0x100, "Data Abort: A is set"
	resume_at 2f
	strb	r6, [r5, #1]
2:	recorded REC_DFSR
	is	0x808, "store: DFSR, WnR"
	recorded REC_DFAR
	is	(ABSENT + 0x125), "store: DFAR"
	mov	r0, #0x80000000
	mcr	p15, 0, r0, c2, c0, 2		/* TTBCR.EAE */
	isb
	resume_at 3f
	ldr	r6, [r5]
3:	recorded REC_DFSR
	is	0x210, "load: DFSR, long format"
	resume_at 4f
	str	r6, [r5]
4:	recorded REC_DFSR
	is	0xa10, "store: DFSR, long format"
	mov	r0, #0
	mcr	p15, 0, r0, c2, c0, 2
	isb
	resume_at 5f
	blx	thumb_load
5:	is_taken "Data Abort in Thumb", KIND_DABT, MODE_ABT, thumb_load_instruction, 8
	ldr	r5, =SCRATCH
	resume_at 6f
	ldrd	r0, r1, [r5]
6:	recorded REC_KIND
	is	KIND_DABT, "LDRD of a device: Data Abort"
	recorded REC_DFSR
	is	0x008, "LDRD of a device: external abort"
	pop	{r4-r6, pc}
	.ltorg

thumb_function thumb_load
	.globl	thumb_load_instruction
thumb_load_instruction:
	ldr.n	r6, [r5]
	bx	lr

function test_prefetch_aborts
	push	{r4-r6, lr}
	ldr	r4, =(ABSENT + 0x1000)
	resume_at 1f
	bx	r4
1:	is_taken "Prefetch Abort", KIND_PABT, MODE_ABT, (ABSENT + 0x1000), 4
	recorded REC_IFSR
	is	0x008, "Prefetch Abort: IFSR, short format"
	recorded REC_IFAR
	is	(ABSENT + 0x1000), "Prefetch Abort: IFAR"
	mov	r0, #0x80000000
	mcr	p15, 0, r0, c2, c0, 2
	isb
	resume_at 2f
	add	r4, r4, #1
	bx	r4
2:	is_taken "Prefetch Abort in Thumb", KIND_PABT, MODE_ABT, (ABSENT + 0x1000), 4
	recorded REC_IFSR
	is	0x210, "Prefetch Abort: IFSR, long format"
	spsr_is	PSR_T, PSR_T, "Prefetch Abort in Thumb: SPSR"
	mov	r0, #0
	mcr	p15, 0, r0, c2, c0, 2
	isb
	pop	{r4-r6, pc}
	.ltorg

/* BKPT, which needs nothing switched on: IFSR says "debug event", DBGDSCR which. */
function test_breakpoint
	push	{r4, lr}
	resume_at 1f
bkpt_instruction:
	bkpt	#7
1:	is_taken "BKPT", KIND_PABT, MODE_ABT, bkpt_instruction, 4
	recorded REC_IFSR
	ubfx	r0, r0, #0, #4
	is	2, "BKPT: IFSR"
	mrc	p14, 0, r0, c0, c1, 0
	ubfx	r0, r0, #2, #4
	is	3, "BKPT: DBGDSCRint.MOE"
	mrc	p14, 0, r4, c0, c2, 2
	ubfx	r0, r4, #2, #4
	is	3, "BKPT: DBGDSCRext.MOE"
	orr	r0, r4, #0x8000			/* MDBGen */
	mcr	p14, 0, r0, c0, c2, 2
	mrc	p14, 0, r0, c0, c1, 0
	ldr	r1, =0x803c
	and	r0, r0, r1
	is	0x800c, "DBGDSCRint: MDBGen as written to DBGDSCRext, MOE as before"
	mcr	p14, 0, r4, c0, c2, 2
	mrc	p14, 0, r0, c0, c1, 0
	ldr	r1, =0x803c
	and	r0, r0, r1
	is	0x000c, "DBGDSCRint: MDBGen is off again"
	pop	{r4, pc}
	.ltorg
