/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What BearSSL's packaged objects call besides memcpy, memset and the stack protector's: the same
 * with the room that the compiler knows of (Linux Standard Base, __memcpy_chk, __memset_chk).
 */
#include "hyp/base/panic.h"
#include "hyp/base/string.h"

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
void *__memset_chk(void *to, int value, size_t size, size_t room);

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
	if (size > room)
		panic("memcpy: %zu bytes into %zu", size, room);
	return memcpy(to, from, size);
}

void *__memset_chk(void *to, int value, size_t size, size_t room)
{
	if (size > room)
		panic("memset: %zu bytes of %zu", size, room);
	return memset(to, value, size);
}
