/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/cmo.h"
#include "hyp/vm/vm.h"

enum exit_result cmo_handle_abort(struct vcpu *vcpu, uint64_t esr, ipa_t ipa, bool device)
{
	enum status status;

	(void)esr;
	if (device || !stage2_region_find(&vcpu->vm->stage2, ipa))
		return EXIT_SKIP;
	status = stage2_fault_in(&vcpu->vm->stage2, ipa);
	return status == OK || status == ERR_BUSY ? EXIT_RESUME : EXIT_SKIP;
}

enum exit_result cmo_set_way(struct vcpu *vcpu)
{
	vcpu_log(vcpu, "cache maintenance by set and way is skipped: use DC CIVAC by address");
	return EXIT_SKIP;
}
