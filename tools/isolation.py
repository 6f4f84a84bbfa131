# SPDX-License-Identifier: BSD-3-Clause
"""What a VM that floods Lintel with one thing takes from its neighbour. For tests/qemu/isolation and tools/bench.

A worker (guest/worker) executes a loop of known length for 200 ms of the machine's counter, and says how many
instructions that were. Beside it a second VM (guest/flood) does one thing as fast as it can; the same with a second
VM that only computes (mode none) is what it is compared with: percent = 100 * with the flood / with mode none.

Time is QEMU's -icount: a nanosecond is an instruction, whichever CPU executes it, guest's and Lintel's alike, so the
figures are the same on every machine and in every run. Two places:

own     worker and flood each have a CPU. QEMU's CPUs then run by turns in one thread, and share the instructions
        of those 200 ms: each gets about half while both are busy. A turn ends where a timer of the machine is due,
        and as a flood has timers and computing has none, turns would differ more than what is measured; so a third
        VM on a CPU of its own wakes every 50 us, in all runs, and turns are short in all of them. A flood that sleeps
        leaves its turns to the worker: more than 100 percent. What the flood's CPU does to the worker's while that
        waits for its turn (kicks) comes down to one interrupt at the next turn: so the worker's exits for interrupts
        are looked at too (Lintel's own count), and there may be hardly more of them than beside mode none.
shared  both on the machine's only CPU: the worker's share is what Lintel's scheduler gives it, less what Lintel
        does for the flood while it is the worker's turn.

Not seen this way: what takes time and no instructions (caches, TLB invalidations broadcast to other CPUs, memory).
"""
import concurrent.futures
import os
import re
import subprocess

import qemulib

LEAST_PERCENT = 90
# A few for the start and the end of the other VMs.
MOST_INTERRUPTS = 50
BASELINE = "none"
FLOODS = ("sgi", "exits", "faults", "console", "maintenance", "timer", "wfi", "nap", "mmio", "unknown-calls", "caches",
          "resets")
PLACES = ("own", "shared")
LIMIT = 300


def vm(name, kernel, bootargs):
    return (f'\t\t{name} {{\n\t\t\tkernel = "{kernel}.bin";\n\t\t\tmemory = <0x0 0x400000>;\n\t\t\tvcpus = <1>;\n'
            f'\t\t\tbootargs = "lintel {bootargs}";\n\t\t}};\n')


def manifest(mode, place):
    vms = vm("worker", "worker", "") + vm("flood", "flood", f"mode={mode}")
    if place == "own":
        vms += vm("metronome", "flood", "mode=wfi us=50")
    return f'/dts-v1/;\n/ {{\n\tcompatible = "lintel,manifest-v1";\n\tvms {{\n{vms}\t}};\n}};\n'


class Result:
    def __init__(self, mode, place, status, text):
        self.mode = mode
        self.place = place
        self.status = status
        self.text = text
        found = re.search(r"^\[worker\] WORKER instructions (\d+)$", text, re.M)
        self.instructions = int(found.group(1)) if found else None
        self.percent = None
        found = re.search(r"^.*\bstats worker vcpu 0 interrupts (\d+)$", text, re.M)
        self.interrupts = int(found.group(1)) if found else 0
        self.more_interrupts = 0

    def problem(self):
        """What is wrong with the run itself, or None."""
        if self.status:
            return f"QEMU ended with status {self.status}"
        if self.instructions is None:
            return "the worker said nothing"
        if "stats worker vcpu 0" not in self.text:
            return "Lintel gave no statistics of the worker"
        taps = qemulib.read_tap(self.text)
        for name in ("worker", "flood"):
            if name not in taps or taps[name].failed:
                return f"{name}: {taps[name].problem() or 'not ok' if name in taps else 'printed no TAP'}"
        if self.place == "own" and self.more_interrupts > MOST_INTERRUPTS:
            return f"the worker was interrupted {self.more_interrupts} times more, at most {MOST_INTERRUPTS} expected"
        return None


def run_one(image, payloads, folder, logs, mode, place):
    base = f"{folder}/isolation-{place}-{mode}"
    with open(base + ".dts", "w", encoding="utf-8") as source:
        source.write(manifest(mode, place))
    subprocess.run([qemulib.TOP + "/tools/pack-bundle", base + ".cpio", base + ".dts", payloads], check=True)
    line = qemulib.command(image, bundle=base + ".cpio", cpus=3 if place == "own" else 1,
                           bootargs="lintel.stats=1", extra=["-icount", "shift=0,sleep=off"])
    status, text = qemulib.run(line, seconds=LIMIT, log=f"{logs}/isolation-{place}-{mode}.log")
    return Result(mode, place, status, text)


def measure(image, payloads, folder, logs):
    """All floods in all places, with their percentages."""
    runs = [(mode, place) for place in PLACES for mode in (BASELINE,) + FLOODS]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda run: run_one(image, payloads, folder, logs, *run), runs))
    for place in PLACES:
        here = [result for result in results if result.place == place]
        base = next(result for result in here if result.mode == BASELINE)
        for result in here:
            if base.instructions and result.instructions is not None:
                result.percent = round(100 * result.instructions / base.instructions, 1)
                result.more_interrupts = result.interrupts - base.interrupts
    return results


def table(results):
    """Lines for people: a flood a line, instructions and percent in both places."""
    lines = [f"{'flood':<14} {'own CPU each':>14} {'percent':>8} {'CPU shared':>14} {'percent':>8}"]
    for mode in (BASELINE,) + FLOODS:
        line = f"{mode:<14}"
        for place in PLACES:
            result = next(each for each in results if (each.mode, each.place) == (mode, place))
            count, percent = result.instructions, result.percent
            line += f" {'-' if count is None else f'{count:,}':>14} {'-' if percent is None else percent:>8}"
        lines.append(line)
    return lines
