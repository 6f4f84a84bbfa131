/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/dispatch.h"
#include "hyp/smccc/call_table.h"
#include "hyp/smccc/firmware.h"
#include "hyp/smccc/monitor.h"
#include "hyp/smccc/psci.h"
#include "hyp/vm/inject.h"

_Static_assert(NR_PSCI_CALLS == PSCI_FUNCTIONS, "a counter for each function");

#define COUNTED_ARCH    CALL_ARCH
#define COUNTED_PSCI    NR_CALL_CLASSES
#define COUNTED_SDEI    CALL_SDEI
#define COUNTED_TRNG    CALL_TRNG
#define COUNTED_PV_TIME CALL_PV_TIME
#define COUNTED_VENDOR  CALL_VENDOR

const struct smccc_call smccc_calls[] = {
#define CALL(service, number, name, widths, since, handler, text)                    \
	{ SMCCC_BASE_##service + (number), widths, handler, SMCCC_SERVICE_##service, \
		COUNTED_##service },
#include "hyp/smccc/calls.def"
};
const unsigned nr_smccc_calls = ARRAY_SIZE(smccc_calls);

static const struct smccc_call *find(uint32_t function)
{
	unsigned width = function & SMCCC_64 ? W64 : W32;

	for (unsigned i = 0; i < ARRAY_SIZE(smccc_calls); i++) {
		if (smccc_calls[i].function == (function & ~(uint32_t)SMCCC_64) &&
			(smccc_calls[i].widths & width))
			return &smccc_calls[i];
	}
	return NULL;
}

bool smccc_offers(uint32_t function)
{
	return find(function) != NULL;
}

bool smccc_offered_to(const struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	const struct call_table *table = vcpu->call_tables[conduit];

	return !smccc_too_wide(vcpu, function) && smccc_offers(function) &&
		(!table || call_table_find(table, function)->action == CALL_HANDLE);
}

enum exit_result smccc_not_supported(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vcpu->calls[CALL_REFUSED]++;
	return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
}

/* Lintel's own, which was not in the table's index. */
static enum exit_result handle(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	const struct smccc_call *call = find(function);

	if (!call)
		return smccc_not_supported(vcpu, conduit, function);
	if (call->service == SMCCC_SERVICE_PSCI)
		vcpu->psci_calls[function % PSCI_FUNCTIONS]++;
	else
		vcpu->calls[call->counted]++;
	return call->handler(vcpu, conduit, function);
}

static enum exit_result perform(struct vcpu *vcpu, enum conduit conduit, const struct call_row *row,
	uint16_t immediate, uint32_t function)
{
	switch (row->action) {
	case CALL_HANDLE:
		return handle(vcpu, conduit, function);
	case CALL_UNDEFINED:
		vcpu->calls[CALL_REFUSED]++;
		return inject_undefined(vcpu);
	case CALL_TO_FIRMWARE:
		return firmware_forward(vcpu, conduit, row->rule, function);
	case CALL_TO_MONITOR:
		vcpu->calls[CALL_MONITOR]++;
		return monitor_forward(vcpu, conduit, row->rule, immediate);
	case CALL_REFLECT:
		/* A guest without one must not make the same call for ever. */
		if (vcpu->el2)
			return EXIT_REFLECT;
		return smccc_not_supported(vcpu, conduit, function);
	default:
		return smccc_not_supported(vcpu, conduit, function);
	}
}

__noinline enum exit_result smccc_handle(
	struct vcpu *vcpu, enum conduit conduit, uint16_t immediate)
{
	const struct call_table *table = vcpu->call_tables[conduit];
	uint32_t function = (uint32_t)vcpu->regs.x[0];
	struct call_row row;

	if (immediate == 0) {
		if (smccc_too_wide(vcpu, function))
			return smccc_not_supported(vcpu, conduit, function);
		if (function & SMCCC_FAST)
			function &= ~SMCCC_HINT;
	}
	if (table)
		row = *call_table_find(table, CALL_KEY(immediate, function));
	else
		row.action = immediate == 0 ? CALL_HANDLE : CALL_DENY;
	return perform(vcpu, conduit, &row, immediate, function);
}

/* All that isn't handled the short way. Its arguments are where those of the short way are. */
static __noinline enum exit_result the_long_way(
	struct vcpu *vcpu, uint64_t esr, enum conduit conduit)
{
	return smccc_handle(vcpu, conduit, (uint16_t)esr);
}

/*
 * The short way: a function that is handled, with immediate 0, from AArch64. The bit of the hint
 * may be dropped from any identifier here: the index has fast calls only.
 */
static __always_inline enum exit_result call(struct vcpu *vcpu, uint64_t esr, enum conduit conduit)
{
	const struct call_table *table = vcpu->call_tables[conduit];
	uint32_t function = (uint32_t)vcpu->regs.x[0] & ~SMCCC_HINT;
	const struct call_entry *entry = &table->index[call_index_of(function)];
	uint64_t what = entry->function_and_counter;
	smccc_service handler = entry->handler;

	if (unlikely((uint16_t)esr != 0 || (uint32_t)what != function))
		return the_long_way(vcpu, esr, conduit);
	++*(uint64_t *)((uintptr_t)vcpu + (what >> 32));
	return handler(vcpu, conduit, function);
}

enum exit_result smccc_smc(struct vcpu *vcpu, uint64_t esr)
{
	return call(vcpu, esr, SMCCC_SMC);
}

enum exit_result smccc_hvc(struct vcpu *vcpu, uint64_t esr)
{
	return call(vcpu, esr, SMCCC_HVC);
}

enum exit_result smccc_smc32(struct vcpu *vcpu, uint64_t esr)
{
	return the_long_way(vcpu, esr, SMCCC_SMC);
}

enum exit_result smccc_hvc32(struct vcpu *vcpu, uint64_t esr)
{
	return the_long_way(vcpu, esr, SMCCC_HVC);
}
