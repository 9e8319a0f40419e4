"""A bucket that takes PUTs, with the faults a test asks for."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from devstack.contract import uploading


class Bucket(ThreadingHTTPServer):
    """Takes PUTs; `faults` lists what the next attempts for a path meet."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies = {}
        self.headers = {}
        self.faults = {}
        self.codes = {}
        self.forgets = False
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
        body = self._forget_body() if server.forgets else self.rfile.read(int(self.headers["Content-Length"]))
        with server.lock:
            server.active -= 1
        if fault == "drop":
            return
        if fault == 200:
            server.bodies[path] = body
            server.headers[path] = dict(self.headers)
        answer = b"" if fault == 200 else f"<Error><Code>{server.codes.get(path, '')}</Code></Error>".encode()
        self.send_response(fault)
        self.send_header("ETag", f'"{len(body)}"')
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _forget_body(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, uploading.BLOCK)))
        return b""

    def log_message(self, *args): ...
