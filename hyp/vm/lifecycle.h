/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lifecycle.c and start.c, the two halves of a VM's life, need of each other. The picture is
 * in vm.h.
 */
#ifndef HYP_VM_LIFECYCLE_H
#define HYP_VM_LIFECYCLE_H

#include "hyp/vm/vm.h"

/* Writes vm->state, and an event into the trace. The VM's lock is held. */
void lifecycle_set_state(struct vm *vm, enum vm_state state);

/*
 * STOPPED or WAITING → LOADING, with the VM's lock held. The caller then gives the lock back and
 * calls lifecycle_start_job().
 */
void lifecycle_begin_loading(struct vm *vm);

/*
 * All vCPUs are OFF and the state is LOADING or STOPPING, memory_step is set; no lock is held: the
 * parts are reset, and the VM's job begins, which loads and runs it, or gives its memory back.
 */
void lifecycle_start_job(struct vm *vm);

/*
 * Makes the VM STOPPED, with its lock held. True for the one that was the last: the caller calls
 * lifecycle_all_stopped() when it has given the lock back.
 */
bool lifecycle_set_stopped(struct vm *vm) __must_check;
void lifecycle_all_stopped(void);

#endif
