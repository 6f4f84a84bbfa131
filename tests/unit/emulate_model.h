/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest for the tests of emulated instructions: a few pages of its address space, of which the
 * test says where they lead, and all kinds of places behind them. Devices are memory, too, so that
 * what an access does to them can be compared. Everything is as big as a page.
 */
#ifndef TESTS_UNIT_EMULATE_MODEL_H
#define TESTS_UNIT_EMULATE_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/insn.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/emulate.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/vm.h"
#include "mm/walk_s1.h"
#include "tests/unit/fake/cpu.h"

#define MODEL_VA      UINT64_C(0xffff000012340000)
#define MODEL_PC      UINT64_C(0xffff800080001000)
#define MODEL_PAGES   4 /* from MODEL_VA on */
#define MODEL_IPABITS 36

/* What there is in the IPA space. */
enum model_place {
	MODEL_RAM,
	MODEL_RAM2,
	MODEL_LAZY,
	MODEL_ROM,
	MODEL_ROM_LAZY,
	MODEL_SHARED,
	MODEL_READER,
	MODEL_DEVICE, /* all widths */
	MODEL_WORDS,  /* a device of 4 and 8 bytes */
	MODEL_SMALL,  /* nothing but devices: of 4 bytes at 0x800 and 0x814, of 8 at 0x808 */
	MODEL_HOLE,
	MODEL_BEYOND,
	NR_MODEL_PLACES,
};

/* The page's IPA, and its contents (zero where nothing is). */
uint64_t model_ipa(enum model_place place);
extern uint8_t model_bytes[NR_MODEL_PLACES][PAGE_SIZE];

#define ATTR_DEVICE 0x04
#define ATTR_NORMAL 0xff
#define ATTR_NC     0x44

/* Where the guest's pages lead, or (status) that they don't. */
extern struct model_page {
	enum model_place place;
	uint8_t attr, level, fst;
	uint64_t priv, user, desc;
	enum status status;
} model_pages[MODEL_PAGES];

extern struct vm model_vm;
extern struct vcpu model_vcpu;
extern struct device_region *model_device, *model_words;
extern uint32_t model_instruction;                      /* at its PC */
extern enum status model_fetch, model_give, model_read; /* OK, or what it says */
extern bool model_user;                                 /* the last walk was EL0's */
extern bool model_stores_ignored;                       /* by the reader's share */
extern unsigned model_given;
extern unsigned model_logs;
extern unsigned model_retries; /* of the last model_run(): triage_retry() */
extern uint64_t model_synced;  /* bytes, by guest_sync() */

/* What was done, in order: device accesses and writes to memory. */
struct model_access {
	uint64_t ipa;
	unsigned width;
	bool write;
	enum mmio_result result;
};
extern struct model_access model_log[64];
extern unsigned model_accesses;
/* What the device says to that one, counted from zero. */
extern enum mmio_result model_result;
extern unsigned model_result_of;

extern struct {
	unsigned calls;
	enum cmo_op op;
	uint64_t esr, ipa;
} model_cmo;

int model_setup(void **state);
int model_teardown(void **state);

/* Page n leads there; with all rights. */
void model_map(unsigned n, enum model_place place, uint8_t attr);

/* As things are now; and that all of it is so still: registers, devices, memory. */
void model_remember(void);
void model_assert_unchanged(void);

/* The guest has executed it, and the access at far was an abort; iss has WnR. */
enum exit_result model_run(uint32_t instruction, uint64_t iss, uint64_t far);
/* The ISS that it was given last. */
extern uint64_t model_iss;

#endif
