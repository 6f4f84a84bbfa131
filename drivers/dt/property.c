/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/dt/property.h"
#include "hyp/base/string.h"

const char *const dt_property_names[PROP_COUNT] = {
#define DT_PROPERTY_NAME(id, name) [PROP_##id] = name,
	DT_PROPERTIES(DT_PROPERTY_NAME)
#undef DT_PROPERTY_NAME
};

static const uint8_t name_lengths[PROP_COUNT] = {
#define DT_PROPERTY_LENGTH(id, name) [PROP_##id] = sizeof(name) - 1,
	DT_PROPERTIES(DT_PROPERTY_LENGTH)
#undef DT_PROPERTY_LENGTH
};

enum dt_property dt_property_by_name(const struct dt_walk *walk)
{
	size_t length;
	const char *name = dt_walk_property_name(walk, &length);

	if (!name)
		return PROP_UNNAMED;
	/* The names are sorted by length: skip half of them, stop behind the last that is as long.
	 */
	unsigned id = length > name_lengths[PROP_COUNT / 2] ? PROP_COUNT / 2 : 0;

	for (; id < PROP_COUNT && name_lengths[id] <= length; id++) {
		if (name_lengths[id] == length && dt_property_names[id][0] == name[0] &&
			memcmp(dt_property_names[id], name, length) == 0)
			return (enum dt_property)id;
	}
	return PROP_OTHER;
}
