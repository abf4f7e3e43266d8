# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # its variables are for whoever sources it
# Sourced by tools/test, tools/demo and their like: brings a Debian system to where this tree builds.
# After it, `say` and `fail` speak to the person, and the working directory is the tree's root.

say() { printf '%s\n' "== $*"; }

fail() {
  printf '%s\n' "${0##*/}: $*" >&2
  exit 1
}

# tree_version: the version of all that this tree makes.
tree_version() { sed -n 's/^DTLS13_VERSION = "\(.*\)"$/\1/p' tools/bazel/version.bzl; }

# print_version: the answer to --version.
print_version() { printf '%s %s\n' "${0##*/}" "$(tree_version)"; }

# "a|b" is one package under the names of two releases; "a?" is what some releases have not, and whose tests say then
# that they are skipped. The first list builds the tree and tests it, the second has what checks and fuzzes it too.
DTLS13_BUILD_PACKAGES=(
  bazel-bootstrap bazel-platforms bazel-rules-java bazel-rules-proto
  g++ pkg-config
  libabsl-dev libgmock-dev libgtest-dev libhiredis-dev librdkafka-dev libssl-dev zlib1g-dev
  dnsmasq-base 'libipsec-mb2|libipsec-mb1' openssl python3
)
DTLS13_PACKAGES=(
  "${DTLS13_BUILD_PACKAGES[@]}"
  clang clang-format clang-tidy libclang-rt-dev shellcheck
  dpkg-dev
)
# For the interoperability peers, which only root can have.
DTLS13_PEER_PACKAGES=(debootstrap)
# What makes packages, and what tests/install checks with.
DTLS13_PACKAGE_TOOLS=(build-essential debhelper dpkg-dev lintian)
DTLS13_INSTALL_CHECKERS=(cmake groff-base man-db mandoc systemd)
# The programs of tests/apps and servers of other tests, which need root too.
DTLS13_APP_PACKAGES=(
  chromium firefox-esr iproute2
  baresip-core
  coturn
  gstreamer1.0-nice gstreamer1.0-plugins-bad gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  gir1.2-gst-plugins-bad-1.0 gir1.2-gst-plugins-base-1.0 python3-gi
  'janus?'
  libcoap3-bin
  ncat
  python3-aiortc
  python3-openssl
  radsecproxy
  redis-server
  rtpengine-daemon
  snmp snmpd
  socat
)

is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# Whether this release has a package, by the lists that apt-get update fetched.
is_known() { apt-cache show --no-all-versions "$1" 2>/dev/null | grep -q .; }

# Prints of each argument that is not an installed Debian package the name to install: the first that this release has.
missing_packages() {
  local package names name
  for package in "$@"; do
    IFS='|' read -ra names <<<"${package%\?}"
    for name in "${names[@]}"; do
      is_installed "$name" && continue 2
    done
    for name in "${names[@]}"; do
      is_known "$name" || continue
      printf '%s\n' "$name"
      continue 2
    done
    [[ $package == *\? ]] || printf '%s\n' "${names[0]}"
  done
}

# install_packages PACKAGE...: installs what is missing, and says so. Does nothing when all is there.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail "this system has no apt-get: install Bazel 4 or newer, g++, clang, pkg-config and the" \
      "development packages of OpenSSL 3, abseil and GoogleTest, then use bazel build and bazel test."
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing, and there is no sudo to install them with: ${missing[*]}"
    as_root=(sudo)
  fi
  local log
  log=$(mktemp)
  "${as_root[@]}" apt-get update >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get update failed, and these packages are missing: ${missing[*]}"
  }
  # What the release has is known now.
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || { rm -f "$log" && return 0; }
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install: ${missing[*]}"
  fi
  rm -f "$log"
}

# install_programs PACKAGE...: the same, and no service among them starts. Root only.
install_programs() {
  local policy=/usr/sbin/policy-rc.d
  if [[ -e $policy || -z $(missing_packages "$@") ]]; then
    install_packages "$@"
    return
  fi
  # What Debian's maintainer scripts ask; 101 is "forbidden by policy".
  (
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    install_packages "$@"
  ) || exit 1
}

# Bazel keeps its output under the home directory, which a bare environment may not name.
prepare_environment() {
  if [[ -z ${HOME:-} ]]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
    export HOME
  fi
  export USER=${USER:-$(id -un)}
  cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
}

# run_bazel COMMAND ARGUMENTS...: DTLS13_BAZEL_STARTUP holds startup options, for example --output_base=DIR.
run_bazel() {
  # shellcheck disable=SC2086
  bazel ${DTLS13_BAZEL_STARTUP:-} "$@" </dev/null
}

prepare_environment
