/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spinlocks, and the one place that says in which order they are taken.
 *
 * Lintel runs with interrupts masked, so a lock never meets its own interrupt handler. Nothing
 * blocks with a lock held.
 *
 * Order (take from top to bottom, never upwards):
 *   vm lifecycle lock         struct vm             hyp/vm/vm.h
 *   end of the last VM        hyp/vm/start.c
 *   a VM's stage 2            struct stage2         mm/stage2.h
 *   page ownership            mm/page.c
 *   a VM's UART               struct vuart          hyp/vdev/vuart.c
 *   a VM's clock              struct vrtc           hyp/vdev/vrtc.c
 *   a VM's watchdog           struct vwatchdog      hyp/vdev/vwatchdog.c
 *   a shared region           struct region         hyp/vdev/shmem.c
 *   calls to a monitor VM struct monitor        hyp/smccc/monitor.h; never two of them
 *   a VM's events            struct sdei_vm        hyp/smccc/sdei_state.h
 *   a VM's shadow tables      struct shadows        hyp/nested/shadow_state.h
 *   a VM's vGIC               struct vgic           hyp/vdev/vgic_state.h; never two of them
 *   placement of vCPUs        hyp/vm/sched_config.c
 *   run queue of a CPU        struct cpu_queue      hyp/vm/sched_state.h; never two of them
 *   who tries an SMC          hyp/smccc/smc_trap.c
 *   log                       hyp/base/log.c
 *   console                   hyp/monitor/console_state.h
 *   pool of entropy           hyp/crypto/entropy.c
 *   soft timers of a CPU      struct timer_queue    hyp/vm/timer.c
 */
#ifndef HYP_ARCH_LOCK_H
#define HYP_ARCH_LOCK_H

#include "hyp/arch/barrier.h"

/*
 * Test and set; zero is unlocked. Not a queue of tickets: what a lock guards takes some hundred
 * instructions at most, and where CPUs are threads of an emulator or of a hypervisor below, a lock
 * that is handed to one CPU by name waits until that one gets its turn (the interrupt storm of
 * guest/gic, 4 CPUs on two host cores: 44 s with tickets, 13 s without, one run of each).
 */
struct spinlock {
	uint32_t taken;
};

static inline void spin_lock(struct spinlock *lock)
{
	while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			cpu_relax();
	}
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return READ_ONCE(lock->taken);
}

#endif
