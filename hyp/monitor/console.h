/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One serial port for all: Lintel's own lines, and every VM's output and input.
 *
 * One VM: its output and the input pass through untouched. Several: each VM's output comes by lines
 * that begin with
 * "[name] "; input goes to one of them, the focus. An escape character (Ctrl-A unless
 * lintel.escape= says otherwise) followed by a letter is a command of the monitor; docs/options.md
 * lists them.
 */
#ifndef HYP_MONITOR_CONSOLE_H
#define HYP_MONITOR_CONSOLE_H

#include "drivers/uart/uart.h"

/*
 * Takes the port, which is bound and initialised, and makes itself the log's sink. Works without
 * interrupts; until console_enable_interrupts() there is no input, and output waits for the port.
 * NULL: no console, everything is dropped.
 */
void console_init(struct uart *uart);

/*
 * After irq_init(), gic_init() and timer_queue_init(), on the boot CPU: takes the port's interrupt,
 * on this CPU (mpidr), or polls a port that has none.
 */
void console_enable_interrupts(uint64_t mpidr);

/* Once, after the VMs are made: becomes the backend of every VM's UART; the first has the focus. */
void console_attach_vms(void);

/* Lintel's own text, whole lines, without a prefix of "lintel: " (tables). */
void console_write(const char *text, size_t length);
void console_printf(const char *fmt, ...) __printf_like(1, 2);

/* Whether a few lines more fit into what waits for the port: if not, they would make the caller
 * wait. */
bool console_has_room(void);

/* Waits (bounded) until all output has left. Before the machine is switched off. */
void console_drain(void);

/* From now on output goes straight to the port, by polling, without any lock: after panic() or when
 * all is over. */
void console_panic_mode(void);

#endif
