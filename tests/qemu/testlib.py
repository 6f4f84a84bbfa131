# SPDX-License-Identifier: BSD-3-Clause
"""What the tests with Linux in a VM share: TAP, a kernel's warnings, typing at the console of several VMs."""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, TOP + "/tools")
import qemulib  # noqa: E402

IMAGE = os.environ.get("LINTEL_IMAGE") or qemulib.out_folder() + "/lintel.bin"
LOGS = os.environ.get("LINTEL_LOGS") or qemulib.out_folder() + "/logs"
WARNING = 4
# How long the machine that runs the tests took for something is not the guest's matter.
LOAD_DEPENDENT = re.compile(r"hrtimer: interrupt took|hogged CPU|perf: interrupt took")


class Tap:
    number = 0
    failed = 0

    def case(self, name, good, details=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}")
        for line in (str(details).splitlines()[-40:] if not good else ()):
            print("# " + line)
        sys.stdout.flush()


def warnings(text):
    """The kernel's messages of level warning and worse, without times and numbers."""
    found = set()
    for level, message in re.findall(r"^<(\d+)>\[[ \d.]+\] (.*)$", text, re.M):
        if int(level) <= WARNING and not LOAD_DEPENDENT.search(message):
            found.add(re.sub(r"(0x)?[0-9a-f]*\d[0-9a-f]*", "#", message.strip()))
    return found


def ended_well(status, text):
    return status == 0 and re.search(r"lintel-cmd: status 0\b", text)


def tail(status, text):
    return f"status {status}\n" + "\n".join(text.splitlines()[-30:])


class Lost(Exception):
    """What was waited for did not come."""


class Keyboard:
    """A person at Lintel's console, one view at a time."""

    def __init__(self, line, log, limit):
        self.console = qemulib.Console(line, log=log)
        self.limit = limit
        self.view = None
        self.commands = 0

    def wait(self, pattern, at, seconds=None):
        found = self.console.wait_for(pattern, seconds or self.limit, at)
        if not found:
            raise Lost(f"no {pattern!r} within {seconds or self.limit} s")
        return found

    def mark(self):
        return len(self.console.text)

    def look(self, key, announced):
        """Switches the view; where what it shows begins."""
        at = self.mark()
        self.console.send(qemulib.LINTEL_KEY + key)
        self.view = key
        return self.wait(announced, at).end()

    def all(self):
        return self.look("a", r"lintel: all VMs.*\n")

    def alone(self, number, name):
        return self.look(str(number), rf"lintel: \[{name}\] alone.*\n")

    def monitor(self, command):
        """A command at the monitor's command line; what it prints."""
        at = self.look("m", r"lintel: the monitor.*\n") if self.view != "m" else self.mark()
        self.wait(r"lintel> $", max(0, at - 20))
        at = self.mark()
        self.console.send(command + "\r")
        begin = self.wait(re.escape(command) + r"\n", at).end()
        end = self.wait(r"^lintel> $", begin)
        return self.console.text[begin:end.start()]

    def shell(self, command):
        """A command at the shell of the VM in view; what it prints."""
        self.commands += 1
        number = 1000 + self.commands
        at = self.mark()
        # What is typed is printed too, but with the sum not done, and maybe wrapped.
        self.console.send(f"echo begin$((1000 + {self.commands})); {command}\necho end$((1000 + {self.commands}))\n")
        begin = self.wait(rf"^begin{number}\n", at).end()
        end = self.wait(rf"^end{number}\n", begin)
        return self.console.text[begin:end.start()]

    def ticks(self):
        """The numbers that the VM that counts has printed, as far as they were shown: each is, sooner or later. Where a
        view came in the middle of a line, the line is shown again when one comes back."""
        numbers = [int(number) for number in re.findall(r"tick (\d+)\n", self.console.text)]
        return [number for number, before in zip(numbers, [None] + numbers) if number != before]

    def finish(self, seconds):
        return self.console.finish(seconds)

    def kill(self):
        self.console.kill()
