"""Run by LocalStack before it starts: removes the functions' containers that an earlier, killed LocalStack left."""

from localstack.utils.container_networking import get_main_container_name
from localstack.utils.docker_utils import DOCKER_CLIENT

_PREFIX = f"{get_main_container_name()}-lambda-"

for _container in DOCKER_CLIENT.list_containers(filter=f"name={_PREFIX}", all=True):
    # Docker's filter matches anywhere in the name.
    if _container["name"].startswith(_PREFIX):
        DOCKER_CLIENT.remove_container(_container["name"], force=True)
