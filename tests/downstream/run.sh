#!/usr/bin/env bash
# Builds and tests this workspace with clang and with g++, or with the configurations given.
#
# usage: tests/downstream/run.sh [clang|gcc...]
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"

# Prints Bazel's own report, so that a caller can count the targets.
for configuration in "${@:-clang gcc}"; do
  for one in $configuration; do
    echo "downstream: $one"
    ../../bazelw test --config="$one" --noshow_progress //...
  done
done
