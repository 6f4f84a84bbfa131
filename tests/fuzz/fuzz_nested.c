/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes become a guest hypervisor: tables of its own in its memory, writes of vEL2's registers,
 * TLBI, AT, ERET, aborts and exceptions of its inner guest, while the VM's own stage 2 changes and
 * its two vCPUs move between two CPUs. After each step: no shadow maps what the VM's own stage 2
 * doesn't map, or with more rights; tables are in one place each, and no more than there are; what
 * a TLB may hold (kept here by a model of one) is what the tables say; who is inner runs on the
 * shadow it holds.
 *
 * links: hyp/nested/nested.c hyp/nested/vel2.c hyp/nested/context.c hyp/nested/take.c
 * hyp/nested/eret.c hyp/nested/el0.c hyp/nested/auth.c hyp/nested/sysreg.c hyp/nested/at.c
 * hyp/nested/at_op.c hyp/nested/at_walk.c hyp/nested/par.c
 * hyp/nested/shadow.c hyp/nested/shadow_fill.c hyp/nested/shadow_table.c hyp/nested/tlbi.c
 * hyp/nested/tlbi_op.c hyp/vm/inject.c hyp/vdev/device.c hyp/arch/features.c
 * hyp/arch/el2_controls.c
 * hyp/arch/sysreg_index.c mm/walk_s1.c mm/walk_s2.c mm/walk_s12.c mm/walk_attr.c mm/walk_guest.c
 * mm/walk_table.c mm/guest_mem.c mm/stage2.c mm/stage2_end.c mm/stage2_regs.c mm/shared.c
 * mm/vmid.c mm/pgtable.c mm/pgtable_desc.c mm/page.c mm/page_init.c mm/page_table.c
 * hyp/base/bitmap.c hyp/base/format.c hyp/base/status.c
 *
 * covers: hyp/nested/shadow.c hyp/nested/shadow_fill.c hyp/nested/shadow_table.c
 * hyp/nested/tlbi.c hyp/nested/tlbi_op.c
 */
#include <stdlib.h>
#include <string.h>

#include "hyp/arch/at.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/nested/context.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/services.h"
#include "hyp/nested/shadow_state.h"
#include "hyp/nested/sysreg.h"
#include "hyp/nested/timer.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/arch/pauth.h"
#include "hyp/vm/inject.h"
#include "mm/guest_mem.h"
#include "mm/page.h"
#include "mm/pgtable_desc.h"
#include "mm/phys.h"
#include "mm/stage2_regs.h"
#include "mm/vmid.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define OPS_MAX  200
#define RAM      UINT64_C(0x80000000)
#define RAM_SIZE MIB(32)
#define VM_RAM   UINT64_C(0x40000000)
#define VM_SIZE  MIB(8)
#define VM_ROM   UINT64_C(0x10000000)
#define DEVICE   UINT64_C(0x09000000)
#define VCPUS    2
#define IPA_BITS 40
#define MANY     20 /* L2 blocks, and pages of L2's, in a row */

/* --- the input --- */

static struct {
	const uint8_t *data;
	size_t left;
} input;

static uint64_t take(unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && input.left != 0; i++, input.left--)
		value |= (uint64_t)*input.data++ << (8 * i);
	return value;
}

/* --- the rooms beside --- */

uint64_t forward_hcr(const struct nested *nested)
{
	return nested->base_hcr | (VNCR_REG(nested, HCR_EL2) & (HCR_EL2_TSC | HCR_EL2_DC));
}

uint64_t forward_cptr(const struct nested *nested)
{
	return nested->base_cptr;
}

uint64_t forward_hcrx(const struct nested *nested)
{
	(void)nested;
	return 0;
}

bool forward_always(const struct nested *nested)
{
	(void)nested;
	return false;
}

uint64_t forward_mdcr(const struct nested *nested)
{
	(void)nested;
	return 0;
}

void forward_enter(struct nested *nested)
{
	MUST(nested->inner);
}

void forward_leave(struct nested *nested)
{
	(void)nested;
}

enum status nested_gic_create(struct vm *vm)
{
	(void)vm;
	return OK;
}

void nested_gic_destroy(struct vm *vm)
{
	(void)vm;
}

void nested_gic_reset(struct nested *nested)
{
	(void)nested;
}

void nested_gic_enter(struct nested *nested)
{
	(void)nested;
}

void nested_gic_detach(struct nested *nested)
{
	(void)nested;
}

void nested_gic_attach(struct nested *nested)
{
	(void)nested;
}

void nested_gic_leave(struct nested *nested)
{
	(void)nested;
}

static bool signals;

bool nested_gic_signals(struct nested *nested)
{
	(void)nested;
	return signals;
}

bool nested_gic_read(struct nested *nested, unsigned encoding, uint64_t *value)
{
	(void)nested;
	(void)encoding;
	*value = 0;
	return true;
}

bool nested_gic_write(struct nested *nested, unsigned encoding, uint64_t value)
{
	(void)nested;
	(void)encoding;
	(void)value;
	return true;
}

bool vgic_has_pending(struct vcpu *vcpu)
{
	(void)vcpu;
	return signals;
}

enum status nested_timer_create(struct vm *vm)
{
	(void)vm;
	return OK;
}

void nested_timer_destroy(struct vm *vm)
{
	(void)vm;
}

void nested_timer_reset(struct nested *nested)
{
	(void)nested;
}

void nested_timer_enter(struct nested *nested)
{
	(void)nested;
}

void nested_timer_leave(struct nested *nested)
{
	(void)nested;
}

void nested_timer_load(struct nested *nested)
{
	(void)nested;
}

void nested_timer_put(struct nested *nested)
{
	(void)nested;
}

bool nested_timer_read(struct nested *nested, unsigned encoding, uint64_t *value)
{
	return nested_gic_read(nested, encoding, value);
}

bool nested_timer_write(struct nested *nested, unsigned encoding, uint64_t value)
{
	return nested_gic_write(nested, encoding, value);
}

const struct vcpu_el2_ops nested_el2_ops;

void nested_power_down(struct vcpu *of)
{
	(void)of;
}

enum status nested_services_create(struct vm *of)
{
	(void)of;
	return OK;
}

uint64_t fake_pacga(uint64_t pointer, uint64_t modifier, struct pauth_key key)
{
	return (pointer * 3 + modifier + key.lo) & GENMASK(63, 32);
}

/* --- the VM --- */

static struct vm vm;
static struct vcpu vcpus[VCPUS], *vcpu;
static struct nested *nested;
static const struct device_ops device_ops;
static struct shadows *set;
static enum exit_result (*const tables_of[NR_NESTED_EXITS][1])(struct vcpu *, uint64_t);

static void give(uint64_t ipa)
{
	enum status status;

	do {
		status = stage2_fault_in(&vm.stage2, IPA(ipa));
	} while (status == ERR_BUSY);
	MUST(status == OK);
}

static void make_memory(void)
{
	struct page_range ram = { RAM, RAM_SIZE, 0 };

	MUST(page_init(&ram, 1, NULL, 0) == OK);
	stage2_init(48, 16);
	if (take(1) & 1)
		stage2_force_write_back();
	memset(&vm, 0, sizeof(vm));
	MUST(stage2_create(&vm.stage2, OWNER_FIRST_VM, IPA_BITS, 0) == OK);
	MUST(stage2_add_ram(&vm.stage2, IPA(VM_RAM), VM_SIZE, MEM_RWX) == OK);
	MUST(stage2_add_ram(&vm.stage2, IPA(VM_ROM), MIB(2), MEM_RX) == OK);
	give(VM_RAM);
	give(VM_ROM);
}

static void set_cpu(void)
{
	fake_reg(ID_AA64MMFR0_EL1) = 0x00001125 | UINT64_C(0x222) << 32 | 1 << 20;
	fake_reg(ID_AA64MMFR1_EL1) = 0x10000002;
	fake_reg(ID_AA64ISAR0_EL1) = UINT64_C(2) << 56;
	fake_reg(ID_AA64ISAR1_EL1) = BIT(56);
	fake_reg(MIDR_EL1) = 0x410fd0f0;
}

/* Is the VM there? Its creation fails, and leaves nothing, when VMIDs are used up. */
static bool make_vm(bool vhe, bool scarce)
{
	uint16_t vmids[VMID_MAX];
	unsigned taken = 0;
	enum status status;

	for (unsigned i = 0; i < VCPUS; i++) {
		vcpus[i] = (struct vcpu){ .vm = &vm, .id = i, .cpu = &cpus[i] };
		vm.vcpus[i] = &vcpus[i];
	}
	vm.nr_vcpus = VCPUS;
	vm.ram_size = VM_SIZE;
	vm.policy.virtual_el2 = vhe ? VIRTUAL_EL2_VHE : VIRTUAL_EL2_NON_VHE;
	MUST(device_table_create(&vm, 1) == OK);
	MUST(device_add(&vm, DEVICE, PAGE_SIZE, &vm, &device_ops, WIDTHS_ALL) == OK);
	MUST(device_table_seal(&vm) == OK);
	while (scarce && vmid_alloc(&vmids[taken]) == OK)
		taken++;
	if (taken)
		vmid_free(vmids[--taken]);
	status = nested_create(&vm);
	while (taken)
		vmid_free(vmids[--taken]);
	MUST((status == OK) != scarce);
	MUST((vm.stage2.watcher != NULL) == (status == OK));
	return status == OK;
}

static void reset_vcpu(struct vcpu *of)
{
	memset(&of->regs, 0, sizeof(of->regs));
	of->regs.pc = VM_RAM;
	of->regs.pstate = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_EL1H;
	of->hcr = guest_hcr();
	of->cptr = guest_cptr();
	of->mdcr = guest_mdcr();
	of->vtcr = vm.stage2.vtcr;
	of->vttbr = vm.stage2.vttbr;
	nested_part.vcpu_reset(of);
}

static void switch_to(unsigned id, unsigned cpu)
{
	if (vcpu)
		nested_put(nested);
	fake_cpu_switch(cpu);
	vcpu = &vcpus[id];
	nested = nested_of(vcpu);
	fake_reg(VTTBR_EL2) = vcpu->vttbr;
	fake_reg(HCR_EL2) = vcpu->hcr;
	if (vm.last_vcpu[cpu] != id + 1)
		vm.last_vcpu[cpu] = (uint8_t)(id + 1);
	nested_load(nested);
}

/* --- a TLB --- */

#define TLB_MAX 128

static struct tlb_entry {
	uint16_t vmid;
	uint64_t ipa, span, desc;
} tlb[TLB_MAX];
static unsigned tlb_count, tlb_seen; /* entries; operations of fake_ops that were looked at */

static void forget(uint16_t vmid, bool all, uint64_t ipa)
{
	for (unsigned i = 0; i < tlb_count;)
		if (tlb[i].vmid == vmid && (all || ipa - tlb[i].ipa < tlb[i].span))
			tlb[i] = tlb[--tlb_count];
		else
			i++;
}

static void follow_operations(void)
{
	MUST(fake_op_count <= FAKE_OPS_MAX);
	for (; tlb_seen < fake_op_count; tlb_seen++) {
		const struct fake_op *op = &fake_ops[tlb_seen];
		uint16_t vmid = (uint16_t)FIELD_GET(VTTBR_VMID, op->extra);

		if (op->kind == FAKE_TLB_VMID)
			forget(vmid, true, 0);
		else if (op->kind == FAKE_TLB_IPA)
			forget(vmid, false, op->address);
		MUST(op->kind != FAKE_TLB_VMID || vmid != VMID_NONE);
	}
	fake_op_count = tlb_seen = 0;
}

/* What hardware finds for an IPA under a shadow. */
static uint64_t hardware(const struct shadow *shadow, uint64_t ipa, uint64_t *base, uint64_t *span)
{
	struct pgtable table = vm.stage2.table;
	struct pgtable_leaf leaf;

	if (shadow->on)
		table.root = ptr_to_pa(shadow->root.entries);
	pgtable_walk(&table, ipa, &leaf);
	*base = leaf.base;
	*span = leaf.size;
	return leaf.valid ? leaf.desc : 0;
}

static void check_tlb(void)
{
	for (unsigned i = 0; i < tlb_count; i++) {
		bool found = false;

		for (unsigned n = 0; n < set->count; n++) {
			const struct shadow *shadow = &set->slots[n];
			uint64_t base, span;

			if (shadow->vmid != tlb[i].vmid)
				continue;
			found = true;
			MUST(shadow->used);
			MUST(hardware(shadow, tlb[i].ipa, &base, &span) == tlb[i].desc);
		}
		MUST(found);
	}
}

/* --- what must be --- */

static unsigned check_table(const struct shadow *shadow, const struct shadow_table *table);

static void check_leaf(const struct shadow_table *table, unsigned i, uint64_t desc)
{
	uint64_t origin = table->origins[i], span = desc_span(table->level);
	uint64_t prot = desc_prot(vm.stage2.table.kind, desc);
	struct stage2_page page;

	MUST(table->level >= 1 && desc_is_leaf(desc, table->level));
	MUST(origin >= table->low && origin + span <= table->high);
	MUST(stage2_lookup_locked(&vm.stage2, IPA(origin), &page));
	MUST(page.left >= span && IS_ALIGNED(origin, span));
	MUST(page.pa.pa == (desc & DESC_ADDRESS));
	MUST(page_range_owned(page.pa, span, vm.stage2.owner));
	if (FIELD_GET(GENMASK(54, 53), desc) != 2)
		prot |= MEM_X;
	MUST((prot & ~page.prot) == 0);
	MUST(desc_type(vm.stage2.table.kind, desc) >= page.type);
}

/* How many tables there are below it. */
static unsigned check_table(const struct shadow *shadow, const struct shadow_table *table)
{
	unsigned below = 0;

	MUST(table->shadow == shadow);
	for (unsigned i = 0; i < table->count; i++) {
		uint64_t desc = table->entries[i];

		if (desc_is_table(desc, table->level)) {
			uint64_t offset = (desc & DESC_ADDRESS) - ptr_to_pa(set->pool).pa;
			const struct shadow_table *next;

			MUST(offset % (2 * PAGE_SIZE) == 0);
			MUST(offset / (2 * PAGE_SIZE) < set->table_count);
			next = &set->tables[offset / (2 * PAGE_SIZE)];
			MUST(next->level == table->level + 1);
			below += 1 + check_table(shadow, next);
		} else if (desc != 0) {
			check_leaf(table, i, desc);
		}
	}
	return below;
}

static unsigned length(const struct list *head)
{
	unsigned n = 0;

	list_for_each (item, head)
		MUST(n++ < set->table_count);
	return n;
}

static void check_shadows(void)
{
	unsigned tables = length(&set->free), holders = 0;

	MUST(tables == set->free_count);
	MUST(!spin_is_locked(&set->lock) && !spin_is_locked(&vm.stage2.lock));
	for (unsigned i = 0; i < set->count; i++) {
		const struct shadow *shadow = &set->slots[i];
		unsigned own = length(&shadow->tables);

		MUST(shadow->vmid != VMID_NONE && shadow->vmid != vm.stage2.vmid);
		MUST(!shadow->flush);
		MUST(check_table(shadow, &shadow->root) == own);
		MUST((shadow->used && shadow->on) || own == 0);
		MUST(!shadow->used || FIELD_GET(VTTBR_VMID, shadow->vttbr) == shadow->vmid);
		for (unsigned n = 0; n < i; n++)
			MUST(set->slots[n].vmid != shadow->vmid);
		tables += own;
		holders += shadow->holders;
	}
	MUST(tables == set->table_count);
	for (unsigned i = 0; i < VCPUS; i++)
		holders -= set->held[i] != NULL;
	MUST(holders == 0);
}

static void check_contexts(void)
{
	for (unsigned i = 0; i < VCPUS; i++) {
		const struct nested *of = nested_of(&vcpus[i]);
		uint64_t pstate = vcpus[i].regs.pstate, mode = pstate & PSTATE_MODE_MASK;

		MUST(of->inner == (of->shadow != NULL));
		MUST(!of->inner || of->shadow == set->held[i]);
		MUST(vcpus[i].vttbr == (of->inner ? of->shadow->vttbr : vm.stage2.vttbr));
		MUST(vcpus[i].vtcr == vm.stage2.vtcr);
		MUST(!(vcpus[i].hcr & HCR_EL2_NV) == of->inner);
		MUST(!(vcpus[i].hcr & HCR_EL2_TGE) == !of->el0);
		MUST(vcpus[i].exit_table ==
			nested_exit_table[of->inner ? NESTED_EXITS_INNER
					: of->el0   ? NESTED_EXITS_EL0
						    : NESTED_EXITS_HYP]);
		MUST(pstate & PSTATE_NRW ? mode == 0
					 : mode == PSTATE_EL0T || mode == PSTATE_EL1T ||
					mode == PSTATE_EL1H);
	}
	MUST(fake_reg(VTTBR_EL2) == vcpu->vttbr);
}

/* All tables are looked through now and then only: that takes the most time. */
static void check(bool all)
{
	follow_operations();
	if (all)
		check_shadows();
	check_contexts();
	check_tlb();
}

/* --- what L1 writes --- */

/* A few IPAs of L2's, close and far. */
static uint64_t take_ipa(void)
{
	static const uint64_t bases[] = { 0, GIB(1), MIB(2), GIB(5), BIT(39), BIT(40) - MIB(2),
		VM_RAM, BIT(41) };
	unsigned how = (unsigned)take(2);

	return bases[how & 7] + (uint64_t)(how >> 3 & 7) * PAGE_SIZE +
		(uint64_t)(how >> 6 & 3) * MIB(2) + (uint64_t)(how >> 8 & 1) * MIB(1) +
		(uint64_t)(how >> 9 & 3) * KIB(64) + (uint64_t)(how >> 11 & 3) * GIB(1);
}

/* And of what it maps. */
static uint64_t take_output(void)
{
	static const uint64_t bases[] = { VM_RAM, VM_RAM, VM_RAM + MIB(2), VM_RAM + MIB(4), VM_ROM,
		DEVICE, 0, GIB(3) };
	unsigned how = (unsigned)take(1);

	return bases[how & 7] + (uint64_t)(how >> 3 & 15) * PAGE_SIZE +
		(uint64_t)(how >> 7) * MIB(1);
}

/* Its tables: 16 pages at the beginning of its memory. */
static void write_descriptor(uint64_t ipa, uint64_t desc)
{
	enum status status = guest_write(&vm.stage2, IPA(ipa), &desc, sizeof(desc));

	(void)status;
}

static void change_table(void)
{
	unsigned how = (unsigned)take(1);
	uint64_t at = VM_RAM + (how & 15) * PAGE_SIZE, ipa = take_ipa(), desc;
	unsigned shift = 12 + 9 * (how >> 4 & 3);

	switch (how >> 6) {
	case 0: /* a table */
		desc = (VM_RAM + (take(1) & 15) * PAGE_SIZE) | 3;
		break;
	case 1: /* a page or block with rights of all kinds */
		desc = take_output() | BIT(10);
		desc |= (take(2) & 0x3ff) << 2;
		desc |= (take(1) & 7) << 51;
		desc |= shift == 12 ? 3 : 1;
		if (shift > 12)
			desc &= ~(GENMASK(shift - 1, 12));
		break;
	case 2: /* what is usual */
		desc = take_output() | 0x7ff;
		break;
	default:
		desc = take(8);
		break;
	}
	write_descriptor(at + (ipa >> shift & 511) * 8, desc);
}

/* Tables that lead somewhere: a walk of three levels to a leaf. */
static void map_something(void)
{
	uint64_t ipa = take_ipa(), root = VM_RAM + (take(1) & 3) * 4 * PAGE_SIZE;
	unsigned how = (unsigned)take(1);

	write_descriptor(root + (ipa >> 30 & 1023) * 8, (root + 2 * PAGE_SIZE) | 3);
	if (how & 1) {
		uint64_t desc = ALIGN_DOWN(take_output(), MIB(2)) | 0x7fd;

		for (unsigned i = 0; i < (how & 4 ? MANY : 1); i++)
			write_descriptor(root + 2 * PAGE_SIZE + ((ipa >> 21) + i & 511) * 8, desc);
		return;
	}
	write_descriptor(root + 2 * PAGE_SIZE + (ipa >> 21 & 511) * 8, (root + 3 * PAGE_SIZE) | 3);
	write_descriptor(root + 3 * PAGE_SIZE + (ipa >> 12 & 511) * 8,
		take_output() | (how & 2 ? 0x77f : 0x7ff));
}

static void write_controls(void)
{
	static const uint64_t bits[] = { HCR_EL2_VM, HCR_EL2_DC, HCR_EL2_FWB, HCR_EL2_CD,
		HCR_EL2_TGE, HCR_EL2_TSC, HCR_EL2_IMO, HCR_EL2_VM };
	unsigned how = (unsigned)take(1);

	/* In the page: NV2 lets L1 write it unseen, while it runs. */
	if (nested->inner)
		return;
	switch (how & 3) {
	case 0:
		VNCR_REG(nested, HCR_EL2) ^= bits[how >> 3 & 7];
		break;
	case 1:
		VNCR_REG(nested, VTTBR_EL2) = (VM_RAM + (how >> 2 & 3) * 4 * PAGE_SIZE) |
			FIELD_PREP(VTTBR_VMID, how >> 4 & 7) | (how >> 7);
		break;
	case 2:
		/* 40 bits, from level 1 on; or whatever */
		VNCR_REG(nested, VTCR_EL2) = how & 4 ? take(4) : 24 | 1 << 6 | VTCR_VS | 2 << 16;
		break;
	default:
		VNCR_REG(nested, VTTBR_EL2) = take(8);
		break;
	}
}

/* --- what traps --- */

static void finish(enum exit_result result)
{
	if (result == EXIT_SKIP)
		vcpu->regs.pc += 4;
	else if (result == EXIT_INJECT && vcpu->take)
		vcpu->take(vcpu);
	else if (result == EXIT_INJECT)
		inject_now(vcpu);
	else
		MUST(result == EXIT_RESUME);
}

static enum exit_result otherwise(struct vcpu *of, uint64_t esr)
{
	(void)esr;
	return inject_undefined(of);
}

static uint64_t sys_esr(unsigned encoding, unsigned rt, bool read)
{
	return ESR_MAKE(EC_SYSREG,
		FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(encoding)) |
			FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(encoding)) |
			FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(encoding)) |
			FIELD_PREP(ISS_SYS_CRM, SYSREG_CRM(encoding)) |
			FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(encoding)) | FIELD_PREP(ISS_SYS_RT, rt) |
			(read ? ISS_SYS_READ : 0));
}

static void access_register(void)
{
	static const unsigned registers[] = { SYS_SCTLR_EL2, SYS_TCR_EL2, SYS_TTBR0_EL2,
		SYS_TTBR1_EL2, SYS_MAIR_EL2, SYS_VBAR_EL2, SYS_CPTR_EL2, SYS_MDCR_EL2,
		SYS_CNTHCTL_EL2, SYS_HPFAR_EL2, SYS_AMAIR_EL2, SYS_CONTEXTIDR_EL2 };
	unsigned how = (unsigned)take(1), n = how % 16;
	unsigned encoding = n < ARRAY_SIZE(registers) ? registers[n] : (unsigned)take(2) | 2U << 14;

	vcpu->regs.x[1] = take(8);
	if (!nested->inner && !nested->el0)
		finish(nested_sysreg(vcpu, sys_esr(encoding, 1, how & 0x80)));
}

/* op1 0 or 4; CRn 8 and 9 are TLBI, 7 is AT. */
static void system_instruction(unsigned crn)
{
	unsigned how = (unsigned)take(1);
	unsigned op1 = how & 0x80 ? 4 : 0, crm = how >> 3 & 15, op2 = how & 7;

	if (crn == 7)
		crm = 8 + (crm & 1);
	/* by an address that is there, or of any */
	vcpu->regs.x[1] = take_ipa();
	if (crn != 7) {
		vcpu->regs.x[1] >>= PAGE_SHIFT;
		vcpu->regs.x[1] |= take(1) << 40;
	}
	if (crn != 7 && (take(1) & 3) == 0)
		vcpu->regs.x[1] ^= take(8);
	if (nested->el0)
		return;
	finish(nested_sysreg(vcpu, sys_esr(SYSREG_ENC(1, op1, crn, crm, op2), 1, false)));
}

static void eret(void)
{
	static const uint64_t modes[] = { PSTATE_EL1H, PSTATE_EL1H, PSTATE_EL0T, PSTATE_EL1T,
		PSTATE_EL2H, PSTATE_EL2T, 12, 16 };
	unsigned how = (unsigned)take(1);

	if (nested->inner || nested->el0 || (vcpu->regs.pstate & PSTATE_MODE_MASK) == PSTATE_EL0T)
		return;
	fake_reg(SPSR_EL1) = how & 0x80 ? take(4) : modes[how & 7] | PSTATE_F;
	fake_reg(ELR_EL1) = VM_RAM + how * 4;
	signals = (how & 0x60) == 0x60;
	finish(nested_eret(vcpu, ESR_MAKE(EC_ERET, how >> 3 & 3)));
	signals = false;
}

static void to_hyp(void)
{
	unsigned ec = (unsigned)take(1) & 63;
	uint64_t esr = ESR_MAKE(ec, take(2));

	fake_reg(FAR_EL2) = take(8);
	if (nested->inner || nested->el0)
		nested_reflect(vcpu, esr);
	else
		nested_take_sync(vcpu, esr);
}

/* --- aborts --- */

static uint64_t at_ipa;     /* where stage 1 leads by AT; 1: nowhere */
static bool at_invalidates; /* and meanwhile another vCPU's TLBI comes */

static uint64_t at_hook(uint64_t va)
{
	(void)va;
	if (at_invalidates)
		set->sequence++;
	return at_ipa;
}

static void answer(enum shadow_verdict verdict, uint64_t esr, uint64_t hpfar)
{
	uint64_t far = fake_reg(FAR_EL2);

	switch (verdict) {
	case SHADOW_RESUME:
		break;
	case SHADOW_FAULT:
		nested_take_abort(vcpu, esr, far, hpfar);
		break;
	default:
		finish(inject_external_abort(vcpu, esr, far));
		break;
	}
}

/* The abort is what the CPU would report for an access, or any. */
static void inner_abort(void)
{
	static const uint8_t kinds[] = { FSC_TRANSLATION | 2, FSC_PERMISSION | 3,
		FSC_TRANSLATION | 3, FSC_ACCESS_FLAG | 3, FSC_EXTERNAL, FSC_EXCLUSIVE,
		FSC_TLB_CONFLICT, FSC_EXTERNAL_ON_WALK };
	unsigned how = (unsigned)take(2);
	uint64_t esr = ESR_MAKE(how & 8 ? EC_INSN_ABORT_LOWER : EC_DATA_ABORT_LOWER,
		kinds[how & 7] | (how & 0x10 ? ISS_WNR : 0) | (how & 0x60 ? 0 : ISS_S1PTW) |
			((how & 0x180) == 0 ? ISS_CM : 0) | (how & 0x200 ? ISS_ISV : 0));
	uint64_t ipa = take_ipa(), hpfar = 0;
	ipa_t at = IPA(0);

	if (!nested->inner)
		return;
	fake_reg(FAR_EL2) = ipa;
	fake_reg(HPFAR_EL2) = ipa >> 12 << 4;
	at_ipa = how & 0x400 && how & 0x800 ? 1 : ipa & PAR_PA;
	at_invalidates = (how >> 12) == 15;
	answer(shadow_abort(nested, &esr, &hpfar, &at), esr, hpfar);
}

/* The inner guest touches an address again and again until it is there, as it would. */
static void touch(uint64_t ipa)
{
	uint64_t base, span, desc = 0;

	if (!nested->inner || ipa >> IPA_BITS)
		return;
	for (unsigned i = 0; i < 8; i++) {
		uint64_t esr = ESR_MAKE(EC_DATA_ABORT_LOWER, FSC_TRANSLATION | ISS_ISV), hpfar = 0;
		enum shadow_verdict verdict;
		ipa_t at;

		desc = hardware(nested->shadow, ipa, &base, &span);
		if (desc)
			break;
		fake_reg(FAR_EL2) = ipa;
		fake_reg(HPFAR_EL2) = ipa >> 12 << 4;
		verdict = shadow_abort(nested, &esr, &hpfar, &at);
		if (verdict == SHADOW_PLAIN && stage2_fault_in(&vm.stage2, IPA(ipa)) <= OK)
			continue;
		if (verdict != SHADOW_RESUME)
			return;
	}
	follow_operations();
	if (desc && tlb_count < TLB_MAX)
		tlb[tlb_count++] = (struct tlb_entry){ nested->shadow->vmid, base, span, desc };
}

static void touch_many(void)
{
	uint64_t ipa = take_ipa();

	for (unsigned i = 0; i < MANY; i++)
		touch(ipa + i * MIB(2));
}

/* --- and below --- */

static void change_own(void)
{
	unsigned how = (unsigned)take(1);
	uint64_t ipa = take_output() & ~(PAGE_SIZE - 1);
	uint64_t size = how & 8 ? PAGE_SIZE : how & 16 ? KIB(64) : MIB(2);
	enum status status = OK;

	/* L1's own tables stay where they are. */
	if (ipa - VM_RAM < 16 * PAGE_SIZE)
		ipa += 16 * PAGE_SIZE;
	if (ipa - VM_RAM >= VM_SIZE - MIB(2) && ipa - VM_ROM >= MIB(2))
		return;
	switch (how & 7) {
	case 0:
		status = stage2_unmap(&vm.stage2, IPA(ipa), size);
		break;
	case 1:
	case 2:
		status = stage2_protect(&vm.stage2, IPA(ipa), size, MEM_R);
		break;
	case 3:
		status = stage2_protect(&vm.stage2, IPA(ipa), size, MEM_RWX);
		break;
	case 4:
		spin_lock(&vm.stage2.lock);
		pgtable_join(&vm.stage2.table, ipa);
		spin_unlock(&vm.stage2.lock);
		break;
	default:
		status = stage2_fault_in(&vm.stage2, IPA(ipa));
		break;
	}
	(void)status;
}

static void step(void)
{
	unsigned what = (unsigned)take(1);

	switch (what & 15) {
	case 0:
		change_table();
		break;
	case 1:
		map_something();
		break;
	case 2:
	case 3:
		write_controls();
		break;
	case 4:
		access_register();
		break;
	case 5:
		system_instruction(8 + (what >> 4 & 1));
		break;
	case 6:
		system_instruction(7);
		break;
	case 7:
	case 8:
		eret();
		break;
	case 9:
		to_hyp();
		break;
	case 10:
	case 11:
		inner_abort();
		break;
	case 12:
		touch(take_ipa());
		break;
	case 13:
		touch_many();
		break;
	case 14:
		change_own();
		break;
	default:
		switch_to(what >> 4 & 1, what >> 5 & 1);
		break;
	}
	check((what & 15) == 14 || input.left % 8 == 0);
}

static void end(void)
{
	unsigned steps = 0;

	if (vm.stage2.watcher) {
		nested_part.reset(&vm);
		MUST(set->free_count == set->table_count);
		nested_part.destroy(&vm);
		nested_part.destroy(&vm);
	}
	MUST(!vm.stage2.watcher);
	device_table_destroy(&vm);
	while (!stage2_destroy_step(&vm.stage2))
		MUST(steps++ < 1000);
}

static void start_once(void)
{
	static bool started;

	fake_cpu_reset();
	fake_cpu_count(2);
	if (started)
		return;
	started = true;
	fake_memory_add(RAM, RAM_SIZE);
	nested_sysreg_init(otherwise);
	for (unsigned i = 0; i < NR_NESTED_EXITS; i++)
		nested_exit_table[i] = tables_of[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned how;

	input.data = data;
	input.left = size;
	start_once();
	set_cpu();
	fake_cpu_switch(1);
	set_cpu();
	fake_cpu_switch(0);
	fake_at_hook = at_hook;
	make_memory();
	how = (unsigned)take(1);
	vcpu = NULL;
	tlb_count = tlb_seen = 0;
	if (make_vm(how & 1, (how & 0xf0) == 0xf0)) {
		set = shadows_of(&vm);
		for (unsigned i = 0; i < VCPUS; i++)
			reset_vcpu(&vcpus[i]);
		fake_op_count = 0;
		switch_to(0, 0);
		for (unsigned i = 0; i < OPS_MAX && input.left != 0; i++)
			step();
	}
	end();
	return 0;
}
