"""The engine behind the stand-in in its container: ministack's Cognito, on disk after every change.

ministack saves its state only when it is asked to stop, and a container may be killed at any moment. Here an answer
is sent once what it says is on disk. Run by `python -m cognito_engine`; ministack's own variables configure it
(`STATE_DIR`, `GATEWAY_PORT`, `AUTH`, …).
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Accounts and the e-mails with their codes; nothing else of the engine is used here.
KEPT_SERVICES = ("cognito", "ses")
GRACEFUL_SHUTDOWN_SECONDS = 1

State = Mapping[str, Callable[[], Any]]
"""The engine's services by name, each with the function that gives its state."""


class Durable:
    """Calls `save` between the application's work and its answer, for requests that may change something."""

    def __init__(self, app: ASGIApp, save: Callable[[], None]) -> None:
        self._app = app
        self._save = save

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return

        async def send_saved(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._save()
            await send(message)

        await self._app(scope, receive, send_saved)


def kept(services: State) -> dict[str, Callable[[], Any]]:
    """Those of the engine's services whose state has to outlive the process."""
    return {name: state for name, state in services.items() if name in KEPT_SERVICES}


def main() -> None:
    # The engine reads its configuration when it is imported.
    os.environ["PERSIST_STATE"] = "1"
    from ministack import app as engine
    from ministack.core.persistence import save_all

    uvicorn.run(
        Durable(engine.app, lambda: save_all(kept(engine._build_persistence_save_dict()))),
        host="127.0.0.1",
        port=int(os.environ.get("GATEWAY_PORT", "4566")),
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
