/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM's calls come to: rules, one for a range of function identifiers with immediate 0 or for
 * a range of other immediates, for SMC, HVC or both.
 *
 * They are the bundle's (the nodes of /smccc), over Lintel's defaults (call_table.h), and are given
 * to Lintel before their VM is made. A rule is refused, with a message for the person who wrote it,
 * when it
 *  - overlaps another one of its VM and conduit;
 *  - holds a part of the architecture's range (owner 0, fast: 80000000-8000ffff,
 * c0000000-c000ffff), with any action but "handle";
 *  - holds a part of a service that makes sense only whole (PSCI 0-1f, SDEI 20-3f, TRNG 50-5f, FF-A
 *    60-ef, stolen time, of both widths together), unless it, with others of the same action and
 *    target, holds all of it;
 *  - "handle"s what Lintel doesn't have;
 *  - is for immediates other than 0 and for function identifiers;
 *  - is for fast calls with the hint of bit 16 alone, which are looked up without it;
 *  - passes PSCI or SDEI, a yielding call or anything of non-zero immediates to the firmware;
 *  - has a monitor VM that is its own, or from whose calls a chain of monitors leads back;
 *  - with others keeps a monitor's own calls from Lintel, by both conduits.
 */
#ifndef HYP_SMCCC_CALL_RULE_H
#define HYP_SMCCC_CALL_RULE_H

#include "hyp/vm/vm.h"

#ifndef CALL_RULES_MAX     /* less in a proof */
#define CALL_RULES_MAX 256 /* in a bundle */
#endif

/* The numbers of "action" in schema.def; CALL_REFLECT can't be configured. */
enum call_action {
	CALL_HANDLE,      /* a service of Lintel's own */
	CALL_DENY,        /* NOT_SUPPORTED */
	CALL_UNDEFINED,   /* an Undefined Instruction exception at the call */
	CALL_TO_FIRMWARE, /* EL3 */
	CALL_TO_MONITOR,  /* another VM */
	CALL_REFLECT,     /* to the guest hypervisor */
};

struct call_rule {
	char name[VM_NAME_MAX + 1]; /* of its node, for messages */
	char vm[VM_NAME_MAX + 1];
	bool smc, hvc;
	uint32_t function_first, function_last;   /* with immediates 0..0 */
	uint16_t immediate_first, immediate_last; /* 0..0, or others and no functions */
	enum call_action action;
	/* CALL_TO_FIRMWARE. Registers as bit n for xn. */
	uint32_t arguments;    /* x1-x17 that are passed; the others are 0 */
	uint32_t addresses;    /* of them: IPAs, that the firmware gets as PAs */
	uint64_t address_size; /* bytes there, 1..4096: all in one page of the VM's own memory */
	uint32_t results;      /* x0-x17 that come back; the others are preserved */
	/* CALL_TO_MONITOR */
	char monitor[VM_NAME_MAX + 1];
	uint64_t timeout_ms; /* without an answer: NOT_SUPPORTED */
	char line[VM_NAME_MAX +
		1]; /* of the monitor's (hyp/vdev/line.h), raised at each call; "" none */
};

/*
 * Takes a rule that the parser has found well-formed. Errors, logged by the caller with `why` (a
 * sentence without its full stop, good until the next call): ERR_INVALID, ERR_EXISTS (it overlaps
 * another one), ERR_NO_MEMORY.
 */
enum status call_rule_add(const struct call_rule *rule, const char **why) __must_check;

/*
 * When all are added, before VMs are made: services that are taken in part, and monitors that can't
 * take calls, are found only now.
 * ERR_INVALID, with `why` as above.
 */
enum status call_rules_check(const char **why) __must_check;

/* The same for the rules of one VM. only_smc: its HVCs don't come to Lintel (virtual-el2). */
enum status call_rules_check_vm(const char *vm, bool only_smc, const char **why) __must_check;

/* Forgets all rules. Nothing may have been made of them. */
void call_rules_forget(void);

/* Those for a VM and SMC, or HVC; how many they are. */
unsigned call_rules_of(const char *vm, bool smc, const struct call_rule *rules[CALL_RULES_MAX]);

/* Number n of all rules, in the order in which they were added; it stays where it is. NULL: there
 * are fewer. */
const struct call_rule *call_rule_nth(unsigned n);

/* What will become of a call of a VM that need not exist yet: for its devicetree. */
enum call_action call_rule_action(const char *vm, bool smc, uint32_t function);

#endif
