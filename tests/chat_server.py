"""A server that speaks the chat completions protocol, as well or as badly as it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the server does with a request.

    body: sent as it is, instead of a completion of `text`. top: likeliest tokens with log-probabilities at each place,
    the first of them the one that was written. delay_s: before anything; drip_s: so long blanks, before the body.
    cut: hangs up after so many bytes of the body, or so many pieces of a stream.
    """

    text: str = ""
    status: int = 200
    body: str | None = None
    top: Sequence[Mapping[str, float]] | None = None
    finish: str = "stop"
    delay_s: float = 0.0
    drip_s: float = 0.0
    cut: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ChatServer(ThreadingHTTPServer):
    """Gives the scripted answers, the last one for ever, or those of `answer`; keeps what it was asked.

    served: names of its models; None: it does not say.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Said] = [Said(text="Fine.")]
        self.answer: Callable[[dict[str, Any]], Said] | None = None
        self.asked: list[dict[str, Any]] = []
        self.served: list[str] | None = ["lmm"]
        self.at_once = self.most_at_once = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def next_answer(self, body: dict[str, Any]) -> Said:
        self.asked.append(body)
        if self.answer is not None:
            return self.answer(body)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that left are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ChatServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.at_once += 1
        self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        try:
            said = self.server.next_answer({**asked, "path": self.path, "key": self.headers["Authorization"]})
            time.sleep(said.delay_s)
            if asked.get("stream") and said.status == 200 and said.body is None:
                self._stream(said)
            else:
                self._send(said, said.body if said.body is not None else completion(said))
        finally:
            self.server.at_once -= 1

    def do_GET(self) -> None:
        known = self.path == "/v1/models" and self.server.served is not None
        models = [{"id": name, "object": "model"} for name in self.server.served or ()]
        self._send(Said(status=200 if known else 404), json.dumps({"object": "list", "data": models}))

    def _send(self, said: Said, body: str) -> None:
        data = body.encode()
        blanks = round(said.drip_s / 0.01)
        self.send_response(said.status)
        for name, value in {"Content-Type": "application/json", **said.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(blanks + len(data)))
        self.end_headers()
        for _ in range(blanks):
            time.sleep(0.01)
            self.wfile.write(b"\n")
        self.wfile.write(data[: said.cut])
        self.close_connection = self.close_connection or said.cut is not None

    def _stream(self, said: Said) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        words = said.text.split(" ")
        pieces = [word if number == 0 else f" {word}" for number, word in enumerate(words)]
        for piece in pieces[: said.cut]:
            self._event({"index": 0, "delta": {"content": piece}, "finish_reason": None})
            time.sleep(said.drip_s)
        if said.cut is None:
            self._event({"index": 0, "delta": {}, "finish_reason": said.finish})
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _event(self, choice: dict[str, Any]) -> None:
        event = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "served", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def completion(said: Said) -> str:
    """The body of a whole answer."""
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": said.text},
        "finish_reason": said.finish,
        "logprobs": None,
    }
    if said.top is not None:
        places = []
        for likeliest in said.top:
            tokens = [{"token": token, "logprob": value, "bytes": None} for token, value in likeliest.items()]
            places.append({**tokens[0], "top_logprobs": tokens})
        choice["logprobs"] = {"content": places}
    usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    return json.dumps({"id": "1", "object": "chat.completion", "model": "served", "choices": [choice], "usage": usage})
