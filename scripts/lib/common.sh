# shellcheck shell=bash
# What every script here starts from: where the repository and the cache are, and how to speak.
# To be sourced. Written for bash 3.2, which is what macOS has.

set -euo pipefail

REPO_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# Everything that is worth keeping between runs and clones: tools built from source, cargo's target folders. A relative path is none to
# the XDG Base Directory Specification, and would be another place in each folder that a test runs in.
case "${XDG_CACHE_HOME:-}" in
  /*) GOLDENPATH_CACHE="$XDG_CACHE_HOME/goldenpath" ;;
  *) GOLDENPATH_CACHE="${HOME:?is not set, nor XDG_CACHE_HOME}/.cache/goldenpath" ;;
esac

# For the scripts that source this.
# shellcheck disable=SC2034
PROVIDER_SOURCE="goldenpath.internal/platform/goldenpath"
# shellcheck disable=SC2034
PROVIDER_BINARY="terraform-provider-goldenpath"
# The commands and the daemon, built beside it.
# shellcheck disable=SC2034
COMMAND="goldenpath"

# Data goes to stdout, all else to stderr.
say() { printf '%s\n' "$@" >&2; }

die() {
  say "$(basename "$0"): $*"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# need TOOL WHAT-TO-INSTALL: one line, and out.
need() { have "$1" || die "\`$1\` is not on PATH: install $2"; }

need_rust() { need cargo "Rust with rustup (https://rustup.rs); rust-toolchain.toml names the version"; }
need_go() { need go "Go (https://go.dev/dl), from which $1 is built once"; }

# The version that every crate of the workspace shares.
provider_version() {
  awk -F'"' '/^\[/ { section = $0 } section == "[workspace.package]" && /^version *=/ { print $2; exit }' \
    "$REPO_ROOT/Cargo.toml"
}

# The platform in the words of Terraform's plugin folders.
os_arch() {
  local os arch
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    FreeBSD) os=freebsd ;;
    *) die "no plugin folder is known for the system $(uname -s)" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "no plugin folder is known for the machine $(uname -m)" ;;
  esac
  printf '%s_%s\n' "$os" "$arch"
}

# A person's settings of Terraform, OpenTofu, AWS, Kubernetes, telemetry and this provider must not leak into a run that brings its own:
# the session of a role beside a test's keys, for example. Nor git's, which name the repository of a hook.
clean_environment() {
  local name
  for name in $(env | sed -nE 's/^((TF|GOLDENPATH|AWS|KUBE|OTEL|GIT)_[A-Za-z0-9_]*|KUBECONFIG)=.*/\1/p'); do
    case "$name" in
      GOLDENPATH_TEST_* | GOLDENPATH_TRUTH_*) ;;
      *) unset "$name" ;;
    esac
  done
  # No CLI looks for its newest version.
  export CHECKPOINT_DISABLE=1
}

# hash_of: the first 16 hex digits of stdin's SHA-256. Linux and macOS name the tool differently.
hash_of() {
  if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c1-16
}

# take_lock FOLDER: one run at a time for what FOLDER stands for: this shell holds FOLDER.lock until it is removed. `mkdir` is the lock
# because it is atomic everywhere; a lock whose owner has died is taken over.
take_lock() {
  local lock="$1.lock" owner said waited=0 absent=0 empty=0
  mkdir -p "$(dirname "$lock")" || return 1
  until said="$(mkdir "$lock" 2>&1)"; do
    # It was released at this moment; or it can't be made at all, as on a full disk.
    if [ ! -d "$lock" ]; then
      absent=$((absent + 1))
      [ "$absent" -lt 10 ] || die "$said"
      continue
    fi
    absent=0
    owner="$(ls "$lock" 2>/dev/null || true)"
    owner="${owner#pid-}"
    # Of two waiters who both saw the death, one removes the file; a lock that was made since has one of another name.
    # In a container the next run has the pid that the killed one had.
    if [ -n "$owner" ] && { [ "$owner" = "$$" ] || ! kill -0 "$owner" 2>/dev/null; } &&
      rm "$lock/pid-$owner" </dev/null 2>/dev/null; then
      rmdir "$lock" || true
      continue
    fi
    # Between an owner's `mkdir` and its pid there is a moment; a lock that stays without a pid was orphaned in it.
    if [ -n "$owner" ]; then empty=0; else empty=$((empty + 1)); fi
    if [ "$empty" -gt 30 ] && rmdir "$lock" 2>/dev/null; then continue; fi
    [ "$waited" -ne 1 ] || say "waiting for another run (process ${owner:-unknown}) that holds $lock"
    waited=$((waited + 1))
    sleep 1
  done
  # BASHPID does not exist in bash 3.2; `sh` knows the pid of the shell that holds the lock, which may be a subshell.
  # shellcheck disable=SC2016
  sh -c ': >"$1/pid-$PPID"' sh "$lock"
}

# with_lock FOLDER COMMAND...: for as long as that runs.
with_lock() {
  local folder="$1"
  shift
  (
    take_lock "$folder" || exit 1
    trap 'rm -rf "$folder.lock"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    "$@"
  )
}

# cargo_target PROFILE: the target folder for this lock file, toolchain and profile, unless the caller chose one, as a whole path.
# Outside the clone, so that a fresh clone starts warm; keyed, so that a change of dependencies starts clean. Of each profile
# the two used last stay, and those that a run has begun with in the last four hours: it may still build there.
cargo_target() {
  # Tests run in the folders of their crates: a relative one would be another place to each.
  case "${CARGO_TARGET_DIR:-}" in
    "") ;;
    /*) printf '%s\n' "$CARGO_TARGET_DIR" && return ;;
    *) printf '%s\n' "$REPO_ROOT/$CARGO_TARGET_DIR" && return ;;
  esac
  local key folder old
  key="$(cat "$REPO_ROOT/Cargo.lock" "$REPO_ROOT/rust-toolchain.toml" | hash_of)"
  folder="$GOLDENPATH_CACHE/target/$1-$key"
  # Each clone adds its own crates beside the shared dependencies; over 8 GB it is cheaper to start again.
  if [ -d "$folder" ] && [ "$(du -sk "$folder" | cut -f1)" -gt 8000000 ]; then rm -rf "$folder"; fi
  mkdir -p "$folder"
  touch "$folder"
  # The names are ours: a profile, a dash and hex digits.
  # shellcheck disable=SC2012
  ls -1td "$GOLDENPATH_CACHE/target/$1"-* | tail -n +3 | while read -r old; do
    [ -z "$(find "$old" -prune -mmin +240)" ] || rm -rf "$old"
  done
  printf '%s\n' "$folder"
}
