"""A web server that fails at times: files of a folder, or answers of another; errors are drawn by a seed.

    python bad_server.py FOLDER_OR_URL ERRORS SEED      prints its port; ERRORS is the share that fails

Half of the errors are answers 500, half are connections that are cut in the middle of an answer.
"""

import http.client
import random
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import unquote, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    source, errors, draw, lock, ranges = "", 0.0, random.Random(0), Lock(), True

    def log_message(self, *words):
        pass

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        found = self._from_server(body) if "://" in self.source else self._from_folder()
        with self.lock:
            luck = self.draw.random()
        if luck < self.errors / 2:
            found = (500, {}, b"an injected error")
        status, headers, data = found
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name in headers):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.errors / 2 <= luck < self.errors and data:
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.wfile.write(data)

    def _from_folder(self):
        path = Path(self.source) / unquote(urlsplit(self.path).path).lstrip("/")
        if path.name == "secret.mp4":
            return 403, {}, b"no"
        if not path.is_file():
            return 404, {}, b"not here"
        data = path.read_bytes()
        headers = {"ETag": f'"{path.stat().st_mtime_ns}"'}
        if not self.ranges:
            return 200, headers | {"Content-Length": str(len(data))}, data
        headers["Accept-Ranges"] = "bytes"
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return 200, headers | {"Content-Length": str(len(data))}, data
        first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return 206, headers, data[first : last + 1]

    def _from_server(self, body):
        parts = urlsplit(self.source)
        other = http.client.HTTPConnection(parts.hostname, parts.port)
        other.request(self.command, self.path, body, dict(self.headers.items()))
        answer = other.getresponse()
        data = answer.read()
        kept = {n: v for n, v in answer.getheaders() if n.lower() not in ("transfer-encoding", "connection")}
        if self.command == "HEAD":
            return answer.status, kept, b""
        return answer.status, kept | {"Content-Length": str(len(data))}, data


for verb in ("GET", "HEAD", "PUT", "POST", "DELETE"):
    setattr(Handler, f"do_{verb}", Handler._answer)

if __name__ == "__main__":
    Handler.source, Handler.errors = sys.argv[1], float(sys.argv[2])
    Handler.draw, Handler.ranges = random.Random(int(sys.argv[3])), "no-ranges" not in sys.argv
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
