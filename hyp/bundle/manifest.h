/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bundle's manifest: a flattened devicetree that describes the VMs.
 *
 *	/ {
 *		compatible = "lintel,manifest-v1";
 *		vms {
 *			NAME { kernel = "..."; memory = <0x0 0x20000000>; ... };
 *		};
 *		shared-memory {
 *			NAME { size = <0x10000>; members = "...", "..."; };
 *		};
 *		read-only {
 *			NAME { file = "..."; address = <0x0>; members = "...", "..."; };
 *		};
 *		doorbells {
 *			NAME { vm = "..."; address = <0xb000000>; line = "..."; };
 *		};
 *		lines {
 *			NAME { vm = "..."; spi = <40>; };
 *		};
 *		smccc {
 *			NAME { vm = "..."; functions = <0x84000050 0x8400005f>; action = "deny"; };
 *		};
 *		sdei-events {
 *			NAME { vm = "..."; event = <0x40000001>; spi = <41>; };
 *		};
 *	};
 *
 * What may stand there is in schema.def, which tools/pack-bundle checks too.
 */
#ifndef HYP_BUNDLE_MANIFEST_H
#define HYP_BUNDLE_MANIFEST_H

#include "drivers/dt/walk.h"
#include "hyp/bundle/cpio.h"
#include "hyp/smccc/call_rule.h"
#include "hyp/smccc/sdei_event.h"
#include "hyp/vdev/doorbell.h"
#include "hyp/vdev/rom.h"
#include "hyp/vdev/shmem.h"
#include "hyp/vm/vm.h"

#define MANIFEST_FILE       "manifest.dtb"
#define MANIFEST_COMPATIBLE "lintel,manifest-v1"
#define MANIFEST_SIZE_MAX   KIB(512) /* 1,024 doorbells and 256 lines take some 300 KiB */

/* The properties of a VM, in the schema's order. */
enum schema_vm {
#define SCHEMA_VM(id, ...) SCHEMA_VM_##id,
#include "hyp/bundle/schema.def"
	SCHEMA_VM_COUNT,
};

/* A list of numbers: big-endian cells of 32 bits. */
struct manifest_cells {
	const uint8_t *data;
	unsigned count;
};

/* A number of the list. */
static inline uint32_t manifest_cell(const struct manifest_cells *cells, unsigned n)
{
	return dt_be32(cells->data + n * sizeof(uint32_t));
}

/* One VM as the manifest has it: each field is named after its property. */
struct vm_config {
	char name[VM_NAME_MAX + 1];
	unsigned number; /* of its node among those of /vms, from 1 on */
	uint64_t given;  /* bit per enum schema_vm: the property is there */
	const struct cpio_file *kernel, *ramdisk, *dtb; /* NULL when absent */
	uint64_t memory;
	uint64_t memory_populate; /* 1: all of it at the start */
	uint64_t vcpus;
	const char *bootargs; /* never NULL */
	uint64_t load_address, entry, dtb_address;
	uint64_t autostart;
	const char *start_after; /* NULL when absent */
	/* numbers of the words in schema.def */
	uint64_t start_when, on_reset, on_off, on_crash, virtual_time;
	uint64_t start_delay; /* milliseconds */
	uint64_t weight;
	struct manifest_cells cpus;
	uint64_t pinned;   /* 1: a CPU of its own for each vCPU */
	uint64_t watchdog; /* 1: it has one */
	/* what aborts are answered with: numbers of the words, too */
	uint64_t ro_dc_ivac, trap_cmo, device_atomics, absent_cmo, absent_access;
	/* what calls are answered with */
	uint64_t psci_conduit, power_states; /* numbers of the words */
	uint64_t kvm_ptp, aarch32, optional; /* 1: yes */
	uint64_t virtual_el2;                /* the word; none if it isn't given */
	struct manifest_cells soc_id;        /* none, or version and revision */
	struct manifest_cells
		scratch; /* threes: address, size, count; within vscratch.h's limits */
};

static inline bool vm_config_has(const struct vm_config *config, enum schema_vm property)
{
	return (config->given >> property) & 1;
}

/*
 * Reads the manifest of which `size` bytes are at `tree`, a multiple of 8, and calls `found` for
 * each VM that follows the schema, in the manifest's order. What breaks it is logged: node,
 * property, and what was expected; a VM with an error is left out. Texts and files that a config
 * names are those of `tree` and `archive`, which must stay.
 *
 * Returns OK if the manifest as a whole could be read, even if no VM in it could; ERR_CORRUPT: no
 * devicetree; ERR_NOT_SUPPORTED: not "lintel,manifest-v1"; ERR_NOT_FOUND: no /vms, or nothing in
 * it. *bad: how many VMs and unknown nodes were left out.
 */
enum status manifest_read(const void *tree, uint64_t size, const struct cpio_archive *archive,
	void (*found)(void *context, const struct vm_config *config), void *context,
	unsigned *bad) __must_check;

/*
 * The same for the regions of /shared-memory, of which a manifest need not have any; the names of
 * VMs in them must be those of nodes of /vms, wherever that stands in the tree. ERR_CORRUPT: no
 * devicetree; what else keeps the manifest as a whole from being read is left for manifest_read()
 * to say. *bad: how many regions were left out.
 */
enum status manifest_read_shared(const void *tree, uint64_t size,
	void (*found)(void *context, const struct shmem_config *config), void *context,
	unsigned *bad) __must_check;

/* The same for /read-only; the file is one of `archive`. */
enum status manifest_read_roms(const void *tree, uint64_t size, const struct cpio_archive *archive,
	void (*found)(void *context, const struct rom_config *config), void *context,
	unsigned *bad) __must_check;

/*
 * The same for /lines and /doorbells. A line is left out by its errors alone: what names it is not,
 * and does nothing.
 */
enum status manifest_read_lines(const void *tree, uint64_t size,
	void (*found)(void *context, const struct line_config *config), void *context,
	unsigned *bad) __must_check;
enum status manifest_read_doorbells(const void *tree, uint64_t size,
	void (*found)(void *context, const struct doorbell_config *config), void *context,
	unsigned *bad) __must_check;

/*
 * The same for /smccc and /sdei-events: each is well-formed, and names what is there. What two say
 * about each other is judged by call_rule_add() and sdei_event_add(). `refused` is called with the
 * VM of a rule that has an error, or NULL where that says no VM that there is: without that rule
 * the VM, then any, might do more than it was meant to. For the same reason a tree that breaks off
 * anywhere is ERR_CORRUPT, logged, to manifest_read_rules().
 */
enum status manifest_read_rules(const void *tree, uint64_t size,
	void (*found)(void *context, const struct call_rule *rule),
	void (*refused)(void *context, const char *vm), void *context, unsigned *bad) __must_check;
enum status manifest_read_events(const void *tree, uint64_t size,
	void (*found)(void *context, const struct sdei_event_config *config), void *context,
	unsigned *bad) __must_check;

#endif
