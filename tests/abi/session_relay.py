# SPDX-License-Identifier: Apache-2.0
"""A relay between one client and a server that loses the datagrams it is told to."""

import contextlib
import os
import select
import socket
import threading


class Relay:
    """Carries datagrams both ways and keeps a copy of each.

    `lost` names datagrams as ("client", 0): the first that the client sends. `datagrams` holds what
    each side sent, lost or not.
    """

    def __init__(self, server_port, lost=()):
        self._lost = set(lost)
        self._loses_all = False
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self.port = self._front.getsockname()[1]
        self._back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._back.connect(("127.0.0.1", server_port))
        self._stop_reader, self._stop_writer = os.pipe()
        self.datagrams = {"client": [], "server": []}
        self._client_address = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.write(self._stop_writer, b"x")
        self._thread.join()
        for descriptor in (self._stop_reader, self._stop_writer):
            os.close(descriptor)
        self._front.close()
        self._back.close()

    def lose_all(self):
        """From here on nothing arrives."""
        self._loses_all = True

    def inject(self, datagram):
        """Sends a datagram to both sides as if it came from the other."""
        self._back.send(datagram)
        self._front.sendto(datagram, self._client_address)

    def _take(self, side, datagram):
        number = len(self.datagrams[side])
        self.datagrams[side].append(datagram)
        return not self._loses_all and (side, number) not in self._lost

    def _run(self):
        while True:
            ready, _, _ = select.select([self._front, self._back, self._stop_reader], [], [])
            if self._stop_reader in ready:
                return
            # Nobody listening any more at the other end is a loss like another.
            with contextlib.suppress(ConnectionError):
                if self._front in ready:
                    datagram, self._client_address = self._front.recvfrom(65536)
                    if self._take("client", datagram):
                        self._back.send(datagram)
            with contextlib.suppress(ConnectionError):
                if self._back in ready:
                    datagram = self._back.recv(65536)
                    if self._take("server", datagram):
                        self._front.sendto(datagram, self._client_address)
