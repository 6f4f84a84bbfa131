/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a bundle to VMs that are ready to start.
 */
#ifndef HYP_BUNDLE_BUILD_H
#define HYP_BUNDLE_BUILD_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"

/*
 * Makes every VM of the bundle in [base, base + size) (base a multiple of 4) that its manifest
 * describes well; they appear in vms[], STOPPED, with load_step set. The bundle's memory must stay
 * as it is as long as a VM may be started (again).
 *
 * What is wrong is logged. OK if at least one VM was made, *bad: how many were not; ERR_NOT_FOUND
 * if there is none; ERR_CORRUPT, ERR_EXISTS, ERR_RANGE, ERR_NOT_SUPPORTED: the archive or the
 * manifest as a whole (cpio_open(), manifest_read()).
 */
enum status bundle_build(const void *base, uint64_t size, unsigned *bad) __must_check;

/* Starts every VM that has not `autostart = <0>`; one that won't is logged. Returns how many were
 * started. */
unsigned bundle_start(void);

#endif
