/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/place.h"
#include "hyp/vm/vm.h"

static struct placed memory(struct stage2 *s2, ipa_t ipa, uint64_t prot, bool stores_ignored)
{
	struct stage2_page page;
	bool mapped = stage2_lookup(s2, ipa, &page);

	if (prot & MEM_W)
		return (struct placed){ .place = mapped ? PLACE_RAM : PLACE_RAM_LAZY,
			.prot = prot };
	return (struct placed){ .place = mapped ? PLACE_ROM : PLACE_ROM_LAZY,
		.prot = prot,
		.stores_ignored = stores_ignored };
}

struct placed place_find(struct vcpu *vcpu, ipa_t ipa)
{
	struct stage2 *s2 = &vcpu->vm->stage2;
	const struct stage2_region *region = stage2_region_find(s2, ipa);
	const struct stage2_share *share = stage2_share_find(s2, ipa);
	struct device_region *device = device_find(vcpu->vm->devices, ipa.ipa, 1);

	if (region)
		return memory(s2, ipa, region->prot, false);
	if (share)
		return memory(s2, ipa, share->prot, share->ignore_stores);
	if (device)
		return (struct placed){ .place = PLACE_DEVICE, .device = device };
	return (struct placed){ .place = ipa.ipa >> s2->ipa_bits ? PLACE_BEYOND : PLACE_NOTHING };
}
