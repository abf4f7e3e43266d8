#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs DTLS 1.3 between an independent library and ours, each as client and as server, over UDP on loopback.

  interop_test.py --peer NSS|wolfSSL --suite trixie|sid [--library FILE] [--cli FILE] [--filter REGEX] [--list]

The library is Debian 13's (trixie) or Debian unstable's (sid); see prepare_peers.
--library is libdtls13.so: then openssl's s_server and s_client run under LD_PRELOAD against it.
--cli is dtls13_cli: then the core runs over UDP against it. The library against itself always runs, to show
that the peer and these checks are sound. Needs root; where the library cannot be had, prints "SKIPPED: reason"
and succeeds, unless DTLS13_REQUIRE_PEERS=1 says that it must be had.
"""

import argparse
import collections
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path += [os.path.join(HERE, "..", "wire"), os.path.join(HERE, "..", "..", "tools", "bazel")]

import case_report
import programs
import scenarios
import wire
from programs import Failed, GROUPS, SUITES

Result = collections.namedtuple("Result", "pair name seconds fault")


class Runner:
    """Starts both ends of a scenario with a relay between them, and checks all three."""

    def __init__(self, folder, library, cli):
        self.folder = folder
        newer = " on OpenSSL %d.%d" % folder.openssl_version()
        self.titles = {kind: kind.split()[-1] + newer for kind in scenarios.NEWER_KINDS}
        for name in scenarios.LIBRARIES:
            self.titles[name] = "%s %s" % (name, folder.facts.get(name.lower() + "_version"))
        self.library = library
        self.cli = cli
        self._running = []

    def run(self, pair, scenario):
        relay = None
        try:
            server = self._keep(self._server(pair, scenario))
            relay = wire.Relay(server.port(), scenario.loss,
                               scenarios.num_listened(pair, server),
                               allows_dtls12=scenario.dtls12)
            client = self.start_client(pair, scenario, server, relay, scenario.first_options(self))
            scenario.run(self, pair, server, client, relay)
        except (Failed, wire.Malformed) as error:
            said = ["%s: %s" % (program.name, line) for program in self._running
                    for line in program.text().splitlines()[-12:]]
            raise Failed("\n    | ".join([str(error)] + said)) from None
        finally:
            for program in self._running:
                program.stop()
            self._running.clear()
            if relay is not None:
                relay.close()

    def start_client(self, pair, scenario, server, relay, options):
        """`options` are what s_client, which has one association alone, is told besides."""
        client = self._keep(self._client(pair, scenario, relay.port, options))
        server.other, client.other = client, server
        return client

    def _keep(self, program):
        self._running.append(program)
        return program

    def _credential(self, kind, cert):
        return ["--cert", self._file(kind, cert + ".pem"), "--key", self._file(kind, cert + ".key")]

    def _openssl(self, kind):
        """The command that runs openssl with our library."""
        if kind in scenarios.NEWER_KINDS:
            return self.folder.preloaded(self.library)
        return ["env", "LD_PRELOAD=" + self.library, "openssl"]

    def _cli(self, kind, role, options, scenario, groups):
        command = self.folder.bring(self.cli) if kind == scenarios.NEWER_CLI else [self.cli]
        if scenario.raw_public_keys:
            options = options + ["--raw-public-key", self._file(kind, scenario.cert + ".spki")]
        return programs.CliPeer(command, role, options + cli_arguments(scenario, role, groups))

    def _file(self, kind, name):
        """The name under which the program finds the file."""
        inside = kind in scenarios.NEWER_KINDS
        return self.folder.inside(name) if inside else self.folder.file(name)

    def _server(self, pair, scenario):
        groups = scenario.server_groups
        if pair.server in scenarios.LIBRARIES:
            return programs.LibraryPeer(
                self.folder, pair.server, "server", ["--port", "0", "--certificate", scenario.cert] +
                (["--hrr-cookie"] if scenario.cookie else []) +
                library_arguments(pair, scenario, "server", groups))
        credential = self._credential(pair.server, scenario.cert)
        if pair.server in scenarios.CLI_KINDS:
            return self._cli(pair.server, "server", ["--port", "0"] + credential +
                             (["--ca", self._file(pair.server, "ca.pem")] if scenario.client_cert else []) +
                             (["--cookie"] if scenario.cookie else []) +
                             (["--tickets"] if scenario.tickets else []), scenario, groups)
        return programs.SServer(
            self._openssl(pair.server), dashed(credential) +
            ["-groups", openssl_groups(groups)] + (["-listen"] if scenario.listen else []) +
            # Tickets share a datagram with what a scenario looks for, and after an external PSK end NSS's client.
            (["-num_tickets", "0"] if scenario.associations == 1 else []) +
            (["-Verify", "1", "-verify_return_error", "-CAfile", self._file(pair.server, "ca.pem")]
             if scenario.client_cert else []) + openssl_psk(scenario),
            brief=not scenario.needs_commands, associations=scenario.associations)

    def _client(self, pair, scenario, port, openssl_options):
        trusted = programs.AUTHORITIES[0 if scenario.trusted else 1]
        authority = self._file(pair.client, trusted + ".pem")
        groups = scenario.client_groups
        if pair.client in scenarios.LIBRARIES:
            return programs.LibraryPeer(
                self.folder, pair.client, "client",
                ["--port", str(port), "--host-name", scenario.host_name, "--authority", trusted] +
                library_arguments(pair, scenario, "client", groups))
        shown = self._credential(pair.client, scenario.client_cert) if scenario.client_cert else []
        if pair.client in scenarios.CLI_KINDS:
            return self._cli(pair.client, "client", [
                "--port", str(port), "--ca", authority, "--server-name", scenario.host_name] + shown,
                             scenario, groups)
        return programs.SClient(self._openssl(pair.client), port, [
            "-groups", openssl_groups(groups), "-CAfile", authority, "-verify_return_error",
            "-verify_hostname", scenario.host_name] + dashed(shown) + openssl_psk(scenario) +
                                openssl_options)


def library_arguments(pair, scenario, role, groups):
    # Of two, the client drives and has the suites.
    leads = pair.library_role() == role
    drives = leads and not scenario.ours_drives
    arguments = ["--groups", ",".join(groups)]
    arguments += [] if drives else ["--echo"]
    # Who returns messages and closes second does so until the other closes.
    if drives or scenario.first == role:
        arguments += ["--count", str(scenario.count)]
    arguments.append("--close-first" if scenario.first == role else "--close-second")
    if leads:
        arguments += ["--suites", "0x%04x" % SUITES[scenario.suite]]
        # A message that overtakes the Finished may be dropped.
        arguments += ["--settle"] if scenario.loss is not None else []
        if scenario.key_updates:
            arguments += ["--key-update", ",".join(map(str, scenario.key_updates))]
    if scenario.no_end_of_early_data:
        arguments.append("--no-end-of-early-data")
    if role == "client" and not scenario.shows_share:
        arguments.append("--no-key-share")
    if role == "client" and scenario.client_cert:
        arguments += ["--certificate", scenario.client_cert]
    if role == "server" and scenario.client_cert and not scenario.late_authentication:
        arguments.append("--ask-certificate")
    arguments += ["--raw-public-keys"] if scenario.raw_public_keys else []
    arguments += ["--dtls12"] if scenario.dtls12 else []
    arguments += ["--also-dtls12"] if scenario.also_dtls12 else []
    id_len = connection_id_len(scenario, role)
    if id_len is not None:
        arguments += ["--connection-id", bytes(range(1, id_len + 1)).hex()]
    return arguments + common_arguments(scenario)


def common_arguments(scenario):
    """The peer programs and dtls13_cli take the same."""
    arguments = ["--associations", str(scenario.associations)] if scenario.associations > 1 else []
    arguments += ["--psk", scenario.psk] if scenario.psk else []
    arguments += ["--late-authentication"] if scenario.late_authentication else []
    return arguments + (["--early-data"] if scenario.early_data else [])


def connection_id_len(scenario, role):
    return scenario.client_id_len if role == "client" else scenario.server_id_len


def cli_arguments(scenario, role, groups):
    arguments = ["--groups", openssl_groups(groups), "--mtu", str(scenario.our_mtu), "--expect",
                 str(scenario.count)]
    if scenario.ours_drives:
        arguments += ["--count", str(scenario.count), "--sizes", "mixed", "--await-echo"]
    else:
        arguments.append("--echo")
    arguments += ["--close-first"] if scenario.first == role else []
    arguments += ["--key-update"] if scenario.our_key_update else []
    id_len = connection_id_len(scenario, role)
    arguments += ["--connection-id", str(id_len)] if id_len is not None else []
    return arguments + common_arguments(scenario)


def dashed(options):
    """As openssl's programs take them."""
    return [option.replace("--", "-") for option in options]


def openssl_psk(scenario):
    if not scenario.psk:
        return []
    identity, key = scenario.psk.split(":")
    return ["-psk_identity", identity, "-psk", key]


def openssl_groups(names):
    return ":".join(GROUPS[name][1] for name in names)


def print_table(results, titles):
    counts = collections.OrderedDict()
    for result in results:
        key = (result.pair.server, result.pair.client, result.name.split(":")[0])
        done = counts.setdefault(key, [0, 0, 0.0])
        done[0] += 1
        done[1] += result.fault is None
        done[2] += result.seconds
    line = "%-18s %-18s %-34s %9s %9s"
    print("\n" + line % ("server", "client", "what", "passed", "seconds"))
    for (server, client, what), (num_run, num_passed, seconds) in counts.items():
        print(line % (titles.get(server, server), titles.get(client, client), what,
                      "%d/%d" % (num_passed, num_run), "%.1f" % seconds))


def describe(pair, titles):
    return "%s to %s" % (titles.get(pair.client, pair.client), titles.get(pair.server, pair.server))


def run_all(runner, cases):
    results = []
    for pair, scenario in cases:
        start = time.monotonic()
        fault = None
        try:
            runner.run(pair, scenario)
        except (Failed, wire.Malformed) as error:
            fault = str(error)
        seconds = time.monotonic() - start
        results.append(Result(pair, scenario.name, seconds, fault))
        print("%-4s %5.1f s  %s: %s%s" % (
            "ok" if fault is None else "FAIL", seconds, describe(pair, runner.titles), scenario.name,
            "" if fault is None else "\n             " + fault), flush=True)
    return results


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", choices=scenarios.LIBRARIES, required=True)
    parser.add_argument("--suite", choices=("trixie", "sid"), required=True)
    parser.add_argument("--library", help="libdtls13.so")
    parser.add_argument("--cli", help="dtls13_cli")
    parser.add_argument("--sanitized", action="store_true",
                        help="the programs need a sanitizer's runtime, which the folder lacks")
    parser.add_argument("--filter", default="", help="run only what matches")
    parser.add_argument("--list", action="store_true", help="print what would run")
    arguments = parser.parse_args()
    for name in ("library", "cli"):
        path = getattr(arguments, name)
        if path is not None:
            if not os.path.isfile(path):
                parser.error("there is no %s" % path)
            setattr(arguments, name, os.path.abspath(path))
    return arguments


def main():
    arguments = parse_arguments()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    every = [(pair, scenario)
             for pair in scenarios.pairs(arguments.peer, arguments.suite,
                                         arguments.library is not None, arguments.cli is not None)
             for scenario in scenarios.scenarios(pair, arguments.suite)
             if not (arguments.sanitized and pair.runs_inside())]
    cases = [(pair, scenario) for pair, scenario in every
             if re.search(arguments.filter, "%s: %s" % (describe(pair, {}), scenario.name))]
    if arguments.sanitized:
        print("SKIPPED: %s: the folder has no sanitizer's runtime" % scenarios.NEWER_CLI)
    if arguments.library and arguments.suite == "sid":
        print("SKIPPED: openssl's programs on OpenSSL 3.6: its SSL_CONF does not reach the library")
    if arguments.list:
        for pair, scenario in cases:
            print("%s: %s" % (describe(pair, {}), scenario.name))
        return 0
    if not cases:
        print("interop_test: nothing matches '%s'." % arguments.filter, file=sys.stderr)
        return 2
    try:
        folder = programs.Folder(os.path.join(HERE, "prepare_peers"), arguments.suite)
    except programs.Unavailable as reason:
        print("SKIPPED: %s" % reason)
        return 1 if os.environ.get("DTLS13_REQUIRE_PEERS") == "1" else 0
    except Failed as error:
        print("interop_test: %s" % error, file=sys.stderr)
        return 1
    try:
        runner = Runner(folder, arguments.library, arguments.cli)
        results = run_all(runner, cases)
    finally:
        folder.remove()
    print_table(results, runner.titles)
    if os.environ.get("XML_OUTPUT_FILE"):
        case_report.write_xml(os.environ["XML_OUTPUT_FILE"], "interop", [
            case_report.Case(describe(result.pair, runner.titles), result.name, result.seconds,
                             result.fault) for result in results])
    num_failed = sum(result.fault is not None for result in results)
    print("\n%d passed, %d failed" % (len(results) - num_failed, num_failed))
    return 1 if num_failed else 0


if __name__ == "__main__":
    sys.exit(main())
