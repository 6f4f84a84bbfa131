/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guests' devicetrees: made from nothing, and copied with Lintel's memory and chosen put in.
 *
 * links: hyp/bundle/guest_dt.c hyp/bundle/guest_dt_shared.c hyp/bundle/guest_dt_fixtures.c
 * hyp/bundle/guest_dt_copy.c hyp/bundle/guest_dt_calls.c hyp/bundle/dt_writer.c drivers/dt/walk.c
 * hyp/base/log.c hyp/base/format.c
 */
#include "hyp/bundle/guest_dt.h"
#include "hyp/crypto/entropy.h"
#include "tests/unit/test_bundle.h"

static bool seeded = true;

bool entropy_seeded(void)
{
	return seeded;
}

void entropy_get(void *out, size_t size)
{
	assert_true(seeded);
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)(i + 1);
}

static struct guest_dt_config config = {
	.nr_vcpus = 3,
	.ram_base = 0x40000000,
	.ram_size = 0x140000000,
	.bootargs = "console=ttyAMA0",
	.ramdisk = true,
	.sdei = GUEST_SMC,
};

static const char *text_at(const void *tree, const char *path, const char *property)
{
	return fdt_getprop(tree, fdt_path_offset(tree, path), property, NULL);
}

static uint64_t u64_at(const void *tree, const char *path, const char *property)
{
	int length;
	const fdt64_t *value = fdt_getprop(tree, fdt_path_offset(tree, path), property, &length);

	assert_non_null(value);
	assert_int_equal(length, 8);
	return fdt64_ld(value);
}

static void assert_cells(const void *tree, const char *path, const char *property, unsigned count,
	const uint32_t *expected)
{
	int length;
	const fdt32_t *value = fdt_getprop(tree, fdt_path_offset(tree, path), property, &length);

	assert_non_null(value);
	assert_int_equal(length, count * 4);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(fdt32_ld(&value[i]), expected[i]);
}
#define ASSERT_CELLS(tree, path, property, ...)                                       \
	assert_cells(tree, path, property, ARRAY_SIZE(((uint32_t[]){ __VA_ARGS__ })), \
		(uint32_t[]){ __VA_ARGS__ })

/* A tree in a buffer of just the room that was asked for. */
static struct guest_dt make(void)
{
	size_t room = guest_dt_room(&config);
	struct guest_dt dt;

	assert_int_equal(guest_dt_make(&config, malloc(room), room, &dt), OK);
	assert_int_equal(fdt_check_full(dt.tree, dt.size), 0);
	return dt;
}

static void describes_the_machine(void **state)
{
	struct guest_dt dt = make();
	const void *tree = dt.tree;

	(void)state;
	ASSERT_CELLS(tree, "/", "#address-cells", 2);
	ASSERT_CELLS(tree, "/memory@40000000", "reg", 0, 0x40000000, 1, 0x40000000);
	assert_string_equal(text_at(tree, "/memory@40000000", "device_type"), "memory");
	ASSERT_CELLS(tree, "/cpus", "#address-cells", 1);
	for (unsigned i = 0; i < 3; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/cpus/cpu@%u", i);
		ASSERT_CELLS(tree, path, "reg", i);
		assert_string_equal(text_at(tree, path, "enable-method"), "psci");
		assert_string_equal(text_at(tree, path, "device_type"), "cpu");
	}
	assert_int_equal(fdt_path_offset(tree, "/cpus/cpu@3"), -FDT_ERR_NOTFOUND);
	assert_string_equal(text_at(tree, "/psci", "method"), "hvc");
	assert_int_equal(
		fdt_node_check_compatible(tree, fdt_path_offset(tree, "/psci"), "arm,psci-0.2"), 0);
	ASSERT_CELLS(
		tree, "/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4, 1, 12, 4);
	ASSERT_CELLS(
		tree, "/intc@8000000", "reg", 0, 0x08000000, 0, 0x10000, 0, 0x080a0000, 0, 0x60000);
	ASSERT_CELLS(tree, "/pl011@9000000", "interrupts", 0, 1, 4);
	ASSERT_CELLS(tree, "/pl011@9000000", "reg", 0, 0x09000000, 0, 0x1000);
	assert_int_equal(fdt_node_check_compatible(
				 tree, fdt_path_offset(tree, "/pl011@9000000"), "arm,primecell"),
		0);
	/* The phandles lead where they should. */
	assert_int_equal(
		fdt_node_offset_by_phandle(tree, 1), fdt_path_offset(tree, "/intc@8000000"));
	assert_int_equal(fdt_node_offset_by_phandle(tree, 2), fdt_path_offset(tree, "/apb-pclk"));
	ASSERT_CELLS(tree, "/", "interrupt-parent", 1);
	ASSERT_CELLS(tree, "/pl011@9000000", "clocks", 2, 2);
	ASSERT_CELLS(tree, "/pl031@9010000", "reg", 0, 0x09010000, 0, 0x1000);
	ASSERT_CELLS(tree, "/pl031@9010000", "interrupts", 0, 2, 4);
	ASSERT_CELLS(tree, "/pl031@9010000", "clocks", 2);
	assert_string_equal(text_at(tree, "/pl031@9010000", "compatible"), "arm,pl031");
	assert_string_equal(text_at(tree, "/pl031@9010000", "clock-names"), "apb_pclk");
	assert_int_equal(fdt_path_offset(tree, "/watchdog@9100000"), -FDT_ERR_NOTFOUND);
	assert_string_equal(text_at(tree, "/firmware/sdei", "method"), "smc");
	assert_string_equal(text_at(tree, "/chosen", "bootargs"), "console=ttyAMA0");
	assert_string_equal(text_at(tree, "/chosen", "stdout-path"), "/pl011@9000000");
	assert_string_equal(text_at(tree, "/aliases", "serial0"), "/pl011@9000000");
	free(dt.tree);
}

/* Beside what every guest has: the GIC's maintenance interrupt, and which timer is which. */
static void describes_a_hypervisors_machine(void **state)
{
	static const char names[] = "sec-phys\0phys\0virt\0hyp-phys\0hyp-virt";

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct guest_dt dt;
		const char *found;
		int length;

		config.virtual_el2 = i;
		dt = make();
		found = fdt_getprop(
			dt.tree, fdt_path_offset(dt.tree, "/timer"), "interrupt-names", &length);
		assert_int_equal(found != NULL, i);
		if (i) {
			ASSERT_CELLS(dt.tree, "/intc@8000000", "interrupts", 1, 9, 4);
			ASSERT_CELLS(dt.tree, "/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4,
				1, 10, 4, 1, 12, 4);
			assert_int_equal(length, sizeof(names));
			assert_memory_equal(found, names, sizeof(names));
		} else {
			assert_null(text_at(dt.tree, "/intc@8000000", "interrupts"));
		}
		free(dt.tree);
	}
	config.virtual_el2 = false;
}

static void fills_in_later(void **state)
{
	struct guest_dt dt = make();

	(void)state;
	assert_int_equal(u64_at(dt.tree, "/chosen", "kaslr-seed"), 0);
	guest_dt_new_seeds(&dt);
	assert_int_equal(u64_at(dt.tree, "/chosen", "kaslr-seed"), 0x0102030405060708);
	assert_memory_equal(text_at(dt.tree, "/chosen", "rng-seed"), "\x09\x0a\x0b", 3);
	guest_dt_set_ramdisk(&dt, 0x48000000, 0x123456);
	assert_int_equal(u64_at(dt.tree, "/chosen", "linux,initrd-start"), 0x48000000);
	assert_int_equal(u64_at(dt.tree, "/chosen", "linux,initrd-end"), 0x48123456);
	assert_int_equal(fdt_check_full(dt.tree, dt.size), 0);
	free(dt.tree);

	config.ramdisk = false;
	dt = make();
	guest_dt_set_ramdisk(&dt, 0x48000000, 0x123456);
	assert_null(text_at(dt.tree, "/chosen", "linux,initrd-start"));
	free(dt.tree);
	config.ramdisk = true;
}

/* Nothing that could be guessed passes for a seed; the tree stays whole, with all else in it. */
static void gives_no_seed_without_entropy(void **state)
{
	struct guest_dt dt = make();
	size_t size = dt.size;

	(void)state;
	seeded = false;
	for (unsigned start = 0; start < 2; start++) {
		guest_dt_new_seeds(&dt);
		assert_int_equal(fdt_check_full(dt.tree, dt.size), 0);
		assert_int_equal(u64_at(dt.tree, "/chosen", "kaslr-seed"), 0);
		assert_null(text_at(dt.tree, "/chosen", "rng-seed"));
	}
	assert_string_equal(text_at(dt.tree, "/chosen", "bootargs"), "console=ttyAMA0");
	assert_string_equal(text_at(dt.tree, "/chosen", "stdout-path"), "/pl011@9000000");
	assert_string_equal(text_at(dt.tree, "/aliases", "serial0"), "/pl011@9000000");
	/* Entropy that comes later makes kaslr-seed one. */
	seeded = true;
	guest_dt_new_seeds(&dt);
	assert_int_equal(u64_at(dt.tree, "/chosen", "kaslr-seed"), 0x0102030405060708);
	assert_int_equal(fdt_check_full(dt.tree, dt.size), 0);
	assert_int_equal(dt.size, size);
	free(dt.tree);
}

static void has_a_watchdog_if_asked(void **state)
{
	struct guest_dt dt;

	(void)state;
	config.watchdog = true;
	dt = make();
	config.watchdog = false;
	assert_string_equal(text_at(dt.tree, "/watchdog@9100000", "compatible"), "arm,sbsa-gwdt");
	ASSERT_CELLS(dt.tree, "/watchdog@9100000", "reg", 0, 0x09100000, 0, 0x1000, 0, 0x09110000,
		0, 0x1000);
	ASSERT_CELLS(dt.tree, "/watchdog@9100000", "interrupts", 0, 10, 4);
	free(dt.tree);
}

static void has_room_for_the_largest(void **state)
{
	struct guest_dt_config kept = config;
	char bootargs[2048];

	(void)state;
	memset(bootargs, 'x', sizeof(bootargs));
	bootargs[sizeof(bootargs) - 1] = '\0';
	config.bootargs = bootargs;
	config.watchdog = true;
	for (config.nr_vcpus = 1; config.nr_vcpus <= 16; config.nr_vcpus++) {
		struct guest_dt dt = make();

		free(dt.tree);
	}
	config = kept;
	config.bootargs = NULL;
	struct guest_dt dt = make();

	assert_null(text_at(dt.tree, "/chosen", "bootargs"));
	free(dt.tree);
	config = kept;
}

static void says_when_there_is_no_room(void **state)
{
	struct guest_dt whole = make(), dt;

	(void)state;
	for (size_t size = 0; size < whole.size; size += 13) {
		void *buffer = malloc(size ? size : 1);

		assert_int_equal(guest_dt_make(&config, buffer, size, &dt), ERR_NO_MEMORY);
		free(buffer);
	}
	free(whole.tree);
}

static void user_tree(struct test_tree *tree, unsigned size_cells)
{
	assert_int_equal(fdt_create(tree->bytes, TREE_SIZE), 0);
	assert_int_equal(fdt_add_reservemap_entry(tree->bytes, 0x48000000, 0x1000), 0);
	assert_int_equal(fdt_finish_reservemap(tree->bytes), 0);
	tree_begin(tree, "");
	tree_u32(tree, "#address-cells", 2);
	tree_u32(tree, "#size-cells", size_cells);
	tree_begin(tree, "memory@80000000");
	tree_text(tree, "device_type", "memory");
	tree_begin(tree, "inner");
	tree_end(tree);
	tree_end(tree);
	tree_begin(tree, "memory-controller");
	tree_end(tree);
	tree_begin(tree, "chosen");
	tree_text(tree, "bootargs", "theirs");
	tree_text(tree, "stdout-path", "/uart");
	tree_u64(tree, "linux,initrd-start", 1);
	tree_u64(tree, "kaslr-seed", 1);
	tree_begin(tree, "inner");
	tree_text(tree, "bootargs", "kept");
	tree_end(tree);
	tree_end(tree);
	tree_begin(tree, "device@1");
	tree_text(tree, "memory", "kept");
	tree_bytes(tree, "odd", "12345", 5);
	tree_begin(tree, "chosen");
	tree_text(tree, "bootargs", "kept");
	tree_end(tree);
	tree_end(tree);
}

static enum status copy(const void *source, size_t size, struct guest_dt *dt)
{
	size_t room;
	void *exact = malloc(size);
	enum status status;

	memcpy(exact, source, size);
	dt->tree = NULL;
	status = guest_dt_copy_room(&config, exact, size, &room);
	if (!status)
		status = guest_dt_copy(&config, exact, size, malloc(room), room, dt);
	if (status)
		free(dt->tree);
	free(exact);
	return status;
}

static void copies_a_tree(void **state)
{
	struct test_tree source;
	struct guest_dt dt;
	uint64_t address, size;

	(void)state;
	user_tree(&source, 2);
	assert_int_equal(copy(source.bytes, tree_finish(&source), &dt), OK);
	assert_int_equal(fdt_check_full(dt.tree, dt.size), 0);
	assert_int_equal(fdt_num_mem_rsv(dt.tree), 1);
	assert_int_equal(fdt_get_mem_rsv(dt.tree, 0, &address, &size), 0);
	assert_int_equal(address, 0x48000000);
	assert_int_equal(fdt_path_offset(dt.tree, "/memory@80000000"), -FDT_ERR_NOTFOUND);
	ASSERT_CELLS(dt.tree, "/memory@40000000", "reg", 0, 0x40000000, 1, 0x40000000);
	assert_true(fdt_path_offset(dt.tree, "/memory-controller") > 0);
	assert_string_equal(text_at(dt.tree, "/chosen", "bootargs"), "console=ttyAMA0");
	assert_string_equal(text_at(dt.tree, "/chosen", "stdout-path"), "/uart");
	assert_string_equal(text_at(dt.tree, "/chosen/inner", "bootargs"), "kept");
	assert_string_equal(text_at(dt.tree, "/device@1/chosen", "bootargs"), "kept");
	assert_memory_equal(text_at(dt.tree, "/device@1", "odd"), "12345", 5);
	guest_dt_new_seeds(&dt);
	guest_dt_set_ramdisk(&dt, 0x50000000, 0x1000);
	assert_int_equal(u64_at(dt.tree, "/chosen", "kaslr-seed"), 0x0102030405060708);
	assert_int_equal(u64_at(dt.tree, "/chosen", "linux,initrd-end"), 0x50001000);
	free(dt.tree);
}

static void keeps_bootargs_if_it_has_none(void **state)
{
	struct test_tree source;
	struct guest_dt dt;
	const char *kept = config.bootargs;

	(void)state;
	config.bootargs = NULL;
	user_tree(&source, 2);
	assert_int_equal(copy(source.bytes, tree_finish(&source), &dt), OK);
	assert_string_equal(text_at(dt.tree, "/chosen", "bootargs"), "theirs");
	free(dt.tree);
	config.bootargs = kept;
}

static void adds_what_is_missing(void **state)
{
	struct test_tree source;
	struct guest_dt dt;
	uint64_t kept = config.ram_size;

	(void)state;
	/* Without #size-cells: one cell, which 5 GiB do not fit in. */
	tree_start(&source);
	size_t size = tree_finish(&source);

	assert_int_equal(copy(source.bytes, size, &dt), ERR_RANGE);
	config.ram_size = GIB(1);
	assert_int_equal(copy(source.bytes, size, &dt), OK);
	ASSERT_CELLS(dt.tree, "/memory@40000000", "reg", 0, 0x40000000, 0x40000000);
	assert_string_equal(text_at(dt.tree, "/chosen", "bootargs"), "console=ttyAMA0");
	free(dt.tree);
	config.ram_size = kept;
	user_tree(&source, 3);
	assert_int_equal(copy(source.bytes, tree_finish(&source), &dt), ERR_RANGE);
}

static void survives_damage(void **state)
{
	struct test_tree source;
	struct guest_dt dt;
	uint8_t *bytes = (uint8_t *)source.bytes;

	(void)state;
	log_threshold = LOG_ERROR;
	log_set_sink(NULL);
	user_tree(&source, 2);
	size_t size = tree_finish(&source);

	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(copy(bytes, cut, &dt), ERR_CORRUPT);
	for (size_t at = 0; at < size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[at] ^= 1 << bit;
			if (copy(bytes, size, &dt) == OK) {
				assert_int_equal(fdt_check_header(dt.tree), 0);
				free(dt.tree);
			}
			bytes[at] ^= 1 << bit;
		}
}

/* --- shared regions --- */

static void describes_what_is_shared(void **state)
{
	static const struct shmem_config box = {
		.name = "box",
		.size = 0x12000,
		.members = 3,
		.member = { "a", "b", "c" },
		.readers = 4,
	};
	static const struct shmem_config pipe = {
		.name = "pipe",
		.size = MIB(2),
		.members = 2,
		.member = { "x", "b" },
	};
	const struct shmem_view views[] = {
		{ &box, 1, 0x10000000, 0xb000000, 0xb001000, 192, 193 },
		{ &pipe, 1, 0x10200000, 0xb002000, 0xb003000, 194, 195 },
	};
	static const char from[] = "box-from-a\0\0box-from-c", to[] = "box-to-a\0\0box-to-c";
	const char *memory = "/reserved-memory/box@10000000";
	struct guest_dt dt;
	int length;

	(void)state;
	config.shared = views;
	config.nr_shared = 2;
	dt = make();
	ASSERT_CELLS(dt.tree, "/reserved-memory", "#size-cells", 2);
	assert_non_null(text_at(dt.tree, "/reserved-memory", "ranges"));
	ASSERT_CELLS(dt.tree, memory, "reg", 0, 0x10000000, 0, 0x12000);
	assert_string_equal(text_at(dt.tree, memory, "compatible"), "lintel,shared-memory");
	assert_non_null(text_at(dt.tree, memory, "no-map"));
	assert_null(text_at(dt.tree, memory, "read-only"));
	ASSERT_CELLS(dt.tree, "/reserved-memory/pipe@10200000", "reg", 0, 0x10200000, 0, 0x200000);
	ASSERT_CELLS(dt.tree, "/gpio@b000000", "reg", 0, 0xb000000, 0, 0x1000);
	ASSERT_CELLS(dt.tree, "/gpio@b000000", "interrupts", 0, 192, 4);
	ASSERT_CELLS(dt.tree, "/gpio@b001000", "interrupts", 0, 193, 4);
	ASSERT_CELLS(dt.tree, "/gpio@b003000", "reg", 0, 0xb003000, 0, 0x1000);
	ASSERT_CELLS(dt.tree, "/gpio@b003000", "clocks", 2);
	assert_int_equal(fdt_node_check_compatible(dt.tree,
				 fdt_path_offset(dt.tree, "/gpio@b000000"), "arm,primecell"),
		0);
	assert_memory_equal(
		text_at(dt.tree, "/gpio@b000000", "gpio-line-names"), from, sizeof(from));
	assert_memory_equal(text_at(dt.tree, "/gpio@b001000", "gpio-line-names"), to, sizeof(to));
	(void)fdt_getprop(
		dt.tree, fdt_path_offset(dt.tree, "/gpio@b000000"), "gpio-line-names", &length);
	assert_int_equal(length, sizeof(from));
	free(dt.tree);
	config.shared = NULL;
	config.nr_shared = 0;
	dt = make();
	assert_true(fdt_path_offset(dt.tree, "/reserved-memory") < 0);
	free(dt.tree);
}

/* The longest names, and as many as there may be; a member that may only read. */
static void has_room_for_what_is_shared(void **state)
{
	struct shmem_config longest = { .size = MIB(2), .members = 8, .readers = 0x80 };
	struct shmem_view views[SHMEM_REGIONS_MAX];
	struct guest_dt dt;

	(void)state;
	memset(longest.name, 'n', VM_NAME_MAX);
	for (unsigned i = 0; i < 8; i++)
		memset(longest.member[i], 'a' + i, VM_NAME_MAX);
	for (unsigned i = 0; i < SHMEM_REGIONS_MAX; i++)
		views[i] = (struct shmem_view){ &longest, 7, 0x10000000 + i * MIB(2),
			0xb000000 + i * 0x2000, 0xb001000 + i * 0x2000, 192 + 2 * i, 193 + 2 * i };
	config.shared = views;
	config.nr_shared = SHMEM_REGIONS_MAX;
	dt = make();
	assert_int_equal(strlen(text_at(dt.tree, "/gpio@b000000", "gpio-line-names")), 31 + 6 + 31);
	assert_non_null(text_at(
		dt.tree, "/reserved-memory/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn@10000000", "read-only"));
	free(dt.tree);
	config.shared = NULL;
	config.nr_shared = 0;
}

/* --- regions, doorbells, lines --- */

static void describes_fixtures(void **state)
{
	static const struct rom_config rom = {
		.name = "flash", .address = 0x01000000, .size = 0x3000
	};
	static const struct doorbell_config bells[] = {
		{ .name = "any", .address = 0x0b000000 },
		{ .name = "again",
			.address = 0x0b000000,
			.width = 4,
			.has_match = true,
			.match = 0x500000006 },
		{ .name = "odd", .address = 0x0b000102 },
		{ .name = "zero", .address = 0 },
		{ .name = "third", .address = 0x0b000000, .width = 2, .has_match = true },
		{ .name = "cut", .address = 0x0b000200 },
		{ .name = "cuts", .address = 0x0b000206 },
	};
	static const struct line_config lines[] = {
		{ .name = "up", .spi = 40, .level = true },
		{ .name = "tick", .spi = 255 },
	};
	const struct rom_config *const all_roms[] = { &rom };
	const struct doorbell_config *all_bells[ARRAY_SIZE(bells)];
	const struct line_config *const all_lines[] = { &lines[0], &lines[1] };
	struct guest_dt dt;
	int node;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bells); i++)
		all_bells[i] = &bells[i];
	config.roms = all_roms;
	config.nr_roms = 1;
	config.doorbells = all_bells;
	config.nr_doorbells = ARRAY_SIZE(bells);
	config.lines = all_lines;
	config.nr_lines = 2;
	dt = make();
	node = fdt_path_offset(dt.tree, "/rom@1000000");
	assert_int_equal(fdt_node_check_compatible(dt.tree, node, "lintel,rom"), 0);
	assert_int_equal(fdt_node_check_compatible(dt.tree, node, "mtd-rom"), 0);
	ASSERT_CELLS(dt.tree, "/rom@1000000", "reg", 0, 0x01000000, 0, 0x3000);
	ASSERT_CELLS(dt.tree, "/rom@1000000", "bank-width", 4);
	assert_non_null(text_at(dt.tree, "/rom@1000000", "read-only"));
	assert_string_equal(text_at(dt.tree, "/rom@1000000", "label"), "flash");
	ASSERT_CELLS(dt.tree, "/doorbell@b000000", "reg", 0, 0x0b000000, 0, 8);
	assert_string_equal(text_at(dt.tree, "/doorbell@b000000", "compatible"), "lintel,doorbell");
	assert_string_equal(text_at(dt.tree, "/doorbell@b000000", "label"), "any");
	assert_null(text_at(dt.tree, "/doorbell@b000000", "match"));
	ASSERT_CELLS(dt.tree, "/doorbell@b000000,1", "reg", 0, 0x0b000000, 0, 4);
	ASSERT_CELLS(dt.tree, "/doorbell@b000000,1", "match", 5, 6);
	ASSERT_CELLS(dt.tree, "/doorbell@b000102", "reg", 0, 0x0b000102, 0, 2);
	ASSERT_CELLS(dt.tree, "/doorbell@0", "reg", 0, 0, 0, 8);
	ASSERT_CELLS(dt.tree, "/doorbell@b000000,2", "match", 0, 0);
	ASSERT_CELLS(dt.tree, "/doorbell@b000200", "reg", 0, 0x0b000200, 0, 6);
	ASSERT_CELLS(dt.tree, "/doorbell@b000206", "reg", 0, 0x0b000206, 0, 2);
	assert_string_equal(text_at(dt.tree, "/line-40", "compatible"), "lintel,interrupt-line");
	ASSERT_CELLS(dt.tree, "/line-40", "interrupts", 0, 40, 4);
	assert_string_equal(text_at(dt.tree, "/line-40", "label"), "up");
	ASSERT_CELLS(dt.tree, "/line-255", "interrupts", 0, 255, 1);
	free(dt.tree);
}

/* As many as there may be, with the longest names. */
static void has_room_for_all_fixtures(void **state)
{
	static struct rom_config rom = { .address = 0x3ffff000, .size = 0x1000 };
	static struct doorbell_config bell = {
		.address = 0xfffffff8, .width = 8, .has_match = true, .match = UINT64_MAX
	};
	static struct line_config line = { .spi = 255, .level = true };
	static const struct rom_config *all_roms[ROM_REGIONS_MAX];
	static const struct doorbell_config *all_bells[DOORBELLS_MAX];
	static const struct line_config *all_lines[LINES_MAX];
	struct guest_dt dt;
	size_t empty;

	(void)state;
	empty = guest_dt_room(&config);
	memset(rom.name, 'r', VM_NAME_MAX);
	memset(bell.name, 'b', VM_NAME_MAX);
	memset(line.name, 'l', VM_NAME_MAX);
	for (unsigned i = 0; i < ROM_REGIONS_MAX; i++)
		all_roms[i] = &rom;
	for (unsigned i = 0; i < DOORBELLS_MAX; i++)
		all_bells[i] = &bell;
	for (unsigned i = 0; i < LINES_MAX; i++)
		all_lines[i] = &line;
	config.roms = all_roms;
	config.doorbells = all_bells;
	config.lines = all_lines;
	/* Each kind alone: what one has too much of is none of another's. */
	for (unsigned kind = 0; kind < 3; kind++) {
		config.nr_roms = kind == 0 ? ROM_REGIONS_MAX : 0;
		config.nr_doorbells = kind == 1 ? DOORBELLS_MAX : 0;
		config.nr_lines = kind == 2 ? LINES_MAX : 0;
		dt = make();
		assert_true(dt.size > empty);
		free(dt.tree);
	}
}

static int no_fixtures(void **state)
{
	(void)state;
	config.nr_roms = config.nr_doorbells = config.nr_lines = 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(describes_the_machine, start_logging),
		cmocka_unit_test_setup(describes_a_hypervisors_machine, start_logging),
		cmocka_unit_test_setup(fills_in_later, start_logging),
		cmocka_unit_test_setup(gives_no_seed_without_entropy, start_logging),
		cmocka_unit_test_setup(has_a_watchdog_if_asked, start_logging),
		cmocka_unit_test_setup(has_room_for_the_largest, start_logging),
		cmocka_unit_test_setup(says_when_there_is_no_room, start_logging),
		cmocka_unit_test_setup(copies_a_tree, start_logging),
		cmocka_unit_test_setup(keeps_bootargs_if_it_has_none, start_logging),
		cmocka_unit_test_setup(adds_what_is_missing, start_logging),
		cmocka_unit_test_setup(survives_damage, start_logging),
		cmocka_unit_test(describes_what_is_shared),
		cmocka_unit_test(has_room_for_what_is_shared),
		cmocka_unit_test_teardown(describes_fixtures, no_fixtures),
		cmocka_unit_test_teardown(has_room_for_all_fixtures, no_fixtures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
