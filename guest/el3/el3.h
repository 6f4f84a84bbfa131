/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Firmware at EL3 for tests (tests/qemu/firmware): QEMU's virt with secure=on runs it as its -bios,
 * on all CPUs, from address 0 in flash; its data is in the secure memory.
 *
 * It starts the image at EL3_IMAGE on the first CPU, with EL3_DTB in x0, at non-secure EL2. It has
 * PSCI 1.1, SMCCC 1.4, needs every workaround, knows who the machine is, gives random bits that
 * aren't, and has a few SiP functions that say what came. Every call changes x4-x17, where they are
 * no results: what a caller's caller keeps then is not the firmware's doing. (SMCCC 1.1 would want
 * them kept: but for the SiP functions they are.)
 *
 * | SiP function, by bits 3:0, of both widths | does | | -----------------------------------------
 * | -------------------------------------------------- | | 0 ECHO | x0-x16 = x1-x17, x17 = x0 | | 1
 * STATS                                   | x0 = SiP functions called before, but this one;    | |
 * | x1-x3 = calls of WORKAROUND_1, 2, 3                | | 2 WRITE | 8 bytes at the physical
 * address x1 = x2; x0 = 0,   | |                                           | x1 stays | | 3 REPORT
 * | x0 = x0, x1 = x7, x2 = MPIDR_EL1, x3 = x1          |
 */
#ifndef GUEST_EL3_EL3_H
#define GUEST_EL3_EL3_H

/* Where tests/qemu/firmware puts them. */
#define EL3_IMAGE        0x40200000
#define EL3_DTB          0x4a000000

#define EL3_CPUS         8
#define EL3_STACK        4096

#define EL3_SOC_VERSION  0x06410123
#define EL3_SOC_REVISION 7
/* What the SiP functions leave in registers that are no results, more the register's number. */
#define EL3_JUNK         0xe13e13e100000000
#define EL3_RANDOM       0x0123456789abcdef

#define SIP_ECHO         0
#define SIP_STATS        1
#define SIP_WRITE        2
#define SIP_REPORT       3

#endif
