import os

import pytest

from devstack.contract.answers import MultipartPlan, StoredPart
from devstack.upload.records import FileBusyError, Fingerprint, Record, Records

SITE, OWNER = "http://site", "owner"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"0123456789" * 1000)
    return path


@pytest.fixture
def records(tmp_path):
    return Records(tmp_path / "records", SITE, OWNER)


def record(file, **changes):
    values = {"video_id": "v1", "fingerprint": Fingerprint.of(file), "opened": 1.5, "plan": MultipartPlan(10, 3)}
    return Record(**{**values, **changes})


def test_a_record_comes_back_as_it_was_kept(records, file):
    with records.held(file):
        whole = record(file).with_parts((StoredPart(1, 10, '"e"'),))
        for kept in (record(file), record(file, plan=None), record(file, video_id=None), whole):
            records.keep(file, kept)
            assert records.find(file) == kept
        records.forget(file)
        assert records.find(file) is None


def test_a_record_is_of_one_site_one_person_and_one_file(records, file, tmp_path):
    with records.held(file):
        records.keep(file, record(file))
    other = tmp_path / "other.mp4"
    other.write_bytes(file.read_bytes())
    assert records.find(other) is None
    assert Records(tmp_path / "records", SITE, "somebody").find(file) is None
    assert Records(tmp_path / "records", "http://elsewhere", OWNER).find(file) is None


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"video_id": 1, "plan": null}', "null"])
def test_a_record_that_cannot_be_read_counts_as_none(records, file, tmp_path, content):
    with records.held(file):
        records.keep(file, record(file))
    (kept,) = (tmp_path / "records").glob("*.json")
    kept.write_text(content)
    assert records.find(file) is None


def test_one_command_at_a_time_has_a_file(records, file):
    with records.held(file), pytest.raises(FileBusyError, match=r"clip\.mp4"), records.held(file):
        pass
    with records.held(file):
        pass


def test_a_changed_file_has_another_fingerprint(file):
    before = Fingerprint.of(file)
    os.utime(file, ns=(1, 1))
    assert Fingerprint.of(file) != before
    again = Fingerprint.of(file)
    file.write_bytes(b"x" + file.read_bytes()[1:])
    os.utime(file, ns=(1, 1))
    assert Fingerprint.of(file) != again
