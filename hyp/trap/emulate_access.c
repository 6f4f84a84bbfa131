/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/emulate_access.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/string.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/trap/place.h"
#include "hyp/trap/triage.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"
#include "mm/guest_mem.h"

/* The widest access that a device is given. */
#define UNIT_MAX          8

/* MAIR: Device memory has a zero upper half; Normal memory that is not cacheable a 4. */
#define ATTR_OUTER        GENMASK(7, 4)
#define ATTR_OUTER_DEVICE 0

/* AP[2] and AF of a descriptor. */
#define DESC_READ_ONLY    BIT(7)
#define DESC_ACCESSED     BIT(10)

/* ID_AA64MMFR1.PAN: there is SCTLR.EPAN. */
#define PAN_EPAN          3

struct piece {
	unsigned at; /* its distance from the first byte */
	unsigned size;
	const struct s1_result *page;
	ipa_t ipa;
	struct placed placed;
};

/* An access of the guest's, in pieces of `unit` bytes, none of which crosses a page. */
struct plan {
	struct vcpu *vcpu;
	uint64_t esr;
	const struct insn *insn;
	uint64_t address; /* of the first byte, as the guest has it */
	unsigned size;
	unsigned unit;
	unsigned first;           /* bytes in the first page */
	struct s1_result page[2]; /* where that leads, and the one behind it */
	bool needed;              /* the guest can't do all of it by itself */
	bool refused;             /* some of it is memory that Lintel can't use, */
	struct piece where;       /* here */
	uint8_t data[ACCESS_BYTES_MAX] __aligned(8); /* or it wouldn't be copied in one piece */
};

/* --- where it is: stage 1, alignment --- */

static uint64_t iss_write(const struct plan *plan)
{
	return plan->insn->write ? ISS_WNR : 0;
}

static enum exit_result external_abort(const struct plan *plan, unsigned at)
{
	return inject_external_abort(plan->vcpu, plan->esr, plan->address + at);
}

/* The guest's stage 1 is off. */
static bool is_flat(const struct s1_result *page)
{
	return page->desc == 0;
}

/* Loads and stores of EL0, and LDTR and STTR unless PSTATE.UAO says that they are as any. */
static bool as_user(const struct plan *plan)
{
	if (guest_at_el0(plan->vcpu))
		return true;
	return plan->insn->unprivileged && !(plan->vcpu->regs.pstate & PSTATE_UAO);
}

/* PSTATE.PAN: not what EL0 may access. With SCTLR.EPAN, nor what it may only execute. */
static bool is_privileged_never(const struct plan *plan, const struct s1_result *page)
{
	uint64_t rights = MEM_R | MEM_W;

	if (!(plan->vcpu->regs.pstate & PSTATE_PAN) || is_flat(page))
		return false;
	if ((read_sysreg(SCTLR_EL1) & SCTLR_EL1_EPAN) &&
		FIELD_GET(ID_AA64MMFR1_EL1_PAN, read_sysreg(ID_AA64MMFR1_EL1)) >= PAN_EPAN)
		rights |= MEM_X;
	return page->user & rights;
}

static bool may_access(const struct plan *plan, const struct s1_result *page, bool user)
{
	uint64_t needs = plan->insn->write ? MEM_W : MEM_R;

	if (user)
		return page->user & needs;
	return (page->priv & needs) && !is_privileged_never(plan, page);
}

/* EXIT_SKIP: the page that byte `at` is in may be accessed. */
static enum exit_result walk_page(struct plan *plan, unsigned at, struct s1_result *page)
{
	uint64_t va = plan->address + at;
	bool user = as_user(plan);
	enum exit_result answer;
	enum status status = guest_walk_data(plan->vcpu, va, user, page);

	if (status == OK) {
		if (may_access(plan, page, user))
			return EXIT_SKIP;
		page->fst = (uint8_t)(FST_PERMISSION | page->level);
	} else if (guest_walk_failed(plan->vcpu, status, page, plan->esr, va, &answer)) {
		return answer;
	}
	return inject_data_abort(plan->vcpu, iss_write(plan) | page->fst, va);
}

static enum exit_result walk_pages(struct plan *plan)
{
	enum exit_result result = walk_page(plan, 0, &plan->page[0]);

	if (result == EXIT_SKIP && plan->first < plan->size)
		result = walk_page(plan, plan->first, &plan->page[1]);
	return result;
}

static bool is_device_memory(const struct s1_result *page)
{
	return FIELD_GET(ATTR_OUTER, page->attr) == ATTR_OUTER_DEVICE;
}

/* Elements have to be aligned where the guest's tables say Device, whatever stage 2 says. */
static enum exit_result check_alignment(const struct plan *plan)
{
	unsigned at = 0;

	if (IS_ALIGNED(plan->address, plan->insn->element))
		return EXIT_SKIP;
	if (!is_device_memory(&plan->page[0])) {
		if (plan->first >= plan->size || !is_device_memory(&plan->page[1]))
			return EXIT_SKIP;
		at = plan->first;
	}
	return inject_data_abort(plan->vcpu, iss_write(plan) | FSC_ALIGNMENT, plan->address + at);
}

/* As wide as devices are accessed, if it is aligned so; else by the elements of a vector; else
 * byte by byte. */
static unsigned unit_of(const struct insn *insn, uint64_t address)
{
	unsigned unit = MIN(insn->width, UNIT_MAX), element = MIN(insn->element, UNIT_MAX);

	if (IS_ALIGNED(address, unit))
		return unit;
	return IS_ALIGNED(address, element) ? element : 1;
}

static bool is_memory(enum place place)
{
	return place == PLACE_RAM || place == PLACE_RAM_LAZY || place == PLACE_ROM ||
		place == PLACE_ROM_LAZY;
}

/* Memory is accessed in one piece up to the end of its page, all else by units. */
static struct piece piece_at(const struct plan *plan, unsigned at)
{
	bool second = at >= plan->first;
	unsigned start = second ? plan->first : 0;
	unsigned end = second ? plan->size : MIN(plan->first, plan->size);
	struct piece piece = { .at = at, .page = &plan->page[second] };

	piece.ipa = IPA(piece.page->ipa.ipa + (at - start));
	piece.placed = place_find(plan->vcpu, piece.ipa);
	piece.size = is_memory(piece.placed.place) ? end - at : plan->unit;
	return piece;
}

/* --- judged by its place; EXIT_SKIP: may be performed --- */

/*
 * The CPU would note the access in the guest's table (TCR.HA, HD), and Lintel doesn't: in one that
 * was not accessed yet and yet may be, or is read-only and yet may be written, being not dirty yet.
 */
static bool would_be_noted(const struct plan *plan, const struct s1_result *page)
{
	if (is_flat(page))
		return false;
	return !(page->desc & DESC_ACCESSED) ||
		(plan->insn->write && (page->desc & DESC_READ_ONLY));
}

static enum exit_result judge_memory(struct plan *plan, const struct piece *piece)
{
	uint8_t probe[ACCESS_BYTES_MAX];
	enum status status = guest_read(&plan->vcpu->vm->stage2, piece->ipa, probe, piece->size);

	if (status == ERR_BUSY)
		return EXIT_RESUME;
	if (status != OK || would_be_noted(plan, piece->page)) {
		plan->refused = true;
		plan->where = *piece;
	}
	return EXIT_SKIP;
}

static enum exit_result refuse_memory(const struct plan *plan)
{
	vcpu_log(plan->vcpu,
		"one instruction accesses 0x%lx, memory that Lintel can't use as the guest would "
		"(shared with other VMs, or a page whose access flag or dirty state the CPU would "
		"have to set), and a device or nothing beside it: external abort",
		(unsigned long)plan->where.ipa.ipa);
	return external_abort(plan, plan->where.at);
}

static enum exit_result judge_lazy(struct plan *plan, const struct piece *piece)
{
	enum status status = stage2_fault_in(&plan->vcpu->vm->stage2, piece->ipa);

	/* Busy: it is being wiped. The guest tries again until it is there. */
	return status == OK || status == ERR_BUSY ? EXIT_RESUME : external_abort(plan, piece->at);
}

static enum exit_result judge_rom(struct plan *plan, const struct piece *piece)
{
	if (!plan->insn->write)
		return piece->placed.place == PLACE_ROM ? judge_memory(plan, piece)
							: judge_lazy(plan, piece);
	plan->needed = true;
	return piece->placed.stores_ignored ? EXIT_SKIP : external_abort(plan, piece->at);
}

static enum exit_result judge_device(struct plan *plan, const struct piece *piece)
{
	const struct device_region *region = piece->placed.device;

	plan->needed = true;
	if ((region->widths & BIT(plan->unit)) &&
		device_find(plan->vcpu->vm->devices, piece->ipa.ipa, plan->unit))
		return EXIT_SKIP;
	vcpu_log(plan->vcpu,
		"%s device %s at 0x%lx with %u bytes, which it doesn't take there: external abort",
		plan->insn->write ? "store to" : "load from", region->ops->name,
		(unsigned long)piece->ipa.ipa, plan->unit);
	return external_abort(plan, piece->at);
}

/* A device may begin in the middle of what is accessed. */
static bool reaches_device(const struct plan *plan, const struct piece *piece)
{
	for (unsigned i = 1; i < plan->unit; i++)
		if (device_find(plan->vcpu->vm->devices, piece->ipa.ipa + i, 1))
			return true;
	return false;
}

static enum exit_result judge_nothing(struct plan *plan, const struct piece *piece)
{
	plan->needed = true;
	if (plan->vcpu->vm->policy.absent_ignored && !reaches_device(plan, piece))
		return EXIT_SKIP;
	return external_abort(plan, piece->at);
}

static enum exit_result judge_beyond(struct plan *plan, const struct piece *piece)
{
	return inject_data_abort(
		plan->vcpu, iss_write(plan) | FSC_ADDRESS_SIZE, plan->address + piece->at);
}

static enum exit_result (*const judges[NR_PLACES])(struct plan *, const struct piece *) = {
	[PLACE_RAM] = judge_memory,
	[PLACE_RAM_LAZY] = judge_lazy,
	[PLACE_ROM] = judge_rom,
	[PLACE_ROM_LAZY] = judge_rom,
	[PLACE_DEVICE] = judge_device,
	[PLACE_NOTHING] = judge_nothing,
	[PLACE_BEYOND] = judge_beyond,
};

static enum exit_result judge(struct plan *plan)
{
	for (unsigned at = 0; at < plan->size;) {
		struct piece piece = piece_at(plan, at);
		enum exit_result result = judges[piece.placed.place](plan, &piece);

		if (result != EXIT_SKIP)
			return result;
		at += piece.size;
	}
	/* All of it is memory: it was given, or changed its place, meanwhile. */
	if (!plan->needed)
		return triage_retry(plan->vcpu, plan->esr, plan->address);
	return plan->refused ? refuse_memory(plan) : EXIT_SKIP;
}

/* --- performed --- */

static enum mmio_result perform_device(struct plan *plan, const struct piece *piece)
{
	struct device_region *region = piece->placed.device;
	uint64_t offset = piece->ipa.ipa - region->first, value = 0;
	enum mmio_result result;

	/* Devices are little-endian, and so is Lintel. */
	if (plan->insn->write) {
		memcpy(&value, plan->data + piece->at, plan->unit);
		device_count(plan->vcpu, region)->writes++;
		return region->ops->write(plan->vcpu, region->device, offset, plan->unit, value);
	}
	device_count(plan->vcpu, region)->reads++;
	result = region->ops->read(plan->vcpu, region->device, offset, plan->unit, &value);
	if (result == MMIO_DONE)
		memcpy(plan->data + piece->at, &value, plan->unit);
	return result;
}

static void sync_memory(const struct plan *plan, const struct piece *piece)
{
	if (s1_uncached(piece->page))
		guest_sync(&plan->vcpu->vm->stage2, piece->ipa, piece->size);
}

static enum mmio_result perform_memory(struct plan *plan, const struct piece *piece)
{
	struct stage2 *s2 = &plan->vcpu->vm->stage2;
	enum status status;

	sync_memory(plan, piece);
	if (!plan->insn->write) {
		status = guest_read(s2, piece->ipa, plan->data + piece->at, piece->size);
	} else {
		status = guest_write(s2, piece->ipa, plan->data + piece->at, piece->size);
		sync_memory(plan, piece);
	}
	if (status == ERR_BUSY) /* taken away and given again meanwhile */
		return MMIO_RETRY;
	return status == OK ? MMIO_DONE : MMIO_EXTERNAL_ABORT;
}

static enum mmio_result perform_piece(struct plan *plan, const struct piece *piece)
{
	switch (piece->placed.place) {
	case PLACE_DEVICE:
		return perform_device(plan, piece);
	case PLACE_NOTHING:
		return MMIO_RAZ_WI;
	case PLACE_ROM:
	case PLACE_ROM_LAZY:
		return plan->insn->write ? MMIO_RAZ_WI : perform_memory(plan, piece);
	default:
		return perform_memory(plan, piece);
	}
}

_Static_assert(sizeof(((struct access_note *)NULL)->data) == ACCESS_BYTES_MAX, "the widest access");

/* What the guest has at this moment is what the note is about, but for the data. */
static struct access_note note_of(const struct plan *plan)
{
	return (struct access_note){
		.pc = plan->vcpu->regs.pc,
		.address = plan->address,
		.ipa = { plan->page[0].ipa.ipa, plan->page[1].ipa.ipa },
		.aborts = plan->vcpu->exits[EC_DATA_ABORT_LOWER],
		.size = (uint8_t)plan->size,
		.unit = (uint8_t)plan->unit,
		.write = plan->insn->write,
	};
}

static void note_access(const struct plan *plan, unsigned at)
{
	struct access_note *note = &plan->vcpu->access;

	*note = note_of(plan);
	note->at = (uint8_t)at;
	memcpy(note->data, plan->data, plan->size);
}

static bool is_noted(const struct plan *plan)
{
	const struct access_note *note = &plan->vcpu->access;
	struct access_note now = note_of(plan);

	return note->size == now.size && note->unit == now.unit && note->write == now.write &&
		note->pc == now.pc && note->address == now.address && note->ipa[0] == now.ipa[0] &&
		note->ipa[1] == now.ipa[1] && note->aborts + 1 == now.aborts &&
		(!now.write || memcmp(note->data, plan->data, plan->size) == 0);
}

/* Where to begin: what a device was given, or has given, before another one of its registers wanted
 * to be asked again later is not done twice. */
static unsigned resume_at(struct plan *plan)
{
	struct access_note *note = &plan->vcpu->access;
	unsigned at = 0;

	if (note->size != 0 && is_noted(plan)) {
		at = note->at;
		memcpy(plan->data, note->data, plan->size);
	}
	note->size = 0;
	return at;
}

static enum exit_result perform_pieces(struct plan *plan)
{
	for (unsigned at = resume_at(plan); at < plan->size;) {
		struct piece piece = piece_at(plan, at);

		switch (perform_piece(plan, &piece)) {
		case MMIO_DONE:
		case MMIO_RAZ_WI: /* of a load: zeros, which are there already */
			at += piece.size;
			break;
		case MMIO_RETRY:
			if (at > 0)
				note_access(plan, at);
			return EXIT_RESCHEDULE;
		case MMIO_STOP_VM:
			return EXIT_STOP_VM;
		default:
			return external_abort(plan, at);
		}
	}
	return EXIT_SKIP;
}

static enum exit_result perform(struct plan *plan)
{
	bool big_endian = guest_big_endian(plan->vcpu), ordered = plan->insn->acquire_release;
	enum exit_result result;

	if (plan->insn->write)
		emulate_collect(plan->insn, &plan->vcpu->regs, big_endian, plan->data);
	if (ordered)
		dmb_ish();
	result = perform_pieces(plan);
	if (ordered)
		dmb_ish();
	if (result == EXIT_SKIP && !plan->insn->write)
		emulate_load_done(plan->insn, &plan->vcpu->regs, big_endian, plan->data);
	return result;
}

enum exit_result emulate_access(
	struct vcpu *vcpu, uint64_t esr, const struct insn *insn, uint64_t address)
{
	struct plan plan = {
		.vcpu = vcpu,
		.esr = esr,
		.insn = insn,
		.address = address,
		.size = (unsigned)insn->count * insn->width,
		.unit = unit_of(insn, address),
		.first = (unsigned)(PAGE_SIZE - (address & (PAGE_SIZE - 1))),
	};
	enum exit_result result = walk_pages(&plan);

	if (result == EXIT_SKIP)
		result = check_alignment(&plan);
	if (result == EXIT_SKIP)
		result = judge(&plan);
	return result == EXIT_SKIP ? perform(&plan) : result;
}
