/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run loop: every class has a handler, conditions and IT state cell by cell, what each result
 * does, what each kind of exit and each work bit leads to. The handlers of other files are stubs
 * that say they were called.
 *
 * links: hyp/trap/exit.c hyp/vm/inject.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/gic/irq.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/dispatch.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/triage.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/exit.h"
#include "hyp/trap/sysreg.h"
#include "hyp/trap/sysreg32.h"
#include "hyp/trap/wfx.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define PC   UINT64_C(0x40080000)
#define VBAR UINT64_C(0x40001000)

enum stub {
	NOBODY,
	WFX,
	CP_ACCESS,
	CP_PAIR,
	CP_MEMORY,
	VMRS,
	SYSREG_ACCESS,
	DATA_ABORT,
	INSN_ABORT,
	SMC,
	HVC,
	SMC32,
	HVC32
};

static struct vm vm;
static struct vcpu vcpu;
static unsigned reflections, looks;

void nested_reflect(struct vcpu *reflected, uint64_t esr)
{
	assert_ptr_equal(reflected, &vcpu);
	(void)esr;
	reflections++;
}

bool nested_take_serror(struct vcpu *vcpu_of_it, uint64_t iss)
{
	(void)vcpu_of_it;
	(void)iss;
	fail();
	return false;
}

void nested_before_entry(struct vcpu *entered)
{
	assert_ptr_equal(entered, &vcpu);
	looks++;
}
static enum stub called;
static uint64_t called_with;
static enum exit_result stub_result;
static unsigned flushes, entered_parts, irqs, stops, logs;
static bool block;
static unsigned blocks;

struct irq_row irq_table[GIC_INTID_LIMIT];

static enum exit_result stub(enum stub who, uint64_t with)
{
	called = who;
	called_with = with;
	return stub_result;
}

enum exit_result wfx_handle(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(WFX, esr);
}

enum exit_result sysreg32_handle(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(CP_ACCESS, esr);
}

enum exit_result sysreg32_handle_pair(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(CP_PAIR, esr);
}

enum exit_result sysreg32_handle_memory(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(CP_MEMORY, esr);
}

enum exit_result sysreg32_handle_vmrs(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(VMRS, esr);
}

enum exit_result sysreg_handle(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(SYSREG_ACCESS, esr);
}

enum exit_result abort_handle_data(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(DATA_ABORT, esr);
}

enum exit_result triage_instruction(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(INSN_ABORT, esr);
}

enum exit_result smccc_smc(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(SMC, esr);
}

enum exit_result smccc_hvc(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(HVC, esr);
}

enum exit_result smccc_smc32(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(SMC32, esr);
}

enum exit_result smccc_hvc32(struct vcpu *v, uint64_t esr)
{
	assert_ptr_equal(v, &vcpu);
	return stub(HVC32, esr);
}

bool sched_block(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	blocks++;
	return block;
}

void vgic_flush(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	flushes++;
}

void vm_vcpu_stopped(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	stops++;
}

static unsigned pauses;

void vm_vcpu_paused(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	pauses++;
}

void vcpu_log(struct vcpu *v, const char *fmt, ...)
{
	(void)v;
	(void)fmt;
	logs++;
}

void vcpu_enter_parts(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	entered_parts++;
}

static void handle_irq(void *context, uint32_t intid)
{
	(void)context;
	(void)intid;
	irqs++;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ .pan = true, .ssbs = true, .ras = true };
	vcpu = (struct vcpu){
		.vm = &vm, .regs = { .pc = PC, .pstate = PSTATE_EL1H }, .exit_table = exit_table
	};
	fake_reg(VBAR_EL1) = VBAR;
	for (unsigned i = 0; i < GIC_INTID_LIMIT; i++)
		irq_table[i].handler = handle_irq;
	called = NOBODY;
	called_with = 0;
	stub_result = EXIT_RESUME;
	flushes = entered_parts = irqs = stops = logs = blocks = 0;
	block = false;
	return 0;
}

/* Arm ARM, shared/functions/system/ConditionHolds. */
static bool reference_holds(unsigned cond, unsigned nzcv)
{
	bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1, result;

	switch (cond >> 1) {
	case 0:
		result = z;
		break;
	case 1:
		result = c;
		break;
	case 2:
		result = n;
		break;
	case 3:
		result = v;
		break;
	case 4:
		result = c && !z;
		break;
	case 5:
		result = n == v;
		break;
	case 6:
		result = n == v && !z;
		break;
	default:
		result = true;
		break;
	}
	return (cond & 1) && cond != 15 ? !result : result;
}

static uint64_t pstate32(unsigned nzcv, unsigned it)
{
	return (uint64_t)nzcv << 28 | PSTATE_NRW | FIELD_PREP(PSTATE_AA32_IT_HIGH, it >> 2) |
		FIELD_PREP(PSTATE_AA32_IT_LOW, it & 3);
}

static uint64_t esr_of(unsigned ec, uint64_t iss)
{
	return FIELD_PREP(ESR_EC_MASK, ec) | ESR_IL | iss;
}

static void test_conditions(void **state)
{
	(void)state;
	for (unsigned cond = 0; cond < 16; cond++) {
		uint64_t esr = esr_of(EC_WFX, ISS_CV | FIELD_PREP(ISS_COND, cond));

		for (unsigned nzcv = 0; nzcv < 16; nzcv++)
			assert_int_equal(exit_condition_holds(pstate32(nzcv, 0), esr),
				reference_holds(cond, nzcv));
	}
}

/* CV = 0: the condition is IT[7:4], or "always" outside an IT block. */
static void test_conditions_by_it(void **state)
{
	(void)state;
	for (unsigned it = 0; it < 256; it++) {
		/* An IT block whose mask is zero doesn't exist; nor does condition 15 in one. */
		if (it != 0 && ((it & 15) == 0 || it >> 4 == 15))
			continue;
		for (unsigned nzcv = 0; nzcv < 16; nzcv++)
			assert_int_equal(
				exit_condition_holds(pstate32(nzcv, it), esr_of(EC_CP15_MCR, 0)),
				it == 0 || reference_holds(it >> 4, nzcv));
	}
}

/* Which classes have a condition at all: their rows skip what doesn't pass it, in AArch32. */
static void test_conditional_classes(void **state)
{
	static const unsigned conditional[] = { EC_WFX, EC_CP15_MCR, EC_CP15_MCRR, EC_CP14_MCR,
		EC_CP14_LDC, EC_FP, EC_VMRS, EC_CP14_MRRC };
	uint64_t never = ISS_CV | FIELD_PREP(ISS_COND, 0); /* EQ, with Z clear */

	(void)state;
	for (unsigned ec = 0; ec < 64; ec++) {
		bool has = false;

		for (unsigned i = 0; i < ARRAY_SIZE(conditional); i++)
			has |= conditional[i] == ec;
		called = NOBODY;
		vcpu.regs.pstate = pstate32(0, 0);
		assert_int_equal(exit_table[ec](&vcpu, esr_of(ec, never)) == EXIT_SKIP, has);
		if (has)
			assert_int_equal(called, NOBODY);
		vcpu.regs.pstate = pstate32(4, 0);
		assert_int_not_equal(exit_table[ec](&vcpu, esr_of(ec, never)), EXIT_SKIP);
		vcpu.regs.pstate = PSTATE_EL1H;
		assert_int_not_equal(exit_table[ec](&vcpu, esr_of(ec, never)), EXIT_SKIP);
	}
	/* SMC says itself whether it is known to have passed. */
	assert_true(exit_condition_holds(pstate32(0, 0), esr_of(EC_SMC32, never)));
	never |= ISS_SMC_CCKNOWNPASS;
	assert_false(exit_condition_holds(pstate32(0, 0), esr_of(EC_SMC32, never)));
	assert_true(exit_condition_holds(pstate32(4, 0), esr_of(EC_SMC32, never)));
	vcpu.regs.pstate = pstate32(0, 0);
	assert_int_equal(exit_table[EC_SMC32](&vcpu, esr_of(EC_SMC32, never)), EXIT_SKIP);
}

static void test_skip_aarch64(void **state)
{
	struct guest_regs regs = { .pc = PC,
		.pstate = PSTATE_N | PSTATE_V | PSTATE_BTYPE | PSTATE_SS | PSTATE_D | PSTATE_EL1H };

	(void)state;
	exit_skip_instruction(&regs, ESR_IL);
	assert_int_equal(regs.pc, PC + 4);
	assert_int_equal(regs.pstate, PSTATE_N | PSTATE_V | PSTATE_D | PSTATE_EL1H);
	regs.pc = ~UINT64_C(3);
	exit_skip_instruction(&regs, ESR_IL);
	assert_int_equal(regs.pc, 0);
}

/* Arm ARM, aarch32/functions/system/AArch32.ITAdvance, for every value; and both sizes of
 * instruction. */
static void test_skip_aarch32(void **state)
{
	uint64_t others = pstate32(9, 0) | PSTATE_AA32_T | PSTATE_AA32_E | GENMASK(19, 16);

	(void)state;
	for (unsigned it = 0; it < 256; it++) {
		unsigned next = (it & 7) == 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
		struct guest_regs regs = { .pc = 0x1000,
			.pstate = others | pstate32(0, it) | PSTATE_SS };

		exit_skip_instruction(&regs, it & 1 ? ESR_IL : 0);
		assert_int_equal(regs.pc, it & 1 ? 0x1004 : 0x1002);
		assert_int_equal(regs.pstate, others | pstate32(0, next));
	}
	struct guest_regs last = { .pc = UINT32_MAX - 1, .pstate = others };

	exit_skip_instruction(&last, 0);
	assert_int_equal(last.pc, 0);
}

static void test_finish_moves(void **state)
{
	static const struct {
		enum exit_result result;
		bool goes_on;
		uint64_t pc;
	} rows[] = {
		{ EXIT_RESUME, true, PC },
		{ EXIT_SKIP, true, PC + 4 },
		{ EXIT_REFLECT, true, PC },
		{ EXIT_SWITCH, true, PC },
		{ EXIT_RESCHEDULE, false, PC },
		{ EXIT_STOP_VM, true, PC },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu.regs.pc = PC;
		assert_int_equal(
			exit_finish(&vcpu, esr_of(EC_SYSREG, 0), rows[i].result), rows[i].goes_on);
		assert_int_equal(vcpu.regs.pc, rows[i].pc);
	}
	assert_int_equal(blocks, 0);
}

/* A skip does all that exit_skip_instruction() does, whatever PSTATE is. */
static void test_finish_skip(void **state)
{
	static const uint64_t odd[] = { 0, PSTATE_SS, PSTATE_BTYPE & ~BIT(11), PSTATE_BTYPE,
		PSTATE_SS | PSTATE_BTYPE, PSTATE_NRW, PSTATE_NRW | PSTATE_SS,
		PSTATE_NRW | PSTATE_AA32_T | PSTATE_AA32_IT_HIGH, PSTATE_IL, PSTATE_PAN };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(odd); i++) {
		for (unsigned il = 0; il < 2; il++) {
			uint64_t esr = FIELD_PREP(ESR_EC_MASK, EC_SYSREG) | (il ? ESR_IL : 0);
			struct guest_regs expected = { .pc = PC, .pstate = odd[i] | PSTATE_N };

			vcpu.regs.pc = expected.pc;
			vcpu.regs.pstate = expected.pstate;
			exit_skip_instruction(&expected, esr);
			assert_true(exit_finish(&vcpu, esr, EXIT_SKIP));
			assert_int_equal(vcpu.regs.pc, expected.pc);
			assert_int_equal(vcpu.regs.pstate, expected.pstate);
		}
	}
}

static void test_finish_inject(void **state)
{
	(void)state;
	vcpu.inject.esr = esr_of(EC_UNKNOWN, 0);
	assert_true(exit_finish(&vcpu, esr_of(EC_SYSREG, 0), EXIT_INJECT));
	assert_int_equal(vcpu.regs.pc, VBAR + 0x200);
	assert_int_equal(fake_reg(ELR_EL1), PC);
	assert_int_equal(fake_reg(ESR_EL1), esr_of(EC_UNKNOWN, 0));
	assert_int_equal(fake_reg(SPSR_EL1), PSTATE_EL1H);
}

/* What is injected instead of a call returns to the call, which of HVC is the one before PC. */
static void test_finish_inject_call(void **state)
{
	static const struct {
		unsigned ec;
		uint64_t elr;
	} rows[] = { { EC_SMC64, PC }, { EC_SMC32, PC }, { EC_HVC64, PC - 4 },
		{ EC_HVC32, PC - 4 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu.regs.pc = PC;
		vcpu.inject.esr = esr_of(EC_UNKNOWN, 0);
		assert_true(exit_finish(&vcpu, esr_of(rows[i].ec, 0), EXIT_INJECT));
		assert_int_equal(fake_reg(ELR_EL1), rows[i].elr);
	}
}

/* A vCPU that waits is past its instruction; HVC was already. If there is work it goes on at once.
 */
static void test_finish_wait(void **state)
{
	static const struct {
		unsigned ec;
		uint64_t pc;
	} rows[] = { { EC_WFX, PC + 4 }, { EC_SMC64, PC + 4 }, { EC_HVC64, PC }, { EC_HVC32, PC } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned b = 0; b < 2; b++) {
			vcpu.regs.pc = PC;
			block = b;
			assert_int_equal(exit_finish(&vcpu, esr_of(rows[i].ec, 0), EXIT_WAIT), !b);
			assert_int_equal(vcpu.regs.pc, rows[i].pc);
		}
	}
	assert_int_equal(blocks, 2 * ARRAY_SIZE(rows));
}

/* Every class: none without a handler, and each does what its row says. */
static void test_table(void **state)
{
	static const struct {
		unsigned ec;
		enum stub who;
	} handled[] = {
		{ EC_WFX, WFX },
		{ EC_CP15_MCR, CP_ACCESS },
		{ EC_CP15_MCRR, CP_PAIR },
		{ EC_CP14_MCR, CP_ACCESS },
		{ EC_CP14_LDC, CP_MEMORY },
		{ EC_VMRS, VMRS },
		{ EC_CP14_MRRC, CP_PAIR },
		{ EC_HVC32, HVC32 },
		{ EC_SMC32, SMC32 },
		{ EC_HVC64, HVC },
		{ EC_SMC64, SMC },
		{ EC_SYSREG, SYSREG_ACCESS },
		{ EC_INSN_ABORT_LOWER, INSN_ABORT },
		{ EC_DATA_ABORT_LOWER, DATA_ABORT },
	};
	static const unsigned hidden[] = { EC_UNKNOWN, EC_FP, EC_PAUTH, EC_LS64, EC_SVE, EC_ERET,
		EC_TSTART, EC_SME, EC_MOPS, EC_GCS };
	bool seen[64] = { false };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(handled); i++) {
		called = NOBODY;
		assert_int_equal(
			exit_table[handled[i].ec](&vcpu, esr_of(handled[i].ec, 0x12)), EXIT_RESUME);
		assert_int_equal(called, handled[i].who);
		seen[handled[i].ec] = true;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++) {
		vcpu.inject = (struct injection){ .esr = 1 };
		assert_int_equal(
			exit_table[hidden[i]](&vcpu, esr_of(hidden[i], 0x12)), EXIT_INJECT);
		assert_int_equal(vcpu.inject.esr, esr_of(EC_UNKNOWN, 0));
		seen[hidden[i]] = true;
	}
	assert_int_equal(logs, 0);
	for (unsigned ec = 0; ec < 64; ec++) {
		assert_non_null(exit_table[ec]);
		assert_non_null(exit_class_name(ec));
		if (seen[ec])
			continue;
		assert_int_equal(exit_table[ec](&vcpu, esr_of(ec, 0x12)), EXIT_INJECT);
		assert_int_equal(vcpu.inject.esr, esr_of(ec, 0x12));
	}
	assert_int_equal(logs, 64 - ARRAY_SIZE(handled) - ARRAY_SIZE(hidden));
	assert_string_equal(exit_class_name(64), exit_class_name(0x3f));
}

/* --- one turn: a script of exits --- */

static jmp_buf no_more_turns;
static unsigned turns;

struct cpu_queue *sched_own_queue(void)
{
	return NULL;
}

struct vcpu *sched_turn(struct cpu_queue *queue)
{
	assert_null(queue);
	if (turns-- == 0)
		longjmp(no_more_turns, 1);
	return &vcpu;
}

static const struct step {
	enum exit_kind kind;
	uint64_t esr;
	uint64_t work; /* asked for while the guest ran */
} * script;
static unsigned steps, at;

static enum exit_kind play(struct guest_regs *regs)
{
	assert_ptr_equal(regs, &vcpu.regs);
	/* The end of every script: the CPU is wanted by another. */
	if (at == steps) {
		vcpu.work |= WORK_RESCHED;
		at++;
		fake_reg(ICC_IAR1_EL1) = 5;
		return EXIT_IRQ;
	}
	assert_true(at < steps);
	fake_reg(ESR_EL2) = script[at].esr;
	vcpu.work |= script[at].work;
	return script[at++].kind;
}

static void run(const struct step *new_script, unsigned count)
{
	script = new_script;
	steps = count;
	at = 0;
	fake_enter_hook = play;
	turns = 1;
	if (setjmp(no_more_turns) == 0)
		exit_loop();
}

static void test_run_counts(void **state)
{
	const struct step exits[] = {
		{ EXIT_SYNC, esr_of(EC_SYSREG, 7), 0 },
		{ EXIT_SYNC, esr_of(EC_SYSREG, 8), 0 },
		{ EXIT_SYNC, esr_of(EC_HVC64, 0), 0 },
		{ EXIT_IRQ, 0, 0 },
	};
	struct trace_entry *ring = cpus[0].trace.next;

	(void)state;
	fake_reg(ICC_IAR1_EL1) = 5;
	stub_result = EXIT_SKIP;
	run(exits, ARRAY_SIZE(exits));
	assert_int_equal(vcpu.exits[EC_SYSREG], 2);
	assert_int_equal(vcpu.exits[EC_HVC64], 1);
	assert_int_equal(vcpu.irq_exits, 2);
	assert_int_equal(irqs, 2);
	assert_int_equal(vcpu.regs.pc, PC + 12);
	assert_int_equal(ring[1].what, esr_of(EC_SYSREG, 7));
	assert_int_equal(ring[0].what, TRACE_WHAT(TRACE_RUN) | vcpu.trace_id);
	assert_int_equal(ring[0].argument, PC);
	assert_int_equal(ring[1].argument, PC);
	assert_int_equal(ring[2].argument, PC + 4);
	assert_int_equal(ring[4].what, TRACE_WHAT(TRACE_IRQ) | 5);
}

/* To virtual EL2 goes the exit as it is; and a vCPU that has one is looked at when its work is
 * done. */
static void test_run_reflects(void **state)
{
	const struct step once[] = { { EXIT_SYNC, esr_of(EC_SYSREG, 0), WORK_VGIC } };

	(void)state;
	stub_result = EXIT_REFLECT;
	reflections = looks = 0;
	run(once, 1);
	assert_int_equal(reflections, 1);
	assert_int_equal(looks, 0);
	assert_int_equal(vcpu.regs.pc, PC);
	vcpu.part[PART_NESTED] = &vcpu;
	run(once, 1);
	assert_int_equal(reflections, 2);
	assert_true(looks >= 1);
	vcpu.part[PART_NESTED] = NULL;
}

static void test_run_leaves(void **state)
{
	const struct step once[] = { { EXIT_SYNC, esr_of(EC_WFX, 0), 0 } };

	(void)state;
	stub_result = EXIT_WAIT;
	block = true;
	run(once, 1);
	assert_int_equal(at, 1);
	assert_int_equal(vcpu.regs.pc, PC + 4);
	stub_result = EXIT_RESCHEDULE;
	run(once, 1);
	assert_int_equal(at, 1);
	assert_int_equal(vcpu.regs.pc, PC + 4);
}

/* The same instruction again, and no turn lost: an HVC is where it returned to less one. */
static void test_run_repeat(void **state)
{
	static const struct {
		unsigned ec;
		uint64_t pc;
	} rows[] = {
		{ EC_HVC64, PC - 4 },
		{ EC_HVC32, PC - 4 },
		{ EC_SMC64, PC },
		{ EC_SYSREG, PC },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu.regs.pc = PC;
		assert_true(exit_finish(&vcpu, esr_of(rows[i].ec, 0), EXIT_REPEAT));
		assert_int_equal(vcpu.regs.pc, rows[i].pc);
	}
}

/* A handler that stops the VM sets WORK_STOP: the loop sees it before it enters again. */
static void test_run_stop(void **state)
{
	const struct step exits[] = { { EXIT_SYNC, esr_of(EC_SYSREG, 0), WORK_STOP | WORK_VGIC } };

	(void)state;
	stub_result = EXIT_STOP_VM;
	run(exits, 1);
	assert_int_equal(at, 1);
	assert_int_equal(stops, 1);
	assert_int_equal(flushes, 0);
	assert_int_equal(vcpu.work, 0);
}

/* What else was asked of it stays for when it goes on; its end goes before everything. */
static void test_run_pause(void **state)
{
	const struct step exits[] = { { EXIT_SYNC, esr_of(EC_SYSREG, 0),
		WORK_PAUSE | WORK_VGIC | WORK_PARTS | WORK_RESCHED } };

	(void)state;
	pauses = 0;
	run(exits, 1);
	assert_int_equal(at, 1);
	assert_int_equal(pauses, 1);
	assert_int_equal(flushes, 0);
	assert_int_equal(vcpu.work, WORK_VGIC | WORK_PARTS);
	vcpu.work = WORK_PAUSE | WORK_STOP;
	run(NULL, 0);
	assert_int_equal(pauses, 1);
	assert_int_equal(stops, 1);
}

static void test_run_work(void **state)
{
	const struct step exits[] = {
		{ EXIT_SYNC, esr_of(EC_SYSREG, 0), WORK_VGIC },
		{ EXIT_SYNC, esr_of(EC_SYSREG, 0), WORK_PARTS | WORK_WAKE },
		{ EXIT_SYNC, esr_of(EC_SYSREG, 0), 0 },
	};

	(void)state;
	run(exits, ARRAY_SIZE(exits));
	assert_int_equal(flushes, 1);
	assert_int_equal(entered_parts, 1);
	assert_int_equal(at, 4);
}

/* Work that came with the wish for the CPU is done before it is given up. */
static void test_run_work_and_resched(void **state)
{
	(void)state;
	vcpu.work = WORK_VGIC | WORK_RESCHED;
	run(NULL, 0);
	assert_int_equal(at, 0);
	assert_int_equal(flushes, 1);
	assert_int_equal(vcpu.work, 0);
}

static unsigned looks;
static bool over;

static bool look(struct vcpu *of)
{
	looks++;
	if (over)
		of->wait_over = NULL;
	return over;
}

/* It waits for more than an interrupt; and neither the wish for the CPU nor what the parts want is
 * forgotten over that. */
static void test_run_wait(void **state)
{
	(void)state;
	looks = 0;
	over = false;
	block = true;
	vcpu.wait_over = look;
	vcpu.work = WORK_WAKE | WORK_PARTS;
	run(NULL, 0);
	assert_int_equal(looks, 1);
	assert_int_equal(at, 0);
	assert_int_equal(entered_parts, 0);
	over = true;
	vcpu.work = WORK_WAKE | WORK_RESCHED;
	run(NULL, 0);
	assert_int_equal(looks, 2);
	assert_int_equal(at, 0);
	assert_int_equal(entered_parts, 1);
	assert_int_equal(vcpu.work, 0);
	vcpu.wait_over = look;
	vcpu.work = WORK_WAKE;
	run(NULL, 0);
	assert_int_equal(looks, 3);
	assert_int_equal(at, 1);
	assert_int_equal(entered_parts, 1);
	/* An interrupt for L1 that ended its guest's wait is taken before that goes on. */
	vcpu.part[PART_NESTED] = &vcpu;
	vcpu.wait_over = look;
	vcpu.work = WORK_WAKE;
	run(NULL, 0);
	assert_int_equal(looks, 5);
	vcpu.part[PART_NESTED] = NULL;
}

/* AArch32: what doesn't pass its condition is only skipped. */
static void test_run_condition(void **state)
{
	const struct step exits[] = {
		{ EXIT_SYNC, esr_of(EC_WFX, ISS_CV | FIELD_PREP(ISS_COND, 0)), 0 },
	};

	(void)state;
	vcpu.regs.pstate = pstate32(0, 0);
	run(exits, 1);
	assert_int_equal(called, NOBODY);
	assert_int_equal(vcpu.regs.pc, PC + 4);
	vcpu.regs.pstate = pstate32(4, 0);
	run(exits, 1);
	assert_int_equal(called, WFX);
}

/* A physical SError becomes the guest's own; a FIQ is said and left alone. */
static void test_run_serror_fiq(void **state)
{
	const struct step exits[] = {
		{ EXIT_SERROR, esr_of(EC_SERROR, 0x11), 0 },
		{ EXIT_FIQ, 0, 0 },
	};
	struct trace_entry *ring = cpus[0].trace.next;

	(void)state;
	run(exits, ARRAY_SIZE(exits));
	assert_int_equal(fake_reg(VSESR_EL2), 0x11);
	assert_true(fake_reg(HCR_EL2) & HCR_EL2_VSE);
	assert_true(vcpu.hcr & HCR_EL2_VSE);
	assert_int_equal(logs, 2);
	assert_int_equal(ring[1].what >> TRACE_KIND_SHIFT, TRACE_SERROR);
	assert_int_equal(ring[2].what >> TRACE_KIND_SHIFT, TRACE_INJECT);
	assert_int_equal(ring[3].what >> TRACE_KIND_SHIFT, TRACE_FIQ);
	assert_int_equal(vcpu.regs.pc, PC);
}

/* An IRQ exit with nothing to acknowledge (1023) is none. */
static void test_run_spurious(void **state)
{
	const struct step exits[] = { { EXIT_IRQ, 0, 0 } };

	(void)state;
	fake_reg(ICC_IAR1_EL1) = 1023;
	run(exits, 1);
	assert_int_equal(irqs, 1); /* the script's own end */
}

/* The counter as the test wants it to be: one value for each time that it is read. */
static const uint64_t *times;
static unsigned times_left;

static uint64_t tick(unsigned encoding, uint64_t value)
{
	if (encoding != SYS_CNTPCT_EL0)
		return value;
	assert_true(times_left > 0);
	times_left--;
	return *times++;
}

static void set_times(const uint64_t *values, unsigned count)
{
	times = values;
	times_left = count;
	fake_sysreg_read_hook = tick;
}

/* lintel.measure=masked: the longest time from an exit to the next entry. */
static void test_measure(void **state)
{
	const struct step exits[] = { { EXIT_SYNC, esr_of(EC_SYSREG, 0), 0 },
		{ EXIT_SYNC, esr_of(EC_SYSREG, 0), 0 } };
	static const uint64_t values[] = { 90, /* the turn begins */
		95, 100, 150, 155, 175, 180, 400, 402, 404, 405, 500, 501 };

	(void)state;
	exit_measure_masked(&cpus[0]);
	set_times(values, ARRAY_SIZE(values));
	run(exits, ARRAY_SIZE(exits));
	/* enter 100, exit 150; enter 180, exit 400; enter 405, exit 500 */
	assert_int_equal(cpus[0].longest_masked, 30);
	assert_int_equal(times_left, 0);
}

/* Time in the guest, in the run loop, and when each exit came and ended. */
static void test_run_times(void **state)
{
	const struct step exits[] = { { EXIT_SYNC, esr_of(EC_SYSREG, 0), 0 } };
	static const uint64_t first[] = { 1000, 1010, 1110, 1130, 2130 };
	static const uint64_t second[] = { 5000, 5001, 5002, 5005, 5007 };
	const struct trace_entry *ring = cpus[0].trace.next;

	(void)state;
	vcpu.trace_id = TRACE_VCPU(3, 1);
	set_times(first, ARRAY_SIZE(first));
	run(exits, 1);
	assert_int_equal(vcpu.times.guest, 100 + 1000);
	assert_int_equal(vcpu.times.last_exit, 2130);
	assert_int_equal(vcpu.times.away, 1000);
	assert_int_equal(cpus[0].guest_ticks, 1100);
	assert_false(cpus[0].in_turn);
	assert_int_equal(ring[0].what, TRACE_WHAT(TRACE_RUN) | 3 << 16 | 1);
	assert_int_equal(ring[0].out, 1000);
	assert_int_equal(ring[0].in, 1010);
	assert_int_equal(ring[1].what, esr_of(EC_SYSREG, 0));
	assert_int_equal(ring[1].out, 1110);
	assert_int_equal(ring[1].in, 1130);
	assert_int_equal(ring[2].out, 2130);
	assert_int_equal(ring[2].in, 0);
	set_times(second, ARRAY_SIZE(second));
	run(exits, 1);
	assert_int_equal(vcpu.times.away, 1000 + 5000 - 2130);
	assert_int_equal(vcpu.times.last_exit - vcpu.times.away, 1130 + 7);
	assert_int_equal(vcpu.times.guest, 1100 + 1 + 2);
	assert_int_equal(cpus[0].guest_ticks, 1103);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_conditions),
		TEST(test_conditions_by_it),
		TEST(test_conditional_classes),
		TEST(test_skip_aarch64),
		TEST(test_skip_aarch32),
		TEST(test_finish_moves),
		TEST(test_finish_skip),
		TEST(test_finish_inject),
		TEST(test_finish_inject_call),
		TEST(test_finish_wait),
		TEST(test_table),
		TEST(test_run_counts),
		TEST(test_run_leaves),
		TEST(test_run_repeat),
		TEST(test_run_stop),
		TEST(test_run_pause),
		TEST(test_run_work),
		TEST(test_run_work_and_resched),
		TEST(test_run_reflects),
		TEST(test_run_wait),
		TEST(test_run_condition),
		TEST(test_run_serror_fiq),
		TEST(test_run_spurious),
		TEST(test_measure),
		TEST(test_run_times),
	};

	return cmocka_run_group_tests_name("exit", tests, NULL, NULL);
}
