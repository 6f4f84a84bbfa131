/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/sysreg_index.h"
#include "hyp/base/panic.h"

static const uint16_t encodings[] = {
#define SYSREG(name, ...) SYS_##name,
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

/* Group 0 is empty. */
uint8_t sysreg_groups[1 << (16 - SYSREG_GROUP_SHIFT)];
uint16_t sysreg_cells[SYSREG_GROUPS_MAX][SYSREG_GROUP_CELLS];

void sysreg_index_init(void)
{
	unsigned groups = 1;

	for (unsigned i = 0; i < ARRAY_SIZE(encodings); i++) {
		uint8_t *group = &sysreg_groups[encodings[i] >> SYSREG_GROUP_SHIFT];

		if (*group == 0) {
			assert(groups < SYSREG_GROUPS_MAX);
			*group = (uint8_t)groups++;
		}
		sysreg_cells[*group][encodings[i] % SYSREG_GROUP_CELLS] = (uint16_t)(i + 1);
	}
}
