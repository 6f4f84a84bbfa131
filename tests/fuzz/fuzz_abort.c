/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes become a guest (its tables, its code, its VM's policies) and a sequence of stage-2 aborts
 * and trapped cache maintenance: some as a CPU would report them, others with whatever syndrome,
 * FAR and HPFAR the input has. After each, what may be: results, exceptions, registers, memory,
 * devices.
 *
 * links: hyp/trap/triage.c hyp/trap/triage_table.c hyp/trap/triage_retry.c hyp/trap/abort.c
 * hyp/trap/emulate.c hyp/trap/emulate_access.c hyp/trap/emulate_regs.c hyp/trap/cmo.c
 * hyp/trap/place.c hyp/trap/guest_walk.c hyp/nested/vel2.c hyp/arch/sysreg_index.c hyp/arch/insn.c
 * hyp/arch/insn_address.c mm/walk_s1.c mm/walk_table.c mm/guest_mem.c hyp/vdev/device.c
 * hyp/vm/inject.c hyp/arch/features.c
 */
#include <stdlib.h>
#include <string.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/insn.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/triage.h"
#include "hyp/trap/triage_table.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"
#include "mm/regime.h"
#include "mm/walk_s1.h"
#include "tests/unit/fake/cpu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define OPS_MAX  24
#define IPA_BITS 36

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

/* --- the guest's memory: pages here and there, each mapped or not yet --- */

enum { L1, L2, L3, CODE, DATA, LAZY, RAM_PAGES };
enum { ROM = RAM_PAGES, ROM_LAZY, SHARED, READER, IMAGE, NR_PAGES };

#define RAM_BASE    UINT64_C(0x40000000)
#define ROM_BASE    UINT64_C(0x50000000)
#define SHARED_BASE UINT64_C(0x60000000)
#define READER_BASE UINT64_C(0x61000000)
#define IMAGE_BASE  UINT64_C(0x62000000)
#define DEVICE_BASE UINT64_C(0x09000000)
#define HOLE        UINT64_C(0x0a000000)
#define BEYOND      (UINT64_C(1) << IPA_BITS)

#define RAM_IPA(n)  (RAM_BASE + PAGE_SIZE * (n))

static struct page_state {
	uint64_t ipa, prot;
	bool owned, mapped;
} pages[NR_PAGES];
static uint64_t memory[NR_PAGES][PAGE_SIZE / 8] __aligned(PAGE_SIZE);
static uint64_t pristine[NR_PAGES][PAGE_SIZE / 8];
static uint64_t shadow[NR_PAGES][PAGE_SIZE / 8]; /* what it is to be */
static bool dirty[NR_PAGES];
static unsigned stores; /* of Lintel's, by its one way */
static unsigned busy;   /* so often memory is still being wiped */
static bool taken_away, copy_fails;

static struct vm vm;
static struct vcpu vcpu;
static struct stage2_region regions[2];
static struct stage2_share shares[3];

/* The test's own way. */
static void set_memory(unsigned page, unsigned word, uint64_t value)
{
	memory[page][word] = shadow[page][word] = value;
	dirty[page] = true;
}

static void reset_memory(void)
{
	for (unsigned i = 0; i < NR_PAGES; i++) {
		if (dirty[i]) {
			memcpy(memory[i], pristine[i], PAGE_SIZE);
			memcpy(shadow[i], pristine[i], PAGE_SIZE);
			dirty[i] = false;
		}
		pages[i].mapped = i != LAZY && i != ROM_LAZY;
	}
}

size_t copy_fault_safe(void *destination, const void *source, size_t n)
{
	uintptr_t offset = (uintptr_t)destination - (uintptr_t)memory;

	if (copy_fails)
		return n;
	memcpy(destination, source, n);
	if (offset < sizeof(memory)) {
		MUST(n <= sizeof(memory) - offset);
		memcpy((uint8_t *)shadow + offset, source, n);
		dirty[offset / PAGE_SIZE] = true;
		/* Never to ROM, nor to what other VMs have, too. */
		MUST(offset / PAGE_SIZE < RAM_PAGES && spin_is_locked(&vm.stage2.lock));
		stores++;
	}
	return 0;
}

static struct page_state *page_at(ipa_t ipa)
{
	for (unsigned i = 0; i < NR_PAGES; i++)
		if (ipa.ipa - pages[i].ipa < PAGE_SIZE)
			return &pages[i];
	return NULL;
}

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	MUST(s2 == &vm.stage2);
	for (unsigned i = 0; i < ARRAY_SIZE(regions); i++)
		if (ipa.ipa - regions[i].ipa.ipa < regions[i].size)
			return &regions[i];
	return NULL;
}

const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa)
{
	MUST(s2 == &vm.stage2);
	for (unsigned i = 0; i < ARRAY_SIZE(shares); i++)
		if (ipa.ipa - shares[i].ipa.ipa < shares[i].size)
			return &shares[i];
	return NULL;
}

bool stage2_lookup_locked(const struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	const struct page_state *state = page_at(ipa);

	MUST(spin_is_locked(&s2->lock));
	if (!state || !state->mapped)
		return false;
	*page = (struct stage2_page){
		.pa = PA((uintptr_t)memory[state - pages] + (ipa.ipa & (PAGE_SIZE - 1))),
		.prot = state->prot,
		.type = state->owned || state->prot == MEM_RX ? MEM_NORMAL : MEM_NORMAL_NC,
		.level = 3,
		.left = PAGE_SIZE - (ipa.ipa & (PAGE_SIZE - 1)),
	};
	return true;
}

bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	bool found;

	spin_lock(&s2->lock);
	found = stage2_lookup_locked(s2, ipa, page);
	spin_unlock(&s2->lock);
	return found;
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	struct page_state *state = page_at(ipa);

	MUST(!spin_is_locked(&s2->lock));
	if (!state || !stage2_region_find(s2, ipa))
		return ERR_NOT_FOUND;
	if (state->mapped)
		return OK;
	if (taken_away)
		return ERR_NOT_FOUND;
	if (busy != 0) {
		busy--;
		return ERR_BUSY;
	}
	state->mapped = true;
	return OK;
}

bool page_range_owned(pa_t pa, uint64_t size, owner_t owner)
{
	unsigned page = (unsigned)((pa.pa - (uintptr_t)memory) / PAGE_SIZE);

	MUST(page < NR_PAGES && (pa.pa & (PAGE_SIZE - 1)) + size <= PAGE_SIZE);
	return owner == (pages[page].owned ? vm.stage2.owner : OWNER_FIRST_SHARED);
}

void pgtable_walk(const struct pgtable *table, uint64_t ia, struct pgtable_leaf *leaf)
{
	struct stage2_page page;

	MUST(table == &vm.stage2.table);
	*leaf = (struct pgtable_leaf){ .base = ALIGN_DOWN(ia, PAGE_SIZE), .size = PAGE_SIZE };
	if (!stage2_lookup_locked(&vm.stage2, IPA(ia), &page))
		return;
	leaf->valid = true;
	leaf->pa = page.pa;
	leaf->prot = page.prot;
	leaf->type = page.type;
}

static void make_memory(void)
{
	for (unsigned i = 0; i < RAM_PAGES; i++)
		pages[i] = (struct page_state){ RAM_IPA(i), MEM_RWX, true, true };
	pages[ROM] = (struct page_state){ ROM_BASE, MEM_RX, true, true };
	pages[ROM_LAZY] = (struct page_state){ ROM_BASE + PAGE_SIZE, MEM_RX, true, true };
	pages[SHARED] = (struct page_state){ SHARED_BASE, MEM_RW, false, true };
	pages[READER] = (struct page_state){ READER_BASE, MEM_R, false, true };
	pages[IMAGE] = (struct page_state){ IMAGE_BASE, MEM_RX, false, true };
	regions[0] = (struct stage2_region){
		.ipa = IPA(RAM_BASE), .size = RAM_PAGES * PAGE_SIZE, .prot = MEM_RWX
	};
	regions[1] = (struct stage2_region){
		.ipa = IPA(ROM_BASE), .size = 2 * PAGE_SIZE, .prot = MEM_RX
	};
	for (unsigned i = 0; i < ARRAY_SIZE(shares); i++)
		shares[i] = (struct stage2_share){ .ipa = IPA(pages[SHARED + i].ipa),
			.size = PAGE_SIZE,
			.prot = pages[SHARED + i].prot,
			.owner = OWNER_FIRST_SHARED };
	for (unsigned i = 0; i < NR_PAGES; i++)
		for (unsigned word = 0; word < PAGE_SIZE / 8; word++)
			pristine[i][word] = (uint64_t)i << 56 | word;
	memset(dirty, true, sizeof(dirty));
}

/* --- the guest's tables: 16 pages from VA_BASE on --- */

#define VA_BASE     UINT64_C(0x200000)
#define VA_UPPER    UINT64_C(0xffffff8000000000)
#define VA_PAGES    16
#define VA_CODE     (VA_BASE + PAGE_SIZE * (VA_PAGES - 1))
#define CODE_OFFSET 0x100
#define TCR                                                                             \
	(FIELD_PREP(TCR_T0SZ, 25) | FIELD_PREP(TCR_T1SZ, 25) | FIELD_PREP(TCR_TG1, 2) | \
		FIELD_PREP(TCR_IPS, 5))
#define DESC_TABLE  UINT64_C(3)
#define DESC_PAGE   UINT64_C(0x403)
#define DESC_AF     UINT64_C(0x400)
#define DESC_DEVICE UINT64_C(4) /* AttrIndx 1 */
#define DESC_EL0    UINT64_C(0x40)
#define DESC_RO     UINT64_C(0x80)
#define DESC_XN     (UINT64_C(3) << 53)

static const uint64_t targets[] = { RAM_IPA(DATA), RAM_IPA(LAZY), ROM_BASE, ROM_BASE + PAGE_SIZE,
	SHARED_BASE, READER_BASE, IMAGE_BASE, DEVICE_BASE, DEVICE_BASE + PAGE_SIZE,
	DEVICE_BASE + 2 * PAGE_SIZE, HOLE, BEYOND, RAM_IPA(L3), RAM_IPA(RAM_PAGES), RAM_IPA(CODE),
	DEVICE_BASE - PAGE_SIZE };

static uint64_t leaf_of(uint64_t choice)
{
	uint64_t desc = targets[choice & 15] | DESC_PAGE;

	desc |= choice & 0x10 ? DESC_DEVICE : 0;
	desc |= choice & 0x20 ? DESC_RO : 0;
	desc |= choice & 0x40 ? 0 : DESC_EL0;
	desc |= choice & 0x80 ? DESC_XN : 0;
	return desc;
}

/* Where the last table is, or what else is wrong with the tables. */
static void choose_tables(unsigned how)
{
	static const uint64_t places[] = { RAM_IPA(L3), HOLE, DEVICE_BASE, BEYOND, SHARED_BASE,
		ROM_BASE, ROM_BASE + PAGE_SIZE, RAM_IPA(LAZY) };
	uint64_t l3 = places[how & 7];

	set_memory(L1, 0, RAM_IPA(L2) | DESC_TABLE);
	set_memory(L2, 1, l3 | DESC_TABLE);
	fake_reg(SCTLR_EL1) = SCTLR_EL1_M | SCTLR_C;
	fake_reg(TCR_EL1) = TCR;
	fake_reg(TTBR0_EL1) = fake_reg(TTBR1_EL1) = RAM_IPA(L1);
	switch (how >> 3 & 7) {
	case 1:
		fake_reg(SCTLR_EL1) = 0;
		break;
	case 2:
		fake_reg(TCR_EL1) |= TCR_DS;
		break;
	case 3:
		fake_reg(TTBR0_EL1) = l3;
		break;
	case 4:
		set_memory(L1, 0, l3 | DESC_TABLE);
		break;
	case 5:
		fake_reg(TCR_EL1) |= TCR_HA | TCR_HD;
		break;
	case 6:
		set_memory(L2, 1, 0);
		break;
	default:
		break;
	}
	if (how & 0x40)
		fake_reg(SCTLR_EL1) |= SCTLR_EL1_EE | SCTLR_EL1_E0E;
}

/* --- devices --- */

static struct {
	bool allowed, write;
	unsigned accesses, read_count;
	enum mmio_result result; /* of the access number `when`, MMIO_DONE for others */
	unsigned when;
	enum mmio_result last;
	uint64_t last_ipa;
} dev;

struct fake_device {
	uint64_t first, size;
	unsigned widths;
};

static const struct fake_device devices[] = {
	{ DEVICE_BASE, PAGE_SIZE, WIDTHS_ALL },
	{ DEVICE_BASE + PAGE_SIZE, 0x14, WIDTHS_ALL },
	{ DEVICE_BASE + PAGE_SIZE + 0x14, 4, WIDTHS_ALL },
	{ DEVICE_BASE + PAGE_SIZE + 0x40, 0xfc0, WIDTHS_ALL },
	{ DEVICE_BASE + 2 * PAGE_SIZE, 0xffc, WIDTHS_4_8 },
};

static enum mmio_result accessed(struct vcpu *by, void *device, uint64_t offset, unsigned width)
{
	const struct fake_device *fake = device;

	MUST(by == &vcpu && dev.allowed && !spin_is_locked(&vm.stage2.lock));
	MUST(offset < fake->size && fake->size - offset >= width && (fake->widths & BIT(width)));
	/* Lowest address first, each once; the second page may be anywhere. */
	MUST(dev.accesses == 0 || dev.last == MMIO_DONE || dev.last == MMIO_RAZ_WI);
	dev.last_ipa = fake->first + offset;
	dev.last = dev.accesses == dev.when ? dev.result : MMIO_DONE;
	dev.accesses++;
	return dev.last;
}

static enum mmio_result dev_read(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	MUST(!dev.write);
	*value = UINT64_C(0xa5b6c7d8e9fa8b9c) >> (64 - 8 * width);
	return accessed(by, device, offset, width);
}

static enum mmio_result dev_write(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	MUST(dev.write);
	MUST(width == 8 || value >> (8 * width) == 0);
	return accessed(by, device, offset, width);
}

static const struct device_ops dev_ops = { "fake", dev_read, dev_write };

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *block, size_t size)
{
	(void)size;
	free(block);
}

/* --- what else is asked --- */

static unsigned failures;

void vcpu_log(struct vcpu *by, const char *fmt, ...)
{
	MUST(by == &vcpu && fmt);
}

void vm_fail(struct vcpu *by, const char *fmt, ...)
{
	MUST(by == &vcpu && fmt);
	failures++;
}

const char *exit_class_name(unsigned ec)
{
	MUST(ec < NR_EXIT_CLASSES);
	return "";
}

/* --- once, and for each input --- */

static void start_once(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	fake_cpu_reset();
	make_memory();
	vm.stage2.ipa_bits = IPA_BITS;
	vm.stage2.owner = OWNER_FIRST_VM;
	vm.stage2.vttbr = vcpu.vttbr = 0x1234;
	vm.nr_vcpus = 1;
	vm.vcpus[0] = &vcpu;
	vcpu.vm = &vm;
	MUST(device_table_create(&vm, ARRAY_SIZE(devices)) == OK);
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
		MUST(device_add(&vm, devices[i].first, devices[i].size, (void *)&devices[i],
			     &dev_ops, (uint16_t)devices[i].widths) == OK);
	MUST(device_table_seal(&vm) == OK);
	vcpu.devices = vm.devices;
}

/* Its pointer to the counts is not one that a leak checker knows. */
__attribute__((destructor)) static void end(void)
{
	device_table_destroy(&vm);
}

static void choose_guest(uint64_t how)
{
	static const uint64_t states[] = { PSTATE_EL1H, PSTATE_EL1T, PSTATE_EL0T,
		PSTATE_EL1H | PSTATE_UAO, PSTATE_NRW, PSTATE_EL1H, PSTATE_EL1H,
		PSTATE_NRW | PSTATE_AA32_E };

	vcpu.regs.pstate = states[how & 7];
	vm.policy.ivac_faults = how & 8;
	vm.policy.atomics_abort = how & 0x10;
	vm.policy.absent_cmo_aborts = how & 0x20;
	vm.policy.absent_ignored = how & 0x40;
	vm.policy.trap_cmo = (enum trap_cmo)((how >> 7 & 3) % 3);
	shares[1].ignore_stores = how & 0x200;
	shares[2].ignore_stores = how & 0x400;
	cpu_features.fgt = how & 0x800;
	busy = how >> 12 & 3;
	taken_away = how & 0x4000;
	fake_reg(VBAR_EL1) = how & 0x8000 ? vcpu.regs.pc - 0x200 : 0;
}

/* Its vCPU starts anew, as cmo.c is told. */
static void reset_vcpu(void)
{
	vcpu.hcr = HCR_EL2_VM | HCR_EL2_RW;
	vcpu.on_demand = 0;
	cmo_part.vcpu_reset(&vcpu);
	MUST(!(vcpu.on_demand & ~BIT(PART_CMO)));
	if (vcpu.on_demand != 0) {
		cmo_part.vcpu_load(&vcpu);
		MUST(fake_reg(HFGITR_EL2) != 0);
		cmo_part.vcpu_put(&vcpu);
	}
	MUST(fake_reg(HFGITR_EL2) == 0);
}

static void start(void)
{
	reset_memory();
	memset(&vcpu.regs, 0, sizeof(vcpu.regs));
	for (unsigned i = 0; i < ARRAY_SIZE(vcpu.regs.x); i++)
		vcpu.regs.x[i] = UINT64_C(0x0101010101010101) * i;
	memset(&vcpu.retry, 0, sizeof(vcpu.retry));
	vcpu.inject = (struct injection){ 0 };
	vcpu.regs.pc = VA_CODE + CODE_OFFSET;
	fake_reg(MAIR_EL1) = 0x00ff;
	fake_reg(ID_AA64MMFR0_EL1) = 0x00001125;
	fake_reg(SP_EL0) = fake_reg(SP_EL1) = VA_BASE;
	choose_guest(take(2));
	choose_tables((unsigned)take(1));
	/* Tables may be in ROM. */
	for (unsigned n = 0; n < VA_PAGES; n++) {
		uint64_t leaf = leaf_of(take(1));

		if (n == VA_PAGES - 1)
			leaf = RAM_IPA(CODE) | DESC_PAGE | DESC_RO | (leaf & DESC_EL0);
		set_memory(L3, n, leaf);
		set_memory(ROM, n, leaf);
	}
	reset_vcpu();
}

/* --- what must hold after each --- */

enum op_kind { OP_DATA, OP_FETCH, OP_TRAP };

static struct {
	enum op_kind kind;
	uint64_t esr;
	uint32_t word;
	struct insn insn;
	struct guest_regs regs;
	struct fpsimd_state fp;
	uint64_t sp_el0, sp_el1;
} before;

static void remember(enum op_kind kind, uint64_t esr)
{
	before.kind = kind;
	before.esr = esr;
	memcpy(&before.word, (uint8_t *)memory[CODE] + CODE_OFFSET, sizeof(before.word));
	before.insn = insn_decode(before.word);
	before.regs = vcpu.regs;
	before.fp = fake_fpsimd;
	before.sp_el0 = fake_reg(SP_EL0);
	before.sp_el1 = fake_reg(SP_EL1);
	stores = 0;
	dev.accesses = 0;
	dev.allowed = kind == OP_DATA && (esr & FSC_MASK) < 0x10 && !(esr & (ISS_CM | ISS_S1PTW));
	dev.write = esr & ISS_WNR;
	failures = 0;
	vcpu.inject = (struct injection){ 0 };
}

static bool by_insn(void)
{
	return before.kind == OP_DATA && before.insn.class == INSN_ACCESS;
}

/* General registers that a load, or a base, may change. */
static uint64_t may_change(void)
{
	const struct insn *insn = &before.insn;
	uint64_t mask = 0;

	if (before.kind != OP_DATA)
		return 0;
	if ((before.esr & (ISS_ISV | ISS_WNR)) == ISS_ISV)
		mask |= BIT(FIELD_GET(ISS_SRT, before.esr));
	if (!by_insn())
		return mask;
	if (!insn->write && !insn->simd)
		for (unsigned i = 0; i < insn->count; i++)
			mask |= BIT(insn->reg[i]);
	if (insn->address == INSN_PRE_INDEX || insn->address == INSN_POST_INDEX ||
		insn->address == INSN_POST_REG)
		mask |= BIT(insn->base);
	return mask;
}

static void check_registers(enum exit_result result)
{
	uint64_t mask = result == EXIT_SKIP ? may_change() : 0;
	bool simd = result == EXIT_SKIP && by_insn() && before.insn.simd && !before.insn.write;

	MUST(vcpu.regs.pc == before.regs.pc && vcpu.regs.pstate == before.regs.pstate);
	MUST(vcpu.regs.host_sp == before.regs.host_sp);
	for (unsigned i = 0; mask != 0 && i < ARRAY_SIZE(vcpu.regs.x); i++)
		if (mask & BIT(i))
			before.regs.x[i] = vcpu.regs.x[i];
	MUST(memcmp(vcpu.regs.x, before.regs.x, sizeof(vcpu.regs.x)) == 0);
	if (!(mask & BIT(INSN_SP)))
		MUST(fake_reg(SP_EL0) == before.sp_el0 && fake_reg(SP_EL1) == before.sp_el1);
	if (!simd)
		MUST(memcmp(&fake_fpsimd, &before.fp, sizeof(before.fp)) == 0);
}

/* Only RAM, only by a store that was emulated. */
static void check_memory(enum exit_result result)
{
	/* A device behind it may have refused its part. */
	if (!by_insn() || !before.insn.write || (result != EXIT_SKIP && dev.accesses == 0))
		MUST(stores == 0);
	MUST(!spin_is_locked(&vm.stage2.lock));
	MUST(fake_sysreg_writes(SYS_PAR_EL1) == 0);
}

static void check_devices(enum exit_result result)
{
	if (dev.accesses == 0)
		return;
	switch (dev.last) {
	case MMIO_DONE:
	case MMIO_RAZ_WI:
		MUST(result == EXIT_SKIP);
		break;
	case MMIO_RETRY:
		MUST(result == EXIT_RESCHEDULE);
		break;
	case MMIO_STOP_VM:
		MUST(result == EXIT_STOP_VM);
		break;
	default:
		MUST(result == EXIT_INJECT);
		break;
	}
}

/* Who had the guest go on though nothing was done must have been told to. */
static void check_ignored(enum exit_result result)
{
	bool stores_ignored = shares[1].ignore_stores || shares[2].ignore_stores;

	if (result != EXIT_SKIP || before.kind != OP_DATA || dev.accesses != 0 || stores != 0)
		return;
	if ((before.esr & ISS_CM) || before.insn.class == INSN_MAINTENANCE ||
		before.insn.class == INSN_PREFETCH)
		return;
	MUST(vm.policy.absent_ignored || ((before.esr & ISS_WNR) && stores_ignored));
}

static bool is_atomic(void)
{
	return before.insn.class == INSN_EXCLUSIVE || before.insn.class == INSN_ATOMIC ||
		before.insn.class == INSN_LS64;
}

static void check_data_abort(uint64_t iss)
{
	uint64_t fsc = iss & FSC_MASK;

	MUST((iss & ~(FSC_MASK | ISS_WNR | ISS_CM | ISS_FNV)) == 0);
	switch (fsc) {
	case FSC_EXCLUSIVE:
		MUST((before.esr & FSC_MASK) == FSC_EXCLUSIVE || is_atomic());
		break;
	case FSC_ALIGNMENT:
	case FSC_EXTERNAL:
		break;
	default:
		MUST(fsc < 0x10 || (fsc & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK);
		break;
	}
	if (iss & ISS_CM)
		MUST(before.kind == OP_TRAP || (before.esr & ISS_CM) ||
			before.insn.class == INSN_MAINTENANCE);
	if (iss & ISS_FNV)
		MUST((before.esr & ISS_FNV) && fsc == FSC_EXTERNAL && vcpu.inject.far == 0);
}

/* What EL1 may be told: never what only EL2 is. */
static void check_injected(enum exit_result result)
{
	uint64_t esr = vcpu.inject.esr, iss = esr & ESR_ISS_MASK, fsc = iss & FSC_MASK;

	if (result != EXIT_INJECT)
		return;
	MUST(vcpu.inject.has_far && (esr & ESR_IL) && !(esr & ESR_ISS2_MASK));
	if (before.kind != OP_FETCH) {
		MUST(ESR_GET_EC(esr) == EC_DATA_ABORT_LOWER);
		check_data_abort(iss);
		return;
	}
	MUST(ESR_GET_EC(esr) == EC_INSN_ABORT_LOWER);
	MUST((iss & ~(FSC_MASK | ISS_FNV)) == 0);
	MUST(!(iss & ISS_FNV) || ((before.esr & ISS_FNV) && vcpu.inject.far == 0));
	MUST(fsc == FSC_ADDRESS_SIZE || fsc == FSC_EXTERNAL ||
		(fsc & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK);
}

/* Each abort is counted by its answer. */
static void check_counted(void)
{
	unsigned all = 0;

	for (unsigned i = 0; i < NR_ABORT_ANSWERS; i++) {
		if (vcpu.aborts[i] != 0)
			MUST(*triage_answer_name((enum abort_answer)i));
		all += (unsigned)vcpu.aborts[i];
		vcpu.aborts[i] = 0;
	}
	MUST(all == 1 || (all == 0 && before.kind != OP_FETCH));
}

static void check(enum exit_result result)
{
	check_counted();
	MUST(result == EXIT_RESUME || result == EXIT_SKIP || result == EXIT_INJECT ||
		result == EXIT_RESCHEDULE || result == EXIT_STOP_VM);
	MUST(before.kind != OP_FETCH || result != EXIT_SKIP);
	if (result == EXIT_STOP_VM)
		MUST(failures == 1 || (dev.accesses != 0 && dev.last == MMIO_STOP_VM));
	else
		MUST(failures == 0);
	check_registers(result);
	check_memory(result);
	check_devices(result);
	check_ignored(result);
	check_injected(result);
}

/* --- what happens --- */

static uint64_t take_va(void)
{
	uint64_t where = take(3), va = VA_BASE + PAGE_SIZE * (where & 15) + (where >> 4 & 0xfff);

	/* Near the end of a page, in the upper range, with a tag, or anywhere. */
	if (where & 0x10000)
		va |= 0xff0;
	if (where & 0x20000)
		va |= VA_UPPER;
	if (where & 0x40000)
		va = targets[where & 15] + (where >> 4 & 0xfff); /* with stage 1 off */
	return where & 0x80000 ? take(8) : va;
}

static uint64_t take_esr(unsigned ec)
{
	return ESR_MAKE(ec, take(4));
}

/* The syndrome of a stage-2 fault that is likely: translation or permission, as the rest says. */
static uint64_t likely_esr(bool write)
{
	uint64_t how = take(3), iss = write ? ISS_WNR : 0;

	iss |= (how & 1 ? FSC_PERMISSION : FSC_TRANSLATION) | 3;
	if (how & 2)
		iss |= ISS_ISV | FIELD_PREP(ISS_SAS, how >> 8) | FIELD_PREP(ISS_SRT, how >> 10) |
			(how & 4 ? ISS_SF : 0) | (how & 8 ? ISS_SSE : 0) |
			(how & 0x10 ? ISS_AR : 0);
	if (how & 0x20)
		iss |= ISS_S1PTW;
	if (how & 0x40)
		iss |= ISS_CM | ISS_WNR;
	if (how & 0x80)
		iss = (iss & ~FSC_MASK) | (how >> 16 & 0xf);
	return ESR_MAKE(EC_DATA_ABORT_LOWER, iss);
}

/* HPFAR_EL2 as the hardware would have it, or, for any FAR, one of the places. */
static void set_hpfar(uint64_t va, bool honest)
{
	uint64_t ipa = targets[take(1) & 15];

	if (honest)
		ipa = fake_reg(SCTLR_EL1) & SCTLR_EL1_M
			? memory[L3][va / PAGE_SIZE % VA_PAGES] & GENMASK(47, 12)
			: va & GENMASK(47, 12);
	fake_reg(HPFAR_EL2) = ipa >> PAGE_SHIFT << 4;
}

static enum exit_result abort_data(uint64_t esr, uint64_t far)
{
	fake_reg(FAR_EL2) = far;
	fake_reg(ESR_EL2) = esr;
	remember(OP_DATA, esr);
	return abort_handle_data(&vcpu, esr);
}

/* One of each class and form; the input changes registers and offsets. */
static const uint32_t words[] = {
	0xf9400041, /* ldr x1, [x2] */
	0xf9000041, /* str x1, [x2] */
	0x39400041, /* ldrb w1, [x2] */
	0x79800041, /* ldrsh x1, [x2] */
	0xb8404441, /* ldr w1, [x2], #4 */
	0xf8008c41, /* str x1, [x2, #8]! */
	0xf8636841, /* ldr x1, [x2, x3] */
	0xa9400c41, /* ldp x1, x3, [x2] */
	0xa9810c41, /* stp x1, x3, [x2, #16]! */
	0x69400c41, /* ldpsw x1, x3, [x2] */
	0xf8400841, /* ldtr x1, [x2] */
	0xf8000841, /* sttr x1, [x2] */
	0xc8dffc41, /* ldar x1, [x2] */
	0xc89ffc41, /* stlr x1, [x2] */
	0x3dc00041, /* ldr q1, [x2] */
	0x3d800041, /* str q1, [x2] */
	0xad400c41, /* ldp q1, q3, [x2] */
	0xad000c41, /* stp q1, q3, [x2] */
	0x4cdf7c41, /* ld1 {v1.2d}, [x2], #16 */
	0x4c002041, /* st1 {v1.16b - v4.16b}, [x2] */
	0x4d40cc41, /* ld1r {v1.2d}, [x2] */
	0x0d408041, /* ld1 {v1.s}[0], [x2] */
	0x0d008041, /* st1 {v1.s}[0], [x2] */
	0x58000001, /* ldr x1, PC */
	0xf8800040, /* prfum */
	0xc85f7c41, /* ldxr x1, [x2] */
	0xc8037c41, /* stxr w3, x1, [x2] */
	0xf8230041, /* ldadd x3, x1, [x2] */
	0xf83fd042, /* ld64b x2, [x2] */
	0xd50b7a22, /* dc cvac, x2 */
	0xd50b7c22, /* dc cvap, x2 */
	0xd50b7e22, /* dc civac, x2 */
	0xd5087622, /* dc ivac, x2 */
	0xd50b7422, /* dc zva, x2 */
	0xd50b7522, /* ic ivau, x2 */
	0xa5404041, /* ld1w, SVE */
	0x19400441, /* cpyfp, or what is not decoded */
	0xd503201f, /* nop */
};

static uint32_t take_word(void)
{
	unsigned which = (unsigned)take(1);

	if (which < ARRAY_SIZE(words))
		return words[which];
	if (which < 2 * ARRAY_SIZE(words))
		return words[which - ARRAY_SIZE(words)] ^ (uint32_t)(take(3) << 5 & 0x1fffff);
	return (uint32_t)take(4);
}

/* An instruction that accesses va, as the hardware reports it. */
static enum exit_result execute(void)
{
	uint32_t word = take_word();
	uint64_t va = take_va(), how = take(1), sp = fake_reg(SP_EL1), far = va;
	struct insn insn = insn_decode(word);
	unsigned base = word >> 5 & 31;
	bool write = insn.write;

	set_memory(CODE, CODE_OFFSET / 8, word);
	if (insn.class == INSN_MAINTENANCE) {
		vcpu_set_x(&vcpu, insn.reg[0], va);
		write = insn.op == CMO_DC_ZVA;
	} else if (base == INSN_SP) {
		fake_reg(SP_EL0) = fake_reg(SP_EL1) = va;
	} else {
		vcpu.regs.x[base] = 0;
		sp = insn_address(&insn, &vcpu.regs, sp);
		vcpu.regs.x[base] = va - (insn.class == INSN_ACCESS ? sp : 0);
	}
	if (insn.class != INSN_ACCESS)
		write ^= how & 2;
	if ((how & 1) && insn.count != 0) /* in the second page */
		far = ALIGN_UP(va, PAGE_SIZE);
	set_hpfar(far, !(how & 4));
	return abort_data(likely_esr(write != !!(how & 0x80)), far);
}

static enum exit_result fetch(void)
{
	uint64_t far = take_va(), esr = take_esr(EC_INSN_ABORT_LOWER), how = take(1);

	if (how & 1)
		far = vcpu.regs.pc;
	if (how & 2)
		esr = ESR_MAKE(EC_INSN_ABORT_LOWER, how >> 2 & 0xf);
	set_hpfar(far, how & 0x40);
	fake_reg(FAR_EL2) = far;
	remember(OP_FETCH, esr);
	return triage_instruction(&vcpu, esr);
}

static enum exit_result trap(void)
{
	static const unsigned encodings[] = { SYS_DC_IVAC, SYS_DC_CVAC, SYS_DC_CVAU, SYS_DC_CVAP,
		SYS_DC_CVADP, SYS_DC_CIVAC, SYS_IC_IVAU, SYS_IC_IALLU };
	unsigned encoding = encodings[take(1) & 7];
	uint64_t va = take_va();

	remember(OP_TRAP, 0);
	return cmo_handle_trap(&vcpu, encoding, va);
}

static void change_guest(void)
{
	uint64_t how = take(2);

	switch (how & 7) {
	case 0:
		choose_tables((unsigned)take(1));
		break;
	case 1:
		choose_guest(take(2));
		reset_vcpu();
		break;
	case 2:
		pages[LAZY].mapped = how & 8;
		pages[ROM_LAZY].mapped = how & 0x10;
		break;
	case 3:
		set_memory(L3, how >> 3 & 15, leaf_of(take(1)) ^ (how & 0x100 ? DESC_AF : 0));
		break;
	case 4:
		dev.result = (enum mmio_result)(take(1) % 5);
		dev.when = how >> 3 & 3;
		break;
	case 5:
		vcpu.regs.x[how >> 3 & 15] = take(8);
		break;
	case 6:
		fake_reg(MAIR_EL1) = take(2);
		break;
	default:
		copy_fails = how & 8;
		break;
	}
}

static void step(void)
{
	uint64_t esr;

	switch (take(1) % 6) {
	case 0:
	case 1:
		check(execute());
		break;
	case 2:
		esr = take_esr(EC_DATA_ABORT_LOWER);
		set_hpfar(0, false);
		check(abort_data(esr, take_va()));
		break;
	case 3:
		check(fetch());
		break;
	case 4:
		check(trap());
		break;
	default:
		change_guest();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input.data = data;
	input.left = size;
	start_once();
	dev.result = MMIO_DONE;
	dev.when = 0;
	copy_fails = false;
	start();
	for (unsigned i = 0; i < OPS_MAX && input.left != 0; i++)
		step();
	MUST(memcmp(memory, shadow, sizeof(memory)) == 0);
	return 0;
}
