"""Each failing function counts what its alarm watches: no handler raises, so Lambda itself sees no error."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from bootstrap.parsing import parse_template
from bootstrap.template import render_template
from functions.conftest import Platform
from functions.harness import MEDIA_BUCKET
from sstech_video import observability

RESOURCES = parse_template(render_template())["Resources"]
FAILURES: dict[str, tuple[str, Callable[[Platform, pytest.MonkeyPatch], None]]] = {}


def fails(alarm: str, function: str) -> Callable[[Callable[[Platform, pytest.MonkeyPatch], None]], None]:
    def register(failure: Callable[[Platform, pytest.MonkeyPatch], None]) -> None:
        FAILURES[alarm] = (function, failure)

    return register


@fails("UploadErrorsAlarm", "UploadFunction")
def _(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("videos_service.admission", dict)
    answer = platform.uploader.send(
        "POST", "/videos/upload-url", {"fileName": "a.mp4", "contentType": "video/mp4", "size": 9}
    )
    assert answer.status == 500


@fails("LibraryErrorsAlarm", "LibraryFunction")
def _(platform: Platform, _monkeypatch: pytest.MonkeyPatch) -> None:
    video_id = platform.new_upload()["videoId"]
    break_entry(platform, video_id)
    assert platform.library.send("GET", f"/videos/{video_id}").status == 500
    mend(platform, video_id)


@fails("TriggerErrorsAlarm", "TriggerFunction")
def _(platform: Platform, _monkeypatch: pytest.MonkeyPatch) -> None:
    assert platform.deliver("not json") == ["message-0"]


@fails("ReconcilerErrorsAlarm", "ReconcilerFunction")
def _(platform: Platform, _monkeypatch: pytest.MonkeyPatch) -> None:
    video_id = platform.uploaded()["videoId"]
    break_entry(platform, video_id)
    platform.reconcile(videoId=video_id)
    mend(platform, video_id)


def break_entry(platform: Platform, video_id: str) -> None:
    platform.s3.put_object(Bucket=MEDIA_BUCKET, Key=f"catalog/{platform.owner}/{video_id}.json", Body=b"{}")


def mend(platform: Platform, video_id: str) -> None:
    platform.s3.delete_object(Bucket=MEDIA_BUCKET, Key=f"catalog/{platform.owner}/{video_id}.json")


def own_alarms() -> dict[str, dict[str, Any]]:
    """Alarms on what the functions count themselves."""
    return {
        name: one["Properties"]
        for name, one in RESOURCES.items()
        if one["Type"] == "AWS::CloudWatch::Alarm" and one["Properties"]["Namespace"] == "SStechVideo"
    }


def test_every_alarm_on_the_functions_own_numbers_is_tried_here() -> None:
    assert own_alarms().keys() == FAILURES.keys()


@pytest.mark.parametrize("name", own_alarms())
def test_a_failure_is_counted_under_the_name_that_the_alarm_watches(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    function, fail = FAILURES[name]
    alarm = own_alarms()[name]

    # As in a function of its own, where the environment is there before the module is.
    monkeypatch.setattr(observability, "_metrics", Metrics(namespace=alarm["Namespace"], service="unit"))
    fail(platform, monkeypatch)

    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    counted = [
        described["Dimensions"]
        for one in written
        for described in one["_aws"]["CloudWatchMetrics"]
        if described["Namespace"] == alarm["Namespace"] and alarm["MetricName"] in one
    ]
    # The one dimension, whose value is the service's name of the stage.
    assert counted == [[["service"]]]
    [dimension] = alarm["Dimensions"]
    service = RESOURCES[function]["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert dimension == {"Name": "service", "Value": service}
    assert "${NameSuffix}" in service["Fn::Sub"]
