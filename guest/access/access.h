/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same access to RAM and to a device that is memory, by every form of load and store: whatever
 * the hypervisor does for the second one, registers and memory must be the same afterwards.
 */
#ifndef GUEST_ACCESS_H
#define GUEST_ACCESS_H

#include "exception.h"

/* --- the table of instructions (rows.S) --- */

/* What the CPU must have. */
#define NEEDS_LSE   BIT(0)
#define NEEDS_RCPC  BIT(1)
#define NEEDS_RCPC2 BIT(2)
#define NEEDS_LOR   BIT(3)
#define NEEDS_LS64  BIT(4)
#define NEEDS_DPB   BIT(5)
#define NEEDS_ALL   GENMASK(5, 0)
/* Its address is the instruction's + 4096. */
#define ROW_LITERAL BIT(8)
/* Only where it is aligned. */
#define ROW_ALIGNED BIT(9)
/* Its base is written back. */
#define ROW_WRITES  BIT(10)
#define ROW_STORE   BIT(11)

struct row {
	const char *text;
	u32 flags;
	u32 word;
};

extern const struct row access_rows[], access_rows_end[];   /* loads and stores */
extern const struct row pair_rows[], pair_rows_end[];       /* of twice 8 bytes, at the target */
extern const struct row refused_rows[], refused_rows_end[]; /* exclusives, atomics, 64 bytes */

/* This CPU has what the row needs. */
bool row_runs_here(const struct row *row);

/* --- how and where it is executed --- */

struct mode {
	const char *name;
	bool el0;
	bool mmu;
	bool big_endian;
	bool tagged; /* addresses have a tag, which the MMU ignores */
};

#define PAGE      KIB(4)
#define UNMAPPED  UINT64_C(1) /* as a page: stage 1 has nothing there */
#define READ_ONLY UINT64_C(2) /* added to a page's address: for EL1 and EL0 */
#define NOTHING   UINT64_C(4) /* added to a page's address: it is no memory and no device */

/* Two pages, one behind the other as the instruction sees them. */
struct view {
	u64 page[2];    /* physical addresses; with the MMU off the second follows the first */
	u64 attributes; /* of both */
	u32 slot;       /* in the window of pages: three for each view */
	u64 code;       /* where the instruction is: in the page before the first */
	u64 va;         /* of the first page */
};

/* Makes the view visible to accesses in this mode: `code` and `va`. */
void view_map(struct view *view, const struct mode *mode);

/* Executes the word, with the target of its accesses at so many bytes into the view. */
void view_run(const struct view *view, const struct mode *mode, u32 word, u64 target,
	struct regs *before, struct regs *after);

/* What memory is filled with, by its offset in the view, a multiple of 8. */
u64 view_expected(u64 offset);
void view_fill(const struct view *view);
/* Fills the bytes around `target` again; true if something had changed. */
bool view_restore(const struct view *view, u64 target);
/* Compares memory around `target`, and fills it again; *changed: in RAM something had changed. */
bool view_same(const char *text, const struct view *ram, const struct view *device, u64 target,
	bool *changed);
/* Both pages are as they were filled. */
bool view_is_filled(const struct view *view);

#define AROUND_BEFORE 32
#define AROUND_BYTES  128

void run_set_up(void);

/* Registers after the same instruction in two views; differences are printed as comments. */
bool same_registers(const struct row *row, const struct regs *before_a, const struct regs *a,
	const struct regs *before_b, const struct regs *b);
/* No register has changed. */
bool unchanged_registers(const char *text, const struct regs *before, const struct regs *after);

/* Two pages of the device, its last one, and behind that one where there is nothing. Without a
 * device (it is not under Lintel) memory stands in for it. */
extern struct places {
	bool device;
	u64 first, second, last, hole;
} places;

/* RAM for views: pages that nobody else uses, one behind the other. */
#define RAM_PAGES 6
u64 ram_page(u32 n);

void test_same(void);
void test_refused(void);

#endif
