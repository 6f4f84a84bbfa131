/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of VTCR_EL2 and VTTBR_EL2 (Arm ARM D19.2), for 4 KiB tables.
 */
#ifndef MM_STAGE2_REGS_H
#define MM_STAGE2_REGS_H

#include "hyp/base/types.h"

#define VTTBR_VMID           GENMASK(63, 48)
#define VTTBR_BADDR          GENMASK(47, 1)
#define VTTBR_CNP            BIT(0)

#define VTCR_T0SZ            GENMASK(5, 0)
#define VTCR_SL0             GENMASK(7, 6) /* 2 minus the start level */
#define VTCR_IRGN0_WB        FIELD_PREP(GENMASK(9, 8), 1)
#define VTCR_ORGN0_WB        FIELD_PREP(GENMASK(11, 10), 1)
#define VTCR_SH0_ISH         FIELD_PREP(GENMASK(13, 12), 3)
#define VTCR_TG0_4K          FIELD_PREP(GENMASK(15, 14), 0)
#define VTCR_PS              GENMASK(18, 16)
#define VTCR_VS              BIT(19) /* 16-bit VMIDs */
#define VTCR_RES1            BIT(31)

#define ID_AA64MMFR0_PARANGE GENMASK(3, 0)

/* PARange, TCR.IPS, TCR_EL2.PS and VTCR_EL2.PS for that many bits of physical address (32, 36, 40,
 * 42, 44, 48). */
unsigned pa_bits_field(unsigned pa_bits);

#endif
