#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test with the records of its default algorithms over libipsec-mb.
#   over_ipsec_mb.sh STATUS_PROGRAM TEST
# Where libipsec-mb cannot be used it prints "SKIPPED: reason" and succeeds, unless DTLS13_REQUIRE_PEERS=1.
set -euo pipefail

status=$("$1")
if [[ $status != libipsec-mb ]]; then
  printf '%s\n' "SKIPPED: records are not over libipsec-mb here: $status"
  [[ -z ${TEST_SHARD_STATUS_FILE:-} ]] || touch "$TEST_SHARD_STATUS_FILE"
  exit $((${DTLS13_REQUIRE_PEERS:-0} == 1))
fi
DTLS13_TEST_RECORD_CRYPTO=ipsec-mb exec "${@:2}"
