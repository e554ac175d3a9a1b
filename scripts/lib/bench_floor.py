#!/usr/bin/env python3
"""The floor of the plans' figures, for scripts/bench: the same plan with the smallest provider (src/plugin/examples/smallest.rs), which
keeps what it is given. What it takes over built-in `terraform_data` is what a CLI spends on any plugin: it compares the program's
checksum, starts it several times, and asks it over gRPC. No provider's figure can be below, and none of our size below that of its copy
whose file is as large as ours."""

import os
import shutil
import subprocess

TARGETS = {
    "plan_floor": {"1": None, "50": None, "500": None},
    "plan_floor_at_size": {"1": None, "50": None, "500": None},
    "real_plan_floor": None,
    "real_plan_floor_at_size": None,
}
LABELS = {
    "plan_floor": "the smallest provider in that plan, n = {}, times the reference",
    "plan_floor_at_size": "the smallest provider in a file of our size in that plan, n = {}, times the reference",
    "real_plan_floor": "the smallest provider beside that plan's requests, times the reference",
    "real_plan_floor_at_size": "the smallest provider in a file of our size beside those, times the reference",
}
ADDRESS = "goldenpath.internal/platform/smallest"
NAME = "terraform-provider-smallest"
# As it is built, and in a file as large as ours.
SMALL, AT_SIZE = "0.1.0", "0.1.1"

HEAD = """\
terraform {{
  required_providers {{
    smallest = {{
      source  = "{address}"
      version = "{version}"
    }}
  }}
}}

"""


def program(root, target):
    """The smallest provider in the release profile. `target` is a folder of its own: without the flags of scripts/build, cargo would
    build the real one's dependencies again at each change between the two."""
    build = ["cargo", "build", "--release", "--locked", "-p", "goldenpath-plugin", "--example", "smallest"]
    subprocess.run(build, cwd=root, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "CARGO_TARGET_DIR": str(target)})
    return target / "release" / "examples" / "smallest"


def install(built, mirror, os_arch, size):
    """`size`: of our file, in bytes. What follows the end of a program is not read when it is started."""
    for version in (SMALL, AT_SIZE):
        copy = mirror / ADDRESS / version / os_arch / f"{NAME}_v{version}"
        copy.parent.mkdir(parents=True)
        shutil.copy(built, copy)
    with copy.open("ab") as file:
        # Bytes that differ, as a program's do: a run of zeros could be a hole in the file.
        file.write(os.urandom(max(0, size - copy.stat().st_size)))


def folder(cli, place, reference, version):
    """The reference's configuration with a resource of the smallest provider in each place, applied."""
    place.mkdir(parents=True)
    head = HEAD.format(address=ADDRESS, version=version)
    (place / "main.tf").write_text(head + reference.replace('"terraform_data"', '"smallest_copy"'))
    cli.run(place, "init")
    cli.apply(place)
    return place
