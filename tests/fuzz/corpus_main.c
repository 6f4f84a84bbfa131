/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fuzz target without a fuzzer: each file named goes through it once. To see what a corpus
 * reaches.
 */
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int main(int argc, char **argv)
{
	static unsigned char buffer[INPUT_MAX];

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t size;

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		size = fread(buffer, 1, sizeof(buffer), file);
		fclose(file);
		LLVMFuzzerTestOneInput(buffer, size);
	}
	return 0;
}
