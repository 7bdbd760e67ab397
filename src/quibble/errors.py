"""Errors that a person can act on.

    QuibbleError
    ├── ImageError            a picture cannot be read or has no usable shape   (also a ValueError)
    ├── ArgumentError         a value outside its documented range              (also a ValueError)
    ├── RecordError           a malformed data record: file, line and field     (also a ValueError)
    ├── RecipeError           a recipe with an unknown key or a bad value       (also a ValueError)
    ├── ModelError            weights missing, damaged or of another format
    ├── CapabilityError       the chosen backend cannot do what was asked
    ├── EndpointError         a model's server gave no usable answer
    ├── ReplyError            a model's reply cannot be used: refused, cut off, nonsense
    ├── BudgetError           the tokens that a job may cost are spent
    └── MissingExtraError     an optional dependency is not installed           (also an ImportError)

Every message says what was expected, what was found and what to do. The command line prints the message
on one line of stderr and exits with code 2; assertions are kept for the package's own invariants.
"""

from __future__ import annotations


class QuibbleError(Exception):
    """Root of everything that quibble raises on purpose."""


class ImageError(QuibbleError, ValueError):
    """A picture cannot be read, is too large, or has no usable shape."""


class ArgumentError(QuibbleError, ValueError):
    """A value lies outside its documented range."""


class RecordError(QuibbleError, ValueError):
    """A data record is malformed. The message names file, line and field where they are known."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        self.file, self.line, self.field, self.reason = file, line, field, message
        place = ":".join(str(part) for part in (file, line) if part is not None)
        where = ", ".join(part for part in (place, f"field '{field}'" if field else "") if part)
        super().__init__(f"{where}: {message}" if where else message)


class RecipeError(QuibbleError, ValueError):
    """A training recipe has an unknown key or a bad value."""


class ModelError(QuibbleError):
    """Model weights are missing, damaged or of another format."""


class CapabilityError(QuibbleError):
    """The chosen backend cannot do what was asked of it."""


class EndpointError(QuibbleError):
    """A model's server was not reached, refused, or sent no usable answer."""


class ReplyError(QuibbleError):
    """A model's reply cannot be used. `reason` is short and the same for every reply of its sort, to be counted.

    Reasons: "refused", "cut off", "empty", "not JSON", "not as asked", "no rule"; pipelines add those of their own
    checks. who: the quibble.data.Maker of the reply, where one came back, for it may have cost something.
    """

    def __init__(self, reason: str, detail: str = "", *, who: object = None) -> None:
        self.reason, self.detail, self.who = reason, detail, who
        super().__init__(f"{reason}: {detail}" if detail else reason)


class BudgetError(QuibbleError):
    """The tokens that a job may cost are spent. What was answered is kept."""


class MissingExtraError(QuibbleError, ImportError):
    """An optional dependency is not installed. `extra` is the name to install: pip install 'quibble[extra]'."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"this needs the package '{package}', which is not installed: pip install 'quibble[{extra}]'")

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        # An exception is rebuilt from its message alone, and then a worker process dies instead of reporting it.
        return type(self), (self.package, self.extra)
