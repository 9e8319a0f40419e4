import requests

from devstack.benches.slow_line import slow_line
from devstack.contract import uploading
from devstack.contract.detour import Detour
from devstack.contract.uploading import FileRange, Line


def test_a_detour_leads_elsewhere_and_keeps_the_signed_host(bucket, file):
    route = {"storage.example:80": bucket.url.removeprefix("http://")}
    with Line(1, Detour(route, 1)) as line, FileRange(file, 0, file.stat().st_size, lambda _: None) as body:
        response = line.put("http://storage.example:80/object", body, {})
    assert response is not None
    assert response.status_code == 200
    assert bucket.bodies["/object"] == file.read_bytes()
    assert bucket.headers["/object"]["Host"] == "storage.example:80"


def test_what_has_no_detour_goes_straight(bucket):
    session = requests.Session()
    session.mount("http://", Detour({}, 1))
    assert session.put(f"{bucket.url}/object", data=b"x", timeout=60).status_code == 200


def test_a_slow_line_carries_everything_in_both_directions(bucket, file):
    host, port = bucket.server_address
    with slow_line(host, port, 0.01) as address, Line(2, Detour({f"{host}:{port}": address}, 2)) as line:
        bodies = [FileRange(file, 0, file.stat().st_size, lambda _: None) for _ in range(2)]
        for number, body in enumerate(bodies):
            with body:
                response = line.put(f"{bucket.url}/{number}", body, {})
            assert response is not None
            assert response.headers["ETag"] == f'"{file.stat().st_size}"'
    assert bucket.bodies == {"/0": file.read_bytes(), "/1": file.read_bytes()}
    assert file.stat().st_size > uploading.BLOCK
