# shellcheck shell=bash
# How each program of tools.txt is built: build_<name> FOLDER VERSION. To be sourced by tools.sh.
#
# They are called in a condition, where bash ignores `set -e`: hence their own chains of &&. Sources go into FOLDER/src, which is
# removed when the program is whole.

# go_module PATH@VERSION FIELD: downloads a module; FIELD is `Dir` or `GoMod`.
go_module() { GOWORK=off go mod download -json "$1" | sed -nE "s/^[[:space:]]*\"$2\": \"(.*)\",?\$/\\1/p"; }

# go_build ARGUMENTS...: static, without the machine's paths, with go.mod and go.sum filled in.
go_build() { CGO_ENABLED=0 GOWORK=off go build -mod=mod -trimpath "$@"; }

# OpenTofu's go.mod replaces a module, and a replacement does not reach whoever requires OpenTofu: it is read there.
build_opentofu() {
  need_go "OpenTofu $2"
  local module=github.com/opentofu/opentofu own
  mkdir "$1/src" && cd "$1/src" && own="$(go_module "$module@v$2" GoMod)" && [ -r "$own" ] || return 1
  {
    printf 'module goldenpath.internal/tools/opentofu\n\ngo 1.25\n\nrequire %s v%s\n\n' "$module" "$2"
    sed -nE 's/^(replace )?[[:space:]]*([^[:space:]]+( v[^[:space:]]+)? => [^.[:space:]][^[:space:]]* v[^[:space:]]+).*$/replace \2/p' "$own"
  } >go.mod
  # `dev=no` is what a release says of itself.
  go_build -o "$1/tofu" -ldflags "-s -w -X $module/version.dev=no" "$module/cmd/tofu" && "$1/tofu" version
}

# The last version under the MPL, and the one inside Crossplane's provider-terraform.
build_terraform_1_5() {
  need_go "Terraform $2"
  cd "$1" &&
    CGO_ENABLED=0 GOWORK=off GOBIN="$1" go install -trimpath -ldflags "-s -w" "github.com/hashicorp/terraform@v$2" &&
    "$1/terraform" version
}

# The newest (Business Source License: built here for tests, never shipped). `go install` refuses a go.mod with replacements, and the
# module's archive leaves out the folders that they name: backends of remote state, of which no test needs one, and a package that
# nothing calls. They get stubs.
build_terraform_1_14() {
  need_go "Terraform $2"
  local module=github.com/hashicorp/terraform source path inside name
  source="$(go_module "$module@v$2" Dir)" && cp -R "$source" "$1/src" && chmod -R u+w "$1/src" && cd "$1/src" || return 1
  sed -nE 's|^(replace )?[[:space:]]*([^[:space:]]+) => \./([^[:space:]]+).*$|\2 \3|p' go.mod | while read -r path inside; do
    [ ! -e "$inside/go.mod" ] || continue
    name="$(basename "$inside")"
    mkdir -p "$inside"
    printf 'module %s\n\ngo 1.24\n' "$path" >"$inside/go.mod"
    printf 'package %s\n' "$name" >"$inside/stub.go"
    case "$inside" in
      */remote-state/*)
        printf '\nimport "%s/internal/backend"\n\nfunc New() backend.Backend { panic("not built") }\n' "$module" \
          >>"$inside/stub.go"
        ;;
    esac
  done
  go_build -o "$1/terraform" -ldflags "-s -w -X $module/version.dev=no" . && "$1/terraform" version
}

# The module's own go.mod replaces its staging modules by folders of its repository, which the module's zip does not hold; each is
# published by itself as v0.<minor>.<patch>. The list is read there, so that no module is missed in another version.
# Beside kube-apiserver is kube-controller-manager.
build_kubernetes() {
  need_go "Kubernetes $2"
  local minor="${2#*.}" component=k8s.io/component-base/version own program
  mkdir "$1/src" && cd "$1/src" && own="$(go_module "k8s.io/kubernetes@v$2" GoMod)" && [ -r "$own" ] || return 1
  {
    printf 'module goldenpath.internal/tools/kubernetes\n\ngo 1.26\n\nrequire k8s.io/kubernetes v%s\n\n' "$2"
    sed -nE "s|^[[:space:]]*([^[:space:]]+) => \./staging/.*\$|replace \1 => \1 v0.$minor|p" "$own"
  } >go.mod
  # The server last: its presence says that the build is whole.
  for program in kube-controller-manager kube-apiserver; do
    go_build -o "$1/$program" \
      -ldflags "-s -w -X $component.gitVersion=v$2 -X $component.gitMajor=1 -X $component.gitMinor=${minor%%.*}" \
      "k8s.io/kubernetes/cmd/$program" &&
      "$1/$program" --version || return 1
  done
}

# Its own `main` lives in a module of the repository that is not published.
build_etcd() {
  need_go "etcd $2"
  mkdir "$1/src" && cd "$1/src" || return 1
  printf 'module goldenpath.internal/tools/etcd\n\ngo 1.26\n\nrequire go.etcd.io/etcd/server/v3 v%s\n' "$2" >go.mod
  cat >main.go <<'GO'
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
GO
  go_build -ldflags "-s -w" -o "$1/etcd" . && "$1/etcd" --version
}

# A venv's scripts hold absolute paths and this folder is renamed when it is whole: hence a start of our own.
build_ministack() {
  have python3 || die "\`python3\` is not on PATH: install Python 3.10 or newer, for ministack $2"
  # Debian has it in a package of its own.
  python3 -c 'import ensurepip' 2>/dev/null || apt_get install python3-venv || return 1
  python3 -m venv "$1/venv" &&
    "$1/venv/bin/python" -m pip install --quiet --disable-pip-version-check "ministack==$2" || return 1
  cat >"$1/ministack" <<'SH'
#!/bin/sh
exec "$(dirname "$0")/venv/bin/python" -c 'import sys; from ministack.app import main; sys.exit(main())' "$@"
SH
  chmod +x "$1/ministack" && "$1/venv/bin/python" -c 'from ministack.app import main'
}

# The server refuses to run as root and finds its own files by where it is: hence the package, and a link to its programs. Debian's
# package would start a server of its own as well.
build_postgres() {
  local bin
  bin="$(postgres_bin)" || {
    apt_get install postgresql-common || return 1
    sed -i "s/^#* *create_main_cluster *=.*/create_main_cluster = false/" /etc/postgresql-common/createcluster.conf
    apt_get install postgresql && bin="$(postgres_bin)"
  } || return 1
  ln -s "$bin" "$1/bin" && "$1/bin/postgres" --version
}

# postgres_bin: the newest of those that are installed.
postgres_bin() {
  local found
  # shellcheck disable=SC2012
  found="$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -n 1)"
  [ -n "$found" ] && dirname "$found"
}

# Unpacked and not installed: the package would start a server, and two static programs are all that is wanted.
build_prometheus() {
  mkdir "$1/src" "$1/bin" && cd "$1/src" && chmod 777 . || return 1
  apt_get download prometheus && dpkg-deb -x ./prometheus_*.deb . &&
    mv usr/bin/prometheus usr/bin/promtool "$1/bin/" && "$1/bin/prometheus" --version
}

# A library, which programs load before the system's: it makes the clock jump for one process alone.
build_faketime() {
  mkdir "$1/src" "$1/lib" && cd "$1/src" && chmod 777 . || return 1
  apt_get download libfaketime && dpkg-deb -x ./libfaketime_*.deb . &&
    mv usr/lib/*/faketime/libfaketime.so.1 "$1/lib/" && chmod +x "$1/lib/libfaketime.so.1"
}

# What checks units needs no system that was started by it.
build_systemd() {
  have systemd-analyze || apt_get install systemd || return 1
  mkdir "$1/bin" && ln -s "$(command -v systemd-analyze)" "$1/bin/systemd-analyze" && "$1/bin/systemd-analyze" --version
}

# Installed and not unpacked: it needs some hundred shared libraries. The program is a script that finds the rest by itself.
build_chromium() {
  have chromium || apt_get install chromium || return 1
  mkdir "$1/bin" && ln -s "$(command -v chromium)" "$1/bin/chromium" && "$1/bin/chromium" --version
}

# apt_get COMMAND PACKAGE: with lists that are new enough. Only Debian and its kin have it.
apt_get() {
  have apt-get || die "$2 is not here, nor \`apt-get\`: install $2"
  [ "$1" = download ] || [ "$(id -u)" = 0 ] || die "$2 is not here: install $2 (apt-get install --no-install-recommends $2)"
  [ "$(id -u)" != 0 ] || apt-get update -q || return 1
  DEBIAN_FRONTEND=noninteractive apt-get "$1" -q -y --no-install-recommends "$2"
}

build_cargo_deny() { cargo_install "$@" cargo-deny && "$1/bin/cargo-deny" --version; }
# It is a subcommand of cargo's even by itself.
build_cargo_mutants() { cargo_install "$@" cargo-mutants && "$1/bin/cargo-mutants" mutants --version; }

# cargo_install FOLDER VERSION CRATE: it runs for seconds and is compiled for minutes, so it is compiled quickly.
cargo_install() {
  need_rust
  cd "$1" &&
    env -u CARGO_TARGET_DIR CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=false \
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo install --locked --root "$1" "$3" --version "$2"
}
