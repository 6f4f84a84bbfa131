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


def prompt(names, name):
    """A pattern: the shell of that one of the VMs waits."""
    host = name if len(names) > 1 else "guest"
    return rf"^(\[{re.escape(name)}\] )?{re.escape(host)}# $"


def linux_vm(name, vcpus, mib, bootargs, properties=""):
    size = mib << 20
    return f"""		{name} {{
			kernel = "vmlinuz";
			ramdisk = "initrd.cpio";
			memory = <{size >> 32:#x} {size & 0xffffffff:#x}>;
			vcpus = <{vcpus}>;
			bootargs = "{bootargs}";
			{properties}
		}};
"""


def manifest(*nodes):
    """A manifest's source from the text of the nodes of its VMs."""
    return '/dts-v1/;\n/ {\n\tcompatible = "lintel,manifest-v1";\n\tvms {\n' + "".join(nodes) + "\t};\n};\n"


def linux_bundle(folder, *, kernel="stock", cmd=None, vcpus=4, mib=512, bootargs="console=ttyAMA0 panic=-1", names=("linux",),
                 others=(), files=(), properties="", carried=()):
    """
    Packs kernel, ramdisk and manifest; the bundle's path. A VM for each of the names, all alike; where there are several,
    each one's host name (and so its prompt) is its own. `others` are further VMs, the text of their nodes, and `files`
    the paths of what they name. `properties` are more of each Linux's node, `carried` the paths of what is in /files of its
    ramdisk.
    """
    os.makedirs(folder, exist_ok=True)
    kernel_folder = fetch("kernel" if kernel == "stock" else "kernel-newer")
    busybox = fetch("busybox") + "/busybox"
    line = [qemulib.TOP + "/tools/make-ramdisk", folder + "/initrd.cpio", busybox]
    subprocess.run(line + ([f"--cmd={cmd}"] if cmd is not None else []) + [f"--file={path}" for path in carried], check=True)
    for path in (kernel_folder + "/vmlinuz", *files):
        link = folder + "/" + os.path.basename(path)
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(os.path.abspath(path), link)
    nodes = [linux_vm(name, vcpus, mib, bootargs + (f" hostname={name}" if len(names) > 1 else ""), properties)
             for name in names]
    with open(folder + "/manifest.dts", "w", encoding="utf-8") as source:
        source.write(manifest(*nodes, *others))
    bundle = folder + "/bundle.cpio"
    subprocess.run([qemulib.TOP + "/tools/pack-bundle", bundle, folder + "/manifest.dts", folder], check=True)
    return bundle
