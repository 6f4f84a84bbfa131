/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/vmid.h"

#include "hyp/arch/lock.h"
#include "hyp/arch/tlb.h"
#include "hyp/base/bitmap.h"

#define ID_AA64MMFR1_VMIDBITS    GENMASK(7, 4)
#define ID_AA64MMFR1_VMIDBITS_16 2

#define VTTBR_VMID               GENMASK(63, 48)

static struct {
	struct spinlock lock;
	unsigned count; /* VMIDs there are, VMID_NONE included */
	unsigned next;  /* where to look first: a number given back rests for as long as possible */
	uint64_t used[BITMAP_WORDS(VMID_MAX)];
} vmids;

void vmid_init(unsigned bits)
{
	for (unsigned i = 0; i < ARRAY_SIZE(vmids.used); i++)
		vmids.used[i] = 0;
	vmids.count = bits == 16 ? VMID_MAX : MIN(VMID_MAX, 1U << 8);
	vmids.next = VMID_NONE + 1;
	bitmap_set(vmids.used, VMID_NONE);
}

unsigned vmid_bits(uint64_t id_aa64mmfr1)
{
	return FIELD_GET(ID_AA64MMFR1_VMIDBITS, id_aa64mmfr1) == ID_AA64MMFR1_VMIDBITS_16 ? 16 : 8;
}

enum status vmid_alloc(uint16_t *vmid)
{
	enum status status = ERR_NO_MEMORY;
	unsigned found;

	spin_lock(&vmids.lock);
	found = bitmap_find_clear(vmids.used, vmids.count, vmids.next);
	if (found >= vmids.count)
		found = bitmap_find_clear(vmids.used, vmids.count, 0);
	if (found < vmids.count) {
		bitmap_set(vmids.used, found);
		vmids.next = found + 1;
		*vmid = (uint16_t)found;
		status = OK;
	}
	spin_unlock(&vmids.lock);
	return status;
}

void vmid_free(uint16_t vmid)
{
	if (vmid == VMID_NONE || vmid >= vmids.count)
		return;
	/* No table goes with it: nothing is walked while it is loaded, only dropped. */
	tlb_flush_vmid(FIELD_PREP(VTTBR_VMID, vmid));
	spin_lock(&vmids.lock);
	bitmap_clear(vmids.used, vmid);
	spin_unlock(&vmids.lock);
}
