/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/emulate_model.h"

#include "hyp/trap/cmo.h"
#include "hyp/trap/triage.h"
#include "hyp/vm/inject.h"
#include "mm/guest_mem.h"

uint8_t model_bytes[NR_MODEL_PLACES][PAGE_SIZE];
struct model_page model_pages[MODEL_PAGES];
struct vm model_vm;
struct vcpu model_vcpu;
struct device_region *model_device, *model_words;
uint32_t model_instruction;
enum status model_fetch, model_give, model_read;
bool model_user, model_stores_ignored;
unsigned model_given, model_logs, model_retries;
uint64_t model_synced;
struct model_access model_log[64];
unsigned model_accesses;
enum mmio_result model_result;
unsigned model_result_of;
__typeof__(model_cmo) model_cmo;

static struct {
	struct guest_regs regs;
	struct fpsimd_state fpsimd;
	uint64_t sp0, sp1;
	uint8_t bytes[NR_MODEL_PLACES][PAGE_SIZE];
} before;

/* --- the IPA space --- */

static const uint64_t ipas[NR_MODEL_PLACES] = {
	[MODEL_RAM] = 0x40000000,
	[MODEL_RAM2] = 0x40001000,
	[MODEL_LAZY] = 0x40200000,
	[MODEL_ROM] = 0x20000000,
	[MODEL_ROM_LAZY] = 0x20200000,
	[MODEL_SHARED] = 0x10000000,
	[MODEL_READER] = 0x10200000,
	[MODEL_DEVICE] = 0x09000000,
	[MODEL_WORDS] = 0x09001000,
	[MODEL_SMALL] = 0x09002000,
	[MODEL_HOLE] = 0x0a000000,
	[MODEL_BEYOND] = BIT(MODEL_IPABITS),
};

static const struct stage2_region ram = { .prot = MEM_RWX }, rom = { .prot = MEM_R | MEM_X };
static struct stage2_share shared = { .prot = MEM_RW }, reader = { .prot = MEM_R };

uint64_t model_ipa(enum model_place place)
{
	return ipas[place];
}

static enum model_place place_of(uint64_t ipa)
{
	enum model_place place = 0;

	while (place < MODEL_HOLE && ipas[place] != ALIGN_DOWN(ipa, PAGE_SIZE))
		place++;
	return place;
}

static bool is_lazy(enum model_place place)
{
	return (place == MODEL_LAZY || place == MODEL_ROM_LAZY) && !model_given;
}

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	enum model_place place = place_of(ipa.ipa);

	assert_ptr_equal(s2, &model_vm.stage2);
	if (place <= MODEL_LAZY)
		return &ram;
	return place <= MODEL_ROM_LAZY ? &rom : NULL;
}

const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa)
{
	enum model_place place = place_of(ipa.ipa);

	assert_ptr_equal(s2, &model_vm.stage2);
	reader.ignore_stores = model_stores_ignored;
	return place == MODEL_SHARED ? &shared : place == MODEL_READER ? &reader : NULL;
}

bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	assert_ptr_equal(s2, &model_vm.stage2);
	memset(page, 0, sizeof(*page));
	return !is_lazy(place_of(ipa.ipa));
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &model_vm.stage2);
	assert_true(is_lazy(place_of(ipa.ipa)));
	model_given++;
	return model_give;
}

static void note(uint64_t ipa, unsigned width, bool write, enum mmio_result result)
{
	assert_true(model_accesses < ARRAY_SIZE(model_log));
	model_log[model_accesses++] = (struct model_access){ ipa, width, write, result };
}

enum status guest_read(struct stage2 *s2, ipa_t ipa, void *destination, size_t size)
{
	enum model_place place = place_of(ipa.ipa);
	uint64_t offset = ipa.ipa % PAGE_SIZE;

	assert_ptr_equal(s2, &model_vm.stage2);
	assert_true(offset + size <= PAGE_SIZE);
	if (place > MODEL_ROM_LAZY || is_lazy(place))
		return ERR_FAULT;
	if (model_read != OK)
		return model_read;
	memcpy(destination, &model_bytes[place][offset], size);
	return OK;
}

enum status guest_write(struct stage2 *s2, ipa_t ipa, const void *source, size_t size)
{
	enum model_place place = place_of(ipa.ipa);
	uint64_t offset = ipa.ipa % PAGE_SIZE;

	assert_ptr_equal(s2, &model_vm.stage2);
	assert_true(offset + size <= PAGE_SIZE);
	note(ipa.ipa, (unsigned)size, true, MMIO_DONE);
	if (place > MODEL_LAZY || is_lazy(place))
		return ERR_FAULT;
	memcpy(&model_bytes[place][offset], source, size);
	return OK;
}

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	assert_ptr_equal(s2, &model_vm.stage2);
	assert_non_null(stage2_region_find(s2, ipa));
	model_synced += size;
}

/* --- devices: each is given its contents as what it is --- */

static enum mmio_result result_now(void)
{
	return model_accesses == model_result_of ? model_result : MMIO_DONE;
}

static uint64_t ipa_of(const uint8_t *device, uint64_t offset)
{
	uint64_t at = (uint64_t)(device - model_bytes[0]);

	return ipas[at / PAGE_SIZE] + at % PAGE_SIZE + offset;
}

static enum mmio_result device_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	enum mmio_result result = result_now();

	assert_ptr_equal(vcpu, &model_vcpu);
	assert_int_equal(*value, 0);
	note(ipa_of(device, offset), width, false, result);
	memcpy(value, (uint8_t *)device + offset, width);
	return result;
}

static enum mmio_result device_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	enum mmio_result result = result_now();

	assert_ptr_equal(vcpu, &model_vcpu);
	note(ipa_of(device, offset), width, true, result);
	if (result == MMIO_DONE)
		memcpy((uint8_t *)device + offset, &value, width);
	assert_true(width == 8 || value >> (8 * width) == 0);
	return result;
}

static const struct device_ops ops = { "fake", device_read, device_write };

static void add_device(enum model_place place, uint64_t offset, uint64_t size, uint16_t widths)
{
	assert_int_equal(device_add(&model_vm, ipas[place] + offset, size,
				 &model_bytes[place][offset], &ops, widths),
		OK);
}

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

/* --- stage 1 --- */

struct walk_memory walk_memory_of(struct stage2 *s2)
{
	return (struct walk_memory){ .context = s2 };
}

enum status walk_s1(const struct regime *regime, const struct walk_memory *memory, gva_t gva,
	bool fetch, bool user, struct s1_result *result)
{
	uint64_t n = ((gva.gva - MODEL_VA) & GENMASK(55, 0)) / PAGE_SIZE;
	const struct model_page *page = &model_pages[n];

	(void)regime;
	assert_ptr_equal(memory->context, &model_vm.stage2);
	assert_true(n < MODEL_PAGES);
	assert_false(fetch);
	model_user = user;
	*result = (struct s1_result){ .fst = page->fst };
	if (page->status != OK)
		return page->status;
	*result = (struct s1_result){
		.ipa = { ipas[page->place] + gva.gva % PAGE_SIZE },
		.attr = page->attr,
		.level = page->level,
		.priv = page->priv,
		.user = page->user,
		.desc = page->desc,
	};
	return OK;
}

enum status walk_s1_fetch(
	const struct regime *regime, struct stage2 *s2, gva_t gva, bool user, uint32_t *instruction)
{
	(void)regime;
	assert_ptr_equal(s2, &model_vm.stage2);
	assert_int_equal(gva.gva, model_vcpu.regs.pc);
	assert_int_equal(user, (model_vcpu.regs.pstate & PSTATE_MODE_MASK) == PSTATE_EL0T);
	if (model_fetch == OK)
		*instruction = model_instruction;
	return model_fetch;
}

void model_map(unsigned n, enum model_place place, uint8_t attr)
{
	model_pages[n] = (struct model_page){
		.place = place, .attr = attr, .level = 3, .priv = MEM_RWX, .user = MEM_RW
	};
}

/* --- others --- */

void vcpu_log(struct vcpu *vcpu, const char *fmt, ...)
{
	(void)fmt;
	assert_ptr_equal(vcpu, &model_vcpu);
	model_logs++;
}

enum exit_result cmo_handle_insn(struct vcpu *vcpu, uint64_t esr, enum cmo_op op, ipa_t ipa)
{
	assert_ptr_equal(vcpu, &model_vcpu);
	model_cmo.calls++;
	model_cmo.op = op;
	model_cmo.esr = esr;
	model_cmo.ipa = ipa.ipa;
	return EXIT_SKIP;
}

enum exit_result triage_retry(struct vcpu *vcpu, uint64_t esr, uint64_t far)
{
	assert_ptr_equal(vcpu, &model_vcpu);
	assert_int_equal(ESR_GET_EC(esr), EC_DATA_ABORT_LOWER);
	(void)far;
	model_retries++;
	return EXIT_RESUME;
}

int model_setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&model_vcpu, 0, sizeof(model_vcpu));
	model_vm = (struct vm){
		.stage2.ipa_bits = MODEL_IPABITS, .nr_vcpus = 1, .vcpus = { &model_vcpu }
	};
	add_device(MODEL_DEVICE, 0, PAGE_SIZE, WIDTHS_ALL);
	add_device(MODEL_WORDS, 0, PAGE_SIZE, WIDTHS_4_8);
	add_device(MODEL_SMALL, 0x800, 4, WIDTHS_ALL);
	add_device(MODEL_SMALL, 0x808, 8, WIDTHS_ALL);
	add_device(MODEL_SMALL, 0x814, 4, WIDTHS_ALL);
	model_device = device_find(model_vm.devices, ipas[MODEL_DEVICE], 1);
	model_words = device_find(model_vm.devices, ipas[MODEL_WORDS], 1);
	model_vcpu.vm = &model_vm;
	model_vcpu.regs.pc = MODEL_PC;
	model_vcpu.regs.pstate = PSTATE_EL1H;
	for (unsigned i = 0; i < 31; i++)
		model_vcpu.regs.x[i] = UINT64_C(0x0101010101010101) * (i + 1);
	for (unsigned i = 0; i < 32; i++)
		memset(fake_fpsimd.v[i], (int)(0x81 + i), sizeof(fake_fpsimd.v[i]));
	for (unsigned i = 0; i < NR_MODEL_PLACES; i++)
		for (unsigned at = 0; at < PAGE_SIZE; at++)
			model_bytes[i][at] = i < MODEL_SMALL ? (uint8_t)(0x80 + at + 7 * i) : 0;
	memset(&model_cmo, 0, sizeof(model_cmo));
	model_give = model_fetch = model_read = OK;
	model_stores_ignored = false;
	model_given = model_logs = model_accesses = 0;
	model_synced = 0;
	model_result_of = ~0U;
	return 0;
}

int model_teardown(void **state)
{
	(void)state;
	device_table_destroy(&model_vm);
	return 0;
}

void model_remember(void)
{
	before.regs = model_vcpu.regs;
	before.fpsimd = fake_fpsimd;
	before.sp0 = fake_reg(SP_EL0);
	before.sp1 = fake_reg(SP_EL1);
	memcpy(before.bytes, model_bytes, sizeof(before.bytes));
}

void model_assert_unchanged(void)
{
	assert_memory_equal(&before.regs, &model_vcpu.regs, sizeof(before.regs));
	assert_memory_equal(before.fpsimd.v, fake_fpsimd.v, sizeof(before.fpsimd.v));
	assert_int_equal(before.sp0, fake_reg(SP_EL0));
	assert_int_equal(before.sp1, fake_reg(SP_EL1));
	assert_memory_equal(before.bytes, model_bytes, sizeof(before.bytes));
}

uint64_t model_iss;

enum exit_result model_run(uint32_t instruction, uint64_t iss, uint64_t far)
{
	model_instruction = instruction;
	model_accesses = model_retries = 0;
	model_iss = iss;
	model_vcpu.exits[EC_DATA_ABORT_LOWER]++;
	model_vcpu.inject = (struct injection){ 0 };
	model_remember();
	return emulate_instruction(
		&model_vcpu, ESR_MAKE(EC_DATA_ABORT_LOWER, iss | FSC_TRANSLATION | 3), far);
}
