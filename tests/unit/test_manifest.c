/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The manifest: every row of the schema at its limits, and that a bad VM does not stop a good one.
 *
 * links: hyp/bundle/manifest.c hyp/bundle/manifest_nodes.c hyp/bundle/manifest_names.c
 * hyp/bundle/manifest_value.c hyp/bundle/cpio.c drivers/dt/walk.c hyp/base/log.c hyp/base/format.c
 */
#include "hyp/bundle/manifest.h"
#include "tests/unit/test_bundle.h"

static const struct cpio_archive files = {
	.count = 3,
	.files = { { "Image", (const uint8_t *)"image", 5 },
		{ "initrd", (const uint8_t *)"ramdisk", 7 }, { "empty", (const uint8_t *)"", 0 } },
};

static struct vm_config found[MAX_VMS];
static char found_bootargs[MAX_VMS][2100];
static unsigned found_count, bad;

static void take(void *context, const struct vm_config *config)
{
	assert_ptr_equal(context, &found_count);
	snprintf(found_bootargs[found_count], sizeof(found_bootargs[0]), "%s", config->bootargs);
	found[found_count++] = *config;
}

static enum status read_bytes(const void *tree, size_t size)
{
	/* A copy at an allocation's end, so that reading past it is seen. */
	void *copy = malloc(size);

	memcpy(copy, tree, size);
	found_count = 0;

	enum status status = manifest_read(copy, size, &files, take, &found_count, &bad);

	free(copy);
	return status;
}

static void start(struct test_tree *tree)
{
	tree_start(tree);
	tree_text(tree, "compatible", "lintel,manifest-v1");
	tree_begin(tree, "vms");
}

static enum status finish(struct test_tree *tree)
{
	tree_end(tree);
	return read_bytes(tree->bytes, tree_finish(tree));
}

static void good_vm(struct test_tree *tree, const char *name)
{
	tree_begin(tree, name);
	tree_text(tree, "kernel", "Image");
	tree_u64(tree, "memory", MIB(64));
	tree_end(tree);
}

static void reads_every_property(void **state)
{
	struct test_tree tree;

	(void)state;
	start(&tree);
	tree_begin(&tree, "a-VM_0.x");
	tree_text(&tree, "kernel", "Image");
	tree_text(&tree, "ramdisk", "initrd");
	tree_text(&tree, "dtb", "initrd");
	tree_u64(&tree, "memory", GIB(4));
	tree_bytes(&tree, "memory-populate", "", 0);
	tree_bytes(&tree, "watchdog", "", 0);
	tree_u32(&tree, "vcpus", 16);
	tree_text(&tree, "bootargs", "console=ttyAMA0 quiet");
	tree_u64(&tree, "load-address", 0x40001000);
	tree_u64(&tree, "entry", 0x40001004);
	tree_u64(&tree, "dtb-address", 0x48000008);
	tree_u32(&tree, "autostart", 0);
	tree_text(&tree, "start-after", "b");
	tree_text(&tree, "start-when", "running");
	tree_u32(&tree, "start-delay", 3600000);
	tree_text(&tree, "on-reset", "keep");
	tree_text(&tree, "on-off", "restart");
	tree_text(&tree, "on-crash", "pause");
	tree_text(&tree, "virtual-time", "runs");
	tree_u32(&tree, "weight", 1000);
	tree_bytes(&tree, "cpus", "\0\0\0\1\0\0\0\x3f", 8);
	tree_bytes(&tree, "pinned", "", 0);
	tree_text(&tree, "ro-dc-ivac", "fault");
	tree_text(&tree, "trap-cmo", "dc-ivac");
	tree_text(&tree, "device-atomics", "abort");
	tree_text(&tree, "absent-cmo", "abort");
	tree_text(&tree, "absent-access", "ignore");
	tree_bytes(&tree, "scratch", "\x0b\0\0\0\0\0\0\x8\0\0\x10\0", 12);
	tree_text(&tree, "psci-conduit", "smc");
	tree_text(&tree, "power-states", "extended");
	tree_bytes(&tree, "kvm-ptp", "", 0);
	tree_bytes(&tree, "aarch32", "", 0);
	tree_bytes(&tree, "optional", "", 0);
	tree_bytes(&tree, "soc-id", "\x7f\xff\xff\xff\0\0\0\x2", 8);
	tree_end(&tree);
	good_vm(&tree, "b");
	tree_begin(&tree, "c");
	tree_text(&tree, "kernel", "Image");
	tree_u64(&tree, "memory", MIB(64));
	tree_text(&tree, "virtual-el2", "non-vhe");
	tree_end(&tree);
	assert_int_equal(finish(&tree), OK);
	assert_nothing_logged();
	assert_int_equal(found_count, 3);
	assert_int_equal(bad, 0);
	assert_string_equal(found[0].name, "a-VM_0.x");
	/* All but the one that excludes aarch32. */
	assert_int_equal(found[0].given, (BIT(SCHEMA_VM_COUNT) - 1) & ~BIT(SCHEMA_VM_virtual_el2));
	assert_ptr_equal(found[0].kernel, &files.files[0]);
	assert_ptr_equal(found[0].ramdisk, &files.files[1]);
	assert_ptr_equal(found[0].dtb, &files.files[1]);
	assert_int_equal(found[0].memory, GIB(4));
	assert_int_equal(found[0].memory_populate, 1);
	assert_int_equal(found[0].watchdog, 1);
	assert_int_equal(found[0].vcpus, 16);
	assert_string_equal(found_bootargs[0], "console=ttyAMA0 quiet");
	assert_int_equal(found[0].load_address, 0x40001000);
	assert_int_equal(found[0].entry, 0x40001004);
	assert_int_equal(found[0].dtb_address, 0x48000008);
	assert_int_equal(found[0].autostart, 0);
	assert_non_null(found[0].start_after);
	assert_int_equal(found[0].start_when, 1);
	assert_int_equal(found[0].start_delay, 3600000);
	assert_int_equal(found[0].on_reset, 1);
	assert_int_equal(found[0].on_off, 1);
	assert_int_equal(found[0].on_crash, 2);
	assert_int_equal(found[0].virtual_time, 1);
	assert_int_equal(found[0].weight, 1000);
	assert_int_equal(found[0].cpus.count, 2);
	assert_int_equal(found[0].pinned, 1);
	assert_int_equal(found[0].ro_dc_ivac, 1);
	assert_int_equal(found[0].trap_cmo, 2);
	assert_int_equal(found[0].device_atomics, 1);
	assert_int_equal(found[0].absent_cmo, 1);
	assert_int_equal(found[0].absent_access, 1);
	assert_int_equal(found[0].scratch.count, 3);
	assert_int_equal(found[0].psci_conduit, 1);
	assert_int_equal(found[0].power_states, 1);
	assert_int_equal(found[0].kvm_ptp, 1);
	assert_int_equal(found[0].aarch32, 1);
	assert_int_equal(found[0].optional, 1);
	assert_int_equal(found[0].soc_id.count, 2);
	/* What holds for a VM that says nothing. */
	assert_null(found[1].ramdisk);
	assert_int_equal(found[1].vcpus, 1);
	assert_int_equal(found[1].autostart, 1);
	assert_int_equal(found[1].watchdog, 0);
	assert_int_equal(found[1].psci_conduit, 0);
	assert_int_equal(found[1].power_states, 0);
	assert_int_equal(found[1].kvm_ptp, 0);
	assert_int_equal(found[1].aarch32, 0);
	assert_int_equal(found[1].soc_id.count, 0);
	assert_string_equal(found_bootargs[1], "");
	assert_false(vm_config_has(&found[1], SCHEMA_VM_bootargs));
	assert_int_equal(found[1].start_when, 0);
	assert_int_equal(found[1].start_delay, 0);
	assert_int_equal(found[1].on_reset, 0);
	assert_int_equal(found[1].on_off, 0);
	assert_int_equal(found[1].on_crash, 0);
	assert_int_equal(found[1].virtual_time, 0);
	assert_int_equal(found[1].weight, 0);
	assert_int_equal(found[1].cpus.count, 0);
	assert_int_equal(found[1].pinned, 0);
	assert_int_equal(found[1].ro_dc_ivac, 0);
	assert_int_equal(found[1].trap_cmo, 0);
	assert_int_equal(found[1].device_atomics, 0);
	assert_int_equal(found[1].absent_cmo, 0);
	assert_int_equal(found[1].absent_access, 0);
	assert_false(vm_config_has(&found[1], SCHEMA_VM_virtual_el2));
	assert_true(vm_config_has(&found[2], SCHEMA_VM_virtual_el2));
	assert_int_equal(found[2].virtual_el2, 1);
}

/* A VM with one property more (or instead), and a good one behind it. */
static void with_property(const char *name, const void *value, size_t size)
{
	struct test_tree tree;

	logged[0] = '\0';
	start(&tree);
	tree_begin(&tree, "it");
	if (strcmp(name, "kernel") != 0)
		tree_text(&tree, "kernel", "Image");
	if (strcmp(name, "memory") != 0)
		tree_u32(&tree, "memory", (uint32_t)MIB(64));
	tree_bytes(&tree, name, value, size);
	tree_end(&tree);
	good_vm(&tree, "good");
	assert_int_equal(finish(&tree), OK);
	assert_string_equal(found[found_count - 1].name, "good");
	assert_int_equal(found_count + bad, 2);
}

static void with_cells(const char *name, unsigned count, uint32_t first, uint32_t second)
{
	uint32_t cells[3] = { cpu_to_fdt32(first), cpu_to_fdt32(second), 0 };

	with_property(name, cells, count * 4);
}

#define assert_taken() assert_int_equal(bad, 0)
#define assert_refused(text)              \
	do {                              \
		assert_int_equal(bad, 1); \
		assert_logged(text);      \
	} while (0)

static void checks_numbers(void **state)
{
	(void)state;
	with_cells("vcpus", 1, 1, 0);
	assert_taken();
	with_cells("vcpus", 1, 16, 0);
	assert_taken();
	with_cells("vcpus", 1, 0, 0);
	assert_refused("manifest: /vms/it: vcpus: <0x0>, expected a number from 1 to 16\n");
	with_cells("vcpus", 1, 17, 0);
	assert_refused("vcpus: <0x11>, expected");
	with_cells("vcpus", 2, 0, 1);
	assert_refused("vcpus: <0x0 0x1>, expected");
	with_cells("vcpus", 0, 0, 0);
	assert_refused("vcpus: no value, expected");
	with_property("vcpus", "abc", 3);
	assert_refused("vcpus: 3 bytes, expected");
	with_cells("memory", 1, 0x200000, 0);
	assert_taken();
	with_cells("memory", 2, 0xff, 0xc0000000);
	assert_taken();
	with_cells("memory", 2, 0xff, 0xc0200000);
	assert_refused("memory: <0xff 0xc0200000>, expected bytes, 2 MiB to 1023 GiB");
	with_cells("memory", 1, 0x200001, 0);
	assert_refused("memory: <0x200001>, expected");
	with_cells("memory", 1, 0, 0);
	assert_refused("memory: <0x0>, expected");
	with_cells("memory", 3, 0, 1);
	assert_refused("memory: <0x0 0x1 0x0>, expected");
	with_property("memory", "much", 5);
	assert_refused("memory: \"much\", expected bytes");
	with_cells("load-address", 1, 0x3ffff000, 0);
	assert_refused("load-address: <0x3ffff000>, expected");
	with_cells("dtb-address", 1, 0x40000004, 0);
	assert_refused("dtb-address: <0x40000004>, expected an address in the VM's memory, a "
		       "multiple of 8");
	with_cells("autostart", 1, 2, 0);
	assert_refused("autostart: <0x2>, expected 0 or 1");
}

static void with_scratch(unsigned count, uint32_t address, uint32_t size, uint32_t rows)
{
	uint32_t cells[27];

	for (unsigned i = 0; i < 27; i += 3) {
		cells[i] = cpu_to_fdt32(address);
		cells[i + 1] = cpu_to_fdt32(size);
		cells[i + 2] = cpu_to_fdt32(rows);
	}
	with_property("scratch", cells, count * 4);
}

static void checks_scratch(void **state)
{
	(void)state;
	with_scratch(3, 0xb000000, 4, 1000);
	assert_taken();
	with_scratch(24, 0xb000000, 65536, 1);
	assert_taken();
	with_scratch(2, 0xb000000, 4, 1000);
	assert_refused("/vms/it: scratch: 2 numbers, expected one to eight times three numbers: an "
		       "address, bytes (1 to 65536), how many (1 to 4096); at most 524288 bytes "
		       "together\n");
	with_scratch(27, 0xb000000, 4, 1);
	assert_refused("scratch: 27 numbers, expected");
	with_scratch(0, 0, 0, 0);
	assert_refused("scratch: no value, expected");
	with_scratch(3, 0xb000000, 0, 1);
	assert_refused("scratch: <0xb000000 0x0 0x1>, expected");
	with_scratch(3, 0xb000000, 65537, 1);
	assert_refused("scratch: <0xb000000 0x10001 0x1>, expected");
	with_scratch(3, 0xb000000, 1, 0);
	assert_refused("scratch: <0xb000000 0x1 0x0>, expected");
	with_scratch(3, 0xb000000, 1, 4097);
	assert_refused("scratch: <0xb000000 0x1 0x1001>, expected");
	with_scratch(6, 0xb000000, 65, 4096);
	assert_refused("scratch: 532480 bytes together, expected");
}

static void checks_choices(void **state)
{
	(void)state;
	with_property("on-crash", "stop", 5);
	assert_taken();
	assert_int_equal(found[0].on_crash, 0);
	with_property("on-crash", "restart", 8);
	assert_taken();
	assert_int_equal(found[0].on_crash, 1);
	with_property("on-crash", "pause", 6);
	assert_taken();
	assert_int_equal(found[0].on_crash, 2);
	with_property("on-crash", "paus", 5);
	assert_refused("/vms/it: on-crash: \"paus\", expected one of \"stop\", \"restart\", "
		       "\"pause\"\n");
	with_property("on-crash", "pauses", 7);
	assert_refused("on-crash: \"pauses\", expected one of");
	with_property("on-crash", "", 1);
	assert_refused("on-crash: 1 bytes, expected one of");
	with_property("on-crash", "stop|restart", 13);
	assert_refused("on-crash: \"stop|restart\", expected one of");
	with_property("on-crash", "stop", 4);
	assert_refused("on-crash: <0x73746f70>, expected one of");
	with_cells("on-off", 1, 1, 0);
	assert_refused("on-off: <0x1>, expected one of \"stop\", \"restart\"\n");
	with_cells("start-delay", 1, 3600001, 0);
	assert_refused("start-delay: <0x36ee81>, expected milliseconds, at most 3600000");
	with_property("start-when", "ended", 6);
	assert_refused("start-when: only for a VM that waits for another one, expected start-after "
		       "beside it");
}

static void checks_texts(void **state)
{
	char text[2100];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[2047] = '\0';
	with_property("bootargs", text, 2048);
	assert_taken();
	text[2047] = 'x';
	text[2048] = '\0';
	with_property("bootargs", text, 2049);
	assert_refused(
		"bootargs: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"..., expected a string of "
		"at most 2047 characters");
	with_property("bootargs", "", 1);
	assert_taken();
	with_property("bootargs", "a\0b", 4);
	assert_refused("bootargs: <0x61006200>, expected a string");
	with_property("bootargs", "abcd", 4);
	assert_refused("bootargs: <0x61626364>, expected a string");
	with_property("bootargs", NULL, 0);
	assert_refused("bootargs: no value, expected a string");
	with_property("memory-populate", "x", 2);
	assert_refused("memory-populate: \"x\", expected no value");
	with_property("cpus", NULL, 0);
	assert_refused("cpus: no value, expected numbers of CPUs, 0 to 63");
	with_property("cpus", "\0\0\0\1\0\0", 6);
	assert_refused("cpus: 6 bytes, expected numbers of CPUs, 0 to 63");
	with_property("cpus", "\0\0\0\1\0\0\0\x40", 8);
	assert_refused("cpus: <0x1 0x40>, expected numbers of CPUs, 0 to 63");
	with_property("ramdisk", "nowhere", 8);
	assert_refused(
		"manifest: /vms/it: ramdisk: \"nowhere\", expected the name of a file in the "
		"bundle, which has none of that name\n");
	with_property("kernel", "empty", 6);
	assert_refused("kernel: \"empty\", expected a file that is not empty");
	with_property("kernel", "Image", 5);
	assert_refused("kernel: 5 bytes, expected the name of a file in the bundle");
	with_property("entry", "\0\0\0\x40", 4);
	assert_refused("entry:");
	with_cells("entry", 1, 0x40000000, 0);
	assert_refused("entry: only for a flat binary, expected load-address beside it");
	with_property("bootrags", "x", 2);
	assert_refused(
		"manifest: /vms/it: bootrags: unknown property, expected one of kernel, ramdisk, "
		"dtb, memory,");
	assert_logged("start-after, ");
}

static void checks_the_whole_vm(void **state)
{
	static const char *const names[] = { "1a", "a@0", "-", "a b",
		"a234567890123456789012345678901x" };
	struct test_tree tree;

	(void)state;
	start(&tree);
	tree_begin(&tree, "nothing");
	tree_end(&tree);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		good_vm(&tree, names[i]);
	tree_begin(&tree, "inner");
	tree_text(&tree, "kernel", "Image");
	tree_u64(&tree, "memory", MIB(2));
	tree_begin(&tree, "deep");
	tree_begin(&tree, "deeper");
	tree_end(&tree);
	tree_end(&tree);
	tree_end(&tree);
	good_vm(&tree, "twin");
	good_vm(&tree, "twin");
	good_vm(&tree, "a234567890123456789012345678901");
	tree_begin(&tree, "image");
	tree_text(&tree, "kernel", "Image");
	tree_u64(&tree, "memory", MIB(2));
	tree_bytes(&tree, "aarch32", "", 0);
	tree_bytes(&tree, "optional", "", 0);
	tree_bytes(&tree, "soc-id", "\0\0\0\1", 4);
	tree_end(&tree);
	assert_int_equal(finish(&tree), OK);
	assert_logged("/vms/image: aarch32: an arm64 Image doesn't run on AArch32, expected a flat "
		      "binary: load-address beside it");
	assert_logged("/vms/image: soc-id: 1 numbers, expected two numbers, version and revision");
	assert_logged("/vms/nothing: kernel: missing, expected the name of a file");
	assert_logged("/vms/nothing: memory: missing, expected bytes");
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		char text[128];

		snprintf(text, sizeof(text), "/vms/%s: the VM's name, expected", names[i]);
		assert_logged(text);
	}
	assert_logged("/vms/inner: deep: unknown node, expected no nodes in a VM");
	assert_logged("/vms/twin: a second VM of that name");
	assert_int_equal(found_count, 2);
	assert_int_equal(bad, 9);
}

static void begin_hypervisor(struct test_tree *tree, const char *name, const char *conduit)
{
	tree_begin(tree, name);
	tree_text(tree, "kernel", "Image");
	tree_u64(tree, "memory", MIB(2));
	if (conduit)
		tree_text(tree, "psci-conduit", conduit);
	tree_text(tree, "virtual-el2", "vhe");
}

/* HVC of a guest hypervisor is its own, and its EL2 has no AArch32. */
static void checks_virtual_el2(void **state)
{
	struct test_tree tree;

	(void)state;
	start(&tree);
	begin_hypervisor(&tree, "plain", NULL);
	tree_end(&tree);
	begin_hypervisor(&tree, "says-it", "smc");
	tree_end(&tree);
	begin_hypervisor(&tree, "by-hvc", "hvc");
	tree_end(&tree);
	begin_hypervisor(&tree, "old", NULL);
	tree_u64(&tree, "load-address", 0x40000000);
	tree_bytes(&tree, "aarch32", "", 0);
	tree_end(&tree);
	tree_begin(&tree, "misspelt");
	tree_text(&tree, "kernel", "Image");
	tree_u64(&tree, "memory", MIB(2));
	tree_text(&tree, "virtual-el2", "nvhe");
	tree_end(&tree);
	assert_int_equal(finish(&tree), OK);
	assert_logged("/vms/by-hvc: psci-conduit: \"hvc\", which a guest with virtual-el2 takes "
		      "itself, expected \"smc\"");
	assert_logged("/vms/old: virtual-el2: beside aarch32, expected one of the two");
	assert_logged("/vms/misspelt: virtual-el2: \"nvhe\", expected one of \"vhe\", \"non-vhe\"");
	assert_int_equal(found_count, 2);
	assert_int_equal(found[0].virtual_el2, 0);
	assert_string_equal(found[1].name, "says-it");
	assert_int_equal(bad, 3);
}

static void checks_the_number_of_vms(void **state)
{
	struct test_tree tree;
	char name[16];

	(void)state;
	start(&tree);
	for (unsigned i = 0; i < MAX_VMS + 2; i++) {
		snprintf(name, sizeof(name), "vm%u", i);
		good_vm(&tree, name);
	}
	assert_int_equal(finish(&tree), OK);
	assert_int_equal(found_count, MAX_VMS);
	assert_int_equal(bad, 2);
	assert_logged("/vms/vm65: expected at most 64 VMs");
}

static void checks_the_root(void **state)
{
	struct test_tree tree;

	(void)state;
	start(&tree);
	assert_int_equal(finish(&tree), ERR_NOT_FOUND);
	assert_logged("manifest: /vms: no VM, expected at least one node in it");

	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	assert_int_equal(read_bytes(tree.bytes, tree_finish(&tree)), ERR_NOT_FOUND);

	tree_start(&tree);
	tree_begin(&tree, "vms");
	assert_int_equal(finish(&tree), ERR_NOT_SUPPORTED);
	assert_logged("manifest: /: compatible: missing, expected \"lintel,manifest-v1\"");

	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v2");
	tree_begin(&tree, "vms");
	good_vm(&tree, "a");
	assert_int_equal(finish(&tree), ERR_NOT_SUPPORTED);
	assert_logged("compatible: \"lintel,manifest-v2\", expected \"lintel,manifest-v1\"");
	assert_int_equal(found_count, 0);
}

static void goes_on_after_unknown_things(void **state)
{
	struct test_tree tree;

	(void)state;
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_text(&tree, "model", "x");
	tree_begin(&tree, "chosen");
	tree_begin(&tree, "inner");
	tree_end(&tree);
	tree_end(&tree);
	tree_begin(&tree, "vms");
	tree_text(&tree, "all", "x");
	good_vm(&tree, "a");
	assert_int_equal(finish(&tree), OK);
	assert_int_equal(found_count, 1);
	assert_logged("manifest: /: model: unknown property");
	assert_logged("manifest: /chosen: unknown node, expected only vms, shared-memory, "
		      "read-only, doorbells, lines, smccc and sdei-events");
	assert_logged("manifest: /vms: all: unknown property");
	/* What stood there would have been meant for a VM. */
	assert_int_equal(bad, 2);
}

/* Any prefix, and any byte changed: an answer, and nothing read outside. */
static void survives_damage(void **state)
{
	struct test_tree tree;
	size_t size;
	uint8_t *bytes = (uint8_t *)tree.bytes;

	(void)state;
	log_set_sink(NULL);
	start(&tree);
	good_vm(&tree, "a");
	tree_end(&tree);
	size = tree_finish(&tree);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(read_bytes(bytes, cut), ERR_CORRUPT);
	for (size_t at = 0; at < size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[at] ^= 1 << bit;
			(void)!read_bytes(bytes, size);
			bytes[at] ^= 1 << bit;
		}
	assert_int_equal(read_bytes(bytes, size), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_every_property, start_logging),
		cmocka_unit_test_setup(checks_numbers, start_logging),
		cmocka_unit_test_setup(checks_scratch, start_logging),
		cmocka_unit_test_setup(checks_choices, start_logging),
		cmocka_unit_test_setup(checks_texts, start_logging),
		cmocka_unit_test_setup(checks_the_whole_vm, start_logging),
		cmocka_unit_test_setup(checks_virtual_el2, start_logging),
		cmocka_unit_test_setup(checks_the_number_of_vms, start_logging),
		cmocka_unit_test_setup(checks_the_root, start_logging),
		cmocka_unit_test_setup(goes_on_after_unknown_things, start_logging),
		cmocka_unit_test_setup(survives_damage, start_logging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
