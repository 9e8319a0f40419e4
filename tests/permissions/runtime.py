"""A Lambda function in a process of its own, with its role's credentials; every call to AWS is written down.

Run as a program: `runtime.py module.handler`. One line of input is `{"event", "pauseBefore", "milliseconds"}` (the last
is what is left of its time), one of output `{"answer", "error", "calls"}`. A call is `{"service", "operation",
"parameters", "status", "error"}`: parameters are those that name something, `status` is 0 for what was only signed for
somebody else. Before the first call of the operation `pauseBefore`, if any, it says `{"paused": true}` and waits for a
line: races become repeatable.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from types import SimpleNamespace
from typing import Any

import boto3

# Whatever a policy may speak of: the thing itself, and the role handed on.
NAMING = ("Bucket", "Key", "Delete", "QueueUrl", "Name", "Id", "Queue", "Role", "IfMatch", "DistributionId")
CONTEXT = SimpleNamespace(
    function_name="permissions",
    memory_limit_in_mb=128,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:permissions",
    aws_request_id="permissions",
    get_remaining_time_in_millis=lambda: milliseconds,
)

calls: list[dict[str, Any]] = []
pause_before = ""
milliseconds = 0
# Functions log to standard output, so answers leave by a descriptor of their own.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def asked(params: dict[str, Any], model: Any, context: dict[str, Any], **_: object) -> None:
    call = {
        "service": model.service_model.service_name,
        "operation": model.name,
        "parameters": {name: params[name] for name in NAMING if name in params},
        "status": 0,
        "error": "",
    }
    context["written_down"] = call
    calls.append(call)
    global pause_before
    if model.name == pause_before:
        pause_before = ""
        say({"paused": True})
        sys.stdin.readline()


def answered(http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    call = context["written_down"]
    call["status"] = http_response.status_code
    call["error"] = parsed.get("Error", {}).get("Code", "")


def say(line: dict[str, Any]) -> None:
    print(json.dumps(line), file=answers, flush=True)


def serve(handler_name: str) -> None:
    global pause_before, milliseconds
    boto3.setup_default_session()
    assert boto3.DEFAULT_SESSION is not None
    boto3.DEFAULT_SESSION.events.register("before-parameter-build", asked)
    boto3.DEFAULT_SESSION.events.register("after-call", answered)
    module, _, name = handler_name.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    while line := sys.stdin.readline():
        request = json.loads(line)
        pause_before, milliseconds = request["pauseBefore"], request["milliseconds"]
        calls.clear()
        answer, error = None, ""
        try:
            answer = handler(request["event"], CONTEXT)
        except Exception as raised:  # noqa: BLE001  # it is the function's failure, to be told like Lambda tells it
            error = repr(raised)
        say({"answer": answer, "error": error, "calls": calls})


if __name__ == "__main__":
    serve(sys.argv[1])
