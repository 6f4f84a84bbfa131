/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Lintel's objects need of the rest of Lintel, which isn't here: a guest's memory. Nothing is
 * read by it.
 */
#include "mm/guest_mem.h"

uint64_t __stack_chk_guard = UINT64_C(0x5ac3f01d00ab1234);
__attribute__((noreturn)) void __stack_chk_fail(void);

__attribute__((noreturn)) void __stack_chk_fail(void)
{
	__builtin_trap();
}

enum status guest_read(struct stage2 *s2, ipa_t ipa, void *destination, size_t size)
{
	(void)s2;
	(void)ipa;
	(void)destination;
	(void)size;
	return ERR_FAULT;
}

enum status guest_read_u64(struct stage2 *s2, ipa_t ipa, uint64_t *value)
{
	(void)s2;
	(void)ipa;
	(void)value;
	return ERR_FAULT;
}

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	(void)s2;
	(void)ipa;
	(void)size;
}
