"""Ports of the stack: are they free, and who has them if not."""

import contextlib
import socket

import psutil

from devstack.settings import LOOPBACK, PORTS_IN_A_STACK, Settings

PURPOSES = ("the site", "the engine", "MediaConvert", "Cognito")


class PortTakenError(Exception):
    """Another program listens on a port that the stack needs."""


def require_free_ports(settings: Settings) -> None:
    """Raises PortTakenError naming the port, the program that has it and the variable that moves the stack."""
    for offset, purpose in zip(range(PORTS_IN_A_STACK), PURPOSES, strict=True):
        port = settings.port_base + offset
        if not is_free(port):
            raise PortTakenError(
                f"Port {port} (for {purpose}) is taken{_by_whom(port)}. Stop that program, or move this stack: "
                f"set DEV_PORT_BASE to the first of four free ports, say {settings.port_base + 100}."
            )


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address right now."""
    with socket.socket() as probe:
        # What uvicorn does too: a port in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _by_whom(port: int) -> str:
    # Other people's processes may be invisible to us; the port is taken all the same.
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr or not connection.pid:
                continue
            if connection.laddr.port == port:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""
