/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bundle that is linked in: what runs when the boot loader passes none. linker.ld sets __bundle_start and
 * __bundle_end around it; the build may leave it empty.
 */
	.section .bundle, "a", %progbits
	.balign 4096
	.incbin BUILTIN_BUNDLE

	.section .note.GNU-stack, "", %progbits
