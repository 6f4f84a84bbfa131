/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Authentication of the address that ERETAA and ERETAB return to (DDI 0487 D8.8, AuthIA(),
 * AuthIB()): in software, with vEL2's regime, for the CPU's own instruction would take EL2's.
 */
#ifndef HYP_NESTED_AUTH_H
#define HYP_NESTED_AUTH_H

#include "hyp/arch/pauth.h"
#include "hyp/base/types.h"
#include "mm/regime.h"

/* What the CPU's pointer authentication is, by the highest of ID_AA64ISAR1_EL1.{APA,API} and
 * ID_AA64ISAR2_EL1.APA3. */
struct auth_kind {
	bool pauth2; /* 3: the code is combined by exclusive OR */
	bool fpac;   /* 5: a failure in a combined instruction is an exception */
};
struct auth_kind auth_kind(uint64_t isar1, uint64_t isar2);

/* The lowest bit of the code in a pointer, and whether it ends at bit 54 (the top byte is ignored).
 * An instruction's address. */
unsigned auth_bottom_bit(const struct regime *regime, uint64_t pointer);
bool auth_top_ignored(const struct regime *regime, uint64_t pointer);

/*
 * The pointer without its code, or a corrupted one; false: an exception (EC_FPAC) instead. Of a
 * code whose lowest bit is below 32 the bits down there are not looked at: PACGA doesn't say them.
 */
bool auth_pointer(const struct regime *regime, struct auth_kind kind, uint64_t pointer,
	uint64_t modifier, struct pauth_key key, bool b_key, uint64_t *result);

#endif
