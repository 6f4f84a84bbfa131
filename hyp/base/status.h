/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What functions that can fail return; callers must look at it.
 */
#ifndef HYP_BASE_STATUS_H
#define HYP_BASE_STATUS_H

#include "hyp/base/compiler.h"

enum status {
	OK = 0,
	ERR_INVALID,       /* an argument or a configuration that makes no sense */
	ERR_NO_MEMORY,     /* nothing (or not enough of the budget) left */
	ERR_NOT_FOUND,     /* no such thing */
	ERR_EXISTS,        /* something is there already */
	ERR_NOT_OWNER,     /* a page belongs to somebody else */
	ERR_RANGE,         /* an address or size outside what is allowed */
	ERR_NOT_SUPPORTED, /* this machine or this build can't */
	ERR_BUSY,          /* not now */
	ERR_IO,            /* the hardware or the firmware refused */
	ERR_FAULT,         /* an access to guest memory failed */
	ERR_CORRUPT,       /* data that does not follow its format */
};

/* A short name for messages: "invalid", "no memory", ... */
const char *status_name(enum status status);

#endif
