/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages about what a guest did: who, where, and what to change.
 */
#include <stdarg.h>

#include "hyp/base/format.h"
#include "hyp/vm/vm.h"

#define REPORT_MAX 256

void vcpu_log(struct vcpu *vcpu, const char *fmt, ...)
{
	char text[REPORT_MAX];
	va_list args;

	if (!log_limit_ok(&vcpu->vm->log_limit, vm_now_ms()))
		return;
	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	log_warn("VM %s, vCPU %u, PC 0x%lx: %s", vcpu->vm->name, vcpu->id,
		(unsigned long)vcpu->regs.pc, text);
}

void vm_fail(struct vcpu *vcpu, const char *fmt, ...)
{
	static const char *const words[] = {
		[VM_ACTION_STOP] = "stopped",
		[VM_ACTION_RESTART] = "restarted",
		[VM_ACTION_PAUSE] = "paused",
	};
	const struct vm *vm = vcpu->vm;
	char text[REPORT_MAX];
	enum vm_action action;
	va_list args;

	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	action = vm_fault(vcpu->vm);
	log_error("VM %s, vCPU %u, PC 0x%lx: %s; the VM is %s%s", vm->name, vcpu->id,
		(unsigned long)vcpu->regs.pc, text, words[action],
		action == VM_ACTION_STOP && vm->end == VM_END_FAULT &&
				vm->policy.on_crash == VM_ACTION_RESTART
			? ": each time it is restarted it crashes at once"
			: "");
}
