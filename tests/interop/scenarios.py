# SPDX-License-Identifier: Apache-2.0
"""What is run between an independent library and ours, and what must be seen: at each end, and on the wire between them."""

import collections
import dataclasses

import messages
import wire
from programs import CERTIFICATES, GROUPS, HOST_NAME, SUITES, Failed

# What every libcrypto here has, and what only the folder's has.
HYBRID = "x25519mlkem768"
ALL_GROUPS = tuple(group for group in GROUPS if group != HYBRID)
# dtls13_cli as it runs on the folder's libcrypto.
NEWER_CLI = "newer cli"
CLI_KINDS = ("cli", NEWER_CLI)
# Debian 12's openssl, and the folder's, with our library.
NEWER_SERVER, NEWER_CLIENT = "newer s_server", "newer s_client"
SERVER_KINDS = ("s_server", NEWER_SERVER)
CLIENT_KINDS = ("s_client", NEWER_CLIENT)
NEWER_KINDS = (NEWER_CLI, NEWER_SERVER, NEWER_CLIENT)
LIBRARIES = ("NSS", "wolfSSL")
# Facts that a library's interface does not tell.
UNTOLD_FACTS = {"NSS": (), "wolfSSL": ("signature", "cookie", "read", "write")}
DEFAULT_SUITE = "TLS_AES_128_GCM_SHA256"

UNKNOWN_CA = 48
BAD_CERTIFICATE = 42
HANDSHAKE_FAILURE = 40
ILLEGAL_PARAMETER = 47
ALERT_NAMES = {UNKNOWN_CA: "unknown_ca", BAD_CERTIFICATE: "bad_certificate",
               HANDSHAKE_FAILURE: "handshake_failure", ILLEGAL_PARAMETER: "illegal_parameter"}


class Pair(collections.namedtuple("Pair", "server client")):
    """Which program is at which end."""

    @property
    def library(self):
        """The independent one."""
        return self.client if self.client in LIBRARIES else self.server

    def library_role(self):
        return "client" if self.client in LIBRARIES else "server"

    def is_self(self):
        """The library with itself, which shows that it and the checks are sound."""
        return self.server == self.client

    def uses_openssl(self):
        return self.server in SERVER_KINDS or self.client in CLIENT_KINDS

    def runs_inside(self):
        """Ours runs in the library's folder, on a newer OpenSSL."""
        return self.server in NEWER_KINDS or self.client in NEWER_KINDS


def expect(name, found, wanted):
    if found != wanted:
        raise Failed("%s is %s, not %s" % (name, found, wanted))


def expect_facts(program, wanted):
    facts = program.facts()
    for name, value in wanted.items():
        expect("%s: %s" % (program.name, name), facts.get(name), value)


@dataclasses.dataclass
class Scenario:
    """A handshake that succeeds, messages both ways, and an orderly end."""

    name: str
    cert: str = "ecdsa"
    suite: str = DEFAULT_SUITE  # the only one that the library offers or accepts
    client_groups: tuple = ALL_GROUPS  # a key share for the first alone
    server_groups: tuple = ALL_GROUPS
    cookie: bool = False  # the server wants one
    listen: bool = False  # s_server takes the first ClientHello in DTLSv1_listen
    key_updates: tuple = ()  # the library's, by numbers of messages
    our_key_update: bool = False  # ours, once connected
    count: int = 3
    ours_drives: bool = False
    first: str = "client"  # who closes first
    trusted: bool = True
    host_name: str = HOST_NAME
    needs_commands: bool = False  # of s_server
    shows_share: bool = True  # the first ClientHello has a key share
    our_mtu: int = 1450  # a record of the longest message fits
    tickets: bool = False  # our server has them to give
    no_end_of_early_data: bool = False  # the library has that message, and is told to do without
    client_cert: str = ""  # shown, and asked for
    late_authentication: bool = False  # asked for after the handshake
    dtls12: bool = False  # the library has nothing later
    also_dtls12: bool = False  # the library has both
    raw_public_keys: bool = False  # the server's, in its certificate's place
    # How long what each side wants in the other's records is; None: it does without the extension.
    client_id_len: int = None
    server_id_len: int = None
    loss: tuple = None  # the one datagram that is lost, as Relay takes it
    associations: int = 1  # one after the other, each resuming the one before
    early_data: bool = False  # of those that resume, the first message goes as early data
    psk: str = ""  # both ends have it, in the form of their option --psk

    def group(self):
        """The negotiated one: the client's first that the server takes."""
        return next(name for name in self.client_groups if name in self.server_groups)

    def group_retry(self):
        return not self.shows_share or self.group() != self.client_groups[0]

    def num_retries(self):
        return 1 if self.cookie or self.group_retry() else 0

    def first_options(self, runner):
        """What openssl's s_client is told besides."""
        return []

    def run(self, runner, pair, server, client, relay):
        for program in (client, server):
            program.wait_connected()
        if pair.client in CLIENT_KINDS and self.first == "client":
            server.wait_data()
            client.close()
        for program in (client, server):
            expect("%s: exit status" % program.name, program.finish(), 0)
        relay.close()
        self._check_ends(pair, server, client)
        self._check_wire(pair, relay)

    def _check_ends(self, pair, server, client):
        for program, kind, role in ((server, pair.server, "server"), (client, pair.client, "client")):
            if kind in CLI_KINDS:
                facts = self._cli_facts(role)
            elif kind in LIBRARIES:
                facts = {name: value for name, value in self._library_facts(role).items()
                         if name not in UNTOLD_FACTS[kind]}
            else:
                facts = self._openssl_facts(role)
                if kind in NEWER_KINDS:
                    # It asks for the signature's name by a call that we do not have, and for the name of a group
                    # without a temporary key only in TLS.
                    for name in ("signature_type", "temp_key"):
                        facts.pop(name, None)
            expect_facts(program, facts)

    def _num_key_updates(self):
        return len(self.key_updates) + self.our_key_update

    def _library_facts(self, role):
        epoch = str(3 + self._num_key_updates())
        verifies = role == "client" or self.client_cert
        return {
            "version": "0xfefc",
            "suite": "0x%04x" % SUITES[self.suite],
            "group": str(GROUPS[self.group()][0]),
            "signature": "0x%04x" % CERTIFICATES[self.cert][1],
            "resumed": "1" if self.associations > 1 else "0",
            "psk": "none",
            "early": "1" if self.early_data else "0",
            "verify": "ok" if verifies else "none",
            "cookie": "1" if self.cookie and role == "server" else "0",
            "sent": str(self.count),
            "echoed": str(self.count),
            "read": epoch,
            "write": epoch,
            "order": "first" if self.first == role else "second",
            "end": "clean",
            "received": str(self.count),
            "error": "none",
            "alert_received": "-1",
            "alert_sent": "-1",
        }

    def _cli_facts(self, role):
        connected = "DTLSv1.3 %s %s" % (self.suite, GROUPS[self.group()][1])
        connected += " after HelloRetryRequest" if self.num_retries() else ""
        connected += self._cli_authentication(role) + ", server name " + HOST_NAME
        facts = {"connected": connected, "peer_closed": "the peer closed", "said": None}
        if not self.ours_drives:
            facts["data"] = "sent %d datagrams, received %d datagrams of %d bytes" % (
                self.count, self.count, sum(map(messages.message_len, range(self.count))))
        return facts

    def _cli_authentication(self, role):
        verifies = role == "client" or (self.client_cert and not self.late_authentication)
        return ", certificate verified" if verifies else ""

    def _openssl_facts(self, role):
        facts = {"protocol": "DTLSv1.3", "suite_name": self.suite, "echoed": str(self.count)}
        if role == "server" and self.client_cert:
            facts["verification"] = "OK"
        if role == "client":
            facts.update({
                "temp_key": GROUPS[self.group()][2],
                "signature_type": "ECDSA" if self.cert == "ecdsa" else "RSA-PSS",
                "verification": "OK",
                "peername": HOST_NAME,
            })
        return facts

    def _check_wire(self, pair, relay):
        if relay.fault is not None:
            raise Failed("on the wire, " + relay.fault)
        if self.loss is not None:
            expect("on the wire, lost datagrams", relay.num_lost, 1)
            if relay.num_seen(*self.loss[:2]) < 2:
                raise Failed("on the wire, what was lost was not sent again")
        trace = relay.trace
        self._check_client_hellos(pair, trace)
        self._check_server_hellos(trace)
        self._check_connection_ids(trace)
        expect("on the wire, plaintext alerts", trace.plaintext_alerts, [])
        epochs = [2, 3] + [(4 + i) & 3 for i in range(self._num_key_updates())]
        for direction in (wire.TO_SERVER, wire.TO_CLIENT):
            found = trace.epoch_bits[direction]
            # Of a flight that is lost, a later epoch may be seen first.
            expect("on the wire, epochs " + direction,
                   found if self.loss is None else sorted(found), epochs)
            if trace.num_protected[direction] < self.count + 2:
                raise Failed("on the wire, %s has %d protected records" % (
                    direction, trace.num_protected[direction]))

    def _check_connection_ids(self, trace):
        # Trace holds each record against it.
        for direction, length in ((wire.TO_CLIENT, self.client_id_len), (wire.TO_SERVER, self.server_id_len)):
            if length is not None:
                expect("on the wire, the length of connection IDs " + direction,
                       len(trace.connection_id(direction)), length)

    def _check_client_hellos(self, pair, trace):
        hellos = trace.client_hellos()
        expect("ClientHello numbers", [hello.message_seq for hello in hellos],
               list(range(1 + self.num_retries())))
        for hello in hellos:
            expect("ClientHello.legacy_version", hello.legacy_version, wire.DTLS12_VERSION)
            expect("ClientHello.legacy_session_id", hello.session_id, b"")
            expect("ClientHello.legacy_cookie's length", hello.cookie_len, 0)
            expect("ClientHello.random", hello.random, hellos[0].random)
            versions = hello.extensions[wire.SUPPORTED_VERSIONS][1:]
            if wire.DTLS13_VERSION.to_bytes(2, "big") not in (
                    versions[i : i + 2] for i in range(0, len(versions), 2)):
                raise Failed("ClientHello does not offer DTLS 1.3")
            # Strict servers want what may not change in the same order too, which wolfSSL's client does not.
            if pair.client not in LIBRARIES:
                expect("what the second ClientHello repeats", wire.unchangeable_extensions(hello),
                       wire.unchangeable_extensions(hellos[0]))
        expect("the first ClientHello's key shares", wire.key_share_groups(hellos[0]),
               [GROUPS[self.client_groups[0]][0]] if self.shows_share else [])

    def _check_server_hellos(self, trace):
        version = wire.DTLS13_VERSION.to_bytes(2, "big")
        for hello in trace.retries() + trace.server_hellos():
            expect("ServerHello.legacy_version", hello.legacy_version, wire.DTLS12_VERSION)
            expect("ServerHello.legacy_session_id_echo", hello.session_id, b"")
            expect("ServerHello's version", hello.extensions.get(wire.SUPPORTED_VERSIONS), version)
            expect("ServerHello's suite", hello.suites, [SUITES[self.suite]])
        expect("ServerHello numbers", [hello.message_seq for hello in trace.server_hellos()],
               [self.num_retries()])
        expect("HelloRetryRequest numbers", [hello.message_seq for hello in trace.retries()],
               [0] * self.num_retries())
        group = GROUPS[self.group()][0]
        expect("ServerHello's group", wire.key_share_groups(trace.server_hellos()[0]), [group])
        if not trace.retries():
            return
        retry, second = trace.retries()[0], trace.client_hellos()[1]
        expect("HelloRetryRequest's group", wire.key_share_groups(retry, True),
               [group] if self.group_retry() else [])
        expect("the second ClientHello's key shares", wire.key_share_groups(second), [group])
        cookie = wire.cookie_of(retry)
        if self.cookie and not cookie:
            raise Failed("the HelloRetryRequest has no cookie")
        expect("the returned cookie", wire.cookie_of(second), cookie)


@dataclasses.dataclass
class Resumption(Scenario):
    """Two associations: the second resumes the first, without a certificate."""

    associations: int = 2

    def first_options(self, runner):
        return ["-sess_out", runner.folder.file("session")]

    def _run_clients(self, runner, pair, server, client, relay):
        """s_client has one association and leaves its session to the next. Returns the last."""
        for association in range(self.associations):
            if association > 0:
                client = runner.start_client(pair, self, server, relay,
                                            ["-sess_in", runner.folder.file("session")])
            client.wait_connected()
            server.wait_data(association)
            client.close()
            expect("s_client: exit status", client.finish(), 0)
        return client

    def run(self, runner, pair, server, client, relay):
        if pair.client in CLIENT_KINDS:
            client = self._run_clients(runner, pair, server, client, relay)
        for program in (client, server):
            expect("%s: exit status" % program.name, program.finish(), 0)
        relay.close()
        self._check_ends(pair, server, client)
        if relay.fault is not None:
            raise Failed("on the wire, " + relay.fault)
        expect("on the wire, associations", len(relay.traces), self.associations)
        for index, trace in enumerate(relay.traces):
            resumes = index > 0
            hello, answer = trace.client_hellos()[0], trace.server_hellos()[0]
            expect("ClientHello offers a PSK", wire.PRE_SHARED_KEY in hello.extensions, resumes)
            expect("ServerHello takes a PSK", wire.PRE_SHARED_KEY in answer.extensions, resumes)
            expect("ClientHello announces early data", wire.EARLY_DATA in hello.extensions,
                   resumes and self.early_data)

    def _library_facts(self, role):
        # A resumed handshake has no certificate of its own to verify, and NSS tells the first's scheme.
        return dict(super()._library_facts(role), verify="none")

    def _openssl_facts(self, role):
        facts = super()._openssl_facts(role)
        for name in ("signature_type", "peername"):
            facts.pop(name, None)
        return facts

    def _cli_authentication(self, role):
        return ", resumed" + (", early data" if self.early_data else "")


@dataclasses.dataclass
class EarlyDataToNss(Resumption):
    """NSS decrypts our early data, and answers that it takes it; but as in TLS it then waits for
    EndOfEarlyData, which DTLS 1.3 does not have (RFC 9147 section 5.6), so its handshake ends there."""

    early_data: bool = True
    ours_drives: bool = True

    def run(self, runner, pair, server, client, relay):
        expect("NSS: exit status", server.finish(), 0)
        # The line it prints last.
        expect_facts(server, {"suite": "0x%04x" % SUITES[self.suite]})
        server.wait_for(r"^early_data .*received=[1-9]")
        client.wait_for(r"^connected: .*, resumed, early data, .*$")


@dataclasses.dataclass
class ExternalPsk(Scenario):
    """Both ends have a key, and need no certificate."""

    psk: str = "interop:" + "5a" * 32

    def _library_facts(self, role):
        return dict(super()._library_facts(role), psk="external", verify="none", signature="0x0000")

    def _cli_authentication(self, role):
        return ", pre-shared key"

    def _openssl_facts(self, role):
        facts = super()._openssl_facts(role)
        for name in ("signature_type", "verification", "peername"):
            facts.pop(name, None)
        return facts


@dataclasses.dataclass
class FragmentedHello(Scenario):
    """Our ClientHello is longer than our datagrams."""

    our_mtu: int = 600
    count: int = 1  # the only message that fits

    def _check_wire(self, pair, relay):
        super()._check_wire(pair, relay)
        num_hellos = len(relay.trace.client_hellos())
        if relay.num_seen(wire.TO_SERVER, wire.HELLO) < num_hellos + 2:
            raise Failed("on the wire, no ClientHello is in parts")


@dataclasses.dataclass
class Dtls12(Scenario):
    """The library has DTLS 1.2 and nothing later, so libssl itself speaks with it."""

    dtls12: bool = True

    def _library_facts(self, role):
        names = ("verify", "sent", "echoed", "received", "order", "end", "error", "alert_received", "alert_sent")
        facts = super()._library_facts(role)
        return dict({name: facts[name] for name in names}, version="0xfefd")

    def _openssl_facts(self, role):
        facts = super()._openssl_facts(role)
        del facts["suite_name"]
        return dict(facts, protocol="DTLSv1.2")

    def _check_wire(self, pair, relay):
        if relay.fault is not None:
            raise Failed("on the wire, " + relay.fault)
        trace = relay.trace
        expect("on the wire, the version", trace.version(), wire.DTLS12_VERSION)
        expect("on the wire, plaintext alerts", trace.plaintext_alerts, [])
        # NSS's server has no cookies in DTLS 1.2, the others always.
        expect("on the wire, a HelloVerifyRequest", trace.num_hello_verify_requests > 0,
               pair.server != "NSS")


@dataclasses.dataclass
class UnwantedTickets(Scenario):
    """Our server gives no ticket to a client that names no way to use one; some end the association over it."""

    tickets: bool = True

    def _check_wire(self, pair, relay):
        super()._check_wire(pair, relay)
        expect("ClientHello names its PSK modes",
               wire.PSK_KEY_EXCHANGE_MODES in relay.trace.client_hellos()[0].extensions, False)


@dataclasses.dataclass
class Refusal(Scenario):
    """A handshake that one end refuses: it sends `alert`, and the other end says so."""

    refuser: str = "client"
    alert: int = UNKNOWN_CA

    def run(self, runner, pair, server, client, relay):
        refusing, refused = (client, server) if self.refuser == "client" else (server, client)
        kinds = {"client": pair.client, "server": pair.server}
        other = "server" if self.refuser == "client" else "client"
        # s_server refuses before it has a client, so it goes on waiting for one.
        waits = kinds[self.refuser] in SERVER_KINDS
        statuses = {program: program.finish() for program in (client, server)
                    if not (waits and program is server)}
        if waits and server.has_failed():
            raise Failed("s_server has ended%s" % server.last_words())
        relay.close()
        if relay.fault is not None:
            raise Failed("on the wire, " + relay.fault)
        if kinds[self.refuser] in LIBRARIES:
            expect_facts(refusing, {"alert_sent": str(self.alert)})
            expect("%s: exit status" % refusing.name, statuses[refusing], 1)
        if kinds[other] in LIBRARIES:
            expect_facts(refused, {"alert_received": str(self.alert)})
            expect("%s: exit status" % refused.name, statuses[refused], 1)
        elif kinds[other] in CLI_KINDS:
            expect("%s: exit status" % refused.name, statuses[refused], 1)
            said = refused.facts().get("said", "")
            if not said.startswith("the peer's alert ended it: %s." % ALERT_NAMES[self.alert]):
                raise Failed("%s says '%s'" % (refused.name, said))
        elif "alert " + ALERT_NAMES[self.alert].replace("_", " ") not in refused.text():
            raise Failed("%s does not tell of %s%s" % (
                refused.name, ALERT_NAMES[self.alert], refused.last_words()))
        if kinds["client"] in CLIENT_KINDS:
            expect("s_client: exit status", statuses[client], 1)


@dataclasses.dataclass
class Quit(Scenario):
    """s_server is told to quit: it closes its socket before its association, so nothing can leave; but
    it ends at once, and NSS has seen no orderly end."""

    first: str = "server"
    needs_commands: bool = True

    def run(self, runner, pair, server, client, relay):
        for program in (client, server):
            program.wait_connected()
        client.wait_data()
        server.quit()
        expect("s_server: exit status", server.finish(), 0)
        relay.close()
        expect_facts(client, {"echoed": str(self.count), "end": None, "error": None})


def num_listened(pair, server):
    """Returns what tells how many associations `server` was ready for."""
    if pair.server in SERVER_KINDS:
        return lambda: 1 << 30  # one socket serves all
    return lambda: server.text().count("listening ")


def pairs(library, debian, with_shim, with_cli):
    result = [Pair(library, library)]
    if with_cli:
        result += [Pair("cli", library), Pair(library, "cli")]
        result += [Pair(NEWER_CLI, library), Pair(library, NEWER_CLI)]
    if with_shim:
        result += [Pair("s_server", library), Pair(library, "s_client")]
        # Unstable's libssl (3.6) binds its own calls, so what SSL_CONF sets there, the groups for one, does not reach
        # our library.
        if debian == "trixie":
            result += [Pair(NEWER_SERVER, library), Pair(library, NEWER_CLIENT)]
    return result


def scenarios(pair, debian):
    """`debian` is the Debian that the library is of."""
    for scenario in conversations(pair, debian):
        if pair.server in SERVER_KINDS:
            # It asks for cookies whenever it speaks DTLS; -listen changes only who asks.
            scenario = dataclasses.replace(scenario, cookie=True, listen=scenario.cookie)
        if pair.client == "wolfSSL" and scenario.client_groups[0] == HYBRID:
            # A share that would not fit into one datagram it leaves out of its first hello, which a server is to
            # answer without state: the HelloRetryRequest brings group and cookie together.
            scenario = dataclasses.replace(scenario, shows_share=False)
        yield scenario


def conversations(pair, debian):
    if pair.runs_inside():
        yield from hybrids(pair)
        yield from fragmented_hellos(pair)
        return
    yield from full_handshakes()
    yield from retries()
    if pair.client == "wolfSSL":
        yield Scenario("HelloRetryRequest: after an empty key share", shows_share=False)
    yield from key_updates(pair)
    yield from resumptions(pair, debian)
    yield from unwanted_tickets(pair)
    yield from external_psks(pair)
    yield from client_certificates(pair)
    if pair.library == "wolfSSL":
        yield from connection_ids(pair)
        yield from raw_public_keys(pair)
    yield Scenario("1000 datagrams: the library sends, ours returns", count=1000)
    if not pair.uses_openssl() and not pair.is_self():
        yield Scenario("1000 datagrams: ours sends, the library returns", count=1000, ours_drives=True)
    yield Scenario("closing: client first", first="client")
    if pair.server in SERVER_KINDS:
        yield Quit("closing: s_server quits")
    else:
        yield Scenario("closing: server first", first="server")
    yield from refusals(pair)
    yield from losses(pair)
    yield from older_versions(pair)


def full_handshakes():
    for cert in CERTIFICATES:
        for group in ALL_GROUPS:
            for suite in SUITES:
                yield Scenario("full handshake: %s, %s, %s" % (cert, group, suite), cert=cert,
                               suite=suite, client_groups=(group,))


def hybrids(pair):
    for suite in SUITES:
        yield Scenario("full handshake: %s, %s" % (HYBRID, suite), suite=suite,
                       client_groups=(HYBRID,), server_groups=(HYBRID,))
    # Both sides' large shares cross several datagrams; so does the second ClientHello.
    yield Scenario("HelloRetryRequest: group, %s after x25519" % HYBRID,
                   client_groups=("x25519", HYBRID), server_groups=(HYBRID,))
    yield Scenario("HelloRetryRequest: cookie, %s" % HYBRID, cookie=True,
                   client_groups=(HYBRID,), server_groups=(HYBRID,))
    # Our client predicts the small share, which spares the round trip.
    if pair.client in LIBRARIES:
        yield Scenario("HelloRetryRequest: group, x25519 after %s" % HYBRID,
                       client_groups=(HYBRID, "x25519"), server_groups=("x25519",))


def retries():
    for first, second in (("x25519", "p256"), ("p256", "p384"), ("p384", "x25519")):
        yield Scenario("HelloRetryRequest: group, %s after %s" % (second, first),
                       client_groups=(first, second), server_groups=(second,))
    for suite in SUITES:
        yield Scenario("HelloRetryRequest: cookie, %s" % suite, cookie=True, suite=suite)
    yield Scenario("HelloRetryRequest: cookie and group", cookie=True,
                   client_groups=("p256", "x25519"), server_groups=("x25519",))


def fragmented_hellos(pair):
    """A ClientHello of several datagrams, with and without a cookie that has to be in the first of the second."""
    if pair.client != NEWER_CLI:
        return
    for cookie in (False, True):
        # wolfSSL's server, which asks for a cookie without state, takes a first hello of one datagram alone.
        groups = ("x25519", HYBRID) if cookie and pair.library == "wolfSSL" else (HYBRID,)
        yield FragmentedHello("fragmented ClientHello: %s a cookie" % ("with" if cookie else "without"),
                              cookie=cookie, client_groups=groups, server_groups=(HYBRID,))


def key_updates(pair):
    # The library closes, as it alone knows when its updates are done.
    for suite in SUITES:
        yield Scenario("KeyUpdate: the library's, answered, %s" % suite, suite=suite, count=60,
                       key_updates=(20,), first=pair.library_role())
    if "cli" in pair:
        # The library sees the end of our update, so here too it closes.
        yield Scenario("KeyUpdate: ours, answered", count=60, our_key_update=True,
                       first=pair.library_role())
    yield Scenario("KeyUpdate: two", count=200, key_updates=(50, 120), first=pair.library_role())


def resumptions(pair, debian):
    for suite in SUITES:
        yield Resumption("resumption: %s" % suite, suite=suite)
    yield Resumption("resumption: after a HelloRetryRequest", client_groups=("p256", "x25519"),
                     server_groups=("x25519",))
    if pair.library == "wolfSSL" or pair.uses_openssl():
        return  # Debian's wolfSSL has no early data, and s_client sends it from a file alone
    # NSS 3.110 has the message of TLS 1.3; that of unstable no more.
    has_end = debian == "trixie" and not pair.is_self()
    if has_end and pair.server == "NSS":
        yield EarlyDataToNss("resumption: early data, read by NSS", no_end_of_early_data=True)
    else:
        yield Resumption("resumption: early data", early_data=True, no_end_of_early_data=has_end)


def unwanted_tickets(pair):
    if pair == Pair("cli", "NSS"):
        yield UnwantedTickets("tickets: for a client that has no use for them")


def external_psks(pair):
    yield ExternalPsk("external PSK: at once")
    yield ExternalPsk("external PSK: after a HelloRetryRequest", client_groups=("p256", "x25519"),
                      server_groups=("x25519",))
    yield ExternalPsk("external PSK: after a cookie", cookie=True)


def client_certificates(pair):
    for cert in CERTIFICATES:
        yield Scenario("client certificates: %s" % cert, client_cert=cert)
    yield Scenario("client certificates: after a HelloRetryRequest", client_cert="ecdsa", cookie=True)
    # In DTLS, NSS neither offers that nor can ask for it; nor do libssl's programs.
    if pair.library == "wolfSSL" and not pair.uses_openssl():
        yield Scenario("client certificates: after the handshake", client_cert="ecdsa",
                       late_authentication=True)


def connection_ids(pair):
    if pair.uses_openssl():
        return
    for client_id_len, server_id_len in ((4, 8), (8, 0), (0, 5), (10, 1)):
        yield Scenario("connection IDs: %d bytes to the client, %d to the server" % (
            client_id_len, server_id_len), client_id_len=client_id_len, server_id_len=server_id_len)
    yield Scenario("connection IDs: after a cookie", client_id_len=4, server_id_len=6, cookie=True)
    yield Scenario("connection IDs: and updated keys", client_id_len=4, server_id_len=6, count=60,
                   key_updates=(20,), first=pair.library_role())


def raw_public_keys(pair):
    if pair.uses_openssl():
        return
    for cert in CERTIFICATES:
        yield Scenario("raw public keys: %s" % cert, cert=cert, raw_public_keys=True)


def refusals(pair):
    # wolfSSL's server asks for its own group all the same, which a client that has not offered it refuses.
    if pair.server == "wolfSSL":
        no_group = {"refuser": "client", "alert": ILLEGAL_PARAMETER}
    else:
        no_group = {"refuser": "server", "alert": HANDSHAKE_FAILURE}
    yield Refusal("refusals: unknown authority", trusted=False)
    yield Refusal("refusals: another name", host_name="other.example", alert=BAD_CERTIFICATE)
    yield Refusal("refusals: no common group", client_groups=("x25519",), server_groups=("p384",),
                  **no_group)


def older_versions(pair):
    for cookie in (False, True):
        yield Scenario("DTLS 1.2 offered too: %s a cookie" % ("with" if cookie else "without"),
                       also_dtls12=True, cookie=cookie)
    if not pair.uses_openssl():
        return  # the core has DTLS 1.3 alone
    for cert in CERTIFICATES:
        yield Dtls12("DTLS 1.2 alone: %s" % cert, cert=cert)
    if pair.server in SERVER_KINDS:
        yield Dtls12("DTLS 1.2 alone: -listen", cookie=True)
    yield Dtls12("DTLS 1.2 alone: client certificate", client_cert="ecdsa")
    yield Dtls12("DTLS 1.2 alone: 200 datagrams", count=200)


def losses(pair):
    """Each handshake datagram that every pair has is lost once; the handshake completes all the same, and
    no message is lost with it."""
    def lost(name, direction, kind, place=0, **options):
        return Scenario("losses: " + name, loss=(direction, kind, place), **options)

    yield lost("the first ClientHello", wire.TO_SERVER, wire.HELLO)
    yield lost("the first ServerHello or HelloRetryRequest", wire.TO_CLIENT, wire.HELLO)
    yield lost("the second ClientHello", wire.TO_SERVER, wire.HELLO, 1, cookie=True)
    yield lost("the ServerHello after a HelloRetryRequest", wire.TO_CLIENT, wire.HELLO, 1, cookie=True)
    yield lost("the client's Finished", wire.TO_SERVER, wire.FLIGHT)
    # s_client leaves without asking whether its Finished arrived.
    if pair.client not in CLIENT_KINDS:
        yield lost("the ACK of the client's Finished", wire.TO_CLIENT, wire.ACK)
    if pair.server == "NSS":
        # NSS alone needs a second datagram for this.
        yield lost("the end of the server's flight", wire.TO_CLIENT, wire.FLIGHT, cert="rsa")
