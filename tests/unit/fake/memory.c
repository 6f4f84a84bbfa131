/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/fake/memory.h"

#include <assert.h>
#include <sys/mman.h>

#include "mm/phys.h"

#define PIECES_MAX 16

static struct piece {
	uint64_t base, size;
	uint8_t *host;
} pieces[PIECES_MAX];
static unsigned count;

void fake_memory_add(uint64_t base, uint64_t size)
{
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert(host != MAP_FAILED && count < PIECES_MAX);
	pieces[count++] = (struct piece){ base, size, host };
}

void fake_memory_reset(void)
{
	while (count != 0) {
		count--;
		munmap(pieces[count].host, pieces[count].size);
	}
}

void *fake_memory_at(uint64_t pa)
{
	for (unsigned i = 0; i < count; i++)
		if (pa - pieces[i].base < pieces[i].size)
			return pieces[i].host + (pa - pieces[i].base);
	return NULL;
}

void *fake_pa_to_ptr(pa_t pa)
{
	void *host = fake_memory_at(pa.pa);

	return host != NULL ? host : (void *)(uintptr_t)pa.pa;
}

pa_t fake_ptr_to_pa(const void *pointer)
{
	const uint8_t *byte = pointer;

	for (unsigned i = 0; i < count; i++)
		if (byte >= pieces[i].host && byte < pieces[i].host + pieces[i].size)
			return PA(pieces[i].base + (uint64_t)(byte - pieces[i].host));
	return PA((uintptr_t)pointer);
}
