"""What happens when LocalStack starts."""

import logging
from collections.abc import Mapping

from localstack.http import Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER

from localstack_standins.settings import COGNITO, SettingsError
from localstack_standins.takeover import taken_over

# LocalStack starts without a plugin that cannot be loaded, and unguarded then: a health check that asks here notices.
HEALTH_PATH = "/_standins/health"

LOG = logging.getLogger(__name__)


@hooks.on_infra_start()  # type: ignore[untyped-decorator]  # LocalStack has no types
def install_stand_ins() -> None:
    """Puts everything in its place. A wrong setting ends LocalStack: half a system would only look like one."""
    try:
        urls = taken_over()
    except SettingsError as error:
        raise SystemExit(f"localstack_standins: {error}") from error
    # LocalStack may start only to run a command: what follows loads a good part of it.
    from localstack_standins import assembling, data_plane, forwarding, unsupported

    forwarding.install(urls)
    data_plane.install_gateway_responses()
    unsupported.install()
    assembling.install()
    if COGNITO in urls:
        data_plane.install_authorizers(urls[COGNITO])
    _announce(urls)
    LOG.info("stand-ins: %s", ", ".join(f"{service} at {url}" for service, url in urls.items()) or "none")


def _announce(urls: Mapping[str, str]) -> None:
    health = {"status": "ok", "services": dict(urls)}
    ROUTER.add(HEALTH_PATH, endpoint=lambda _request: Response.for_json(health), methods=["GET"])
