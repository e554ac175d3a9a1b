# shellcheck shell=bash
# The run of `scripts/demo daemon`: one daemon on the sandbox, two clients, a kill in the middle of an apply, drift between applies, and
# the audit ledger. To be sourced by scripts/demo, which has set up $work, $cli, $commands and what shows commands.

# A path of a socket is short, and a clone's may not be.
run_folder="$(mktemp -d "${TMPDIR:-/tmp}/goldenpath-demo.XXXXXX")"
daemon_pid="" watch_pid=""

stop_all() {
  local pid
  for pid in $watch_pid $daemon_pid; do kill "$pid" 2>/dev/null || true; done
  [ -z "$daemon_pid" ] || wait "$daemon_pid" 2>/dev/null || true
  rm -rf "$run_folder" "$work.lock"
}
trap stop_all EXIT

endpoint="unix://$run_folder/daemon.sock"
export GOLDENPATH_SANDBOX="$work/sandbox.db"

start_daemon() {
  : >"$work/daemon.out"
  printf '\n$ %s daemon --config daemon.yaml &\n' "$COMMAND"
  # A lease that nobody renews any more is waited for; two seconds instead of fifteen.
  GOLDENPATH_LEASE_SECONDS=2 "$commands" daemon --config "$work/daemon.yaml" >"$work/daemon.out" 2>>"$work/daemon.log" &
  daemon_pid=$!
  until_true "the daemon listens" grep -q '^Listening' "$work/daemon.out"
  cat "$work/daemon.out"
}

# until_true WHAT COMMAND...: for a minute at most.
until_true() {
  local what="$1" tries=0
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || die "it never came so far: $what"
    sleep 0.1
  done
}

ask() { goldenpath "$1" --endpoint "$endpoint" "${@:2}"; }

# quietly COMMAND ARGUMENTS...: asks the daemon, for a condition.
quietly() { "$commands" "$1" --endpoint "$endpoint" "${@:2}"; }
says() { quietly "${@:2}" | grep -q "$1"; }

# run_in FOLDER COMMAND...: the CLI there.
run_in() {
  local client="$1"
  printf '\n%s$ %s %s\n' "$client" "$(basename "$cli")" "${*:2}"
  (cd "$work/$client" && "$cli" "$2" -input=false ${colour[@]+"${colour[@]}"} "${@:3}")
}

cat >"$work/daemon.yaml" <<TEXT
listen: $endpoint
journal: journal.db
target:
  sandbox: { path: sandbox.db }
reconcile:
  interval: 2s
  tiers: { dev: { mode: heal } }
TEXT
mkdir -p "$work/payments" "$work/billing"
sed "s|sandbox = {}|daemon = { endpoint = \"$endpoint\" }|" "$REPO_ROOT/examples/quickstart/main.tf" >"$work/payments/main.tf"
cat >"$work/billing/main.tf" <<TEXT
terraform {
  required_providers {
    goldenpath = { source = "$PROVIDER_SOURCE" }
  }
}

provider "goldenpath" {
  daemon = { endpoint = "$endpoint" }
}

resource "goldenpath_team_environment" "billing" {
  name    = "billing-dev"
  team    = "billing"
  tier    = "dev"
  cluster = "demo"
}
TEXT

heading "Start a daemon" "It has the target and the credentials; clients know its socket and nothing else."
cat "$work/daemon.yaml"
start_daemon

heading "Two clients" "Each plans and applies as usual, in a folder and with a state of its own. What runs is watched from outside."
"$commands" watch --endpoint "$endpoint" >"$work/watch.out" 2>&1 &
watch_pid=$!
run_in payments init
run_in billing init >/dev/null
run_in payments apply -auto-approve
run_in billing plan
ask environments

heading "Kill the daemon in the middle of an apply" "kill -9, as the second client waits. The next daemon goes on by itself, and the client gets the outcome."
goldenpath sandbox fault add slow:300 --verb apply
(run_in billing apply -auto-approve >"$work/apply.out" 2>&1) &
apply_pid=$!
until_true "an operation runs" says ' of ' operations
ask operations
printf '\n$ kill -9 (the daemon)\n'
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null || true
goldenpath sandbox fault clear
start_daemon
wait "$apply_pid" || die "the apply did not get through: $(cat "$work/apply.out")"
tail -n 4 "$work/apply.out"
ask operations

heading "Drift between applies" "Someone raises a quota with kubectl. The daemon compares every two seconds, says whose change it was, and puts it back."
wait "$watch_pid" 2>/dev/null || true
"$commands" watch --endpoint "$endpoint" >>"$work/watch.out" 2>&1 &
watch_pid=$!
goldenpath sandbox edit 'ResourceQuota payments-dev/gp-base' '/spec/hard/requests.cpu="40"'
until_true "drift is healed" grep -q 'drift healed' "$work/watch.out"
printf '\n$ %s watch      (since the daemon was killed)\n' "$COMMAND"
awk '/requests.cpu/ { found = 1 } found && shown++ < 8' "$work/watch.out"
(cd "$work/payments" && "$cli" plan -detailed-exitcode -input=false >/dev/null) || die "the plan should have found nothing to do"

heading "Prove it" "The audit ledger has every request, every change and every outcome, chained and signed."
goldenpath audit verify --config daemon.yaml
goldenpath audit export --config daemon.yaml --environment demo/payments-dev >"$work/export.jsonl"
grep -E '"kind":"(accepted|resumed|ended|drift|healed)"' "$work/export.jsonl" | cut -c1-150

heading "Destroy everything, and end the daemon" "SIGTERM: nothing new is accepted, and what runs is awaited."
run_in billing destroy -auto-approve
run_in payments destroy -auto-approve
kill "$daemon_pid"
wait "$daemon_pid"
daemon_pid=""
goldenpath audit verify --config daemon.yaml

heading "What to try next" "Everything of this run is in ${work#"$REPO_ROOT"/}; the guide is docs/guides/daemon.md."
