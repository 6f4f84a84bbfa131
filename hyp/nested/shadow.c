/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/shadow.h"

enum status shadow_create(struct vm *vm)
{
	(void)vm;
	return OK;
}

void shadow_destroy(struct vm *vm)
{
	(void)vm;
}

void shadow_reset(struct vm *vm)
{
	(void)vm;
}

void shadow_take(struct nested *nested)
{
	(void)nested;
}

void shadow_release(struct nested *nested)
{
	(void)nested;
}

void shadow_load(struct nested *nested)
{
	(void)nested;
}

enum shadow_verdict shadow_abort(struct nested *nested, uint64_t *esr, uint64_t *hpfar, ipa_t *ipa)
{
	(void)nested;
	(void)esr;
	(void)hpfar;
	(void)ipa;
	return SHADOW_ABSENT;
}
