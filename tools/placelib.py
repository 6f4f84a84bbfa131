# SPDX-License-Identifier: BSD-3-Clause
"""What lies where in the address space of a bundle's VMs, and what can't lie there: as hyp/vdev finds it when a VM is made
(device.c, vscratch.c, doorbell.c, rom.c), in the same words."""
import collections
import os
import re

VDEV = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hyp", "vdev")
RAM_BASE = 0x40000000
BELL_WIDTH_MAX = 8
STOLEN_TIME = (0x0a300000, 0x1000)    # hyp/smccc/stolen_time.h
CALL_RECORDS = (0x0a310000, 0x10000)  # of a monitor: hyp/smccc/monitor.h

# what: "its memory", "device", "shared region", "read-only region" or "page of Lintel's" (whose name says what is in it); end: the first byte behind it
Place = collections.namedtuple("Place", "what name first end")
Bell = collections.namedtuple("Bell", "path vm address width")


def constants(header):
    """The numbers that a header of hyp/vdev defines."""
    with open(os.path.join(VDEV, header), encoding="utf-8") as text:
        found = re.findall(r"^#define (\w+)\s+(?:UINT64_C\((0x\w+)\)|KIB\((\d+)\)|(\d+)\b)", text.read(), re.M)
    return {name: int(address, 16) if address else int(kib) << 10 if kib else int(number)
            for name, address, kib, number in found}


def name_of(path):
    return path.rsplit("/", 1)[1]


class Places:
    def __init__(self, error):
        self.error = error  # a function of where and what
        self.taken = {}     # by VM
        self.rows = {}      # of a VM's device table, how many
        self.asked = []     # scratch: (path of the VM, its numbers)
        self.bells = []
        self.monitors = set()  # VMs that answer calls of others
        self.shmem = constants("shmem.h")
        self.shmem["size"] = constants("vgpio.h")["VGPIO_SIZE"]
        self.rows_max = constants("device.h")["DEVICE_ROWS_MAX"]

    def clash(self, vm, first, end):
        """What of the VM is there; the lowest of them, or None."""
        return min((place for place in self.taken.get(vm, ()) if first < place.end and place.first < end),
                   key=lambda place: place.first, default=None)

    def add(self, vm, place, rows=1):
        self.taken.setdefault(vm, []).append(place)
        if place.what == "device":
            self.rows[vm] = self.rows.get(vm, 0) + rows

    def add_device(self, vm, name, first, size):
        self.add(vm, Place("device", name, first, first + size))

    def add_vm(self, path, values):
        """Its RAM, and the devices that Lintel gives it."""
        vm = name_of(path)
        gic, uart, clock, watchdog = (constants(f"{part}.h") for part in ("vgic", "vuart", "vrtc", "vwatchdog"))
        self.add(vm, Place("its memory", "", RAM_BASE, RAM_BASE + values["memory"]))
        self.add_device(vm, "GICD", gic["VGIC_GICD_BASE"], gic["VGIC_GICD_SIZE"])
        for vcpu in range(values.get("vcpus", 1)):
            first, size = gic["VGIC_GICR_BASE"] + vcpu * gic["VGIC_GICR_STRIDE"], gic["VGIC_FRAME_SIZE"]
            self.add_device(vm, "GICR", first, size)
            self.add_device(vm, "GICR SGI", first + size, size)
        self.add_device(vm, "uart", uart["VUART_IPA"], uart["VUART_SIZE"])
        self.add_device(vm, "clock", clock["VRTC_IPA"], clock["VRTC_SIZE"])
        if "watchdog" in values:
            size = watchdog["VWATCHDOG_FRAME_SIZE"]
            self.add_device(vm, "watchdog", watchdog["VWATCHDOG_CONTROL_IPA"], size)
            self.add_device(vm, "watchdog refresh", watchdog["VWATCHDOG_REFRESH_IPA"], size)
        for name, (first, size) in self.lintels(vm):
            self.add(vm, Place("page of Lintel's", name, first, first + size))
        self.asked.append((path, values.get("scratch", ())))

    def lintels(self, vm):
        """What Lintel writes for it."""
        yield "its stolen time is", STOLEN_TIME
        if vm in self.monitors:
            yield "its call records are", CALL_RECORDS

    def overlaps(self, path, vm, place, other):
        self.error(path, f"{place.first:#x} to {place.end:#x} in VM {vm} overlaps {other.what} {other.name}, "
                         f"{other.first:#x} to {other.end:#x}")

    def add_region(self, path, what, members, first, size):
        """A shared or read-only region, if nothing of its members' is there."""
        place = Place(what, name_of(path), first, first + size)
        clashes = [(vm, self.clash(vm, place.first, place.end)) for vm in members]
        for vm, other in clashes:
            if other:
                self.overlaps(path, vm, place, other)
                return
        for vm in members:
            self.add(vm, place)

    def add_wires(self, members, number):
        """The two PL061s of a shared region."""
        size = self.shmem["size"]
        for vm in members:
            for base in ("SHMEM_IN", "SHMEM_OUT"):
                self.add_device(vm, "shmem", self.shmem[base] + number * size, size)

    def add_scratch(self):
        """The scratch devices of all VMs; all their other devices but doorbells are there, and shared regions."""
        for path, cells in self.asked:
            vm, problem = name_of(path), ""
            for at in range(0, len(cells), 3):
                address, size, count = cells[at:at + 3]
                place = Place("device", "scratch", address, address + size * count)
                others = [other for other in self.taken[vm] if place.first < other.end and other.first < place.end]
                lintels = next((other for other in others if other.what == "page of Lintel's"), None)
                if lintels:
                    self.error(path, f"scratch at {place.first:#x}, where {lintels.name} ({lintels.first:#x} to {lintels.end:#x})")
                    break
                if any(other.what != "shared region" for other in others):
                    problem = "exists already: its memory or another device is there"
                elif self.rows[vm] + count > self.rows_max:
                    problem = f"no memory: the VM would have {self.rows[vm] + count} devices, expected at most {self.rows_max}"
                if problem:
                    self.error(f"{path}: scratch", f"<{address:#x} {size:#x} {count}>: {problem}")
                    break
                for other in others:
                    self.overlaps(f"/shared-memory/{other.name}", vm, other, place)
                self.add(vm, place, count)

    def ask_bell(self, bell):
        """A doorbell, unless it is in a region; all regions are there."""
        other = self.clash(bell.vm, bell.address, bell.address + max(bell.width, 1))
        if other and other.what.endswith("region"):
            self.error(bell.path, f"{bell.address:#x} in VM {bell.vm} is in region {other.name}, expected a place where "
                                  "nothing is")
        else:
            self.bells.append(bell)

    def add_bells(self):
        """The rows of all doorbells: one for each address, up to the next if nobody says how wide it is."""
        chains = {}
        for bell in self.bells:
            chains.setdefault((bell.vm, bell.address), []).append(bell)
        addresses = {}
        for vm, address in chains:
            addresses.setdefault(vm, []).append(address)
        for (vm, address), chain in chains.items():
            natural = (address | BELL_WIDTH_MAX) & -(address | BELL_WIDTH_MAX)
            needed = max(max(bell.width, 1) for bell in chain)
            size = max(bell.width or natural for bell in chain)
            nearest = min((other for other in addresses[vm] if address < other < address + size), default=None)
            if nearest is not None and nearest - address < needed:
                self.error(chain[0].path, f"{needed} bytes at {address:#x} of VM {vm} reach into doorbell "
                                          f"{name_of(chains[vm, nearest][0].path)} at {nearest:#x}: give one another address, "
                                          "or a smaller width")
                continue
            other = self.clash(vm, address, nearest or address + size)
            if other:
                owner = {"device": other.name, "its memory": "its memory"}.get(other.what, "shared memory")
                self.error(chain[0].path, f"at {address:#x} of VM {vm} there is {owner}: give it an address where nothing is")
        for vm, bells in addresses.items():
            rows = self.rows.get(vm, 0) + len(bells)
            if rows > self.rows_max:
                self.error("/doorbells", f"VM {vm} would have {rows} devices, expected at most {self.rows_max}")
