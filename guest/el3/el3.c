/* SPDX-License-Identifier: BSD-3-Clause */
#include "el3.h"
#include "base.h"
#include "mmio.h"
#include "regs.h"

#define SECURE_GPIO  UINT64_C(0x090b0000) /* PL061; line 0: power off, line 1: reset */
#define GPIO_DIR     0x400
#define GPIO_DATA    0x000 /* address bits 9:2 choose the lines */

#define ESR_EC_SMC64 0x17

/* NS, RES1, HVC, AArch64; everything that a lower level could be kept from: bits of features that
 * the CPU hasn't got are ignored. */
#define SCR_EL3_VALUE                                                                           \
	(BIT(0) | BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(16) | BIT(17) | BIT(25) | BIT(26) |  \
		BIT(27) | BIT(28) | BIT(35) | BIT(36) | BIT(38) | BIT(39) | BIT(41) | BIT(43) | \
		BIT(44) | BIT(45) | BIT(59))
#define CPTR_EL3_VALUE (BIT(8) | BIT(12))                      /* SVE, SME */
#define MDCR_EL3_VALUE (BIT(12) | BIT(13) | BIT(24) | BIT(25)) /* profiling, trace buffers */
#define SRE_ENABLE     0xf

#define GICD_CTLR_ARE  (BIT(4) | BIT(5))
#define GICD_CTLR_ALL  (GICD_CTLR_ARE | BIT(0) | BIT(1) | BIT(2))
#define GICD_IGROUPR   0x80
#define GICR_WAKER     0x14
#define GICR_SGI       0x10000
#define WAKER_SLEEP    BIT(1)
#define WAKER_ASLEEP   BIT(2)
#define GIC_WORDS      32

#define PSCI(n)        (0x84000000u + (n))
#define PSCI_64(n)     (0xc4000000u + (n))
#define ALREADY_ON     (-4)
#define INVALID        (-2)
#define NOT_SUPPORTED  (-1)

struct frame {
	u64 x[20]; /* x0-x18, x30 */
};

struct start {
	u64 entry;
	u64 context;
};

static struct start starts[EL3_CPUS];
static u32 on[EL3_CPUS];
static u64 sip_calls, workaround_calls[3];

void __attribute__((noreturn)) el3_park(u64 cpu);
void el3_cpu_setup(u64 cpu);
const struct start *el3_wait(u64 cpu);
void el3_smc(struct frame *frame, u64 esr);

static void gic_setup(u64 cpu)
{
	u64 redistributor = GICR_BASE + cpu * GICR_STRIDE;

	if (cpu == 0) {
		mmio_write32(GICD_BASE, GICD_CTLR_ARE);
		for (u32 i = 1; i < GIC_WORDS; i++)
			mmio_write32(GICD_BASE + GICD_IGROUPR + 4 * i, ~0u);
		mmio_write32(GICD_BASE, GICD_CTLR_ALL);
	}
	mmio_write32(redistributor + GICR_WAKER, 0);
	while (mmio_read32(redistributor + GICR_WAKER) & WAKER_ASLEEP)
		;
	mmio_write32(redistributor + GICR_SGI + GICD_IGROUPR, ~0u);
}

void el3_cpu_setup(u64 cpu)
{
	gic_setup(cpu);
	msr(S3_6_C12_C12_5, SRE_ENABLE); /* ICC_SRE_EL3 */
	isb();
	msr(scr_el3, SCR_EL3_VALUE);
	msr(cptr_el3, CPTR_EL3_VALUE);
	msr(mdcr_el3, MDCR_EL3_VALUE);
	isb();
	if (cpu == 0)
		on[0] = 1;
}

/* --- PSCI --- */

const struct start *el3_wait(u64 cpu)
{
	while (!__atomic_load_n(&on[cpu], __ATOMIC_ACQUIRE))
		__asm__ volatile("wfe");
	return &starts[cpu];
}

static s64 cpu_on(u64 mpidr, u64 entry, u64 context)
{
	if (mpidr >= EL3_CPUS)
		return INVALID;
	if (on[mpidr])
		return ALREADY_ON;
	starts[mpidr] = (struct start){ entry, context };
	__atomic_store_n(&on[mpidr], 1, __ATOMIC_RELEASE);
	__asm__ volatile("dsb sy; sev");
	return 0;
}

static void __attribute__((noreturn)) cpu_off(void)
{
	u64 cpu = mrs(mpidr_el1) & 0xff;

	__atomic_store_n(&on[cpu], 0, __ATOMIC_RELEASE);
	el3_park(cpu);
}

static void __attribute__((noreturn)) power(u32 line)
{
	mmio_write32(SECURE_GPIO + GPIO_DIR, 3);
	mmio_write32(SECURE_GPIO + GPIO_DATA + (4u << line), 1u << line);
	for (;;)
		__asm__ volatile("wfi");
}

/* --- by function --- */

static s64 psci_features(u32 function)
{
	switch (function) {
	case PSCI(0):
	case PSCI(2):
	case PSCI_64(3):
	case PSCI_64(4):
	case PSCI(8):
	case PSCI(9):
	case PSCI(10):
	case 0x80000000:
		return 0;
	default:
		return NOT_SUPPORTED;
	}
}

static s64 arch_features(u32 function)
{
	switch (function) {
	case 0x80000000:
	case 0x80000001:
	case 0x80000002:
	case 0xc0000002:
	case 0x80008000:
	case 0x80007fff:
	case 0x80003fff:
		return 0;
	default:
		return NOT_SUPPORTED;
	}
}

static s64 soc_id(struct frame *frame)
{
	switch (frame->x[1]) {
	case 0:
		return EL3_SOC_VERSION;
	case 1:
		return EL3_SOC_REVISION;
	default:
		break;
	}
	for (u32 n = 1; n < 18; n++)
		frame->x[n] = 0;
	frame->x[1] = 0x6c2d746e65746e4c; /* two words of text */
	return 0;
}

/* Changes what a callee may change of one without results. */
static s64 workaround(struct frame *frame, u32 which)
{
	__atomic_fetch_add(&workaround_calls[which], 1, __ATOMIC_RELAXED);
	for (u32 n = 1; n < 4; n++)
		frame->x[n] = EL3_JUNK + n;
	return (s64)EL3_JUNK;
}

static s64 random_bits(struct frame *frame)
{
	for (u32 n = 1; n < 4; n++)
		frame->x[n] = EL3_RANDOM * (n + 2 * mrs(cntpct_el0));
	return 0;
}

static void sip(struct frame *frame)
{
	struct frame in;

	for (u32 n = 0; n < 18; n++) {
		in.x[n] = frame->x[n];
		frame->x[n] = EL3_JUNK + n;
	}
	switch (in.x[0] & 0xf) {
	case SIP_STATS:
		frame->x[0] = sip_calls;
		for (u32 n = 0; n < 3; n++)
			frame->x[n + 1] = workaround_calls[n];
		return;
	case SIP_ECHO:
		for (u32 n = 0; n < 17; n++)
			frame->x[n] = in.x[n + 1];
		frame->x[17] = in.x[0];
		break;
	case SIP_WRITE:
		*(volatile u64 *)in.x[1] = in.x[2];
		frame->x[0] = 0;
		frame->x[1] = in.x[1];
		break;
	case SIP_REPORT:
		frame->x[0] = in.x[0];
		frame->x[1] = in.x[7];
		frame->x[2] = mrs(mpidr_el1);
		frame->x[3] = in.x[1];
		break;
	default:
		frame->x[0] = (u64)NOT_SUPPORTED;
		break;
	}
	__atomic_fetch_add(&sip_calls, 1, __ATOMIC_RELAXED);
}

static s64 standard(struct frame *frame, u32 function)
{
	switch (function) {
	case PSCI(0):
		return 0x10001;
	case PSCI(2):
		cpu_off();
	case PSCI_64(3):
		return cpu_on(frame->x[1], frame->x[2], frame->x[3]);
	case PSCI_64(4):
		return frame->x[1] >= EL3_CPUS ? INVALID : !on[frame->x[1]];
	case PSCI(8):
		power(0);
	case PSCI(9):
		power(1);
	case PSCI(10):
		return psci_features((u32)frame->x[1]);
	case 0x84000050:
		return 0x10000;
	case 0x84000051:
		return (u32)frame->x[1] - 0x84000050 < 4 || (u32)frame->x[1] == 0xc4000053
			? 0
			: NOT_SUPPORTED;
	case 0xc4000053:
		return random_bits(frame);
	default:
		return NOT_SUPPORTED;
	}
}

static s64 architecture(struct frame *frame, u32 function)
{
	switch (function) {
	case 0x80000000:
		return 0x10004;
	case 0x80000001:
		return arch_features((u32)frame->x[1]);
	case 0x80000002:
	case 0xc0000002:
		return soc_id(frame);
	case 0x80008000:
		return workaround(frame, 0);
	case 0x80007fff:
		return workaround(frame, 1);
	case 0x80003fff:
		return workaround(frame, 2);
	default:
		return NOT_SUPPORTED;
	}
}

void el3_smc(struct frame *frame, u64 esr)
{
	u32 function = (u32)frame->x[0];

	if (esr >> 26 != ESR_EC_SMC64) {
		mmio_write32(
			UART_BASE, '!'); /* whatever it is: the test will find this, and hang */
		for (;;)
			__asm__ volatile("wfi");
	}
	switch (function >> 24) {
	case 0x80:
	case 0xc0:
		frame->x[0] = (u64)architecture(frame, function);
		break;
	case 0x82:
	case 0xc2:
		sip(frame);
		break;
	case 0x84:
	case 0xc4:
		frame->x[0] = (u64)standard(frame, function);
		break;
	default:
		frame->x[0] = (u64)NOT_SUPPORTED;
		break;
	}
}
