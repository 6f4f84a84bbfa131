/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls by themselves: nothing is signalled here. The order of the rows is that of the calls.
 */
#include "machine.h"
#include "regs.h"
#include "sdei.h"
#include "tap.h"

#define HANDLER ((u64)sdei_entry)
#define BOUND   UINT64_C(0xb0b0b0b0) /* stands for the event that BIND has given */

struct row {
	const char *what;
	u32 function;
	u64 a[5];
	s64 answer;
};

#define ROW(what, answer, function, ...)                   \
	{                                                  \
		what, function, { __VA_ARGS__ }, (answer), \
	}

static const struct row first_rows[] = {
	ROW("VERSION", 0x0001000100000000, VERSION, 0),
	ROW("FEATURES 0: slots", PRIVATE_BIND | SHARED_BIND << 16, FEATURES, 0),
	ROW("FEATURES 1: relative handlers", 1, FEATURES, 1),
	ROW("FEATURES 2", INVALID, FEATURES, 2),
	ROW("a function that isn't there", NOT_SUPPORTED, SHARED_RESET + 1, 0),
	ROW("the last function of the range", NOT_SUPPORTED, 31, 0),
	ROW("SHARED_RESET", 0, SHARED_RESET, 0),
	ROW("PRIVATE_RESET", 0, PRIVATE_RESET, 0),
	ROW("PE_MASK of a masked CPU", 0, PE_MASK, 0),
	ROW("PE_UNMASK", 0, PE_UNMASK, 0),
	ROW("PE_MASK of one that was not", 1, PE_MASK, 0),
	ROW("REGISTER an event that isn't there", INVALID, REGISTER, 77, HANDLER),
	ROW("REGISTER a number beyond 32 bits", INVALID, REGISTER, BIT(32), HANDLER),
	ROW("REGISTER with unknown flags", INVALID, REGISTER, 0, HANDLER, 0, 4),
	ROW("REGISTER with no handler", INVALID, REGISTER, 0, 0),
	ROW("REGISTER an unaligned handler", INVALID, REGISTER, 0, HANDLER + 2),
	ROW("REGISTER a handler outside the VM", INVALID, REGISTER, 0, UART_BASE),
	ROW("REGISTER a handler that isn't mapped", INVALID, REGISTER, 0, BIT(47)),
	ROW("ENABLE before REGISTER", DENIED, ENABLE, 0),
	ROW("DISABLE before REGISTER", DENIED, DISABLE, 0),
	ROW("UNREGISTER before REGISTER", DENIED, UNREGISTER, 0),
	ROW("STATUS before REGISTER", 0, STATUS, 0),
	ROW("REGISTER", 0, REGISTER, 0, HANDLER),
	ROW("REGISTER again", DENIED, REGISTER, 0, HANDLER),
	ROW("STATUS: registered", REGISTERED, STATUS, 0),
	ROW("ENABLE", 0, ENABLE, 0),
	ROW("STATUS: enabled", REGISTERED | ENABLED, STATUS, 0),
	ROW("DISABLE", 0, DISABLE, 0),
	ROW("SHARED_RESET with a private event", DENIED, SHARED_RESET, 0),
	ROW("GET_INFO: private", 0, GET_INFO, 0, 0),
	ROW("GET_INFO: software signals it", 1, GET_INFO, 0, 1),
	ROW("GET_INFO: normal", 0, GET_INFO, 0, 2),
	ROW("GET_INFO: critical", 1, GET_INFO, EVENT_ALARM, 2),
	ROW("GET_INFO: shared", 1, GET_INFO, EVENT_ALARM, 0),
	ROW("GET_INFO: an interrupt signals it", 0, GET_INFO, EVENT_ALARM, 1),
	ROW("GET_INFO: the bundle's private one", 0, GET_INFO, EVENT_PPI, 0),
	ROW("GET_INFO: routing of a private event", INVALID, GET_INFO, 0, 3),
	ROW("GET_INFO: routing without a registration", DENIED, GET_INFO, EVENT_ALARM, 3),
	ROW("GET_INFO: what isn't there", INVALID, GET_INFO, 0, 5),
	ROW("GET_INFO of what isn't there", INVALID, GET_INFO, 77, 0),
	ROW("ROUTING_SET of a private event", INVALID, ROUTING_SET, 0, 0, 0),
	ROW("CONTEXT 18", INVALID, CONTEXT, 18),
	ROW("CONTEXT without a handler", DENIED, CONTEXT, 0),
	ROW("COMPLETE without a handler", DENIED, COMPLETE, 0),
	ROW("COMPLETE_AND_RESUME without a handler", DENIED, COMPLETE_AND_RESUME, HANDLER),
	ROW("SIGNAL another event", INVALID, SIGNAL, EVENT_ALARM, 0),
	ROW("SIGNAL to nobody", INVALID, SIGNAL, 0, 0x100),
	ROW("UNREGISTER", 0, UNREGISTER, 0),
	ROW("UNREGISTER again", DENIED, UNREGISTER, 0),
	ROW("BIND an SGI", INVALID, BIND, 7),
	ROW("BIND the virtual timer", INVALID, BIND, 27),
	ROW("BIND what the bundle has", INVALID, BIND, INTID_ALARM),
	ROW("BIND behind the last SPI", INVALID, BIND, SPI(256)),
	ROW("RELEASE what the bundle has", INVALID, RELEASE, EVENT_ALARM),
	ROW("RELEASE event 0", INVALID, RELEASE, 0),
};

static const struct row bound_rows[] = {
	ROW("bound: STATUS", 0, STATUS, BOUND),
	ROW("bound: ROUTING_SET before REGISTER", DENIED, ROUTING_SET, BOUND, 0, 0),
	ROW("bound: REGISTER for a foreign CPU", INVALID, REGISTER, BOUND, HANDLER, 0, RM_PE,
		0x100),
	ROW("bound: REGISTER for CPU 1", 0, REGISTER, BOUND, HANDLER, 0, RM_PE, 1),
	ROW("bound: RELEASE while it is registered", DENIED, RELEASE, BOUND),
	ROW("bound: GET_INFO: RM_PE", 1, GET_INFO, BOUND, 3),
	ROW("bound: GET_INFO: CPU 1", 1, GET_INFO, BOUND, 4),
	ROW("bound: ROUTING_SET of no mode", INVALID, ROUTING_SET, BOUND, 2, 0),
	ROW("bound: ROUTING_SET to nobody", INVALID, ROUTING_SET, BOUND, RM_PE, 0x100),
	ROW("bound: ROUTING_SET to any", 0, ROUTING_SET, BOUND, 0, 0),
	ROW("bound: GET_INFO: RM_ANY", 0, GET_INFO, BOUND, 3),
	ROW("bound: GET_INFO: no one CPU", INVALID, GET_INFO, BOUND, 4),
	ROW("bound: ENABLE", 0, ENABLE, BOUND),
	ROW("bound: ROUTING_SET while it is enabled", DENIED, ROUTING_SET, BOUND, RM_PE, 0),
	ROW("bound: UNREGISTER", 0, UNREGISTER, BOUND),
	ROW("bound: RELEASE", 0, RELEASE, BOUND),
	ROW("bound: RELEASE again", INVALID, RELEASE, BOUND),
};

static void run(const struct row *row, u64 bound)
{
	u64 event = row->a[0] == BOUND ? bound : row->a[0];

	tap_is((u64)sdei5(row->function, event, row->a[1], row->a[2], row->a[3], row->a[4]),
		(u64)row->answer, "%s: %s", sdei_conduit == CONDUIT_SMC ? "SMC" : "HVC", row->what);
}

/* As many as FEATURES says, of each kind; and all are given back by SHARED_RESET. */
static void test_slots(void)
{
	s64 found = 0;

	for (u32 i = 0; i < SHARED_BIND; i++)
		found |= sdei(BIND, SPI(110 + i), 0, 0);
	tap_ok(found > 0, "%u SPIs can be bound", SHARED_BIND);
	tap_is((u64)sdei(BIND, INTID_LEVEL, 0, 0), (u64)OUT_OF_RESOURCE, "and not one more");
	tap_is((u64)sdei(BIND, SPI(111), 0, 0), (u64)sdei(BIND, SPI(111), 0, 0),
		"BIND again gives the same event");
	found = 0;
	for (u32 i = 0; i < PRIVATE_BIND + 1; i++) {
		if (16 + i != INTID_PPI)
			found |= sdei(BIND, 16 + i, 0, 0);
	}
	tap_ok(found > 0, "%u PPIs can be bound", PRIVATE_BIND);
	tap_is((u64)sdei(BIND, 31, 0, 0), (u64)OUT_OF_RESOURCE, "and not one more");
	tap_is((u64)sdei(SHARED_RESET, 0, 0, 0), 0, "SHARED_RESET gives them back");
	tap_ok(sdei(BIND, INTID_LEVEL, 0, 0) > 0, "there is a slot again");
	sdei(SHARED_RESET, 0, 0, 0);
}

void test_calls(void)
{
	u64 bound;

	for (u32 i = 0; i < ARRAY_SIZE(first_rows); i++)
		run(&first_rows[i], 0);
	bound = (u64)sdei(BIND, INTID_LEVEL, 0, 0);
	tap_ok((s64)bound > 0, "BIND");
	for (u32 i = 0; i < ARRAY_SIZE(bound_rows); i++)
		run(&bound_rows[i], bound);
	test_slots();
}
