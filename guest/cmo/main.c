/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by address on each kind of address, at EL1 and EL0, with stage 1 on and off.
 *
 * Boot arguments say what the manifest says: `trap=all|dc-ivac`, `ivac=fault`, `absent=abort`, and
 * `rom=ADDRESS`, `quiet=ADDRESS`: memory that may only be read; in the second, stores are ignored.
 * What is trapped gets exactly the answer of docs/aborts.md; for the rest a CPU may do that, or not
 * look at stage 2 at all, as QEMU.
 */
#include "machine.h"
#include "mmu.h"
#include "regs.h"
#include "run.h"
#include "smp.h"
#include "tap.h"

#define SLOT_PLACE 1
#define SLOT_CODE  2
#define SLOT_PAGE  3

/* Nothing is at this address, on Lintel's machine or QEMU's. */
#define HOLE       UINT64_C(0x0b000000)
#define IN_BLOCK   UINT64_C(0x1240)
#define WINDOW     MIB(2)
#define PATTERN    UINT64_C(0x5a5aa5a5c3c33c3c)

#define SCTLR_DZE  BIT(14)
#define SCTLR_UCI  BIT(26)
#define ISAR1_DPB  GENMASK(3, 0)
#define DCZID_DZP  BIT(4)
#define DCZID_BS   GENMASK(3, 0)
#define TCR_IPS    GENMASK(34, 32)
#define TCR_IPS_48 (UINT64_C(5) << 32)
#define PARANGE    GENMASK(3, 0)

#define ESR_CM     BIT(8)
#define ESR_EA     BIT(9)
#define ESR_LEVEL  GENMASK(1, 0)
#define FSC_PERM   0x0f
#define FSC_SIZE   0x00
#define INSN_SVC   0xd4000001u
#define ESR_SVC    UINT64_C(0x56000000)

enum op { IVAC, CVAC, CVAU, CVAP, CVADP, CIVAC, ZVA, IVAU, NR_OPS };

static const struct {
	const char *name;
	u32 insn; /* of x0 */
} ops[NR_OPS] = {
	[IVAC] = { "DC IVAC", 0xd5087620 },
	[CVAC] = { "DC CVAC", 0xd50b7a20 },
	[CVAU] = { "DC CVAU", 0xd50b7b20 },
	[CVAP] = { "DC CVAP", 0xd50b7c20 },
	[CVADP] = { "DC CVADP", 0xd50b7d20 },
	[CIVAC] = { "DC CIVAC", 0xd50b7e20 },
	[ZVA] = { "DC ZVA", 0xd50b7420 },
	[IVAU] = { "IC IVAU", 0xd50b7520 },
};

enum place { RAM, LAZY, ROM, QUIET, DEVICE, NOTHING, BEYOND };

/* How it is done: bit 0 at EL1, bit 1 with stage 1 on. */
#define MODES   4
#define AT_EL1  BIT(0)
#define WITH_S1 BIT(1)

static u32 code[2] __attribute__((aligned(4096)));
static u64 ram[1024] __attribute__((aligned(4096)));
static bool trap_all, trap_ivac, ivac_faults, absent_aborts;

static bool has(enum op op)
{
	u64 dpb = FIELD_GET(ISAR1_DPB, mrs(id_aa64isar1_el1));

	if (op == CVAP || op == CVADP)
		return dpb > (op == CVADP);
	return op != ZVA || !(mrs(dczid_el0) & DCZID_DZP);
}

/* Writes the code, down to memory: it is fetched with caches off, too. */
static void write_code(u32 insn)
{
	*(volatile u32 *)&code[0] = insn;
	*(volatile u32 *)&code[1] = INSN_SVC;
	__asm__ volatile("dc cvac, %0" ::"r"(code) : "memory");
	sync_code(code, sizeof(code));
}

/* The operation on `va`, which is an address with stage 1 as `mode` says. */
static struct run operate(enum op op, u64 va, u64 mode)
{
	u64 sctlr = mrs(sctlr_el1) | SCTLR_UCI | SCTLR_DZE, at = (u64)code;
	struct run result;

	write_code(ops[op].insn);
	if (!(mode & WITH_S1))
		sctlr &= ~(SCTLR_M | SCTLR_C);
	else if (!(mode & AT_EL1))
		at = mmu_window_page(
			SLOT_CODE, at, MAP_NORMAL | MAP_AF | MAP_USER | MAP_RO | MAP_PXN);
	run((u32 *)at, va, SPSR_DAIF | (mode & AT_EL1 ? SPSR_EL1H : SPSR_EL0), sctlr, &result);
	return result;
}

static u64 data_abort(u64 mode, u64 iss)
{
	return (u64)(mode & AT_EL1 ? EC_DABORT : EC_DABORT_EL0) << 26 | BIT(25) | iss;
}

static bool is_trapped(enum op op)
{
	return op != ZVA && (trap_all || (trap_ivac && op == IVAC));
}

/* The answer of docs/aborts.md as a syndrome. */
static u64 maintenance_answer(enum op op, enum place place, u64 mode)
{
	switch (place) {
	case ROM:
	case QUIET:
		if (op == IVAC && ivac_faults)
			return data_abort(mode, ESR_CM | ESR_WNR | FSC_PERM);
		return ESR_SVC;
	case NOTHING:
		return absent_aborts ? data_abort(mode, ESR_CM | ESR_WNR | FSC_SEA) : ESR_SVC;
	case BEYOND:
		return data_abort(mode, ESR_CM | ESR_WNR | FSC_SIZE);
	default:
		return ESR_SVC;
	}
}

static u64 store_answer(enum place place, u64 mode)
{
	switch (place) {
	case ROM:
	case NOTHING:
		return data_abort(mode, ESR_WNR | FSC_SEA);
	case DEVICE:
		return data_abort(mode, ESR_WNR | FSC_ALIGNMENT);
	case BEYOND:
		return data_abort(mode, ESR_WNR | FSC_SIZE);
	default:
		return ESR_SVC;
	}
}

/* Bits that may be either way: EA of an external abort; the level where the guest's own
 * tables were found to lead too far. */
static bool matches(const struct run *found, u64 esr, u64 va)
{
	u64 any = 0;

	if (esr == ESR_SVC)
		return found->esr == esr;
	if (FIELD_GET(ESR_FSC, esr) == FSC_SEA)
		any = ESR_EA;
	if (FIELD_GET(ESR_FSC, esr) == FSC_SIZE)
		any = ESR_LEVEL;
	return (found->esr & ~any) == (esr & ~any) && found->far == va;
}

static bool is_right(enum op op, enum place place, u64 mode, const struct run *found, u64 va)
{
	if (op == IVAC && !(mode & AT_EL1))
		return found->esr == ESR_UNDEF;
	/* With stage 1 off everything is Device: a CPU may say so at once. */
	if (op == ZVA)
		return matches(found, store_answer(place, mode), va) ||
			(!(mode & WITH_S1) &&
				matches(found, data_abort(mode, ESR_WNR | FSC_ALIGNMENT), va));
	return matches(found, maintenance_answer(op, place, mode), va) ||
		(!is_trapped(op) && found->esr == ESR_SVC);
}

/* One case; `pa` is what the VM calls physical. */
static bool check(enum op op, enum place place, u64 mode, u64 pa)
{
	u64 va = pa;
	struct run found;
	bool good;

	if (!has(op))
		return true;
	if (mode & WITH_S1)
		va = mmu_window(SLOT_PLACE, pa, MAP_NORMAL | MAP_AF | MAP_USER | MAP_UXN | MAP_PXN);
	found = operate(op, va, mode);
	good = is_right(op, place, mode, &found, va);
	if (!good)
		tap_note("%s at EL%lu, stage 1 %s, of %lx: ESR %lx FAR %lx ELR %lx", ops[op].name,
			mode & AT_EL1, mode & WITH_S1 ? "on" : "off", va, found.esr, found.far,
			found.elr);
	return good;
}

static void check_all(enum place place, u64 pa, const char *name)
{
	bool good = true;

	for (u32 n = 0; n < NR_OPS * MODES; n++)
		good &= check(n / MODES, place, n % MODES, pa);
	tap_ok(good, "%s", name);
}

/* What was stored stays, whether it is in a cache or not. */
static bool keeps(enum op op, u64 mode, u64 index)
{
	volatile u64 *word = &ram[index];
	bool good;

	*word = PATTERN ^ index;
	good = check(op, RAM, mode, (u64)word) && *word == (PATTERN ^ index);
	if (!good)
		tap_note("%s: %lx at %lx", ops[op].name, *word, (u64)word);
	return good;
}

static void test_ram(void)
{
	bool good = true;

	for (u32 n = 0; n < NR_OPS * MODES; n++) {
		if (n / MODES != ZVA)
			good &= keeps(n / MODES, n % MODES, n * 8);
	}
	tap_ok(good, "RAM keeps what was stored");
}

static void test_zva(void)
{
	u64 words = UINT64_C(1) << FIELD_GET(DCZID_BS, mrs(dczid_el0)) >> 1;
	volatile u64 *block = &ram[words];
	bool good = true;

	if (!has(ZVA))
		return tap_skip("DC ZVA", "DCZID_EL0 says no");
	for (u64 el = 0; el < 2; el++) {
		for (u32 i = 0; i < ARRAY_SIZE(ram); i++)
			ram[i] = PATTERN;
		good &= check(ZVA, RAM, WITH_S1 | el, (u64)(block + 1));
		for (u64 i = 0; i < words; i++)
			good &= block[i] == 0;
		good &= block[-1] == PATTERN && block[words] == PATTERN;
	}
	tap_ok(good, "DC ZVA zeroes its block, and no more");
}

/* Windows at the end of RAM that nobody has touched, each for one operation in one mode. */
static void test_lazy(void)
{
	u64 at = machine.memory_base + machine.memory_size + IN_BLOCK;
	bool good = true;

	for (u32 op = 0; op < NR_OPS; op++) {
		u64 mode = op == IVAC ? AT_EL1 | WITH_S1 : op % MODES;

		at -= WINDOW;
		good &= check(op, LAZY, op == ZVA ? mode | WITH_S1 : mode, at);
		good &= *(volatile u64 *)at == 0;
	}
	tap_ok(good, "RAM that nobody has touched");
}

static void test_rom(const char *argument, enum place place, const char *what)
{
	u64 at = arg_number(argument, 0), before;

	if (at == 0)
		return tap_skip(what, "there is none");
	before = *(volatile u64 *)(at + IN_BLOCK);
	check_all(place, at + IN_BLOCK, what);
	tap_ok(*(volatile u64 *)(at + IN_BLOCK) == before, "%s is as it was", argument);
}

/* With the largest output size, so that stage 1 lets it through where the CPU can name it. */
static void test_beyond(void)
{
	static const u8 bits[] = { 32, 36, 40, 42, 44, 48 };
	u64 range = FIELD_GET(PARANGE, mrs(id_aa64mmfr0_el1)), tcr = mrs(tcr_el1);

	if (range + 1 >= ARRAY_SIZE(bits))
		return tap_skip(
			"beyond the IPA space", "its addresses have as many bits as tables");
	msr(tcr_el1, (tcr & ~TCR_IPS) | TCR_IPS_48);
	isb();
	check_all(BEYOND, BIT(bits[range]) + IN_BLOCK, "beyond the IPA space");
	msr(tcr_el1, tcr);
	isb();
}

static bool check_esr(enum op op, u64 va, u64 mode, u64 iss)
{
	struct run found = operate(op, va, mode);
	u64 esr = data_abort(mode, ESR_CM | ESR_WNR | iss);
	bool good = found.esr == esr && found.far == va;

	if (!good)
		tap_note("%s at EL%lu of %lx: ESR %lx FAR %lx, expected ESR %lx", ops[op].name,
			mode & AT_EL1, va, found.esr, found.far, esr);
	return good;
}

/* The guest's own tables come first. */
static void test_stage1(void)
{
	u64 va = mmu_unmap_page(SLOT_PAGE) + IN_BLOCK % KIB(4);
	bool good = true;

	if (!trap_all)
		return tap_skip("faults of stage 1", "trap=all only");
	for (u32 n = 0; n < NR_OPS * 2; n++) {
		if (n / 2 != ZVA && has(n / 2) && !(n / 2 == IVAC && !(n & AT_EL1)))
			good &= check_esr(n / 2, va, WITH_S1 | (n & AT_EL1), 0x07);
	}
	tap_ok(good, "an unmapped address is a translation fault, level 3");
	va = mmu_window_page(SLOT_PAGE, (u64)ram, MAP_NORMAL | MAP_AF | MAP_RO | MAP_PXN | MAP_UXN);
	tap_ok(check_esr(IVAC, va, WITH_S1 | AT_EL1, 0x0f), "DC IVAC needs the right to write");
	good = matches(
		&(struct run){ operate(CVAC, va, WITH_S1 | AT_EL1).esr, va, 0 }, ESR_SVC, va);
	tap_ok(good, "DC CVAC at EL1 needs none");
	tap_ok(check_esr(CVAC, va, WITH_S1, 0x0f), "DC CVAC at EL0 needs the right to read");
}

static void test_all_code(void)
{
	struct run found;

	for (u32 all = 0; all < 2; all++) {
		write_code(all ? 0xd508711f : 0xd508751f);
		run(code, 0, SPSR_DAIF | SPSR_EL1H, mrs(sctlr_el1), &found);
		tap_is(found.esr, ESR_SVC, "IC IALLU%s", all ? "IS" : "");
	}
}

/* All three, where caches are on, off, and on again: what was written is there. */
static void test_set_way(void)
{
	static const u32 insns[] = { 0xd5087640, 0xd5087a40, 0xd5087e40 }; /* ISW, CSW, CISW */
	u64 sctlr = mrs(sctlr_el1);
	struct run found;
	bool good = true;

	ram[0] = PATTERN;
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		write_code(insns[i]);
		run(code, 0, SPSR_DAIF | SPSR_EL1H, sctlr, &found);
		good &= found.esr == ESR_SVC;
		run(code, 0, SPSR_DAIF | SPSR_EL1H, sctlr & ~(SCTLR_M | SCTLR_C), &found);
		good &= found.esr == ESR_SVC;
		run(code, 0, SPSR_DAIF | SPSR_EL0, sctlr & ~(SCTLR_M | SCTLR_C), &found);
		good &= found.esr == ESR_UNDEF;
	}
	tap_ok(good && *(volatile u64 *)ram == PATTERN && mrs(sctlr_el1) == sctlr,
		"by set and way, with caches on and off");
}

static bool arg_is(const char *name, const char *wanted)
{
	char value[16];

	return arg_text(name, value, sizeof(value)) && strlen(value) == strlen(wanted) &&
		str_starts(value, wanted);
}

void payload_main(void)
{
	trap_all = arg_is("trap", "all");
	trap_ivac = arg_is("trap", "dc-ivac");
	ivac_faults = arg_is("ivac", "fault");
	absent_aborts = arg_is("absent", "abort");
	test_lazy();
	test_ram();
	test_zva();
	test_rom("rom", ROM, "memory that may only be read");
	test_rom("quiet", QUIET, "memory where stores are ignored");
	check_all(DEVICE, UART_BASE + 0x40, "a device");
	check_all(NOTHING, HOLE + IN_BLOCK, "nothing");
	test_beyond();
	test_stage1();
	test_all_code();
	test_set_way();
}
