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

struct manifest_name *manifest_names_add(
	struct manifest_names *names, enum manifest_node_kind kind, const char *name)
{
	unsigned bucket = bucket_of(kind, name);
	struct manifest_name *added;

	if (names->count == MANIFEST_NAMES_MAX)
		return NULL;
	added = &names->name[names->count++];
	*added = (struct manifest_name){
		.name = name, .next = names->first[bucket], .kind = (uint8_t)kind
	};
	names->first[bucket] = (uint16_t)names->count;
	return added;
}

struct manifest_name *manifest_names_find(
	struct manifest_names *names, enum manifest_node_kind kind, const char *name)
{
	unsigned at = names->first[bucket_of(kind, name)];

	while (at) {
		struct manifest_name *one = &names->name[at - 1];

		if (one->kind == kind && strcmp(one->name, name) == 0)
			return one;
		at = one->next;
	}
	return NULL;
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
