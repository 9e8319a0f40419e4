"""One file's way, broken off and refused at every step, against a library and a bucket of the test's own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from devstack.contract.answers import MultipartPlan, Page, StoredPart, Upload, Video
from devstack.contract.client_errors import ApiError, StorageError, UploadInterruptedError
from devstack.upload.journey import FileChangedError, Journey
from devstack.upload.records import FileBusyError, Fingerprint, Record, Records

PART = 100_000
SINGLE = 50_000
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """The journey looks for what was opened lately: not when the tests were collected."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


class FakeLibrary:
    """The API's side, in memory. `faults[name]` are raised by the next calls of that name, one each."""

    site_url = "http://site"
    owner = "owner"

    def __init__(self, bucket):
        self.bucket = bucket
        self.videos_by_id = {}
        self.sizes = {}
        self.deleted = []
        self.faults = {}
        self.opened = 0
        self.completed = []
        self.given_up = set()
        self.lost_answers = 0
        self.most = 100

    def _fault(self, name):
        if self.faults.get(name):
            raise self.faults[name].pop(0)

    def open_upload(self, name, _content_type, size):
        self._fault("open_upload")
        self.opened += 1
        video_id = f"v{self.opened}"
        self.sizes[video_id] = size
        self.videos_by_id[video_id] = Video(
            video_id, name, name, "uploading", 0, size, None, None, None, NOW, NOW, None, None
        )
        if self.lost_answers:
            self.lost_answers -= 1
            raise requests.ConnectionError
        if size <= SINGLE:
            url = f"{self.bucket.url}/{video_id}"
            return Upload(video_id, "k", 3600, url, {"If-None-Match": "*"}, None)
        return Upload(video_id, "k", 3600, None, {}, MultipartPlan(PART, -(-size // PART)))

    def videos(self, limit, cursor=None):
        newest = sorted(self.videos_by_id.values(), key=lambda video: video.created_at, reverse=True)
        start = int(cursor or 0)
        end = start + min(limit, self.most)
        return Page(tuple(newest[start:end]), str(end) if end < len(newest) else None)

    def video(self, video_id):
        self._fault("video")
        if video_id not in self.videos_by_id:
            raise ApiError(404, "not_found", "There is no such video.")
        return self.videos_by_id[video_id]

    def delete(self, video_id):
        self._fault("delete")
        self.deleted.append(video_id)
        del self.videos_by_id[video_id]

    def _open(self, video_id):
        if self.video(video_id).status != "uploading" or video_id in self.given_up:
            raise ApiError(409, "wrong_state", "The upload is over.")

    def stored_parts(self, video_id):
        self._fault("stored_parts")
        self._open(video_id)
        found = {path: body for path, body in self.bucket.bodies.items() if path.startswith(f"/{video_id}/")}
        numbered = sorted((int(path.rpartition("/")[2]), len(body)) for path, body in found.items())
        return tuple(StoredPart(number, size, f'"{size}"') for number, size in numbered)

    def part_urls(self, video_id, numbers):
        self._fault("part_urls")
        self._open(video_id)
        return {number: f"{self.bucket.url}/{video_id}/{number}" for number in numbers}

    def complete(self, video_id, parts):
        self._fault("complete")
        self._open(video_id)
        self.completed.append((video_id, [part.number for part in parts]))
        self.videos_by_id[video_id] = replace(self.videos_by_id[video_id], status="uploaded")
        return self.videos_by_id[video_id]

    def body(self, video_id):
        paths = sorted(
            (path for path in self.bucket.bodies if path.startswith(f"/{video_id}/")),
            key=lambda path: int(path.rpartition("/")[2]),
        )
        return b"".join(self.bucket.bodies[path] for path in paths)


class Display:
    def __init__(self):
        self.counts = {}
        self.resumptions = 0

    def sending(self, file, _size):
        self.counts[file] = 0

    def sent(self, file, count):
        self.counts[file] += count

    def resumed(self, _file):
        self.resumptions += 1


class World:
    def __init__(self, bucket, line, folder):
        self.bucket, self.line = bucket, line
        self.library = FakeLibrary(bucket)
        self.records = Records(folder / "records", "http://site", "owner")
        self.display = Display()
        self.file = folder / "clip.mp4"
        self.file.write_bytes(bytes(range(251)) * 1200)

    @property
    def journey(self):
        return Journey(self.library, self.records, self.line, self.display)

    def run(self):
        video_id = self.journey.run(self.file)
        assert self.display.counts[self.file] == self.file.stat().st_size
        return video_id


@pytest.fixture
def world(bucket, line, tmp_path):
    return World(bucket, line, tmp_path)


@pytest.fixture
def small(world):
    world.file.write_bytes(b"s" * SINGLE)
    return world


def test_a_large_file_arrives_whole_and_is_completed_once(world):
    video_id = world.run()
    assert world.library.body(video_id) == world.file.read_bytes()
    assert world.library.completed == [(video_id, [1, 2, 3, 4])]


def test_a_small_file_arrives_with_one_put(small):
    video_id = small.run()
    assert small.bucket.bodies == {f"/{video_id}": small.file.read_bytes()}


def test_a_stopped_upload_goes_on_with_what_is_missing(world):
    world.bucket.faults = {"/v1/3": [500] * 100}
    with pytest.raises(UploadInterruptedError):
        world.run()
    arrived = set(world.bucket.bodies)
    world.bucket.faults = {}
    before = world.bucket.attempts.copy()
    assert world.run() == "v1"
    assert world.display.resumptions == 1
    assert not any((world.bucket.attempts - before)[path] for path in arrived)
    assert world.library.body("v1") == world.file.read_bytes()
    assert world.library.deleted == []


def test_after_a_crash_between_the_last_part_and_the_answer_nothing_is_sent_again(world):
    world.library.faults["complete"] = [ApiError(403, "forbidden", "x")]
    with pytest.raises(ApiError):
        world.run()
    sent = world.bucket.attempts.copy()
    assert world.run() == "v1"
    assert world.bucket.attempts == sent
    assert world.library.completed == [("v1", [1, 2, 3, 4])]


def test_an_upload_that_arrived_is_not_sent_again(world):
    world.run()
    sent = world.bucket.attempts.copy()
    assert world.run() == "v1"
    assert world.bucket.attempts == sent
    assert world.library.opened == 1


def test_a_changed_file_begins_anew_and_the_old_upload_is_given_up(world):
    world.bucket.faults = {"/v1/3": [500] * 100}
    with pytest.raises(UploadInterruptedError):
        world.run()
    world.file.write_bytes(b"another" * 40_000)
    assert world.run() == "v2"
    assert world.library.deleted == ["v1"]
    assert world.library.body("v2") == world.file.read_bytes()


def test_a_file_that_is_written_to_while_it_travels_is_not_completed(world):
    size = world.file.stat().st_size
    original = world.display.sent

    def touching(file, count):
        original(file, count)
        with file.open("r+b") as stream:
            stream.write(b"changed")

    world.display.sent = touching
    with pytest.raises(FileChangedError):
        world.run()
    assert world.file.stat().st_size == size
    assert world.library.completed == []
    assert world.library.deleted == ["v1"]
    assert world.records.find(world.file) is None


@pytest.mark.parametrize("lost", ["deleted", "given up"])
def test_an_upload_that_the_platform_no_longer_has_begins_anew(world, lost):
    world.bucket.faults = {"/v1/3": [500] * 100}
    with pytest.raises(UploadInterruptedError):
        world.run()
    if lost == "deleted":
        world.library.videos_by_id.clear()
    else:
        world.library.given_up.add("v1")
    assert world.run() == "v2"
    assert world.library.body("v2") == world.file.read_bytes()
    assert "v1" not in world.library.videos_by_id


def test_parts_that_s3_does_not_hold_after_all_are_sent_again(world):
    real = world.library.complete

    def losing(video_id, _parts):
        del world.bucket.bodies["/v1/2"]
        world.library.complete = real
        raise ApiError(400, "invalid_request", f"Part 2 of {video_id} is missing.")

    world.library.complete = losing
    assert world.run() == "v1"
    assert world.bucket.attempts["/v1/2"] == 2
    assert world.bucket.attempts["/v1/1"] == 1
    assert world.library.body("v1") == world.file.read_bytes()


@pytest.mark.parametrize("call", ["open_upload", "part_urls", "complete"])
@pytest.mark.parametrize(
    "fault",
    [requests.ConnectionError("cut"), ApiError(503, "unavailable", "x"), ApiError(429, "too_many_requests", "x")],
)
def test_a_passing_fault_of_the_api_is_asked_through(world, call, fault):
    world.library.faults[call] = [fault, fault]
    assert world.run() == "v1"
    assert world.library.body("v1") == world.file.read_bytes()


def test_a_full_quota_is_told_at_once(world):
    world.library.faults["open_upload"] = [ApiError(429, "quota_exceeded", "200 uploads are open.")]
    with pytest.raises(ApiError, match="200 uploads"):
        world.run()
    assert world.library.faults["open_upload"] == []


def test_an_expired_address_of_a_small_file_is_asked_anew(small):
    small.bucket.faults = {"/v1": [403]}
    assert small.run() == "v2"
    assert small.library.deleted == ["v1"]


def test_a_refusal_that_stays_ends_after_some_rounds(small):
    small.bucket.faults = {f"/v{number}": [403] for number in range(1, 10)}
    with pytest.raises(UploadInterruptedError):
        small.run()
    assert small.library.videos_by_id == {}


def test_a_refusal_of_another_kind_is_an_error(small):
    small.bucket.faults = {"/v1": [400]}
    with pytest.raises(StorageError):
        small.run()


def test_a_stopped_small_upload_begins_anew_and_leaves_nothing(small):
    small.bucket.faults = {"/v1": [500] * 100}
    with pytest.raises(UploadInterruptedError):
        small.run()
    assert small.run() == "v2"
    assert set(small.library.videos_by_id) == {"v2"}


def test_two_commands_do_not_send_one_file(world):
    with world.records.held(world.file), pytest.raises(FileBusyError):
        world.run()


@pytest.mark.parametrize("size", [SINGLE, 3 * PART])
def test_an_upload_opened_by_a_command_that_died_before_the_answer_is_removed(world, size):
    world.file.write_bytes(b"x" * size)
    real = world.library.open_upload

    def dying(*arguments):
        real(*arguments)
        raise KeyboardInterrupt

    world.library.open_upload = dying
    with pytest.raises(KeyboardInterrupt):
        world.run()
    world.library.open_upload = real
    assert world.run() == "v2"
    assert set(world.library.videos_by_id) == {"v2"}


def test_what_somebody_else_is_sending_under_the_same_name_is_left_alone(world):
    world.library.open_upload(world.file.name, "video/mp4", world.file.stat().st_size)
    world.bucket.bodies["/v1/1"] = bytes(PART)
    world.library.faults["open_upload"] = [ApiError(400, "invalid_request", "x")]
    with pytest.raises(ApiError):
        world.run()
    assert world.run() == "v2"
    assert set(world.library.videos_by_id) == {"v1", "v2"}


@pytest.mark.parametrize("size", [SINGLE, 3 * PART])
def test_an_upload_whose_answer_was_lost_is_removed_in_the_end(world, size):
    world.file.write_bytes(b"s" * size)
    world.library.lost_answers = 1
    assert world.run() == "v2"
    assert world.library.deleted == ["v1"]


def test_an_upload_that_a_dead_command_opens_late_is_removed_in_the_end(world):
    """The platform was still at it when the next command looked."""
    with world.records.held(world.file):
        world.records.keep(world.file, Record(None, Fingerprint.of(world.file), NOW.timestamp()))
    complete = world.library.complete

    def late(video_id, parts):
        if "v2" not in world.library.videos_by_id:
            world.library.open_upload(world.file.name, "video/mp4", world.file.stat().st_size)
        return complete(video_id, parts)

    world.library.complete = late
    assert world.run() == "v1"
    assert world.library.deleted == ["v2"]


def test_an_upload_whose_answer_was_lost_is_found_behind_many_newer_ones(small):
    small.library.lost_answers = 1
    small.library.most = 3
    for number in range(8):
        later = NOW + timedelta(seconds=1 + number)
        newer = Video(f"n{number}", "n", "n", "ready", 0, 1, None, None, None, later, later, None, None)
        small.library.videos_by_id[newer.video_id] = newer
    assert small.run() == "v2"
    assert small.library.deleted == ["v1"]


def test_a_file_of_the_same_name_and_size_in_another_folder_keeps_its_upload(small, tmp_path):
    """Cameras count from 1 on every card: both files go at once, and nothing of either has arrived yet."""
    twin = tmp_path / "card2" / small.file.name
    twin.parent.mkdir()
    twin.write_bytes(b"t" * SINGLE)
    upload = small.library.open_upload(twin.name, "video/mp4", SINGLE)
    with small.records.held(twin):
        small.records.keep(twin, Record(upload.video_id, Fingerprint.of(twin), NOW.timestamp()))
    small.library.lost_answers = 1

    assert small.run() == "v3"

    assert small.library.deleted == ["v2"]


def test_nothing_is_removed_while_a_twin_waits_for_its_answer(small, tmp_path):
    twin = tmp_path / "card2" / small.file.name
    twin.parent.mkdir()
    twin.write_bytes(b"t" * SINGLE)
    small.library.open_upload(twin.name, "video/mp4", SINGLE)
    with small.records.held(twin):
        small.records.keep(twin, Record(None, Fingerprint.of(twin), NOW.timestamp()))
    small.library.lost_answers = 1

    assert small.run() == "v3"

    assert small.library.deleted == []
