/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Run-time options: the words of /chosen/bootargs that begin with "lintel.". docs/options.md
 * describes them.
 */
#ifndef HYP_MONITOR_OPTIONS_H
#define HYP_MONITOR_OPTIONS_H

#include "drivers/psci/smccc_client.h"
#include "hyp/base/types.h"

#define OPTION_CONSOLE_MAX 96

enum option_exit {
	OPTION_EXIT_POWER_OFF, /* EL3's PSCI SYSTEM_OFF */
	OPTION_EXIT_SEMIHOSTING,
	OPTION_EXIT_HALT, /* the CPUs wait for ever, so that a debugger can look */
};

struct options {
	enum option_exit exit;            /* lintel.exit=off|semihosting|halt */
	char console[OPTION_CONSOLE_MAX]; /* lintel.console=PATH|none, "" when absent: stdout-path
					   */
	bool stats;                       /* lintel.stats=1: machine-readable lines at the end */
	bool trace_dump;                  /* lintel.trace=dump: the rings, at the end */
	bool measure_masked;              /* lintel.measure=masked */
	bool measure_instructions;        /* lintel.measure=instructions */
	enum smccc_client_mode firmware;  /* lintel.firmware=auto|smccc|none */
	uint64_t time;                    /* lintel.time=SECONDS since 1970; 0 when absent */
	int escape; /* lintel.escape=^A..^_|none: the character, -1 for none */
};

extern struct options options;

/*
 * Reads the words; sets `options` and log_threshold (lintel.log=error|warn|info|debug). Words
 * without the prefix are somebody else's; an unknown or malformed one is warned of and has no
 * effect.
 */
void options_parse(const char *bootargs);

/* log_threshold by its name, as lintel.log= does; false: there is none of that name. And its name.
 */
bool options_set_log(const char *level);
const char *options_log_name(void);

#endif
