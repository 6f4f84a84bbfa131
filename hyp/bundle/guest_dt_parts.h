/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What guest_dt.c (a tree made from nothing) and guest_dt_copy.c (one that the user gave) both
 * write.
 */
#ifndef HYP_BUNDLE_GUEST_DT_PARTS_H
#define HYP_BUNDLE_GUEST_DT_PARTS_H

#include "hyp/bundle/dt_writer.h"
#include "hyp/bundle/guest_dt.h"

/* The properties of /chosen that Lintel decides, into the open node; notes in *out where the seeds
 * are. */
void guest_dt_write_chosen(
	struct dt_writer *writer, const struct guest_dt_config *config, struct guest_dt *out);

/* The node /memory@..., with a reg of that many cells (1 or 2) for address and size. */
void guest_dt_write_memory(struct dt_writer *writer, const struct guest_dt_config *config,
	unsigned address_cells, unsigned size_cells);

/* Nodes for the regions that it shares, with the phandle of the devices' clock. */
void guest_dt_write_shared(
	struct dt_writer *writer, const struct guest_dt_config *config, uint32_t clock);

/* Bytes that always suffice for that. */
size_t guest_dt_shared_room(const struct guest_dt_config *config);

/* The same for its read-only regions, doorbells and interrupt lines. */
void guest_dt_write_fixtures(struct dt_writer *writer, const struct guest_dt_config *config);
size_t guest_dt_fixtures_room(const struct guest_dt_config *config);

/* The same for PSCI, SDEI and call records. */
void guest_dt_write_calls(struct dt_writer *writer, const struct guest_dt_config *config);
size_t guest_dt_calls_room(const struct guest_dt_config *config);

#endif
