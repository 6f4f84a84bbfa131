/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all files of the 32-bit payload share: constants, the record of the last exception, and the
 * macros that tests are made of.
 */
#define UART            0x09000000
#define UART_FR         0x18
#define UART_FR_TXFF    0x20
#define GICD            0x08000000
#define GICR            0x080a0000
#define GICR_SGI        0x080b0000
#define SCRATCH         0x0b000000 /* a device that is memory: guest/bundle.dts */
#define ABSENT          0x0c000000 /* nothing is there */
#define RAM_END         0x42000000

#define MODE_USR        0x10
#define MODE_FIQ        0x11
#define MODE_IRQ        0x12
#define MODE_SVC        0x13
#define MODE_ABT        0x17
#define MODE_UND        0x1b
#define MODE_SYS        0x1f
#define PSR_T           0x20
#define PSR_AIF         0x1c0
#define PSR_IF          0xc0

#define PSCI_VERSION    0x84000000
#define PSCI_CPU_OFF    0x84000002
#define PSCI_CPU_ON     0x84000003
#define PSCI_CPU_ON_64  0xc4000003
#define PSCI_AFFINITY   0x84000004
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_FEATURES   0x8400000a
#define SMCCC_VERSION   0x80000000
#define NOT_SUPPORTED   0xffffffff
#define ALREADY_ON      0xfffffffc
#define INVALID_ADDRESS 0xfffffff7

/* Of the last exception: offsets in `record`, and what kind it was. */
#define REC_KIND        0
#define REC_LR          4
#define REC_SPSR        8
#define REC_CPSR        12
#define REC_DFSR        16
#define REC_IFSR        20
#define REC_DFAR        24
#define REC_IFAR        28
#define REC_COUNT       32
#define REC_RESUME      36
#define REC_INTID       40
#define REC_RETURN      44 /* CPSR to go on with */

/* In SPSR of the mode that a test is in: what a handler finds in its own where it was not given
 * one. */
#define SPSR_MARK       0x080001d3

#define KIND_UND        4
#define KIND_SVC        8
#define KIND_PABT       12
#define KIND_DABT       16
#define KIND_IRQ        24

.syntax unified
	.arch	armv8-a
	.fpu	neon-fp-armv8

/* A function in the ARM or Thumb instruction set. */
	.macro	function name
	.text
	.arm
	.balign	4
	.globl	\name
	.type	\name, %function
\name:
	.endm

	.macro	thumb_function name
	.text
	.thumb
	.balign	4
	.globl	\name
	.thumb_func
\name:
	.endm

/* Loads the address of a string. */
	.macro	text reg, string:vararg
	.pushsection .rodata
.Ltext\@:
	.asciz	\string
	.popsection
	ldr	\reg, =.Ltext\@
	.endm

/* One test: r0 must be `expected`. Keeps r4 to r11. */
	.macro	is expected, string:vararg
	ldr	r1, =\expected
	text	r2, \string
	bl	tap_is
	.endm

/* The same with the expected value in r1. */
	.macro	is_r1 string:vararg
	text	r2, \string
	bl	tap_is
	.endm

/* The next exception goes on at `label`, with this CPSR. Uses r0, r1. */
	.macro	resume_at label
	ldr	r1, =SPSR_MARK
	msr	spsr_cxsf, r1
	ldr	r0, =record
	ldr	r1, =\label
	bic	r1, r1, #1
	str	r1, [r0, #REC_RESUME]
	mov	r1, #0
	str	r1, [r0, #REC_KIND]
	mrs	r1, cpsr
	str	r1, [r0, #REC_RETURN]
	.endm

/* SPSR of the last exception, as far as `mask` says. */
	.macro	spsr_is mask, expected, string:vararg
	ldr	r0, =\mask
	ldr	r1, =\expected
	text	r2, \string
	bl	tap_spsr_is
	.endm

	.macro	recorded offset
	ldr	r0, =record
	ldr	r0, [r0, #\offset]
	.endm
