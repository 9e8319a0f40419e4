import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from serving import serving

from devstack.contract.client import newest_code
from devstack.contract.inbox import read_inbox

RECORDS = {
    "messages": {
        "000000000000": [
            {
                "To": ["b@example.com"],
                "Subject": "Your code",
                "BodyText": "Your code is 222222. Order 1234567.",
                "BodyHtml": None,
                "Timestamp": 1764000002.5,
            },
            {
                "To": ["a@example.com"],
                "Subject": "Welcome",
                "BodyText": "",
                "BodyHtml": "<b>111111</b>",
                "Timestamp": 1764000001,
            },
        ]
    }
}


@pytest.fixture
def cognito():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(RECORDS).encode()
            self.send_response(200 if self.path == "/_ministack/ses/messages" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args): ...

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


def test_messages_come_oldest_first_with_their_codes(cognito):
    assert read_inbox({"CognitoEndpointUrl": cognito}) == [
        {
            "to": "a@example.com",
            "subject": "Welcome",
            "code": "111111",
            "body": "<b>111111</b>",
            "at": "2025-11-24T16:00:01.000000+00:00",
        },
        {
            "to": "b@example.com",
            "subject": "Your code",
            "code": "222222",
            "body": "Your code is 222222. Order 1234567.",
            "at": "2025-11-24T16:00:02.500000+00:00",
        },
    ]


def test_aws_has_no_inbox():
    assert read_inbox({}) == []


def test_the_newest_code_of_a_person_is_found_whatever_the_case_of_the_address():
    def message(to, code):
        return {"to": to, "subject": "", "code": code, "body": "", "at": ""}

    messages = [message("A@x.org", "1"), message("a@x.org", "2"), message("b@x.org", "3"), message("a@x.org", "")]
    assert newest_code(messages, "a@X.org") == "2"
    assert newest_code(messages, "c@x.org") is None
