/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The image's first bytes and first instructions.
 *
 * Entered as a Linux kernel is (Linux Documentation/arch/arm64/booting.rst): the devicetree's physical address in x0,
 * MMU off, interrupts masked, at EL2. What comes in order: look where we are, relocate, clear BSS, a stack,
 * Lintel's own pointer-authentication key and stack guard, then C (boot/main.c).
 */
#include "asm_offsets.h"

	.arch	armv8.3-a

#define R_AARCH64_RELATIVE 1027
#define CURRENTEL_EL2	8
#define CURRENTEL_EL3	12
#define SCTLR_EL2_OFF	0x30c50830	/* RES1 bits, MMU and caches off */
#define SCTLR_EL2_ENIA	(1 << 31)
#define HCR_EL2_RW	(1 << 31)
#define BOOT_SECONDARY_CPU 32		/* offset of struct boot_secondary's cpu; asserted in secondary.c */

	.section .head.text, "ax"
	.globl	primary_entry
	/* arm64 Image header */
	b	primary_entry
	.long	0
	.quad	0			/* text_offset */
	.long	__image_size, 0		/* 64 bits by halves: GNU ld would relocate a .quad */
	.quad	0xa			/* little-endian, 4 KiB pages, anywhere in memory */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.long	0

	.type	primary_entry, %function
primary_entry:
	msr	daifset, #0xf
	mov	x20, x0
	mrs	x21, CurrentEL
	mov	x22, #0
	cmp	x21, #CURRENTEL_EL2
	b.ne	1f
	mrs	x22, sctlr_el2		/* as the boot loader left it: C says what it thinks of it */
	tbnz	x22, #0, 1f
	ldr	w0, =SCTLR_EL2_OFF
	msr	sctlr_el2, x0
	mov	x0, #HCR_EL2_RW
	msr	hcr_el2, x0		/* E2H = 0 */
	isb
1:	cmp	x21, #CURRENTEL_EL3
	b.ne	2f
	/* Nobody has held the other CPUs back: one of them says what is wrong, the others wait. */
	mrs	x1, mpidr_el1
	ldr	x2, =0xff00ffffff	/* the affinity fields */
	tst	x1, x2
	b.eq	2f
park:	wfe
	b	park
2:	adrp	x19, _start

	/* .rela.dyn: R_AARCH64_RELATIVE only (tools/check-image) */
	adrp	x1, __rela_start
	add	x1, x1, :lo12:__rela_start
	adrp	x2, __rela_end
	add	x2, x2, :lo12:__rela_end
relocate:
	cmp	x1, x2
	b.hs	3f
	ldp	x3, x4, [x1], #16
	ldr	x5, [x1], #8
	cmp	w4, #R_AARCH64_RELATIVE
	b.ne	relocate
	add	x5, x5, x19
	str	x5, [x19, x3]
	b	relocate

3:	adrp	x1, __bss_start
	adrp	x2, __bss_end
4:	stp	xzr, xzr, [x1], #16
	stp	xzr, xzr, [x1], #16
	stp	xzr, xzr, [x1], #16
	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	4b

	/* What the stores above wrote lies in memory; stale lines of a loader's must not hide it once caches are on. */
	adrp	x1, __rodata_start
	adrp	x2, __bss_end
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4
	mov	x4, #4
	lsl	x4, x4, x3
5:	dc	ivac, x1
	add	x1, x1, x4
	cmp	x1, x2
	b.lo	5b
	dsb	sy

	adrp	x1, boot_stack_top
	mov	sp, x1
	mov	x29, #0
	mov	x30, #0
	bl	entropy
	adrp	x1, __stack_chk_guard
	and	x0, x0, #~0xff		/* a NUL first: a string that runs over can't write it */
	str	x0, [x1, #:lo12:__stack_chk_guard]
	cmp	x21, #CURRENTEL_EL2
	b.ne	6f

	adrp	x0, cpus		/* the boot CPU is the first */
	add	x0, x0, :lo12:cpus
	msr	tpidr_el2, x0
	adrp	x1, boot_emergency_stack_top
	str	x1, [x0, #CPU_EMERGENCY_STACK]
	bl	protect_cpu
6:	mov	x0, x20
	mov	x1, x21
	mov	x2, x22
	bl	boot_main
	b	.
	.size	primary_entry, . - primary_entry

	.text
	/* x0: 64 bits that are hard to guess, from RNDR where there is one, else from the counter. Uses x1-x3. */
	.type	entropy, %function
entropy:
	mrs	x1, id_aa64isar0_el1
	ubfx	x1, x1, #60, #4		/* RNDR */
	cbz	x1, 1f
	mrs	x0, s3_3_c2_c4_0	/* RNDR */
	cbnz	x0, 2f			/* zero: none available now */
1:	mrs	x0, cntpct_el0
	ldr	x1, =0x9e3779b97f4a7c15	/* spreads the low bits that differ from boot to boot */
	adr	x2, .
	eor	x0, x0, x2
	mul	x0, x0, x1
	eor	x0, x0, x0, lsr #29
	mul	x0, x0, x1
2:	ret
	.size	entropy, . - entropy

	/*
	 * x0: struct cpu, whose key words are filled. Vectors, and pointer authentication with Lintel's own key where the CPU
	 * has it. Nothing that was called before may return through a signed address. Clobbers x0-x7.
	 */
	.type	protect_cpu, %function
protect_cpu:
	mov	x6, x30
	mov	x7, x0
	mrs	x1, id_aa64isar1_el1
	mrs	x2, s3_0_c0_c6_2	/* ID_AA64ISAR2_EL1 */
	ldr	x3, =0xff0		/* APA, API */
	and	x1, x1, x3
	and	x2, x2, #0xf000		/* APA3 */
	orr	x1, x1, x2
	adrp	x5, vectors_plain
	cbz	x1, 1f
	bl	entropy
	mov	x4, x0
	bl	entropy
	stp	x4, x0, [x7, #CPU_APIA]
	msr	apiakeylo_el1, x4
	msr	apiakeyhi_el1, x0
	mrs	x0, sctlr_el2
	orr	x0, x0, #SCTLR_EL2_ENIA
	msr	sctlr_el2, x0
	adrp	x5, vectors_pauth
	add	x5, x5, :lo12:vectors_pauth
	b	2f
1:	add	x5, x5, :lo12:vectors_plain
2:	msr	vbar_el2, x5
	isb
	ret	x6
	.size	protect_cpu, . - protect_cpu

	/*
	 * void boot_enable_mmu(const struct boot_mmu *values): for the boot CPU. The identity map makes it simple. SCTLR_EL2's
	 * pointer-authentication bit stays as it is.
	 */
	.globl	boot_enable_mmu
	.type	boot_enable_mmu, %function
boot_enable_mmu:
	hint	#34			/* bti c */
enable_mmu:
	ldp	x1, x2, [x0]		/* TTBR0_EL2, TCR_EL2 */
	ldp	x3, x4, [x0, #16]	/* MAIR_EL2, SCTLR_EL2 */
	msr	ttbr0_el2, x1
	msr	tcr_el2, x2
	msr	mair_el2, x3
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	mrs	x5, sctlr_el2
	and	x5, x5, #SCTLR_EL2_ENIA
	orr	x4, x4, x5
	msr	sctlr_el2, x4
	isb
	ret
	.size	boot_enable_mmu, . - boot_enable_mmu

	/*
	 * Where firmware starts the other CPUs: x0 is the physical address of their struct boot_secondary (boot/secondary.h),
	 * which was cleaned to memory.
	 */
	.globl	secondary_entry
	.type	secondary_entry, %function
secondary_entry:
	msr	daifset, #0xf
	ldr	w1, =SCTLR_EL2_OFF
	msr	sctlr_el2, x1
	mov	x1, #HCR_EL2_RW
	msr	hcr_el2, x1
	isb
	mov	x19, x0
	bl	enable_mmu		/* the MMU's values come first in the structure */
	ldr	x20, [x19, #BOOT_SECONDARY_CPU]
	msr	tpidr_el2, x20
	ldr	x1, [x20, #CPU_STACK]
	mov	sp, x1
	mov	x29, #0
	mov	x30, #0
	mov	x0, x20
	bl	protect_cpu
	mov	x0, x20
	bl	boot_secondary_main
	b	.
	.size	secondary_entry, . - secondary_entry

	.section .bss.page_aligned, "aw", %nobits
	.balign	4096
	.globl	boot_stack_guard
boot_stack_guard:			/* unmapped by boot/main.c */
	.skip	4096
	.skip	16384
	.globl	boot_stack_top
boot_stack_top:
boot_emergency_stack:
	.skip	4096
	.globl	boot_emergency_stack_top
boot_emergency_stack_top:
	.balign	4096
