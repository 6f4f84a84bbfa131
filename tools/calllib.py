# SPDX-License-Identifier: BSD-3-Clause
"""A bundle's rules for calls and its SDEI events, judged as Lintel does (hyp/bundle/manifest_smccc.c, manifest_sdei.c,
hyp/smccc), in the same words."""
import collections
import os
import re

SMCCC = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hyp", "smccc")
RULES_MAX = 256
EVENTS_MAX = 64 * 16
EVENTS_OF_VM_MAX = 16
FIRST_PPI, FIRST_SPI = 16, 32
# Not for events: the timers' interrupts, and the numbers of what the guest binds (hyp/smccc/sdei_bind.c).
TIMERS = (27, 30)
BOUND_NUMBERS = range(0x40ff0000, 0x41000000)
# Properties of a rule that only one action has.
ONLY = {"arguments": "firmware", "addresses": "firmware", "address-size": "firmware", "results": "firmware",
        "monitor": "monitor", "timeout": "monitor", "line": "monitor"}
WHO = {"firmware": "the firmware", "monitor": "a monitor"}

WIDE = 1 << 30  # SMC64 and HVC64
FAST = 1 << 31
HINT = 1 << 16
MONITOR_NEXT = 0xc6000011  # calls.def
SDEI_VERSION = 0xc4000020

Service = collections.namedtuple("Service", "name base count handled whole")
# first, last: of function identifiers, or of immediates if it is for these
Rule = collections.namedtuple("Rule", "name vm conduits immediates first last action monitor")
Event = collections.namedtuple("Event", "number intid")


def read_services():
    """call_services[] of hyp/smccc/call_row.c."""
    with open(os.path.join(SMCCC, "dispatch.h"), encoding="utf-8") as text:
        bases = dict(re.findall(r"^#define (SMCCC_BASE_\w+)\s+UINT32_C\((0x\w+)\)", text.read(), re.M))
    with open(os.path.join(SMCCC, "call_row.c"), encoding="utf-8") as text:
        rows = re.findall(r'\{\s*"([^"]+)",\s*(?:(SMCCC_BASE_\w+)|UINT32_C\((0x\w+)\)),\s*(0x\w+),\s*(true|false),\s*(true|false)\s*\}',
                          text.read())
    return [Service(name, int(number or bases[base], 16), int(count, 16), handled == "true", whole == "true")
            for name, base, number, count, handled, whole in rows]


def touches(rule, service):
    """Does it hold a function of this service, of any width?"""
    return not rule.immediates and any(
        rule.first < first + service.count and rule.last >= first for first in (service.base, service.base | WIDE))


class Refused(Exception):
    pass


class Rules:
    """All rules, and what speaks against one: as hyp/smccc/call_rule.c has it."""

    def __init__(self):
        self.services = read_services()
        self.rules = []

    def unhandled(self, rule):
        """The first function that Lintel hasn't got, or None."""
        key = rule.first
        while key <= rule.last:
            ends = [first + service.count for service in self.services if service.handled
                    for first in (service.base, service.base | WIDE) if first <= key < first + service.count]
            if not ends:
                return key
            key = ends[0]
        return None

    def check_services(self, rule):
        if rule.immediates:
            if rule.action in ("handle", "firmware"):
                who = "Lintel" if rule.action == "handle" else "the firmware"
                raise Refused(f'calls with other immediates than 0 can\'t be given to {who}: say "deny", "undef" or "monitor"')
            return
        if rule.action != "handle":
            if touches(rule, self.services[0]):
                raise Refused("it holds a part of the architecture's own calls (80000000-8000ffff, c0000000-c000ffff), which "
                              "Lintel always handles")
            return
        missing = self.unhandled(rule)
        if missing is not None:
            raise Refused(f"Lintel has no function {missing:08x} to handle")

    def check_firmware(self, rule):
        if rule.first < FAST:
            raise Refused("it passes yielding calls (0-7fffffff) to the firmware; only fast ones can be")
        for service in self.services:
            if service.name in ("PSCI", "SDEI") and touches(rule, service):
                raise Refused(f"it passes {service.name} to the firmware, whose it would be for the whole machine")

    def leads_to(self, start, end, seen):
        """Does VM `start`, by the rules so far, call `end`, or a VM that does, and so on?"""
        if start == end:
            return True
        seen.add(start)
        return any(rule.vm == start and rule.action == "monitor" and rule.monitor not in seen and
                   self.leads_to(rule.monitor, end, seen) for rule in self.rules)

    def check_monitor(self, rule):
        if rule.monitor == rule.vm:
            raise Refused(f"VM {rule.vm} can't be its own monitor")
        if self.leads_to(rule.monitor, rule.vm, set()):
            raise Refused(f"VM {rule.monitor}'s own calls lead back to VM {rule.vm}: monitors must not form a circle")

    def check_hint(self, rule):
        if not rule.immediates and rule.first & FAST and rule.first & rule.last & HINT and rule.first >> 17 == rule.last >> 17:
            raise Refused("bit 16 is set in all of its identifiers, where it is a hint that doesn't count: no call comes to it")

    def add(self, rule):
        self.check_hint(rule)
        self.check_services(rule)
        if rule.action == "firmware":
            self.check_firmware(rule)
        elif rule.action == "monitor":
            self.check_monitor(rule)
        for other in self.rules:
            if other.vm == rule.vm and other.conduits & rule.conduits and other.immediates == rule.immediates and \
                    rule.first <= other.last and other.first <= rule.last:
                raise Refused(f"it overlaps {other.name}, which is for the same VM")
        self.rules.append(rule)

    @staticmethod
    def rule_at(rules, key):
        return next((rule for rule in rules if rule.first <= key <= rule.last), None)

    def check_whole(self, service, conduit, rules):
        """All of a service, of both widths, has one end."""
        def end_at(key):
            rule = self.rule_at(rules, key)
            action = rule.action if rule else "handle" if service.handled else "deny"
            return action, rule.monitor if rule and action == "monitor" else ""

        first = end_at(service.base)
        for start in (service.base, service.base | WIDE):
            cuts = {start} | {key for rule in rules for key in (rule.first, rule.last + 1) if start <= key < start + service.count}
            for key in sorted(cuts):
                if end_at(key) != first:
                    rule = self.rule_at(rules, key) or self.rule_at(rules, service.base)
                    last = service.base + service.count - 1
                    raise Refused(
                        f"{rule.name} takes a part of {service.name} by {conduit}, which makes sense only whole: all of "
                        f"{service.base:08x}-{last:08x} and {service.base | WIDE:08x}-{last | WIDE:08x} is to have one action "
                        f'("{first[0]}" or "{end_at(key)[0]}")')

    def check_vm(self, vm):
        """When all are there."""
        for conduit in ("SMC", "HVC"):
            rules = [rule for rule in self.rules if rule.vm == vm and conduit in rule.conduits and not rule.immediates]
            for service in self.services:
                if service.whole:
                    self.check_whole(service, conduit, rules)
        self.check_is_served(vm)

    def check_is_served(self, vm):
        """A monitor must be able to take calls."""
        named = next((rule for rule in self.rules if rule.action == "monitor" and rule.monitor == vm), None)
        taken = set().union(*(rule.conduits for rule in self.rules if rule.vm == vm and not rule.immediates and
                              rule.action != "handle" and rule.first <= MONITOR_NEXT <= rule.last))
        if named and taken == {"SMC", "HVC"}:
            raise Refused(f"{named.name} makes VM {vm} a monitor, but its own calls for that ({MONITOR_NEXT:08x}) come to Lintel by "
                          "neither SMC nor HVC")

    def answers_sdei(self, vm):
        """By a conduit at least, if its SMC is trapped: as hyp/bundle/guest_conduit.c has it."""
        taken = set().union(*(rule.conduits for rule in self.rules if rule.vm == vm and not rule.immediates and
                              rule.action != "handle" and rule.first <= SDEI_VERSION <= rule.last))
        return taken != {"SMC", "HVC"}


class Calls:
    """What is said in /smccc and /sdei-events; a Checker notes the errors and knows the other nodes."""

    def __init__(self, checker):
        self.checker = checker
        self.rules = Rules()
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
        elif known(f"{path}: monitor", monitor, self.checker.vms, "VM"):
            if monitor in self.checker.aarch32:
                self.error(path, "monitor", "one with aarch32, which can't make a monitor's calls, expected one without it")
            if line is not None and known(f"{path}: line", line, self.checker.lines, "line") and self.checker.lines[line] != monitor:
                self.error(path, "line", f"not the monitor's, expected a line of VM {monitor}")

    def read_rules(self, holder):
        for path, values, good in self.checker.nodes(holder, "rule", RULES_MAX, self.checker.schema["RULE"]):
            if not good:
                continue
            before = len(self.checker.errors)
            self.checker.known(f"{path}: vm", values["vm"], self.checker.vms, "VM")
            if "functions" in values and "immediates" in values:
                self.error(path, "immediates", "beside functions, expected one of the two")
            elif "functions" not in values and "immediates" not in values:
                self.error(path, "functions", "missing, expected functions or immediates")
            if values["vm"] in self.checker.virtual_el2 and values.get("conduit") == "hvc":
                self.error(path, "conduit", '"hvc" of a VM with virtual-el2, which takes its HVCs itself, expected "smc"')
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
            if len(self.checker.errors) == before:
                self.add_rule(path, values)

    def add_rule(self, path, values):
        conduits = {"both": {"SMC", "HVC"}, "smc": {"SMC"}, "hvc": {"HVC"}}[values.get("conduit", "both")]
        first, last = values.get("functions") or values["immediates"]
        try:
            self.rules.add(Rule(path.rsplit("/", 1)[1], values["vm"], conduits, "immediates" in values, first, last,
                                values["action"], values.get("monitor", "")))
        except Refused as why:
            self.checker.error(path, str(why))

    def check_rules(self):
        """When all rules are there."""
        for vm in self.checker.vms:
            try:
                self.rules.check_vm(vm)
            except Refused as why:
                self.checker.error("/smccc", str(why))

    def read_events(self, holder):
        for path, values, good in self.checker.nodes(holder, "event", EVENTS_MAX, self.checker.schema["SDEI"]):
            if not good:
                continue
            known = self.checker.known(f"{path}: vm", values["vm"], self.checker.vms, "VM")
            if values["vm"] in self.checker.aarch32:
                self.error(path, "vm", "one with aarch32, which has no SDEI, expected one without it")
            if "spi" in values and "ppi" in values:
                self.error(path, "ppi", "beside spi, expected one of the two")
            elif "spi" not in values and "ppi" not in values:
                self.error(path, "spi", "missing, expected spi or ppi")
            elif known:
                intid = FIRST_PPI + values["ppi"] if "ppi" in values else FIRST_SPI + values["spi"]
                self.add_event(path, values["vm"], Event(values["event"], intid))

    def add_event(self, path, vm, event):
        if not self.rules.answers_sdei(vm):
            self.checker.error(path, f"not made: VM {vm} has no conduit by which Lintel answers SDEI's calls (/smccc), so that it "
                                     "could never register it; expected a VM that has one")
            return
        others = self.events.setdefault(vm, [])
        what = ""
        if event.intid in TIMERS:
            what = "invalid"
        elif event.number in BOUND_NUMBERS or any(event.number == other.number or event.intid == other.intid for other in others):
            what = "exists already"
        elif len(others) == EVENTS_OF_VM_MAX:
            what = "no memory"
        if what:
            self.checker.error(path, f"not made: event {event.number:#x} by interrupt {event.intid} of VM {vm}: {what}; expected a "
                                     "number and an interrupt that no other event of the VM's has, an interrupt that may be "
                                     f"one's, and at most {EVENTS_OF_VM_MAX} events of a VM")
            return
        others.append(event)
