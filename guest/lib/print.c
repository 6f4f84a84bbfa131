/* SPDX-License-Identifier: BSD-3-Clause */
#include "print.h"
#include "mmio.h"
#include "regs.h"
#include "spinlock.h"

#define UARTDR      0x00
#define UARTFR      0x18
#define UARTFR_TXFF BIT(5)

#define LINE_MAX    256
#define DIGITS_MAX  20

struct out {
	char *text;
	size_t size;
	size_t length;
};

/* How a conversion was written: %-08lx. */
struct spec {
	u32 width;
	bool zero;
	bool left;
	bool wide;
};

static struct spinlock uart_lock;

static void put(struct out *out, char c)
{
	if (out->length + 1 < out->size)
		out->text[out->length++] = c;
}

static void put_padded(struct out *out, const char *text, size_t length, const struct spec *spec)
{
	char pad = spec->zero && !spec->left ? '0' : ' ';
	size_t fill = spec->width > length ? spec->width - length : 0;

	for (size_t i = 0; !spec->left && i < fill; i++)
		put(out, pad);
	for (size_t i = 0; i < length; i++)
		put(out, text[i]);
	for (size_t i = 0; spec->left && i < fill; i++)
		put(out, ' ');
}

static void put_number(struct out *out, u64 value, u32 base, bool negative, const struct spec *spec)
{
	char digits[DIGITS_MAX + 1];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative)
		digits[--at] = '-';
	put_padded(out, digits + at, sizeof(digits) - at, spec);
}

static void put_signed(struct out *out, s64 value, const struct spec *spec)
{
	put_number(out, value < 0 ? -(u64)value : (u64)value, 10, value < 0, spec);
}

static const char *parse_spec(const char *format, struct spec *spec)
{
	*spec = (struct spec){ 0 };
	for (; *format == '0' || *format == '-'; format++) {
		if (*format == '0')
			spec->zero = true;
		else
			spec->left = true;
	}
	for (; *format >= '0' && *format <= '9'; format++)
		spec->width = spec->width * 10 + (u32)(*format - '0');
	for (; *format == 'l' || *format == 'z'; format++)
		spec->wide = true;
	return format;
}

static void convert(struct out *out, char what, struct spec *spec, va_list *args)
{
	const char *text;

	switch (what) {
	case 'c':
		put(out, (char)va_arg(*args, int));
		break;
	case 's':
		text = va_arg(*args, const char *);
		put_padded(out, text, strlen(text), spec);
		break;
	case 'd':
		put_signed(out, spec->wide ? va_arg(*args, s64) : va_arg(*args, s32), spec);
		break;
	case 'u':
	case 'x':
		put_number(out, spec->wide ? va_arg(*args, u64) : va_arg(*args, u32),
			what == 'x' ? 16 : 10, false, spec);
		break;
	case 'p':
		put_number(out, (u64)va_arg(*args, void *), 16, false, spec);
		break;
	default:
		put(out, what);
		break;
	}
}

size_t format_text(char *buffer, size_t size, const char *format, va_list args)
{
	struct out out = { .text = buffer, .size = size };
	va_list copy;

	va_copy(copy, args);
	while (*format) {
		struct spec spec;

		if (*format != '%') {
			put(&out, *format++);
			continue;
		}
		format = parse_spec(format + 1, &spec);
		if (!*format)
			break;
		convert(&out, *format++, &spec, &copy);
	}
	va_end(copy);
	buffer[out.length] = '\0';
	return out.length;
}

void print(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;
	size_t length;
	u64 daif = mrs(daif);

	va_start(args, format);
	length = format_text(line, sizeof(line), format, args);
	va_end(args);
	irq_disable();
	spin_lock(&uart_lock);
	for (size_t i = 0; i < length; i++) {
		while (mmio_read32(UART_BASE + UARTFR) & UARTFR_TXFF)
			cpu_relax();
		mmio_write32(UART_BASE + UARTDR, (u8)line[i]);
	}
	spin_unlock(&uart_lock);
	msr(daif, daif);
}
