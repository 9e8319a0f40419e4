"""Queues, presets, job templates, tags, policy, search: over the wire, every answer checked against the model."""

import base64
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mediaconvert_harness import OUTPUT_BUCKET, ROLE, Bench, file_group, h264, video
from mediaconvert_harness import audio as audio_description
from test_mediaconvert_validation import simple

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.library import MAX_TAGS, Library

ANY_FFMPEG = True
Json = dict[str, Any]
ARN = "arn:aws:mediaconvert:us-east-1:000000000000"


def unique(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(4)}"


def preset_settings(**changes: Any) -> Json:
    return {
        "ContainerSettings": {"Container": "MP4"},
        "VideoDescription": video(h264(**changes), (320, 180)),
        "AudioDescriptions": [audio_description()],
    }


def paused_queue(bench: Bench, **more: Any) -> str:
    """A queue that holds its jobs back."""
    name = unique("paused")
    bench.mediaconvert.create_queue(Name=name, Status="PAUSED", **more)
    return name


def test_queue_from_creation_to_deletion(bench: Bench) -> None:
    client, name = bench.mediaconvert, unique("queue")
    made = client.create_queue(Name=name, Description="d", ConcurrentJobs=2, Tags={"a": "b"})["Queue"]
    assert (made["Arn"], made["Type"], made["Status"]) == (f"{ARN}:queues/{name}", "CUSTOM", "ACTIVE")
    assert (made["ConcurrentJobs"], made["SubmittedJobsCount"], made["PricingPlan"]) == (2, 0, "ON_DEMAND")
    assert client.list_tags_for_resource(Arn=made["Arn"])["ResourceTags"]["Tags"] == {"a": "b"}
    client.update_queue(Name=name, Status="PAUSED", Description="e")
    changed = client.get_queue(Name=name)["Queue"]
    assert (changed["Status"], changed["Description"], changed["ConcurrentJobs"]) == ("PAUSED", "e", 2)
    client.delete_queue(Name=name)
    with pytest.raises(client.exceptions.NotFoundException, match="queue doesn't exist"):
        client.get_queue(Name=name)
    with pytest.raises(client.exceptions.NotFoundException):
        client.delete_queue(Name=name)


def test_queue_errors(bench: Bench) -> None:
    client, name = bench.mediaconvert, paused_queue(bench)
    with pytest.raises(client.exceptions.ConflictException, match="already exists"):
        client.create_queue(Name=name)
    with pytest.raises(client.exceptions.ForbiddenException, match="system queue"):
        client.delete_queue(Name="Default")
    with pytest.raises(client.exceptions.TooManyRequestsException, match="not allocated"):
        client.update_queue(Name=name, ConcurrentJobs=100_000)
    with pytest.raises(client.exceptions.BadRequestException, match="greater than or equal to 1"):
        client.update_queue(Name=name, ConcurrentJobs=0)
    with pytest.raises(client.exceptions.BadRequestException, match="reservationPlanSettings is a required property"):
        client.create_queue(Name=unique("r"), PricingPlan="RESERVED")
    job = bench.create(simple(), Queue=name)
    with pytest.raises(client.exceptions.ConflictException, match="unfinished jobs"):
        client.delete_queue(Name=name)
    assert client.get_queue(Name=name)["Queue"]["SubmittedJobsCount"] == 1
    client.cancel_job(Id=job)
    client.delete_queue(Name=name)


def test_allocation_is_told_beside_the_page(bench: Bench) -> None:
    before = bench.mediaconvert.list_queues()
    name = unique("allocated")
    bench.mediaconvert.create_queue(Name=name, ConcurrentJobs=3)
    after = bench.mediaconvert.list_queues()
    assert before["UnallocatedConcurrentJobs"] - after["UnallocatedConcurrentJobs"] == 3
    assert after["TotalConcurrentJobs"] >= after["UnallocatedConcurrentJobs"]
    bench.mediaconvert.delete_queue(Name=name)


def test_reserved_queue_has_its_plan(bench: Bench) -> None:
    plan: Any = {"Commitment": "ONE_YEAR", "RenewalType": "EXPIRE", "ReservedSlots": 2}
    name = unique("reserved")
    queue = bench.mediaconvert.create_queue(Name=name, PricingPlan="RESERVED", ReservationPlanSettings=plan)["Queue"]
    assert queue["ReservationPlan"]["Status"] == "ACTIVE"
    assert queue["ConcurrentJobs"] == 2
    bench.mediaconvert.delete_queue(Name=name)


def test_presets_are_listed_in_pages_by_name(bench: Bench) -> None:
    client, mark = bench.mediaconvert, unique("category")
    names = sorted(unique("preset") for _ in range(5))
    for name in reversed(names):
        client.create_preset(Name=name, Category=mark, Settings=preset_settings())  # type: ignore[arg-type]
    pages = list(client.get_paginator("list_presets").paginate(Category=mark, PaginationConfig={"PageSize": 2}))
    assert [len(page["Presets"]) for page in pages] == [2, 2, 1]
    assert [preset["Name"] for page in pages for preset in page["Presets"]] == names
    backwards = client.list_presets(Category=mark, Order="DESCENDING")["Presets"]
    assert [preset["Name"] for preset in backwards] == names[::-1]
    by_date = client.list_presets(Category=mark, ListBy="CREATION_DATE")["Presets"]
    assert [preset["Name"] for preset in by_date] == names[::-1]
    with pytest.raises(client.exceptions.BadRequestException, match="not valid for this request"):
        client.list_presets(Category=mark, Order="DESCENDING", NextToken=pages[0]["NextToken"])


@pytest.mark.parametrize("token", ["x", "AAAA", "W10=", "bnVsbA==", base64.b64encode(b"[" * 9000).decode()])
def test_foreign_token_is_refused(bench: Bench, token: str) -> None:
    with pytest.raises(bench.mediaconvert.exceptions.BadRequestException, match="/nextToken"):
        bench.mediaconvert.list_queues(NextToken=token)


def test_preset_from_creation_to_deletion(bench: Bench) -> None:
    client, name = bench.mediaconvert, unique("preset")
    made = client.create_preset(Name=name, Description="d", Settings=preset_settings())["Preset"]  # type: ignore[arg-type]
    assert (made["Arn"], made["Type"]) == (f"{ARN}:presets/{name}", "CUSTOM")
    changed = client.update_preset(Name=name, Category="c")["Preset"]
    assert (changed["Description"], changed["Category"]) == ("d", "c")
    assert changed["Settings"] == client.get_preset(Name=name)["Preset"]["Settings"] == made["Settings"]
    with pytest.raises(client.exceptions.ConflictException):
        client.create_preset(Name=name, Settings=preset_settings())  # type: ignore[arg-type]
    client.delete_preset(Name=name)
    with pytest.raises(client.exceptions.NotFoundException, match="preset doesn't exist"):
        client.get_preset(Name=name)


def test_preset_is_checked_when_it_is_made(bench: Bench) -> None:
    with pytest.raises(bench.mediaconvert.exceptions.BadRequestException) as refused:
        bench.mediaconvert.create_preset(Name=unique("p"), Settings=preset_settings(RateControlMode="ABR"))  # type: ignore[arg-type]
    pointer = "/videoDescription/codecSettings/h264Settings/rateControlMode"
    assert f"{pointer}: Should be equal to one of the allowed values" in str(refused.value)
    with pytest.raises(bench.mediaconvert.exceptions.BadRequestException, match="You can not specify bitrate"):
        bench.mediaconvert.create_preset(Name=unique("p"), Settings=preset_settings(Bitrate=5000))  # type: ignore[arg-type]


def test_system_presets(bench: Bench) -> None:
    client = bench.mediaconvert
    pages = client.get_paginator("list_presets").paginate(ListBy="SYSTEM")
    listed = [preset for page in pages for preset in page["Presets"]]
    assert {preset["Type"] for preset in listed} == {"SYSTEM"}
    name = "System-Ott_Hls_Ts_Avc_Aac_16x9_1280x720p_30Hz_3.5Mbps"
    assert name in {preset["Name"] for preset in listed}
    described = client.get_preset(Name=name)["Preset"]["Settings"]["VideoDescription"]
    assert (described["Width"], described["Height"]) == (1280, 720)
    with pytest.raises(client.exceptions.ForbiddenException, match="system preset"):
        client.delete_preset(Name=name)
    with pytest.raises(client.exceptions.ForbiddenException):
        client.update_preset(Name=name, Category="x")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_preset(Name="System-Nothing")
    assert client.list_job_templates(ListBy="SYSTEM")["JobTemplates"][0]["Type"] == "SYSTEM"


def test_job_from_a_template_with_presets(bench: Bench) -> None:
    client, preset, template = bench.mediaconvert, unique("preset"), unique("template")
    queue = paused_queue(bench)
    client.create_preset(Name=preset, Settings=preset_settings())  # type: ignore[arg-type]
    group = file_group("s3://nowhere/x", {"Preset": preset, "NameModifier": "_small"})
    source: Any = {"AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}}}
    made = client.create_job_template(
        Name=template,
        Queue=queue,
        Priority=7,
        StatusUpdateInterval="SECONDS_10",
        Settings={"Inputs": [source], "OutputGroups": [group]},  # type: ignore[typeddict-item]
    )["JobTemplate"]
    assert made["Arn"] == f"{ARN}:jobTemplates/{template}"
    there: Any = file_group(f"s3://{OUTPUT_BUCKET}/t/")
    for name in (template, made["Arn"]):
        settings: Any = {"Inputs": [{"FileInput": "s3://source/in.mp4"}], "OutputGroups": [there]}
        job = client.create_job(Role=ROLE, JobTemplate=name, Settings=settings)["Job"]
        assert (job["Priority"], job["StatusUpdateInterval"]) == (7, "SECONDS_10")
        assert job["Queue"].endswith(queue)
        (output,) = job["Settings"]["OutputGroups"][0]["Outputs"]
        assert (output["Preset"], output["NameModifier"]) == (preset, "_small")
        assert "AudioSelectors" in job["Settings"]["Inputs"][0]
        client.cancel_job(Id=job["Id"])
    client.update_job_template(Name=template, Priority=-3)
    assert client.get_job_template(Name=template)["JobTemplate"]["Priority"] == -3
    client.delete_job_template(Name=template)
    with pytest.raises(client.exceptions.NotFoundException, match="job template doesn't exist"):
        client.create_job(Role=ROLE, JobTemplate=template, Settings=settings)


ELSEWHERE = "arn:aws:mediaconvert:eu-west-1:000000000000"
FOREIGN = "arn:aws:mediaconvert:eu-west-1:585391604912"


def test_arns_of_another_region_mean_the_same(bench: Bench) -> None:
    """A client signs for its own region, and makes ARNs of it."""
    client, queue, preset = bench.mediaconvert, paused_queue(bench), unique("preset")
    client.create_preset(Name=preset, Settings=preset_settings())  # type: ignore[arg-type]
    assert client.get_queue(Name=f"{ELSEWHERE}:queues/{queue}")["Queue"]["Arn"] == f"{ARN}:queues/{queue}"
    assert client.get_preset(Name=f"{ELSEWHERE}:presets/{preset}")["Preset"]["Name"] == preset
    settings = simple()
    settings["OutputGroups"][0]["Outputs"] = [{"Preset": f"{ELSEWHERE}:presets/{preset}"}]
    job = client.create_job(Role=ROLE, Queue=f"{ELSEWHERE}:queues/{queue}", Settings=settings)["Job"]  # type: ignore[arg-type]
    assert job["Queue"] == f"{ARN}:queues/{queue}"
    assert [item["Id"] for item in client.list_jobs(Queue=f"{ELSEWHERE}:queues/{queue}")["Jobs"]] == [job["Id"]]
    there = f"{ELSEWHERE}:jobs/{job['Id']}"
    client.tag_resource(Arn=there, Tags={"a": "b"})
    assert client.list_tags_for_resource(Arn=there)["ResourceTags"] == {"Arn": there, "Tags": {"a": "b"}}
    assert client.list_tags_for_resource(Arn=job["Arn"])["ResourceTags"]["Tags"] == {"a": "b"}
    client.cancel_job(Id=job["Id"])


def test_what_every_account_has_is_known_by_the_arn_of_any(bench: Bench) -> None:
    client = bench.mediaconvert
    template = "System-Ott_Hls_Ts_Avc_Aac"
    assert client.get_queue(Name=f"{FOREIGN}:queues/Default")["Queue"]["Name"] == "Default"
    assert client.get_job_template(Name=f"{FOREIGN}:jobTemplates/{template}")["JobTemplate"]["Name"] == template
    preset = f"{template}_16x9_1280x720p_30Hz_3.5Mbps"
    assert client.get_preset(Name=f"{FOREIGN}:presets/{preset}")["Preset"]["Name"] == preset
    arn = client.list_tags_for_resource(Arn=f"{FOREIGN}:presets/{preset}")["ResourceTags"]["Arn"]
    assert arn == f"{FOREIGN}:presets/{preset}"


def test_arns_of_other_accounts_and_kinds_are_unknown(bench: Bench) -> None:
    client, queue = bench.mediaconvert, paused_queue(bench)
    for arn in (
        f"{FOREIGN}:queues/{queue}",
        f"{ARN}:presets/{queue}",
        f"{ARN}:queues/{queue}/",
        f"arn:aws:mediaconvert:us-east-1::queues/{queue}",
        f"arn:aws:s3:us-east-1:000000000000:queues/{queue}",
    ):
        with pytest.raises(client.exceptions.NotFoundException):
            client.get_queue(Name=arn)
        with pytest.raises(client.exceptions.NotFoundException):
            client.list_tags_for_resource(Arn=arn)
    for name in (queue, "Default"):
        with pytest.raises(client.exceptions.NotFoundException):
            client.list_tags_for_resource(Arn=name)


def test_unknown_preset_and_preset_beside_container(bench: Bench) -> None:
    client, settings = bench.mediaconvert, simple()
    settings["OutputGroups"][0]["Outputs"] = [{"Preset": "none"}]
    with pytest.raises(client.exceptions.NotFoundException, match="preset doesn't exist: none"):
        bench.create(settings)
    both = simple()
    both["OutputGroups"][0]["Outputs"][0]["Preset"] = "System-Ott_Hls_Ts_Avc_Aac_16x9_640x360p_1.2Mbps"
    with pytest.raises(client.exceptions.BadRequestException, match="either preset or containerSettings"):
        bench.create(both)


def test_tags_that_are_added_at_once_are_all_there(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.sqlite3")
    library = Library(database, Settings.from_environ({}), Clock())
    arn = library.create("presets", "p", {}, {}).arn
    with ThreadPoolExecutor(MAX_TAGS) as pool:
        list(pool.map(lambda number: library.change_tags(arn, {str(number): ""}, ()), range(MAX_TAGS)))
    assert len(library.tags(arn)) == MAX_TAGS
    library.delete("presets", "p")
    assert library.tags(library.create("presets", "p", {}, {}).arn) == {}
    database.close()


def test_tags_of_forgotten_jobs_are_forgotten(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.sqlite3")
    for number in range(3):
        record = json.dumps({"status": "COMPLETE", "arn": f"arn:{number}"})
        assert database.add_job(str(number), record, f"arn:{number}", '{"a": "b"}')
    assert not database.add_job("2", "{}", "arn:other", '{"c": "d"}')
    database.forget_jobs(["COMPLETE"], 1)
    assert [database.tags(f"arn:{number}") for number in range(3)] == [None, None, '{"a": "b"}']
    assert database.tags("arn:other") is None
    database.close()


def test_tags_come_and_go_on_every_kind(bench: Bench) -> None:
    client, queue, preset = bench.mediaconvert, paused_queue(bench), unique("preset")
    client.create_preset(Name=preset, Settings=preset_settings())  # type: ignore[arg-type]
    job = client.create_job(Role=ROLE, Queue=queue, Settings=simple(), Tags={"born": "with"})["Job"]  # type: ignore[arg-type]
    for arn in (f"{ARN}:queues/{queue}", f"{ARN}:presets/{preset}", job["Arn"], f"{ARN}:queues/Default"):
        client.tag_resource(Arn=arn, Tags={"one": "1", "two words": "ü/+%"})
        client.tag_resource(Arn=arn, Tags={"one": "2"})
        tags = client.list_tags_for_resource(Arn=arn)["ResourceTags"]
        assert tags["Arn"] == arn
        assert {"one": "2", "two words": "ü/+%"}.items() <= tags["Tags"].items()
        client.untag_resource(Arn=arn, TagKeys=["one", "two words", "absent"])
        assert set(client.list_tags_for_resource(Arn=arn)["ResourceTags"]["Tags"]) <= {"born"}
    with pytest.raises(client.exceptions.BadRequestException, match=f"at most {MAX_TAGS}"):
        client.tag_resource(Arn=job["Arn"], Tags={str(number): "" for number in range(MAX_TAGS + 1)})
    for absent in (f"{ARN}:queues/none", "arn:nothing", f"{ARN}:jobs/1-a"):
        with pytest.raises(client.exceptions.NotFoundException):
            client.list_tags_for_resource(Arn=absent)
    client.cancel_job(Id=job["Id"])


def test_input_policy_is_enforced(bench: Bench) -> None:
    client = bench.mediaconvert
    assert set(client.get_policy()["Policy"].values()) == {"ALLOWED"}
    client.put_policy(Policy={"S3Inputs": "DISALLOWED"})
    try:
        assert client.get_policy()["Policy"] == {
            "S3Inputs": "DISALLOWED",
            "HttpInputs": "ALLOWED",
            "HttpsInputs": "ALLOWED",
        }
        before = client.list_jobs(MaxResults=1)["Jobs"]
        with pytest.raises(client.exceptions.BadRequestException, match="disallows s3:// inputs"):
            bench.create(simple())
        assert client.list_jobs(MaxResults=1)["Jobs"] == before
        client.put_policy(Policy={"HttpInputs": "DISALLOWED"})
        client.cancel_job(Id=bench.create(simple(), Queue=paused_queue(bench)))
    finally:
        client.delete_policy()
    assert set(client.get_policy()["Policy"].values()) == {"ALLOWED"}


def test_search_by_part_of_the_input(bench: Bench) -> None:
    client, queue, mark = bench.mediaconvert, paused_queue(bench), secrets.token_hex(8)
    made = []
    for number in range(3):
        settings = simple()
        settings["Inputs"][0]["FileInput"] = f"s3://source/{mark}/{number}.mp4"
        made.append(bench.create(settings, Queue=queue))
    pages = list(client.get_paginator("search_jobs").paginate(InputFile=f"{mark}/", PaginationConfig={"PageSize": 2}))
    assert [job["Id"] for page in pages for job in page["Jobs"]] == made[::-1]
    found = client.search_jobs(InputFile=f"{mark}/1", Queue=queue, Status="SUBMITTED", Order="ASCENDING")["Jobs"]
    assert [job["Id"] for job in found] == [made[1]]
    assert client.search_jobs(InputFile=f"{mark}/1", Status="COMPLETE")["Jobs"] == []
    with pytest.raises(client.exceptions.BadRequestException, match="at most 300"):
        client.search_jobs(InputFile="x" * 301)
    query: Any = {"FilterList": [{"Key": "queue", "Values": [queue]}], "MaxResults": 2}
    first = client.get_jobs_query_results(Id=client.start_jobs_query(**query)["Id"])
    assert (first["Status"], [job["Id"] for job in first["Jobs"]]) == ("COMPLETE", made[:0:-1])
    more = client.start_jobs_query(**query, NextToken=first["NextToken"])["Id"]
    assert [job["Id"] for job in client.get_jobs_query_results(Id=more)["Jobs"]] == made[:1]
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_jobs_query_results(Id="none")
    for job_id in made:
        client.cancel_job(Id=job_id)


def test_a_query_s_filters_combine_by_or(bench: Bench) -> None:
    client, queue = bench.mediaconvert, paused_queue(bench)
    job_id = bench.create(simple(), Queue=queue)
    client.cancel_job(Id=job_id)
    for key, value in (
        ("fileInput", "a.mp4"),
        ("videoCodec", "H_264"),
        ("audioCodec", "AAC"),
        ("status", "CANCELED"),
    ):
        filters: Any = [{"Key": key, "Values": [value]}, {"Key": "errorCode", "Values": ["0"]}]
        query = client.start_jobs_query(FilterList=filters)["Id"]
        assert job_id in {job["Id"] for job in client.get_jobs_query_results(Id=query)["Jobs"]}
    nothing = client.start_jobs_query(FilterList=[{"Key": "errorCode", "Values": ["0"]}])["Id"]
    assert client.get_jobs_query_results(Id=nothing)["Jobs"] == []


def test_the_rest_of_the_surface(bench: Bench) -> None:
    client = bench.mediaconvert
    assert client.list_versions().get("Versions", []) == []
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/1"
    client.associate_certificate(Arn=certificate)
    client.disassociate_certificate(Arn=certificate)
    with pytest.raises(client.exceptions.NotFoundException):
        client.disassociate_certificate(Arn=certificate)
    with pytest.raises(client.exceptions.NotFoundException, match="job doesn't exist"):
        client.create_resource_share(JobId="none", SupportCaseId="1")
    for call in (client.get_job, client.cancel_job):
        with pytest.raises(ClientError, match="The specified job doesn't exist: none"):
            call(Id="none")


def test_hop_destinations_are_checked(bench: Bench) -> None:
    client, queue = bench.mediaconvert, paused_queue(bench)

    def refused(hop: Json, **more: Any) -> str:
        with pytest.raises(ClientError) as error:
            bench.create(simple(), HopDestinations=[hop], **more)
        return str(error.value)

    assert "/hopDestinations/0: waitMinutes is a required property" in refused({"Queue": queue})
    assert "greater than or equal to 1" in refused({"Queue": queue, "WaitMinutes": 0})
    assert "less than or equal to 4320" in refused({"Queue": queue, "WaitMinutes": 4321})
    assert "/hopDestinations/0: queue is a required property" in refused({"WaitMinutes": 1})
    assert "submitted to" in refused({"Queue": queue, "WaitMinutes": 1}, Queue=queue)
    assert "queue doesn't exist: none" in refused({"Queue": "none", "WaitMinutes": 1})
    client.delete_queue(Name=queue)
