/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/cpio.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"

#define CPIO_ALIGN  4
#define CPIO_DIGITS 8

/* All fields but the magic number are hexadecimal digits. */
struct cpio_header {
	char magic[6];
	char ino[CPIO_DIGITS];
	char mode[CPIO_DIGITS];
	char uid[CPIO_DIGITS];
	char gid[CPIO_DIGITS];
	char nlink[CPIO_DIGITS];
	char mtime[CPIO_DIGITS];
	char filesize[CPIO_DIGITS];
	char devmajor[CPIO_DIGITS];
	char devminor[CPIO_DIGITS];
	char rdevmajor[CPIO_DIGITS];
	char rdevminor[CPIO_DIGITS];
	char namesize[CPIO_DIGITS]; /* with the NUL */
	char check[CPIO_DIGITS];
};
_Static_assert(sizeof(struct cpio_header) == 110, "newc header");
_Static_assert(offsetof(struct cpio_header, namesize) == 94, "newc header");

static const char magic_newc[6] = { '0', '7', '0', '7', '0', '1' };
static const char trailer[] = "TRAILER!!!";

#define MODE_TYPE      0170000
#define MODE_REGULAR   0100000
#define MODE_DIRECTORY 0040000

/* Where the reading is. */
struct reader {
	const uint8_t *base;
	uint64_t size, at;
	unsigned entry; /* its number, from 1 */
};

struct entry {
	uint32_t mode;
	struct cpio_file file;
};

static bool parse_hex(const char digits[CPIO_DIGITS], uint32_t *value)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < CPIO_DIGITS; i++) {
		char c = digits[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (unsigned)((c | 0x20) - 'a' + 10);
		else
			return false;
		sum = sum << 4 | digit;
	}
	*value = sum;
	return true;
}

/* The archive goes on with zeros up to the next multiple of 4. */
static bool skip_padding(struct reader *reader)
{
	while (reader->at % CPIO_ALIGN) {
		if (reader->at >= reader->size || reader->base[reader->at])
			return false;
		reader->at++;
	}
	return true;
}

static bool magic_ok(const struct reader *reader)
{
	const char *magic = (const char *)reader->base + reader->at;

	if (memcmp(magic, magic_newc, sizeof(magic_newc)) == 0)
		return true;
	if (reader->entry == 1)
		log_error("bundle: no cpio archive of format newc: it begins with bytes "
			  "%02x %02x %02x %02x %02x %02x, expected \"070701\" (cpio -o -H newc)",
			magic[0] & 0xff, magic[1] & 0xff, magic[2] & 0xff, magic[3] & 0xff,
			magic[4] & 0xff, magic[5] & 0xff);
	else
		log_error("bundle: entry %u, at byte 0x%llx: no header, expected \"070701\"",
			reader->entry, (unsigned long long)reader->at);
	return false;
}

/* The name of namesize bytes at reader->at. More than one NUL at its end is padding, to align the
 * data. */
static const char *read_name(struct reader *reader, uint32_t namesize)
{
	const char *name = (const char *)reader->base + reader->at;

	if (namesize > reader->size - reader->at) {
		log_error("bundle: entry %u: a name of %u bytes, but the archive ends after %llu",
			reader->entry, namesize, (unsigned long long)(reader->size - reader->at));
		return NULL;
	}
	size_t length = strnlen(name, namesize);

	if (length == 0 || length >= CPIO_NAME_MAX || length == namesize) {
		log_error("bundle: entry %u: a name of %u bytes, expected 1 to %u and NUL",
			reader->entry, (unsigned)length, CPIO_NAME_MAX - 1);
		return NULL;
	}
	for (size_t i = length; i < namesize; i++)
		if (name[i]) {
			log_error("bundle: entry %u \"%s\": something behind the end of its name",
				reader->entry, name);
			return NULL;
		}
	reader->at += namesize;
	return name;
}

static enum status read_data(struct reader *reader, struct cpio_file *file)
{
	if (!skip_padding(reader)) {
		log_error("bundle: entry %u \"%s\": no padding with zeros behind its name",
			reader->entry, file->name);
		return ERR_CORRUPT;
	}
	if (file->size > reader->size - reader->at) {
		log_error("bundle: entry %u \"%s\": %llu bytes, but the archive ends after %llu",
			reader->entry, file->name, (unsigned long long)file->size,
			(unsigned long long)(reader->size - reader->at));
		return ERR_CORRUPT;
	}
	file->data = reader->base + reader->at;
	reader->at += file->size;
	if (!skip_padding(reader)) {
		log_error("bundle: entry %u \"%s\": no padding with zeros behind its data",
			reader->entry, file->name);
		return ERR_CORRUPT;
	}
	return OK;
}

static enum status read_entry(struct reader *reader, struct entry *entry)
{
	const struct cpio_header *header = (const void *)(reader->base + reader->at);
	uint32_t filesize, namesize;

	reader->entry++;
	if (reader->size - reader->at < sizeof(*header)) {
		log_error("bundle: the archive ends at byte 0x%llx without the entry \"%s\": it is "
			  "truncated",
			(unsigned long long)reader->size, trailer);
		return ERR_CORRUPT;
	}
	if (!magic_ok(reader))
		return reader->entry == 1 ? ERR_NOT_FOUND : ERR_CORRUPT;
	if (!parse_hex(header->mode, &entry->mode) || !parse_hex(header->filesize, &filesize) ||
		!parse_hex(header->namesize, &namesize)) {
		log_error("bundle: entry %u, at byte 0x%llx: something in its header is no "
			  "hexadecimal number",
			reader->entry, (unsigned long long)reader->at);
		return ERR_CORRUPT;
	}
	reader->at += sizeof(*header);
	entry->file.size = filesize;
	entry->file.name = read_name(reader, namesize);
	if (!entry->file.name)
		return ERR_CORRUPT;
	return read_data(reader, &entry->file);
}

/* Takes a regular file into the list. */
static enum status add_file(
	struct cpio_archive *archive, const struct reader *reader, struct cpio_file *file)
{
	if (file->name[0] == '.' && file->name[1] == '/')
		file->name += 2;
	if (!file->name[0]) {
		log_error("bundle: entry %u: a file without a name", reader->entry);
		return ERR_CORRUPT;
	}
	if (cpio_find(archive, file->name)) {
		log_error("bundle: entry %u: a second file \"%s\"", reader->entry, file->name);
		return ERR_EXISTS;
	}
	if (archive->count == CPIO_FILES_MAX) {
		log_error("bundle: entry %u \"%s\": expected at most %u files", reader->entry,
			file->name, CPIO_FILES_MAX);
		return ERR_RANGE;
	}
	archive->files[archive->count++] = *file;
	return OK;
}

enum status cpio_open(struct cpio_archive *archive, const void *base, uint64_t size)
{
	struct reader reader = { .base = base, .size = size };

	archive->count = 0;
	if (!size) {
		log_error("bundle: it is empty");
		return ERR_NOT_FOUND;
	}
	for (;;) {
		struct entry entry;
		enum status status = read_entry(&reader, &entry);

		if (status)
			return status;
		if (strcmp(entry.file.name, trailer) == 0)
			return OK;
		if ((entry.mode & MODE_TYPE) == MODE_DIRECTORY)
			continue;
		if ((entry.mode & MODE_TYPE) != MODE_REGULAR) {
			log_error(
				"bundle: entry %u \"%s\": mode 0x%x, expected a regular file or a "
				"directory",
				reader.entry, entry.file.name, entry.mode);
			return ERR_NOT_SUPPORTED;
		}
		status = add_file(archive, &reader, &entry.file);
		if (status)
			return status;
	}
}

const struct cpio_file *cpio_find(const struct cpio_archive *archive, const char *name)
{
	for (unsigned i = 0; i < archive->count; i++)
		if (strcmp(archive->files[i].name, name) == 0)
			return &archive->files[i];
	return NULL;
}
