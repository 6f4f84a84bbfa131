/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vendor specific hypervisor service (DEN0028 section 6.2): who Lintel is. UID in x0-x3, revision
 * in x0 (major), x1 (minor). The handlers are in calls.def.
 */
#ifndef HYP_SMCCC_VENDOR_H
#define HYP_SMCCC_VENDOR_H

#include "hyp/smccc/dispatch.h"

#endif
