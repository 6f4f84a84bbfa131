/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/timer.h"

enum status nested_timer_create(struct vm *vm)
{
	(void)vm;
	return OK;
}

void nested_timer_destroy(struct vm *vm)
{
	(void)vm;
}

void nested_timer_reset(struct nested *nested)
{
	(void)nested;
}

void nested_timer_enter(struct nested *nested)
{
	(void)nested;
}

void nested_timer_leave(struct nested *nested)
{
	(void)nested;
}

void nested_timer_load(struct nested *nested)
{
	(void)nested;
}

void nested_timer_put(struct nested *nested)
{
	(void)nested;
}

bool nested_timer_read(struct nested *nested, unsigned encoding, uint64_t *value)
{
	(void)nested;
	(void)encoding;
	(void)value;
	return false;
}

bool nested_timer_write(struct nested *nested, unsigned encoding, uint64_t value)
{
	(void)nested;
	(void)encoding;
	(void)value;
	return false;
}
