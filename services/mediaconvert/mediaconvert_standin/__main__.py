"""``python -m mediaconvert_standin``: serve until SIGTERM."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from mediaconvert_standin.app import create_app
from mediaconvert_standin.settings import ConfigurationError, Settings

GRACE_SECONDS = 1


def main() -> int:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = Settings.from_environ()
    except ConfigurationError as error:
        logging.getLogger("mediaconvert_standin").critical("%s", error)
        return 2
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # The interpreter would wait for upload threads that sit in a call to a dead endpoint.
    os._exit(status)
