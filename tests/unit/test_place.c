/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a VM's images go: limits, overlaps, and the numbers in the messages.
 *
 * links: hyp/bundle/place.c hyp/base/log.c hyp/base/format.c
 */
#include "hyp/bundle/place.h"
#include "tests/unit/test_bundle.h"

static struct arm64_image header;
static struct cpio_file kernel, ramdisk;
static struct vm_config config;
static struct vm_layout layout;

static int start(void **state)
{
	header = (struct arm64_image){
		.text_offset = 0x80000, .image_size = MIB(4), .magic = ARM64_IMAGE_MAGIC
	};
	kernel = (struct cpio_file){ "Image", (const uint8_t *)&header, sizeof(header) };
	ramdisk = (struct cpio_file){ "initrd", (const uint8_t *)"x", MIB(3) };
	config = (struct vm_config){ .name = "vm", .kernel = &kernel, .memory = MIB(64) };
	return start_logging(state);
}

static void give(enum schema_vm property, uint64_t *field, uint64_t value)
{
	config.given |= BIT(property);
	*field = value;
}

static void places_an_image(void **state)
{
	(void)state;
	config.ramdisk = &ramdisk;
	assert_int_equal(place_images(&config, 5000, &layout), OK);
	assert_int_equal(layout.kernel.address, 0x40080000);
	assert_int_equal(layout.kernel.size, sizeof(header));
	assert_int_equal(layout.kernel_end, 0x40480000);
	assert_int_equal(layout.entry, 0x40080000);
	/* Behind the BSS, which the file does not hold. */
	assert_int_equal(layout.dtb.address, 0x40600000);
	assert_int_equal(layout.dtb.size, 5000);
	assert_int_equal(layout.ramdisk.address, 0x40602000);
	assert_int_equal(layout.ramdisk.size, MIB(3));
	assert_nothing_logged();
}

static void fits_to_the_last_byte(void **state)
{
	(void)state;
	config.memory = MIB(4);
	header.image_size = MIB(4) - 0x80000 - PAGE_SIZE;
	/* No 2 MiB boundary is free behind the kernel, but one in front of it. */
	assert_int_equal(place_images(&config, PAGE_SIZE, &layout), OK);
	assert_int_equal(layout.dtb.address, 0x40000000);
	header.text_offset = 0;
	header.image_size = MIB(4) - PAGE_SIZE;
	assert_int_equal(place_images(&config, PAGE_SIZE, &layout), OK);
	assert_int_equal(layout.dtb.address, 0x40000000 + MIB(4) - PAGE_SIZE);
	assert_int_equal(place_images(&config, PAGE_SIZE + 1, &layout), ERR_RANGE);
	header.image_size = MIB(4);
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
	assert_logged(
		"vm vm: dtb \"devicetree\" needs 0x40400000 to 0x40400001, but its memory ends "
		"at 0x40400000");
	header.image_size++;
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
	assert_logged(
		"vm vm: kernel \"Image\" needs 0x40000000 to 0x40400001, but its memory ends at "
		"0x40400000");
}

static void ramdisk_must_fit(void **state)
{
	(void)state;
	config.ramdisk = &ramdisk;
	config.memory = MIB(10);
	assert_int_equal(place_images(&config, 1, &layout), OK);
	config.memory = MIB(8);
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
	assert_logged(
		"vm vm: ramdisk \"initrd\" needs 0x40480000 to 0x40780000, but its memory ends at "
		"0x40800000");
	/* Within 32 GiB of the kernel. */
	config.memory = GIB(64);
	ramdisk.size = GIB(33);
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
	assert_logged("expected within 32 GiB of the kernel, below 0x840000000");
}

static void knows_old_images(void **state)
{
	(void)state;
	header.image_size = 0;
	header.text_offset = 0x12345;
	kernel.size = MIB(1);
	assert_int_equal(place_images(&config, 1, &layout), OK);
	assert_int_equal(layout.kernel.address, 0x40080000);
	assert_int_equal(layout.kernel_end, 0x40180000);
	/* A file larger than its image_size is copied as a whole. */
	header.image_size = 1;
	header.text_offset = 0;
	assert_int_equal(place_images(&config, 1, &layout), OK);
	assert_int_equal(layout.kernel_end, 0x40100000);
}

static void refuses_huge_fields(void **state)
{
	(void)state;
	header.text_offset = UINT64_MAX - 10;
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
	assert_logged(
		"text_offset 0xfffffffffffffff5 and image_size 0x400000, expected both below");
	header.text_offset = 0;
	header.image_size = UINT64_MAX;
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
}

static void refuses_what_is_no_image(void **state)
{
	static const struct {
		const char bytes[8];
		const char *text;
	} known[] = { { "#!/bin/", " at 0x38), expected one, or load-address" },
		{ "\x1f\x8b", "(it is compressed with gzip: unpack it first)" },
		{ "MZ\0\0zim", "load-address" },
		{ "\x7f"
		  "ELF",
			"(it is an ELF file" } };
	static const char zboot[] = "MZ\0\0zimg";

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		logged[0] = '\0';
		kernel.data = (const uint8_t *)known[i].bytes;
		kernel.size = sizeof(known[i].bytes);
		assert_int_equal(place_images(&config, 1, &layout), ERR_INVALID);
		assert_logged("vm vm: kernel \"Image\" is no arm64 Image (no 0x644d5241 at 0x38)");
		assert_logged(known[i].text);
	}
	kernel.data = (const uint8_t *)zboot;
	kernel.size = sizeof(zboot);
	assert_int_equal(place_images(&config, 1, &layout), ERR_INVALID);
	assert_logged("zboot");
	kernel.size = 1;
	assert_int_equal(place_images(&config, 1, &layout), ERR_INVALID);
}

static void places_a_flat_binary(void **state)
{
	(void)state;
	kernel.size = MIB(1);
	give(SCHEMA_VM_load_address, &config.load_address, 0x43f00000);
	assert_int_equal(place_images(&config, 1, &layout), OK);
	assert_int_equal(layout.kernel.address, 0x43f00000);
	assert_int_equal(layout.entry, 0x43f00000);
	/* Nothing fits behind it. */
	assert_int_equal(layout.dtb.address, 0x40000000);
	give(SCHEMA_VM_entry, &config.entry, 0x43f00010);
	assert_int_equal(place_images(&config, 1, &layout), OK);
	assert_int_equal(layout.entry, 0x43f00010);
	give(SCHEMA_VM_entry, &config.entry, 0x44000000);
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
	assert_logged("vm vm: entry 0x44000000, but its memory ends at 0x44000000");
	kernel.size++;
	assert_int_equal(place_images(&config, 1, &layout), ERR_RANGE);
	assert_logged("kernel \"Image\" needs 0x43f00000 to 0x44000001");
}

static void puts_the_devicetree_where_told(void **state)
{
	(void)state;
	config.ramdisk = &ramdisk;
	give(SCHEMA_VM_dtb_address, &config.dtb_address, 0x40600008);
	assert_int_equal(place_images(&config, 5000, &layout), OK);
	assert_int_equal(layout.dtb.address, 0x40600008);
	/* The ramdisk goes around it: 1.5 MiB before are not enough. */
	assert_int_equal(layout.ramdisk.address, 0x40602000);
	config.dtb_address = 0x4047fff8;
	assert_int_equal(place_images(&config, 5000, &layout), ERR_RANGE);
	assert_logged("vm vm: dtb-address: the devicetree at 0x4047fff8 to 0x40481380 overlaps the "
		      "kernel "
		      "at 0x40080000 to 0x40480000");
	config.dtb_address = 0x40480000;
	assert_int_equal(place_images(&config, 5000, &layout), OK);
	config.dtb_address = 0x43fffff8;
	assert_int_equal(place_images(&config, 9, &layout), ERR_RANGE);
	assert_logged("but its memory ends at 0x44000000");
	assert_int_equal(place_images(&config, 8, &layout), OK);
}

static void limits_the_devicetree(void **state)
{
	(void)state;
	assert_int_equal(place_images(&config, MIB(2), &layout), OK);
	assert_int_equal(place_images(&config, MIB(2) + 1, &layout), ERR_RANGE);
	assert_logged("a devicetree of 0x200001 bytes, expected at most 0x200000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(places_an_image, start),
		cmocka_unit_test_setup(fits_to_the_last_byte, start),
		cmocka_unit_test_setup(ramdisk_must_fit, start),
		cmocka_unit_test_setup(knows_old_images, start),
		cmocka_unit_test_setup(refuses_huge_fields, start),
		cmocka_unit_test_setup(refuses_what_is_no_image, start),
		cmocka_unit_test_setup(places_a_flat_binary, start),
		cmocka_unit_test_setup(puts_the_devicetree_where_told, start),
		cmocka_unit_test_setup(limits_the_devicetree, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
