"""Any OpenAI-compatible server (vLLM, SGLang, Ollama, llama.cpp, hosted): one client, with a cache on disk.

Needs the extra `chat`. Every request has a deadline by the clock, whatever the server does meanwhile; busy and broken
servers are asked again, refusals are not; every whole reply is on the disk before it is handed out.
"""

from __future__ import annotations

from quibble.endpoint.client import Endpoint, served
from quibble.endpoint.messages import Completion, Message, Picture, Request, picture_part, text_part, user_message

__all__ = [
    "Completion",
    "Endpoint",
    "Message",
    "Picture",
    "Request",
    "picture_part",
    "served",
    "text_part",
    "user_message",
]
