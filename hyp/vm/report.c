/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages about what a guest did: who, where, and what to change.
 */
#include <stdarg.h>

#include "hyp/base/format.h"
#include "hyp/vm/vm.h"

#define REPORT_MAX 200

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
	char text[REPORT_MAX];
	va_list args;

	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	log_error("VM %s, vCPU %u, PC 0x%lx: %s; the VM is stopped", vcpu->vm->name, vcpu->id,
		(unsigned long)vcpu->regs.pc, text);
	vm_fault(vcpu->vm);
}
