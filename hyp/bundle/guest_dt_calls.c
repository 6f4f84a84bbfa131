/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest is told of the calls that are answered: how PSCI and SDEI are called, if they are.
 * TRNG, stolen time and the Arm architecture's calls are found by asking for them.
 */
#include "hyp/bundle/guest_dt_parts.h"

/* Bytes that suffice for both nodes. */
#define ROOM_CALLS 384

static void write_method(struct dt_writer *writer, enum guest_conduit conduit)
{
	dt_writer_text(writer, "method", conduit == GUEST_SMC ? "smc" : "hvc");
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
}

size_t guest_dt_calls_room(void)
{
	return ROOM_CALLS;
}
