"""The Assessor: everything that can be asked of a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from quibble import native, noting, preprocess
from quibble.backends.base import Evidence, LanguageBackend, PerceptionBackend
from quibble.backends.language import GREEDY, Sampling
from quibble.backends.onnx import OnnxPerception
from quibble.backends.speaker import OnnxSpeaker
from quibble.chat import Chat, tidy
from quibble.errors import ArgumentError
from quibble.findings import find
from quibble.geometry import Box, Mask, Region
from quibble.image import load
from quibble.pointing import findings_meant, phrases_in, plain
from quibble.results import Answer, Comparison, Grounding, Ranked, Report, Score
from quibble.taxonomy import LEVEL_SCORES, Category, Level
from quibble.text import questions
from quibble.text.conversation import Conversation
from quibble.text.evidence import POSSIBLE, ComparisonNotes, PictureNotes, RegionNotes

#: How many pictures are looked at together by `assess_many`: enough to group equal sizes, little to keep in memory.
_GROUP = 8


@dataclass(frozen=True, kw_only=True)
class Look:
    """A picture that has been looked at: everything else is read off it without running the vision model again.

    view: (h, w, 3) uint8, the picture as it was judged.
    """

    image: str
    width: int
    height: int
    evidence: Evidence
    view: NDArray[np.uint8]


Place = Region | Box | Mask


class Assessor:
    """Judges pictures with the model that ships in the package, or with another export of the same form.

    threads: how many CPU threads a model run may take; 0 takes all cores. An Assessor may be shared by threads.
    language: what writes the answers in words; by default the package's own, loaded when it is first needed.

    Wherever a picture is asked for, it is a Look or whatever look() takes. Answers in words raise ModelError where the
    package has no language weights. They are the likeliest ones unless `sampling` says otherwise, so the same question
    gets the same answer.

        >>> from quibble import Assessor
        >>> report = Assessor().assess("photo.jpg")
    """

    def __init__(
        self,
        backend: PerceptionBackend | None = None,
        language: LanguageBackend | None = None,
        *,
        threads: int = 0,
    ) -> None:
        self.backend: PerceptionBackend = backend or OnnxPerception(threads=threads)
        self._given, self._threads = language, threads

    @cached_property
    def language(self) -> LanguageBackend:
        """What writes the answers. Raises ModelError if there are no weights."""
        return self._given or OnnxSpeaker(threads=self._threads)

    def look(self, image: Any, *, max_megapixels: float = 100.0, allow_truncated: bool = False) -> Look:
        """Look at a picture once; the result answers many questions. image: whatever quibble.image.load takes."""
        pixels = load(image, max_megapixels=max_megapixels, allow_truncated=allow_truncated)
        return self._looks([_name(image)], [pixels])[0]

    def score(self, image: Any) -> Score:
        """How good a picture is as a whole, 0 (bad) to 100 (excellent)."""
        look = self._look(image)
        return self._score(look.evidence)

    def assess(self, image: Any) -> Report:
        """The score, and what is wrong where."""
        look = self._look(image)
        calibration = self.backend.calibration
        findings = find(
            look.evidence,
            width=look.width,
            height=look.height,
            threshold=calibration.threshold,
            slope=calibration.slope,
            offset=calibration.offset,
        )
        return Report(
            image=look.image,
            width=look.width,
            height=look.height,
            model=self.backend.name,
            score=self._score(look.evidence),
            findings=findings,
        )

    def assess_many(self, images: Iterable[Any]) -> Iterator[Report]:
        """Reports of many pictures, in order. Pictures of one size are run together, which is faster."""
        group: list[Any] = []
        for image in images:
            group.append(image)
            if len(group) == _GROUP:
                yield from self._assess_group(group)
                group = []
        yield from self._assess_group(group)

    def describe(
        self,
        image: Any,
        region: Place | None = None,
        reference: Any = None,
        *,
        boxes: bool = False,
        sampling: Sampling = GREEDY,
    ) -> Answer:
        """The quality of a picture, or of a region of it, in a few sentences; or what sets it apart from its original.

        boxes: attach its place to each defect, as [phrase](grid code) in the text and as phrases in pixels; for whole
        pictures. Raises ArgumentError for more than one of region, reference and boxes.
        """
        if (region is not None) + (reference is not None) + boxes > 1:
            raise ArgumentError("a description has a region, a reference or boxes: give one of them")
        look = self._look(image)
        if reference is not None:
            about = Conversation.against(self._notes(look), self._notes(self._look(reference)))
            return Answer(text=self._write(about.saying(questions.DESCRIBE_AGAINST), sampling))
        asked = questions.DESCRIBE if region is None else questions.DESCRIBE_REGION
        if not boxes:
            return Answer(text=self._write(self._about(look, region).saying(asked), sampling))
        text = self._write(self._about(look).saying(f"{asked} {questions.WITH_BOXES}"), sampling)
        return Answer(text=text, phrases=phrases_in(text, self.assess(look)))

    def ask(
        self,
        image: Any,
        question: str,
        region: Place | None = None,
        options: Sequence[str] | None = None,
        *,
        sampling: Sampling = GREEDY,
    ) -> Answer:
        """The answer to a question on a picture's quality, or on that of a region.

        options: two to four answers to choose from; the text is then the likeliest of them, and nothing is sampled.
        Raises ArgumentError for an empty question or other numbers of options.
        """
        about = self._about(self._look(image), region)
        if options is None:
            return Answer(text=self._write(about.saying(tidy(question)), sampling))
        if not 2 <= len(options) <= 4 or len(set(options)) < len(options) or not all(o.strip() for o in options):
            raise ArgumentError(f"a choice has two to four different options, found {list(options)}")
        offered = about.saying(questions.offer(tidy(question), options))
        shares = self.language.weigh(offered, questions.letters(options))
        return Answer(text=options[int(np.argmax(shares))], options=dict(zip(options, shares, strict=True)))

    def refer(
        self,
        image: Any,
        region: Place,
        detail: Literal["short", "long"] = "short",
        *,
        sampling: Sampling = GREEDY,
    ) -> Answer:
        """What is wrong with a region: the names of its defects, or with what they do to it too."""
        if detail not in ("short", "long"):
            raise ArgumentError(f"the detail is 'short' or 'long', found {detail!r}")
        look = self._look(image)
        notes = self._region_notes(look, region)
        question = questions.refer(notes, long=detail == "long")
        return Answer(text=self._write(Conversation.about(self._notes(look), notes).saying(question), sampling))

    def ground(self, image: Any, query: str, *, sampling: Sampling = GREEDY) -> Grounding:
        """Where the answer to a query lies. query: a question or request, or only the name of a category.

        The regions are findings, with the masks that assess() gives, or, with a low confidence and a text that says
        so, what was not sure enough for a finding; there are none where nothing was seen.
        """
        look = self._look(image)
        report, query = self.assess(look), tidy(query)
        names = {name.lower(): category for category in Category for name in (category.value, category.words)}
        named = names.get(query.lower())
        asked = questions.where(named.words) if named is not None else query
        told = self._write(self._about(look).saying(f"{asked} {questions.WITH_BOX}"), sampling)
        fit = self.backend.calibration
        suspected = [
            finding
            for finding, _ in noting.suspected(report, look.evidence, POSSIBLE, slope=fit.slope, offset=fit.offset)
        ]
        return Grounding(text=plain(told), findings=findings_meant(asked, told, report, suspected))

    def compare(self, a: Any, b: Any, reference: Any = None, *, sampling: Sampling = GREEDY) -> Comparison:
        """Which of two pictures is better, how sure that is, in what they differ, where, and why.

        reference: the undamaged original, of the size of both. Raises ArgumentError for a reference of another size.
        """
        looks = [self._look(a), self._look(b)]
        original = None if reference is None else self._look(reference)
        notes = self._notes(looks[0]), self._notes(looks[1])
        told = ComparisonNotes.of(*notes, a_better=self._better(looks[0], looks[1], original))
        about = Conversation.comparing(
            *notes, comparison=told, reference=None if original is None else self._notes(original)
        )
        text = self._write(about.saying(questions.COMPARE), sampling, opening=f"Image {told.winner} is")
        where = {}
        for category, difference in told.differences:
            more, less = looks[::-1] if difference > 0 else looks
            mask = noting.where_more(category, more, less, self.assess(more).findings)
            if mask is not None:
                where[category] = mask
        return Comparison(
            winner=told.winner, probability=told.sure / 100, differences=dict(told.differences), where=where, text=text
        )

    def rank(self, images: Iterable[Any]) -> tuple[Ranked, ...]:
        """Pictures, the best first: each is compared with each other one, as compare() does without a reference."""
        looks = [self._look(image) for image in images]
        if len(looks) < 2:
            raise ArgumentError(f"a ranking needs two pictures or more, found {len(looks)}")
        ranked = []
        for number, look in enumerate(looks):
            votes = [self._better(look, other) for i, other in enumerate(looks) if i != number]
            place = Ranked(image=look.image, number=number, votes=float(np.mean(votes)), score=self.score(look))
            ranked.append(place)
        return tuple(sorted(ranked, key=lambda place: (-place.votes, -place.score.value)))

    def chat(self, image: Any, region: Place | None = None, *, sampling: Sampling = GREEDY) -> Chat:
        """A conversation about a picture or a region of it, for several turns, streamed if wanted."""
        return Chat(self._about(self._look(image), region), self.language, sampling)

    def _look(self, image: Any) -> Look:
        return image if isinstance(image, Look) else self.look(image)

    def _better(self, a: Look, b: Look, reference: Look | None = None) -> float:
        scores = self.score(a).value, self.score(b).value
        return noting.probability_better(a, b, reference, score_a=scores[0], score_b=scores[1])

    def _notes(self, look: Look) -> PictureNotes:
        return noting.picture_notes(self.assess(look), look.evidence)

    def _region_notes(self, look: Look, region: Place) -> RegionNotes:
        inside = _inside(region, look)
        return noting.region_notes(look.evidence, inside, width=look.width, height=look.height)

    def _about(self, look: Look, region: Place | None = None) -> Conversation:
        return Conversation.about(self._notes(look), None if region is None else self._region_notes(look, region))

    def _write(self, conversation: Conversation, sampling: Sampling, opening: str = "") -> str:
        return "".join(self.language.write(conversation, sampling=sampling, opening=opening))

    def _assess_group(self, images: Sequence[Any]) -> Iterator[Report]:
        looks = self._looks([_name(image) for image in images], [load(image) for image in images])
        for look in looks:
            yield self.assess(look)

    def _looks(self, names: Sequence[str], pictures: Sequence[NDArray[np.uint8]]) -> list[Look]:
        views = [preprocess.view(picture) for picture in pictures]
        evidence = self.backend.perceive(views)
        cells = [native.cells(picture) for picture in pictures]
        # As one call, so that the tiles of all pictures share batches.
        pixels = [cell.pixels for group in cells for cell in group]
        tiles = iter(self.backend.perceive(pixels) if pixels else ())
        evidence = [
            native.merge(seen, [(cell, next(tiles)) for cell in group], long_side=max(picture.shape[:2]))
            for seen, group, picture in zip(evidence, cells, pictures, strict=True)
        ]
        return [
            Look(image=name, width=picture.shape[1], height=picture.shape[0], evidence=seen, view=view)
            for name, picture, seen, view in zip(names, pictures, evidence, views, strict=True)
        ]

    def _score(self, evidence: Evidence) -> Score:
        probabilities = evidence.levels.astype(np.float64)
        probabilities /= probabilities.sum()
        value = float(probabilities @ np.array(list(LEVEL_SCORES.values())))
        reach = self.backend.calibration.interval * evidence.spread
        return Score(
            value=value,
            low=max(0.0, value - reach),
            high=min(100.0, value + reach),
            levels=dict(zip(Level, probabilities.tolist(), strict=True)),
        )


def _name(image: Any) -> str:
    """What a picture is called in its report: its path, or "" for pixels without a name."""
    if isinstance(image, str | os.PathLike):
        return os.fspath(image)
    return str(getattr(image, "filename", "") or "")


def _inside(region: Place, look: Look) -> Region:
    """A region of a picture, checked. Raises ArgumentError if it is empty or not within the picture."""
    if isinstance(region, Mask):
        region = Region(mask=region)
    elif isinstance(region, Box):
        region = Region(box=region)
    mask, size = region.mask, f"{look.width} x {look.height}"
    if mask is not None and (mask.width, mask.height) != (look.width, look.height):
        raise ArgumentError(f"the region's mask is {mask.width} x {mask.height}, but the picture is {size}")
    if not region.to_mask(width=look.width, height=look.height).area:
        raise ArgumentError(f"the region has no pixel of the picture, which is {size}")
    bounds = region.bounds
    if bounds.clip(width=look.width, height=look.height) != bounds:
        raise ArgumentError(f"the region {bounds.to_list()} leaves the picture, which is {size}")
    return region
