/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * WFI, WFE and their forms with a timeout.
 *
 * links: hyp/trap/wfx.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/trap/wfx.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/sched.h"

static struct vcpu vcpu;
static bool pending;

bool vgic_has_pending(struct vcpu *of)
{
	assert_ptr_equal(of, &vcpu);
	return pending;
}

static unsigned yields;

bool sched_yield_to_sibling(struct vcpu *of)
{
	assert_ptr_equal(of, &vcpu);
	yields++;
	return pending;
}

static enum exit_result trapped(uint64_t iss)
{
	vcpu.work = 0;
	return wfx_handle(&vcpu, ESR_MAKE(EC_WFX, iss));
}

static void test_wfi(void **state)
{
	(void)state;
	pending = false;
	assert_int_equal(wfx_handle(&vcpu, 0x07e00000), EXIT_WAIT); /* as QEMU reports it */
	assert_int_equal(wfx_handle(&vcpu, 0x05e00000), EXIT_WAIT); /* 16 bits */
	assert_int_equal(trapped(ISS_WFX_WFI), EXIT_WAIT);
	assert_int_equal(vcpu.work, 0);
	pending = true;
	assert_int_equal(trapped(ISS_WFX_WFI), EXIT_SKIP);
	assert_int_equal(vcpu.work, 0);
}

/* They may return early: a sibling has the CPU first. */
static void test_others(void **state)
{
	static const uint64_t iss[] = { ISS_WFX_WFE, ISS_WFX_WFIT | ISS_WFX_RV,
		ISS_WFX_WFET | ISS_WFX_RV, ISS_WFX_WFIT | FIELD_PREP(ISS_WFX_RN, 31) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(iss); i++) {
		pending = i & 1;
		yields = 0;
		assert_int_equal(trapped(iss[i]), EXIT_SKIP);
		assert_int_equal(yields, 1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wfi),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
