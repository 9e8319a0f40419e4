from pathlib import Path

from devstack.checks import SUITES, pytest_command

TESTS = Path(__file__).resolve().parents[2]


def test_a_suite_runs_its_folders_in_parallel() -> None:
    command = pytest_command(("tests/unit",), ["-x"])

    assert command[-2:] == ["tests/unit", "-x"]
    assert "-n" in command


def test_a_named_test_runs_alone() -> None:
    assert "tests/unit" not in pytest_command(("tests/unit",), ["tests/unit/devstack/test_checks.py::test_x"])


def test_the_value_of_an_option_is_not_taken_for_a_file() -> None:
    assert "tests/unit" in pytest_command(("tests/unit",), ["-k", "upload"])


def test_workers_can_be_chosen() -> None:
    assert pytest_command(("tests/unit",), ["-n0"]).count("-n") == 0


def test_without_a_word_everything_that_needs_no_docker_runs() -> None:
    run = {*SUITES["all"].folders, *SUITES["all"].alone}
    with_tests = {f"tests/{file.relative_to(TESTS).parts[0]}" for file in TESTS.rglob("test_*.py")}

    assert SUITES["all"].static
    assert run == with_tests - {"tests/compose", "tests/faults"}
