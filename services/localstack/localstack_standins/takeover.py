"""Which services this LocalStack leaves to the stand-ins."""

from functools import cache

from localstack.services.plugins import SERVICE_PLUGINS

from localstack_standins.settings import Settings


@cache
def taken_over() -> dict[str, str]:
    """Addresses of the stand-ins in use, by service. Raises: SettingsError."""
    return Settings.from_environ().stand_ins(SERVICE_PLUGINS.exists)
