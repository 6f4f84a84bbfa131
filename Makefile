# SPDX-License-Identifier: BSD-3-Clause
#
# The one entry for people and CI: `make help` lists what it does.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/bash

# As many jobs as there are CPUs, unless told (make JOBS=1).
JOBS ?= $(shell nproc)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif

# Everything that is built goes below $(O); what is fetched goes to a cache, which `make clean` leaves alone.
O ?= build
LINTEL_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lintel
export LINTEL_CACHE
RELEASE := $(shell . /etc/os-release && echo $${VERSION_CODENAME:-unknown})

.DEFAULT_GOAL := all

# ---------------------------------------------------------------------------------------------------------------
# Toolchains: TOOLCHAIN=gcc (the Arm GNU toolchain where it is there, else the packaged cross compiler),
# none-elf, gnu-linux or clang. TC is the one it comes down to.

TOOLCHAIN ?= gcc
NONE_ELF_GCC := $(firstword $(shell command -v aarch64-none-elf-gcc 2>/dev/null) \
	$(wildcard $(LINTEL_CACHE)/toolchain/usr/bin/aarch64-none-elf-gcc))

ifeq ($(TOOLCHAIN),gcc)
TC := $(if $(NONE_ELF_GCC),none-elf,gnu-linux)
else
TC := $(TOOLCHAIN)
endif
ifeq ($(filter $(TC),gnu-linux none-elf clang),)
$(error TOOLCHAIN=$(TOOLCHAIN): use gcc, none-elf, gnu-linux or clang)
endif

GNU := aarch64-linux-gnu-
PICOLIBC := /usr/lib/picolibc/aarch64-linux-gnu
PICOLIBC_LIB := $(PICOLIBC)/lib/libc.a
ifeq ($(TC),none-elf)
GNU := $(NONE_ELF_GCC:gcc=)
# The variant without SIMD in its string functions; a toolchain without picolibc borrows the packaged one.
PICOLIBC_NONE_ELF := $(abspath $(dir $(NONE_ELF_GCC))../aarch64-none-elf)
ifneq ($(wildcard $(PICOLIBC_NONE_ELF)/lib/space/libc.a),)
PICOLIBC := $(PICOLIBC_NONE_ELF)
PICOLIBC_LIB := $(PICOLIBC)/lib/space/libc.a
endif
endif

ifeq ($(TC),clang)
CC := clang --target=aarch64-none-elf
CC_EL2 :=
LD := ld.lld
CC_INCLUDE = $(shell clang -print-resource-dir)/include
CC_ONLY := -Wno-unused-command-line-argument -Wno-gnu-variable-sized-type-not-at-end
LIBGCC = $(shell $(GNU)gcc -print-libgcc-file-name)
else
CC := $(GNU)gcc
LD := $(GNU)ld
CC_INCLUDE = $(shell $(CC) -print-file-name=include)
# No-ops before a loop's first instruction cost what they are: instructions. What could be computed in front of the run
# loop is, but not where it has to be put on the stack for it.
CC_EL2 := -fno-align-loops -fira-loop-pressure
# A magic number in a char array needs no NUL.
CC_ONLY := -Wno-unterminated-string-initialization
LIBGCC = $(shell $(CC) -print-libgcc-file-name)
endif
OBJCOPY := $(GNU)objcopy
NM := $(GNU)nm

# Where the objects and the image of this toolchain are; $(O)/lintel.* is a copy of the last one built.
B := $(O)/$(TC)

FDT := $(LINTEL_CACHE)/libfdt-$(RELEASE)
FDT_LIB := $(FDT)/libfdt.a
BEARSSL := $(LINTEL_CACHE)/bearssl-$(RELEASE)
BEARSSL_LIB := $(BEARSSL)/libbearssl.a

# ---------------------------------------------------------------------------------------------------------------
# Flags. Headers come from the compiler, picolibc and libfdt (for hyp/crypto from BearSSL, too), never from the
# machine's own C library.

INCLUDES = -I. -I$(B)/gen -nostdinc -isystem $(CC_INCLUDE) -isystem $(PICOLIBC)/include -isystem $(FDT)/usr/include
WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow
COMMON_FLAGS = -std=gnu17 -Dstatic_assert=_Static_assert -O2 -g -ffreestanding -fno-common -march=armv8-a -mno-outline-atomics \
	-mstrict-align -ffile-prefix-map=$(CURDIR)/= $(WARNINGS) $(CC_ONLY) $(INCLUDES)

EL2_FLAGS = $(COMMON_FLAGS) $(CC_EL2) -fPIE -fvisibility=hidden -mgeneral-regs-only \
	-mbranch-protection=standard -fstack-protector-strong -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -include hyp/base/compiler.h
EL2_ASFLAGS = $(filter-out -include hyp/base/compiler.h,$(EL2_FLAGS)) -D__ASSEMBLER__
EL2_LDFLAGS := -pie --no-dynamic-linker -z text -z max-page-size=4096 -z norelro --no-apply-dynamic-relocs \
	--build-id=none --orphan-handling=error --fatal-warnings -T linker.ld

GUEST_FLAGS = $(COMMON_FLAGS) -Iguest/lib -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-unwind-tables -ffunction-sections -fdata-sections
GUEST_LDFLAGS := -static -z max-page-size=4096 --build-id=none --gc-sections -T guest/lib/guest.ld
# A flat binary is one piece that is all: no reason to warn.
ifneq ($(TC),clang)
GUEST_LDFLAGS += --no-warn-rwx-segments
endif

HOST_CC ?= gcc
HOST_FLAGS := -DLINTEL_HOST -Dstatic_assert=_Static_assert -std=gnu17 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer --coverage -Wall -Wextra -Werror -I. -I$(O)/unit/gen -include hyp/base/compiler.h

# ---------------------------------------------------------------------------------------------------------------
# The EL2 image

EL2_C := $(filter-out hyp/arch/asm_offsets.c, \
	$(wildcard boot/*.c hyp/*/*.c mm/*.c drivers/*.c drivers/*/*.c))
EL2_S := $(wildcard boot/*.S hyp/*/*.S drivers/*/*.S)
EL2_OBJ := $(EL2_C:%.c=$(B)/obj/%.o) $(EL2_S:%.S=$(B)/obj/%.S.o)
EL2_LIBS := $(FDT_LIB) $(BEARSSL_LIB) $(PICOLIBC_LIB)

.PHONY: all image
all image: $(B)/lintel.bin
	@mkdir -p $(O)
	@cmp -s $(B)/lintel.elf $(O)/lintel.elf || cp $(B)/lintel.elf $(O)/lintel.elf
	@cmp -s $(B)/lintel.bin $(O)/lintel.bin || cp $(B)/lintel.bin $(O)/lintel.bin
	@echo "$(O)/lintel.bin: $$(stat -c %s $(O)/lintel.bin) bytes ($(TC))"

$(FDT_LIB):
	@tools/setup --check build
	@tools/fetch libfdt >/dev/null

$(BEARSSL_LIB):
	@tools/setup --check build
	@tools/fetch bearssl >/dev/null

# One room calls it.
$(B)/obj/hyp/crypto/%.o: INCLUDES += -isystem $(BEARSSL)/usr/include
$(filter $(B)/obj/hyp/crypto/%,$(EL2_OBJ)): | $(BEARSSL_LIB)

# What the compiled structures look like, for assembly: each DEFINE() leaves a marker in the compiler's output.
$(B)/gen/asm_offsets.h: $(wildcard hyp/arch/asm_offsets.c) Makefile | $(FDT_LIB)
	@mkdir -p $(@D)
ifneq ($(wildcard hyp/arch/asm_offsets.c),)
	@echo "  GEN     $@"
	@$(CC) $(filter-out -fstack-protector-strong,$(EL2_FLAGS)) $(if $(filter clang,$(TC)),-fno-integrated-as) \
		-MMD -MP -MF $@.d -MT $@ -S -o $@.s hyp/arch/asm_offsets.c
	@{ echo "/* Made from hyp/arch/asm_offsets.c. */"; \
		sed -n 's/.*->\([A-Za-z_][A-Za-z_0-9]*\)[[:space:]]*[#$$]*\(-\{0,1\}[0-9a-fA-FxX]*\).*/#define \1 \2/p' $@.s; \
	} >$@
else
	@echo "/* No hyp/arch/asm_offsets.c. */" >$@
endif

$(B)/obj/%.o: %.c Makefile | $(FDT_LIB)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(EL2_FLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/%.S.o: %.S $(B)/gen/asm_offsets.h Makefile | $(FDT_LIB)
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CC) $(EL2_ASFLAGS) $(AS_EXTRA) -MMD -MP -c -o $@ $<

$(B)/obj/boot/builtin_bundle.S.o: AS_EXTRA = -DBUILTIN_BUNDLE='"$(B)/bundle.cpio"'
$(B)/obj/boot/builtin_bundle.S.o: $(B)/bundle.cpio

# Where the ELF form is loaded (the raw image runs at any multiple of 2 MiB).
ELF_LOAD_ADDRESS := 0x40200000

# Twice: the first link says where the functions are, the second has the table of their names.
$(B)/lintel.pass1.elf: $(EL2_OBJ) $(EL2_LIBS) linker.ld
	@echo "  LD      $@"
	@$(LD) $(EL2_LDFLAGS) -o $@ $(EL2_OBJ) --start-group $(EL2_LIBS) --end-group

$(B)/symtab.bin: $(B)/lintel.pass1.elf tools/symtab
	@echo "  SYMTAB  $@"
	@$(NM) -n $< | tools/symtab make $@

$(B)/symtab.o: $(B)/symtab.bin
	@printf '.section .symtab_lintel, "a"\n.incbin "%s"\n.section .note.GNU-stack, "", %%progbits\n' $< >$(B)/symtab.s
	@$(CC) $(filter-out -I% -isystem%,$(CC_ONLY)) -c -o $@ $(B)/symtab.s

$(B)/lintel.elf: $(B)/symtab.o tools/check-image
	@echo "  LD      $@"
	@$(LD) $(EL2_LDFLAGS) -Map=$(B)/lintel.map -o $@.tmp $(EL2_OBJ) $(B)/symtab.o --start-group $(EL2_LIBS) --end-group
	@$(NM) -n $@.tmp | tools/symtab compare $(B)/symtab.bin
	@tools/check-image --prefix=$(GNU) --map=$(B)/lintel.map --bearssl=$(BEARSSL_LIB) $@.tmp
	@# Linked at 0; loaders of ELF files (QEMU, debuggers) put it where RAM is on QEMU's virt.
	@$(OBJCOPY) --change-section-lma '*+$(ELF_LOAD_ADDRESS)' $@.tmp 2>/dev/null
	@mv $@.tmp $@

$(B)/lintel.bin: $(B)/lintel.elf
	@$(OBJCOPY) -O binary $< $@

-include $(EL2_OBJ:.o=.d) $(B)/gen/asm_offsets.h.d

# ---------------------------------------------------------------------------------------------------------------
# Payloads: guest/lib + guest/<name> make $(B)/guest/<name>.bin; guest/bundle.dts names those that are built in.

GUEST_LIB_OBJ := $(patsubst %,$(B)/obj/%.o,$(wildcard guest/lib/*.c guest/lib/*.S))
PAYLOADS := $(filter-out lib aarch32 el3,$(sort $(patsubst guest/%/,%,$(dir $(wildcard guest/*/*.c guest/*/*.S)))))
PAYLOAD_BINS := $(PAYLOADS:%=$(B)/guest/%.bin) $(B)/guest/aarch32.bin $(B)/guest/el3.bin

$(B)/obj/guest/%.c.o: guest/%.c Makefile | $(FDT_LIB)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(GUEST_FLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/guest/%.S.o: guest/%.S Makefile | $(FDT_LIB)
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CC) $(GUEST_FLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

define PAYLOAD_RULE
$(1)_OBJ := $$(GUEST_LIB_OBJ) $$(patsubst %,$$(B)/obj/%.o,$$(wildcard guest/$(1)/*.c guest/$(1)/*.S))
$$(B)/guest/$(1).elf: $$($(1)_OBJ) guest/lib/guest.ld
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@$$(LD) $$(GUEST_LDFLAGS) -o $$@ $$($(1)_OBJ) --start-group $$(PICOLIBC_LIB) $$(LIBGCC) --end-group
-include $$($(1)_OBJ:.o=.d)
endef
$(foreach p,$(PAYLOADS),$(eval $(call PAYLOAD_RULE,$(p))))

$(B)/guest/%.bin: $(B)/guest/%.elf
	@$(OBJCOPY) -O binary $< $@

# The 32-bit one is assembler, for an assembler of its own, and a flat binary; the preprocessor is any compiler's.
ARM := arm-none-eabi-
AARCH32_OBJ := $(patsubst %,$(B)/obj/%.o,$(wildcard guest/aarch32/*.S))

$(B)/obj/guest/aarch32/%.S.o: guest/aarch32/%.S guest/aarch32/macros.h Makefile | $(FDT_LIB)
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CC) -E -P -D__ASSEMBLER__ -nostdinc -o $(@:.o=.s) $<
	@$(ARM)as --fatal-warnings -mno-warn-deprecated -o $@ $(@:.o=.s)

$(B)/guest/aarch32.elf: $(AARCH32_OBJ) guest/aarch32/aarch32.ld
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(ARM)ld --build-id=none --no-warn-rwx-segments -T guest/aarch32/aarch32.ld -o $@ $(AARCH32_OBJ)

$(B)/guest/aarch32.bin: $(B)/guest/aarch32.elf
	@$(ARM)objcopy -O binary $< $@

# No payload: firmware at EL3, which tests/qemu/firmware starts Lintel by. It must not touch SIMD registers.
EL3_OBJ := $(patsubst %,$(B)/obj/%.o,$(wildcard guest/el3/*.c guest/el3/*.S))
$(B)/obj/guest/el3/%.c.o: GUEST_FLAGS += -mgeneral-regs-only -fno-builtin $(if $(filter clang,$(TC)),,-fno-tree-loop-distribute-patterns)
$(B)/guest/el3.elf: $(EL3_OBJ) guest/el3/el3.ld
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(LD) -static -z max-page-size=4096 --build-id=none -T guest/el3/el3.ld -o $@ $(EL3_OBJ)
-include $(EL3_OBJ:.o=.d)

.PHONY: payloads
payloads: $(PAYLOAD_BINS)

# No payload either: Lintel's walkers beside the CPU's own AT (tests/qemu/at-differential), linked from the image's objects.
AT_LINTEL := $(patsubst %.c,$(B)/obj/%.o,$(filter-out mm/walk_guest.c,$(wildcard mm/walk_*.c)) hyp/nested/at_op.c \
	hyp/nested/at_walk.c hyp/nested/par.c hyp/base/format.c hyp/base/string.c)
AT_OWN := $(patsubst %,$(B)/obj/%.o,$(wildcard tests/at/*.S)) $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/at/*.c))
AT_LDFLAGS := -static --no-dynamic-linker -z max-page-size=4096 -z noexecstack --build-id=none -T tests/at/at.ld
ifneq ($(TC),clang)
AT_LDFLAGS += --no-warn-rwx-segments
endif
$(B)/at.elf: $(AT_OWN) $(AT_LINTEL) tests/at/at.ld
	@echo "  LD      $@"
	@$(LD) $(AT_LDFLAGS) -o $@ $(AT_OWN) $(AT_LINTEL) $(PICOLIBC_LIB)

# The same with one line of Lintel's changed.
AT_MUTANTS := $(patsubst tests/at/mutants/%,$(B)/at-mutants/%.elf,$(wildcard tests/at/mutants/*))
$(B)/at-mutants/%.elf: tests/at/mutants/% tests/at/mutate $(AT_OWN) $(AT_LINTEL) tests/at/at.ld
	@mkdir -p $(@D)
	@echo "  MUTANT  $*"
	@source=$$(tests/at/mutate $< $(@:.elf=.c)) && \
		$(CC) $(EL2_FLAGS) -Wno-unused -c -o $(@:.elf=.o) $(@:.elf=.c) && \
		$(LD) $(AT_LDFLAGS) -o $@ $(@:.elf=.o) \
			$$(printf '%s\n' $(AT_OWN) $(AT_LINTEL) | grep -vx "$(B)/obj/$${source%.c}.o") $(PICOLIBC_LIB)
.PHONY: at-programs
at-programs: $(B)/at.elf $(AT_MUTANTS)
-include $(AT_OWN:.o=.d)

# guest/NAME.dts is a manifest over the payloads: $(B)/NAME.cpio. bundle.dts is the one that is built in.
$(B)/%.cpio: guest/%.dts tools/pack-bundle tools/manifestlib.py tools/calllib.py tools/placelib.py hyp/bundle/schema.def $(PAYLOAD_BINS)
	@mkdir -p $(@D)
	@echo "  PACK    $@"
	@tools/pack-bundle $@ $< $(B)/guest

ifeq ($(wildcard guest/bundle.dts),)
$(B)/bundle.cpio: Makefile
	@mkdir -p $(@D)
	@: >$@
endif

# ---------------------------------------------------------------------------------------------------------------
# Unit tests: each tests/unit/test_*.c is a program of its own for this machine.

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_BINS := $(UNIT_TESTS:%=$(O)/unit/%)
UNIT_RULES := $(O)/unit/rules.mk

ifneq ($(filter unit-build unit test do-test coverage,$(MAKECMDGOALS)),)
$(UNIT_RULES): $(wildcard tests/unit/test_*.c tests/unit/fake/*.c) tools/unit-rules Makefile
	@mkdir -p $(@D)
	@tools/unit-rules $(O)/unit tests/unit >$@
-include $(UNIT_RULES)
endif

# The tables of docs/aborts.md, for the tests that hold the code against them.
$(O)/unit/gen/doc_aborts.h: docs/aborts.md tools/doc-tables
	@mkdir -p $(@D)
	@tools/doc-tables $< >$@.tmp && mv $@.tmp $@

$(O)/unit/obj/%.o: %.c Makefile | $(O)/unit/gen/doc_aborts.h
	@mkdir -p $(@D)
	@echo "  HOSTCC  $<"
	@rm -f $(@:.o=.gcda)
	@$(HOST_CC) $(HOST_FLAGS) -I$(O)/unit/gen -MMD -MP -c -o $@ $<

# Instructions, as the assembler and the disassembler know them.
$(O)/unit/gen/insn_rows.h: tests/unit/insn-rows
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	@tests/unit/insn-rows --as=aarch64-linux-gnu-as --objcopy=aarch64-linux-gnu-objcopy \
		--objdump=aarch64-linux-gnu-objdump $@

$(O)/unit/obj/tests/unit/test_insn_asm.o: $(O)/unit/gen/insn_rows.h

.PHONY: unit-build unit
unit-build: $(UNIT_BINS)

unit:
	@tools/setup test
	@$(MAKE) unit-build
	@O=$(O) tests/run --only=unit $(TESTS)

# ---------------------------------------------------------------------------------------------------------------
# Running, testing, measuring

RUN_ENV = O=$(O) B=$(O)/$(TC)

.PHONY: run test bench toolchain format check clean help setup coverage

setup:
	@tools/setup test

run:
	@tools/setup run
	@$(MAKE) all
	@$(RUN_ENV) tools/run $(if $(GUEST),--guest=$(GUEST)) $(if $(KERNEL),--kernel=$(KERNEL)) \
		$(if $(BUNDLE),--bundle=$(BUNDLE)) $(if $(CPU),--cpu=$(CPU)) $(if $(CPUS),--cpus=$(CPUS)) \
		$(if $(MEM),--mem=$(MEM)) $(if $(VCPUS),--vcpus=$(VCPUS)) $(if $(VMEM),--vmem=$(VMEM)) \
		$(if $(EL2),--el2=$(EL2))

# Free text goes through the environment, so that no shell looks at it again.
run: export LINTEL_CMD = $(CMD)
run: export LINTEL_QEMU_ARGS = $(QEMU_ARGS)
run: export LINTEL_BOOTARGS = $(BOOTARGS)

test:
	@tools/setup test
	@$(MAKE) toolchain-if-possible cbmc-if-possible
	@O=$(O) tests/run $(TESTS)

bench:
	@tools/setup run
	@$(MAKE) all $(patsubst guest/%.dts,$(B)/%.cpio,$(wildcard guest/bench*.dts))
	@$(RUN_ENV) tools/bench

toolchain:
	@tools/setup test
	@tools/fetch toolchain

.PHONY: toolchain-if-possible
toolchain-if-possible:
	@command -v aarch64-none-elf-gcc >/dev/null || tools/fetch toolchain >/dev/null

# Debian 12 has no package of it.
.PHONY: cbmc-if-possible
cbmc-if-possible:
	@command -v cbmc >/dev/null || tools/fetch cbmc >/dev/null || true

C_FILES = $(wildcard boot/*.[ch] hyp/*/*.[ch] mm/*.[ch] drivers/*.[ch] drivers/*/*.[ch] guest/*/*.[ch] \
	tests/at/*.[ch] tests/unit/*.[ch] tests/unit/fake/*.[ch] tests/fuzz/*.[ch] tests/proof/*.[ch] tests/qemu/*.[ch])

format:
	@tools/setup test
	clang-format -i $(C_FILES)

check:
	@tools/setup test
	@$(MAKE) all
	@O=$(O) tests/run --only=check

# The long forms: a million interrupts sent and taken, by one VM and by each crowd of them; ten million translations beside
# the CPU's own.
SOAK_FACTOR ?= 50
.PHONY: soak
soak:
	@tools/setup run
	@$(MAKE) all $(B)/soak.cpio
	@$(RUN_ENV) LINTEL_TIME_LIMIT=3600 tools/run --bundle=$(B)/soak.cpio --cpus=2
	@$(RUN_ENV) LINTEL_IMAGE=$(abspath $(B))/lintel.bin tests/qemu/many $(SOAK_FACTOR)
	@$(RUN_ENV) LINTEL_IMAGE=$(abspath $(B))/lintel.bin tests/qemu/at-differential --long
	@$(RUN_ENV) LINTEL_IMAGE=$(abspath $(B))/lintel.bin tests/qemu/lintel-under-lintel 1 4

# The fuzz targets; FUZZ_SECONDS=0 runs only their corpora.
.PHONY: fuzz
fuzz:
	@tools/setup test
	@O=$(O) tests/fuzz/run

# The proofs, by CBMC.
.PHONY: proof
proof:
	@tools/setup test
	@$(MAKE) cbmc-if-possible
	@O=$(O) tests/proof/run

# `make soak` begins with them: a thousand restarts beside a running Linux, two Linux VMs on further machines.
.PHONY: soak-linux
soak: soak-linux
soak-linux:
	@tools/setup run
	@$(MAKE) all
	@$(RUN_ENV) LINTEL_IMAGE=$(abspath $(B))/lintel.bin tests/qemu/restarts --long
	@$(RUN_ENV) LINTEL_IMAGE=$(abspath $(B))/lintel.bin tests/qemu/two-linux --long

clean:
	rm -rf $(O)

help:
	@cat tools/help.txt
