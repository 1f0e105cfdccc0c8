#!/usr/bin/env python3
"""Races commands over one root, in turn, and prints medians, and ratios to the first of them.

    race.py ROOT ROUNDS NAME='COMMAND … {root} … {out}' …

Each run gets an empty {out}. Before each, outside the clock, all files of the root are read once: a machine that takes
memory back from idle files would otherwise measure who runs when. Figures are of whole processes.
"""
import os, shlex, shutil, statistics, subprocess, sys, tempfile, time

root, rounds, contestants = sys.argv[1], int(sys.argv[2]), dict(text.split("=", 1) for text in sys.argv[3:])


def warm():
    for folder, _, files in os.walk(root):
        for name in files:
            with open(os.path.join(folder, name), "rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def run(command):
    out = tempfile.mkdtemp(prefix="race-")
    os.rmdir(out)
    words = [word.replace("{root}", root).replace("{out}", out) for word in shlex.split(command)]
    warm()
    started = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    shutil.rmtree(out, ignore_errors=True)
    if os.waitstatus_to_exitcode(status) not in (0, 4):
        sys.exit(f"failed: {command}\n{error.decode()[-2000:]}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


for command in contestants.values():
    run(command)
figures = {name: [] for name in contestants}
for _ in range(rounds):
    for name, command in contestants.items():
        figures[name].append(run(command))
first = next(iter(figures))
for name, runs in figures.items():
    wall, cpu, memory = (statistics.median(column) for column in zip(*runs))
    ratio = statistics.median(one[0] / other[0] for one, other in zip(runs, figures[first]))
    memory_ratio = memory / statistics.median(run[2] for run in figures[first])
    print(f"{name:12} wall {wall:6.2f} s   CPU {cpu:6.2f} s   peak {memory:6.0f} MiB   wall {ratio:5.2f}   memory {memory_ratio:5.2f}")
