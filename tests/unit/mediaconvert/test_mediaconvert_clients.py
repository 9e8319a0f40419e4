"""Other people's clients work unchanged: the JavaScript SDK over every operation, and the AWS CLI."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from mediaconvert_harness import (
    DEADLINE_SECONDS,
    OUTPUT_BUCKET,
    ROLE,
    Bench,
    file_group,
    h264,
    job_settings,
    mp4_output,
    picture,
    video,
)

from mediaconvert_standin.protocol.wire import service_model

ANY_FFMPEG = True
CLIENTS = Path(__file__).parents[2] / "clients" / "mediaconvert"
INSTALL_SECONDS = 300
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="the JavaScript SDK needs node and npm")
needs_aws = pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed here")


@pytest.fixture
def settings_file(bench: Bench, tmp_path: Path) -> Path:
    key = bench.make("clients.mp4", *picture("320x180"), "-c:v", "libx264", "-pix_fmt", "yuv420p")
    output = mp4_output(video(h264(), (160, 90)))
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(job_settings(key, file_group(f"s3://{OUTPUT_BUCKET}/clients/", output))))
    return path


@needs_npm
def test_javascript_sdk_over_the_whole_surface(bench: Bench, settings_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "javascript"
    shutil.copytree(CLIENTS, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=folder, check=True, timeout=INSTALL_SECONDS)
    ran = subprocess.run(
        ["node", "surface.mjs", bench.endpoint, ROLE, str(settings_file)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert ran.returncode == 0, ran.stderr
    assert set(json.loads(ran.stdout)) == set(service_model().operation_names)


@needs_aws
def test_aws_command_line(bench: Bench, settings_file: Path) -> None:
    def aws(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["aws", "--endpoint-url", bench.endpoint, "--output", "json", "mediaconvert", *arguments],
            env=os.environ | CREDENTIALS,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )

    made = aws("create-job", "--role", ROLE, "--settings", settings_file.as_uri())
    assert made.returncode == 0, made.stderr
    job_id = json.loads(made.stdout)["Job"]["Id"]
    assert bench.finished(job_id)["Status"] == "COMPLETE"
    assert json.loads(aws("list-queues").stdout)["Queues"][0]["Name"] == "Default"
    missing = aws("get-job", "--id", "none")
    assert missing.returncode != 0
    assert "(NotFoundException)" in missing.stderr
    assert "The specified job doesn't exist: none" in missing.stderr
