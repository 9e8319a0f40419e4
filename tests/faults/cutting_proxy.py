"""A way to the engine that breaks: connections are cut in the middle of what they carry."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator

BLOCK = 64 * 1024


class CuttingProxy:
    """Cuts a connection after a random number of bytes, until it has cut `cuts` of them. Then it lets all pass."""

    def __init__(self, host: str, port: int, cuts: int, longest: int, seed: int) -> None:
        self._there = (host, port)
        self._random = random.Random(seed)  # noqa: S311 - the same faults in every run
        self._longest = longest
        self._left = cuts
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.cut = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[CuttingProxy]:
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._there) as server:
            back = threading.Thread(target=_pump, args=(server, client, None), daemon=True)
            back.start()
            _pump(client, server, self._allowance())
            for end in (client, server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join()

    def _allowance(self) -> int | None:
        """Bytes that this connection may carry; None is all."""
        with self._lock:
            if not self._left:
                return None
            self._left -= 1
            self.cut += 1
            return self._random.randrange(1, self._longest)


def _pump(source: socket.socket, target: socket.socket, allowance: int | None) -> None:
    with contextlib.suppress(OSError):
        while allowance is None or allowance > 0:
            block = source.recv(BLOCK if allowance is None else min(BLOCK, allowance))
            if not block:
                return
            target.sendall(block)
            if allowance is not None:
                allowance -= len(block)
