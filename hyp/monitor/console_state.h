/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console's state, for the files console*.c and command*.c and nobody else.
 *
 * One lock for all of it. With it held nothing is called but the port's driver and timer_arm(): no
 * VM's UART, no log.
 *
 * Output: a VM's UART → its ring → (console_pump()) → the stage → the port. The stage holds
 * Lintel's own text, and at most one line of a VM: nothing is taken out of a ring before the stage
 * is empty. Whoever finds the port free pumps: a VM that writes, in its own exit, or else the
 * port's interrupt, or the tick where the port has none or there was too much for once.
 */
#ifndef HYP_MONITOR_CONSOLE_STATE_H
#define HYP_MONITOR_CONSOLE_STATE_H

#include "drivers/uart/uart.h"
#include "hyp/arch/lock.h"
#include "hyp/monitor/command.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vm.h"

#define CONSOLE_LINE_MAX    256     /* a VM's longer lines come in pieces */
#define CONSOLE_STAGE_MAX   KIB(8)  /* the sizes of rings are powers of two */
#define CONSOLE_OUTPUT_MAX  KIB(16) /* of one VM */
#define CONSOLE_INPUT_MAX   KIB(4)  /* for one VM, or for the monitor */
#define CONSOLE_PUMP_MAX    512     /* characters of VMs at once; */
/* the rest, or what a port without an interrupt did not take, so much later */
#define CONSOLE_CONTINUE_MS 1

/* A ring of characters. */
struct console_ring {
	char *text;
	unsigned size, first, count;
};

struct console_vm {
	struct vm *vm;

	struct console_ring output; /* not shown yet */
	unsigned tail;              /* shown, but still there: of a line without an end */
	uint64_t boots;             /* of its VM, when the tail was looked at last */
	unsigned lines;             /* ends of lines in it */
	uint64_t lost;              /* out of it, and nobody was told yet */
	uint32_t written;           /* counts on with what it writes */
	bool flush;                 /* show it, though its line has no end yet */
	bool waking;                /* vuart_transmit_ready() is called: pump later */
	bool waiting;               /* its UART was told to wait for vuart_transmit_ready() */

	struct console_ring input;
	bool delivering;    /* somebody hands input to its UART */
	bool deliver_again; /* ... and must look once more */
	bool end_noted;     /* somebody typed after its end, and was told */
};

/* The monitor's command line. `text` belongs to the command while one is under way. */
struct console_line {
	char text[COMMAND_LINE_MAX];
	unsigned length;
	bool shown;     /* the cursor stands behind it */
	bool busy;      /* a command is under way */
	bool cancelled; /* ... and Ctrl-C was typed */
	bool after_cr;  /* "\r\n" is one end */
	enum { SEQUENCE_NONE, SEQUENCE_BEGUN, SEQUENCE_INSIDE } sequence; /* of a cursor key */
};

enum console_view { VIEW_ALL, VIEW_VM, VIEW_MONITOR };

struct console {
	struct spinlock lock;
	struct uart *uart; /* NULL: no console */
	bool interrupts;   /* the port has one */
	bool timers;       /* there are soft timers: output may wait */
	bool panicking;

	enum console_view view;
	unsigned nr_vms;
	unsigned focus; /* the VM that has the keyboard, in VIEW_VM and VIEW_ALL */
	unsigned turn;  /* whose ring is looked at first, in VIEW_ALL */

	/* output */
	struct console_ring stage;
	bool port_full;          /* something waits for the port, whose interrupt is on */
	bool mid_line;           /* something is on the current line ... */
	struct console_vm *open; /* ... of this VM; NULL: of Lintel */
	bool interactive;        /* somebody typed for the focus: what it sends is shown at once */
	struct soft_timer tick;
	uint64_t tick_at;         /* when; 0: not armed */
	uint64_t partial_at;      /* when the focus's unfinished line is shown; 0: there is none */
	uint32_t partial_written; /* ... if nothing was added to it */
	uint64_t hold_until;      /* the others' lines wait, so that the focus's one is not cut */
	uint64_t hold_limit;      /* ... but not longer */

	/* input */
	struct console_ring keys; /* for the monitor */
	bool receiving;           /* somebody reads the port */
	bool receive_again;       /* ... and must look once more */
	bool escaped;             /* the last character was the escape character */
	bool input_stopped;       /* no room: the port's interrupt is off */
	uint64_t give_up_at;      /* input_stopped: when to drop what comes, to see an escape */
	bool input_dropped;       /* it is so late, and nothing was read since */

	struct console_line line;
	struct console_vm vms[MAX_VMS];
};

extern struct console console;

static inline struct console_vm *console_focus(void)
{
	return &console.vms[console.focus];
}

static inline bool ring_full(const struct console_ring *ring)
{
	return ring->count == ring->size;
}

static inline bool ring_put(struct console_ring *ring, char c)
{
	if (ring_full(ring))
		return false;
	ring->text[(ring->first + ring->count) & (ring->size - 1)] = c;
	WRITE_ONCE(ring->count, ring->count + 1);
	return true;
}

/* The next character; there is one. */
static inline char ring_first(const struct console_ring *ring)
{
	return ring->text[ring->first];
}

static inline void ring_drop(struct console_ring *ring, unsigned count)
{
	ring->first = (ring->first + count) & (ring->size - 1);
	WRITE_ONCE(ring->count, ring->count - count);
}

/* --- console_output.c; the lock is held --- */

/* Characters as they are, and text with '\n' as "\r\n"; never lost. */
void console_emit(char c);
void console_emit_text(const char *text, size_t length);
void console_emit_format(const char *fmt, ...) __printf_like(1, 2);

/* Ends a line that somebody else began. */
void console_start_line(void);

void console_end_line(void);

/* As much of the stage as the port takes now. */
void console_send_stage(void);

/* The port is full: its interrupt, or where it has none the tick, goes on. */
void console_wait_for_port(void);

/* --- console_vms.c; the lock is held --- */

/* As much of the stage, and of the VMs in view, as the port takes now (within CONSOLE_PUMP_MAX). */
void console_pump(void);

/* The line that the VM has not ended yet, a prompt, is shown once more. */
void console_rewind(struct console_vm *to);

/* Shows a piece of what is left of any VM, in view or not; false: nothing is. */
bool console_show_rest(void);

/* An unfinished line of the focus, in the view of all, is shown when nothing is added to it for a
 * while: it may be a prompt. */
void console_watch_partial_line(const struct console_vm *from);

/* The tick: the focus's unfinished line may be due. */
void console_check_partial_line(uint64_t now);

/* UARTs that were told to wait, and needn't any more. Without the lock: it is taken, and their own
 * locks after it. */
void console_wake_vms(void);

/* --- console_port.c; the lock is held --- */

/* The tick comes in so many milliseconds, or sooner. */
void console_tick_within(unsigned ms);

/* --- console_view.c --- */

/* The view of all VMs, of one (the focus from now on), or the monitor's. Takes the lock. */
void console_set_view(enum console_view view, unsigned vm);

/* The keyboard goes to that VM; the view stays. Takes the lock. */
void console_set_focus(unsigned vm);

/* The key behind the escape character. Takes the lock. */
void console_key(char key);

/* Writes the escape character's name, "Ctrl-^", to at least CONSOLE_ESCAPE_NAME bytes. */
#define CONSOLE_ESCAPE_NAME 8
void console_escape_name(char *name);

/* --- console_input.c --- */

/* Takes what the port has received, and hands it on. Takes the lock. */
void console_receive(void);

/* Gives a VM's UART what waits for it. Takes the lock. */
void console_deliver(struct console_vm *to);

/* The target of input has room again, or is another one: the port is read on. The lock is held. */
void console_resume_input(void);

/* The tick: input was stopped, and nobody reads. Takes the lock. */
void console_check_stopped_input(uint64_t now);

/* --- console_line.c: the monitor's command line --- */

/* Shows it; ends it, before other text. Nothing in another view or while a command runs. The lock
 * is held. */
void console_show_prompt(void);
void console_hide_prompt(void);

/* What was typed for the monitor. True: that was the end of a line, which is to be looked at before
 * anything else is read. The lock is held. */
bool console_take_monitor_key(char c);

/* Edits by the keys that wait, and runs commands. One caller at a time; takes the lock. */
void console_edit(void);

/* The command that went on after it had returned is finished: the prompt, and the next keys. Takes
 * the lock. */
void console_command_end(void);

/* The person at the console looks elsewhere, or has typed Ctrl-C: no use in printing on. */
bool console_command_cancelled(void);

#endif
