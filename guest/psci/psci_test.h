/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the psci payload: every function and every error, by HVC and SMC, in both widths.
 */
#ifndef GUEST_PSCI_PSCI_TEST_H
#define GUEST_PSCI_PSCI_TEST_H

#include "power.h"

/* Numbers of the functions (DEN0022): both widths' identifiers end in them. */
enum psci_function {
	VERSION,
	CPU_SUSPEND,
	CPU_OFF,
	CPU_ON,
	AFFINITY_INFO,
	MIGRATE,
	MIGRATE_INFO_TYPE,
	MIGRATE_INFO_UP_CPU,
	SYSTEM_OFF,
	SYSTEM_RESET,
	FEATURES,
	CPU_FREEZE,
	DEFAULT_SUSPEND,
	NODE_HW_STATE,
	SYSTEM_SUSPEND,
	SET_SUSPEND_MODE,
	STAT_RESIDENCY,
	STAT_COUNT,
	SYSTEM_RESET2,
	MEM_PROTECT,
	CHECK_RANGE,
	SYSTEM_OFF2,
	CLEAN_INV_MEMREGION,
	CLEAN_INV_MEMREGION_ATTRIBUTES,
	LAST_FUNCTION = 0x1f,
};

#define NARROW_BASE   0x84000000u
#define WIDE_BASE     0xc4000000u

#define MODE_PLATFORM 0
#define MODE_OS       1

#define HW_ON         0
#define HW_OFF        1
#define HW_STANDBY    2

/* The power_states of this VM's format. */
struct states {
	u64 standby, down, cluster_standby, cluster_down, system_standby, system_down;
	u64 with_id; /* standby, with an identifier */
	u64 other;   /* power down in the other format */
	u64 valid;   /* bits that a power_state may have, each alone */
};
extern struct states states;
extern bool extended;

/* A way to make a call. */
struct way {
	enum conduit conduit;
	bool wide;
};
#define WAYS 4
extern const struct way ways[WAYS];
const char *way_name(u32 way);

/* Is there such a function, in that width? */
bool has_function(u32 function, bool wide);

/*
 * The call: x0 as signed number of the width. Narrow ones come with garbage in the upper halves.
 * What else than x0 it changes is counted.
 */
s64 call_way(u32 way, u32 function, u64 a1, u64 a2, u64 a3);
u32 calls_that_changed_more(void);

/* The same, by all ways that the function has, gives `expected` each time: one test. */
void check_call(u32 function, u64 a1, u64 a2, u64 a3, s64 expected, const char *what);

/* A call that loses the CPU's state, or doesn't. */
struct down {
	u64 x[4];
	u64 smc;
	u64 sp;
	u64 result; /* x0 when it came back behind the call, or the context at the entry */
	u64 current_el, sctlr, daif, spsel;
	u64 pad[5];
} __attribute__((aligned(64)));

/* entry.S: makes the call; true when it came back through down_entry. */
bool down_call(struct down *down);
void down_entry(void);
extern struct down *down_of[MAX_CPUS];

/* The target of the hammer: counts itself, and switches itself off, without ever a stack. */
void hammered_entry(void);
struct hammered {
	u64 runs, contexts, not_on;
	u64 pad[5];
} __attribute__((aligned(64)));
extern struct hammered hammered;

void test_calls(void);
void test_suspend(void);
void test_others(void);
void test_hammer(void);
/* A VM with on-reset = "keep" that is restarted: true at the last of its boots. */
bool test_protect(void);

#endif
