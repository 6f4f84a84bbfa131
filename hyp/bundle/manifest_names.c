/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

/* FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u

static unsigned bucket_of(enum manifest_node_kind kind, const char *name)
{
	uint32_t hash = FNV_BASIS ^ (uint32_t)kind;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * FNV_PRIME;
	return (hash ^ hash >> 16) % MANIFEST_NAME_BUCKETS;
}

bool manifest_names_add(
	struct manifest_names *names, enum manifest_node_kind kind, const char *name)
{
	unsigned bucket = bucket_of(kind, name), at = names->count;

	if (at == MANIFEST_NAMES_MAX)
		return false;
	names->kind[at] = (uint8_t)kind;
	names->name[at] = name;
	names->next[at] = names->first[bucket];
	names->first[bucket] = (uint16_t)(at + 1);
	names->count++;
	return true;
}

bool manifest_names_have(
	const struct manifest_names *names, enum manifest_node_kind kind, const char *name)
{
	unsigned at = names->first[bucket_of(kind, name)];

	for (; at; at = names->next[at - 1])
		if (names->kind[at - 1] == kind && strcmp(names->name[at - 1], name) == 0)
			return true;
	return false;
}

bool manifest_name_ok(const char *name)
{
	size_t length = strnlen(name, VM_NAME_MAX + 1);

	if (!length || length > VM_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool other = (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';

		if (!letter && !(other && i))
			return false;
	}
	return true;
}
