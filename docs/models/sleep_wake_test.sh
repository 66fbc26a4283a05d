#!/bin/bash
# Verifies docs/models/sleep_wake.pml, and that the verifier finds the faults that can be compiled
# into it: a model that cannot fail proves nothing.
set -euo pipefail

model=$PWD/docs/models/sleep_wake.pml
cd "$(mktemp -d "${TEST_TMPDIR:-/tmp}/sleep_wake.XXXXXX")"

for tool in spin cc; do
  command -v "$tool" >/dev/null || { echo "missing: $tool (apt-get install spin gcc)" >&2; exit 1; }
done

# Prints the number of errors that the verifier finds with the given macros.
errors_with() {
  spin -a "$@" "$model" >/dev/null
  cc -O1 -w -DSAFETY -DMEMLIM=512 -o pan pan.c
  ./pan -m100000 >pan.out
  # A search that was cut short has shown nothing.
  if grep -qE 'max search depth too small|out of memory' pan.out; then
    cat pan.out >&2
    exit 1
  fi
  sed -n 's/.*errors: \([0-9]*\)$/\1/p' pan.out
}

expect() {
  local what=$1 wanted=$2 found
  shift 2
  found=$(errors_with "$@")
  if [[ -z $found || ($wanted == none && $found != 0) || ($wanted == some && $found == 0) ]]; then
    echo "$what: wanted $wanted errors, found '$found'" >&2
    cat pan.out >&2
    exit 1
  fi
  echo "$what: $found errors, as wanted"
}

expect "the protocol" none
expect "plain loads and stores" some -DBROKEN_PLAIN
expect "a publisher that skips its write" some -DBROKEN_SKIP
