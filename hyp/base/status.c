/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/status.h"
#include "hyp/base/types.h"

const char *status_name(enum status status)
{
	static const char *const names[] = {
		[OK] = "ok",
		[ERR_INVALID] = "invalid",
		[ERR_NO_MEMORY] = "no memory",
		[ERR_NOT_FOUND] = "not found",
		[ERR_EXISTS] = "exists already",
		[ERR_NOT_OWNER] = "not the owner",
		[ERR_RANGE] = "out of range",
		[ERR_NOT_SUPPORTED] = "not supported",
		[ERR_BUSY] = "busy",
		[ERR_IO] = "input/output error",
		[ERR_FAULT] = "fault",
		[ERR_CORRUPT] = "corrupt",
	};

	return (unsigned)status < ARRAY_SIZE(names) ? names[status] : "unknown status";
}
