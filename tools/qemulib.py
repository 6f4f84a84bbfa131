# SPDX-License-Identifier: BSD-3-Clause
"""What tools/run, tools/bench and the booted tests share: QEMU's command line, a run with a time limit that leaves
no process behind, and reading of TAP from the console."""
import os
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QEMU = os.environ.get("QEMU", "qemu-system-aarch64")
TIMED_OUT = 124
GAVE_UP = 125
# Lintel's escape character on the console, Ctrl-^; a key follows (docs/options.md).
LINTEL_KEY = "\x1e"
# What a shell sends to a terminal (the question where its cursor is): no text.
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def out_folder():
    """The build folder, made absolute (O= of make, relative to the top)."""
    return os.path.join(TOP, os.environ.get("O", "build"))


def toolchain_folder():
    """Where the image's payloads and bundles are (B= of make)."""
    return os.path.join(TOP, os.environ.get("B", os.environ.get("O", "build")))


def command(image, *, cpu="max", cpus=4, mem="1G", machine="", bundle=None, bootargs="", serial="stdio",
            el2=True, exit_by_semihosting=True, extra=()):
    """The QEMU command line: `image` is a raw arm64 Image (Lintel's or, with el2=False, a kernel)."""
    options = "virt,gic-version=3" + (",virtualization=on" if el2 else "") + ("," + machine if machine else "")
    line = [QEMU, "-machine", options, "-cpu", cpu, "-smp", str(cpus), "-m", str(mem), "-nic", "none",
            "-display", "none", "-no-reboot", "-serial", serial]
    if serial != "mon:stdio":
        line += ["-monitor", "none"]
    if image:
        line += ["-kernel", image]
    if bundle:
        line += ["-initrd", bundle]
    if el2 and exit_by_semihosting:
        line += ["-semihosting-config", "enable=on,target=native"]
        bootargs = ("lintel.exit=semihosting " + bootargs).strip()
    if bootargs and image:
        line += ["-append", bootargs]
    return line + list(extra)


def ended_from_outside(number, _frame):
    """As Ctrl-C does: whoever runs a machine ends it first."""
    sys.exit(128 + number)


signal.signal(signal.SIGTERM, ended_from_outside)
signal.signal(signal.SIGHUP, ended_from_outside)


class Console:
    """A running QEMU whose console is a pipe; everything it prints is kept in .text (and shown, when asked)."""

    def __init__(self, line, *, echo=False, log=None):
        self.text = ""
        self.echo = echo
        self.log = open(log, "wb") if log else None
        if self.log:
            self.log.write(("# " + shlex.join(line) + "\n").encode())
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True, cwd=TOP)
        self.open = True

    def send(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def read(self, seconds):
        """Waits up to so long for more output; False at the end of it or when none came."""
        if not self.open:
            return False
        ready, _, _ = select.select([self.process.stdout], [], [], max(0, seconds))
        if not ready:
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            self.open = False
            return False
        if self.log:
            self.log.write(data)
            self.log.flush()
        if self.echo:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        self.text += data.decode("utf-8", "replace").replace("\r", "")
        if "\x1b" in self.text[-len(data) - 16:]:
            self.text = ESCAPE.sub("", self.text)
        return True

    def wait_for(self, pattern, seconds, start=0):
        """The match of the pattern in what is printed from `start` on, or None after so long."""
        end = time.monotonic() + seconds
        while True:
            found = re.compile(pattern, re.M).search(self.text, start)
            if found or not self.open or time.monotonic() >= end:
                return found
            self.read(min(1.0, end - time.monotonic()))

    def finish(self, seconds, give_up=None):
        """Reads to the end: QEMU's status. TIMED_OUT, or GAVE_UP where what is printed matches that pattern: QEMU is
        killed."""
        unfinished = TIMED_OUT
        end = time.monotonic() + seconds
        while self.open and time.monotonic() < end:
            at = max(0, len(self.text) - 200)
            self.read(min(1.0, end - time.monotonic()))
            if give_up and re.compile(give_up, re.M).search(self.text, at):
                unfinished = GAVE_UP
                break
        try:
            status = self.process.wait(timeout=0 if self.open else 5)
        except subprocess.TimeoutExpired:
            status = unfinished
        self.kill()
        return status

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            try:
                if stream:
                    stream.close()
            except BrokenPipeError:
                pass


def run(line, *, seconds, echo=False, log=None, give_up=None):
    """Runs QEMU to its end: (status, what the console showed)."""
    console = Console(line, echo=echo, log=log)
    try:
        status = console.finish(seconds, give_up)
    except BaseException:
        console.kill()
        raise
    return status, console.text


def image_at(image, offset, copy):
    """A copy of an Image whose header asks to be loaded `offset` bytes above the base of RAM."""
    with open(image, "rb") as source:
        data = bytearray(source.read())
    struct.pack_into("<Q", data, 8, offset)
    with open(copy, "wb") as target:
        target.write(data)
    return copy


class Tap:
    """One TAP stream: its cases as (ok, name), its plan, and what is wrong with it as a whole."""

    def __init__(self, name=""):
        self.name = name
        self.cases = []
        self.plan = None
        self.bailed = None

    LINE = re.compile(r"(not )?ok\b[ \t]*(\d+)?[ \t]*(?:-[ \t]*)?(.*)")

    def feed(self, line):
        """Takes one line; False when it is no TAP."""
        found = self.LINE.match(line)
        if found:
            text = found.group(3).strip()
            lower = text.lower()
            ok = not found.group(1) or "# todo" in lower or "# skip" in lower
            self.cases.append((ok, text))
            return True
        found = re.match(r"1\.\.(\d+)", line)
        if found:
            self.plan = int(found.group(1))
            return True
        if line.startswith("Bail out!"):
            self.bailed = line
            return True
        return line.startswith("TAP version")

    def problem(self):
        """Why the stream as a whole is bad, or None."""
        if self.bailed:
            return self.bailed
        if self.plan is None:
            return "no plan" if self.cases else "printed no TAP"
        if self.plan != len(self.cases):
            return f"{self.plan} planned, {len(self.cases)} run"
        return None

    @property
    def passed(self):
        return sum(1 for ok, _ in self.cases if ok)

    @property
    def failed(self):
        return sum(1 for ok, _ in self.cases if not ok) + (1 if self.problem() else 0)


PREFIX = re.compile(r"^\[([A-Za-z][\w.-]*)\] ?(.*)$")
LEFT_OUT = re.compile(r"^lintel: vm ([A-Za-z][\w.-]*): left out: ", re.M)


def read_tap(text, names=()):
    """The TAP streams of a console, by VM. Lines may begin with `[vm] `; without, they are of the only VM. Optional VMs
    that Lintel left out have none."""
    left_out = set(LEFT_OUT.findall(text))
    streams = {name: Tap(name) for name in names if name not in left_out}
    default = names[0] if len(names) == 1 else "console"
    for line in text.splitlines():
        found = PREFIX.match(line)
        name, rest = (found.group(1), found.group(2)) if found else (default, line)
        probe = Tap()
        if probe.feed(rest):
            streams.setdefault(name, Tap(name)).feed(rest)
    return streams


SUMMARY = re.compile(r"^lintel: VM +ended +starts$", re.M)


def summaries(text):
    """Each table of Lintel's that says how its VMs have ended, in their order, as {VM: how}, with what else is wrong then
    under the name ''."""
    found = []
    for part in SUMMARY.split(text)[1:]:
        ends = {name: how for name, how in re.findall(r"^lintel: (\S+) +(\S+(?: \S+)*?) {2,}\d+$", part, re.M)}
        wrong = re.search(r"^lintel: .*(could not be made|pages are free, but).*$", part, re.M)
        if wrong:
            ends[""] = wrong.group(0)
        found.append(ends)
    return found


# Lintel that can't switch itself off: the inner one, after a panic before it has found PSCI.
HALTED = r"^lintel: the machine may be switched off now$"


def inner_problem(text):
    """What speaks against Lintel under Lintel having ended well, or None: the inner one's table comes before the outer's."""
    tables = summaries(text)
    if len(tables) != 2:
        return "the inner Lintel did not come to its end"
    inner, outer = tables
    if list(outer.items()) != [("lintel", "powered off")]:
        return f"the inner Lintel has not ended well: {outer}"
    bad = {name: how for name, how in inner.items() if how != "powered off"}
    if bad:
        return "; ".join(f"inner VM {name}: {how}" if name else how for name, how in bad.items())
    return None


def manifest_vms(source):
    """The names of the VMs in a manifest's source."""
    blob = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", source], check=True, capture_output=True).stdout
    listed = subprocess.run(["fdtget", "-l", "-", "/vms"], input=blob, check=False, capture_output=True).stdout
    return listed.decode().split()


def table(streams):
    """Lines of the table of results, and whether all is well."""
    width = max([len(name) for name in streams] + [7])
    lines = [f"{'payload':<{width}}  passed  failed  result"]
    good = bool(streams)
    for name, tap in streams.items():
        fine = tap.failed == 0
        good = good and fine
        result = "ok" if fine else (tap.problem() or "FAILED")
        lines.append(f"{name:<{width}}  {tap.passed:>6}  {tap.failed:>6}  {result}")
    passed = sum(tap.passed for tap in streams.values())
    failed = sum(tap.failed for tap in streams.values())
    lines.append(f"{'all':<{width}}  {passed:>6}  {failed:>6}  {'ok' if good else 'FAILED'}")
    return lines, good
