#!/usr/bin/env bash
# The programs of tools.txt, each built once from Go modules, crates, a Python or a Debian package into the cache.
#   scripts/lib/tools.sh NAME [VERSION]    builds it when it is absent and prints its path
# Or to be sourced after common.sh, for the function `tool`. None of them is a dependency of the product.

# shellcheck source=common.sh
declare -F with_lock >/dev/null || . "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=builders.sh
. "$REPO_ROOT/scripts/lib/builders.sh"

# tool NAME [VERSION]: prints the path of the program, built first when it is absent. VERSION: another one than the table's.
tool() {
  local row folder program version home
  row="$(awk -v name="$1" '$1 == name { print $2, $3 }' "$REPO_ROOT/scripts/lib/tools.txt")"
  [ -n "$row" ] || die "no such tool: $1 (scripts/lib/tools.txt lists them)"
  folder="${row%% *}" program="${row##* }"
  version="${2:-${folder##*-}}"
  home="$GOLDENPATH_CACHE/tools/${folder%-*}-$version"
  if [ ! -x "$home/$program" ]; then
    with_lock "$home" build_tool "$home" "$program" "build_$(printf '%s' "$1" | tr '.-' '__')" "$version" || return 1
  fi
  printf '%s\n' "$home/$program"
}

# build_tool HOME PROGRAM BUILDER VERSION: built beside its place and renamed at the end, so that a half build is never used.
build_tool() {
  local home="$1" program="$2" builder="$3" version="$4" half="$1.half" log="$1.log" started=$SECONDS
  [ ! -x "$home/$program" ] || return 0
  rm -rf "$half" "$home"
  mkdir -p "$half"
  say "building $(basename "$home") (once, some minutes; log in $log)"
  local status=0
  ("$builder" "$half" "$version") >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ] || [ ! -x "$half/$program" ]; then
    say "$(basename "$home") could not be built: $(grep -v '^[[:space:]]*$' "$log" | tail -n 1)"
    rm -rf "$half"
    return 1
  fi
  rm -rf "$half/src" "$log"
  mv "$half" "$home"
  say "built $(basename "$home") in $((SECONDS - started)) s"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  tool "${1:?which one: a name of scripts/lib/tools.txt}" "${@:2}"
fi
