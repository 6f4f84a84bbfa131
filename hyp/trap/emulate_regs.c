/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers as the bytes that they are in the guest's memory.
 */
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/mmio_access.h"
#include "hyp/base/string.h"
#include "hyp/trap/emulate_access.h"

#define VECTOR_BYTES 16

/* Lintel is little-endian: a register's lowest byte is its first. */
struct vector {
	uint8_t byte[VECTOR_BYTES];
};

static struct vector vector_read(unsigned n)
{
	uint64_t value[2];
	struct vector vector;

	fpsimd_read(n, value);
	memcpy(&vector, value, sizeof(vector));
	return vector;
}

static void vector_write(unsigned n, const struct vector *vector)
{
	uint64_t value[2];

	memcpy(value, vector, sizeof(value));
	fpsimd_write(n, value);
}

/* Copies `width` bytes; of a big-endian guest each `element` of them is turned round. */
static void copy_swapped(
	uint8_t *to, const uint8_t *from, unsigned width, unsigned element, bool big_endian)
{
	for (unsigned i = 0; i < width; i++)
		to[i] = from[big_endian ? i ^ (element - 1) : i];
}

static unsigned lane_offset(const struct insn *insn)
{
	return insn->lane < 0 ? 0 : (unsigned)insn->lane * insn->width;
}

void emulate_collect(const struct insn *insn, const struct guest_regs *regs, bool big_endian,
	uint8_t data[ACCESS_BYTES_MAX])
{
	for (unsigned n = 0; n < insn->count; n++) {
		uint8_t *at = data + n * insn->width;

		if (insn->simd) {
			struct vector vector = vector_read(insn->reg[n]);

			copy_swapped(at, vector.byte + lane_offset(insn), insn->width,
				insn->element, big_endian);
		} else {
			struct mmio_access access = mmio_access_from_insn(insn, n, 0, big_endian);
			uint64_t value = mmio_store_value(&access, regs);

			memcpy(at, &value, insn->width);
		}
	}
}

/* Of the whole register what is not loaded becomes zero; of one lane the rest stays. */
static void load_vector(const struct insn *insn, unsigned n, bool big_endian, const uint8_t *from)
{
	struct vector vector = { { 0 } };
	unsigned first = lane_offset(insn), end = first + insn->width;

	if (insn->replicate)
		end = insn->full ? VECTOR_BYTES : VECTOR_BYTES / 2;
	else if (insn->lane >= 0)
		vector = vector_read(insn->reg[n]);
	for (unsigned at = first; at < end; at += insn->width)
		copy_swapped(vector.byte + at, from, insn->width, insn->element, big_endian);
	vector_write(insn->reg[n], &vector);
}

void emulate_load_done(const struct insn *insn, struct guest_regs *regs, bool big_endian,
	const uint8_t data[ACCESS_BYTES_MAX])
{
	for (unsigned n = 0; n < insn->count; n++) {
		const uint8_t *from = data + n * insn->width;

		if (insn->simd) {
			load_vector(insn, n, big_endian, from);
		} else {
			struct mmio_access access = mmio_access_from_insn(insn, n, 0, big_endian);
			uint64_t value = 0;

			memcpy(&value, from, insn->width);
			mmio_load_done(&access, regs, value);
		}
	}
}
