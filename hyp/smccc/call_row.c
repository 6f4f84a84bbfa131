/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What rules and defaults come to, for one key: the rows of a table follow from it (call_table.h).
 */
#include "hyp/smccc/call_table.h"

/* DEN0028 table 2-1, DEN0022, DEN0054, DEN0098, DEN0057, DEN0077 (FF-A). */
const struct call_service call_services[NR_CALL_SERVICES] = {
	[SMCCC_SERVICE_ARCH] = { "the architecture's own calls", SMCCC_BASE_ARCH, 0x10000, true,
		false },
	[SMCCC_SERVICE_PSCI] = { "PSCI", SMCCC_BASE_PSCI, 0x20, true, true },
	[SMCCC_SERVICE_SDEI] = { "SDEI", SMCCC_BASE_SDEI, 0x20, true, true },
	[SMCCC_SERVICE_TRNG] = { "TRNG", SMCCC_BASE_TRNG, 0x10, true, true },
	[SMCCC_SERVICE_PV_TIME] = { "stolen time", SMCCC_BASE_PV_TIME, 0x10, true, true },
	[SMCCC_SERVICE_VENDOR] = { "the hypervisor's own calls", SMCCC_BASE_VENDOR, 0x10000, true,
		false },
	[CALL_SERVICE_FFA] = { "FF-A", UINT32_C(0x84000060), 0x90, false, true },
};

/* Where a row that begins at `key` ends at the latest, when [first, last] is another's. */
static void cut(struct call_row *row, uint64_t first)
{
	if (first > row->first && first <= row->last)
		row->last = first - 1;
}

static struct call_row default_at(uint64_t key)
{
	struct call_row row = { .first = key, .last = CALL_KEY_LAST, .action = CALL_DENY };

	cut(&row, CALL_KEY(1, 0));
	for (unsigned i = 0; i < 2 * NR_CALL_SERVICES; i++) {
		const struct call_service *service = &call_services[i / 2];
		uint64_t first = service->base | (i % 2 ? SMCCC_64 : 0);
		uint64_t end = first + service->count;

		cut(&row, first);
		if (key >= first && key < end) {
			cut(&row, end);
			row.action = service->handled ? CALL_HANDLE : CALL_DENY;
		}
	}
	return row;
}

struct call_row call_row_at(const struct call_rule *const *rules, unsigned count, uint64_t key)
{
	struct call_row row = default_at(key);

	for (unsigned i = 0; i < count; i++) {
		uint64_t first = CALL_KEY(rules[i]->immediate_first, rules[i]->function_first);
		uint64_t last = CALL_KEY(rules[i]->immediate_last, rules[i]->function_last);

		if (rules[i]->immediate_last != 0)
			last = CALL_KEY(rules[i]->immediate_last, UINT32_MAX);
		if (key >= first && key <= last) {
			row.last = last;
			row.action = rules[i]->action;
			row.rule = rules[i];
			return row;
		}
		cut(&row, first);
	}
	return row;
}
