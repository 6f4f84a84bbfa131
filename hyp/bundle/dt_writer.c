/* SPDX-License-Identifier: BSD-3-Clause */
#include <libfdt.h>

#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/dt_writer.h"

#define CELLS_MAX 32

/* Keeps the first error. */
#define STEP(writer, call)                        \
	do {                                      \
		if (!(writer)->error)             \
			(writer)->error = (call); \
	} while (0)

void dt_writer_start(struct dt_writer *writer, void *buffer, size_t size)
{
	writer->tree = buffer;
	writer->error = fdt_create_with_flags(buffer, (int)size, FDT_CREATE_FLAG_NO_NAME_DEDUP);
}

void dt_writer_reserve(struct dt_writer *writer, uint64_t address, uint64_t size)
{
	STEP(writer, fdt_add_reservemap_entry(writer->tree, address, size));
}

void dt_writer_reserved(struct dt_writer *writer)
{
	STEP(writer, fdt_finish_reservemap(writer->tree));
}

void dt_writer_begin(struct dt_writer *writer, const char *name)
{
	STEP(writer, fdt_begin_node(writer->tree, name));
}

void dt_writer_end(struct dt_writer *writer)
{
	STEP(writer, fdt_end_node(writer->tree));
}

void dt_writer_bytes(struct dt_writer *writer, const char *name, const void *value, size_t size)
{
	STEP(writer, fdt_property(writer->tree, name, value, (int)size));
}

void dt_writer_flag(struct dt_writer *writer, const char *name)
{
	dt_writer_bytes(writer, name, "", 0);
}

void dt_writer_text(struct dt_writer *writer, const char *name, const char *text)
{
	dt_writer_bytes(writer, name, text, strlen(text) + 1);
}

void dt_writer_cells(
	struct dt_writer *writer, const char *name, const uint32_t *cells, unsigned count)
{
	uint32_t value[CELLS_MAX];

	if (count > CELLS_MAX) {
		STEP(writer, -FDT_ERR_INTERNAL);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		value[i] = cpu_to_fdt32(cells[i]);
	dt_writer_bytes(writer, name, value, count * sizeof(*value));
}

uint8_t *dt_writer_room(struct dt_writer *writer, const char *name, size_t size)
{
	void *room = NULL;

	STEP(writer, fdt_property_placeholder(writer->tree, name, (int)size, &room));
	if (writer->error)
		return NULL;
	return memset(room, 0, size);
}

void dt_writer_take_out(uint8_t *value, size_t size)
{
	const fdt32_t nop = cpu_to_fdt32(FDT_NOP);
	uint8_t *end = value + ALIGN_UP(size, sizeof(nop));

	for (uint8_t *at = value - sizeof(struct fdt_property); at < end; at += sizeof(nop))
		memcpy(at, &nop, sizeof(nop));
}

enum status dt_writer_finish(struct dt_writer *writer, size_t *size)
{
	STEP(writer, fdt_finish(writer->tree));
	if (writer->error == -FDT_ERR_NOSPACE)
		return ERR_NO_MEMORY;
	if (writer->error) {
		log_error("writing a guest's devicetree: libfdt error %d", writer->error);
		return ERR_INVALID;
	}
	*size = fdt_totalsize(writer->tree);
	return OK;
}
