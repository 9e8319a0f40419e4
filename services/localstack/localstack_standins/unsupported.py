"""CloudFormation types that LocalStack cannot make: refused by name, where it would fake them.

LocalStack's own switch for that refuses every type when its remote catalogue is out of reach, so the question is put
to the resource providers that are really there.
"""

import os
from typing import Any

from localstack import config
from localstack.services.cloudformation.engine.v2.change_set_resource_support_checker import (
    ChangeSetResourceSupportChecker,
)
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.utils.catalog.common import (
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
)

SWITCH = "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES"

_visit_resource = ChangeSetResourceSupportChecker.visit_node_resource


def install() -> None:
    """Refuses unsupported types, unless the environment says otherwise."""
    if SWITCH not in os.environ:
        config.CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES = False
    ChangeSetResourceSupportChecker.visit_node_resource = _visit_unconditional_resource
    ChangeSetResourceSupportChecker._resource_support_status = _support_status


def _visit_unconditional_resource(checker: Any, node: Any) -> None:
    """A change set is refused for what it certainly makes; a type under a condition fails when it is to be made."""
    if getattr(node.condition_reference, "value", None) is None:
        _visit_resource(checker, node)


def _support_status(_checker: Any, resource_type: str) -> Any:
    if ResourceProviderExecutor.try_load_resource_provider(resource_type) is not None:
        return CloudFormationResourcesSupportAtRuntime.AVAILABLE
    return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED
