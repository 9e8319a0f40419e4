"""A line with latency to a server on this machine: bytes arrive late, in both directions, on every connection.

As on a real line, a connection has no more than one TCP window on the way: WINDOW bytes in a round trip. The line
runs as a process of its own, so that it takes no time from the client that is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

WINDOW = 4 * 1024 * 1024
"""Linux lets a connection have so many bytes unacknowledged: the maximum of `net.ipv4.tcp_wmem`, see tcp(7)."""
CHUNK = 256 * 1024


@contextlib.contextmanager
def slow_line(host: str, port: int, round_trip: float) -> Iterator[str]:
    """Starts a line to `host:port` with `round_trip` seconds; yields its own `host:port`."""
    command = [sys.executable, "-m", "devstack.benches.slow_line", host, str(port), str(round_trip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - for the types
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def serve(host: str, port: int, round_trip: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port, limit=CHUNK)
        await asyncio.gather(_carry(reader, back, round_trip / 2), _carry(there, writer, round_trip / 2))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=CHUNK)
    print("{}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Each block arrives `delay` seconds after it was sent; its acknowledgement takes as long to come back."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    window = _Window(WINDOW)

    async def deliver() -> None:
        while True:
            due, block = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not block:
                return
            writer.write(block)
            await writer.drain()
            loop.call_later(delay, window.free, len(block))

    delivering = asyncio.create_task(deliver())
    try:
        while block := await reader.read(CHUNK):
            await window.take(len(block))
            under_way.put_nowait((loop.time() + delay, block))
        under_way.put_nowait((loop.time() + delay, b""))
        await delivering
    except ConnectionError:
        delivering.cancel()
    finally:
        writer.close()


class _Window:
    """So many bytes may be on the way."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._freed = asyncio.Event()

    async def take(self, count: int) -> None:
        while self._free < count:
            self._freed.clear()
            await self._freed.wait()
        self._free -= count

    def free(self, count: int) -> None:
        self._free += count
        self._freed.set()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
