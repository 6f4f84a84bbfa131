/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/walk_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct {
	uint64_t ipa, value;
} cells[256];
static unsigned cell_count;

uint64_t model_unreadable;
enum status model_status, model_update_status;
void (*model_before_update)(uint64_t ipa);
unsigned model_reads, model_updates, model_syncs;

void model_reset(void)
{
	cell_count = 0;
	model_unreadable = UINT64_MAX;
	model_update_status = OK;
	model_before_update = NULL;
	model_reads = model_updates = model_syncs = 0;
}

void model_put(uint64_t ipa, uint64_t value)
{
	unsigned i = 0;

	while (i < cell_count && cells[i].ipa != ipa)
		i++;
	assert_true(i < ARRAY_SIZE(cells));
	cell_count = MAX(cell_count, i + 1);
	cells[i].ipa = ipa;
	cells[i].value = value;
}

uint64_t model_get(uint64_t ipa)
{
	for (unsigned i = 0; i < cell_count; i++)
		if (cells[i].ipa == ipa)
			return cells[i].value;
	return 0;
}

static enum status read_cell(void *context, ipa_t ipa, uint64_t *value)
{
	(void)context;
	assert_int_equal(ipa.ipa % 8, 0);
	model_reads++;
	*value = model_get(ipa.ipa);
	return ipa.ipa == model_unreadable ? model_status : OK;
}

static void sync_cell(void *context, ipa_t ipa)
{
	(void)context;
	(void)ipa;
	model_syncs++;
}

static enum status update_cell(void *context, ipa_t ipa, uint64_t old, uint64_t new)
{
	(void)context;
	model_updates++;
	if (model_before_update)
		model_before_update(ipa.ipa);
	if (model_update_status != OK)
		return model_update_status;
	if (model_get(ipa.ipa) != old)
		return ERR_EXISTS;
	model_put(ipa.ipa, new);
	return OK;
}

const struct walk_memory model_memory = {
	.read = read_cell, .sync = sync_cell, .update = update_cell
};
const struct walk_memory model_readonly = { .read = read_cell, .sync = sync_cell };
