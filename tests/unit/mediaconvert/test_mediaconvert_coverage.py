"""The coverage table is what the code does today."""

from pathlib import Path

from mediaconvert_standin import coverage

COVERAGE = Path(coverage.__file__).parents[1] / "COVERAGE.md"
MANY = 1000


def test_the_table_is_current() -> None:
    found = coverage.rows()
    assert len(found) > MANY
    assert COVERAGE.read_text() == coverage.table(found), (
        "run: python -m mediaconvert_standin.coverage > services/mediaconvert/COVERAGE.md"
    )


def test_known_settings_have_their_verdicts() -> None:
    verdicts = {"/".join(row.path): dict(row.verdicts) for row in coverage.rows()}
    codec = "outputGroups/[]/outputs/[]/videoDescription/codecSettings"
    assert verdicts[f"{codec}/h264Settings/gopSize"] == {"honoured": ()}
    assert verdicts[f"{codec}/h264Settings/softness"] == {"warned": ()}
    assert verdicts["inputs/[]/dolbyVisionMetadataXml"] == {"refused": ()}
    scaling = verdicts["outputGroups/[]/outputs/[]/videoDescription/scalingBehavior"]
    assert scaling["refused"] == ("SMART_CROP",)
    assert "FIT" in scaling["honoured"]
