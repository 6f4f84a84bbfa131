# SPDX-License-Identifier: BSD-3-Clause
"""Linux as a guest, and Lintel itself: fetching it, its ramdisk, its bundle."""
import os
import re
import subprocess
import sys

import qemulib


class Absent(SystemExit):
    """The archive has not (any more) what was to be fetched: `what`."""

    def __init__(self, what):
        super().__init__(f"lintel: the archive has no {what}")
        self.what = what


def fetch(what):
    got = subprocess.run([qemulib.TOP + "/tools/fetch", what], check=False, stdout=subprocess.PIPE, text=True)
    if got.returncode == 3:
        raise Absent(what)
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


def vm_node(name, kernel, ramdisk, vcpus, mib, bootargs, properties=""):
    """The text of a VM's node; ramdisk None: it has none."""
    size = mib << 20
    if ramdisk:
        properties = f'ramdisk = "{ramdisk}"; {properties}'
    return f"""		{name} {{
			kernel = "{kernel}";
			memory = <{size >> 32:#x} {size & 0xffffffff:#x}>;
			vcpus = <{vcpus}>;
			bootargs = "{bootargs}";
			{properties}
		}};
"""


def link_files(folder, paths):
    """Each of the paths (name: path) by its name in the folder."""
    for name, path in paths.items():
        link = folder + "/" + name
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(os.path.abspath(path), link)


def pack(folder, *nodes):
    """The bundle of these VMs with the folder's files; its path."""
    with open(folder + "/manifest.dts", "w", encoding="utf-8") as source:
        source.write(manifest(*nodes))
    bundle = folder + "/bundle.cpio"
    subprocess.run([qemulib.TOP + "/tools/pack-bundle", bundle, folder + "/manifest.dts", folder], check=True)
    return bundle


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
    kernel_folder = fetch("kernel" if kernel == "stock" else "kernel-" + kernel)
    busybox = fetch("busybox") + "/busybox"
    line = [qemulib.TOP + "/tools/make-ramdisk", folder + "/initrd.cpio", busybox]
    subprocess.run(line + ([f"--cmd={cmd}"] if cmd is not None else []) + [f"--file={path}" for path in carried], check=True)
    link_files(folder, {os.path.basename(path): path for path in (kernel_folder + "/vmlinuz", *files)})
    nodes = [vm_node(name, "vmlinuz", "initrd.cpio", vcpus, mib, bootargs + (f" hostname={name}" if len(names) > 1 else ""),
                     properties) for name in names]
    return pack(folder, *nodes, *others)


def lintel_bundle(folder, image, *, vcpus=4, mib=1024, inner=None, bootargs=""):
    """
    Packs Lintel's image as a guest hypervisor, without VHE, as it is; the bundle's path. `inner` is the path of the bundle
    that it runs; None: the one that is linked into it.
    """
    os.makedirs(folder, exist_ok=True)
    link_files(folder, {"lintel.bin": image, **({"inner.cpio": inner} if inner else {})})
    return pack(folder, vm_node("lintel", "lintel.bin", "inner.cpio" if inner else None, vcpus, mib, bootargs,
                                'virtual-el2 = "non-vhe";'))
