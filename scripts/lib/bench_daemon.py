#!/usr/bin/env python3
"""The figures of the provisioning daemon, for scripts/bench: on the sandbox that the other figures are taken on.

The daemon is another program than the thin providers, so their memory is kept apart from its own.
"""

import os
import re
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import threading
import time
from pathlib import Path

# What each figure has to reach; None: reported only.
TARGETS = {
    "daemon_plan_ratio": {"1": 1.1, "500": 0.8},
    "daemon_clients_ratio": {"requests": 1.5, "time": 2},
    "daemon_clients_floor": None,
    "real_daemon_plan_ratio": 0.8,
    "real_daemon_clients_ratio": {"requests": 1.5, "time": 2},
    "thin_rss_mb": {"1": 40, "500": 40},
    "daemon_rss_mb": 80,
    "daemon_operations_per_s": {"sqlite": None, "postgres": None},
    "reconcile_s": 5,
    "bridge_ratio": 0.6,
}
LABELS = {
    "daemon_plan_ratio": "plan through the daemon, n = {}, times the one without",
    "daemon_clients_ratio": "three clients planning at once, times one: {}",
    "daemon_clients_floor": "three CLIs with the smallest provider planning at once, times one",
    "real_daemon_plan_ratio": "real servers: plan through the daemon, n = 200, times the one without",
    "real_daemon_clients_ratio": "real servers: three clients planning at once, times one: {}",
    "thin_rss_mb": "thin provider's peak RSS in that plan, n = {}, MB",
    "daemon_rss_mb": "daemon's RSS between such looks, MB",
    "daemon_operations_per_s": "ensures without a change, 16 clients, a second: {}",
    "reconcile_s": "one look at 1,000 environments between applies, s",
    "bridge_ratio": "CPU of one poll of Crossplane's bridge, with reattach over without",
}
CLIENTS = 16
# By each of them.
ENSURES = 50


def sandbox_target(sandbox):
    return f"sandbox: {{ path: {sandbox} }}"


class Daemon:
    """On a target, until closed."""

    def __init__(self, binary, folder, target, journal, more="", environment=None):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # A path of a socket may not be long, and this folder's may be.
        self.socket = Path(f"/tmp/goldenpath-bench-{id(self):x}") / "d.sock"
        (folder / "daemon.yaml").write_text(
            f"listen: unix://{self.socket}\njournal: {journal}\ntarget:\n  {target}\n{more}"
        )
        self.process = subprocess.Popen(
            [binary, "daemon", "--config", folder / "daemon.yaml"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        line = self.process.stdout.readline()
        if not line.startswith("Listening on "):
            raise RuntimeError(f"the daemon says {line!r}")

    def rss_mb(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.M).group(1)) * 1024 / 1e6

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.socket.parent, ignore_errors=True)


def clients_of(ours, place, daemon, count):
    """Folders with the same configuration and state, whose provider asks the daemon."""
    folders = copies(ours, place, count)
    block = f'provider "goldenpath" {{\n  daemon = {{ endpoint = "unix://{daemon.socket}" }}\n}}\n'
    for folder in folders:
        text = (folder / "main.tf").read_text()
        (folder / "main.tf").write_text(re.sub(r'provider "goldenpath" \{.*?\n\}\n', block, text, count=1, flags=re.DOTALL))
    return folders


def copies(folder, place, count):
    made = [place.with_name(f"{place.name}-{number}") for number in range(count)]
    for one in made:
        shutil.rmtree(one, ignore_errors=True)
        shutil.copytree(folder, one, symlinks=True)
    return made


def calls(sandbox):
    with sqlite3.connect(f"file:{sandbox}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT calls FROM target").fetchone()[0]


def at_once(cli, folders):
    """Seconds until the last of them has ended."""
    failed = []

    def plan(folder):
        log = folder / "plan.log"
        with log.open("w") as output:
            ended = subprocess.run(
                [cli.program, "plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false"],
                cwd=folder, env=cli.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )
        if ended.returncode != 0:
            failed.append(log.read_text()[-2000:])

    began = time.perf_counter()
    threads = [threading.Thread(target=plan, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"a plan through the daemon failed:\n{failed[0]}")
    return time.perf_counter() - began


def alternate(cli, without, through, rounds):
    """The median of each, in seconds."""
    times = {without: [], through: []}
    for folder in times:
        cli.plan(folder)
    for _ in range(rounds):
        for folder in times:
            times[folder].append(cli.plan(folder)[0])
    return [statistics.median(taken) for taken in times.values()]


def measure_plans(cli, pair, binary, watch, rounds, is_largest, figures, notes):
    """At one n, whose sandbox holds what was applied."""
    key = str(pair.n)
    daemon = Daemon(binary, pair.home / "daemon", sandbox_target(pair.sandbox), "journal.db")
    try:
        folders = clients_of(pair.ours, pair.home / "client", daemon, 3)
        without, through = alternate(cli, pair.ours, folders[0], rounds)
        if key in figures["daemon_plan_ratio"]:
            figures["daemon_plan_ratio"][key] = through / without
            notes["daemon_plan_ratio", key] = f"{through * 1000:.0f} ms against {without * 1000:.0f} ms, medians of {rounds}"
        if key in figures["thin_rss_mb"]:
            with watch() as watched:
                cli.plan(folders[0])
            figures["thin_rss_mb"][key] = max(watched.peak.values())
        if not is_largest:
            return
        before = calls(pair.sandbox)
        alone = at_once(cli, folders[:1])
        one = calls(pair.sandbox) - before
        together = at_once(cli, folders)
        three = calls(pair.sandbox) - before - one
        figures["daemon_clients_ratio"] = {"requests": three / max(one, 1), "time": together / alone}
        notes["daemon_clients_ratio", "requests"] = f"n = {pair.n}: {three} calls against {one}"
        notes["daemon_clients_ratio", "time"] = f"{together * 1000:.0f} ms against {alone * 1000:.0f} ms"
        # What this machine's cores make of three CLIs, whatever provider they have.
        floors = copies(pair.floor, pair.home / "floor", 3)
        alone = at_once(cli, floors[:1])
        figures["daemon_clients_floor"] = at_once(cli, floors) / alone
        time.sleep(3)
        notes["daemon_clients_ratio", "time"] += f"; {daemon.rss_mb():.1f} MB after them"
    finally:
        daemon.close()


def measure_on_real_servers(fixture, ours, binary, rounds, figures, notes):
    """As on the sandbox, where reads take time: plans in the same state, of the folder `ours`."""
    endpoint = fixture.words["aws"]
    target = f"aws: {{ region: {fixture.words['region']}, endpoints: {{ iam: '{endpoint}', eks: '{endpoint}', sts: '{endpoint}' }} }}"
    daemon = Daemon(binary, fixture.home / "daemon", target, "journal.db", environment=fixture.cli.environment)
    try:
        folders = clients_of(ours, fixture.home / "client", daemon, 3)
        without, through = alternate(fixture.cli, ours, folders[0], rounds)
        figures["real_daemon_plan_ratio"] = through / without
        notes["real_daemon_plan_ratio"] = f"{through * 1000:.0f} ms against {without * 1000:.0f} ms, medians of {rounds}"
        taken, requests = [], []
        for clients in (folders[:1], folders):
            # What others have read must serve nobody here.
            time.sleep(2)
            fixture.servers.ask("reset")
            taken.append(at_once(fixture.cli, clients))
            counted = fixture.servers.ask("requests")
            requests.append(sum(counted[key] for key in ("kubernetes", "aws", "describes", "emulated")))
        figures["real_daemon_clients_ratio"] = {"requests": requests[1] / requests[0], "time": taken[1] / taken[0]}
        notes["real_daemon_clients_ratio", "requests"] = f"{requests[1]} requests against {requests[0]}"
        notes["real_daemon_clients_ratio", "time"] = f"{taken[1] * 1000:.0f} ms against {taken[0] * 1000:.0f} ms"
    finally:
        daemon.close()


def measure_reconcile(pair, binary, figures, notes):
    """Rounds on end, over twice the environments of the pair and its slots; each is timed by the daemon itself. Memory is read between them."""
    http = pair.home / "http.sock" if len(str(pair.home)) < 80 else Path(f"/tmp/goldenpath-bench-http-{id(pair):x}.sock")
    daemon = Daemon(binary, pair.home / "reconcile", sandbox_target(pair.sandbox), "journal.db", f"http: unix://{http}\nreconcile: {{ interval: 15s, jitter: 0% }}\n")
    try:
        count, total = 0, 0.0
        for _ in range(240):
            time.sleep(0.5)
            text = scrape(http)
            found = {name: re.search(rf"^goldenpath_comparison_seconds_{name}\S* (\S+)$", text, re.M) for name in ("count", "sum")}
            if all(found.values()):
                count, total = int(float(found["count"].group(1))), float(found["sum"].group(1))
            if count >= 3:
                break
        if not count:
            notes["reconcile_s"] = "no round has ended"
            return
        figures["reconcile_s"] = total / count
        figures["daemon_rss_mb"] = daemon.rss_mb()
        notes["reconcile_s"] = notes["daemon_rss_mb"] = f"{2 * pair.n} environments and {pair.n} slots, after {count} rounds"
    finally:
        daemon.close()
        http.unlink(missing_ok=True)


def scrape(http):
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(http))
        except OSError:
            return ""
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: daemon\r\nConnection: close\r\n\r\n")
        parts = []
        while more := connection.recv(1 << 16):
            parts.append(more)
    return b"".join(parts).decode()


def measure_bridge(cli, pair, binary, rounds, figures, notes):
    """What Crossplane's provider-terraform runs at each poll of a Workspace: plan, list of the state, outputs. A reattached process
    serves all polls, and its own CPU counts as well."""
    pid_address = Path(f"/tmp/goldenpath-bench-bridge-{id(pair):x}.sock")
    server = subprocess.Popen(
        [binary, "serve", "--reattach", "--socket", pid_address],
        cwd=pair.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    try:
        reattach = None
        for line in server.stdout:
            if found := re.search(r"TF_REATTACH_PROVIDERS='?(\{.*\})", line):
                reattach = found.group(1)
                break
        if not reattach:
            notes["bridge_ratio"] = "serve --reattach printed no TF_REATTACH_PROVIDERS"
            return

        def poll(environment):
            plain = cli.environment
            cli.environment = {**plain, **environment}
            try:
                spent = cli.run(pair.ours, "plan", "-detailed-exitcode", "-lock=false")[1]
                for command in (("state", "list"), ("output", "-json")):
                    began = resource.getrusage(resource.RUSAGE_CHILDREN)
                    subprocess.run([cli.program, *command], cwd=pair.ours, env=cli.environment, check=True, stdout=subprocess.DEVNULL)
                    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
                    spent += ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
                return spent
            finally:
                cli.environment = plain

        with_reattach, without = [], []
        for _ in range(rounds + 1):
            before = cpu_of(server.pid)
            with_reattach.append(poll({"TF_REATTACH_PROVIDERS": reattach}) + cpu_of(server.pid) - before)
            without.append(poll({}))
        # The first one warms the server and the files.
        ours, theirs = statistics.median(with_reattach[1:]), statistics.median(without[1:])
        figures["bridge_ratio"] = ours / theirs
        notes["bridge_ratio"] = f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms of CPU, n = {pair.n}, medians of {rounds}"
    finally:
        server.terminate()
        server.wait()
        pid_address.unlink(missing_ok=True)


def cpu_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_operations(binary, program, postgres, work, figures, notes):
    """`postgres`: the folder of its programs, or None."""
    for store in ("sqlite", "postgres"):
        folder = work / f"operations-{store}"
        server, journal = None, "journal.db"
        shutil.rmtree(folder, ignore_errors=True)
        if store == "postgres":
            if not postgres:
                notes["daemon_operations_per_s", store] = "PostgreSQL is not here"
                continue
            server = Postgres(Path(postgres), work / "postgres")
            journal = server.address
        try:
            daemon = Daemon(binary, folder, sandbox_target(folder / "sandbox.db"), journal)
            try:
                ran = subprocess.run([program, daemon.socket, str(CLIENTS), str(ENSURES)], check=True, stdout=subprocess.PIPE, text=True)
                figures["daemon_operations_per_s"][store] = float(ran.stdout)
            finally:
                daemon.close()
        finally:
            if server:
                server.close()


class Postgres:
    """A server with its data in a folder, until closed. It refuses to run as root, and is then run as its package's user."""

    def __init__(self, programs, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        data = Path(f"/tmp/goldenpath-bench-pg-{id(self):x}")
        data.mkdir()
        self.data, self.as_user = data, []
        if data.stat().st_uid == 0:
            subprocess.run(["chown", "postgres:", data], check=True)
            self.as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        run = [*self.as_user, programs / "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=bench", "-D", data]
        subprocess.run(run, check=True, cwd="/", stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [*self.as_user, programs / "postgres", "-D", data, "-k", data, "-h", "127.0.0.1", "-p", str(port)],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.address = f"postgres://bench@127.0.0.1:{port}/postgres"
        for _ in range(200):
            if subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL does not start")

    def close(self):
        # Smart shutdown waits for clients, and there are none.
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.data, ignore_errors=True)
