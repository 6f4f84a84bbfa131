/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/trace.h"

static const struct trace_entry *oldest(const struct trace_ring *ring)
{
	return ring->kept ? ring->kept : ring->next;
}

static const struct trace_entry *base_of(const struct trace_entry *entry)
{
	return (const struct trace_entry *)((uintptr_t)entry & ~(uintptr_t)(TRACE_SIZE - 1));
}

unsigned trace_count(const struct trace_ring *ring)
{
	const struct trace_entry *next = oldest(ring);

	if (!next)
		return 0;
	return next->out ? TRACE_ENTRIES : (unsigned)(next - base_of(next));
}

const struct trace_entry *trace_at(const struct trace_ring *ring, unsigned n)
{
	const struct trace_entry *next = oldest(ring), *base = base_of(next);

	if (next->out)
		n += (unsigned)(next - base);
	return &base[n % TRACE_ENTRIES];
}

void trace_keep(struct trace_ring *ring, struct trace_entry *scratch)
{
	if (ring->kept)
		return;
	ring->kept = ring->next;
	ring->next = scratch;
}

void trace_go_on(struct trace_ring *ring)
{
	if (!ring->kept)
		return;
	ring->next = ring->kept;
	ring->kept = NULL;
}
