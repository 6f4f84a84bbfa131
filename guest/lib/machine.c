/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#define FDT_MAGIC      0xd00dfeedu
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP        4
#define FDT_DEPTH      8

struct machine machine = {
	.memory_base = RAM_BASE,
	.memory_size = MIB(32),
	.cpus = 1,
};

/* A walk through the structure block: the names of the nodes that we are in. */
struct walk {
	u64 at;
	u64 strings;
	const char *node[FDT_DEPTH];
	u32 depth;
	u32 cpus;
};

/* The tree is read before the MMU is on: only aligned words. */
static u32 be32(u64 address)
{
	return __builtin_bswap32(*(const volatile u32 *)address);
}

static u64 be64(u64 address)
{
	return (u64)be32(address) << 32 | be32(address + 4);
}

static bool same(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && str_starts(a, b);
}

static bool in_node(const struct walk *walk, u32 depth, const char *prefix)
{
	return walk->depth > depth && walk->node[depth] && str_starts(walk->node[depth], prefix);
}

/* Its registers stand before its interrupt: type, number, flags. */
static void read_chip(const char *name, u64 data)
{
	if (same(name, "reg") && machine.chips < SHARED_CHIPS)
		machine.chip_base[machine.chips++] = be64(data);
	else if (same(name, "interrupts") && machine.chips &&
		!machine.chip_intid[machine.chips - 1])
		machine.chip_intid[machine.chips - 1] = 32 + be32(data + 4);
}

static void read_property(struct walk *walk, const char *name, u64 data, u32 length)
{
	if (in_node(walk, 1, "memory") && same(name, "reg") && length >= 16) {
		machine.memory_base = be64(data);
		machine.memory_size = be64(data + 8);
	} else if (in_node(walk, 1, "cpus") && in_node(walk, 2, "cpu@") && same(name, "reg")) {
		if (walk->cpus < MAX_CPUS)
			machine.mpidr[walk->cpus++] = length == 4 ? be32(data) : be64(data);
	} else if (in_node(walk, 1, "chosen") && same(name, "bootargs")) {
		for (u32 i = 0; i < length && i < BOOTARGS_MAX - 1; i++)
			machine.bootargs[i] = ((const char *)data)[i];
	} else if (in_node(walk, 1, "reserved-memory") && walk->depth == 3) {
		if (same(name, "reg") && !machine.shared_size) {
			machine.shared_base = be64(data);
			machine.shared_size = be64(data + 8);
		}
	} else if (in_node(walk, 1, "rom@") && same(name, "reg")) {
		if (machine.roms < ROMS) {
			machine.rom_base[machine.roms] = be64(data);
			machine.rom_size[machine.roms++] = be64(data + 8);
		}
	} else if (in_node(walk, 1, "gpio@")) {
		read_chip(name, data);
	} else if (in_node(walk, 1, "psci") && same(name, "method")) {
		machine.conduit = str_starts((const char *)data, "smc") ? CONDUIT_SMC : CONDUIT_HVC;
	}
}

/* One token of the structure block; false at the end or at what isn't one. */
static bool walk_step(struct walk *walk)
{
	u32 token = be32(walk->at);
	u32 length;

	walk->at += 4;
	switch (token) {
	case FDT_BEGIN_NODE:
		if (walk->depth >= FDT_DEPTH)
			return false;
		walk->node[walk->depth++] = (const char *)walk->at;
		walk->at = ALIGN_UP(walk->at + strlen((const char *)walk->at) + 1, 4);
		return true;
	case FDT_END_NODE:
		walk->depth--;
		return walk->depth > 0;
	case FDT_PROP:
		length = be32(walk->at);
		read_property(walk, (const char *)(walk->strings + be32(walk->at + 4)),
			walk->at + 8, length);
		walk->at = ALIGN_UP(walk->at + 8 + length, 4);
		return true;
	case FDT_NOP:
		return true;
	default:
		return false;
	}
}

void machine_read(u64 address)
{
	struct walk walk = { 0 };

	if (!address || (address & 7) || be32(address) != FDT_MAGIC)
		return;
	walk.at = address + be32(address + 8);
	walk.strings = address + be32(address + 12);
	while (walk_step(&walk))
		;
	if (walk.cpus)
		machine.cpus = walk.cpus;
}

/* Where the text after the word `name` starts, or NULL. */
static const char *find_arg(const char *name)
{
	const char *at = machine.bootargs;

	while (*at) {
		size_t length = strlen(name);

		while (*at == ' ')
			at++;
		if (str_starts(at, name) && (!at[length] || at[length] == ' ' || at[length] == '='))
			return at + length;
		while (*at && *at != ' ')
			at++;
	}
	return NULL;
}

bool arg_flag(const char *name)
{
	return find_arg(name) != NULL;
}

bool arg_text(const char *name, char *value, size_t size)
{
	const char *at = find_arg(name);
	size_t length = 0;

	if (!at || *at++ != '=')
		return false;
	while (*at && *at != ' ' && length + 1 < size)
		value[length++] = *at++;
	value[length] = '\0';
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

u64 arg_number(const char *name, u64 otherwise)
{
	char text[24];
	const char *at = text;
	int base = 10;
	u64 value = 0;

	if (!arg_text(name, text, sizeof(text)))
		return otherwise;
	if (str_starts(at, "0x")) {
		base = 16;
		at += 2;
	}
	for (; *at && digit(*at) >= 0 && digit(*at) < base; at++)
		value = value * (u64)base + (u64)digit(*at);
	return value;
}

bool under_lintel(void)
{
	return arg_flag("lintel");
}
