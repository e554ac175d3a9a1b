#!/usr/bin/env python3
"""The figures on the real servers, for scripts/bench: an AWS emulator and a Kubernetes API server behind a proxy that counts.

`real-servers` (acceptance-tests/real_servers.rs) starts them and says how they are reached. The reference of the plan is the same plan with
built-in `terraform_data` plus the bare time of our requests: the time in which at least one of them was under way, as the proxy
saw it. So a ratio of 1 would be a provider that costs nothing besides its requests.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
from pathlib import Path

import bench_daemon
import bench_floor

# What each figure has to reach; None: reported only.
TARGETS = {
    "real_plan_ratio": 1.8,
    "requests": {"kubernetes": 40, "aws": 10},
    "requests_rich": {"apply": 250, "destroy": 200},
    "plan_foreign_entries_s": {"0": None, "100": None},
    "plan_foreign_entries_ratio": 1.1,
    "real_rss_mb": {"1": 20, "200": 50},
    "peer_plan_ratio": 20,
    "peer_rss_ratio": 15,
}
# Of these, more is better.
AT_LEAST = {"peer_plan_ratio", "peer_rss_ratio"}
LABELS = {
    "real_plan_ratio": "real servers: plan with nothing to change, n = 1, times the reference",
    "requests": "real servers: requests to {} in a plan, n = 200, besides one Describe for each own entry and association",
    "requests_rich": "real servers: requests to AWS, {} of prod with 8 principals, 3 namespaces, 5 slots",
    "plan_foreign_entries_s": "real servers: plan of two environments beside {} access entries of others, s",
    "plan_foreign_entries_ratio": "real servers: that plan beside 100, times beside none",
    "real_rss_mb": "real servers: provider's peak RSS in that plan, n = {}, MB",
    "peer_plan_ratio": "hashicorp/aws for the AWS half: its plan, times ours",
    "peer_rss_ratio": "hashicorp/aws for the AWS half: its peak RSS, times ours",
}
PEER_VERSION = "5.100.0"
PEER_SOURCE = "goldenpath.internal/peer/aws"

HEAD = """\
terraform {{
  required_providers {{
    goldenpath = {{
      source  = "{source}"
      version = "{version}"
    }}
  }}
}}

provider "goldenpath" {{
  aws = {{
    region    = "{region}"
    endpoints = {{ iam = "{aws}", eks = "{aws}", sts = "{aws}" }}
  }}
}}

"""

BASELINE = """\
resource "goldenpath_cluster_baseline" "main" {{
  cluster = "{cluster}"
}}
"""

ENVIRONMENT_AND_SLOT = """\
resource "goldenpath_team_environment" "{name}" {{
  name    = "{name}"
  team    = "bench"
  tier    = "dev"
  cluster = "{cluster}"
  access  = {{ developer = {{ principal_arns = ["{principal}"] }} }}
}}

resource "goldenpath_eks_workload_slot" "{name}" {{
  name        = "app"
  environment = goldenpath_team_environment.{name}.id
}}
"""

RICH_ENVIRONMENT = """\
resource "goldenpath_team_environment" "rich" {{
  name                = "rich"
  team                = "bench"
  tier                = "prod"
  cluster             = "{cluster}"
  owner               = {{ contact = "bench@example.com", cost_center = "CC1" }}
  namespaces          = {{ default = {{}}, api = {{}}, jobs = {{}} }}
  deletion_protection = false
  access = {{
{personas}
  }}
}}
"""

RICH_SLOT = """
resource "goldenpath_eks_workload_slot" "{name}" {{
  name                = "{name}"
  environment         = goldenpath_team_environment.rich.id
  deletion_protection = false
  identity            = {{ statements = [{{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::bench-data/*"] }}] }}
}}
"""
PERSONAS = ("viewer", "developer", "deployer", "admin")
FOREIGN = 100

# The AWS half of one environment and slot, by hand: what our inventory lists under aws/.
PEER = """\
terraform {{
  required_providers {{
    aws = {{
      source  = "{source}"
      version = "{version}"
    }}
  }}
}}

provider "aws" {{
  region                  = "{region}"
  skip_metadata_api_check = true
  endpoints {{
    iam = "{aws}"
    eks = "{aws}"
    sts = "{aws}"
  }}
}}

resource "aws_iam_role" "developer" {{
  name = "peer-developer"
  path = "/goldenpath/peer/"
  assume_role_policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ AWS = "{principal}" }} }}]
  }})
}}

resource "aws_eks_access_entry" "developer" {{
  cluster_name      = "{cluster}"
  principal_arn     = aws_iam_role.developer.arn
  kubernetes_groups = ["peer:developer"]
}}

resource "aws_iam_role" "slot" {{
  name                 = "peer-slot"
  path                 = "/goldenpath/peer/"
  permissions_boundary = "{boundary}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = {{ Service = "pods.eks.amazonaws.com" }}
    }}]
  }})
}}

resource "aws_eks_pod_identity_association" "slot" {{
  cluster_name    = "{cluster}"
  namespace       = "peer"
  service_account = "app"
  role_arn        = aws_iam_role.slot.arn
}}
"""


class Absent(Exception):
    """What the figures need is not here; the message is the note in the table."""


class Servers:
    """The servers, until closed: they end with their standard input."""

    def __init__(self, program, commands):
        """`commands` prints the permissions that the provider runs with there; it is looked for beside the provider."""
        environment = {**os.environ, "GOLDENPATH_TEST_BINARY": str(commands.with_name("terraform-provider-goldenpath"))}
        self.process = subprocess.Popen([program], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Absent("the servers did not start (scripts/lib/tools.sh builds them)")
        return json.loads(line)

    def ask(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Fixture:
    def __init__(self, cli, servers, home, source, version):
        self.cli, self.servers, self.home = cli, servers, home
        self.words = {**servers.facts, "source": source, "version": version}
        cli.environment = {**cli.environment, **servers.facts["environment"]}

    def folder(self, name, text):
        folder = self.home / name
        folder.mkdir(parents=True)
        (folder / "main.tf").write_text(text)
        self.cli.run(folder, "init")
        return folder

    def ours(self, n):
        blocks = [ENVIRONMENT_AND_SLOT.format(name=f"real{n}-{i:03}", **self.words_for_blocks()) for i in range(n)]
        folder = self.folder(f"ours-{n}", HEAD.format(**self.words) + "\n".join(blocks))
        self.cli.apply(folder)
        return folder

    def words_for_blocks(self):
        return {key: self.words[key] for key in ("cluster", "principal")}

    def baseline(self):
        self.cli.apply(self.folder("baseline", HEAD.format(**self.words) + BASELINE.format(**self.words)))

    def rich(self):
        """Requests to AWS of an apply from nothing and of its destroy; what only the emulator's gaps need is left out."""
        principals = self.words["principals"]
        personas = (
            f'    {name} = {{ principal_arns = {json.dumps(principals[2 * n:2 * n + 2])}, access_policies = ["AmazonEKSViewPolicy"] }}'
            for n, name in enumerate(PERSONAS)
        )
        slots = (RICH_SLOT.format(name=f"slot-{n}") for n in range(5))
        environment = RICH_ENVIRONMENT.format(cluster=self.words["cluster"], personas="\n".join(personas))
        folder = self.folder("rich", HEAD.format(**self.words) + environment + "".join(slots))
        counts = {}
        for verb in ("apply", "destroy"):
            self.servers.ask("reset")
            self.cli.run(folder, verb, "-auto-approve")
            counted = self.servers.ask("requests")
            counts[verb] = counted["aws"] + counted["describes"]
        return counts

    def beside_foreign_entries(self, rounds):
        """Seconds of a plan of two environments, by how many access entries of others the cluster has, one after the other."""
        folder, seconds = self.ours(2), {}
        for count in (0, FOREIGN):
            if count:
                self.servers.ask(f"foreign {count}")
            self.cli.plan(folder)
            seconds[str(count)] = statistics.median(self.cli.plan(folder)[0] for _ in range(rounds))
        return seconds

    def plan_watched(self, folder, watch, expect=0):
        """Seconds, the proxy's counts and the provider's peak memory are each of a plan of their own."""
        self.servers.ask("reset")
        self.cli.plan(folder)
        counted = self.servers.ask("requests")
        with watch() as seen:
            self.cli.plan(folder)
        return counted, max(seen.peak.values(), default=None)


def maps(folder):
    state = json.loads((folder / "terraform.tfstate").read_text())
    return {
        f"{resource['type']}-{resource['name']}": instance["attributes"]["objects"]
        for resource in state["resources"]
        for instance in resource["instances"]
    }


def find_peer(named):
    """The peer's program: named, or in a folder that a CLI's own settings or habits name."""
    if named:
        return Path(named)
    homes = [Path.home() / ".terraform.d" / "plugins", Path("/usr/local/share/terraform/plugins"), *Path("/opt").glob("*")]
    for settings in (os.environ.get("TF_CLI_CONFIG_FILE"), Path.home() / ".terraformrc", Path.home() / ".tofurc"):
        if settings and Path(settings).is_file():
            homes += [Path(path) for path in re.findall(r'path\s*=\s*"([^"]+)"', Path(settings).read_text())]
    if os.environ.get("TF_PLUGIN_CACHE_DIR"):
        homes.append(Path(os.environ["TF_PLUGIN_CACHE_DIR"]))
    for home in homes:
        for found in sorted(home.glob(f"*/hashicorp/aws/{PEER_VERSION}/*/terraform-provider-aws*")):
            if os.access(found, os.X_OK):
                return found
    return None


def measure(fixture, commands, watch, options, figures, notes, write, reference):
    """`watch` makes a watcher of our provider or of another program; `reference` renders terraform_data."""
    fixture.baseline()
    ours = fixture.ours(1)
    data = fixture.folder("reference", reference(maps(ours)))
    fixture.cli.apply(data)
    floor = bench_floor.folder(fixture.cli, fixture.home / "floor", reference(maps(ours)), bench_floor.SMALL)
    at_size = bench_floor.folder(fixture.cli, fixture.home / "floor-at-size", reference(maps(ours)), bench_floor.AT_SIZE)
    times = {"reference": [], "floor": [], "at_size": [], "ours": [], "bare": []}
    for folder in (data, floor, at_size, ours):
        fixture.cli.plan(folder)
    for _ in range(options.real_rounds):
        times["reference"].append(fixture.cli.plan(data)[0])
        times["floor"].append(fixture.cli.plan(floor)[0])
        times["at_size"].append(fixture.cli.plan(at_size)[0])
        fixture.servers.ask("reset")
        times["ours"].append(fixture.cli.plan(ours)[0])
        times["bare"].append(fixture.servers.ask("requests")["busy_seconds"])
    mine, theirs, bare, least, sized = (statistics.median(times[key]) for key in ("ours", "reference", "bare", "floor", "at_size"))
    figures["real_plan_ratio"] = mine / (theirs + bare)
    figures["real_plan_floor"] = (least + bare) / (theirs + bare)
    figures["real_plan_floor_at_size"] = (sized + bare) / (theirs + bare)
    notes["real_plan_ratio"] = f"{mine * 1000:.0f} ms against {theirs * 1000:.0f} + {bare * 1000:.0f} ms of requests, medians of {options.real_rounds}"
    _, figures["real_rss_mb"]["1"] = fixture.plan_watched(ours, watch)
    write()

    peer = find_peer(options.peer)
    if peer:
        against_peer(fixture, peer, mine, figures, notes, watch)
    else:
        notes["peer_plan_ratio"] = notes["peer_rss_ratio"] = f"no hashicorp/aws {PEER_VERSION} here (--peer)"
    write()

    figures["requests_rich"] = fixture.rich()
    write()
    seconds = fixture.beside_foreign_entries(options.real_rounds)
    figures["plan_foreign_entries_s"] = seconds
    figures["plan_foreign_entries_ratio"] = seconds[str(FOREIGN)] / seconds["0"]
    write()

    if options.real_many:
        many = fixture.ours(options.real_many)
        counted, figures["real_rss_mb"]["200"] = fixture.plan_watched(many, watch)
        figures["requests"] = {"kubernetes": counted["kubernetes"], "aws": counted["aws"]}
        notes["requests", "aws"] = f"and {counted['describes']} Describes; {counted['emulated']} that only the emulator's gaps need"
        write()
        bench_daemon.measure_on_real_servers(fixture, many, commands, 3, figures, notes)
        write()


def against_peer(fixture, program, mine, figures, notes, watch):
    mirror = fixture.home.parent / "mirror" / PEER_SOURCE / PEER_VERSION
    place = mirror / fixture.words["os_arch"] / f"terraform-provider-aws_v{PEER_VERSION}"
    place.parent.mkdir(parents=True, exist_ok=True)
    # A copy, or what is watched would be the program of whoever else runs it.
    shutil.copy(program, place)
    place.chmod(0o755)
    words = {**fixture.words, "source": PEER_SOURCE, "version": PEER_VERSION}
    folder = fixture.folder("peer", PEER.format(**words))
    fixture.cli.apply(folder)
    rounds = [fixture.cli.plan(folder)[0] for _ in range(3)]
    with watch(place.resolve()) as seen:
        fixture.cli.plan(folder)
    theirs, rss = statistics.median(rounds), max(seen.peak.values())
    figures["peer_plan_ratio"] = theirs / mine
    figures["peer_rss_ratio"] = rss / figures["real_rss_mb"]["1"]
    notes["peer_plan_ratio"] = f"{theirs * 1000:.0f} ms against {mine * 1000:.0f} ms, which hold the Kubernetes half too"
    notes["peer_rss_ratio"] = f"{rss:.0f} MB against {figures['real_rss_mb']['1']:.0f} MB"


if __name__ == "__main__":
    raise SystemExit("this is a part of scripts/bench")
