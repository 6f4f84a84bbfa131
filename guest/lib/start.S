/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arm64 Image header and the first instructions of every CPU.
 */
#define SCTLR_RES1 0x30d00800
#define CPACR_FPEN (3 << 20)
#define STACK_SHIFT 14

	.section .head, "ax"
	.globl	_start
_start:
	b	primary_entry
	.word	0
	.quad	0x80000			/* text_offset: where guest.ld puts us above RAM's start */
	.quad	_image_size
	.quad	0xa			/* flags: little-endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0

/* x0 = the devicetree. MMU off, EL1 or EL2. */
primary_entry:
	mov	x20, x0
	adr	x1, _start
	ldr	x2, =_image_start
	cmp	x1, x2
	b.eq	2f
	/* Loaded elsewhere: move down to the address we are linked at. */
	ldr	x3, =_file_end
	mov	x4, x2
1:	ldp	x5, x6, [x1], #16
	stp	x5, x6, [x4], #16
	cmp	x4, x3
	b.lo	1b
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	ldr	x2, =2f
	br	x2
2:	bl	el2_note_reset
	bl	cpu_setup
	ldr	x1, =_bss_start
	ldr	x2, =_bss_end
3:	cmp	x1, x2
	b.hs	4f
	stp	xzr, xzr, [x1], #16
	b	3b
4:	ldr	x1, =(cpu_stacks + (1 << STACK_SHIFT))
	mov	sp, x1
	mov	x29, xzr
	mov	x0, x20
	bl	boot_primary
	b	.

/* x0 = the CPU's number, as smp_start() gave it to CPU_ON. */
	.globl	secondary_entry
secondary_entry:
	bl	cpu_setup
	ldr	x1, =cpu_stacks
	add	x2, x0, #1
	add	x1, x1, x2, lsl #STACK_SHIFT
	mov	sp, x1
	mov	x29, xzr
	bl	boot_secondary
	b	.

/* Known control bits, FP on, vectors. Keeps x0 and x20. */
	.globl	cpu_setup
cpu_setup:
	msr	daifset, #0xf
	msr	spsel, #1
	mrs	x1, CurrentEL
	tbnz	x1, #3, el2_cpu_setup
	ldr	x1, =SCTLR_RES1
	msr	sctlr_el1, x1
	mov	x1, #CPACR_FPEN
	msr	cpacr_el1, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
	ret

	.ltorg

	.bss
	.balign	16
	.globl	cpu_stacks
cpu_stacks:
	.space	8 << STACK_SHIFT
