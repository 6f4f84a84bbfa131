/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BOOT_PARTS_H
#define BOOT_PARTS_H

/* Fills the table of parts. Before the first VM is made. */
void parts_init(void);

#endif
