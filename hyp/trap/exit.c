/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/exit.h"
#include "drivers/gic/irq.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/nested/nested.h"
#include "hyp/smccc/dispatch.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/sysreg.h"
#include "hyp/trap/sysreg32.h"
#include "hyp/trap/triage.h"
#include "hyp/trap/wfx.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/vm.h"

/* A feature the guest was not shown: what the architecture gives for it is an Undefined
 * Instruction. */
static enum exit_result hidden(struct vcpu *vcpu, uint64_t esr)
{
	(void)esr;
	return inject_undefined(vcpu);
}

/* A class that no control of Lintel's routes to EL2: the guest gets it as if it had been taken to
 * EL1. */
static enum exit_result unexpected(struct vcpu *vcpu, uint64_t esr)
{
	vcpu_log(vcpu, "unexpected exit (%s), ESR 0x%lx: given to the guest",
		exit_class_name((unsigned)ESR_GET_EC(esr)), (unsigned long)esr);
	return inject_sync(vcpu, esr);
}

static const char *const class_names[NR_EXIT_CLASSES] = {
	[EC_UNKNOWN] = "unknown or undefined instruction",
	[EC_WFX] = "WFI or WFE",
	[EC_CP15_MCR] = "AArch32 coprocessor 15 access",
	[EC_CP15_MCRR] = "AArch32 coprocessor 15 access",
	[EC_CP14_MCR] = "AArch32 coprocessor 14 access",
	[EC_CP14_LDC] = "AArch32 coprocessor 14 access",
	[EC_CP14_MRRC] = "AArch32 coprocessor 14 access",
	[EC_FP] = "FP/SIMD access",
	[EC_VMRS] = "AArch32 VMRS",
	[EC_PAUTH] = "pointer authentication",
	[EC_LS64] = "64-byte load or store",
	[EC_BTI] = "branch target",
	[EC_ILLEGAL_STATE] = "illegal execution state",
	[EC_SVC32] = "SVC",
	[EC_HVC32] = "HVC",
	[EC_SMC32] = "SMC",
	[EC_SVC64] = "SVC",
	[EC_HVC64] = "HVC",
	[EC_SMC64] = "SMC",
	[EC_SYSREG] = "system register access",
	[EC_SVE] = "SVE access",
	[EC_ERET] = "ERET",
	[EC_TSTART] = "transactional memory",
	[EC_FPAC] = "pointer authentication failure",
	[EC_SME] = "SME access",
	[EC_INSN_ABORT_LOWER] = "instruction abort",
	[EC_PC_ALIGNMENT] = "PC alignment fault",
	[EC_DATA_ABORT_LOWER] = "data abort",
	[EC_SP_ALIGNMENT] = "SP alignment fault",
	[EC_MOPS] = "memory copy or set",
	[EC_FP_EXCEPTION32] = "floating-point exception",
	[EC_FP_EXCEPTION64] = "floating-point exception",
	[EC_GCS] = "guarded control stack",
	[EC_SERROR] = "SError",
	[EC_BREAKPOINT_LOWER] = "breakpoint",
	[EC_STEP_LOWER] = "software step",
	[EC_WATCHPOINT_LOWER] = "watchpoint",
	[EC_BKPT32] = "BKPT",
	[EC_VECTOR_CATCH32] = "vector catch",
	[EC_BRK64] = "BRK",
};

const char *exit_class_name(unsigned ec)
{
	return ec < NR_EXIT_CLASSES && class_names[ec] ? class_names[ec] : "reserved class";
}

/* For each condition, bit n says whether it holds when NZCV is n (Arm ARM C1.2.4). */
static const uint16_t condition_holds[16] = {
	0xf0f0,
	0x0f0f,
	0xcccc,
	0x3333,
	0xff00,
	0x00ff,
	0xaaaa,
	0x5555,
	0x0c0c,
	0xf3f3,
	0xaa55,
	0x55aa,
	0x0a05,
	0xf5fa,
	0xffff,
	0xffff,
};

bool exit_condition_holds(uint64_t pstate, uint64_t esr)
{
	unsigned condition, nzcv = (unsigned)(pstate >> 28);

	if (ESR_GET_EC(esr) == EC_SMC32 && !(esr & ISS_SMC_CCKNOWNPASS))
		return true;
	if (esr & ISS_CV) {
		condition = (unsigned)FIELD_GET(ISS_COND, esr);
	} else {
		unsigned it = (unsigned)(FIELD_GET(PSTATE_AA32_IT_HIGH, pstate) << 2 |
			FIELD_GET(PSTATE_AA32_IT_LOW, pstate));

		condition = it == 0 ? 14 : it >> 4;
	}
	return (condition_holds[condition] >> nzcv) & 1;
}

/* The classes of instructions that are conditional in AArch32, and their handlers once the
 * condition holds. */
static const exit_handler conditional_table[] = {
	[EC_WFX] = wfx_handle,
	[EC_CP15_MCR] = sysreg32_handle,
	[EC_CP15_MCRR] = sysreg32_handle_pair,
	[EC_CP14_MCR] = sysreg32_handle,
	[EC_CP14_LDC] = sysreg32_handle_memory,
	[EC_FP] = hidden,
	[EC_VMRS] = sysreg32_handle_vmrs,
	[EC_CP14_MRRC] = sysreg32_handle_pair,
	[EC_SMC32] = smccc_smc32,
};

static enum exit_result conditional(struct vcpu *vcpu, uint64_t esr)
{
	if ((vcpu->regs.pstate & PSTATE_NRW) && !exit_condition_holds(vcpu->regs.pstate, esr))
		return EXIT_SKIP;
	return conditional_table[ESR_GET_EC(esr)](vcpu, esr);
}

const exit_handler exit_table[NR_EXIT_CLASSES] = {
	[EC_UNKNOWN] = hidden,
	[EC_WFX] = conditional,
	[EC_CP15_MCR] = conditional,
	[EC_CP15_MCRR] = conditional,
	[EC_CP14_MCR] = conditional,
	[EC_CP14_LDC] = conditional,
	[EC_FP] = conditional,
	[EC_VMRS] = conditional,
	[EC_PAUTH] = hidden,
	[EC_LS64] = hidden,
	[EC_CP14_MRRC] = conditional,
	[EC_HVC32] = smccc_hvc32,
	[EC_SMC32] = conditional,
	[EC_HVC64] = smccc_hvc,
	[EC_SMC64] = smccc_smc,
	[EC_SYSREG] = sysreg_handle,
	[EC_SVE] = hidden,
	[EC_ERET] = hidden,
	[EC_TSTART] = hidden,
	[EC_SME] = hidden,
	[EC_INSN_ABORT_LOWER] = triage_instruction,
	[EC_DATA_ABORT_LOWER] = abort_handle_data,
	[EC_MOPS] = hidden,
	[EC_GCS] = hidden,
	/* reserved, or never routed to EL2 by what Lintel sets */
	[0x02] = unexpected,
	[0x0b] = unexpected,
	[0x0d ... 0x11] = unexpected,
	[0x14 ... 0x15] = unexpected,
	[0x1c] = unexpected,
	[0x1e ... 0x1f] = unexpected,
	[0x21 ... 0x23] = unexpected,
	[0x25 ... 0x26] = unexpected,
	[0x28 ... 0x2c] = unexpected,
	[0x2e ... 0x3f] = unexpected,
};

void exit_skip_instruction(struct guest_regs *regs, uint64_t esr)
{
	uint64_t pstate = regs->pstate;

	/* Only T32 has 16-bit instructions: IL of an exit from AArch64 is always 1. */
	regs->pc += (pstate & PSTATE_NRW) && !(esr & ESR_IL) ? 2 : 4;
	if (pstate & PSTATE_NRW) {
		uint64_t it = FIELD_GET(PSTATE_AA32_IT_HIGH, pstate) << 2 |
			FIELD_GET(PSTATE_AA32_IT_LOW, pstate);

		it = (it & 7) == 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
		pstate &= ~(PSTATE_AA32_IT_HIGH | PSTATE_AA32_IT_LOW);
		pstate |= FIELD_PREP(PSTATE_AA32_IT_HIGH, it >> 2) |
			FIELD_PREP(PSTATE_AA32_IT_LOW, it);
		regs->pstate = pstate & ~PSTATE_SS;
		regs->pc = (uint32_t)regs->pc;
		return;
	}
	regs->pstate = pstate & ~(PSTATE_BTYPE | PSTATE_SS);
}

/* HVC's preferred return address is the instruction after it; of everything else that traps, the
 * instruction. */
static bool is_past(uint64_t esr)
{
	unsigned ec = (unsigned)ESR_GET_EC(esr);

	return ec == EC_HVC64 || ec == EC_HVC32;
}

/* The results that are not all of the time. */
static __noinline bool finish_other(struct vcpu *vcpu, uint64_t esr, enum exit_result result)
{
	switch (result) {
	case EXIT_INJECT:
		/* Instead of the call: its address is what the exception returns to. */
		if (is_past(esr))
			vcpu->regs.pc -= 4;
		inject_now(vcpu);
		return true;
	case EXIT_REFLECT:
		nested_reflect(vcpu, esr);
		return true;
	case EXIT_WAIT:
		if (!is_past(esr))
			exit_skip_instruction(&vcpu->regs, esr);
		return !sched_block(vcpu);
	case EXIT_RESCHEDULE:
		return false;
	case EXIT_REPEAT:
		/* T32 has HVC outside IT blocks only: nothing but the PC has moved. */
		if (is_past(esr))
			vcpu->regs.pc -= 4;
		return true;
	default:
		return true;
	}
}

static __always_inline bool finish(struct vcpu *vcpu, uint64_t esr, enum exit_result result)
{
	if (likely(result == EXIT_SKIP)) {
		uint64_t pc = vcpu->regs.pc, pstate = vcpu->regs.pstate;

		if (likely(!(pstate & (PSTATE_NRW | PSTATE_BTYPE | PSTATE_SS))))
			vcpu->regs.pc = pc + 4;
		else
			exit_skip_instruction(&vcpu->regs, esr);
		return true;
	}
	return likely(result == EXIT_RESUME) || finish_other(vcpu, esr, result);
}

bool exit_finish(struct vcpu *vcpu, uint64_t esr, enum exit_result result)
{
	return finish(vcpu, esr, result);
}

/*
 * It waits for something that others do, and was woken: has that come? If not it goes on waiting.
 * False: it is BLOCKED. Else there is more work: what the parts have for the guest, or what came
 * before it could block.
 */
static bool look_again(struct vcpu *vcpu)
{
	if (!vcpu->wait_over(vcpu))
		return !sched_block(vcpu);
	if (vcpu->parts_wait) {
		vcpu->parts_wait = false;
		vcpu_request_local(vcpu, WORK_PARTS);
	} else if (vcpu->part[PART_NESTED]) {
		nested_before_entry(vcpu);
	}
	return true;
}

/* Its VM pauses: what else was asked of it is done when it goes on. */
static void pause(struct vcpu *vcpu, uint64_t work)
{
	work &= ~(uint64_t)(WORK_PAUSE | WORK_RESCHED);
	if (vcpu->wait_over)
		work |= WORK_WAKE;
	vcpu_request_local(vcpu, work);
	vm_vcpu_paused(vcpu);
}

/*
 * What was asked of this vCPU while it was out. False: it gives up the CPU; else it may enter the
 * guest, if nothing more was asked.
 */
static bool do_work(struct vcpu *vcpu)
{
	uint64_t work = __atomic_exchange_n(&vcpu->work, 0, __ATOMIC_ACQUIRE);

	if (work == WORK_RESCHED && likely(!vcpu->wait_over))
		return false;
	if (work & WORK_STOP) {
		vm_vcpu_stopped(vcpu);
		return false;
	}
	if (work & WORK_PAUSE) {
		pause(vcpu, work);
		return false;
	}
	if (work & WORK_VGIC)
		vgic_flush(vcpu);
	if (unlikely(vcpu->wait_over)) {
		if (work & WORK_RESCHED)
			vcpu_request_local(vcpu, WORK_RESCHED);
		if (work & WORK_PARTS)
			vcpu->parts_wait = true;
		return look_again(vcpu);
	}
	if (work & WORK_PARTS)
		vcpu_enter_parts(vcpu);
	if (unlikely(vcpu->part[PART_NESTED]))
		nested_before_entry(vcpu);
	return !(work & WORK_RESCHED);
}

/* A physical SError, while the guest ran: contained by giving it to the guest as its own. */
static void serror(struct vcpu *vcpu, uint64_t esr)
{
	vcpu_log(vcpu, "SError, ESR 0x%lx: given to the guest as a virtual SError",
		(unsigned long)esr);
	if (nested_is_inner(vcpu) && nested_take_serror(vcpu, esr & ESR_ISS_MASK))
		return;
	inject_serror(vcpu, esr & ESR_ISS_MASK);
}

static struct trace_entry *asynchronous(
	struct cpu *cpu, struct vcpu *vcpu, enum exit_kind kind, uint64_t now)
{
	struct trace_entry *entry;

	if (likely(kind == EXIT_IRQ)) {
		uint32_t intid = gicv3_acknowledge();

		entry = trace_add(&cpu->trace, TRACE_WHAT(TRACE_IRQ) | intid, vcpu->regs.pc, now);
		vcpu->irq_exits++;
		irq_handle(intid);
		return entry;
	}
	if (kind == EXIT_SERROR) {
		uint64_t esr = read_sysreg(ESR_EL2);

		entry = trace_add(&cpu->trace, TRACE_WHAT(TRACE_SERROR) | esr, vcpu->regs.pc, now);
		serror(vcpu, esr);
		return entry;
	}
	entry = trace_add(&cpu->trace, TRACE_WHAT(TRACE_FIQ), vcpu->regs.pc, now);
	vcpu_log(vcpu, "FIQ: group 0 interrupts belong to EL3; ignored");
	return entry;
}

/* The vCPU's turn on this CPU begins. */
static struct trace_entry *begin_turn(struct cpu *cpu, struct vcpu *vcpu)
{
	struct trace_entry *entry =
		trace_record(&cpu->trace, TRACE_WHAT(TRACE_RUN) | vcpu->trace_id, vcpu->regs.pc);
	struct vcpu_times *times = &vcpu->times;

	times->away += entry->out - times->last_exit;
	times->last_exit = entry->out;
	cpu->guest_counted = times->guest;
	cpu->in_turn = true;
	return entry;
}

/* The vCPU may be another CPU's already. */
static void end_turn(struct cpu *cpu, uint64_t guest)
{
	cpu->in_turn = false;
	cpu->guest_ticks += guest - cpu->guest_counted;
}

/* The vCPU that is loaded here, until it must give up the CPU. */
static __always_inline void run(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();
	struct guest_exit (*const enter)(struct guest_regs * regs) = cpu->enter;
	struct trace_entry *entry = begin_turn(cpu, vcpu);
	uint64_t guest = vcpu->times.guest; /* while it runs: less the time when it was entered */

	for (;;) {
		struct guest_exit came;
		uint64_t esr, now;
		unsigned ec;

		while (unlikely(READ_ONCE(vcpu->work))) {
			if (!do_work(vcpu))
				goto out;
		}
		now = read_sysreg(CNTPCT_EL0);
		entry->in = now;
		guest -= now;
		came = vcpu_enter(enter, &vcpu->regs);
		now = read_sysreg(CNTPCT_EL0);
		guest += now;
		vcpu->times.guest = guest;
		vcpu->times.last_exit = now;
		if (unlikely(came.kind != EXIT_SYNC)) {
			entry = asynchronous(cpu, vcpu, (enum exit_kind)came.kind, now);
			continue;
		}
		esr = guest_exit_esr(came);
		ec = (unsigned)ESR_GET_EC(esr);
		entry = trace_add(&cpu->trace, esr, vcpu->regs.pc, now);
		vcpu->exits[ec]++;
		if (!finish(vcpu, esr, vcpu->exit_table[ec](vcpu, came.esr)))
			break;
	}
out:
	end_turn(cpu, guest);
}

__noreturn void exit_loop(void)
{
	sched_loop(run);
}

static struct guest_exit (*unmeasured_enter)(struct guest_regs *regs);

static struct guest_exit enter_measured(struct guest_regs *regs)
{
	struct cpu *cpu = this_cpu();
	struct guest_exit came;
	uint64_t masked = read_sysreg(CNTPCT_EL0) - cpu->exit_time;

	if (cpu->exit_time != 0 && masked > cpu->longest_masked)
		cpu->longest_masked = masked;
	came = vcpu_enter(unmeasured_enter, regs);
	cpu->exit_time = read_sysreg(CNTPCT_EL0);
	return came;
}

void exit_measure_masked(struct cpu *cpu)
{
	unmeasured_enter = cpu->enter;
	cpu->enter = enter_measured;
}
