import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from devstack import uploading
from devstack.answers import MultipartPlan, StoredPart, Upload
from devstack.client_errors import StorageError, UploadInterruptedError


class Bucket(ThreadingHTTPServer):
    """Takes PUTs; `faults` lists what the next attempts for a path meet."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies = {}
        self.headers = {}
        self.faults = {}
        self.attempts = Counter()
        self.active = self.most_active = 0
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Receiver(BaseHTTPRequestHandler):
    def do_PUT(self):
        server = self.server
        path = self.path.partition("?")[0]
        with server.lock:
            server.attempts[path] += 1
            server.active += 1
            server.most_active = max(server.active, server.most_active)
            faults = server.faults.get(path, [])
            fault = faults.pop(0) if faults else 200
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with server.lock:
            server.active -= 1
        if fault == "drop":
            return
        if fault == 200:
            server.bodies[path] = body
            server.headers[path] = dict(self.headers)
        self.send_response(fault)
        self.send_header("ETag", f'"{len(body)}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args): ...


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setattr(uploading, "FIRST_PAUSE", 0)
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 4000)
    return path


def single(bucket):
    return Upload("v", "k", 3600, f"{bucket.url}/object", {"If-None-Match": "*", "Content-Type": "video/mp4"}, None)


class Urls:
    def __init__(self, bucket):
        self.bucket = bucket
        self.asked = []

    def __call__(self, numbers):
        numbers = list(numbers)
        self.asked.append(numbers)
        return {number: f"{self.bucket.url}/{number}?signature={len(self.asked)}" for number in numbers}


def test_a_single_put_sends_the_file_with_exactly_the_given_headers(bucket, file):
    progress = []
    uploading.put_file(single(bucket), file, progress.append)
    assert bucket.bodies["/object"] == file.read_bytes()
    assert bucket.headers["/object"]["If-None-Match"] == "*"
    assert bucket.headers["/object"]["Content-Type"] == "video/mp4"
    assert bucket.headers["/object"]["Content-Length"] == str(file.stat().st_size)
    assert "Transfer-Encoding" not in bucket.headers["/object"]
    assert sum(progress) == file.stat().st_size


@pytest.mark.parametrize("fault", ["drop", 500, 503])
def test_a_passing_fault_is_tried_again_and_progress_stays_true(bucket, file, fault):
    bucket.faults["/object"] = [fault, fault]
    progress = []
    uploading.put_file(single(bucket), file, progress.append)
    assert bucket.bodies["/object"] == file.read_bytes()
    assert sum(progress) == file.stat().st_size


def test_a_refusal_is_not_tried_again(bucket, file):
    bucket.faults["/object"] = [403]
    with pytest.raises(StorageError) as caught:
        uploading.put_file(single(bucket), file, lambda _: None)
    assert caught.value.status == 403
    assert bucket.attempts["/object"] == 1


def test_a_first_412_is_a_refusal_but_after_a_lost_answer_it_is_success(bucket, file):
    bucket.faults["/object"] = [412]
    with pytest.raises(StorageError):
        uploading.put_file(single(bucket), file, lambda _: None)
    bucket.faults["/object"] = ["drop", 412]
    uploading.put_file(single(bucket), file, lambda _: None)


def test_the_upload_gives_up_after_some_tries(bucket, file):
    bucket.faults["/object"] = [500] * 100
    with pytest.raises(UploadInterruptedError):
        uploading.put_file(single(bucket), file, lambda _: None)
    assert bucket.attempts["/object"] == uploading.TRIES


def test_parts_together_are_the_file(bucket, file):
    size = file.stat().st_size
    plan = MultipartPlan(part_size=100_000, part_count=11)
    progress = []
    parts = uploading.put_parts(plan, file, [], Urls(bucket), progress.append)
    assert [part.number for part in parts] == list(range(1, 12))
    assert b"".join(bucket.bodies[f"/{part.number}"] for part in parts) == file.read_bytes()
    assert parts[-1] == StoredPart(11, size - 1_000_000, f'"{size - 1_000_000}"')
    assert sum(progress) == size
    assert bucket.most_active <= uploading.PARALLEL_PARTS


def test_a_resumed_upload_sends_only_what_is_missing_or_has_the_wrong_size(bucket, file):
    plan = MultipartPlan(part_size=256_000, part_count=4)
    stored = [StoredPart(1, 256_000, '"a"'), StoredPart(2, 1, '"b"'), StoredPart(4, 256_000, '"d"')]
    progress = []
    parts = uploading.put_parts(plan, file, stored, Urls(bucket), progress.append)
    assert sorted(bucket.bodies) == ["/2", "/3"]
    assert [part.etag for part in parts] == ['"a"', '"256000"', '"256000"', '"d"']
    assert sum(progress) == file.stat().st_size


def test_addresses_are_asked_for_late_and_in_small_batches(bucket, file):
    plan = MultipartPlan(part_size=10_240, part_count=100)
    urls = Urls(bucket)
    uploading.put_parts(plan, file, [], urls, lambda _: None)
    assert all(len(numbers) <= uploading.URLS_PER_REQUEST for numbers in urls.asked)
    assert sorted(number for numbers in urls.asked for number in numbers) == list(range(1, 101))


def test_an_expired_part_address_is_replaced(bucket, file):
    plan = MultipartPlan(part_size=512_000, part_count=2)
    bucket.faults["/2"] = [403]
    urls = Urls(bucket)
    uploading.put_parts(plan, file, [], urls, lambda _: None)
    assert urls.asked == [[1, 2], [2]]


def test_a_part_that_stays_refused_stops_the_upload(bucket, file):
    plan = MultipartPlan(part_size=102_400, part_count=10)
    bucket.faults["/1"] = [403] * 100
    with pytest.raises(StorageError):
        uploading.put_parts(plan, file, [], Urls(bucket), lambda _: None)
    assert bucket.attempts["/1"] == 2


def test_the_file_is_read_in_small_blocks(file):
    with uploading.FileRange(file, 1000, 500_000, lambda _: None) as body:
        assert len(body) == 500_000
        blocks = list(iter(lambda: body.read(16_384), b""))
    assert max(map(len, blocks)) == 16_384
    assert b"".join(blocks) == file.read_bytes()[1000:501_000]


def test_a_stopped_range_gives_no_more_bytes(file):
    stopped = threading.Event()
    with uploading.FileRange(file, 0, 1000, lambda _: None, stopped) as body:
        body.read(10)
        stopped.set()
        with pytest.raises(UploadInterruptedError):
            body.read(10)
