# SPDX-License-Identifier: BSD-3-Clause
"""A bundle's manifest, judged as Lintel does: by the same schema, in the same words (hyp/bundle/schema.def, manifest*.c)."""
import os
import re
import struct

from calllib import Calls
from placelib import RAM_BASE, Bell, Places

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCHEMA = os.path.join(TOP, "hyp", "bundle", "schema.def")

MANIFEST_FILE = "manifest.dtb"
COMPATIBLE = "lintel,manifest-v1"
MANIFEST_SIZE_MAX = 512 << 10
FILES_MAX = 128
FILE_NAME_MAX = 127
VMS_MAX = 64
NODE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}")
VCPUS_MAX = 16
REGIONS_MAX = 16
REGION_MEMBERS_MAX = 8
# Where regions of shared memory begin, where read-only ones end, and where no read-only one may be: hyp/vdev/shmem.h, rom.h.
REGIONS_BASE = 0x10000000
ROMS_MAX = 16
ROM_MEMBERS_MAX = 16
ROM_SIZE_MAX = 256 << 20
ROM_END = 0x40000000
ROM_DEVICES = (0x08000000, 0x0b000000)
DOORBELLS_MAX = 1024
LINES_MAX = 256
# SPIs of Lintel's own devices: UART, clock, watchdog, shared regions.
OWN_SPIS = {1, 2, 10} | set(range(192, 224))
# Where regions are in their members' address space: hyp/vdev/shmem.h.
REGIONS_SIZE = 0x20000000
NODE_NAME_EXPECTED = "a letter, then letters, digits, '_', '.' or '-', at most 31 characters"

PAGE = 4 << 10
BLOCK = 2 << 20
DTB_MAX = 2 << 20
DTB_ROOM = 16 << 10
IMAGE_HEADER = struct.Struct("<2I3Q3Q2I")
IMAGE_MAGIC = 0x644D5241

# hyp/vdev/vscratch.h
SCRATCH_SIZE_MAX = 64 << 10
SCRATCH_COUNT_MAX = 4096
SCRATCH_PIECES_MAX = 8
SCRATCH_TOTAL_MAX = 512 << 10

FDT_MAGIC = 0xD00DFEED


class Problem(Exception):
    pass


class Row:
    """One SCHEMA() line."""

    def __init__(self, fields):
        self.node, self.id, self.name, self.type, need, low, high, align, self.expected = fields
        self.required = need == "REQUIRED"
        self.low, self.high, self.align = (int(number, 0) for number in (low, high, align))
        self.words = self.expected.split("|") if self.type == "CHOICE" else ()
        if self.words:
            self.expected = "one of " + ", ".join(f'"{word}"' for word in self.words)


def read_schema():
    pattern = re.compile(
        r'^SCHEMA\((\w+),\s*(\w+),\s*"([^"]+)",\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+),\s*"((?:[^"\\]|\\.)*)"\)',
        re.M)
    with open(SCHEMA, encoding="utf-8") as text:
        rows = [Row(found[:8] + (found[8].replace('\\"', '"'),)) for found in pattern.findall(text.read())]
    return {node: {row.name: row for row in rows if row.node == node} for node in {row.node for row in rows}}


class Node:
    def __init__(self, name):
        self.name = name
        self.properties = {}
        self.children = []


def parse_tree(blob):
    """A flattened devicetree as Nodes."""
    if len(blob) < 40 or struct.unpack_from(">I", blob)[0] != FDT_MAGIC:
        raise Problem("is no flattened devicetree")
    structure, strings = struct.unpack_from(">2I", blob, 8)

    def text_at(offset):
        return blob[offset:blob.index(b"\0", offset)].decode("ascii", "replace")

    at, open_nodes, root = structure, [], None
    while True:
        token = struct.unpack_from(">I", blob, at)[0]
        at += 4
        if token == 1:
            node = Node(text_at(at))
            at = (blob.index(b"\0", at) + 4) & ~3
            if open_nodes:
                open_nodes[-1].children.append(node)
            else:
                root = node
            open_nodes.append(node)
        elif token == 2:
            open_nodes.pop()
        elif token == 3:
            size, name = struct.unpack_from(">2I", blob, at)
            open_nodes[-1].properties[text_at(strings + name)] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == 9:
            return root
        elif token != 4:
            raise Problem(f"breaks the format of a devicetree at byte {at - 4:#x}")


def shown(value):
    """A property's value as dtc would write it, cut to a readable length."""
    if not value:
        return "no value"
    if re.fullmatch(rb"([\x20-\x7e]+\0)+", value):
        text = '"' + value[:-1].decode().replace("\0", '", "') + '"'
    elif len(value) % 4 == 0:
        text = "<" + " ".join(f"{cell:#x}" for cell in struct.unpack(f">{len(value) // 4}I", value)) + ">"
    else:
        text = "[" + value.hex(" ") + "]"
    return text if len(text) <= 60 else text[:57] + "..."


class Checker:
    def __init__(self, folder, schema):
        self.folder = folder
        self.schema = schema
        self.errors = []
        self.files = {}
        self.vms = {}
        self.aarch32 = set()
        self.virtual_el2 = set()
        self.lines = {}  # the VM of each, if it says one
        self.calls = Calls(self)
        self.places = Places(self.error)

    def error(self, where, what):
        self.errors.append(f"{where}: {what}")

    def string(self, row, value):
        if not value or value[-1] != 0 or 0 in value[:-1]:
            return None
        text = value[:-1].decode("utf-8", "replace")
        if row.type == "CHOICE":
            return text if text in row.words else None
        return text if row.type == "FILE" or row.low <= len(value) - 1 <= row.high else None

    def number(self, row, value):
        if len(value) == 4:
            number = struct.unpack(">I", value)[0]
        elif len(value) == 8 and row.type == "U64":
            number = struct.unpack(">Q", value)[0]
        else:
            return None
        return number if row.low <= number <= row.high and number % row.align == 0 else None

    @staticmethod
    def cells(row, value):
        if not value or len(value) % 4:
            return None
        cells = struct.unpack(f">{len(value) // 4}I", value)
        return cells if all(row.low <= cell <= row.high and cell % row.align == 0 for cell in cells) else None

    def names(self, row, value):
        """A list of strings."""
        if not value or value[-1] != 0:
            return None
        names = [name.decode("utf-8", "replace") for name in value[:-1].split(b"\0")]
        return names if all(names) and row.low <= len(names) <= row.high else None

    def file(self, where, name):
        if name in self.files:
            return name
        path = os.path.join(self.folder, name)
        parts = name.split("/")
        if not name or name == MANIFEST_FILE or "" in parts or "." in parts or ".." in parts:
            self.error(where, f'"{name}", expected the name of a file below {self.folder}')
            return None
        if len(name.encode()) > FILE_NAME_MAX:
            self.error(where, f'"{name}", expected a name of at most {FILE_NAME_MAX} bytes')
            return None
        try:
            with open(path, "rb") as source:
                self.files[name] = source.read()
        except OSError as reason:
            self.error(where, f'"{name}": {path}: {reason.strerror}')
            return None
        if not self.files[name]:
            self.error(where, f'"{name}": {path} is empty')
        return name

    def properties(self, path, node, rows):
        """The values of a node's properties, by their name; errors are noted."""
        values = {}
        for name, value in node.properties.items():
            where = f"{path}: {name}"
            row = rows.get(name)
            if not row:
                self.error(where, f"unknown property, expected one of {', '.join(rows)}")
                continue
            if row.type == "FLAG":
                got = True if not value else None
            elif row.type in ("U32", "U64"):
                got = self.number(row, value)
            elif row.type == "CELLS":
                got = self.cells(row, value)
            elif row.type == "NAMES":
                got = self.names(row, value)
            else:
                got = self.string(row, value)
            if got is None:
                self.error(where, f"{shown(value)}, expected {row.expected}")
                continue
            values[name] = self.file(where, got) if row.type == "FILE" else got
        for row in rows.values():
            if row.required and row.name not in node.properties:
                self.error(f"{path}: {row.name}", f"missing, expected {row.expected}")
        return values

    def overlap(self, where, first, second):
        """Each is (name, address, size)."""
        if first[1] < second[1] + second[2] and second[1] < first[1] + first[2]:
            self.error(where, f"{first[0]} at {first[1]:#x}, size {first[2]:#x}, overlaps "
                              f"{second[0]} at {second[1]:#x}, size {second[2]:#x}")

    def kernel_place(self, path, values):
        """(address, size with BSS) of the kernel, or None."""
        name, data = values["kernel"], self.files[values["kernel"]]
        if "load-address" in values:
            return values["load-address"], len(data)
        if "entry" in values:
            self.error(f"{path}: entry", "only for a flat binary, expected load-address beside it")
        if len(data) < IMAGE_HEADER.size or IMAGE_HEADER.unpack_from(data)[8] != IMAGE_MAGIC:
            hint = ""
            if data[:2] == b"\x1f\x8b":
                hint = " (it is compressed with gzip: unpack it first)"
            elif data[4:8] == b"zimg":
                hint = " (it is an EFI zboot image: give the Image inside it)"
            elif data[:4] == b"\x7fELF":
                hint = " (it is an ELF file: make a flat binary of it with objcopy -O binary)"
            self.error(f"{path}: kernel", f'"{name}" is no arm64 Image (no 0x{IMAGE_MAGIC:08x} at 0x38){hint}, '
                                          "expected one, or load-address for a flat binary")
            return None
        header = IMAGE_HEADER.unpack_from(data)
        offset, size = (header[2], header[3]) if header[3] else (0x80000, len(data))
        if offset >= 1 << 40 or size >= 1 << 40:
            self.error(f"{path}: kernel", f'"{name}" has text_offset {offset:#x} and image_size {size:#x}, '
                                          "expected both below 2^40")
            return None
        return RAM_BASE + offset, max(size, len(data))

    def images(self, path, values):
        """Whether everything fits in the VM's memory: as hyp/bundle/place.c does it."""
        end = RAM_BASE + values["memory"]
        kernel = self.kernel_place(path, values)
        if not kernel:
            return
        taken = [("kernel",) + kernel]
        if kernel[0] + kernel[1] > end:
            self.error(f"{path}: kernel", f'"{values["kernel"]}" needs {kernel[0]:#x} to {kernel[0] + kernel[1]:#x}, '
                                          f"but memory ends at {end:#x}")
            return
        entry = values.get("entry")
        if entry is not None and entry >= end:
            self.error(f"{path}: entry", f"{entry:#x}, but memory ends at {end:#x}")
        dtb_size = len(self.files[values["dtb"]]) if values.get("dtb") else 0
        if dtb_size > DTB_MAX:
            self.error(f"{path}: dtb", f'"{values["dtb"]}" has {dtb_size} bytes, expected at most {DTB_MAX}')
        if "dtb-address" in values:
            dtb = ("devicetree", values["dtb-address"], max(dtb_size, 1))
            if dtb[1] + dtb[2] > end:
                self.error(f"{path}: dtb-address", f"{dtb[1]:#x}, but memory ends at {end:#x}")
            self.overlap(f"{path}: dtb-address", dtb, taken[0])
            taken.append(dtb)
        if values.get("ramdisk"):
            size = len(self.files[values["ramdisk"]])
            room = end - (kernel[0] + kernel[1])
            if size > room and "load-address" not in values:
                self.error(f"{path}: ramdisk", f'"{values["ramdisk"]}" has {size:#x} bytes, but behind the kernel '
                                               f"there are only {room:#x} up to the end of memory at {end:#x}")

    def nodes(self, holder, noun, most, rows):
        """(path, values of its properties, are there no errors?) of each of a node's nodes."""
        for name in holder.properties:
            self.error(f"/{holder.name}: {name}", "unknown property, expected none here")
        if len(holder.children) > most:
            self.error(f"/{holder.name}", f"{len(holder.children)} {noun}s, expected at most {most}")
        seen = set()
        for node in holder.children:
            before = len(self.errors)
            path = f"/{holder.name}/{node.name}"
            if not NODE_NAME.fullmatch(node.name):
                self.error(path, f"the {noun}'s name, expected {NODE_NAME_EXPECTED}")
            elif node.name in seen:
                self.error(path, f"a second {noun} of that name")
            seen.add(node.name)
            for child in node.children:
                self.error(f"{path}/{child.name}", f"unknown node, expected none in a {noun}")
            values = self.properties(path, node, rows)
            yield path, values, len(self.errors) == before

    def known(self, where, name, names, noun):
        """Whether a node of that name is there."""
        if name not in names:
            self.error(where, f'"{name}", expected the name of a {noun} of the bundle, which has none of that name')
        return name in names

    def scratch(self, path, cells):
        """Threes of numbers within the limits of hyp/vdev/vscratch.h."""
        threes = [cells[at:at + 3] for at in range(0, len(cells), 3)]
        what = ""
        if len(cells) % 3 or len(threes) > SCRATCH_PIECES_MAX:
            what = f"{len(cells)} numbers"
        elif any(not 0 < size <= SCRATCH_SIZE_MAX or not 0 < count <= SCRATCH_COUNT_MAX for _, size, count in threes):
            what = shown(struct.pack(f">{len(cells)}I", *cells))
        elif sum(size * count for _, size, count in threes) > SCRATCH_TOTAL_MAX:
            what = f"{sum(size * count for _, size, count in threes)} bytes together"
        if what:
            self.error(f"{path}: scratch", f"{what}, expected {self.schema['VM']['scratch'].expected}")

    def virtual_el2_of(self, path, values):
        """A guest hypervisor: its HVCs are for itself, and its EL2 has no AArch32."""
        if "aarch32" in values:
            self.error(f"{path}: virtual-el2", "beside aarch32, expected one of the two")
        if values.get("psci-conduit") == "hvc":
            self.error(f"{path}: psci-conduit", '"hvc", which a guest with virtual-el2 takes itself, expected "smc"')

    def read_vms(self, holder):
        for path, values, good in self.nodes(holder, "VM", VMS_MAX, self.schema["VM"]):
            before = len(self.errors)
            if values.get("dtb") and self.files[values["dtb"]][:4] != struct.pack(">I", FDT_MAGIC):
                self.error(f"{path}: dtb", f'"{values["dtb"]}" is no flattened devicetree, expected one (made by dtc)')
            if "start-when" in values and "start-after" not in values:
                self.error(f"{path}: start-when", "only for a VM that waits for another one, expected start-after beside it")
            if "aarch32" in values and "load-address" not in values:
                self.error(f"{path}: aarch32", "an arm64 Image doesn't run on AArch32, expected a flat binary: load-address beside it")
            if "virtual-el2" in values:
                self.virtual_el2_of(path, values)
            if len(values.get("soc-id") or (0, 0)) != 2:
                self.error(f"{path}: soc-id", f"{len(values['soc-id'])} numbers, expected {self.schema['VM']['soc-id'].expected}")
            self.scratch(path, values.get("scratch", ()))
            if good and len(self.errors) == before:
                self.images(path, values)
                self.places.add_vm(path, values)

    def members(self, path, lists, most):
        """The VMs that stand in these lists of names."""
        found = []
        for name, names in lists:
            for vm in names or ():
                where = f"{path}: {name}"
                if not self.known(where, vm, self.vms, "VM"):
                    continue
                if vm in found:
                    self.error(where, f'"{vm}", expected each VM once')
                elif len(found) == most:
                    self.error(where, f'"{vm}", expected at most {most} members and readers')
                    break
                else:
                    found.append(vm)
        return found

    def read_shared(self, holder):
        at = number = 0
        for path, values, good in self.nodes(holder, "region", REGIONS_MAX, self.schema["SHM"]):
            before = len(self.errors)
            lists = [(name, values.get(name)) for name in ("members", "readers")]
            found = self.members(path, lists, REGION_MEMBERS_MAX)
            if "reader-stores" in values and "readers" not in values:
                self.error(f"{path}: reader-stores", "only for a region with readers, expected readers beside it")
            if not good or len(self.errors) != before:
                continue
            if len(found) < 2:
                self.error(f"{path}: members",
                           "only one VM, expected two, or readers beside it: nobody is there to share with")
            at = -(-at // BLOCK) * BLOCK
            self.places.add_region(path, "shared region", found, REGIONS_BASE + at, values["size"])
            self.places.add_wires(found, number)
            at += values["size"]
            number += 1
            if at > REGIONS_SIZE:
                self.error(path, f"all regions up to this one take {at >> 20} MiB, expected at most "
                                 f"{REGIONS_SIZE >> 20} MiB, each counted as whole 2 MiB")
                return

    def read_roms(self, holder):
        for path, values, good in self.nodes(holder, "region", ROMS_MAX, self.schema["ROM"]):
            before = len(self.errors)
            members = self.members(path, [("members", values.get("members"))], ROM_MEMBERS_MAX)
            if not good or len(self.errors) != before or values["file"] is None:
                continue
            file_size, address = len(self.files[values["file"]]), values["address"]
            size = -(-max(file_size, values.get("size", 0)) // PAGE) * PAGE
            where = f"{path}: address"
            if "size" in values and values["size"] < file_size:
                self.error(f"{path}: size", f"{values['size']:#x}, expected at least the file's {file_size:#x} bytes")
            if file_size > ROM_SIZE_MAX:
                self.error(f"{path}: file", f"{values['file']}, expected one of at most 256 MiB")
            elif address + size > ROM_END:
                self.error(where, f"{address:#x} to {address + size:#x}, expected its end at {ROM_END:#x} or below")
            elif address < ROM_DEVICES[1] and ROM_DEVICES[0] < address + size:
                self.error(where, f"{address:#x} to {address + size:#x}, expected a place outside {ROM_DEVICES[0]:#x} to "
                                  f"{ROM_DEVICES[1]:#x}, where devices are")
            if len(self.errors) == before:
                self.places.add_region(path, "read-only region", members, address, size)

    def action(self, path, values, prefix=""):
        """What a doorbell, or the end of a line's interrupt, does."""
        line, signal, vcpu = (prefix + name for name in ("line", "signal", "vcpu"))
        if line in values and signal in values:
            self.error(f"{path}: {signal}", "beside a line, expected one of the two")
        elif line in values:
            self.known(f"{path}: {line}", values[line], self.lines, "line")
        elif signal in values and self.known(f"{path}: {signal}", values[signal], self.vms, "VM"):
            vcpus = self.vms[values[signal]]
            if values.get(vcpu, 0) >= vcpus:
                self.error(f"{path}: {vcpu}", f"{values[vcpu]}, expected the number of a vCPU of VM {values[signal]}, "
                                              f"0 to {vcpus - 1}")
        if vcpu in values and signal not in values:
            self.error(f"{path}: {vcpu}", f"only for a VM that is woken, expected {signal} beside it")

    def read_doorbells(self, holder):
        rows = self.schema["BELL"]
        for path, values, _ in self.nodes(holder, "doorbell", DOORBELLS_MAX, rows):
            self.action(path, values)
            known = "vm" in values and self.known(f"{path}: vm", values["vm"], self.vms, "VM")
            width, address, match = values.get("width", 1), values.get("address", 0), values.get("match")
            if width & (width - 1):
                self.error(f"{path}: width", f"{width}, expected {rows['width'].expected}")
                continue
            if address % width:
                self.error(f"{path}: address", f"{address:#x}, expected a multiple of {width}, its width")
            if match is not None and "width" not in values:
                self.error(f"{path}: match", "only for stores of one width, expected width beside it")
            elif match is not None and match >> 8 * width:
                self.error(f"{path}: match", f"{match:#x}, expected a number of {width} bytes, its width")
            if known and "address" in values and address % width == 0:
                self.places.ask_bell(Bell(path, values["vm"], address, values.get("width", 0)))

    def read_lines(self, holder):
        spis = {}
        for path, values, _ in self.nodes(holder, "line", LINES_MAX, self.schema["LINE"]):
            self.action(path, values, "eoi-")
            if values.get("trigger") == "edge":
                for name in ("eoi-line", "eoi-signal"):
                    if name in values:
                        self.error(f"{path}: {name}", 'only for a level line, expected trigger = "level"')
                        break
            if "vm" not in values or not self.known(f"{path}: vm", values["vm"], self.vms, "VM") or "spi" not in values:
                continue
            spi = values["spi"]
            if spi in OWN_SPIS:
                self.error(f"{path}: spi", f"{spi}, expected one that no device of Lintel's has: not 1, 2, 10, 192 to 223")
            other = spis.setdefault((values["vm"], spi), path)
            if other != path:
                self.error(f"{path}: spi", f"{spi}, which is {other}'s, expected another one")

    def note_names(self, holders):
        """What others may name: VMs, with the number of their vCPUs, and lines."""
        for holder in holders:
            for node in holder.children:
                if holder.name == "vms":
                    if "aarch32" in node.properties:
                        self.aarch32.add(node.name)
                    if "virtual-el2" in node.properties:
                        self.virtual_el2.add(node.name)
                    vcpus = node.properties.get("vcpus", b"\0\0\0\1")
                    self.vms[node.name] = min(int.from_bytes(vcpus, "big"), VCPUS_MAX) if len(vcpus) == 4 else 1
                elif holder.name == "lines":
                    self.lines[node.name] = node.properties.get("vm", b"")[:-1].decode("utf-8", "replace")

                elif holder.name == "smccc":
                    self.places.monitors.add(node.properties.get("monitor", b"")[:-1].decode("utf-8", "replace"))

    def manifest(self, root):
        readers = {"vms": self.read_vms, "shared-memory": self.read_shared, "read-only": self.read_roms,
                   "doorbells": self.read_doorbells, "lines": self.read_lines,
                   "smccc": self.calls.read_rules, "sdei-events": self.calls.read_events}
        compatible = root.properties.get("compatible")
        if compatible is not None and compatible != COMPATIBLE.encode() + b"\0":
            self.error("/: compatible", f'{shown(compatible)}, expected "{COMPATIBLE}"')
        self.properties("/", root, self.schema["ROOT"])
        self.note_names(root.children)
        if not self.vms:
            self.error("/vms", "no VM, expected at least one node in it")
            return
        for name, read in readers.items():
            for holder in root.children:
                if holder.name == name:
                    read(holder)
            if name == "shared-memory":
                self.places.add_scratch()
        self.places.add_bells()
        self.calls.check_rules()
        for holder in root.children:
            if holder.name not in readers:
                *names, last = readers
                self.error(f"/{holder.name}", f"unknown node, expected only {', '.join(names)} and {last}")
        if len(self.files) + 1 > FILES_MAX:
            self.error("/vms", f"{len(self.files)} files, expected at most {FILES_MAX - 1}")
