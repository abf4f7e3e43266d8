#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Chooses libipsec-mb where there is none that can be loaded, and where its answers are wrong.
#   ipsec_mb_choice_test.sh STATUS_PROGRAM WRONG_LIBRARY
set -euo pipefail

status=$1
wrong=$(realpath "$2")

# expect TEXT FOLDER: what STATUS_PROGRAM says with FOLDER before the system's libraries.
expect() {
  local said
  said=$(LD_LIBRARY_PATH=$2 "$status")
  [[ $said == "$1" ]] || {
    printf '%s\n' "expected '$1', not '$said'" >&2
    exit 1
  }
}

mkdir "$TEST_TMPDIR/none" "$TEST_TMPDIR/wrong"
# The loader looks no further than at the first of a name.
touch "$TEST_TMPDIR/none/libIPSec_MB.so.1" "$TEST_TMPDIR/none/libIPSec_MB.so.2"
ln -s "$wrong" "$TEST_TMPDIR/wrong/libIPSec_MB.so.2"
if [[ $("$status") == "libcrypto: not on this processor" ]]; then
  printf '%s\n' "SKIPPED: libipsec-mb has nothing for this processor."
  exit 0
fi
expect "libcrypto: no libipsec-mb" "$TEST_TMPDIR/none"
expect "libcrypto: libipsec-mb is wrong" "$TEST_TMPDIR/wrong"
