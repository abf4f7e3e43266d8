# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by what needs a folder with another release of Debian: makes it once, in the cache, and runs commands inside.
# `say` speaks to the person, on standard error; `skip` ends the script with status 77.

# A test's PATH may stop short of where debootstrap and chroot are.
PATH=$PATH:/usr/sbin:/sbin
readonly SKIP=77
# Raised whenever what is put into every folder changes.
readonly STAMP=dtls13-peers-1

say() { printf '== %s\n' "$*" >&2; }

skip() {
  printf '%s\n' "what runs in a folder with Debian's ${suite:-releases} is skipped: $*" >&2
  exit $SKIP
}

# in_folder FOLDER COMMAND...: runs it inside, with /proc and /dev, in a mount namespace of its own,
# so that the mounts are gone when it ends, however it ends. A folder which has src/dtls13 sees there the tree that
# `tree` names, read-only.
in_folder() {
  local folder=$1
  shift
  # shellcheck disable=SC2016
  tree=${tree:-} unshare --mount --propagation private bash -euc '
    mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    if [[ -n $tree && -d $1/src/dtls13 ]]; then
      mount --bind "$tree" "$1/src/dtls13"
      mount -o remount,bind,ro "$1/src/dtls13"
    fi
    folder=$1
    shift
    exec chroot "$folder" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} "$@"' \
    in_folder "$folder" "$@" </dev/null
}

# install_in_folder FOLDER LOG PACKAGE...: and notes that they are there.
install_in_folder() {
  local folder=$1 log=$2
  shift 2
  say "Installing $*"
  if ! in_folder "$folder" apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1; then
    tail -n 5 "$log" >&2
    skip "Debian's packages $* could not be installed"
  fi
  in_folder "$folder" apt-get clean >>"$log" 2>&1
  printf '%s\n' "$@" >>"$folder/.packages"
}

# Makes the folder under another name and renames it when whole, so that a folder which is there is good.
make_folder() {
  local folder=$1 partial=$1.tmp log=$1.log
  shift
  rm -rf --one-file-system "$partial"
  say "Making $folder: Debian $suite (about two minutes, log in $log)"
  # Its own mount of /proc stays in the namespace as well.
  if ! unshare --mount --propagation private \
    debootstrap --variant=minbase "$suite" "$partial" >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    skip "debootstrap could not fetch Debian $suite"
  fi
  # A mirror that stands still has a Release file past its date; its signature is checked all the same.
  printf 'Acquire::Check-Valid-Until "false";\n' >"$partial/etc/apt/apt.conf.d/still-mirror"
  install_in_folder "$partial" "$log" "$@"
  printf '%s\n' "$STAMP" >"$partial/.stamp"
  rm -rf --one-file-system "$folder"
  mv -T "$partial" "$folder"
}

# Adds to a whole folder what has come to be wanted since: a folder takes minutes, and programs may be running in it.
add_packages() {
  local folder=$1 log=$1.log missing
  shift
  mapfile -t missing < <(printf '%s\n' "$@" | grep -vxFf <(cat "$folder/.packages" 2>/dev/null || true) || true)
  ((${#missing[@]})) || return 0
  in_folder "$folder" apt-get update >>"$log" 2>&1 || skip "the package lists of Debian $suite could not be fetched"
  install_in_folder "$folder" "$log" "${missing[@]}"
}

# have_folder NAME PACKAGE...: leaves in `folder` the path of the cache's folder of that name, with the release `suite`
# and the packages in it. Until the script ends, nobody else has it.
have_folder() {
  local name=$1 tool cache
  shift
  [[ $(id -u) -eq 0 ]] || skip "only root can make and enter it"
  for tool in debootstrap unshare chroot flock; do
    command -v "$tool" >/dev/null || skip "there is no $tool on this system"
  done
  if [[ -z ${HOME:-} ]]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  fi
  cache=${DTLS13_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dtls13}
  mkdir -p "$cache"
  folder=$(readlink -f "$cache")/$name
  exec 9>"$folder.lock"
  if ! flock --nonblock 9; then
    say "Waiting for another ${0##*/} to finish"
    flock 9
  fi
  unshare --mount --propagation private true 2>/dev/null ||
    skip "this system lets root make no mount namespace"
  [[ $(cat "$folder/.stamp" 2>/dev/null) == "$STAMP" ]] || make_folder "$folder" "$@"
  add_packages "$folder" "$@"
}
