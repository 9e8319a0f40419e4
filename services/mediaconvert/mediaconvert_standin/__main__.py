"""``python -m mediaconvert_standin``: serve until SIGTERM."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

import uvicorn

from mediaconvert_standin.app import create_app
from mediaconvert_standin.settings import ConfigurationError, Settings
from mediaconvert_standin.state.work_folder import held

GRACE_SECONDS = 1


class Server(uvicorn.Server):
    """uvicorn, but a requested stop is a success: it would end by raising the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield


def main() -> int:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = Settings.from_environ()
        with held(settings.work_dir):
            return _serve(settings)
    except ConfigurationError as error:
        logging.getLogger("mediaconvert_standin").critical("%s", error)
        return 2


def _serve(settings: Settings) -> int:
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config)
    server.run()
    return 0 if server.started else 1


def run() -> NoReturn:
    status = main()
    logging.shutdown()
    # The interpreter would wait for upload threads that sit in a call to a dead endpoint.
    os._exit(status)


if __name__ == "__main__":
    run()
