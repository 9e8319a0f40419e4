"""Every number of the monitoring has a widget, every alarm a definition, an entry in the runbook and a way to sound."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from deploy_harness import Emulated

from bootstrap.cloud import Stage
from bootstrap.parsing import parse_template
from bootstrap.template import render_template

ROOT = Path(__file__).resolve().parents[3]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
TEMPLATE = parse_template(render_template())
ALARMS = {
    name: one["Properties"] for name, one in TEMPLATE["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"
}
DEADLINE_SECONDS = 60
WIDGETS = {
    "accounts": ("AWS/Cognito", "SignUpSuccesses"),
    "successful sign-ins": ("AWS/Cognito", "SignInSuccesses"),
    "failed sign-ins": ("SStechVideo/Accounts", "FailedSignIns"),
    "MFA enrolments": ("SStechVideo/Accounts", "MfaEnrolments"),
    "queue depth": ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    "queue age": ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
    "processed": ("AWS/SQS", "NumberOfMessagesDeleted"),
    "failed deliveries": ("SStechVideo", "MessagesReturned"),
    "API errors of the functions": ("SStechVideo", "InternalErrors"),
    "Lambda errors": ("AWS/Lambda", "Errors"),
    "conversion-complete events": ("AWS/Events", "MatchedEvents"),
    "jobs that completed": ("AWS/MediaConvert", "JobsCompletedCount"),
    "jobs that failed": ("AWS/MediaConvert", "JobsErroredCount"),
    "minutes converted": ("AWS/MediaConvert", "HDOutputDuration"),
    "API latency": ("AWS/ApiGateway", "Latency"),
    "API errors": ("AWS/ApiGateway", "5XXError"),
    "Lambda throttles": ("AWS/Lambda", "Throttles"),
    "Lambda duration": ("AWS/Lambda", "Duration"),
    "CDN traffic": ("AWS/CloudFront", "BytesDownloaded"),
}


@pytest.fixture(scope="module")
def stage(emulated: Emulated) -> Stage:
    emulated.deploy("watched")
    return emulated.stage("watched")


@pytest.fixture(scope="module")
def dashboard(stage: Stage) -> dict[str, Any]:
    answer = stage.account.client("cloudwatch").get_dashboard(DashboardName="sstech-video-us-east-1-watched")
    body: dict[str, Any] = json.loads(answer["DashboardBody"])
    return body


def metrics(dashboard: dict[str, Any]) -> list[list[Any]]:
    return [one for widget in dashboard["widgets"] for one in widget["properties"].get("metrics", [])]


@pytest.mark.parametrize("what", WIDGETS)
def test_every_number_has_a_widget(dashboard: dict[str, Any], what: str) -> None:
    namespace, name = WIDGETS[what]
    assert [one for one in metrics(dashboard) if one[0] == namespace and str(one[1]).startswith(name)]


def test_who_is_invited_is_counted_too(dashboard: dict[str, Any]) -> None:
    # Cognito publishes what an administrator does under a client of its own.
    clients = [one[one.index("UserPoolClient") + 1] for one in metrics(dashboard) if "SignUpSuccesses" in one]
    assert len(clients) == 2
    assert "Admin" in clients


def test_cost_and_memory_have_widgets(dashboard: dict[str, Any]) -> None:
    text = json.dumps(dashboard)
    # With the region's prices in percent of the table's.
    assert "(sd/60000*0.0075+hd/60000*0.0150)*100/100" in text
    assert "@maxMemoryUsed" in text


def test_the_dashboard_shows_this_stage_alone(dashboard: dict[str, Any]) -> None:
    text = json.dumps(dashboard)
    assert "${" not in text
    assert "mediaconvert-trigger-queue-watched" in text
    assert '"mediaconvert-trigger-queue"' not in text


def alarm_title(properties: dict[str, Any]) -> str:
    name: str = properties["AlarmName"]["Fn::Sub"]
    return name.removeprefix("sstech-video-").removesuffix("${NameSuffix}")


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_has_an_entry_in_the_runbook(name: str) -> None:
    title = alarm_title(ALARMS[name])
    entry = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert entry, f"docs/runbook.md lacks '## {title}'"
    assert "**What it means.**" in entry[1]
    assert "**What to do.**" in entry[1]


def test_every_alarm_tells_somebody_both_ways() -> None:
    for name, properties in ALARMS.items():
        assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": "AlarmTopic"}], name


def test_every_function_and_every_dead_letter_queue_has_an_alarm() -> None:
    dimensions = [one["Value"] for properties in ALARMS.values() for one in properties.get("Dimensions", [])]
    resources = TEMPLATE["Resources"]
    functions = [name for name, one in resources.items() if one["Type"] == "AWS::Lambda::Function"]
    dead_letters = [name for name, one in resources.items() if one["Type"] == "AWS::SQS::Queue" and "Dead" in name]
    assert len(functions) >= 4
    assert len(dead_letters) >= 2
    assert all({"Ref": name} in dimensions for name in functions)
    assert all({"Fn::GetAtt": [name, "QueueName"]} in dimensions for name in dead_letters)


def test_every_function_and_the_api_are_traced_on_aws() -> None:
    resources = TEMPLATE["Resources"]
    functions = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::Function"]
    assert all(one["TracingConfig"]["Fn::If"][:2] == ["HasCloudFront", {"Mode": "Active"}] for one in functions)
    assert resources["ApiStage"]["Properties"]["TracingEnabled"] == {"Fn::If": ["HasCloudFront", True, False]}


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_sounds_when_its_number_is_reached(stage: Stage, name: str) -> None:
    cloudwatch = stage.account.client("cloudwatch")
    alarm_name = f"sstech-video-{alarm_title(ALARMS[name])}-watched"
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[alarm_name])["MetricAlarms"]
    moments = [time.time() - alarm["Period"] * past for past in range(alarm["EvaluationPeriods"])]

    for moment in moments:
        cloudwatch.put_metric_data(
            Namespace=alarm["Namespace"],
            MetricData=[
                {
                    "MetricName": alarm["MetricName"],
                    "Dimensions": alarm["Dimensions"],
                    "Timestamp": moment,
                    "Value": alarm["Threshold"],
                }
            ],
        )

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=[alarm_name])["MetricAlarms"][0]["StateValue"])

    deadline = time.monotonic() + DEADLINE_SECONDS
    while state() != "ALARM":
        assert time.monotonic() < deadline, f"{alarm_name} stays {state()}"
        time.sleep(0.2)
