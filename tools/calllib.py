# SPDX-License-Identifier: BSD-3-Clause
"""A bundle's rules for calls and its SDEI events, judged as Lintel does (hyp/bundle/manifest_smccc.c, manifest_sdei.c,
hyp/smccc), in the same words."""
import collections

RULES_MAX = 256
EVENTS_MAX = 32 * 32
EVENTS_OF_VM_MAX = 32
FIRST_PPI, FIRST_SPI = 16, 32
# Properties of a rule that only one action has.
ONLY = {"arguments": "firmware", "addresses": "firmware", "address-size": "firmware", "results": "firmware",
        "monitor": "monitor", "timeout": "monitor", "line": "monitor"}
WHO = {"firmware": "the firmware", "monitor": "a monitor"}

Event = collections.namedtuple("Event", "number intid")


class Calls:
    """What is said in /smccc and /sdei-events; a Checker notes the errors and knows the other nodes."""

    def __init__(self, checker):
        self.checker = checker
        self.events = {}  # by VM

    def error(self, path, name, what):
        self.checker.error(f"{path}: {name}", what)

    def span(self, path, name, values):
        """The first and the last of a range."""
        cells = values[name]
        if len(cells) != 2:
            self.error(path, name, f"{len(cells)} numbers, expected two, the first and the last")
        elif cells[0] > cells[1]:
            self.error(path, name, f"<{cells[0]:#x} {cells[1]:#x}>, expected the first not above the last")

    def firmware(self, path, values):
        addresses = values.get("addresses", ())
        stray = sorted(set(addresses) - set(values.get("arguments", ())))
        if stray:
            self.error(path, "addresses", f"register {stray[0]}, expected registers that stand in arguments, too")
        if addresses and "address-size" not in values:
            self.error(path, "address-size", "missing, expected how many bytes are at an address of addresses")
        if "address-size" in values and not addresses:
            self.error(path, "address-size", "only for addresses, expected addresses beside it")

    def monitor(self, path, values):
        known, monitor, line = self.checker.known, values.get("monitor"), values.get("line")
        if monitor is None:
            self.error(path, "monitor", f"missing, expected {self.checker.schema['RULE']['monitor'].expected}")
        elif known(f"{path}: monitor", monitor, self.checker.vms, "VM") and line is not None:
            if known(f"{path}: line", line, self.checker.lines, "line") and self.checker.lines[line] != monitor:
                self.error(path, "line", f"not the monitor's, expected a line of VM {monitor}")

    def read_rules(self, holder):
        for path, values, good in self.checker.nodes(holder, "rule", RULES_MAX, self.checker.schema["RULE"]):
            if not good:
                continue
            self.checker.known(f"{path}: vm", values["vm"], self.checker.vms, "VM")
            if "functions" in values and "immediates" in values:
                self.error(path, "immediates", "beside functions, expected one of the two")
            elif "functions" not in values and "immediates" not in values:
                self.error(path, "functions", "missing, expected functions or immediates")
            for name in ("functions", "immediates"):
                if name in values:
                    self.span(path, name, values)
            for name, action in ONLY.items():
                if name in values and values["action"] != action:
                    self.error(path, name, f'only for calls to {WHO[action]}, expected action = "{action}"')
            if values["action"] == "firmware":
                self.firmware(path, values)
            elif values["action"] == "monitor":
                self.monitor(path, values)

    def read_events(self, holder):
        for path, values, good in self.checker.nodes(holder, "event", EVENTS_MAX, self.checker.schema["SDEI"]):
            if not good:
                continue
            known = self.checker.known(f"{path}: vm", values["vm"], self.checker.vms, "VM")
            if "spi" in values and "ppi" in values:
                self.error(path, "ppi", "beside spi, expected one of the two")
            elif "spi" not in values and "ppi" not in values:
                self.error(path, "spi", "missing, expected spi or ppi")
            elif known:
                intid = FIRST_PPI + values["ppi"] if "ppi" in values else FIRST_SPI + values["spi"]
                self.add_event(path, values["vm"], Event(values["event"], intid))

    def add_event(self, path, vm, event):
        others = self.events.setdefault(vm, [])
        what = ""
        if any(event.number == other.number or event.intid == other.intid for other in others):
            what = "exists already"
        elif len(others) == EVENTS_OF_VM_MAX:
            what = "no memory"
        if what:
            self.checker.error(path, f"not made: event {event.number:#x} by interrupt {event.intid} of VM {vm}: {what}; expected a "
                                     "number and an interrupt that no other event of the VM's has, an interrupt that may be "
                                     f"one's, and at most {EVENTS_OF_VM_MAX} events of a VM")
            return
        others.append(event)
