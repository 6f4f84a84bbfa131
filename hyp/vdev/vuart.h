/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's serial port: a PL011 with FIFOs of 16 (DDI 0183), as QEMU's virt has one at 0x0900_0000
 * with SPI 1.
 *
 * What the guest sends goes to a backend at once; what the backend can't take yet waits in the
 * transmit FIFO, so the guest sees TXFF and waits too. Time does not pass on the line: a character
 * is sent as soon as it is written, and the receive timeout comes at once. Baud rate and parity
 * have no effect, and a port that isn't enabled works all the same (as QEMU's).
 *
 * Locks: the port's own, taken inside every function; with it held the vGIC and the backend's put()
 * and full() are called.
 */
#ifndef HYP_VDEV_VUART_H
#define HYP_VDEV_VUART_H

#include "hyp/vm/vm.h"

#define VUART_IPA   UINT64_C(0x09000000)
#define VUART_SIZE  KIB(4)
#define VUART_INTID 33 /* SPI 1, level */

struct vuart_backend {
	/* Takes all `length` bytes. Called with the port's lock held: must not call into the port.
	 */
	void (*put)(void *context, const char *text, size_t length);
	/* True: don't call put() now; vuart_transmit_ready() will be called when there is room.
	 * NULL: never full. */
	bool (*full)(void *context);
	/* The receive FIFO has room again after vuart_receive() took less than it was given. No
	 * lock held. May be NULL. */
	void (*receive_ready)(void *context);
};

/* The part's row: PART_VUART of boot/parts.c. Its create() adds the device's row (and makes the
 * table if there is none). */
extern const struct vm_part vuart_part;

/* Who gets the VM's output, from now on; NULL: nobody, it is dropped. */
void vuart_set_backend(struct vm *vm, const struct vuart_backend *backend, void *context);

/* Characters for the guest; returns how many the receive FIFO took. May be called on any CPU. */
size_t vuart_receive(struct vm *vm, const char *text, size_t length);

/* A break condition for the guest (SysRq of Linux). */
void vuart_receive_break(struct vm *vm);

/* The backend has room again. */
void vuart_transmit_ready(struct vm *vm);

#endif
