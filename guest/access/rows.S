/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The instructions: access.h. Their registers (run.c): x1, x8 (+ 256), x9 (- 4080) and sp are addresses, in x2, x3, x5 to
 * x7 are indices; loaded are x0, x4, x16 to x19, stored x20 to x23, xzr, and SIMD registers by all of them.
 */
	.arch	armv8.4-a
	.arch_extension lse

#define NEEDS_LSE	1
#define NEEDS_RCPC	2
#define NEEDS_RCPC2	4
#define NEEDS_LOR	8
#define NEEDS_LS64	16
#define NEEDS_DPB	32
#define LITERAL		256
#define ALIGNED		512
#define WRITES		1024
#define STORE		2048

	.macro	row flags, text
	.section .rodata.access.text, "a"
9:	.asciz	"\text"
	.section .rodata.access, "a"
	.quad	9b
	.word	\flags
	\text
	.endm

	/* Each mnemonic of one general register, in all forms of address. */
	.macro	single flags, mnemonic, unscaled, unprivileged, register, shift
	row	\flags, "\mnemonic \register, [x1]"
	row	\flags, "\mnemonic \register, [x1, #16]"
	row	\flags, "\mnemonic \register, [x9, #4080]"
	row	\flags, "\unscaled \register, [x1, #-16]"
	row	\flags, "\unscaled \register, [x8, #-256]"
	row	\flags, "\unprivileged \register, [x1, #8]"
	row	WRITES|\flags, "\mnemonic \register, [x1, #16]!"
	row	WRITES|\flags, "\mnemonic \register, [x8, #-256]!"
	row	WRITES|\flags, "\mnemonic \register, [x1], #8"
	row	WRITES|\flags, "\mnemonic \register, [sp], #-16"
	row	WRITES|\flags, "\mnemonic \register, [sp, #16]!"
	row	\flags, "\mnemonic \register, [x1, x2]"
	row	\flags, "\mnemonic \register, [sp, x3]"
	row	\flags, "\mnemonic \register, [x1, x6, lsl #\shift]"
	row	\flags, "\mnemonic \register, [x1, w5, uxtw]"
	row	\flags, "\mnemonic \register, [x1, w7, sxtw #\shift]"
	row	\flags, "\mnemonic \register, [x1, x3, sxtx]"
	.endm

	/* Of one SIMD register. */
	.macro	vector letter, shift
	row	0, "ldr \letter\()4, [x1]"
	row	0, "ldr \letter\()5, [x9, #4080]"
	row	0, "ldur \letter\()6, [x1, #-16]"
	row	WRITES, "ldr \letter\()7, [x1, #16]!"
	row	WRITES, "ldr \letter\()31, [sp], #16"
	row	0, "ldr \letter\()0, [x1, x6, lsl #\shift]"
	row	0, "ldr \letter\()1, [x1, w7, sxtw #\shift]"
	row	STORE, "str \letter\()8, [x1]"
	row	STORE, "stur \letter\()9, [x1, #-16]"
	row	STORE|WRITES, "str \letter\()10, [x1, #16]!"
	row	STORE|WRITES, "str \letter\()30, [sp], #16"
	row	STORE, "str \letter\()11, [x1, x2]"
	.endm

	.macro	pairs flags, load, store, a, b, c, d
	row	\flags, "\load \a, \b, [x1]"
	row	\flags, "\load \a, \b, [x1, #16]"
	row	\flags, "\load \a, \b, [x8, #-256]"
	row	WRITES|\flags, "\load \a, \b, [x1, #16]!"
	row	WRITES|\flags, "\load \a, \b, [sp], #-16"
	row	STORE|\flags, "\store \c, \d, [x1]"
	row	STORE|\flags, "\store \c, \d, [x8, #-256]"
	row	STORE|WRITES|\flags, "\store \c, \d, [x1, #-16]!"
	row	STORE|WRITES|\flags, "\store \c, \d, [sp], #16"
	.endm

	.macro	structures shape, list, lane, first
	row	0, "ld1 {v3.\shape}, [x1]"
	row	0, "ld1 {v3.\shape, v4.\shape}, [x1]"
	row	WRITES, "ld1 {v30.\shape, v31.\shape, v0.\shape}, [x1], x2"
	row	WRITES, "ld1 {v3.\shape, v4.\shape, v5.\shape, v6.\shape}, [sp], x2"
	row	0, "ld1r {v7.\shape}, [x1]"
	row	WRITES, "ld1r {v7.\shape}, [x1], x3"
	row	STORE, "st1 {v8.\shape}, [x1]"
	row	STORE|WRITES, "st1 {v8.\shape, v9.\shape}, [x1], x3"
	row	STORE, "st1 {v31.\shape, v0.\shape, v1.\shape}, [x1]"
	row	STORE, "st1 {v12.\shape, v13.\shape, v14.\shape, v15.\shape}, [x1]"
	.endm

	.macro	lanes letter, bytes, last
	row	0, "ld1 {v16.\letter}[0], [x1]"
	row	0, "ld1 {v17.\letter}[\last], [x1]"
	row	WRITES, "ld1 {v18.\letter}[1], [x1], #\bytes"
	row	WRITES, "ld1 {v19.\letter}[\last], [sp], x2"
	row	STORE, "st1 {v20.\letter}[\last], [x1]"
	row	STORE|WRITES, "st1 {v21.\letter}[1], [x1], #\bytes"
	row	STORE|WRITES, "st1 {v22.\letter}[0], [x1], x2"
	.endm

	.macro	ordered suffix, load, store
	row	ALIGNED, "ldar\suffix \load, [x1]"
	row	ALIGNED|STORE, "stlr\suffix \store, [x1]"
	row	ALIGNED|NEEDS_LOR, "ldlar\suffix \load, [x1]"
	row	ALIGNED|STORE|NEEDS_LOR, "stllr\suffix \store, [x1]"
	row	ALIGNED|NEEDS_RCPC, "ldapr\suffix \load, [sp]"
	row	ALIGNED|NEEDS_RCPC2, "ldapur\suffix \load, [x1, #-16]"
	row	ALIGNED|STORE|NEEDS_RCPC2, "stlur\suffix \store, [x1, #16]"
	.endm

	.section .rodata.access, "a"
	.balign	8
	.globl	access_rows, access_rows_end
access_rows:
	single	0, ldrb, ldurb, ldtrb, w4, 0
	single	0, ldrsb, ldursb, ldtrsb, w16, 0
	single	0, ldrsb, ldursb, ldtrsb, x4, 0
	single	STORE, strb, sturb, sttrb, w20, 0
	single	0, ldrh, ldurh, ldtrh, w17, 1
	single	0, ldrsh, ldursh, ldtrsh, w4, 1
	single	0, ldrsh, ldursh, ldtrsh, x16, 1
	single	STORE, strh, sturh, sttrh, w21, 1
	single	0, ldr, ldur, ldtr, w0, 2
	single	0, ldrsw, ldursw, ldtrsw, x18, 2
	single	STORE, str, stur, sttr, w22, 2
	single	0, ldr, ldur, ldtr, x19, 3
	single	STORE, str, stur, sttr, x23, 3
	single	0, ldr, ldur, ldtr, xzr, 3
	single	STORE, str, stur, sttr, xzr, 3
	vector	b, 0
	vector	h, 1
	vector	s, 2
	vector	d, 3
	vector	q, 4
	pairs	0, ldp, stp, w4, w16, w20, wzr
	pairs	0, ldp, stp, x4, x17, x21, x22
	pairs	0, ldp, stp, s0, s31, s1, s2
	pairs	0, ldp, stp, d0, d31, d1, d2
	pairs	0, ldp, stp, q0, q31, q1, q2
	row	0, "ldpsw x4, x16, [x1, #8]"
	row	WRITES, "ldpsw x4, xzr, [x1], #-8"
	row	WRITES, "ldpsw x18, x19, [sp, #8]!"
	row	0, "ldp x4, x17, [x1, #8]"
	row	0, "ldnp w4, w16, [x1, #16]"
	row	0, "ldnp x4, x16, [sp]"
	row	0, "ldnp q4, q5, [x1, #-16]"
	row	STORE, "stnp w20, w21, [x1]"
	row	STORE|0, "stnp x20, x21, [x1]"
	row	STORE, "stnp d20, d21, [x1, #16]"
	structures 8b
	structures 16b
	structures 4h
	structures 8h
	structures 2s
	structures 4s
	structures 1d
	structures 2d
	row	WRITES, "ld1 {v4.16b, v5.16b}, [x1], #32"
	row	STORE|WRITES, "st1 {v4.8b, v5.8b, v6.8b}, [sp], #24"
	lanes	b, 1, 15
	lanes	h, 2, 7
	lanes	s, 4, 3
	lanes	d, 8, 1
	ordered	b, w4, w20
	ordered	h, w4, w20
	ordered	, w4, w20
	ordered	, x4, x20
	row	ALIGNED|NEEDS_RCPC2, "ldapursb w4, [x1, #1]"
	row	ALIGNED|NEEDS_RCPC2, "ldapursb x4, [x1]"
	row	ALIGNED|NEEDS_RCPC2, "ldapursh w4, [x1, #2]"
	row	ALIGNED|NEEDS_RCPC2, "ldapursh x4, [x1]"
	row	ALIGNED|NEEDS_RCPC2, "ldapursw x4, [x1, #-4]"
	row	LITERAL, "ldr w4, . + 4096"
	row	LITERAL, "ldr x4, . + 4096"
	row	LITERAL, "ldrsw x4, . + 4096"
	row	LITERAL, "ldr s4, . + 4096"
	row	LITERAL, "ldr d4, . + 4096"
	row	LITERAL, "ldr q4, . + 4096"
	row	LITERAL, "prfm pldl1keep, . + 4096"
	row	0, "prfm pldl1keep, [x1]"
	row	0, "prfum pstl1strm, [x1, #-1]"
	row	0, "prfm plil2keep, [x1, x2]"
	row	NEEDS_DPB, "dc cvap, x1"
	row	0, "dc cvac, x1"
	row	0, "dc civac, x1"
access_rows_end:

	.balign	8
	.globl	pair_rows, pair_rows_end
pair_rows:
	row	0, "ldp x4, x17, [x1]"
	row	WRITES, "ldp x4, x17, [sp], #16"
	row	WRITES, "ldp x4, x17, [x8, #-256]!"
	row	0, "ldnp d4, d5, [x1]"
	row	WRITES, "ldp d4, d5, [x1], #-16"
	row	ALIGNED, "ldr q4, [x9, #4080]"
	row	WRITES, "ld1 {v4.2d}, [x1], x2"
	row	WRITES, "ld1 {v4.1d, v5.1d}, [x1], #16"
	row	STORE, "stp x20, x21, [x1]"
	row	STORE|WRITES, "stp x20, x21, [sp], #-16"
	row	STORE|WRITES, "stp x20, x21, [x8, #-256]!"
	row	STORE|WRITES, "stp d4, d5, [x1], #16"
	row	STORE, "stnp d4, d5, [sp]"
	row	ALIGNED|STORE|WRITES, "str q4, [x1], #16"
	row	STORE|WRITES, "st1 {v4.1d, v5.1d}, [x1], x3"
pair_rows_end:

	.balign	8
	.globl	refused_rows, refused_rows_end
refused_rows:
	row	0, "ldxr w4, [x1]"
	row	0, "ldxr x4, [x1]"
	row	0, "ldaxrb w4, [x1]"
	row	0, "ldxrh w4, [sp]"
	row	0, "ldxp x4, x16, [x1]"
	row	0, "ldaxp w4, w16, [x1]"
	row	NEEDS_LSE, "ldadd w2, w4, [x1]"
	row	NEEDS_LSE, "ldclral x2, x4, [x1]"
	row	NEEDS_LSE, "ldumaxb w2, w4, [sp]"
	row	NEEDS_LSE, "ldsmin x2, x4, [x1]"
	row	NEEDS_LSE, "stset x2, [x1]"
	row	NEEDS_LSE, "swpah w2, w4, [x1]"
	row	NEEDS_LSE, "swpal x2, x4, [x1]"
	row	NEEDS_LSE, "cas x2, x4, [x1]"
	row	NEEDS_LSE, "casalb w2, w4, [x1]"
	row	NEEDS_LSE, "caspa x2, x3, x4, x5, [x1]"
	row	NEEDS_LS64, ".inst 0xf83fd024" /* ld64b x4, [x1] */
	row	NEEDS_LS64, ".inst 0xf83f9024" /* st64b x4, [x1] */
refused_rows_end:
