/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/firmware.h"
#include "drivers/psci/smccc_client.h"
#include "hyp/arch/smc.h"
#include "hyp/vm/vm.h"
#include "mm/stage2.h"

/* Registers of a call (DEN0028 2.6, 2.7): bit n is xn. */
#define ARGUMENTS_32   GENMASK(7, 1)
#define RESULTS_32     GENMASK(7, 0)
#define ARGUMENTS_64   GENMASK(17, 1)
#define RESULTS_64     GENMASK(17, 0)
/* The same before SMCCC 1.2, of both widths. */
#define ARGUMENTS_OLD  GENMASK(7, 1)
#define RESULTS_OLD    GENMASK(3, 0)
/* DEN0028 2.11 */
#define CLIENT_REG     7
#define CLIENT_ID      GENMASK(15, 0)
/* PSCI and SDEI have each 32 functions, side by side. */
#define POWER_AND_SDEI 0x40

static bool is_wide(uint32_t function)
{
	return function & SMCCC_64;
}

/* Calls whose state Lintel keeps, and those that could be interrupted, are never passed on. */
static bool may_be_sent(uint32_t function)
{
	uint32_t narrow = function & ~(uint32_t)(SMCCC_64 | SMCCC_HINT);

	return smccc_client_version() != 0 && (function & SMCCC_FAST) &&
		!(function & SMCCC_RESERVED) &&
		FIELD_GET(SMCCC_OWNER, function) != SMCCC_OWNER_ARCH &&
		narrow - SMCCC_BASE_PSCI >= POWER_AND_SDEI;
}

static uint64_t arguments_of(uint32_t function)
{
	if (smccc_client_version() < SMCCC_CLIENT_1_2)
		return ARGUMENTS_OLD;
	return is_wide(function) ? ARGUMENTS_64 : ARGUMENTS_32;
}

static uint64_t results_of(uint32_t function)
{
	if (smccc_client_version() < SMCCC_CLIENT_1_2)
		return RESULTS_OLD;
	return is_wide(function) ? RESULTS_64 : RESULTS_32;
}

/* What is in a register of the call. */
static uint64_t value_of(uint64_t x, uint32_t function)
{
	return is_wide(function) ? x : (uint32_t)x;
}

/*
 * *value, an IPA, becomes a PA. ERR_BUSY: the memory is being given; ERR_FAULT, ERR_RANGE: none
 * that the firmware may be let at.
 */
static enum status translate(struct stage2 *s2, uint64_t size, uint32_t function, uint64_t *value)
{
	struct stage2_page page;
	ipa_t ipa = { *value };

	if (size == 0 || size > PAGE_SIZE || ipa.ipa % PAGE_SIZE > PAGE_SIZE - size ||
		ipa.ipa >= BIT(s2->ipa_bits))
		return ERR_RANGE;
	if (!stage2_lookup(s2, ipa, &page)) {
		enum status status = stage2_fault_in(s2, ipa);

		return status == OK || status == ERR_BUSY ? ERR_BUSY : ERR_FAULT;
	}
	if (page.type != MEM_NORMAL || !(page.prot & MEM_W) || page_owner(page.pa) != s2->owner)
		return ERR_FAULT;
	*value = page.pa.pa;
	return value_of(*value, function) == *value ? OK : ERR_RANGE;
}

/* The registers that are sent. Changes nothing of the guest's. */
static enum status gather(
	struct vcpu *vcpu, const struct call_rule *rule, uint32_t function, struct smc_regs *regs)
{
	/* An address that the client's number is written into would be another one. */
	uint64_t passed =
		rule->arguments & arguments_of(function) & ~(rule->addresses & BIT(CLIENT_REG));

	regs->x[0] = function & ~SMCCC_HINT;
	for (unsigned n = 1; n < ARRAY_SIZE(regs->x); n++) {
		enum status status;

		if (!(passed & BIT(n)))
			continue;
		regs->x[n] = value_of(vcpu->regs.x[n], function);
		if (!(rule->addresses & BIT(n)))
			continue;
		status = translate(&vcpu->vm->stage2, rule->address_size, function, &regs->x[n]);
		if (status == OK)
			continue;
		if (status != ERR_BUSY)
			vcpu_log(vcpu,
				"call 0x%x to the firmware: x%u is 0x%lx, and there are no %lu "
				"bytes within one page of its own memory that it may write",
				function, n, (unsigned long)vcpu->regs.x[n],
				(unsigned long)rule->address_size);
		return status;
	}
	regs->x[CLIENT_REG] &= ~CLIENT_ID;
	regs->x[CLIENT_REG] |= vcpu->vm->number;
	return OK;
}

static void take_results(struct vcpu *vcpu, const struct call_rule *rule, uint32_t function,
	const struct smc_regs *regs)
{
	uint64_t taken = rule->results & results_of(function);

	for (unsigned n = 0; n < ARRAY_SIZE(regs->x); n++) {
		if (taken & BIT(n))
			vcpu->regs.x[n] = value_of(regs->x[n], function);
	}
}

enum exit_result firmware_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint32_t function)
{
	struct smc_regs regs = { 0 };
	enum status status;

	if (!may_be_sent(function))
		return smccc_not_supported(vcpu, conduit, function);
	status = gather(vcpu, rule, function, &regs);
	if (status == ERR_BUSY)
		return EXIT_REPEAT;
	if (status != OK) {
		vcpu->calls[CALL_REFUSED]++;
		return smccc_return(vcpu, conduit, SMCCC_INVALID_PARAMETER);
	}
	vcpu->calls[CALL_FIRMWARE]++;
	smc_call(&regs);
	take_results(vcpu, rule, function, &regs);
	return smccc_return(vcpu, conduit, vcpu->regs.x[0]);
}
