/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One serial port for all: Lintel's own lines, every VM's output and input, and the monitor's
 * command line.
 *
 * What is shown is a view: one VM alone, raw and untouched; all VMs, each one's output by lines
 * that begin with "[name] "; or the monitor's command line. One VM starts alone, several start with
 * all. An escape character (Ctrl-^ unless lintel.escape= says otherwise) and a key change the view;
 * docs/console.md lists them.
 *
 * Every VM has a ring for its output. Out of view it is kept there, and when the ring is full the
 * oldest goes and is counted; in view the VM itself waits for room. In the view of all the rings
 * take turns line by line. Lintel's own lines come before all of that.
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

/* Once, after the VMs are made and before any runs: becomes the backend of every VM's UART; the
 * first has the keyboard. */
void console_attach_vms(void);

/* Lintel's own text, whole lines, without a prefix of "lintel: " (tables). */
void console_write(const char *text, size_t length);
void console_printf(const char *fmt, ...) __printf_like(1, 2);

/* Whether CONSOLE_ROOM characters more fit into what waits for the port: if not, they would make
 * the caller wait. */
#define CONSOLE_ROOM 4096
bool console_has_room(void);

/* Waits (bounded) until all output has left, that of VMs out of view too. Before the machine is
 * switched off. */
void console_drain(void);

/* From now on output goes straight to the port, by polling, without any lock: after panic() or when
 * all is over. */
void console_panic_mode(void);

#endif
