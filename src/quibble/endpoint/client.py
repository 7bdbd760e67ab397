"""The client: one connection line a process, deadlines, retries."""

from __future__ import annotations

import asyncio
import json
import math
import os
import queue
import weakref
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import numpy as np

from quibble.endpoint.cache import Cache
from quibble.endpoint.messages import Completion, Message, Request
from quibble.errors import ArgumentError, EndpointError, MissingExtraError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

T = TypeVar("T")
#: Statuses of servers that are busy, restarting or unlucky. Any other is an answer.
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504, 529})
#: So much of what a server sent is shown in an error.
_SHOWN: Final = 300


def served(url: str, *, key: str | None = None, timeout_s: float = 20.0) -> list[str]:
    """Names of the models at an endpoint, sorted. Raises EndpointError if it does not say."""
    endpoint = Endpoint(url, "any", key=key, timeout_s=timeout_s)
    try:
        return _result(endpoint._line.submit(endpoint._names()))
    finally:
        endpoint.close()


class Endpoint:
    """A model on a server. May be shared by threads, and goes on working in processes that were forked from this one.

    url: up to and without /chat/completions, such as "http://localhost:8000/v1". key: sent as a bearer token, written
    nowhere. cache: an SQLite file where replies are kept: the same request then has the same reply, at no cost.
    timeout_s: for each try, by the clock. retries: after the first try, with waits of pause_s, doubled each time, or
    as long as the server says. concurrency: requests at once in complete_many.

    Raises ArgumentError for another URL or a number out of range, MissingExtraError without the extra `chat`.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        cache: str | os.PathLike[str] | None = None,
        timeout_s: float = 60.0,
        retries: int = 4,
        concurrency: int = 4,
        pause_s: float = 1.0,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ArgumentError(f"an endpoint is a URL such as http://localhost:8000/v1, found {url!r}")
        if not (model and timeout_s > 0 and retries >= 0 and concurrency >= 1 and pause_s >= 0):
            raise ArgumentError(
                "an endpoint needs a model's name, a timeout above 0, retries and pauses of 0 or more and at least 1 "
                f"request at once, found {model!r}, {timeout_s}, {retries}, {pause_s}, {concurrency}"
            )
        _client_class()
        self.url, self.model = url.rstrip("/").removesuffix("/chat/completions"), model
        self.timeout_s, self.retries, self.concurrency, self.pause_s = timeout_s, retries, concurrency, pause_s
        self._key, self._cache = key, Cache(Path(cache)) if cache is not None else None
        self._line_made: _Line | None = None
        self._lock = Lock()
        self._limit = "max_tokens"

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int | None = None,
    ) -> Completion:
        """The reply to messages, whole. Raises EndpointError if there is none; see Request for the settings."""
        request = Request(
            messages=messages,
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            seed=seed,
            schema=schema,
            top_logprobs=top_logprobs,
        )
        return _result(self._submit(request))

    def complete_many(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """The replies to requests, in their order, at most `concurrency` asked at once.

        Raises EndpointError in the place of the first that has none; those under way are waited for before, so that
        with a cache nothing that was answered is lost.
        """
        pending: deque[Future[Completion]] = deque()
        try:
            for request in requests:
                if len(pending) == self.concurrency:
                    yield _result(pending.popleft())
                pending.append(self._submit(request))
            while pending:
                yield _result(pending.popleft())
        except EndpointError:
            wait(pending)
            raise
        finally:
            for future in pending:
                future.cancel()

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> Iterator[str]:
        """The reply piece by piece; timeout_s holds for each piece. Raises EndpointError, also where it breaks off.

        A busy server is asked again until it begins to answer. A reply from the cache is one piece.
        """
        request = Request(messages=messages, max_tokens=max_tokens, temperature=temperature, top_p=top_p, seed=seed)
        body = request.body(self.model) | {"stream": True}
        known = self._cache.get(body) if self._cache is not None else None
        if known is not None:
            yield known.text
            return
        pieces: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        pump = self._line.submit(self._pump(body, pieces))
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            pump.cancel()

    def close(self) -> None:
        """Let go of connections. They are made again if the endpoint is used again."""
        with self._lock:
            if self._line_made is not None:
                self._line_made.close()
            self._line_made = None

    @property
    def _line(self) -> _Line:
        with self._lock:
            if self._line_made is None or self._line_made.pid != os.getpid():
                # The client would send OPENAI_API_KEY from the environment to whatever server this is.
                client = _client_class()(base_url=self.url, api_key=self._key or "none", timeout=None, max_retries=0)
                self._line_made = _Line(client)
                weakref.finalize(self, self._line_made.close)
            return self._line_made

    def _submit(self, request: Request) -> Future[Completion]:
        body = request.body(self.model)
        known = self._cache.get(body) if self._cache is not None else None
        if known is None:
            return self._line.submit(self._complete(body))
        done: Future[Completion] = Future()
        done.set_result(known)
        return done

    async def _names(self) -> list[str]:
        import openai

        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self._line.client.models.with_raw_response.list()
            return sorted(str(model["id"]) for model in json.loads(response.content)["data"])
        except (openai.OpenAIError, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise EndpointError(
                f"{self.url} did not say which models it has ({error!r}); check the address and the key"
            ) from error

    async def _complete(self, body: dict[str, Any]) -> Completion:
        completion = self._read(await self._ask(body))
        if self._cache is not None:
            await asyncio.to_thread(self._cache.put, body, completion)
        return completion

    async def _pump(self, body: dict[str, Any], pieces: queue.SimpleQueue[str | BaseException | None]) -> None:
        try:
            text, finish = "", ""
            async for piece, reason in self._pieces(await self._ask(body)):
                text, finish = text + piece, reason
                if piece:
                    pieces.put(piece)
            if self._cache is not None:
                whole = Completion(text=text, finish=finish, model=self.model, input_tokens=0, output_tokens=0)
                await asyncio.to_thread(self._cache.put, body, whole)
            pieces.put(None)
        except BaseException as error:
            pieces.put(error)
            if not isinstance(error, EndpointError):
                raise

    async def _ask(self, body: dict[str, Any]) -> Any:
        """The client's raw response, or stream of events, asking again where that may help."""
        import openai

        create: Any = self._line.client.chat.completions
        create = create.create if "stream" in body else create.with_raw_response.create
        for attempt in range(self.retries + 1):
            sent = {self._limit if name == "max_tokens" else name: value for name, value in body.items()}
            pause = self.pause_s * 2**attempt
            try:
                async with asyncio.timeout(self.timeout_s):
                    return await create(**sent)
            except openai.APIStatusError as error:
                why = f"status {error.status_code}: {_shown(error.response.content)}"
                if error.status_code == 400 and "max_tokens" in sent and "max_completion_tokens" in why:
                    # Newer models of OpenAI's know the limit by this name alone.
                    self._limit = "max_completion_tokens"
                    return await self._ask(body)
                if error.status_code not in _AGAIN:
                    raise self._refused(why) from error
                pause = max(pause, _told_to_wait(error.response.headers.get("retry-after"), at_most=self.timeout_s))
            except TimeoutError:
                why = f"no answer within {self.timeout_s:g} s"
            except openai.APIConnectionError as error:
                why = f"no connection, or one that broke off ({error.__cause__ or error})"
            if attempt < self.retries:
                await asyncio.sleep(pause)
        kept = "; what was answered before is kept, so run the same again" if self._cache is not None else ""
        raise EndpointError(
            f"{self._who} did not answer in {self.retries + 1} tries, at last: {why}. Is it running there?{kept}"
        )

    def _read(self, response: Any) -> Completion:
        try:
            found = json.loads(response.content)
            choice = found["choices"][0]
            content = choice["message"].get("content")
            usage = found.get("usage") or {}
            places = (choice.get("logprobs") or {}).get("content") or []
            return Completion(
                text=content if isinstance(content, str) else "",
                finish=str(choice.get("finish_reason") or "unknown"),
                model=str(found.get("model") or self.model),
                input_tokens=int(usage.get("prompt_tokens") or 0),
                output_tokens=int(usage.get("completion_tokens") or 0),
                tokens=tuple(str(place["token"]) for place in places),
                top=tuple(_likeliest(place) for place in places),
            )
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise self._nonsense(_shown(response.content), error) from error

    async def _pieces(self, events: Any) -> AsyncIterator[tuple[str, str]]:
        """(piece, why it ended or "") of a stream of events."""
        length, finish = 0, ""
        try:
            while True:
                async with asyncio.timeout(self.timeout_s):
                    event = await anext(events, None)
                if event is None:
                    break
                for choice in event.choices[:1]:
                    piece = choice.delta.content or ""
                    length, finish = length + len(piece), choice.finish_reason or finish
                    yield piece, finish
        except TimeoutError:
            raise EndpointError(
                f"{self._who} went silent for {self.timeout_s:g} s after {length} characters of its answer; ask again"
            ) from None
        except Exception as error:
            # Not only the client's own errors: those of its HTTP layer and of broken events come out as they are.
            raise self._nonsense(f"{type(error).__name__}: {error}", error) from error
        finally:
            await events.close()
        if not finish:
            raise EndpointError(f"{self._who} broke off after {length} characters of its answer; ask again")

    @property
    def _who(self) -> str:
        return f"{self.url} (model {self.model})"

    def _refused(self, why: str) -> EndpointError:
        return EndpointError(
            f"{self._who} refused a chat completion with {why}; check the address, the model's name and the key"
        )

    def _nonsense(self, what: str, error: Exception) -> EndpointError:
        return EndpointError(
            f"{self._who} was asked for a chat completion and sent something else ({error!r}): {what}; check that "
            "the address is that of an OpenAI-compatible server, or ask again if the answer was cut off"
        )


class _Line:
    """An event loop in a thread of its own, and the client that lives on it.

    With a loop, a deadline holds by the clock: a socket's own timeout starts anew with every byte that arrives.
    """

    def __init__(self, client: AsyncOpenAI) -> None:
        self.client, self.pid = client, os.getpid()
        self._ended = False
        self._loop = asyncio.new_event_loop()
        Thread(target=_run, args=(self._loop,), name="quibble-endpoint", daemon=True).start()

    def submit(self, job: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(job, self._loop)

    def close(self) -> None:
        # Nothing is waited for: this may run where garbage is collected, even in the loop's own thread.
        if self.pid == os.getpid() and not self._ended:
            self._ended = True
            asyncio.run_coroutine_threadsafe(self._end(), self._loop)

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.client.close()
        asyncio.get_running_loop().stop()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _client_class() -> type[AsyncOpenAI]:
    try:
        from openai import AsyncOpenAI
    except ImportError as error:
        raise MissingExtraError("openai", "chat") from error
    return AsyncOpenAI


def _result(future: Future[T]) -> T:
    try:
        return future.result()
    except BaseException:
        # An interrupt of ours ends the request too; one that failed by itself cannot be cancelled any more.
        future.cancel()
        raise


def _likeliest(place: Mapping[str, Any]) -> dict[str, float]:
    """The log-probabilities at one place; pieces of characters that look alike are one token, their sum."""
    found: dict[str, float] = {}
    for token in place.get("top_logprobs") or []:
        name, value = str(token["token"]), float(token["logprob"])
        found[name] = float(np.logaddexp(found[name], value)) if name in found else value
    found.setdefault(str(place["token"]), float(place["logprob"]))
    return found


def _shown(data: bytes) -> str:
    text = " ".join(data[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _told_to_wait(header: str | None, *, at_most: float) -> float:
    """Seconds by a Retry-After header; dates are not read."""
    try:
        seconds = float(header or 0)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), at_most) if math.isfinite(seconds) else 0.0
