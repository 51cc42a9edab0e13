"""Pictures and documents, good and bad, and a small store that speaks as much of S3 as is spoken to it."""

from __future__ import annotations

import hashlib
import hmac
import io
import threading
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, urlsplit

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, EncodedStreamObject, NameObject, PdfObject, StreamObject, TextStringObject

KEY_ID, SECRET = "test-key-id", "test-secret"


def picture(width: int = 40, height: int = 20, form: str = "JPEG", mode: str = "RGB", **more) -> bytes:
    """Red on the left, blue on the right."""
    made = Image.new(mode, (width, height), "blue")
    made.paste("red", (0, 0, width // 2, height))
    to = io.BytesIO()
    made.save(to, form, **more)
    return to.getvalue()


def pdf(dress: Callable[[PdfWriter], None] = lambda _: None, *, pages: int = 1) -> bytes:
    """A document of blank pages, and whatever ``dress`` adds to it."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 100)
    dress(writer)
    to = io.BytesIO()
    writer.write(to)
    return to.getvalue()


def named(**entries: object) -> DictionaryObject:
    """A dictionary of a PDF: strings that begin with a slash are names."""
    made = DictionaryObject()
    for key, value in entries.items():
        plain = NameObject if isinstance(value, str) and value.startswith("/") else TextStringObject
        made[NameObject(f"/{key}")] = value if isinstance(value, PdfObject) else plain(value)
    return made


def stream(data: bytes, **entries: object) -> StreamObject:
    """A stream as it lies in the file."""
    made = EncodedStreamObject()
    made.update(named(**entries))
    made._data = data
    return made


def _sign(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class S3:
    """One bucket behind HTTP that believes only what is signed (AWS Signature Version 4) with our key."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.failing = 0
        self.endpoint = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        path = urlsplit(request.path).path
        if not self._vouched(request, body):
            self._say(request, 403)
        elif self.failing:
            self.failing -= 1
            self._say(request, 503)
        elif request.command == "PUT":
            names = ("Content-Type", "Content-Disposition")
            self.objects[path] = body, {name: request.headers[name] for name in names}
            self._say(request, 200, {"ETag": '"1"'})
        elif path in self.objects:
            content, headers = self.objects[path]
            self._say(request, 200, headers, content)
        else:
            self._say(request, 404)

    def _vouched(self, request: BaseHTTPRequestHandler, body: bytes) -> bool:
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query))
        if "X-Amz-Signature" in query:
            signature, signed = query.pop("X-Amz-Signature"), query["X-Amz-SignedHeaders"]
            scope, date = query["X-Amz-Credential"], query["X-Amz-Date"]
            digest = "UNSIGNED-PAYLOAD"
        else:
            said = dict(
                part.strip().split("=", 1) for part in request.headers["Authorization"].split(" ", 1)[1].split(",")
            )
            signature, signed, scope = said["Signature"], said["SignedHeaders"], said["Credential"]
            date, digest = request.headers["x-amz-date"], request.headers["x-amz-content-sha256"]
            if digest != hashlib.sha256(body).hexdigest():
                return False
        canonical = "\n".join(
            (
                request.command,
                parts.path,
                "&".join(f"{quote(name, '')}={quote(value, '')}" for name, value in sorted(query.items())),
                *(f"{name}:{request.headers[name].strip()}" for name in signed.split(";")),
                "",
                signed,
                digest,
            )
        )
        key_id, day, *rest = scope.split("/")
        to_sign = "\n".join(
            ("AWS4-HMAC-SHA256", date, "/".join((day, *rest)), hashlib.sha256(canonical.encode()).hexdigest())
        )
        key = f"AWS4{SECRET}".encode()
        for part in (day, *rest):
            key = _sign(key, part)
        return key_id == KEY_ID and signature == _sign(key, to_sign).hex()

    def _say(
        self, request: BaseHTTPRequestHandler, status: int, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        request.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)


@contextmanager
def s3_server():
    store = S3()

    class Answering(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            store.answer(self)

        def do_GET(self) -> None:
            store.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    store.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
