/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest is told of calls: how PSCI and SDEI are called, if they are answered, and, if it
 * answers those of other VMs itself, where it finds them.
 * TRNG, stolen time and the Arm architecture's calls are found by asking for them.
 */
#include "hyp/base/format.h"
#include "hyp/bundle/guest_dt_parts.h"
#include "hyp/smccc/monitor.h"

/* Bytes that suffice for the nodes of both. */
#define ROOM_CALLS   384
/* ... and for that of the call records. */
#define ROOM_RECORDS 128

static void write_method(struct dt_writer *writer, enum guest_conduit conduit)
{
	dt_writer_text(writer, "method", conduit == GUEST_SMC ? "smc" : "hvc");
}

static void write_records(struct dt_writer *writer)
{
	char name[32];

	format(name, sizeof(name), "call-monitor@%llx", (unsigned long long)MONITOR_RECORDS_BASE);
	dt_writer_begin(writer, name);
	dt_writer_text(writer, "compatible", "lintel,call-monitor");
	dt_writer_list(writer, "reg", 0, (uint32_t)MONITOR_RECORDS_BASE, 0, MONITOR_RECORDS_SIZE);
	dt_writer_end(writer);
}

void guest_dt_write_calls(struct dt_writer *writer, const struct guest_dt_config *config)
{
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2";

	if (config->psci != GUEST_NEITHER) {
		dt_writer_begin(writer, "psci");
		dt_writer_bytes(writer, "compatible", psci, sizeof(psci));
		write_method(writer, config->psci);
		dt_writer_end(writer);
	}
	if (config->sdei != GUEST_NEITHER) {
		dt_writer_begin(writer, "firmware");
		dt_writer_begin(writer, "sdei");
		dt_writer_text(writer, "compatible", "arm,sdei-1.0");
		write_method(writer, config->sdei);
		dt_writer_end(writer);
		dt_writer_end(writer);
	}
	if (config->monitor)
		write_records(writer);
}

size_t guest_dt_calls_room(const struct guest_dt_config *config)
{
	return ROOM_CALLS + (config->monitor ? ROOM_RECORDS : 0);
}
