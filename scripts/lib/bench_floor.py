#!/usr/bin/env python3
"""The floor of the plans' figures, for scripts/bench: the same plan with the smallest provider (src/plugin/examples/smallest.rs), which
keeps what it is given. What it takes over built-in `terraform_data` is what a CLI spends on any plugin: it compares the program's
checksum, starts it several times, and asks it over gRPC. No provider's figure can be below."""

import os
import shutil
import subprocess

TARGETS = {"plan_floor": {"1": None, "50": None, "500": None}, "real_plan_floor": None}
LABELS = {
    "plan_floor": "the smallest provider in that plan, n = {}, times the reference",
    "real_plan_floor": "the smallest provider beside that plan's requests, times the reference",
}
ADDRESS = "goldenpath.internal/platform/smallest"
NAME = "terraform-provider-smallest"
VERSION = "0.1.0"

HEAD = f"""\
terraform {{
  required_providers {{
    smallest = {{
      source  = "{ADDRESS}"
      version = "{VERSION}"
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


def install(built, mirror, os_arch):
    copy = mirror / ADDRESS / VERSION / os_arch / f"{NAME}_v{VERSION}"
    copy.parent.mkdir(parents=True)
    shutil.copy(built, copy)


def folder(cli, place, reference):
    """The reference's configuration with a resource of the smallest provider in each place, applied."""
    place.mkdir(parents=True)
    (place / "main.tf").write_text(HEAD + reference.replace('"terraform_data"', '"smallest_copy"'))
    cli.run(place, "init")
    cli.apply(place)
    return place
