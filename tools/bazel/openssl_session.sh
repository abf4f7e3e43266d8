# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # SESSION_LINE_LEN is for tools/demo, $work and $cli from it
# Sourced by tools/demo: one session of openssl s_server and s_client through the recording relay.
# Uses $work (a directory) and $cli (the path of dtls13_cli).

# Both lines are as long as each other, newline included.
CLIENT_LINE="Hello from the client, over datagrams."
SERVER_LINE="Hello from the server, over datagrams."
SESSION_LINE_LEN=$((${#CLIENT_LINE} + 1))
SESSION_SECONDS=30

session_pids=()

# end_session stops what run_session started and is still running.
end_session() {
  local pid
  exec 7>&- 8>&-
  for pid in "${session_pids[@]}"; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  session_pids=()
}

# make_certificate DIR: ca.pem, and key.pem with chain.pem for localhost (leaf and authority).
make_certificate() {
  local dir=$1
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
      -keyout "$dir/ca.key" -out "$dir/ca.pem" -subj "/CN=Throw-away authority" &&
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$dir/key.pem" -out "$dir/leaf.csr" -subj "/CN=localhost" &&
      openssl x509 -req -in "$dir/leaf.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -days 2 \
        -CAcreateserial -out "$dir/leaf.pem" -extfile <(echo subjectAltName=DNS:localhost) &&
      cat "$dir/leaf.pem" "$dir/ca.pem" >"$dir/chain.pem"
  } 2>"$dir/certificate.log"
}

free_udp_port() {
  python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for FILE TEXT PID...: until FILE has TEXT; false after SESSION_SECONDS, or when a process ends.
wait_for() {
  local file=$1 text=$2 pid
  shift 2
  local end=$((SECONDS + SESSION_SECONDS))
  until grep -qF -- "$text" "$file" 2>/dev/null; do
    ((SECONDS < end)) || return 1
    for pid in "$@"; do
      kill -0 "$pid" 2>/dev/null || { grep -qF -- "$text" "$file" 2>/dev/null; return; }
    done
    sleep 0.05
  done
}

# session_failed NAME WHAT: shows what the programs said.
session_failed() {
  local file
  echo "  $2" >&2
  for file in "$work/$1".{relay,server,client}.{out,err}; do
    [[ -s $file ]] && sed "s|^|  ${file##*/}: |" "$file" >&2
  done
  end_session
  return 1
}

# run_session NAME LIBRARY [OPTIONS...] [-- RELAY OPTIONS...]: a session with LIBRARY preloaded (empty:
# none) and OPTIONS for both programs: a line each way, then the client closes. Leaves NAME.capture, NAME.keys and
# the programs' outputs in $work. False unless both lines arrived and both programs ended well.
run_session() {
  local name=$1 library=$2 options=() preload=()
  shift 2
  while (($#)) && [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  (($#)) && shift
  [[ -n $library ]] && preload=(env "LD_PRELOAD=$library")
  local base=$work/$name server_port relay_port server client relay
  rm -f "$base".*
  mkfifo "$base.server.in" "$base.client.in" || return 1
  server_port=$(free_udp_port)

  "${preload[@]}" openssl s_server "${options[@]}" -accept "127.0.0.1:$server_port" -naccept 1 \
    -brief -cert "$work/leaf.pem" -cert_chain "$work/ca.pem" -key "$work/key.pem" \
    <"$base.server.in" >"$base.server.out" 2>"$base.server.err" &
  server=$!
  exec 7>"$base.server.in"
  "$cli" relay --listen 0 --to "$server_port" --capture "$base.capture" --seconds 120 "$@" \
    >"$base.relay.out" 2>"$base.relay.err" &
  relay=$!
  session_pids=("$server" "$relay")
  wait_for "$base.relay.out" "listening on port" "$relay" ||
    { session_failed "$name" "The relay did not start."; return 1; }
  relay_port=$(sed -n 's/.*listening on port //p' "$base.relay.out")
  wait_for_udp_port "$server_port" "$server" ||
    { session_failed "$name" "The server did not start."; return 1; }

  "${preload[@]}" openssl s_client "${options[@]}" -connect "127.0.0.1:$relay_port" -brief \
    -servername localhost -verify_hostname localhost -verify_return_error -CAfile "$work/ca.pem" \
    -keylogfile "$base.keys" <"$base.client.in" >"$base.client.out" 2>"$base.client.err" &
  client=$!
  exec 8>"$base.client.in"
  session_pids+=("$client")

  wait_for "$base.client.err" "CONNECTION ESTABLISHED" "$client" "$server" ||
    { session_failed "$name" "The handshake did not complete."; return 1; }
  echo "$CLIENT_LINE" >&8
  wait_for "$base.server.out" "$CLIENT_LINE" "$client" "$server" ||
    { session_failed "$name" "The client's line did not arrive."; return 1; }
  echo "$SERVER_LINE" >&7
  wait_for "$base.client.out" "$SERVER_LINE" "$client" "$server" ||
    { session_failed "$name" "The server's line did not arrive."; return 1; }

  # The end of its input makes s_client close; its close_notify makes s_server end.
  exec 8>&-
  local status
  wait_for_exit "$client" || { session_failed "$name" "The client did not close."; return 1; }
  wait "$client"
  status=$?
  ((status == 0)) || { session_failed "$name" "The client ended with exit code $status."; return 1; }
  wait_for_exit "$server" || { session_failed "$name" "The server did not close."; return 1; }
  wait "$server"
  status=$?
  ((status == 0)) || { session_failed "$name" "The server ended with exit code $status."; return 1; }
  end_session
}

# wait_for_udp_port PORT PID: until something listens there.
wait_for_udp_port() {
  local end=$((SECONDS + SESSION_SECONDS)) hex
  hex=$(printf ':%04X ' "$1")
  until awk 'NR > 1 { print $2 " " }' /proc/net/udp | grep -q "$hex"; do
    kill -0 "$2" 2>/dev/null && ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# wait_for_exit PID: until the process is gone; false after SESSION_SECONDS.
wait_for_exit() {
  local end=$((SECONDS + SESSION_SECONDS))
  while kill -0 "$1" 2>/dev/null; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# show_summary NAME: what each side said of the session.
show_summary() {
  local side
  for side in server client; do
    printf '  %s\n' "$side:"
    grep -E '^(Protocol version|Ciphersuite|(Server|Peer) Temp Key|Signature type|Peer certificate|Verification|Verified peername):?' \
      "$work/$1.$side.err" | sed 's/^/    /'
    sed 's/^/    received: /' "$work/$1.$side.out"
  done
}

# require_version NAME VERSION: both sides must have said so, and the client must have verified its peer.
require_version() {
  local side
  for side in server client; do
    grep -qx "Protocol version: $2" "$work/$1.$side.err" || fail "the $side did not speak $2."
  done
  grep -qx 'Verification: OK' "$work/$1.client.err" || fail "the client did not verify the server."
}
