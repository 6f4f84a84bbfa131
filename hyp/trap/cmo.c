/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/cmo.h"
#include "hyp/arch/cache.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"
#include "mm/phys.h"

/* A line of ROM, or of shared memory that the VM may only read: DC IVAC needs the right to write.
 */
static enum exit_result clean_line(struct vcpu *vcpu, ipa_t ipa)
{
	struct stage2_page page;

	if (!stage2_lookup(&vcpu->vm->stage2, ipa, &page))
		return EXIT_RESUME; /* gone meanwhile: it faults again, otherwise */
	cache_clean_invalidate(pa_to_ptr(page.pa), 1);
	return EXIT_SKIP;
}

enum exit_result cmo_handle_abort(struct vcpu *vcpu, uint64_t esr, ipa_t ipa, bool device)
{
	struct stage2 *s2 = &vcpu->vm->stage2;
	const struct stage2_region *region = stage2_region_find(s2, ipa);
	enum status status;

	if (ipa.ipa >> s2->ipa_bits)
		return inject_data_abort(
			vcpu, ISS_CM | ISS_WNR | FSC_ADDRESS_SIZE, read_sysreg(FAR_EL2));
	if (device)
		return EXIT_SKIP;
	if ((esr & FSC_TYPE_MASK) == FSC_PERMISSION && !(region && (region->prot & MEM_W)))
		return clean_line(vcpu, ipa);
	if (!region)
		return EXIT_SKIP;
	/* Busy: another vCPU is having it wiped right now. */
	status = stage2_fault_in(s2, ipa);
	return status == OK || status == ERR_BUSY ? EXIT_RESUME : EXIT_SKIP;
}
