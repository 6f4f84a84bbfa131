# SPDX-License-Identifier: BSD-3-Clause
"""Linux as a guest: fetching it, its ramdisk, its bundle."""
import os
import re
import subprocess
import sys

import qemulib


def fetch(what):
    got = subprocess.run([qemulib.TOP + "/tools/fetch", what], check=False, stdout=subprocess.PIPE, text=True)
    if got.returncode == 3:
        sys.exit(f"lintel: the archive has no {what}")
    if got.returncode:
        sys.exit(got.returncode)
    return got.stdout.strip()


def size_mib(text):
    """'2G', '512M' or '512' (MiB, as QEMU's -m) in MiB."""
    found = re.fullmatch(r"(\d+)([KMGT]?)i?B?", str(text), re.I)
    if not found:
        sys.exit(f"lintel: {text} is no memory size (use 512M or 2G)")
    scale = {"K": 1 / 1024, "": 1, "M": 1, "G": 1024, "T": 1024 * 1024}
    return int(int(found.group(1)) * scale[found.group(2).upper()])


def linux_manifest(vcpus, mib, bootargs):
    size = mib << 20
    return f"""/dts-v1/;
/ {{
	compatible = "lintel,manifest-v1";
	vms {{
		linux {{
			kernel = "vmlinuz";
			ramdisk = "initrd.cpio";
			memory = <{size >> 32:#x} {size & 0xffffffff:#x}>;
			vcpus = <{vcpus}>;
			bootargs = "{bootargs}";
		}};
	}};
}};
"""


def linux_bundle(folder, *, kernel="stock", cmd=None, vcpus=4, mib=512, bootargs="console=ttyAMA0 panic=-1"):
    """Packs kernel, ramdisk and manifest; the bundle's path."""
    os.makedirs(folder, exist_ok=True)
    kernel_folder = fetch("kernel" if kernel == "stock" else "kernel-newer")
    busybox = fetch("busybox") + "/busybox"
    line = [qemulib.TOP + "/tools/make-ramdisk", folder + "/initrd.cpio", busybox]
    subprocess.run(line + ([f"--cmd={cmd}"] if cmd is not None else []), check=True)
    link = folder + "/vmlinuz"
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(kernel_folder + "/vmlinuz", link)
    with open(folder + "/manifest.dts", "w", encoding="utf-8") as manifest:
        manifest.write(linux_manifest(vcpus, mib, bootargs))
    bundle = folder + "/bundle.cpio"
    subprocess.run([qemulib.TOP + "/tools/pack-bundle", bundle, folder + "/manifest.dts", folder], check=True)
    return bundle
