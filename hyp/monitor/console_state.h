/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console's state, for the files console*.c and nobody else.
 *
 * One lock for all of it. With it held nothing is called but the port's driver (and an alarm set):
 * no VM's UART, no log.
 */
#ifndef HYP_MONITOR_CONSOLE_STATE_H
#define HYP_MONITOR_CONSOLE_STATE_H

#include "drivers/uart/uart.h"
#include "hyp/arch/lock.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vm.h"

#define CONSOLE_LINE_MAX       256 /* a VM's longer lines come in pieces */
#define CONSOLE_OUTPUT_MAX     KIB(8)
#define CONSOLE_INPUT_MAX      KIB(4)
/* A guest waits when less room than this is left: more than a line with its prefix takes. */
#define CONSOLE_OUTPUT_RESERVE 1024

/* A ring of characters. */
struct console_ring {
	char *text;
	unsigned size, first, count;
};

struct console_vm {
	struct vm *vm;
	bool waiting; /* its UART was told to wait for vuart_transmit_ready() */
	unsigned length;
	char line[CONSOLE_LINE_MAX]; /* not shown yet */
};

struct console {
	struct spinlock lock;
	struct uart *uart; /* NULL: no console */
	bool interrupts;   /* output may wait for the port's interrupt */
	bool timers;       /* there are soft timers */
	bool panicking;

	/* output */
	struct console_ring output;
	bool mid_line;           /* something is on the current line ... */
	struct console_vm *open; /* ... of this VM; NULL: of Lintel or, with one VM, of that */
	bool interactive;        /* somebody typed for the focus: what it sends is shown at once */
	struct soft_timer tick;
	bool tick_armed;
	unsigned tick_length; /* of the focus's unfinished line when the tick was armed */

	/* input */
	struct console_ring input; /* for the focus */
	bool input_stopped;        /* no room: the port's interrupt is off */
	bool delivering;           /* somebody hands input to the focus's UART */
	bool deliver_again;        /* ... and must look once more */
	bool escaped;              /* the last character was the escape character */

	unsigned nr_vms, focus;
	struct console_vm vms[MAX_VMS];
};

extern struct console console;

static inline struct console_vm *console_focus(void)
{
	return &console.vms[console.focus];
}

static inline bool ring_put(struct console_ring *ring, char c)
{
	if (ring->count == ring->size)
		return false;
	ring->text[(ring->first + ring->count++) % ring->size] = c;
	return true;
}

static inline void ring_drop(struct console_ring *ring, unsigned count)
{
	ring->first = (ring->first + count) % ring->size;
	ring->count -= count;
}

/* --- console_output.c; the lock is held --- */

/* Characters as they are, and text with '\n' as "\r\n". */
void console_emit(char c);
void console_emit_text(const char *text, size_t length);

/* Ends a line that somebody else began. */
void console_start_line(void);

/* What a VM has not finished yet is shown. */
void console_show_partial(struct console_vm *from);

/* The port's part of the output ring: as much as it takes now. */
void console_send(void);

/* --- console_input.c --- */

/* Takes what the port has received, and hands it on. Takes the lock. */
void console_receive(void);

/* Gives the focus's UART what waits for it. Takes the lock. */
void console_deliver(void);

/* The focus goes to the VM of that index in vms[]. Takes the lock. */
void console_set_focus(unsigned index);

/* --- command.c --- */

/* What follows the escape character. Takes the lock. */
void console_command(char c);

#endif
