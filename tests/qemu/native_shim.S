/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Linux kernel at EL1 with nothing beneath it, for comparison with the same kernel under Lintel: counts the instructions
 * from the kernel's first to the PSCI SYSTEM_OFF that ends the run, by the performance monitors (event 0x08 at EL0, EL1
 * and EL2), writes "NATIVE_INSTRUCTIONS <n>" by semihosting and ends QEMU.
 *
 * QEMU boots it as an arm64 Image with virtualization=on; kernel, ramdisk and devicetree are put in memory by
 * -device loader at KERNEL and DTB (given on the assembler's command line). HVC is answered here: PSCI as far as a kernel on one CPU
 * asks. No trap but HVC is enabled, stage 2 is off.
 */
	.arch	armv8.2-a

#define SEMIHOSTING	hlt	#0xf000
#define SYS_WRITE0	0x04
#define SYS_EXIT	0x18
#define PSCI_SYSTEM_OFF 0x84000008

	.text
	.globl	_start
_start:
	b	entry
	.long	0
	.quad	0
	.quad	0x10000
	.quad	0xa
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

entry:
	adr	x1, stack_top
	mov	sp, x1
	adr	x1, vectors
	msr	vbar_el2, x1
	mov	x1, #(1 << 31)
	msr	hcr_el2, x1
	mov	x1, #0x33ff
	bic	x1, x1, #(1 << 8)	/* as at EL1 without EL2: nothing is trapped */
	msr	cptr_el2, x1
	mov	x1, #3
	msr	cnthctl_el2, x1
	msr	cntvoff_el2, xzr
	mov	x1, #0xf
	msr	s3_4_c12_c9_5, x1	/* ICC_SRE_EL2 */
	mrs	x1, midr_el1
	msr	vpidr_el2, x1
	mrs	x1, mpidr_el1
	msr	vmpidr_el2, x1
	mrs	x1, pmcr_el0
	ubfx	x1, x1, #11, #5
	msr	mdcr_el2, x1		/* HPMN: all counters; no trap */
	ldr	x1, =0x30d00980
	msr	sctlr_el1, x1
	ldr	x1, =(1 << 27) | 0x08
	msr	pmevtyper0_el0, x1
	mov	x1, #1
	msr	pmcntenset_el0, x1
	ldr	x0, =DTB
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	ldr	x4, =KERNEL
	msr	elr_el2, x4
	mov	x4, #0x3c5
	msr	spsr_el2, x4
	mov	x4, #3			/* E, P: from 0 */
	msr	pmcr_el0, x4
	isb
	eret

hvc_call:
	ldr	w16, =PSCI_SYSTEM_OFF
	cmp	w0, w16
	b.eq	end
	lsr	w16, w0, #0
	mov	w17, #0x84000000
	cmp	w16, w17		/* PSCI_VERSION: 1.1 */
	b.ne	1f
	mov	w0, #0x0001
	movk	w0, #0x0001, lsl #16
	eret
1:	mov	w17, #6
	movk	w17, #0x8400, lsl #16
	cmp	w16, w17		/* MIGRATE_INFO_TYPE: not required */
	b.ne	2f
	mov	x0, #2
	eret
2:	mov	x0, #-1
	eret

end:
	mrs	x1, pmevcntr0_el0
	mov	w1, w1
	adr	x2, number_end
	mov	x3, #10
3:	udiv	x4, x1, x3
	msub	x5, x4, x3, x1
	add	w5, w5, #'0'
	strb	w5, [x2, #-1]!
	mov	x1, x4
	cbnz	x1, 3b
	mov	w0, #SYS_WRITE0
	adr	x1, text
	SEMIHOSTING
	mov	w0, #SYS_WRITE0
	mov	x1, x2
	SEMIHOSTING
	mov	w0, #SYS_WRITE0
	adr	x1, newline
	SEMIHOSTING
	adr	x1, exit_block
	mov	w0, #SYS_EXIT
	SEMIHOSTING
	b	.

	.balign	8
exit_block:
	.quad	0x20026, 0		/* ADP_Stopped_ApplicationExit, status 0 */
text:	.asciz	"NATIVE_INSTRUCTIONS "
newline:
	.asciz	"\n"
number:	.skip	24, 0x20
number_end:
	.byte	0
	.ltorg

	.balign	0x800
vectors:
	.rept	8
	.balign	0x80
	b	.			/* from EL2: a bug of this file */
	.endr
	.balign	0x80
	b	hvc_call		/* from EL1: HVC */
	.rept	7
	.balign	0x80
	b	.
	.endr
	.balign	16
	.skip	1024
stack_top:
