#!/usr/bin/env python3
"""The figures of golden paths and policies, for scripts/bench: differences between alternating runs of the same command, so that what
each process costs by itself is left out."""

import shutil
import statistics
import subprocess
import time

# What each figure has to reach.
TARGETS = {"policy_ms": 2, "catalogue_ms": 20}
LABELS = {
    "policy_ms": "judging an environment and a slot with the whole built-in pack, ms",
    "catalogue_ms": "loading a catalogue of 50 golden paths, ms",
}
PATHS = 50
CASES = 100
HEAD = "apiVersion: goldenpath.internal/v1\nkind: {kind}\n"


def measure(binary, work, rounds, figures, notes):
    folder = work / "catalogue"
    shutil.rmtree(folder, ignore_errors=True)
    many, plain, judged = (folder / name for name in ("many", "plain", "judged"))
    for one in (many, plain, judged):
        one.mkdir(parents=True)
    for index in range(PATHS):
        path = HEAD.format(kind="GoldenPath") + f"name: path-{index}\nversion: 1.0.0\nextends: team-standard 1.0.0\n"
        (many / f"path-{index}.yaml").write_text(path)
    known = subprocess.run([binary, "policy", "list"], capture_output=True, text=True, check=True).stdout
    pack = [line.split()[1:3] for line in known.splitlines() if line.split()[:1] == ["policy"]]
    for one, policies in ((plain, []), (judged, pack)):
        listed = "".join(f"  - {{ policy: {name} {version} }}\n" for name, version in policies)
        text = HEAD.format(kind="GoldenPath") + "name: bench\nversion: 1.0.0\nextends: team-standard 1.0.0\n"
        (one / "path.yaml").write_text(text + (f"policies:\n{listed}" if listed else ""))
        case = "  - {{ name: case {}, environment: {{ team: bench, tier: dev }}, slot: {{ name: one }}, expect: {{}} }}\n"
        cases = "".join(case.format(index) for index in range(CASES))
        (one / "path.test.yaml").write_text(HEAD.format(kind="GoldenPathTest") + f"golden_path: bench\ncases:\n{cases}")

    def seconds(*arguments):
        begun = time.perf_counter()
        subprocess.run([binary, "catalogue", *arguments], capture_output=True, check=True)
        return time.perf_counter() - begun

    def difference(one, other):
        return statistics.median(seconds(*other) - seconds(*one) for _ in range(rounds)) * 1000

    # As a plan does it: all are loaded, and one of them is asked.
    one = ("show", "team-standard", "--json")
    figures["catalogue_ms"] = difference(one, (*one, "--catalogue", many))
    notes["catalogue_ms"] = f"{PATHS} documents that extend the built-in one, median of {rounds}"
    figures["policy_ms"] = difference(("test", "--catalogue", plain), ("test", "--catalogue", judged)) / CASES
    notes["policy_ms"] = f"{len(pack)} policies, {CASES} environments and slots, median of {rounds}"
