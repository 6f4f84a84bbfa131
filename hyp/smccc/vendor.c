/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/vendor.h"
#include "drivers/rtc/rtc.h"
#include "drivers/timer/timer.h"
#include "hyp/vm/vm.h"

/* Words of a UUID as SMCCC passes it, and of the bits for functions 0 to 127. */
#define WORDS     4
#define WORD_BITS 32

/* 6b7e2d0a-3c51-4f29-9e8d-4c696e74656c ("Lintel" at the end) */
static const uint32_t lintel_uid[WORDS] = { 0x0a2d7e6b, 0x294f513c, 0x694c8d9e, 0x6c65746e };
/* 28b46fb6-2ec5-11e9-a9ca-4b564d003a74 */
static const uint32_t kvm_uid[WORDS] = { 0xb66fb428, 0xe911c52e, 0x564bcaa9, 0x743a004d };

#define REVISION_MAJOR 0
#define REVISION_MINOR 1

static bool is_kvm(const struct vcpu *vcpu)
{
	return vcpu->vm->policy.kvm_ptp;
}

static enum exit_result return_words(
	struct vcpu *vcpu, enum conduit conduit, const uint32_t words[WORDS])
{
	for (unsigned i = 1; i < WORDS; i++)
		vcpu->regs.x[i] = words[i];
	return smccc_return(vcpu, conduit, words[0]);
}

enum exit_result vendor_uid(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return return_words(vcpu, conduit, is_kvm(vcpu) ? kvm_uid : lintel_uid);
}

enum exit_result vendor_revision(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	if (is_kvm(vcpu))
		return smccc_not_supported(vcpu, conduit, function);
	vcpu->regs.x[1] = REVISION_MINOR;
	return smccc_return(vcpu, conduit, REVISION_MAJOR);
}

/* Of Lintel's functions all that the VM may call by this conduit, but for the one that is KVM's. */
static bool shows(const struct vcpu *vcpu, enum conduit conduit, const struct smccc_call *call)
{
	uint32_t function = call->function;

	if (is_kvm(vcpu) ? function > VENDOR_FN_PTP : function == VENDOR_FN_PTP)
		return false;
	return ((call->widths & W32) && smccc_offered_to(vcpu, conduit, function)) ||
		((call->widths & W64) &&
			smccc_offered_to(vcpu, conduit, function | (uint32_t)SMCCC_64));
}

/* By the rows that there are: asking for each of 128 numbers would take 92,000 instructions. */
enum exit_result vendor_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint32_t words[WORDS] = { 0 };

	(void)function;
	for (unsigned i = 0; i < nr_smccc_calls; i++) {
		const struct smccc_call *call = &smccc_calls[i];
		uint32_t number = call->function - SMCCC_BASE_VENDOR;

		if (call->service == SMCCC_SERVICE_VENDOR && number < WORDS * WORD_BITS &&
			shows(vcpu, conduit, call))
			words[number / WORD_BITS] |= (uint32_t)BIT(number % WORD_BITS);
	}
	return return_words(vcpu, conduit, words);
}

enum exit_result vendor_ptp(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint32_t which = (uint32_t)vcpu->regs.x[1];
	uint64_t counter, ns;

	if (!is_kvm(vcpu) || which > PTP_COUNTER_PHYSICAL)
		return smccc_not_supported(vcpu, conduit, function);
	counter = timer_now();
	ns = rtc_ns_at(counter);
	if (which == PTP_COUNTER_VIRTUAL)
		counter -= vcpu->vm->cntvoff;
	return return_words(vcpu, conduit,
		(uint32_t[WORDS]){ (uint32_t)(ns >> 32), (uint32_t)ns, (uint32_t)(counter >> 32),
			(uint32_t)counter });
}
