/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lintel's AT beside the CPU's, on tables made at random: PAR_EL1 must be the same bit for bit, and
 * so must what is left in the tables (access flags). Runs at EL3 of QEMU's virt machine, with
 * nothing beneath. Arguments, by semihosting:
 *
 *   seed=N count=N   that many cases from there (default: 1, 20000)
 *   case=0xN         one case again, which is printed with its tables
 *
 * What is not compared, and why:
 *   AT S12* that meets a permission fault of stage 2 for the final address ends QEMU (10.0) by an
 *   assertion. Whether there is one is Lintel's to say: if it says no and is wrong, that ends the
 *   run, too. Its results are compared with real accesses of EL1's instead, stage 1 off.
 *   AT S1E1* and S1E0* with {E2H,TGE} = {0,1} while SCTLR_EL1.M = 1: stage 1 is off there, but QEMU
 *   walks. at_make() makes no such cases.
 *   An external abort on the walk is an exception of the CPU's, with PAR_EL1 unknown: its status
 *   code is compared with Lintel's.
 */
#include <stdarg.h>

#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/format.h"
#include "hyp/nested/par.h"
#include "mm/walk_attr.h"
#include "tests/at/cpu.h"
#include "tests/at/model.h"

#define UART        0x09000000
#define MEMORY      0x40000000
#define MEMORY_SIZE MIB(1088)
#define POOL        0x44000000

#define COUNT       20000
#define SHOWN       5 /* of what differs */

#define DESC_DIRTY  BIT(7)
#define DESC_DBM    BIT(51)

#define ESR_FSC     0x3f

void at_main(void);
void at_fatal(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far);

/* --- text --- */

static void put(void *context, char c)
{
	(void)context;
	*(volatile uint32_t *)UART = (uint8_t)c;
}

static void __printf_like(1, 2) print(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	format_to(put, NULL, text, args);
	va_end(args);
}

void at_fatal(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far)
{
	print("Bail out! vector %lu ESR_EL3 %lx ELR_EL3 %lx FAR_EL3 %lx\n", vector, esr, elr, far);
	cpu_exit(1);
}

/* --- memory --- */

static uint64_t *word(uint64_t address)
{
	return (uint64_t *)(uintptr_t)address;
}

static bool is_memory(uint64_t address)
{
	return address >= MEMORY && address < MEMORY + MEMORY_SIZE;
}

static enum status read_word(void *context, ipa_t ipa, uint64_t *value)
{
	(void)context;
	if (!is_memory(ipa.ipa))
		return ERR_FAULT;
	*value = *word(ipa.ipa);
	return OK;
}

static enum status update_word(void *context, ipa_t ipa, uint64_t old, uint64_t new)
{
	(void)context;
	if (*word(ipa.ipa) != old)
		return ERR_EXISTS;
	*word(ipa.ipa) = new;
	return OK;
}

static const struct walk_memory memory = { .read = read_word, .update = update_word };

static void lay_out(const struct at_case *made)
{
	for (unsigned i = 0; i < made->count; i++)
		*word(made->descriptors[i].address) = made->descriptors[i].value;
}

/* Nothing is left for the next case, which is therefore the same by itself. */
static void clear(const struct at_case *made)
{
	for (unsigned i = 0; i < made->count; i++)
		*word(made->descriptors[i].address) = 0;
}

static void look(const struct at_case *made, uint64_t *left)
{
	for (unsigned i = 0; i < made->count; i++)
		left[i] = *word(made->descriptors[i].address);
}

/* --- one case --- */

struct answer {
	uint64_t par;
	uint64_t left[AT_DESCRIPTORS];
};

static const char *name_of(unsigned encoding)
{
#define NAME(name)          \
	case SYS_AT_##name: \
		return #name
	switch (encoding) {
		NAME(S1E1R);
		NAME(S1E1W);
		NAME(S1E0R);
		NAME(S1E0W);
		NAME(S1E1RP);
		NAME(S1E1WP);
		NAME(S1E2R);
		NAME(S1E2W);
		NAME(S12E1R);
		NAME(S12E1W);
		NAME(S12E0R);
		NAME(S12E0W);
	default:
		return "?";
	}
#undef NAME
}

static void show(const struct at_case *made, const struct answer *cpu, const struct answer *model)
{
	print("# case=0x%lx AT %s, va %016lx hcr %lx pan %u\n", made->seed, name_of(made->encoding),
		made->va, made->hcr, made->pan);
	print("#  CPU %016lx, Lintel %016lx\n", cpu->par, model->par);
	print("#  EL1 ttbr0 %lx ttbr1 %lx tcr %lx sctlr %lx mair %lx\n", made->el1.ttbr0,
		made->el1.ttbr1, made->el1.tcr, made->el1.sctlr, made->el1.mair);
	print("#  EL2 ttbr0 %lx ttbr1 %lx tcr %lx sctlr %lx mair %lx\n", made->el2.ttbr0,
		made->el2.ttbr1, made->el2.tcr, made->el2.sctlr, made->el2.mair);
	print("#  vttbr %lx vtcr %lx\n", made->vttbr, made->vtcr);
	for (unsigned i = 0; i < made->count; i++)
		print("#  %lx: %016lx CPU %016lx Lintel %016lx\n", made->descriptors[i].address,
			made->descriptors[i].value, cpu->left[i], model->left[i]);
}

static void decode(const struct at_case *made, struct at_op *op)
{
	at_op_decode(made->encoding, made->hcr & HCR_EL2_E2H, made->hcr, op);
}

static const struct at_registers *registers_of(const struct at_case *made)
{
	struct at_op op;

	decode(made, &op);
	return op.regime == REGIME_EL10 ? &made->el1 : &made->el2;
}

/* What was compared. */
enum kind { SAME, DIFFERENT, NOT_ASKED };

static bool final_permission(uint64_t par)
{
	return (par & PAR_EL1_F) && (par & PAR_EL1_S) && !(par & PAR_EL1_PTW) &&
		(FIELD_GET(PAR_EL1_FST, par) & ~FST_LEVEL) == FST_PERMISSION;
}

static bool manages_dirty(const struct at_case *made)
{
	struct at_op op;
	uint64_t tcr = registers_of(made)->tcr;

	decode(made, &op);
	return (op.access & WALK_WRITE) &&
		(op.regime == REGIME_EL2 ? (tcr & TCR_EL2_HA) && (tcr & TCR_EL2_HD)
					 : (tcr & TCR_HA) && (tcr & TCR_HD));
}

/*
 * QEMU 10.0 gives a walk's permission fault in a device, with HCR_EL2.PTW, level 0. And it sets the
 * dirty state (see below) where that must be written, but stage 2 forbids it.
 */
static bool same_fault(const struct at_case *made, uint64_t cpu, uint64_t model)
{
	uint64_t level_0 = par_fault(FST_PERMISSION, true, true);
	bool of_walk = (cpu & ~FIELD_PREP(PAR_EL1_FST, FST_LEVEL)) == level_0;

	if ((made->hcr & HCR_EL2_PTW) && cpu == level_0 &&
		(model & ~FIELD_PREP(PAR_EL1_FST, FST_LEVEL)) == level_0)
		return true;
	return manages_dirty(made) && of_walk &&
		(!(model & PAR_EL1_F) || (model & (PAR_EL1_S | PAR_EL1_PTW)) == PAR_EL1_S);
}

/*
 * Attributes that QEMU 10.0 gets otherwise. SCTLR_ELx.C = 0: it doesn't look there, so that what
 * is Normal is as cacheable as MAIR_ELx says. Device in one stage and Normal in the other: it takes
 * the lower half of the Normal byte for a kind of Device. Device in both, with FWB: it takes the
 * kind of stage 2. What comes out is Device, of any kind.
 */
static bool same_attributes(const struct at_case *made, uint64_t cpu, uint64_t model)
{
	uint8_t cpu_attr = (uint8_t)FIELD_GET(PAR_EL1_ATTR, cpu);
	uint8_t attr = (uint8_t)FIELD_GET(PAR_EL1_ATTR, model);
	struct at_op op;

	decode(made, &op);
	if ((cpu ^ model) & ~(PAR_EL1_ATTR | PAR_EL1_SH))
		return false;
	if (!(registers_of(made)->sctlr & SCTLR_C) && !op.off)
		return attr == ATTR_NORMAL_NC || attr_is_device(attr) ||
			((op.access & WALK_FINAL) && (made->hcr & HCR_EL2_FWB) &&
				attr == ATTR_NORMAL_WB);
	return (op.access & WALK_FINAL) && attr_is_device(attr) && attr_is_device(cpu_attr);
}

/*
 * AT never sets the dirty state, but QEMU 10.0 does where hardware manages it: bit 7 of a leaf,
 * AP[2] down or S2AP[1] up.
 */
static bool same_but_dirty(uint64_t cpu, uint64_t model, bool big_endian)
{
	if (big_endian) {
		cpu = __builtin_bswap64(cpu);
		model = __builtin_bswap64(model);
	}
	return (cpu ^ model) == DESC_DIRTY && (model & DESC_DBM);
}

static bool same_tables(
	const struct at_case *made, const struct answer *cpu, const struct answer *model)
{
	struct at_op op;
	uint64_t sctlr = made->el1.sctlr | made->el2.sctlr;

	decode(made, &op);
	for (unsigned i = 0; i < made->count; i++) {
		if (cpu->left[i] == model->left[i])
			continue;
		if (!(op.access & WALK_WRITE) ||
			!(same_but_dirty(cpu->left[i], model->left[i], false) ||
				((sctlr & SCTLR_EE) &&
					same_but_dirty(cpu->left[i], model->left[i], true))))
			return false;
	}
	return true;
}

static bool same(const struct at_case *made, const struct answer *cpu, const struct answer *model)
{
	bool equal = cpu->par == model->par;

	if (!equal && (cpu->par & PAR_EL1_F))
		equal = same_fault(made, cpu->par, model->par);
	else if (!equal && !((cpu->par | model->par) & PAR_EL1_F))
		equal = same_attributes(made, cpu->par, model->par);
	return equal && same_tables(made, cpu, model);
}

static enum kind compare(const struct at_case *made, const struct at_cpu *described,
	struct answer *cpu, struct answer *model)
{
	uint64_t esr;

	lay_out(made);
	model->par = model_at(made, described, &memory);
	look(made, model->left);
	*cpu = *model;
	if (final_permission(model->par)) {
		clear(made);
		return NOT_ASKED;
	}
	lay_out(made);
	cpu->par = cpu_at(made, &esr);
	look(made, cpu->left);
	clear(made);
	/* What PAR_EL1 has of an external abort besides is Lintel's own. */
	if (esr)
		cpu->par =
			par_fault(esr & ESR_FSC, model->par & PAR_EL1_S, model->par & PAR_EL1_PTW);
	return same(made, cpu, model) ? SAME : DIFFERENT;
}

/* --- real accesses --- */

/* Where stage 1 leads, by Lintel; false: nowhere. */
static bool find_ipa(const struct at_case *made, const struct at_cpu *described, uint64_t *ipa)
{
	static struct at_case first;
	uint64_t par;

	first = *made;
	first.encoding &= ~SYSREG_ENC(0, 4, 0, 0, 4); /* S1E1R, S1E1W */
	par = model_at(&first, described, &memory);
	*ipa = (par & PAR_EL1_PA) | (made->va & (PAGE_SIZE - 1) & ~UINT64_C(7));
	return !(par & PAR_EL1_F);
}

/* The same of stage 2 alone. */
static uint64_t model_access(
	const struct at_case *made, const struct at_cpu *described, uint64_t ipa)
{
	static struct at_case flat;
	uint64_t par;

	flat = *made;
	flat.hcr &= HCR_EL2_VM | HCR_EL2_FWB;
	flat.el1.sctlr &= ~SCTLR_M;
	flat.el1.tcr = 0;
	flat.va = ipa;
	par = model_at(&flat, described, &memory);
	return par & PAR_EL1_F ? par : 0;
}

/*
 * AT S12E1* where there is a stage 2: what it says of the last step is tried by a real access of
 * EL1's. `made` has a way for the code afterwards.
 */
static enum kind try_access(struct at_case *made, const struct at_cpu *described,
	struct answer *cpu, struct answer *model)
{
	bool write = made->encoding == SYS_AT_S12E1W;
	uint64_t code, ipa;

	if (!(made->hcr & HCR_EL2_VM) || (made->encoding != SYS_AT_S12E1R && !write))
		return NOT_ASKED;
	code = at_pin(made, described, cpu_access_code());
	lay_out(made);
	if (!code || !find_ipa(made, described, &ipa)) {
		clear(made);
		return NOT_ASKED;
	}
	lay_out(made);
	model->par = model_access(made, described, ipa);
	look(made, model->left);
	lay_out(made);
	cpu->par = cpu_access(made, code, ipa, write);
	look(made, cpu->left);
	clear(made);
	/* Whether an external abort on a walk says S is Lintel's own. */
	return !((cpu->par ^ model->par) & ~PAR_EL1_S) ? SAME : DIFFERENT;
}

/* --- the mix --- */

/* Kinds of result: successes; and faults by stage, class and level. */
static const char *const stages[] = { "stage 1", "stage 2", "stage 2 on a walk of stage 1" };
static const char *const classes[] = { "address size", "translation", "access flag", "permission",
	"external abort" };
#define EXTERNAL_ABORT 4
/* Bit n: level n must have been there in 20,000 cases. */
static const uint8_t wanted[3][5] = {
	{ 0xf, 0xf, 0xe, 0xe, 0xf },
	{ 0xf, 0xf, 0xe, 0, 0 },
	{ 0xf, 0xf, 0xe, 0xe, 0 },
};

struct mix {
	unsigned long successes[3]; /* by regime */
	unsigned long faults[3][5][4];
	unsigned long odd; /* any other status code */
	unsigned long not_asked, different, updated;
	unsigned long accesses[2]; /* made, and forbidden */
};

static void count_fault(struct mix *mix, uint64_t par)
{
	unsigned stage = !(par & PAR_EL1_S) ? 0 : !(par & PAR_EL1_PTW) ? 1 : 2;
	unsigned fst = (unsigned)FIELD_GET(PAR_EL1_FST, par);
	unsigned class = fst >> 2;

	if (class == FST_WALK_SEA >> 2)
		class = EXTERNAL_ABORT;
	else if (class > FST_PERMISSION >> 2)
		class = 5;
	if (class == 5)
		mix->odd++;
	else
		mix->faults[stage][class][fst & FST_LEVEL]++;
}

static void count(struct mix *mix, const struct at_case *made, const struct answer *model)
{
	struct at_op op;

	decode(made, &op);
	if (model->par & PAR_EL1_F)
		count_fault(mix, model->par);
	else
		mix->successes[op.regime]++;
	for (unsigned i = 0; i < made->count; i++)
		if (model->left[i] != made->descriptors[i].value) {
			mix->updated++;
			return;
		}
}

/* False: something there must be was never there. No memory is absent with few address bits. */
static bool print_mix(const struct mix *mix, unsigned pa_bits)
{
	bool all = true;

	print("# translations: EL1&0 %lu, EL2&0 %lu, EL2 %lu; access flags set: %lu\n",
		mix->successes[REGIME_EL10], mix->successes[REGIME_EL20],
		mix->successes[REGIME_EL2], mix->updated);
	for (unsigned stage = 0; stage < 3; stage++)
		for (unsigned class = 0; class < 5; class ++) {
			const unsigned long *levels = mix->faults[stage][class];

			print("# %s, %s: level 0 %lu, 1 %lu, 2 %lu, 3 %lu\n", stages[stage],
				classes[class], levels[0], levels[1], levels[2], levels[3]);
			for (unsigned level = 0; level < 4; level++)
				all &= !(wanted[stage][class] & BIT(level)) || levels[level] > 0 ||
					(class == EXTERNAL_ABORT && pa_bits <= 40);
		}
	print("# other faults %lu; not asked of the CPU: %lu\n", mix->odd, mix->not_asked);
	print("# real accesses: %lu made, %lu forbidden by stage 2\n", mix->accesses[0],
		mix->accesses[1]);
	return all && mix->successes[0] && mix->successes[1] && mix->successes[2] && mix->updated &&
		mix->accesses[0] && mix->accesses[1];
}

/* --- arguments --- */

static bool argument(const char *text, const char *name, uint64_t *value)
{
	for (; *text; text++) {
		const char *at = text, *of = name;

		while (*of && *at == *of) {
			at++;
			of++;
		}
		if (*of)
			continue;
		*value = 0;
		if (at[0] == '0' && at[1] == 'x') {
			for (at += 2; *at && *at != ' '; at++)
				*value = *value * 16 +
					(uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
			return true;
		}
		for (; *at >= '0' && *at <= '9'; at++)
			*value = *value * 10 + (uint64_t)(*at - '0');
		return true;
	}
	return false;
}

/* NS of a success, as this CPU has it. */
static void probe_par(void)
{
	struct at_case flat = { .encoding = SYS_AT_S1E1R, .el1.sctlr = BIT(11) };
	uint64_t esr;

	par_bits |= cpu_at(&flat, &esr) & PAR_EL1_NS;
}

static void run(const struct at_cpu *described, uint64_t seed, uint64_t cases)
{
	static struct at_case made;
	static struct answer cpu, model;
	static struct mix mix;
	bool rich;

	for (uint64_t n = 0; n < cases; n++) {
		at_make(&made, described, at_seed(seed, n));
		switch (compare(&made, described, &cpu, &model)) {
		case DIFFERENT:
			if (mix.different++ < SHOWN)
				show(&made, &cpu, &model);
			break;
		case NOT_ASKED:
			mix.not_asked++;
			break;
		default:
			break;
		}
		count(&mix, &made, &model);
		switch (try_access(&made, described, &cpu, &model)) {
		case DIFFERENT:
			if (mix.different++ < SHOWN) {
				print("# a real access:\n");
				show(&made, &cpu, &model);
			}
			break;
		case SAME:
			mix.accesses[model.par != 0]++;
			break;
		default:
			break;
		}
	}
	rich = print_mix(&mix, described->pa_bits) || cases < COUNT;
	print("%s 1 - %lu of %lu translations are the CPU's own\n", mix.different ? "not ok" : "ok",
		cases - mix.not_asked - mix.different, cases - mix.not_asked);
	print("%s 2 - successes in each regime, every fault at every level\n",
		rich ? "ok" : "not ok");
	print("1..2\n");
	cpu_exit(mix.different || !rich);
}

void at_main(void)
{
	static char arguments[256];
	struct at_cpu described;
	uint64_t seed = 1, cases = COUNT, one;

	cpu_describe(&described);
	described.pool = POOL;
	described.memory_base = MEMORY;
	/* QEMU's devicetree is there, where stray walks come by. */
	for (uint64_t at = MEMORY; at < MEMORY + MIB(2); at += sizeof(uint64_t))
		*word(at) = 0;
	probe_par();
	if (!cpu_arguments(arguments, sizeof(arguments)))
		arguments[0] = 0;
	if (argument(arguments, "case=", &one)) {
		static struct at_case made;
		static struct answer cpu, model;

		at_make(&made, &described, one);
		print("# %s\n",
			compare(&made, &described, &cpu, &model) == SAME
				? "the same"
				: "different, or not asked");
		show(&made, &cpu, &model);
		cpu_exit(0);
	}
	argument(arguments, "seed=", &seed);
	argument(arguments, "count=", &cases);
	print("# AT of Lintel and of the CPU (%u bits): seed=%lu count=%lu\n", described.pa_bits,
		seed, cases);
	run(&described, seed, cases);
}
