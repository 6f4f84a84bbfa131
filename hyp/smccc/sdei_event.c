/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For now events are only counted: SDEI's calls don't know them yet.
 */
#include "hyp/smccc/sdei_event.h"

static unsigned nr_events;

enum status sdei_event_add(const struct sdei_event_config *config)
{
	(void)config;
	if (nr_events == MAX_VMS * SDEI_EVENTS_MAX)
		return ERR_NO_MEMORY;
	nr_events++;
	return OK;
}
