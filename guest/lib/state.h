/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every register a program has, loaded before one operation and stored after it (state.S).
 */
#ifndef GUEST_LIB_STATE_H
#define GUEST_LIB_STATE_H

#include "base.h"

struct state {
	u64 x[31];
	u64 nzcv;
	u64 fpsr;
	u64 fpcr;
	u64 q[32][2];
};

/* Each loads *in, does its operation, stores *out. Operands are in->x[5] and in->x[6]. */
typedef void (*state_operation)(const struct state *in, struct state *out);

void state_nothing(const struct state *in, struct state *out);
void state_hvc(const struct state *in, struct state *out);
void state_smc(const struct state *in, struct state *out);
void state_svc(const struct state *in, struct state *out);
void state_load(const struct state *in, struct state *out);        /* ldr w5, [x6] */
void state_load64(const struct state *in, struct state *out);      /* ldr x5, [x6] */
void state_store(const struct state *in, struct state *out);       /* str w5, [x6] */
void state_load_pair(const struct state *in, struct state *out);   /* ldp w4, w5, [x6] */
void state_load_post(const struct state *in, struct state *out);   /* ldr w5, [x6], #0 + 4 */
void state_load_fp(const struct state *in, struct state *out);     /* ldr s5, [x6] */
void state_id_register(const struct state *in, struct state *out); /* mrs x5, id_aa64pfr0_el1 */
void state_wfi(const struct state *in, struct state *out);
void state_spin(const struct state *in, struct state *out); /* until CNTVCT reaches x6; x5, flags */
void state_sgi(const struct state *in, struct state *out);  /* msr icc_sgi1r_el1, x6 */

/* Stores the FP registers as they are. */
void state_look(struct state *out);

#endif
