/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/par.h"

uint64_t par_bits = PAR_EL1_RES1;
