// SPDX-License-Identifier: Apache-2.0
#include "dtls13/version.h"

// DTLS13_VERSION comes from tools/bazel/version.bzl.
extern "C" __attribute__((visibility("default"))) const char* dtls13_version(void) {
  return DTLS13_VERSION;
}
