/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/gic.h"
#include "hyp/vdev/vgic.h"

enum status nested_gic_create(struct vm *vm)
{
	(void)vm;
	return OK;
}

void nested_gic_destroy(struct vm *vm)
{
	(void)vm;
}

void nested_gic_reset(struct nested *nested)
{
	(void)nested;
}

void nested_gic_enter(struct nested *nested)
{
	(void)nested;
}

void nested_gic_leave(struct nested *nested)
{
	(void)nested;
}

bool nested_gic_signals(struct nested *nested)
{
	return vgic_has_pending(nested->vcpu);
}

bool nested_gic_inner_signals(struct nested *nested)
{
	(void)nested;
	return false;
}

bool nested_gic_read(struct nested *nested, unsigned encoding, uint64_t *value)
{
	(void)nested;
	(void)encoding;
	(void)value;
	return false;
}

bool nested_gic_write(struct nested *nested, unsigned encoding, uint64_t value)
{
	(void)nested;
	(void)encoding;
	(void)value;
	return false;
}
