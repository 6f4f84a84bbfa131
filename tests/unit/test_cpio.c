/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The archive: what a good one holds, and every way in which one can be bad.
 *
 * links: hyp/bundle/cpio.c hyp/base/log.c hyp/base/format.c
 */
#include "hyp/bundle/cpio.h"
#include "tests/unit/test_bundle.h"

#define FIELD_MODE     14
#define FIELD_FILESIZE 54
#define FIELD_NAMESIZE 94

static struct cpio_archive archive;

static enum status open_archive(struct test_archive *from)
{
	enum status status = cpio_open(&archive, from->bytes, from->size);

	free(from->bytes);
	return status;
}

static void lists_files(void **state)
{
	struct test_archive from = { 0 };

	(void)state;
	archive_entry(&from, 0040755, ".", 2, "", 0);
	archive_file(&from, "./manifest.dtb", "12345", 5);
	archive_entry(&from, 0040755, "boot", 5, "", 0);
	archive_file(&from, "boot/Image", "abcdefgh", 8);
	archive_file(&from, "empty", "", 0);
	archive_entry(&from, 0100600, "padded", 32, "data", 4);
	archive_end(&from);
	archive_bytes(&from, "anything at all", 15);
	assert_int_equal(cpio_open(&archive, from.bytes, from.size), OK);
	assert_int_equal(archive.count, 4);
	assert_string_equal(archive.files[0].name, "manifest.dtb");
	assert_int_equal(archive.files[0].size, 5);
	assert_memory_equal(archive.files[0].data, "12345", 5);
	assert_memory_equal(cpio_find(&archive, "boot/Image")->data, "abcdefgh", 8);
	assert_int_equal(cpio_find(&archive, "empty")->size, 0);
	assert_memory_equal(cpio_find(&archive, "padded")->data, "data", 4);
	assert_null(cpio_find(&archive, "boot"));
	assert_null(cpio_find(&archive, "./manifest.dtb"));
	assert_nothing_logged();
	free(from.bytes);
}

static struct test_archive good(void)
{
	struct test_archive from = { 0 };

	archive_file(&from, "manifest.dtb", "12345", 5);
	archive_file(&from, "Image", "abcdefghi", 9);
	archive_end(&from);
	return from;
}

/* Where the second entry begins. */
#define SECOND (110 + 14 + 8)

static void refuses_what_is_no_archive(void **state)
{
	struct test_archive from = { 0 };

	(void)state;
	assert_int_equal(cpio_open(&archive, "", 0), ERR_NOT_FOUND);
	assert_logged("bundle: it is empty");
	for (unsigned i = 0; i < 30; i++)
		archive_bytes(&from, "rubbish ", 8);
	assert_int_equal(open_archive(&from), ERR_NOT_FOUND);
	assert_logged("it begins with bytes 72 75 62 62 69 73, expected \"070701\"");
}

/* Whatever is cut off is missed; nothing behind the end is read (AddressSanitizer looks). */
static void refuses_every_truncation(void **state)
{
	struct test_archive whole = good();

	(void)state;
	for (size_t size = 0; size < whole.size; size++) {
		struct test_archive cut = { 0 };

		archive_bytes(&cut, whole.bytes, size);
		assert_int_not_equal(open_archive(&cut), OK);
	}
	free(whole.bytes);
	assert_logged("it is truncated");
	assert_logged("bytes, but the archive ends after");
}

static enum status open_changed(size_t at, const char *bytes)
{
	struct test_archive from = good();

	memcpy(from.bytes + at, bytes, strlen(bytes));
	return open_archive(&from);
}

static void refuses_bad_headers(void **state)
{
	(void)state;
	assert_int_equal(open_changed(SECOND, "070702"), ERR_CORRUPT);
	assert_logged("entry 2, at byte 0x84: no header, expected \"070701\"");
	assert_int_equal(open_changed(SECOND + FIELD_FILESIZE, "0000000g"), ERR_CORRUPT);
	assert_logged("entry 2, at byte 0x84: something in its header is no hexadecimal number");
	assert_int_equal(open_changed(SECOND + FIELD_MODE, "-1"), ERR_CORRUPT);
	assert_int_equal(open_changed(SECOND + FIELD_NAMESIZE, "+"), ERR_CORRUPT);
	assert_int_equal(open_changed(SECOND + FIELD_NAMESIZE, "00000000"), ERR_CORRUPT);
	assert_logged("entry 2: a name of 0 bytes, expected 1 to 127 and NUL");
	assert_int_equal(open_changed(SECOND + FIELD_NAMESIZE, "00000005"), ERR_CORRUPT);
	assert_int_equal(open_changed(SECOND + FIELD_NAMESIZE, "ffffffff"), ERR_CORRUPT);
	assert_logged("entry 2: a name of 4294967295 bytes, but the archive ends after");
	assert_int_equal(open_changed(SECOND + FIELD_FILESIZE, "ffffffff"), ERR_CORRUPT);
	assert_logged("entry 2 \"Image\": 4294967295 bytes, but the archive ends after");
	assert_int_equal(open_changed(SECOND + FIELD_FILESIZE, "00000008"), ERR_CORRUPT);
	assert_int_equal(open_changed(SECOND + FIELD_FILESIZE, "0000000a"), OK);
}

static void refuses_odd_padding(void **state)
{
	(void)state;
	assert_int_equal(open_changed(110 + 13, "x"), ERR_CORRUPT);
	assert_int_equal(open_changed(SECOND - 1, "x"), ERR_CORRUPT);
	assert_logged("entry 1 \"manifest.dtb\": no padding with zeros behind its data");
	/* "Image" takes 6 bytes: two of padding. Its data is 9 bytes long. */
	assert_int_equal(open_changed(SECOND + 110 + 6 + 9, "x"), ERR_CORRUPT);
}

static void refuses_bad_names(void **state)
{
	struct test_archive from = { 0 };
	char long_name[300];

	(void)state;
	archive_file(&from, "a", "", 0);
	archive_file(&from, "./a", "", 0);
	archive_end(&from);
	assert_int_equal(open_archive(&from), ERR_EXISTS);
	assert_logged("entry 2: a second file \"a\"");

	from = (struct test_archive){ 0 };
	archive_file(&from, "./", "", 0);
	assert_int_equal(open_archive(&from), ERR_CORRUPT);
	assert_logged("entry 1: a file without a name");

	from = (struct test_archive){ 0 };
	memset(long_name, 'x', sizeof(long_name));
	long_name[CPIO_NAME_MAX] = '\0';
	archive_file(&from, long_name, "", 0);
	assert_int_equal(open_archive(&from), ERR_CORRUPT);

	from = (struct test_archive){ 0 };
	long_name[CPIO_NAME_MAX - 1] = '\0';
	archive_file(&from, long_name, "", 0);
	archive_end(&from);
	assert_int_equal(open_archive(&from), OK);
}

static void refuses_special_files(void **state)
{
	struct test_archive from = { 0 };

	(void)state;
	archive_entry(&from, 0120777, "link", 5, "to", 2);
	archive_end(&from);
	assert_int_equal(open_archive(&from), ERR_NOT_SUPPORTED);
	assert_logged("entry 1 \"link\": mode 0xa1ff, expected a regular file or a directory");
}

static void refuses_too_many_files(void **state)
{
	struct test_archive from = { 0 };
	char name[16];

	(void)state;
	for (unsigned i = 0; i < CPIO_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		archive_file(&from, name, name, 2);
	}
	struct test_archive most = { 0 };

	archive_bytes(&most, from.bytes, from.size);
	archive_end(&most);
	assert_int_equal(open_archive(&most), OK);
	archive_file(&from, "one more", "", 0);
	archive_end(&from);
	assert_int_equal(open_archive(&from), ERR_RANGE);
	assert_logged("expected at most 128 files");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lists_files, start_logging),
		cmocka_unit_test_setup(refuses_what_is_no_archive, start_logging),
		cmocka_unit_test_setup(refuses_every_truncation, start_logging),
		cmocka_unit_test_setup(refuses_bad_headers, start_logging),
		cmocka_unit_test_setup(refuses_odd_padding, start_logging),
		cmocka_unit_test_setup(refuses_bad_names, start_logging),
		cmocka_unit_test_setup(refuses_special_files, start_logging),
		cmocka_unit_test_setup(refuses_too_many_files, start_logging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
