/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/semihosting/semihosting.h"
#include "hyp/base/compiler.h"
#include "hyp/base/string.h"

/* Operations (Arm semihosting specification, section 6) */
#define SYS_OPEN                     0x01
#define SYS_CLOSE                    0x02
#define SYS_WRITE0                   0x04
#define SYS_WRITE                    0x05
#define SYS_EXIT_EXTENDED            0x20

#define ADP_STOPPED_APPLICATION_EXIT 0x20026
#define OPEN_MODE_WB                 5
#define OPEN_FAILED                  UINT64_MAX

#ifdef LINTEL_HOST
uint64_t fake_semihosting(uint64_t operation, const void *parameter);
#define semihosting_call fake_semihosting
#else
static uint64_t semihosting_call(uint64_t operation, const void *parameter)
{
	register uint64_t x0 __asm__("x0") = operation;
	register const void *x1 __asm__("x1") = parameter;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return x0;
}
#endif

void semihosting_exit(unsigned status)
{
	uint64_t block[] = { ADP_STOPPED_APPLICATION_EXIT, status };

	semihosting_call(SYS_EXIT_EXTENDED, block);
}

void semihosting_write0(const char *text)
{
	semihosting_call(SYS_WRITE0, text);
}

bool semihosting_write_file(const char *name, const void *data, size_t size)
{
	uint64_t open[] = { (uintptr_t)name, OPEN_MODE_WB, strlen(name) };
	uint64_t handle = semihosting_call(SYS_OPEN, open);

	if (handle == OPEN_FAILED)
		return false;

	uint64_t write[] = { handle, (uintptr_t)data, size };
	uint64_t close[] = { handle };
	bool written = semihosting_call(SYS_WRITE, write) == 0; /* bytes that were not written */

	return semihosting_call(SYS_CLOSE, close) == 0 && written;
}
