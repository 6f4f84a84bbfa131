/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/guest_walk.h"
#include "hyp/arch/at.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/nested/nested.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/inject32.h"
#include "hyp/vm/vm.h"

struct regime guest_regime(const struct vcpu *vcpu)
{
	const struct nested *nested = nested_of(vcpu);

	/* At EL0 directly under vEL2 the CPU's are vEL1's, with stage 1 off (hyp/nested/el0.c). */
	if (nested && !nested->inner && !nested->el0)
		return nested_el2_regime(nested);
	return (struct regime){
		.kind = REGIME_EL10,
		.pa_bits = vcpu->vm->stage2.ipa_bits,
		.granules = regime_granules(read_sysreg(ID_AA64MMFR0_EL1)),
		.features = regime_features(read_sysreg(ID_AA64MMFR0_EL1),
			read_sysreg(ID_AA64MMFR1_EL1), read_sysreg(ID_AA64MMFR2_EL1)),
		.ttbr0 = read_sysreg(TTBR0_EL1),
		.ttbr1 = read_sysreg(TTBR1_EL1),
		.tcr = read_sysreg(TCR_EL1),
		.sctlr = read_sysreg(SCTLR_EL1),
		.mair = read_sysreg(MAIR_EL1),
		.hcr = vcpu->hcr,
	};
}

bool guest_at_el0(const struct vcpu *vcpu)
{
	return (vcpu->regs.pstate & PSTATE_MODE_MASK) == 0; /* EL0t, or usr */
}

/* The fields of PAR_EL1 with F = 1. */
#define PAR_FST GENMASK(6, 1)

/*
 * Tables of AArch32 aren't walked: the CPU is asked. Where even that goes wrong in stage 2 the
 * tables are in memory that never had anything in it, or in none.
 */
static enum status walk_aarch32(uint64_t va, bool user, struct s1_result *result)
{
	uint64_t read = at_s1(user ? AT_S1E0R : AT_S1E1R, va), write;

	*result = (struct s1_result){ .page_shift = PAGE_SHIFT, .span = PAGE_SIZE };
	if (read & PAR_F) {
		result->fst = (uint8_t)FIELD_GET(PAR_FST, read);
		return ERR_FAULT;
	}
	result->ipa = IPA((read & PAR_PA) | (va & (PAGE_SIZE - 1)));
	result->attr = (uint8_t)FIELD_GET(PAR_ATTR, read);
	write = at_s1(user ? AT_S1E0W : AT_S1E1W, va);
	if (write & PAR_F)
		result->level = FIELD_GET(PAR_FST, write) & FST_LEVEL;
	result->priv = MEM_R | (write & PAR_F ? 0 : MEM_W);
	result->user = user ? result->priv : 0;
	return OK;
}

static enum status walk(
	struct vcpu *vcpu, uint64_t va, bool fetch, bool user, struct s1_result *result)
{
	struct regime regime = guest_regime(vcpu);
	struct walk_memory memory = walk_memory_of(&vcpu->vm->stage2);

	if (vcpu->aarch32)
		return walk_aarch32((uint32_t)va, user, result);
	return walk_s1(&regime, &memory, GVA(va), fetch, user, result);
}

enum status guest_walk(struct vcpu *vcpu, uint64_t va, bool fetch, struct s1_result *result)
{
	return walk(vcpu, va, fetch, guest_at_el0(vcpu), result);
}

enum status guest_walk_data(struct vcpu *vcpu, uint64_t va, bool user, struct s1_result *result)
{
	return walk(vcpu, va, false, user, result);
}

bool guest_walk_failed(struct vcpu *vcpu, enum status status, const struct s1_result *result,
	uint64_t esr, uint64_t va, enum exit_result *answer)
{
	if (status == ERR_BUSY)
		*answer = EXIT_RESUME;
	else if (status != ERR_FAULT)
		*answer = inject_external_abort(vcpu, esr, va);
	else if ((result->fst & ~FSC_LEVEL_MASK) == FST_WALK_SEA)
		*answer =
			inject_external_abort_on_walk(vcpu, esr, va, result->fst & FSC_LEVEL_MASK);
	else
		return false;
	return true;
}

/* Where the descriptors of a walk are. */
struct table_reads {
	struct walk_memory memory;
	uint64_t page;
	bool absent;
	unsigned reads;
	unsigned last; /* which of them was the last one in the page; 0: none */
};

static enum status read_descriptor(void *context, ipa_t ipa, uint64_t *value)
{
	struct table_reads *tables = context;

	tables->reads++;
	if (ALIGN_DOWN(ipa.ipa, PAGE_SIZE) != tables->page)
		return tables->memory.read(tables->memory.context, ipa, value);
	tables->last = tables->reads;
	if (tables->absent)
		return ERR_FAULT;
	return tables->memory.read(tables->memory.context, ipa, value);
}

static void sync_descriptor(void *context, ipa_t ipa)
{
	const struct table_reads *tables = context;

	tables->memory.sync(tables->memory.context, ipa);
}

/* Short descriptors: 2^12 of the first level, each for a MiB, or the first part of them with
 * TTBCR.N. */
#define SHORT_INDEX(va) ((va) >> 20 << 2)
#define SHORT_BASE(n)   GENMASK(31, 14 - (n))
#define TTBCR_N         GENMASK(2, 0)

/* With short descriptors: of the first level, or else of the second. Long ones aren't looked at. */
static enum status level_aarch32(uint32_t va, uint64_t page, unsigned *level)
{
	uint64_t ttbcr = read_sysreg(TCR_EL1), n = FIELD_GET(TTBCR_N, ttbcr), first;

	if (ttbcr & TTBCR_EAE)
		return ERR_NOT_SUPPORTED;
	if (n != 0 && va >> (32 - n) != 0)
		first = (read_sysreg(TTBR1_EL1) & SHORT_BASE(0)) + SHORT_INDEX((uint64_t)va);
	else
		first = (read_sysreg(TTBR0_EL1) & SHORT_BASE(n)) + SHORT_INDEX((uint64_t)va);
	*level = ALIGN_DOWN(first, PAGE_SIZE) == ALIGN_DOWN(page, PAGE_SIZE) ? 1 : 2;
	return OK;
}

enum status guest_walk_level(
	struct vcpu *vcpu, uint64_t va, bool fetch, ipa_t page, bool absent, unsigned *level)
{
	struct regime regime = guest_regime(vcpu);
	struct table_reads tables = { .memory = walk_memory_of(&vcpu->vm->stage2),
		.page = ALIGN_DOWN(page.ipa, PAGE_SIZE),
		.absent = absent };
	struct walk_memory memory = {
		.read = read_descriptor, .sync = sync_descriptor, .context = &tables
	};
	struct s1_result result;
	enum status status;

	if (vcpu->aarch32)
		return level_aarch32((uint32_t)va, page.ipa, level);
	/* The hardware went there, so it may be beyond what the VM's memory map has. */
	regime.pa_bits = STAGE2_IPA_BITS_MAX;
	status = walk_s1(&regime, &memory, GVA(va), fetch, guest_at_el0(vcpu), &result);
	if (status == ERR_FAULT && (result.fst & ~3U) == FST_WALK_SEA) {
		*level = result.fst & 3;
		return OK;
	}
	if (status != OK)
		return status;
	if (tables.last == 0)
		return ERR_FAULT;
	*level = result.level - (tables.reads - tables.last);
	return OK;
}

bool guest_big_endian(const struct vcpu *vcpu)
{
	if (vcpu->regs.pstate & PSTATE_NRW)
		return vcpu->regs.pstate & PSTATE_AA32_E;
	return read_sysreg(SCTLR_EL1) & (guest_at_el0(vcpu) ? SCTLR_EL1_E0E : SCTLR_EL1_EE);
}

enum status guest_fetch(struct vcpu *vcpu, uint32_t *instruction)
{
	struct regime regime = guest_regime(vcpu);

	return walk_s1_fetch(
		&regime, &vcpu->vm->stage2, GVA(vcpu->regs.pc), guest_at_el0(vcpu), instruction);
}
