/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/setway.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/cache.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/vm.h"
#include "mm/phys.h"

/* One step: about 70,000 instructions with lines of 64 bytes. */
#define STEP_BYTES   MIB(1)
#define STEP_LOOKUPS 256

/*
 * How far each vCPU's flush is. Only looked at while its HCR_EL2.TVM is set, which a reset clears.
 */
#define FLUSHED      (~UINT64_C(0))
static uint64_t positions[MAX_VMS][MAX_VCPUS];

static uint64_t *position_of(const struct vcpu *vcpu)
{
	return &positions[vcpu->vm->id][vcpu->id];
}

/* The first region that reaches beyond `ipa`, NULL if none does. */
static const struct stage2_region *region_from(const struct stage2 *s2, uint64_t ipa)
{
	for (unsigned i = 0; i < s2->region_count; i++) {
		if (s2->regions[i].ipa.ipa + s2->regions[i].size > ipa)
			return &s2->regions[i];
	}
	return NULL;
}

/*
 * Cleans and invalidates what is mapped from *position on; it moves forward, and is FLUSHED at the
 * end.
 */
static void flush_step(struct stage2 *s2, uint64_t *position)
{
	uint64_t left = STEP_BYTES;

	for (unsigned i = 0; i < STEP_LOOKUPS && left != 0; i++) {
		const struct stage2_region *region = region_from(s2, *position);
		struct stage2_page page;
		uint64_t size;

		if (!region) {
			*position = FLUSHED;
			return;
		}
		*position = MAX(*position, region->ipa.ipa);
		if (!stage2_lookup(s2, IPA(*position), &page)) {
			/* RAM is given by whole windows of that size, or up to the region's end. */
			*position = ALIGN_DOWN(*position, BLOCK_SIZE) + BLOCK_SIZE;
			continue;
		}
		size = MIN(page.left, region->ipa.ipa + region->size - *position);
		if (page.type == MEM_NORMAL) {
			size = MIN(size, left);
			cache_clean_invalidate(pa_to_ptr(page.pa), size);
			left -= size;
		}
		*position += size;
	}
}

static void set_tvm(struct vcpu *vcpu, bool on)
{
	vcpu->hcr = on ? vcpu->hcr | HCR_EL2_TVM : vcpu->hcr & ~HCR_EL2_TVM;
	/* A virtual SError that the guest has taken must not become pending again. */
	vcpu->hcr &= ~HCR_EL2_VSE | read_sysreg(HCR_EL2);
	write_sysreg(vcpu->hcr, HCR_EL2);
}

static enum exit_result go_on(struct vcpu *vcpu)
{
	uint64_t *position = position_of(vcpu);

	if (*position != FLUSHED)
		flush_step(&vcpu->vm->stage2, position);
	return *position == FLUSHED ? EXIT_SKIP : EXIT_RESCHEDULE;
}

enum exit_result setway_handle(struct vcpu *vcpu)
{
	if (cpu_features.fwb)
		return EXIT_SKIP;
	if (!(vcpu->hcr & HCR_EL2_TVM)) {
		*position_of(vcpu) = 0;
		set_tvm(vcpu, true);
	}
	return go_on(vcpu);
}

static bool caches_on(uint64_t sctlr)
{
	return (sctlr & (SCTLR_EL1_M | SCTLR_EL1_C)) == (SCTLR_EL1_M | SCTLR_EL1_C);
}

static void write_register(unsigned encoding, uint64_t value)
{
	switch (encoding) {
#define WRITE_VM(name)                     \
	case SYS_##name:                   \
		write_sysreg(value, name); \
		break;
#define WRITE_NEVER(name)
#define WRITE_UNDEF(name)
#define WRITE_ID(name)
#define WRITE_RAZWI(name)
#define WRITE_DEBUG(name)
#define WRITE_SGI(name)
#define WRITE_ICC(name)
#define WRITE_SETWAY(name)
#define WRITE_CMO(name)
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) WRITE_##trap(name)
#include "hyp/arch/sysreg.def"
#undef SYSREG
	default:
		break;
	}
}

enum exit_result setway_write_vm_register(struct vcpu *vcpu, unsigned encoding, uint64_t value)
{
	enum exit_result result;

	if (encoding != SYS_SCTLR_EL1) {
		write_register(encoding, value);
		/* It has gone on with its caches on: the next set/way is another time. */
		if (*position_of(vcpu) == FLUSHED && caches_on(read_sysreg(SCTLR_EL1)))
			set_tvm(vcpu, false);
		return EXIT_SKIP;
	}
	/* Executed again while the flush goes on: it is what it is to be by then. */
	if (caches_on(read_sysreg(SCTLR_EL1)) != caches_on(value))
		*position_of(vcpu) = 0;
	write_register(encoding, value);
	isb();
	result = go_on(vcpu);
	if (result == EXIT_SKIP && caches_on(value))
		set_tvm(vcpu, false);
	return result;
}
