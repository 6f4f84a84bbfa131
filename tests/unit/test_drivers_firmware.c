/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clients of what is outside: PSCI and other SMCs, semihosting; and the generic timer's
 * arithmetic.
 *
 * links: drivers/psci/psci_client.c drivers/psci/smccc_client.c drivers/semihosting/semihosting.c
 * drivers/timer/timer.c hyp/base/log.c hyp/base/format.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/psci/psci_client.h"
#include "drivers/psci/smccc_client.h"
#include "drivers/semihosting/semihosting.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/smc.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/log.h"
#include "tests/unit/fake/cpu.h"

static char logged[4096];

static void sink(const char *text, size_t length)
{
	size_t used = strlen(logged);

	if (used + length < sizeof(logged)) {
		memcpy(logged + used, text, length);
		logged[used + length] = '\0';
	}
}

#define assert_logged(text) assert_non_null(strstr(logged, text))

/* --- PSCI --- */

static int64_t answers[8]; /* to the calls, in their order */

static void firmware(struct smc_regs *regs)
{
	regs->x[0] = (uint64_t)answers[(fake_smc_calls - 1) % ARRAY_SIZE(answers)];
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_smc_hook = firmware;
	memset(answers, 0, sizeof(answers));
	logged[0] = '\0';
	log_set_sink(sink);
	return 0;
}

static void start_client(int64_t version)
{
	struct machine_psci from = { .conduit = PSCI_CONDUIT_SMC, .standard_ids = true };

	answers[0] = version;
	assert_int_equal(psci_client_init(&from), OK);
	assert_int_equal(fake_smc_last.x[0], 0x84000000);
}

static void assert_call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	assert_int_equal(fake_smc_last.x[0], function);
	assert_int_equal(fake_smc_last.x[1], a1);
	assert_int_equal(fake_smc_last.x[2], a2);
	assert_int_equal(fake_smc_last.x[3], a3);
}

static void test_psci_calls(void **state)
{
	(void)state;
	start_client(0x10001);
	assert_true(psci_client_available());
	assert_int_equal(psci_client_version(), 0x10001);
	answers[1] = -4;
	assert_int_equal(psci_client_cpu_on(0x81000203, PA(0x40200000), 0x1234), PSCI_ALREADY_ON);
	assert_call(0xc4000003, 0x000203, 0x40200000, 0x1234);
	answers[2] = INT64_C(0x00000000fffffffd); /* firmware that answers in 32 bits */
	assert_int_equal(psci_client_cpu_off(), PSCI_DENIED);
	assert_call(0x84000002, 0, 0, 0);
	psci_client_system_off();
	assert_call(0x84000008, 0, 0, 0);
	psci_client_system_reset();
	assert_call(0x84000009, 0, 0, 0);
	answers[5] = -1;
	assert_int_equal(psci_client_features(0x84000012), -1);
	assert_call(0x8400000a, 0x84000012, 0, 0);
	/* Aff3 is passed. */
	psci_client_cpu_on(UINT64_C(0x7f80000001), PA(0), 0);
	assert_call(0xc4000003, UINT64_C(0x7f00000001), 0, 0);
}

static void test_psci_0_2(void **state)
{
	(void)state;
	start_client(2);
	assert_int_equal(psci_client_features(0x84000000), PSCI_NOT_SUPPORTED);
	assert_int_equal(fake_smc_calls, 1);
	assert_int_equal(psci_client_cpu_on(1, PA(0), 0), PSCI_SUCCESS);
}

/* "arm,psci" alone: two calls, by the numbers the devicetree gives; no version call. */
static void test_psci_0_1(void **state)
{
	struct machine_psci from = { .conduit = PSCI_CONDUIT_SMC, .cpu_on_id = 0x95c1ba60 };

	(void)state;
	assert_int_equal(psci_client_init(&from), OK);
	assert_true(psci_client_available());
	assert_int_equal(fake_smc_calls, 0);
	assert_int_equal(psci_client_cpu_on(1, PA(2), 3), PSCI_SUCCESS);
	assert_call(0x95c1ba60, 1, 2, 3);
	assert_int_equal(psci_client_cpu_off(), PSCI_NOT_SUPPORTED);
	psci_client_system_off();
	psci_client_system_reset();
	assert_int_equal(fake_smc_calls, 1);
}

/* Nothing is called when nobody may be there. */
static void test_psci_none(void **state)
{
	static const struct {
		enum psci_conduit conduit;
		const char *says;
	} rows[] = {
		{ PSCI_CONDUIT_NONE, "none in the devicetree" },
		{ PSCI_CONDUIT_HVC, "method \"hvc\"" },
		{ PSCI_CONDUIT_UNKNOWN, "no method Lintel knows" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_psci from = {
			.conduit = rows[i].conduit, .standard_ids = true, .cpu_on_id = 5
		};

		setup(NULL);
		assert_int_equal(psci_client_init(&from), ERR_NOT_SUPPORTED);
		assert_logged(rows[i].says);
		assert_false(psci_client_available());
		assert_int_equal(psci_client_version(), 0);
		assert_int_equal(psci_client_cpu_on(1, PA(0), 0), PSCI_NOT_SUPPORTED);
		assert_int_equal(psci_client_cpu_off(), PSCI_NOT_SUPPORTED);
		assert_int_equal(psci_client_features(0x84000000), PSCI_NOT_SUPPORTED);
		psci_client_system_off();
		psci_client_system_reset();
		assert_int_equal(fake_smc_calls, 0);
	}
}

static void test_psci_refused(void **state)
{
	struct machine_psci from = { .conduit = PSCI_CONDUIT_SMC, .standard_ids = true };

	(void)state;
	answers[0] = -1;
	assert_int_equal(psci_client_init(&from), ERR_NOT_SUPPORTED);
	assert_logged("answers PSCI_VERSION with -1");
	assert_false(psci_client_available());
	assert_int_equal(psci_client_cpu_on(1, PA(0), 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(fake_smc_calls, 1);
}

static void test_psci_names(void **state)
{
	(void)state;
	assert_string_equal(psci_result_name(PSCI_SUCCESS), "success");
	assert_string_equal(psci_result_name(PSCI_INVALID_ADDRESS), "invalid address");
	assert_string_equal(psci_result_name((enum psci_result) - 10), "unknown result");
	assert_string_equal(psci_result_name((enum psci_result)1), "unknown result");
	for (int result = 0; result >= -9; result--)
		assert_string_not_equal(
			psci_result_name((enum psci_result)result), "unknown result");
}

/* --- SMCCC --- */

/* PSCI_FEATURES(SMCCC_VERSION), then SMCCC_VERSION. */
static void start_smccc(int64_t known, int64_t version)
{
	setup(NULL);
	start_client(0x10001);
	answers[1] = known;
	answers[2] = version;
	smccc_client_init(SMCCC_CLIENT_AUTO);
}

static void test_smccc_version(void **state)
{
	static const struct {
		int64_t known, version;
		uint32_t expected;
	} rows[] = {
		{ 0, 0x10001, 0x10001 },
		{ 0, 0x10004, 0x10004 },
		{ 1, 0x10002, 0x10002 },
		{ 0, -1, 0x10000 },
		{ 0, 0xffffffff, 0x10000 },
		{ 0, 0x10000, 0x10000 },
		{ -1, 0x10004, 0x10000 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		start_smccc(rows[i].known, rows[i].version);
		assert_int_equal(smccc_client_version(), rows[i].expected);
		assert_int_equal(fake_smc_calls, rows[i].known < 0 ? 2 : 3);
		fake_smc_calls = 4;
		answers[4] = 7;
		assert_int_equal(smccc_client_features(0x80008000),
			rows[i].expected > 0x10000 ? 7 : SMCCC_CLIENT_NOT_SUPPORTED);
		if (rows[i].expected > 0x10000)
			assert_call(0x80000001, 0x80008000, 0, 0);
		assert_int_equal(fake_smc_calls, rows[i].expected > 0x10000 ? 5 : 4);
	}
	assert_logged("SMCCC 1.0");
}

static void test_smccc_nobody(void **state)
{
	struct machine_psci from = { .conduit = PSCI_CONDUIT_HVC, .standard_ids = true };

	(void)state;
	/* A node that is not of the firmware; PSCI 0.1; the person's word. */
	assert_int_equal(psci_client_init(&from), ERR_NOT_SUPPORTED);
	smccc_client_init(SMCCC_CLIENT_AUTO);
	assert_int_equal(smccc_client_version(), 0);
	assert_int_equal(smccc_client_features(0x80008000), SMCCC_CLIENT_NOT_SUPPORTED);
	from = (struct machine_psci){ .conduit = PSCI_CONDUIT_SMC, .cpu_on_id = 5 };
	assert_int_equal(psci_client_init(&from), OK);
	smccc_client_init(SMCCC_CLIENT_AUTO);
	assert_int_equal(smccc_client_version(), 0);
	assert_int_equal(fake_smc_calls, 0);
	start_client(0x10001);
	smccc_client_init(SMCCC_CLIENT_NONE);
	assert_int_equal(smccc_client_version(), 0);
	assert_int_equal(fake_smc_calls, 1);
}

static void test_smccc_trusted(void **state)
{
	struct machine_psci from = { 0 };

	(void)state;
	assert_int_equal(psci_client_init(&from), ERR_NOT_SUPPORTED);
	smccc_client_init(SMCCC_CLIENT_TRUST);
	assert_logged("this CPU has no EL3");
	assert_int_equal(smccc_client_version(), 0);
	assert_int_equal(fake_smc_calls, 0);
	fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_EL3, 1);
	answers[0] = 0x10002;
	smccc_client_init(SMCCC_CLIENT_TRUST);
	assert_int_equal(smccc_client_version(), 0x10002);
	assert_call(0x80000000, 0, 0, 0);
	answers[1] = -1;
	smccc_client_init(SMCCC_CLIENT_TRUST);
	assert_int_equal(smccc_client_version(), 0x10000);
}

/* --- semihosting --- */

static struct {
	uint64_t operation;
	uint64_t words[3];
	char text[32];
} host[4];
static unsigned host_calls;
static uint64_t host_answers[4];

uint64_t fake_semihosting(uint64_t operation, const void *parameter);
uint64_t fake_semihosting(uint64_t operation, const void *parameter)
{
	static const unsigned words[] = { [0x01] = 3, [0x02] = 1, [0x05] = 3, [0x20] = 2 };

	assert_true(host_calls < ARRAY_SIZE(host));
	host[host_calls].operation = operation;
	if (operation == 0x04)
		strncpy(host[host_calls].text, parameter, sizeof(host[0].text) - 1);
	else
		memcpy(host[host_calls].words, parameter, words[operation] * sizeof(uint64_t));
	return host_answers[host_calls++];
}

static void test_semihosting(void **state)
{
	(void)state;
	host_calls = 0;
	semihosting_exit(3);
	assert_int_equal(host[0].operation, 0x20);
	assert_int_equal(host[0].words[0], 0x20026);
	assert_int_equal(host[0].words[1], 3);
	semihosting_write0("hello\n");
	assert_int_equal(host[1].operation, 4);
	assert_string_equal(host[1].text, "hello\n");
}

static bool write_file(uint64_t opened, uint64_t written, uint64_t closed)
{
	host_calls = 0;
	host_answers[0] = opened;
	host_answers[1] = written;
	host_answers[2] = closed;
	return semihosting_write_file("name", "data", 4);
}

static void test_semihosting_file(void **state)
{
	(void)state;
	assert_true(write_file(5, 0, 0));
	assert_int_equal(host_calls, 3);
	assert_int_equal(host[0].operation, 1);
	assert_string_equal((const char *)host[0].words[0], "name");
	assert_int_equal(host[0].words[1], 5);
	assert_int_equal(host[0].words[2], 4);
	assert_int_equal(host[1].operation, 5);
	assert_int_equal(host[1].words[0], 5);
	assert_int_equal(host[1].words[2], 4);
	assert_int_equal(host[2].operation, 2);
	assert_int_equal(host[2].words[0], 5);
	assert_false(write_file(UINT64_MAX, 0, 0));
	assert_int_equal(host_calls, 1);
	assert_false(write_file(5, 1, 0));
	assert_int_equal(host_calls, 3);
	assert_false(write_file(5, 0, UINT64_MAX));
}

/* --- the timer --- */

static const struct machine_timer node = {
	.present = true,
	.intid = { 29, 30, 27, 26, 28 },
	.clock_hz = 54000000,
};

static void test_timer_frequency(void **state)
{
	struct machine_timer none = { 0 };

	(void)state;
	write_sysreg(62500000, CNTFRQ_EL0);
	write_sysreg(5, CNTHP_CTL_EL2);
	assert_int_equal(timer_init(&node), OK);
	assert_int_equal(timer_hz(), 62500000);
	assert_int_equal(read_sysreg(CNTHP_CTL_EL2), 0);
	assert_int_equal(timer_intid(TIMER_PPI_HYP), 26);
	assert_int_equal(timer_intid(TIMER_PPI_VIRTUAL), 27);
	write_sysreg(0, CNTFRQ_EL0);
	assert_int_equal(timer_init(&node), OK);
	assert_int_equal(timer_hz(), 54000000);
	assert_int_equal(timer_init(&none), ERR_NOT_FOUND);
	assert_logged("timer: frequency 0 Hz");
	write_sysreg(999999, CNTFRQ_EL0);
	assert_int_equal(timer_init(&node), ERR_NOT_FOUND);
	write_sysreg(UINT64_C(4000000001), CNTFRQ_EL0);
	assert_int_equal(timer_init(&node), ERR_NOT_FOUND);
}

/* Within one part in 2^20 of the exact value, at every frequency a machine may have, and exact
 * where it divides. */
static void test_timer_conversions(void **state)
{
	static const uint64_t frequencies[] = { 1000000, 8000000, 19200000, 24000000, 54000000,
		62500000, 100000000, 1000000000, 1125000000, 4000000000 };
	static const uint64_t seconds[] = { 1, 60, 3600, 86400, 315360000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(frequencies); i++) {
		uint64_t hz = frequencies[i];

		write_sysreg(hz, CNTFRQ_EL0);
		assert_int_equal(timer_init(&node), OK);
		for (unsigned j = 0; j < ARRAY_SIZE(seconds); j++) {
			uint64_t ticks = seconds[j] * hz, ns = seconds[j] * 1000000000;

			assert_in_range(timer_ticks_to_ns(ticks), ns - (ns >> 20) - 1, ns);
			assert_in_range(timer_ns_to_ticks(ns), ticks - (ticks >> 20) - 1, ticks);
			assert_in_range(timer_ticks_to_ms(ticks),
				seconds[j] * 1000 - 1 - (ns >> 40), seconds[j] * 1000);
			assert_in_range(timer_ms_to_ticks(seconds[j] * 1000),
				ticks - (ticks >> 20) - 1, ticks);
			assert_in_range(timer_us_to_ticks(seconds[j] * 1000000),
				ticks - (ticks >> 20) - 1, ticks);
		}
	}
	write_sysreg(1000000000, CNTFRQ_EL0);
	assert_int_equal(timer_init(&node), OK);
	assert_int_equal(timer_ticks_to_ns(UINT64_MAX), UINT64_MAX);
	assert_int_equal(timer_ns_to_ticks(UINT64_MAX), UINT64_MAX);
	assert_int_equal(timer_ns_to_ticks(12345), 12345);
}

static void test_timer_alarm(void **state)
{
	(void)state;
	write_sysreg(123456, CNTPCT_EL0);
	assert_int_equal(timer_now(), 123456);
	timer_set_deadline(200000);
	assert_int_equal(read_sysreg(CNTHP_CVAL_EL2), 200000);
	assert_int_equal(read_sysreg(CNTHP_CTL_EL2), TIMER_CTL_ENABLE);
	timer_clear_deadline();
	assert_int_equal(read_sysreg(CNTHP_CTL_EL2), 0);
	timer_delay_us(0);
}

static uint64_t counter_runs(unsigned encoding, uint64_t value)
{
	static uint64_t counter;

	return encoding == SYS_CNTPCT_EL0 ? (counter += 10) : value;
}

static void test_timer_delay(void **state)
{
	(void)state;
	write_sysreg(100000000, CNTFRQ_EL0);
	assert_int_equal(timer_init(&node), OK);
	fake_sysreg_read_hook = counter_runs;
	timer_delay_us(50); /* 5000 ticks, ten for each look */
	assert_in_range(fake_sysreg_reads(SYS_CNTPCT_EL0), 500, 502);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_psci_calls, setup),
		cmocka_unit_test_setup(test_psci_0_2, setup),
		cmocka_unit_test_setup(test_psci_0_1, setup),
		cmocka_unit_test_setup(test_psci_none, setup),
		cmocka_unit_test_setup(test_psci_refused, setup),
		cmocka_unit_test_setup(test_psci_names, setup),
		cmocka_unit_test_setup(test_smccc_version, setup),
		cmocka_unit_test_setup(test_smccc_nobody, setup),
		cmocka_unit_test_setup(test_smccc_trusted, setup),
		cmocka_unit_test_setup(test_semihosting, setup),
		cmocka_unit_test_setup(test_semihosting_file, setup),
		cmocka_unit_test_setup(test_timer_frequency, setup),
		cmocka_unit_test_setup(test_timer_conversions, setup),
		cmocka_unit_test_setup(test_timer_alarm, setup),
		cmocka_unit_test_setup(test_timer_delay, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
