/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * void fpsimd_save(struct fpsimd_state *), void fpsimd_restore(const struct fpsimd_state *)
 * void fpsimd_read(unsigned n, uint64_t value[2]), void fpsimd_write(unsigned n, const uint64_t value[2])
 *
 * The only code that touches FP/SIMD registers, but for BearSSL's (the build checks it): a guest's, when vCPUs change, and one
 * of them when an access of the guest's to it is emulated.
 */
	.arch	armv8-a
	.section .text.fpsimd, "ax"
	.globl	fpsimd_save, fpsimd_restore
	.type	fpsimd_save, %function
fpsimd_save:
	hint	#34			/* bti c */
	stp	q0, q1, [x0, #16 * 0]
	stp	q2, q3, [x0, #16 * 2]
	stp	q4, q5, [x0, #16 * 4]
	stp	q6, q7, [x0, #16 * 6]
	stp	q8, q9, [x0, #16 * 8]
	stp	q10, q11, [x0, #16 * 10]
	stp	q12, q13, [x0, #16 * 12]
	stp	q14, q15, [x0, #16 * 14]
	stp	q16, q17, [x0, #16 * 16]
	stp	q18, q19, [x0, #16 * 18]
	stp	q20, q21, [x0, #16 * 20]
	stp	q22, q23, [x0, #16 * 22]
	stp	q24, q25, [x0, #16 * 24]
	stp	q26, q27, [x0, #16 * 26]
	stp	q28, q29, [x0, #16 * 28]
	stp	q30, q31, [x0, #16 * 30]!
	mrs	x1, fpcr
	mrs	x2, fpsr
	stp	x1, x2, [x0, #16 * 2]
	ret
	.size	fpsimd_save, . - fpsimd_save

	.type	fpsimd_restore, %function
fpsimd_restore:
	hint	#34			/* bti c */
	ldp	q0, q1, [x0, #16 * 0]
	ldp	q2, q3, [x0, #16 * 2]
	ldp	q4, q5, [x0, #16 * 4]
	ldp	q6, q7, [x0, #16 * 6]
	ldp	q8, q9, [x0, #16 * 8]
	ldp	q10, q11, [x0, #16 * 10]
	ldp	q12, q13, [x0, #16 * 12]
	ldp	q14, q15, [x0, #16 * 14]
	ldp	q16, q17, [x0, #16 * 16]
	ldp	q18, q19, [x0, #16 * 18]
	ldp	q20, q21, [x0, #16 * 20]
	ldp	q22, q23, [x0, #16 * 22]
	ldp	q24, q25, [x0, #16 * 24]
	ldp	q26, q27, [x0, #16 * 26]
	ldp	q28, q29, [x0, #16 * 28]
	ldp	q30, q31, [x0, #16 * 30]!
	ldp	x1, x2, [x0, #16 * 2]
	msr	fpcr, x1
	msr	fpsr, x2
	ret
	.size	fpsimd_restore, . - fpsimd_restore

/* Goes to row w0 of the table: 16 bytes each, for one register. */
	.macro	one_of table
	hint	#34			/* bti c */
	and	w0, w0, #31
	adr	x2, \table
	add	x2, x2, x0, lsl #4
	br	x2
	.balign	16
\table:
	.endm

	.macro	row instruction, number
	hint	#36			/* bti j */
	\instruction	q\number, [x1]
	ret
	nop
	.endm

	.macro	rows instruction
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	row	\instruction, \number
	.endr
	.endm

	.globl	fpsimd_read, fpsimd_write
	.type	fpsimd_read, %function
fpsimd_read:
	one_of	.Lread
	rows	str
	.size	fpsimd_read, . - fpsimd_read

	.type	fpsimd_write, %function
fpsimd_write:
	one_of	.Lwrite
	rows	ldr
	.size	fpsimd_write, . - fpsimd_write
