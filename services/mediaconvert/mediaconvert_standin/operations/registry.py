"""Every operation of the service's model and who answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.errors import NotFound
from mediaconvert_standin.operations.blueprints import Blueprints
from mediaconvert_standin.operations.jobs import JobOperations
from mediaconvert_standin.operations.policy import Certificates, InputPolicy
from mediaconvert_standin.operations.probing import Probing
from mediaconvert_standin.operations.queues import Queues
from mediaconvert_standin.operations.search import JobSearch
from mediaconvert_standin.operations.tags import Tags
from mediaconvert_standin.running.conversion import Tools
from mediaconvert_standin.running.scheduler import Scheduler
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.library import PRESETS, TEMPLATES, Library

Json = dict[str, Any]
Handler = Callable[[Json], Json]


class Operations:
    def __init__(
        self, tools: Tools, scheduler: Scheduler, queues: Queues, library: Library, database: Database, clock: Clock
    ) -> None:
        presets = Blueprints(library, PRESETS, "preset")
        templates = Blueprints(library, TEMPLATES, "jobTemplate")
        policy = InputPolicy(database)
        tags = Tags(library, tools.store, (presets, templates))
        search = JobSearch(tools.store, database, queues.arn)
        jobs = JobOperations(tools, scheduler, queues, presets, templates, policy, clock)
        certificates = Certificates(database)

        def with_wake(change: Handler) -> Handler:
            """A changed queue may let jobs start."""

            def changed(request: Json) -> Json:
                answer = change(request)
                scheduler.wake()
                return answer

            return changed

        def share(request: Json) -> Json:
            if tools.store.get(request["jobId"]) is None:
                raise NotFound(f"The specified job doesn't exist: {request['jobId']}")
            return {}

        self._handlers: Mapping[str, Handler] = {
            "AssociateCertificate": certificates.associate,
            "CancelJob": jobs.cancel,
            "CreateJob": jobs.create,
            "CreateJobTemplate": templates.create,
            "CreatePreset": presets.create,
            "CreateQueue": with_wake(queues.create),
            "CreateResourceShare": share,
            "DeleteJobTemplate": templates.delete,
            "DeletePolicy": policy.delete,
            "DeletePreset": presets.delete,
            "DeleteQueue": with_wake(queues.delete),
            "DisassociateCertificate": certificates.disassociate,
            "GetJob": jobs.get,
            "GetJobTemplate": templates.get,
            "GetJobsQueryResults": search.query_results,
            "GetPolicy": policy.get,
            "GetPreset": presets.get,
            "GetQueue": queues.get,
            "ListJobTemplates": templates.page,
            "ListJobs": search.page,
            "ListPresets": presets.page,
            "ListQueues": queues.page,
            "ListTagsForResource": tags.page,
            "ListVersions": lambda _: {"versions": []},
            "Probe": Probing(tools).probe,
            "PutPolicy": policy.put,
            "SearchJobs": search.search,
            "StartJobsQuery": search.start_query,
            "TagResource": tags.add,
            "UntagResource": tags.remove,
            "UpdateJobTemplate": templates.update,
            "UpdatePreset": presets.update,
            "UpdateQueue": with_wake(queues.update),
        }

    def find(self, operation: str) -> Handler | None:
        """Who answers an operation, by its name in the service model; DescribeEndpoints is the application's."""
        return self._handlers.get(operation)
