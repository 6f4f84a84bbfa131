/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/format.h"
#include "hyp/base/string.h"

#define DIGITS_MAX 20 /* 2^64 in decimal */

struct output {
	void (*put)(void *ctx, char c);
	void *ctx;
	size_t count;
};

struct conversion {
	bool zero, left;
	unsigned width;
	int precision; /* -1: none */
	enum { SIZE_CHAR, SIZE_SHORT, SIZE_INT, SIZE_LONG } size;
};

static void put(struct output *out, char c)
{
	out->put(out->ctx, c);
	out->count++;
}

static void put_repeated(struct output *out, char c, size_t count)
{
	while (count--)
		put(out, c);
}

/* Text with its sign or prefix, filled up to the width. */
static void put_field(struct output *out, const struct conversion *conversion, const char *prefix,
	const char *text, size_t length)
{
	size_t prefix_length = strlen(prefix);
	size_t whole = prefix_length + length;
	size_t fill = conversion->width > whole ? conversion->width - whole : 0;

	if (!conversion->left && !conversion->zero)
		put_repeated(out, ' ', fill);
	while (prefix_length--)
		put(out, *prefix++);
	if (!conversion->left && conversion->zero)
		put_repeated(out, '0', fill);
	while (length--)
		put(out, *text++);
	if (conversion->left)
		put_repeated(out, ' ', fill);
}

static void put_number(struct output *out, const struct conversion *conversion, const char *prefix,
	uint64_t value, unsigned base, bool capitals)
{
	const char *digits = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[DIGITS_MAX];
	unsigned at = DIGITS_MAX;

	if (base == 16) {
		do {
			text[--at] = digits[value & 15];
			value >>= 4;
		} while (value);
	} else {
		do {
			text[--at] = digits[value % 10];
			value /= 10;
		} while (value);
	}
	put_field(out, conversion, prefix, text + at, DIGITS_MAX - at);
}

static void put_signed(struct output *out, const struct conversion *conversion, int64_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	put_number(out, conversion, value < 0 ? "-" : "", magnitude, 10, false);
}

static void put_text(struct output *out, struct conversion *conversion, const char *text)
{
	if (!text)
		text = "(null)";
	conversion->zero = false;
	put_field(out, conversion, "", text,
		conversion->precision < 0 ? strlen(text)
					  : strnlen(text, (size_t)conversion->precision));
}

static int64_t signed_argument(const struct conversion *conversion, va_list *args)
{
	if (conversion->size == SIZE_LONG)
		return va_arg(*args, int64_t);

	int value = va_arg(*args, int);

	if (conversion->size == SIZE_CHAR)
		return (signed char)value;
	return conversion->size == SIZE_SHORT ? (short)value : value;
}

static uint64_t unsigned_argument(const struct conversion *conversion, va_list *args)
{
	if (conversion->size == SIZE_LONG)
		return va_arg(*args, uint64_t);

	unsigned value = va_arg(*args, unsigned);

	if (conversion->size == SIZE_CHAR)
		return (unsigned char)value;
	return conversion->size == SIZE_SHORT ? (unsigned short)value : value;
}

/* A number of digits, or '*': the next argument. */
static const char *parse_count(const char *fmt, va_list *args, int *count)
{
	if (*fmt == '*') {
		*count = va_arg(*args, int);
		return fmt + 1;
	}
	for (*count = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
		*count = *count * 10 + (*fmt - '0');
	return fmt;
}

/* From behind the '%' to the letter that says which conversion it is. */
static const char *parse(const char *fmt, va_list *args, struct conversion *conversion)
{
	int count;

	*conversion = (struct conversion){ .precision = -1, .size = SIZE_INT };
	for (; *fmt == '0' || *fmt == '-'; fmt++) {
		conversion->zero |= *fmt == '0';
		conversion->left |= *fmt == '-';
	}
	fmt = parse_count(fmt, args, &count);
	if (count < 0) {
		conversion->left = true;
		count = -count;
	}
	conversion->width = (unsigned)count;
	if (*fmt == '.')
		fmt = parse_count(fmt + 1, args, &conversion->precision);
	if (conversion->left)
		conversion->zero = false;
	for (;; fmt++) {
		if (*fmt == 'l' || *fmt == 'z' || *fmt == 'j' || *fmt == 't')
			conversion->size = SIZE_LONG;
		else if (*fmt == 'h')
			conversion->size = conversion->size == SIZE_SHORT ? SIZE_CHAR : SIZE_SHORT;
		else
			return fmt;
	}
}

static void convert(struct output *out, char letter, struct conversion *conversion, va_list *args)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(out, conversion, signed_argument(conversion, args));
		break;
	case 'u':
		put_number(out, conversion, "", unsigned_argument(conversion, args), 10, false);
		break;
	case 'x':
	case 'X':
		put_number(out, conversion, "", unsigned_argument(conversion, args), 16,
			letter == 'X');
		break;
	case 'p':
		put_number(out, conversion, "0x", (uintptr_t)va_arg(*args, void *), 16, false);
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		conversion->zero = false;
		put_field(out, conversion, "", &c, 1);
		break;
	case 's':
		put_text(out, conversion, va_arg(*args, const char *));
		break;
	case '%':
		put(out, '%');
		break;
	default:
		/* Not one of ours: shown as it is, so that the mistake is seen. */
		put(out, '%');
		put(out, letter);
	}
}

size_t format_to(void (*put_char)(void *ctx, char c), void *ctx, const char *fmt, va_list args)
{
	struct output out = { .put = put_char, .ctx = ctx };
	struct conversion conversion;
	va_list copy;

	/* A va_list parameter may be an array: only a copy's address has the right type. */
	va_copy(copy, args);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(&out, *fmt);
			continue;
		}
		fmt = parse(fmt + 1, &copy, &conversion);
		if (!*fmt)
			break;
		convert(&out, *fmt, &conversion, &copy);
	}
	va_end(copy);
	return out.count;
}

struct buffer {
	char *text;
	size_t size, length;
};

static void put_in_buffer(void *ctx, char c)
{
	struct buffer *buffer = ctx;

	if (buffer->length + 1 < buffer->size)
		buffer->text[buffer->length++] = c;
}

size_t format_v(char *text, size_t size, const char *fmt, va_list args)
{
	struct buffer buffer = { .text = text, .size = size };
	size_t whole = format_to(put_in_buffer, &buffer, fmt, args);

	if (size)
		text[buffer.length] = '\0';
	return whole;
}

size_t format(char *text, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	size_t whole = format_v(text, size, fmt, args);

	va_end(args);
	return whole;
}
