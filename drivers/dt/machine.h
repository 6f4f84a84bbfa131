/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the devicetree says about the machine, in Lintel's own tables: filled once by dt_scan(),
 * read by everybody.
 *
 * Pointers to text and seeds point into the tree itself, which therefore stays mapped.
 */
#ifndef DRIVERS_DT_MACHINE_H
#define DRIVERS_DT_MACHINE_H

#include "hyp/base/types.h"

#define MACHINE_MEMORY_MAX       32
#define MACHINE_RESERVED_MAX     64
#define MACHINE_CPUS_MAX         64
#define MACHINE_UARTS_MAX        8
#define MACHINE_GICR_REGIONS_MAX 8
#define MACHINE_PATH_MAX         96

/* Interrupts are INTIDs (PPI n is 16 + n, SPI n is 32 + n); 0 stands for "none". */
#define MACHINE_NO_INTID         0

struct machine_region {
	pa_t base;
	uint64_t size;
};

/* Memory that nobody may be given: a row of the memory reservation block, or a child of
 * /reserved-memory. */
struct machine_reserved {
	struct machine_region region;
	bool no_map; /* must not even be mapped (so that it is never read by speculation) */
};

enum cpu_enable_method {
	CPU_ENABLE_NONE, /* no enable-method property */
	CPU_ENABLE_PSCI,
	CPU_ENABLE_SPIN_TABLE,
	CPU_ENABLE_UNKNOWN, /* a method Lintel does not know */
};

/* In the devicetree's order. */
struct machine_cpu {
	uint64_t mpidr; /* affinity fields only (MPIDR_EL1 bits 39:32 and 23:0), as `reg` gives them
			 */
	enum cpu_enable_method method;
	bool usable;       /* status is "okay" or absent */
	pa_t release_addr; /* spin-table: cpu-release-addr */
};

enum psci_conduit {
	PSCI_CONDUIT_NONE, /* no PSCI node: nothing may be called */
	PSCI_CONDUIT_SMC,
	PSCI_CONDUIT_HVC,
	PSCI_CONDUIT_UNKNOWN, /* a method other than "smc" and "hvc", or none */
};

struct machine_psci {
	enum psci_conduit conduit;
	bool standard_ids;   /* "arm,psci-0.2" or later: the function IDs of DEN0022; else only
				cpu_on_id */
	uint32_t cpu_on_id;  /* the node's `cpu_on`, for "arm,psci" alone; 0 when absent */
	uint32_t cpu_off_id; /* its `cpu_off`; 0 when absent */
};

struct uart_driver;

struct machine_uart {
	const struct uart_driver *driver;
	struct machine_region region;
	uint32_t intid;      /* MACHINE_NO_INTID: poll */
	bool edge;           /* the interrupt is edge-triggered */
	uint8_t reg_shift;   /* registers are 1 << reg_shift bytes apart */
	uint8_t io_width;    /* 1, 2 or 4 bytes for each access */
	uint32_t reg_offset; /* `reg-offset`: already added to region */
	uint32_t clock_hz;   /* clock-frequency, 0 when absent */
	uint32_t speed;      /* current-speed, 0 when absent */
	char path[MACHINE_PATH_MAX];
};

enum gic_version { GIC_NONE, GIC_V2, GIC_V3 };

struct machine_gic {
	enum gic_version version;
	struct machine_region dist;
	struct machine_region redist[MACHINE_GICR_REGIONS_MAX]; /* GICv3 */
	unsigned redist_count;
	uint64_t redist_stride; /* redistributor-stride, 0 when absent: from each frame's TYPER */
	struct machine_region cpu;       /* GICC: GICv2, or GICv3's compatibility frame */
	struct machine_region hyp, virt; /* GICH, GICV */
	uint32_t maintenance_intid;
};

enum machine_timer_ppi {
	TIMER_PPI_SECURE,
	TIMER_PPI_PHYSICAL, /* EL1 physical, non-secure */
	TIMER_PPI_VIRTUAL,
	TIMER_PPI_HYP,         /* CNTHP */
	TIMER_PPI_HYP_VIRTUAL, /* CNTHV */
	TIMER_PPI_COUNT,
};

struct machine_timer {
	bool present;
	uint32_t intid[TIMER_PPI_COUNT];
	uint32_t clock_hz; /* clock-frequency, 0 when absent (the usual case: CNTFRQ_EL0 says) */
};

/* Random bytes the firmware left in /chosen, in the tree itself. */
struct machine_seed {
	uint8_t *bytes; /* NULL when absent */
	uint32_t length;
};

struct machine {
	const void *tree; /* as mapped; tree_size bytes */
	uint64_t tree_size;

	struct machine_region memory[MACHINE_MEMORY_MAX];
	unsigned memory_count;
	struct machine_reserved reserved[MACHINE_RESERVED_MAX];
	unsigned reserved_count;

	struct machine_cpu cpus[MACHINE_CPUS_MAX];
	unsigned cpu_count;

	struct machine_psci psci;
	struct machine_gic gic;
	struct machine_timer timer;
	uint32_t pmu_intid;
	unsigned smmu_count;       /* SMMUv3 nodes seen; none is driven yet */
	struct machine_region rtc; /* the first PL031; size 0: none */

	struct machine_uart uarts[MACHINE_UARTS_MAX];
	unsigned uart_count;
	int console; /* index into uarts: what stdout-path names, else the first; -1 without any */

	const char *bootargs;         /* never NULL: "" when absent */
	const char *stdout_path;      /* never NULL */
	struct machine_region initrd; /* size 0: none */
	struct machine_seed rng_seed, kaslr_seed;
};

#endif
