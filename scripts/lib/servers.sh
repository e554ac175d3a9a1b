#!/usr/bin/env bash
# The servers that stand for a cluster and an account in tests, built once from Go modules and a Python package into the cache.
#   scripts/lib/servers.sh kubernetes|etcd|ministack    builds it when absent and prints its path
# Or to be sourced after common.sh, for the function `server`. None of them is a dependency of the product.

KUBERNETES_VERSION="${KUBERNETES_VERSION:-1.36.3}"
ETCD_VERSION=3.7.3
MINISTACK_VERSION=1.5.33

# shellcheck source=tools.sh
declare -F tool_at >/dev/null || . "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

# server NAME: prints the path of the program, built first when it is absent. Beside kube-apiserver is kube-controller-manager.
server() {
  case "$1" in
    kubernetes) tool_at "kubernetes-$KUBERNETES_VERSION" kube-apiserver build_kubernetes ;;
    etcd) tool_at "etcd-$ETCD_VERSION" etcd build_etcd ;;
    ministack) tool_at "ministack-$MINISTACK_VERSION" ministack build_ministack ;;
    *) die "no such server: $1 (kubernetes, etcd, ministack)" ;;
  esac
}

# The module's own go.mod replaces its staging modules by folders of its repository, which the module's zip does not hold; each is
# published by itself as v0.<minor>.<patch>. The list is read there, so that no module is missed in another version.
build_kubernetes() {
  need_go "Kubernetes $KUBERNETES_VERSION"
  local version="v$KUBERNETES_VERSION" staging="v0.${KUBERNETES_VERSION#*.}" minor="${KUBERNETES_VERSION#*.}"
  local own module program
  mkdir "$1/src" && cd "$1/src" || return 1
  own="$(GOWORK=off go mod download -json "k8s.io/kubernetes@$version" | sed -nE 's/^[[:space:]]*"GoMod": "(.*)",?$/\1/p')"
  [ -r "$own" ] || return 1
  {
    printf 'module goldenpath.internal/tools/kubernetes\n\ngo 1.26\n\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$version"
    sed -nE 's|^[[:space:]]*([^[:space:]]+) => \./staging/.*$|\1|p' "$own" | while read -r module; do
      printf '\t%s => %s %s\n' "$module" "$module" "$staging"
    done
    printf ')\n'
  } >go.mod
  local component=k8s.io/component-base/version
  # The server last: its presence says that the build is whole.
  for program in kube-controller-manager kube-apiserver; do
    CGO_ENABLED=0 GOWORK=off go build -mod=mod -trimpath -o "$1/$program" \
      -ldflags "-s -w -X $component.gitVersion=$version -X $component.gitMajor=1 -X $component.gitMinor=${minor%%.*}" \
      "k8s.io/kubernetes/cmd/$program" &&
      "$1/$program" --version || return 1
  done
}

build_etcd() {
  need_go "etcd $ETCD_VERSION"
  mkdir "$1/src" && cd "$1/src" || return 1
  printf 'module goldenpath.internal/tools/etcd\n\ngo 1.26\n\nrequire go.etcd.io/etcd/server/v3 v%s\n' "$ETCD_VERSION" >go.mod
  # Its own `main` lives in a module of the repository that is not published.
  cat >main.go <<'GO'
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
GO
  CGO_ENABLED=0 GOWORK=off go build -mod=mod -trimpath -ldflags "-s -w" -o "$1/etcd" . &&
    "$1/etcd" --version
}

# A venv's scripts hold absolute paths and this folder is renamed when it is whole: hence a start of our own.
build_ministack() {
  have python3 || die "\`python3\` is not on PATH: install Python 3.10 or newer, for ministack $MINISTACK_VERSION"
  python3 -m venv "$1/venv" &&
    "$1/venv/bin/python" -m pip install --quiet --disable-pip-version-check "ministack==$MINISTACK_VERSION" || return 1
  cat >"$1/ministack" <<'SH'
#!/bin/sh
exec "$(dirname "$0")/venv/bin/python" -c 'import sys; from ministack.app import main; sys.exit(main())' "$@"
SH
  chmod +x "$1/ministack" && "$1/venv/bin/python" -c 'from ministack.app import main'
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  server "${1:?which one: kubernetes, etcd or ministack}"
fi
