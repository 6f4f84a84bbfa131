/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies from and to a guest's memory by IPA.
 *
 * Every page is looked up in the VM's own stage 2, must be memory (no device), belong to the VM
 * (or, to be read, to an image that it was let into: mm/shared.h) and allow the access. The copy is
 * made with the stage-2 lock held, in pieces, so the page can't go away under it, and survives an
 * external abort. The caller must not hold that lock. What is read is a copy: judge that.
 *
 * RAM that hasn't been touched yet is given first. That takes several steps, each of which is as
 * much as may be done with interrupts masked: guest_read(), guest_write() and guest_read_u64() do
 * one, and return ERR_BUSY. Let the guest execute its instruction again (EXIT_RESUME); it is no
 * mistake of its.
 *
 * ERR_FAULT: some of it is not (or not that way) accessible to the guest; ERR_IO: the memory itself
 * gave an abort; ERR_RANGE: beyond the IPA space. A part of the copy may have been made then.
 */
#ifndef MM_GUEST_MEM_H
#define MM_GUEST_MEM_H

#include "mm/stage2.h"

__must_check enum status guest_read(struct stage2 *s2, ipa_t ipa, void *destination, size_t size);
__must_check enum status guest_write(struct stage2 *s2, ipa_t ipa, const void *source, size_t size);

/* For filling memory before the VM runs: as guest_write() but to ROM too, and never
 * ERR_BUSY. */
__must_check enum status guest_load(struct stage2 *s2, ipa_t ipa, const void *source, size_t size);

/*
 * After guest_load() or guest_write(): makes [ipa, ipa + size) visible to a guest with caches off,
 * and fit to be executed. What isn't mapped is skipped.
 */
void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size);

/* One naturally aligned 64-bit value, read in one piece (a table descriptor). ERR_INVALID if not
 * aligned. Makes a window there for this CPU's next reads (mm/guest_window.h). */
__must_check enum status guest_read_u64(struct stage2 *s2, ipa_t ipa, uint64_t *value);

/* Writes `new` there if `old` is, in one piece, seen by all CPUs; errors as guest_write(), and
 * ERR_EXISTS: something else is there, or comes there all the time. */
__must_check enum status guest_update_u64(struct stage2 *s2, ipa_t ipa, uint64_t old, uint64_t new);

#endif
