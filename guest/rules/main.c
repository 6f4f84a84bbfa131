/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What rules for calls do, as tests/qemu/rules gives them to this VM:
 *
 *   PSCI by HVC                        deny: so the devicetree says SMC
 *   TRNG by HVC                        deny
 *   immediates 1 to 0xffff by HVC      undef
 *   82000000-820000ff                  undef by SMC, deny by HVC
 *   immediates 0x100 to 0x1ff by SMC   undef
 */
#include "exception.h"
#include "machine.h"
#include "smp.h"
#include "tap.h"

#define HVC             0xd4000002u
#define SMC             0xd4000003u
#define WITH(insn, imm) ((insn) | (u32)(imm) << 5)

#define ESR_EC_SHIFT    26
#define EC_UNKNOWN      0

#define TRNG_VERSION    0x84000050u
#define TRNG_VERSION_1  0x10000
#define SIP             0x82000000u
#define SIP_LAST        0x820000ffu

#define NOT_SUPPORTED   (-1)
#define JOIN_MS         10000

/* x0-x7 hold this, but for the function in x0. */
#define MARK            UINT64_C(0x1122334455667700)

static void call(struct probe *p, u32 insn, u32 function)
{
	*p = (struct probe){ .count = 0 };
	for (u32 i = 0; i < 8; i++)
		p->x[i] = MARK + i;
	p->x[0] = function;
	probe_insn(p, insn);
}

static bool kept(const struct probe *p, u32 first)
{
	for (u32 i = first; i < 8; i++)
		if (p->x[i] != MARK + i)
			return false;
	return true;
}

/* An Undefined Instruction exception at the call itself, with nothing changed. */
static void is_undefined(u32 insn, u32 function, const char *what)
{
	struct probe p;

	call(&p, insn, function);
	tap_ok(p.count == 1 && p.esr >> ESR_EC_SHIFT == EC_UNKNOWN && p.elr == p.pc &&
			p.x[0] == function && kept(&p, 1),
		"%s is undefined (%u exceptions, ESR 0x%lx, x0 0x%lx)", what, p.count, p.esr,
		p.x[0]);
}

static void gives(u32 insn, u32 function, s32 value, const char *what)
{
	struct probe p;

	call(&p, insn, function);
	tap_ok(!p.taken && (s32)p.x[0] == value && kept(&p, 4), "%s: x0 = 0x%lx", what, p.x[0]);
}

static void note(void *arg)
{
	*(volatile u32 *)arg = 1;
}

void payload_main(void)
{
	static u32 ran;

	if (!under_lintel()) {
		tap_skip("rules", "not under Lintel");
		return;
	}
	tap_is(machine.conduit, CONDUIT_SMC, "the devicetree says PSCI by SMC");
	gives(HVC, PSCI_VERSION, NOT_SUPPORTED, "PSCI by HVC is denied");
	tap_ok(psci(PSCI_VERSION, 0, 0, 0) > 0, "by SMC it is there");
	tap_ok(smp_start(1, note, &ran) == PSCI_SUCCESS && smp_join(1, JOIN_MS) && ran,
		"and starts a CPU");

	gives(HVC, TRNG_VERSION, NOT_SUPPORTED, "TRNG by HVC is denied");
	gives(SMC, TRNG_VERSION, TRNG_VERSION_1, "TRNG by SMC");
	tap_ok((s32)smccc_call(CONDUIT_HVC, SMCCC_VERSION, 0, 0, 0) > 0,
		"the architecture's own calls stay, by HVC");
	tap_ok((s32)smccc_call(CONDUIT_SMC, SMCCC_VERSION, 0, 0, 0) > 0, "and by SMC");

	is_undefined(WITH(HVC, 1), SMCCC_VERSION, "HVC #1");
	is_undefined(WITH(HVC, 0xffff), 0, "HVC #0xffff");
	gives(WITH(SMC, 1), SMCCC_VERSION, NOT_SUPPORTED, "SMC #1, for which there is no rule");
	gives(WITH(SMC, 0xff), SMCCC_VERSION, NOT_SUPPORTED, "SMC #0xff");
	is_undefined(WITH(SMC, 0x100), SMCCC_VERSION, "SMC #0x100");
	is_undefined(WITH(SMC, 0x1ff), 0x12345678, "SMC #0x1ff");
	gives(WITH(SMC, 0x200), SMCCC_VERSION, NOT_SUPPORTED, "SMC #0x200");

	is_undefined(SMC, SIP, "the first of a range by SMC");
	is_undefined(SMC, SIP_LAST, "its last");
	gives(SMC, SIP - 1, NOT_SUPPORTED, "the one before");
	gives(SMC, SIP_LAST + 1, NOT_SUPPORTED, "the one behind");
	gives(HVC, SIP, NOT_SUPPORTED, "the first by HVC");
	gives(HVC, SIP_LAST, NOT_SUPPORTED, "the last by HVC");
}
