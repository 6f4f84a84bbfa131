/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a physical address to a pointer and back: Lintel maps memory at VA = PA (mm/el2_map.h).
 *
 * On the build machine physical memory is a piece of the test's own (tests/unit/fake/memory.h).
 */
#ifndef MM_PHYS_H
#define MM_PHYS_H

#include "hyp/base/types.h"

#ifdef LINTEL_HOST
void *fake_pa_to_ptr(pa_t pa);
pa_t fake_ptr_to_pa(const void *pointer);
#endif

/* Where Lintel can reach the memory at `pa`. The address must be mapped: nothing is checked. */
static inline void *pa_to_ptr(pa_t pa)
{
#ifdef LINTEL_HOST
	return fake_pa_to_ptr(pa);
#else
	return (void *)(uintptr_t)pa.pa;
#endif
}

/* The physical address of what a pointer of Lintel's points to. */
static inline pa_t ptr_to_pa(const void *pointer)
{
#ifdef LINTEL_HOST
	return fake_ptr_to_pa(pointer);
#else
	return PA((uintptr_t)pointer);
#endif
}

#endif
