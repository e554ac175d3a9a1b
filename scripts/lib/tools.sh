#!/usr/bin/env bash
# The programs that the tests and the demo drive, built once from Go modules and crates into the cache.
#   scripts/lib/tools.sh opentofu|terraform-1.5.7|cargo-deny    builds it when absent and prints its path
# Or to be sourced after common.sh, for the function `tool`.

OPENTOFU_VERSION=1.12.6
# OpenTofu's go.mod replaces this one module, and a replacement does not reach whoever requires OpenTofu.
OPENTOFU_HCL=v2.20.2-0.20251021132045-587d123c2828
TERRAFORM_MPL_VERSION=1.5.7
CARGO_DENY_VERSION=0.20.2

# shellcheck source=common.sh
declare -F with_lock >/dev/null || . "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# tool NAME: prints the path of the program, built first when it is absent.
tool() {
  case "$1" in
    opentofu) tool_at "opentofu-$OPENTOFU_VERSION" tofu build_opentofu ;;
    terraform-1.5.7) tool_at "terraform-$TERRAFORM_MPL_VERSION" terraform build_terraform ;;
    cargo-deny) tool_at "cargo-deny-$CARGO_DENY_VERSION" bin/cargo-deny build_cargo_deny ;;
    *) die "no such tool: $1 (opentofu, terraform-1.5.7, cargo-deny)" ;;
  esac
}

# tool_at FOLDER PROGRAM BUILDER
tool_at() {
  local home="$GOLDENPATH_CACHE/tools/$1"
  if [ ! -x "$home/$2" ]; then
    with_lock "$home" build_tool "$home" "$2" "$3" || return 1
  fi
  printf '%s\n' "$home/$2"
}

# Built beside its place and renamed at the end: a half build is never used.
build_tool() {
  local home="$1" program="$2" builder="$3" half="$1.half" log="$1.log" started=$SECONDS
  [ ! -x "$home/$program" ] || return 0
  rm -rf "$half" "$home"
  mkdir -p "$half"
  say "building $(basename "$home") (once, some minutes; log in $log)"
  local status=0
  ("$builder" "$half") >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ] || [ ! -x "$half/$program" ]; then
    say "$(basename "$home") could not be built: $(grep -v '^[[:space:]]*$' "$log" | tail -n 1)"
    rm -rf "$half"
    return 1
  fi
  rm -rf "$half/src" "$log"
  mv "$half" "$home"
  say "built $(basename "$home") in $((SECONDS - started)) s"
}

# The builders are called in a condition, where bash ignores `set -e`: hence their own chains of &&.

build_opentofu() {
  need_go "OpenTofu $OPENTOFU_VERSION"
  mkdir "$1/src" && cd "$1/src" || return 1
  cat >go.mod <<MOD
module goldenpath.internal/tools/opentofu

go 1.25

require github.com/opentofu/opentofu v$OPENTOFU_VERSION

replace github.com/hashicorp/hcl/v2 => github.com/opentofu/hcl/v2 $OPENTOFU_HCL
MOD
  # -mod=mod fills in the rest of go.mod and go.sum; `dev=no` is what a release says of itself.
  CGO_ENABLED=0 GOWORK=off go build -mod=mod -trimpath -o "$1/tofu" \
    -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" github.com/opentofu/opentofu/cmd/tofu &&
    "$1/tofu" version
}

# The last version under the MPL, and the one inside Crossplane's provider-terraform.
build_terraform() {
  need_go "Terraform $TERRAFORM_MPL_VERSION"
  cd "$1" &&
    CGO_ENABLED=0 GOWORK=off GOBIN="$1" go install -trimpath -ldflags "-s -w" \
      "github.com/hashicorp/terraform@v$TERRAFORM_MPL_VERSION" &&
    "$1/terraform" version
}

build_cargo_deny() {
  need_rust
  cd "$1" &&
    env -u CARGO_TARGET_DIR cargo install --locked --root "$1" cargo-deny --version "$CARGO_DENY_VERSION" &&
    "$1/bin/cargo-deny" --version
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  tool "${1:?which one: opentofu, terraform-1.5.7 or cargo-deny}"
fi
