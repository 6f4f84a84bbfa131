/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handler of events, and code for EL0: sdei.h.
 */
#define RECORD_SP 248
#define RECORD_ELR 256
#define RECORD_DAIF 272
#define RECORD_SPSEL 288
#define RECORD_COUNT 296
#define RECORD_SMC 304
#define RECORD_ACT 312
#define RECORD_RESUME 320
#define RECORD_FAILED 328

	.text
	.globl	sdei_entry
	.balign	4
sdei_entry:
	stp	x0, x1, [x1]
	stp	x2, x3, [x1, #16]
	stp	x4, x5, [x1, #32]
	stp	x6, x7, [x1, #48]
	stp	x8, x9, [x1, #64]
	stp	x10, x11, [x1, #80]
	stp	x12, x13, [x1, #96]
	stp	x14, x15, [x1, #112]
	stp	x16, x17, [x1, #128]
	stp	x18, x19, [x1, #144]
	stp	x20, x21, [x1, #160]
	stp	x22, x23, [x1, #176]
	stp	x24, x25, [x1, #192]
	stp	x26, x27, [x1, #208]
	stp	x28, x29, [x1, #224]
	mov	x4, sp
	stp	x30, x4, [x1, #240]
	mrs	x4, elr_el1
	mrs	x5, spsr_el1
	stp	x4, x5, [x1, #RECORD_ELR]
	mrs	x4, daif
	mrs	x5, CurrentEL
	stp	x4, x5, [x1, #RECORD_DAIF]
	mrs	x4, spsel
	ldr	x5, [x1, #RECORD_COUNT]
	add	x5, x5, #1
	stp	x4, x5, [x1, #RECORD_SPSEL]
	mov	x19, x1
	ldr	x4, [x1, #RECORD_ACT]
	cbz	x4, 1f
	mov	x0, x1
	blr	x4
1:	mov	x0, x19
	ldp	x16, x17, [x0, #RECORD_ACT]
	ldr	x16, [x0, #RECORD_SMC]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	/* x1 is what the call takes, x2 the record in case that it comes back; the rest is junk. */
	mov	x2, x0
	mov	x1, x17
	movz	x0, #0xc400, lsl #16
	cbnz	x17, 2f
	add	x0, x0, #0x25
	b	3f
2:	add	x0, x0, #0x26
3:	.irp	n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17
	mov	x\n, #-\n
	.endr
	cbnz	x16, 4f
	hvc	#0
	b	5f
4:	smc	#0
5:	str	x0, [x2, #RECORD_FAILED]
	udf	#0

	.globl	sdei_el0
sdei_el0:
	ldp	x1, x2, [x0]
	msr	elr_el1, x1
	msr	sp_el0, x2
	ldr	x2, [x0, #16]
	msr	spsr_el1, x2
	ldp	x3, x4, [x0, #24]
	eret

	.globl	sdei_user
sdei_user:
	str	w3, [x4]
	svc	#0xff
