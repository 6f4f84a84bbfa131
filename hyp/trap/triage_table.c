/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/triage_table.h"
#include "hyp/arch/esr.h"

/* Answers that a policy decides. */
enum { BY_ABSENT_POLICY = NR_ABORT_ANSWERS, BY_STORE_POLICY };

/* clang-format off */
#define RETRY    ANSWER_RETRY
#define FLUSH    ANSWER_FLUSH
#define GIVE     ANSWER_GIVE
#define EMULATE  ANSWER_EMULATE
#define DECODE   ANSWER_DECODE
#define CMO      ANSWER_MAINTAIN
#define EXTERNAL ANSWER_EXTERNAL
#define ON_WALK  ANSWER_ON_WALK
#define SIZE     ANSWER_ADDRESS_SIZE
#define ABSENT   BY_ABSENT_POLICY
#define STORE    BY_STORE_POLICY
#define ALL(answer) { answer, answer, answer, answer, answer, answer, answer }

static const uint8_t answers[NR_ABORT_KINDS][NR_PLACES] = {
	[ABORT_HARDWARE]     = ALL(ANSWER_HARDWARE),
	[ABORT_TLB_CONFLICT] = ALL(ANSWER_FLUSH_ALL),
	[ABORT_REFLECTED]    = ALL(ANSWER_REFLECT),
	[ABORT_ODD]          = ALL(ANSWER_ODD),
	[ABORT_MAINTENANCE]  = ALL(CMO),
	/*                       RAM       lazy  ROM       lazy  device    nothing   beyond */
	[ABORT_WALK]         = { RETRY,    GIVE, RETRY,    GIVE, ON_WALK,  ON_WALK,  ON_WALK },
	[ABORT_WALK_FLAG]    = { FLUSH,    GIVE, FLUSH,    GIVE, ON_WALK,  ON_WALK,  ON_WALK },
	[ABORT_WALK_RIGHT]   = { FLUSH,    GIVE, ON_WALK,  GIVE, ON_WALK,  ON_WALK,  ON_WALK },
	[ABORT_SIZE]         = { FLUSH,    GIVE, FLUSH,    GIVE, SIZE,     SIZE,     SIZE },
	[ABORT_FLAG]         = { FLUSH,    GIVE, FLUSH,    GIVE, FLUSH,    FLUSH,    SIZE },
	[ABORT_FETCH]        = { RETRY,    GIVE, RETRY,    GIVE, EXTERNAL, EXTERNAL, SIZE },
	[ABORT_FETCH_RIGHT]  = { FLUSH,    GIVE, FLUSH,    GIVE, RETRY,    RETRY,    RETRY },
	[ABORT_FETCH_NEVER]  = { EXTERNAL, GIVE, EXTERNAL, GIVE, RETRY,    RETRY,    RETRY },
	[ABORT_LOAD]         = { RETRY,    GIVE, RETRY,    GIVE, EMULATE,  ABSENT,   SIZE },
	[ABORT_LOAD_BLIND]   = { RETRY,    GIVE, RETRY,    GIVE, DECODE,   DECODE,   DECODE },
	[ABORT_STORE]        = { RETRY,    GIVE, RETRY,    GIVE, EMULATE,  ABSENT,   SIZE },
	[ABORT_STORE_BLIND]  = { RETRY,    GIVE, RETRY,    GIVE, DECODE,   ABSENT,   SIZE },
	[ABORT_LOAD_RIGHT]   = { FLUSH,    GIVE, FLUSH,    GIVE, RETRY,    RETRY,    RETRY },
	[ABORT_STORE_RIGHT]  = { FLUSH,    GIVE, STORE,    GIVE, RETRY,    RETRY,    RETRY },
};
/* clang-format on */

_Static_assert(PLACE_RAM == 0 && PLACE_RAM_LAZY == 1 && PLACE_ROM == 2 && PLACE_ROM_LAZY == 3 &&
		PLACE_DEVICE == 4 && PLACE_NOTHING == 5 && PLACE_BEYOND == 6 && NR_PLACES == 7,
	"the columns");

static bool is_fetch(uint64_t esr)
{
	return ESR_GET_EC(esr) == EC_INSN_ABORT_LOWER;
}

/* FSC 0x10 and above: not a fault of the tables. */
static enum abort_kind kind_of_code(uint64_t fsc, bool fetch)
{
	if (fsc == FSC_EXTERNAL || (fsc & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK)
		return ABORT_HARDWARE;
	if (fsc == FSC_TLB_CONFLICT)
		return ABORT_TLB_CONFLICT;
	if (!fetch && (fsc == FSC_ALIGNMENT || fsc == FSC_EXCLUSIVE))
		return ABORT_REFLECTED;
	return ABORT_ODD;
}

static enum abort_kind kind_of_walk(uint64_t type)
{
	if (type == FSC_TRANSLATION)
		return ABORT_WALK;
	return type == FSC_PERMISSION ? ABORT_WALK_RIGHT : ABORT_WALK_FLAG;
}

static enum abort_kind kind_of_access(uint64_t esr, bool absent)
{
	bool store = esr & ISS_WNR;

	if (!absent)
		return store ? ABORT_STORE_RIGHT : ABORT_LOAD_RIGHT;
	if (esr & ISS_ISV)
		return store ? ABORT_STORE : ABORT_LOAD;
	return store ? ABORT_STORE_BLIND : ABORT_LOAD_BLIND;
}

enum abort_kind triage_kind(uint64_t esr)
{
	uint64_t type = esr & FSC_TYPE_MASK;
	bool fetch = is_fetch(esr);

	if (type > FSC_PERMISSION)
		return kind_of_code(esr & FSC_MASK, fetch);
	if (esr & ISS_S1PTW)
		return kind_of_walk(type);
	if (!fetch && (esr & ISS_CM))
		return ABORT_MAINTENANCE;
	if (type == FSC_ADDRESS_SIZE)
		return ABORT_SIZE;
	if (type == FSC_ACCESS_FLAG)
		return ABORT_FLAG;
	if (fetch)
		return type == FSC_TRANSLATION ? ABORT_FETCH : ABORT_FETCH_RIGHT;
	return kind_of_access(esr, type == FSC_TRANSLATION);
}

bool triage_has_hpfar(uint64_t esr)
{
	return (esr & ISS_S1PTW) || (esr & FSC_TYPE_MASK) != FSC_PERMISSION;
}

static enum abort_answer by_policy(uint64_t esr, bool ignored)
{
	if (!ignored)
		return ANSWER_EXTERNAL;
	return esr & ISS_ISV ? ANSWER_IGNORE : ANSWER_DECODE;
}

enum abort_answer triage_answer(uint64_t esr, const struct placed *placed, bool absent_ignored)
{
	enum abort_kind kind = triage_kind(esr);
	uint8_t answer;

	if (!triage_has_place(kind))
		return (enum abort_answer)answers[kind][0];
	if (kind == ABORT_FETCH_RIGHT && !(placed->prot & MEM_X))
		kind = ABORT_FETCH_NEVER;
	answer = answers[kind][placed->place];
	if (answer == BY_ABSENT_POLICY)
		return by_policy(esr, absent_ignored);
	if (answer == BY_STORE_POLICY)
		return by_policy(esr, placed->stores_ignored);
	return (enum abort_answer)answer;
}

const char *triage_answer_name(enum abort_answer answer)
{
	static const char *const names[NR_ABORT_ANSWERS] = {
		[ANSWER_RETRY] = "tried again",
		[ANSWER_FLUSH] = "TLB entry dropped",
		[ANSWER_FLUSH_ALL] = "TLB conflict",
		[ANSWER_GIVE] = "memory given",
		[ANSWER_EMULATE] = "device, by syndrome",
		[ANSWER_DECODE] = "by instruction",
		[ANSWER_MAINTAIN] = "cache maintenance",
		[ANSWER_IGNORE] = "ignored",
		[ANSWER_EXTERNAL] = "external abort",
		[ANSWER_ON_WALK] = "external abort on walk",
		[ANSWER_ADDRESS_SIZE] = "address size fault",
		[ANSWER_REFLECT] = "reflected",
		[ANSWER_HARDWARE] = "abort of the hardware",
		[ANSWER_ODD] = "unknown abort",
	};

	return names[answer];
}
