/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest at EL1 would see of an SMC (hyp/smccc/smc_trap.c), with its stage 1 off and no stage 2: Lintel's own text.
 *
 *   smc_probe           SMC #0 with whatever is in x0; if it goes past that, HVC #1
 *   smc_probe_vectors   for VBAR_EL1: HVC #2 at each
 */
	.section .text.smc_probe, "ax"
	.balign	0x800
	.globl	smc_probe_vectors, smc_probe
	.type	smc_probe_vectors, %object
smc_probe_vectors:
	.rept	16
	.balign	0x80
	hvc	#2
	b	.
	.endr
	.size	smc_probe_vectors, . - smc_probe_vectors
	.type	smc_probe, %function
smc_probe:
	smc	#0
	hvc	#1
	b	.
	.size	smc_probe, . - smc_probe
