import signal
import sys

import uvicorn

from cdn_standin.app import create_app
from cdn_standin.deployment import DeploymentError, DeploymentFile
from cdn_standin.settings import Settings, SettingsError

GRACEFUL_SHUTDOWN_SECONDS = 1


def main() -> int:
    try:
        settings = Settings.from_environ()
        deployment = DeploymentFile(settings.deployment_file, is_https=settings.is_https)
    except SettingsError as error:
        print(f"cdn: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except DeploymentError as error:
        print(f"cdn: CDN_DEPLOYMENT_FILE: {error}", file=sys.stderr)  # noqa: T201
        return 2
    # uvicorn raises the signal again once it has shut down; by then there is nothing left to do.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        create_app(settings, deployment.current),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
