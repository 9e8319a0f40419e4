import threading
import tracemalloc

import pytest

from devstack.contract import uploading
from devstack.contract.answers import MultipartPlan, StoredPart, Upload
from devstack.contract.client_errors import StorageError, UploadInterruptedError


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


def test_a_single_put_sends_the_file_with_exactly_the_given_headers(bucket, file, line):
    progress = []
    uploading.put_file(single(bucket), file, progress.append, line)
    assert bucket.bodies["/object"] == file.read_bytes()
    assert bucket.headers["/object"]["If-None-Match"] == "*"
    assert bucket.headers["/object"]["Content-Type"] == "video/mp4"
    assert bucket.headers["/object"]["Content-Length"] == str(file.stat().st_size)
    assert "Transfer-Encoding" not in bucket.headers["/object"]
    assert sum(progress) == file.stat().st_size


@pytest.mark.parametrize("fault", ["drop", 500, 503])
def test_a_passing_fault_is_tried_again_and_progress_stays_true(bucket, file, fault, line):
    bucket.faults["/object"] = [fault, fault]
    progress = []
    uploading.put_file(single(bucket), file, progress.append, line)
    assert bucket.bodies["/object"] == file.read_bytes()
    assert sum(progress) == file.stat().st_size


def test_a_refusal_is_not_tried_again(bucket, file, line):
    bucket.faults["/object"] = [403]
    with pytest.raises(StorageError) as caught:
        uploading.put_file(single(bucket), file, lambda _: None, line)
    assert caught.value.status == 403
    assert bucket.attempts["/object"] == 1


def test_a_first_412_is_a_refusal_but_after_a_lost_answer_it_is_success(bucket, file, line):
    bucket.faults["/object"] = [412]
    with pytest.raises(StorageError):
        uploading.put_file(single(bucket), file, lambda _: None, line)
    bucket.faults["/object"] = ["drop", 412]
    uploading.put_file(single(bucket), file, lambda _: None, line)


def test_the_upload_gives_up_after_some_tries(bucket, file, line):
    bucket.faults["/object"] = [500] * 100
    with pytest.raises(UploadInterruptedError):
        uploading.put_file(single(bucket), file, lambda _: None, line)
    assert bucket.attempts["/object"] == uploading.TRIES


def test_parts_together_are_the_file(bucket, file, line):
    size = file.stat().st_size
    plan = MultipartPlan(part_size=100_000, part_count=11)
    progress = []
    parts = uploading.put_parts(plan, file, [], Urls(bucket), progress.append, line)
    assert [part.number for part in parts] == list(range(1, 12))
    assert b"".join(bucket.bodies[f"/{part.number}"] for part in parts) == file.read_bytes()
    assert parts[-1] == StoredPart(11, size - 1_000_000, f'"{size - 1_000_000}"')
    assert sum(progress) == size
    assert bucket.most_active <= line.parallel


def test_a_resumed_upload_sends_only_what_is_missing_or_has_the_wrong_size(bucket, file, line):
    plan = MultipartPlan(part_size=256_000, part_count=4)
    stored = [StoredPart(1, 256_000, '"a"'), StoredPart(2, 1, '"b"'), StoredPart(4, 256_000, '"d"')]
    progress = []
    parts = uploading.put_parts(plan, file, stored, Urls(bucket), progress.append, line)
    assert sorted(bucket.bodies) == ["/2", "/3"]
    assert [part.etag for part in parts] == ['"a"', '"256000"', '"256000"', '"d"']
    assert sum(progress) == file.stat().st_size


def test_addresses_are_asked_for_late_and_in_small_batches(bucket, file, line):
    plan = MultipartPlan(part_size=10_240, part_count=100)
    urls = Urls(bucket)
    uploading.put_parts(plan, file, [], urls, lambda _: None, line)
    assert all(len(numbers) <= uploading.URLS_PER_REQUEST for numbers in urls.asked)
    assert sorted(number for numbers in urls.asked for number in numbers) == list(range(1, 101))


def test_an_expired_part_address_is_replaced(bucket, file, line):
    plan = MultipartPlan(part_size=512_000, part_count=2)
    bucket.faults["/2"] = [403]
    urls = Urls(bucket)
    uploading.put_parts(plan, file, [], urls, lambda _: None, line)
    assert urls.asked == [[1, 2], [2]]


def test_a_part_that_stays_refused_stops_the_upload(bucket, file, line):
    plan = MultipartPlan(part_size=102_400, part_count=10)
    bucket.faults["/1"] = [403] * 100
    with pytest.raises(StorageError):
        uploading.put_parts(plan, file, [], Urls(bucket), lambda _: None, line)
    assert bucket.attempts["/1"] == 2


def test_the_file_is_read_in_small_blocks(file):
    with uploading.FileRange(file, 1000, 500_000, lambda _: None) as body:
        assert len(body) == 500_000
        blocks = list(iter(lambda: body.read(16_384), b""))
    assert max(map(len, blocks)) == 16_384
    assert b"".join(blocks) == file.read_bytes()[1000:501_000]


def test_a_stopped_line_takes_no_more_bytes(file, line):
    with uploading.FileRange(file, 0, 1000, lambda _: None, line) as body:
        body.read(10)
        line.stop()
        with pytest.raises(UploadInterruptedError):
            body.read(10)


def test_a_stopped_line_ends_an_upload_between_two_attempts(bucket, file, line):
    def failing(count):
        if count < 0:
            line.stop()

    bucket.faults["/object"] = ["drop"] * 100
    with pytest.raises(UploadInterruptedError):
        uploading.put_file(single(bucket), file, failing, line)
    assert bucket.attempts["/object"] == 1


def test_a_file_that_became_shorter_is_not_sent_as_something_else(file):
    size = file.stat().st_size
    with uploading.FileRange(file, 0, size + 1, lambda _: None) as body:
        body.read(size)
        with pytest.raises(UploadInterruptedError, match="shorter"):
            body.read(1)


def test_a_refusal_that_passes_is_met_with_another_attempt(bucket, file, line):
    bucket.codes["/object"] = "RequestTimeout"
    bucket.faults["/object"] = [400, 400]
    uploading.put_file(single(bucket), file, lambda _: None, line)
    assert bucket.attempts["/object"] == 3


def test_an_address_that_grew_old_is_asked_for_anew_before_a_part_is_spent_on_it(bucket):
    now = [0.0]
    urls = Urls(bucket)
    supply = uploading._UrlSupply([1, 2, 3], urls, clock=lambda: now[0])
    supply.url(1, again=False)
    now[0] = uploading.URL_FRESH_SECONDS + 1
    assert "signature=2" in supply.url(2, again=False)
    assert urls.asked == [[1, 2, 3], [2, 3]]


def test_files_that_share_a_line_share_its_bound(bucket, file):
    plan = MultipartPlan(part_size=100_000, part_count=11)
    with uploading.Line(parallel=2) as line:
        threads = [
            threading.Thread(target=uploading.put_parts, args=(plan, file, [], Urls(bucket), lambda _: None, line))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(bucket.attempts.values()) == 33
    assert bucket.most_active <= 2


def test_memory_is_a_block_for_each_request_in_flight(bucket, tmp_path, line):
    large = tmp_path / "large.mp4"
    with large.open("wb") as stream:
        stream.truncate(64 * 1024 * 1024)
    bucket.forgets = True
    plan = MultipartPlan(part_size=8 * 1024 * 1024, part_count=8)
    tracemalloc.start()
    try:
        uploading.put_parts(plan, large, [], Urls(bucket), lambda _: None, line)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The bucket of this test runs in the same process and holds as much for each request.
    assert peak < 4 * line.parallel * uploading.BLOCK + 4 * 1024 * 1024
