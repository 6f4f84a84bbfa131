/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest is told of what the bundle puts into its memory map: read-only regions, doorbells
 * and interrupt lines, each with the name that it has there.
 */
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/bundle/guest_dt_parts.h"

#define IRQ_SPI        0
#define IRQ_EDGE       1 /* rising */
#define IRQ_LEVEL_HIGH 4

#define BANK_WIDTH     4

/* A node with its properties and their names, and a name as long as it may be: some 300, 240 and
 * 200 bytes. */
#define ROOM_ROM       384
#define ROOM_DOORBELL  320
#define ROOM_LINE      256

static void write_reg(struct dt_writer *writer, uint64_t address, uint64_t size)
{
	dt_writer_list(writer, "reg", (uint32_t)(address >> 32), (uint32_t)address,
		(uint32_t)(size >> 32), (uint32_t)size);
}

static void write_rom(struct dt_writer *writer, const struct rom_config *rom)
{
	static const char compatible[] = "lintel,rom\0mtd-rom";
	char name[32];

	format(name, sizeof(name), "rom@%llx", (unsigned long long)rom->address);
	dt_writer_begin(writer, name);
	dt_writer_bytes(writer, "compatible", compatible, sizeof(compatible));
	write_reg(writer, rom->address, rom->size);
	dt_writer_list(writer, "bank-width", BANK_WIDTH);
	dt_writer_flag(writer, "read-only");
	dt_writer_text(writer, "label", rom->name);
	dt_writer_end(writer);
}

/* One that has no width reaches as far as the widest store there, or up to the next. */
static uint64_t doorbell_size(
	const struct guest_dt_config *config, const struct doorbell_config *bell)
{
	uint64_t natural = bell->address & (~bell->address + 1);
	uint64_t size = natural ? MIN(natural, sizeof(uint64_t)) : sizeof(uint64_t);

	if (bell->width)
		return bell->width;
	for (unsigned i = 0; i < config->nr_doorbells; i++) {
		uint64_t distance = config->doorbells[i]->address - bell->address;

		if (distance)
			size = MIN(size, distance);
	}
	return size;
}

/* nth: of the VM's doorbells at that address. */
static void write_doorbell(struct dt_writer *writer, const struct guest_dt_config *config,
	const struct doorbell_config *bell, unsigned nth)
{
	char name[32];
	size_t used =
		format(name, sizeof(name), "doorbell@%llx", (unsigned long long)bell->address);

	if (nth)
		format(name + used, sizeof(name) - used, ",%u", nth);
	dt_writer_begin(writer, name);
	dt_writer_text(writer, "compatible", "lintel,doorbell");
	write_reg(writer, bell->address, doorbell_size(config, bell));
	dt_writer_text(writer, "label", bell->name);
	if (bell->has_match)
		dt_writer_list(
			writer, "match", (uint32_t)(bell->match >> 32), (uint32_t)bell->match);
	dt_writer_end(writer);
}

static void write_doorbells(struct dt_writer *writer, const struct guest_dt_config *config)
{
	for (unsigned i = 0; i < config->nr_doorbells; i++) {
		unsigned nth = 0;

		for (unsigned k = 0; k < i; k++)
			nth += config->doorbells[k]->address == config->doorbells[i]->address;
		write_doorbell(writer, config, config->doorbells[i], nth);
	}
}

static void write_line(struct dt_writer *writer, const struct line_config *line)
{
	char name[32];

	format(name, sizeof(name), "line-%u", line->spi);
	dt_writer_begin(writer, name);
	dt_writer_text(writer, "compatible", "lintel,interrupt-line");
	dt_writer_list(
		writer, "interrupts", IRQ_SPI, line->spi, line->level ? IRQ_LEVEL_HIGH : IRQ_EDGE);
	dt_writer_text(writer, "label", line->name);
	dt_writer_end(writer);
}

void guest_dt_write_fixtures(struct dt_writer *writer, const struct guest_dt_config *config)
{
	for (unsigned i = 0; i < config->nr_roms; i++)
		write_rom(writer, config->roms[i]);
	write_doorbells(writer, config);
	for (unsigned i = 0; i < config->nr_lines; i++)
		write_line(writer, config->lines[i]);
}

size_t guest_dt_fixtures_room(const struct guest_dt_config *config)
{
	return config->nr_roms * ROOM_ROM + config->nr_doorbells * ROOM_DOORBELL +
		config->nr_lines * ROOM_LINE;
}
