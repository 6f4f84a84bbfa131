/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a guest's devicetree says that PSCI and SDEI are called, for everything that may become of
 * their calls.
 *
 * links: hyp/bundle/guest_conduit.c hyp/bundle/guest_dt.c hyp/bundle/guest_dt_calls.c
 * hyp/bundle/guest_dt_shared.c hyp/bundle/guest_dt_fixtures.c hyp/bundle/dt_writer.c
 * hyp/base/format.c
 */
#include "hyp/bundle/guest_dt.h"
#include "hyp/crypto/entropy.h"
#include "hyp/smccc/call_rule.h"
#include "tests/unit/test_bundle.h"

#define PSCI_VERSION 0x84000000
#define SDEI_VERSION 0xc4000020

bool entropy_seeded(void)
{
	return true;
}

void entropy_get(void *out, size_t size)
{
	memset(out, 1, size);
}

/* What becomes of a call by HVC, by SMC. */
static enum call_action psci[2], sdei[2];

enum call_action call_rule_action(const char *vm, bool smc, uint32_t function)
{
	assert_string_equal(vm, "it");
	if (function == PSCI_VERSION)
		return psci[smc];
	assert_int_equal(function, SDEI_VERSION);
	return sdei[smc];
}

static bool has_sdei = true;

bool smccc_offers(uint32_t function)
{
	assert_int_equal(function, SDEI_VERSION);
	return has_sdei;
}

static struct guest_dt_config config;

static void choose(bool smc, bool smc_traps)
{
	config = (struct guest_dt_config){
		.nr_vcpus = 2, .ram_base = 0x40000000, .ram_size = MIB(64)
	};
	guest_dt_choose_conduits("it", smc, smc_traps, &config);
}

static void follows_the_manifest(void **state)
{
	(void)state;
	psci[0] = psci[1] = sdei[0] = sdei[1] = CALL_HANDLE;
	choose(false, true);
	assert_int_equal(config.psci, GUEST_HVC);
	assert_int_equal(config.sdei, GUEST_HVC);
	choose(true, true);
	assert_int_equal(config.psci, GUEST_SMC);
	assert_int_equal(config.sdei, GUEST_SMC);
	has_sdei = false;
	choose(true, true);
	has_sdei = true;
	assert_int_equal(config.psci, GUEST_SMC);
	assert_int_equal(config.sdei, GUEST_NEITHER);
	/* An SMC that doesn't come to Lintel is answered by nobody. */
	choose(true, false);
	assert_int_equal(config.psci, GUEST_HVC);
	assert_int_equal(config.sdei, GUEST_HVC);
}

static void takes_what_is_answered(void **state)
{
	(void)state;
	/* Each service by itself. */
	psci[0] = CALL_DENY;
	psci[1] = CALL_HANDLE;
	sdei[0] = CALL_HANDLE;
	sdei[1] = CALL_UNDEFINED;
	for (unsigned smc = 0; smc < 2; smc++) {
		choose(smc, true);
		assert_int_equal(config.psci, GUEST_SMC);
		assert_int_equal(config.sdei, GUEST_HVC);
	}
	choose(true, false);
	assert_int_equal(config.psci, GUEST_NEITHER);
	assert_int_equal(config.sdei, GUEST_HVC);
}

/* What a guest hypervisor would call by HVC is not answered. */
static void leaves_hvc_to_a_hypervisor(void **state)
{
	(void)state;
	psci[0] = psci[1] = sdei[0] = sdei[1] = CALL_HANDLE;
	choose(true, true);
	guest_dt_only_smc(&config);
	assert_int_equal(config.psci, GUEST_SMC);
	assert_int_equal(config.sdei, GUEST_SMC);
	psci[1] = CALL_DENY;
	choose(true, true);
	assert_int_equal(config.psci, GUEST_HVC);
	guest_dt_only_smc(&config);
	assert_int_equal(config.psci, GUEST_NEITHER);
	assert_int_equal(config.sdei, GUEST_SMC);
	choose(true, false);
	guest_dt_only_smc(&config);
	assert_int_equal(config.psci, GUEST_NEITHER);
	assert_int_equal(config.sdei, GUEST_NEITHER);
}

/* Each action of one service and conduit, the other conduit denied. */
static void knows_who_answers(void **state)
{
	(void)state;
	psci[1] = sdei[1] = CALL_DENY;
	for (enum call_action action = CALL_HANDLE; action <= CALL_REFLECT; action++) {
		psci[0] = sdei[0] = action;
		choose(false, true);
		assert_int_equal(config.psci,
			action == CALL_HANDLE || action == CALL_TO_MONITOR ? GUEST_HVC
									   : GUEST_NEITHER);
		/* A monitor can't give the guest events. */
		assert_int_equal(config.sdei, action == CALL_HANDLE ? GUEST_HVC : GUEST_NEITHER);
	}
}

/* The property's text in the tree of `config`; "": no such node or property. */
static const char *text_of(const char *path, const char *property)
{
	static char found[64];
	size_t room = guest_dt_room(&config);
	struct guest_dt dt;
	const char *text;

	assert_int_equal(guest_dt_make(&config, malloc(room), room, &dt), OK);
	assert_int_equal(fdt_check_full(dt.tree, dt.size), 0);
	text = fdt_getprop(dt.tree, fdt_path_offset(dt.tree, path), property, NULL);
	snprintf(found, sizeof(found), "%s", text ? text : "");
	free(dt.tree);
	return found;
}

static void writes_what_was_chosen(void **state)
{
	static const char *const methods[] = { "hvc", "smc", "" };

	(void)state;
	choose(false, true);
	for (enum guest_conduit one = GUEST_HVC; one <= GUEST_NEITHER; one++) {
		for (enum guest_conduit other = GUEST_HVC; other <= GUEST_NEITHER; other++) {
			config.psci = one;
			config.sdei = other;
			assert_string_equal(text_of("/psci", "method"), methods[one]);
			assert_string_equal(text_of("/firmware/sdei", "method"), methods[other]);
			assert_string_equal(text_of("/psci", "compatible"),
				one == GUEST_NEITHER ? "" : "arm,psci-1.0");
			assert_string_equal(text_of("/firmware/sdei", "compatible"),
				other == GUEST_NEITHER ? "" : "arm,sdei-1.0");
			assert_string_equal(text_of("/cpus/cpu@1", "enable-method"),
				one == GUEST_NEITHER ? "" : "psci");
		}
	}
}

static void says_where_calls_are_found(void **state)
{
	static const uint32_t reg[] = { 0, 0x0a310000, 0, 0x10000 };

	(void)state;
	choose(false, true);
	assert_string_equal(text_of("/call-monitor@a310000", "compatible"), "");
	config.monitor = true;
	assert_string_equal(text_of("/call-monitor@a310000", "compatible"), "lintel,call-monitor");
	config.sdei = GUEST_SMC;
	size_t room = guest_dt_room(&config);
	struct guest_dt dt;
	int length;

	assert_int_equal(guest_dt_make(&config, malloc(room), room, &dt), OK);
	const fdt32_t *cells = fdt_getprop(
		dt.tree, fdt_path_offset(dt.tree, "/call-monitor@a310000"), "reg", &length);

	assert_int_equal(length, sizeof(reg));
	for (unsigned i = 0; i < ARRAY_SIZE(reg); i++)
		assert_int_equal(fdt32_ld(&cells[i]), reg[i]);
	free(dt.tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_manifest),
		cmocka_unit_test(takes_what_is_answered),
		cmocka_unit_test(leaves_hvc_to_a_hypervisor),
		cmocka_unit_test(knows_who_answers),
		cmocka_unit_test(writes_what_was_chosen),
		cmocka_unit_test(says_where_calls_are_found),
	};

	return cmocka_run_group_tests_name("guest_calls", tests, NULL, NULL);
}
