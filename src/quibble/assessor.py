"""The Assessor: everything that can be asked of a picture."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from quibble import crew, native, noting, preprocess, seeing
from quibble.backends import choice
from quibble.backends.base import (
    ABILITIES,
    Ability,
    Evidence,
    LanguageBackend,
    MaskingBackend,
    OutliningBackend,
    PerceptionBackend,
    PointSegmenter,
    SeeingBackend,
    refuse,
)
from quibble.backends.language import GREEDY, Sampling
from quibble.backends.onnx import OnnxPerception
from quibble.backends.speaker import OnnxSpeaker
from quibble.backends.weights import NANO
from quibble.chat import Chat, tidy
from quibble.errors import ArgumentError, CapabilityError
from quibble.findings import Judged, find, traced
from quibble.image import load
from quibble.look import Look, Place, name_of, region_of
from quibble.painting import category_map, painted, qground_map
from quibble.pointing import finding_at, findings_meant, phrases_in, with_doubt
from quibble.pointing import plain as without_codes
from quibble.results import Answer, Comparison, Finding, Grounding, Ranked, Report, Score
from quibble.taxonomy import LEVEL_SCORES, Category, Level
from quibble.text import plain, questions
from quibble.text.conversation import Conversation, Shown
from quibble.text.evidence import ComparisonNotes, PictureNotes, RegionNotes
from quibble.text.vocabulary import categories_named

#: How many pictures are looked at together by `assess_many`: enough to group equal sizes, little to keep in memory.
_GROUP = 8


class Assessor:
    """Judges pictures with nano, the model that ships in the package, or with another.

    model: "nano", a folder (an export of nano's form, or a checkpoint), an id of the hub, "URL#NAME" of a served model,
    or a SeeingBackend. backend, language: instead of a model, what perceives and what writes the answers.
    segmenter: for models that see for themselves, what finds the extent of what ground() points to; None: what nano
    finds there. threads: how many CPU threads a run of nano may take; 0 takes all cores.

    An Assessor may be shared by threads. What a model cannot do raises CapabilityError. Wherever a picture is asked
    for, it is a Look or whatever look() takes. Answers in words raise ModelError where the package has no language
    weights. They are the likeliest ones unless `sampling` says otherwise, so the same question gets the same answer.

        >>> from quibble import Assessor
        >>> report = Assessor().assess("photo.jpg")
    """

    def __init__(
        self,
        backend: PerceptionBackend | None = None,
        language: LanguageBackend | None = None,
        *,
        model: str | os.PathLike[str] | SeeingBackend = "nano",
        segmenter: PointSegmenter | None = None,
        threads: int = 0,
    ) -> None:
        self._given, self._language, self._threads, self._segmenter = backend, language, threads, segmenter
        self.viewer: SeeingBackend | None = None
        self._folder = NANO
        if not isinstance(model, str | os.PathLike):
            self.viewer = model
        elif (folder := choice.exported(model)) is not None:
            self._folder = folder
            # Weights that are missing are missed now.
            _ = self.backend
        else:
            self.viewer = choice.open_seeing(model)
        if self.viewer is not None and language is not None:
            raise ArgumentError("a model that sees for itself writes its own answers; give no language model beside it")
        self._asks = plain.LEARNED if self.viewer is None else plain.PLAIN

    @cached_property
    def backend(self) -> PerceptionBackend:
        """What perceives; beside a model that sees for itself, nano."""
        return self._given or OnnxPerception(self._folder, threads=self._threads)

    @cached_property
    def language(self) -> LanguageBackend:
        """What writes the answers. Raises ModelError if there are no weights."""
        return self.viewer or self._language or OnnxSpeaker(self._folder / "language", threads=self._threads)

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.backend.name if self.viewer is None else self.viewer.name

    @property
    def abilities(self) -> frozenset[Ability]:
        """What can be asked for."""
        return ABILITIES["nano" if self.viewer is None else "chat"]

    def need(self, ability: Ability) -> None:
        """Raise CapabilityError, which says what can, if the model lacks an ability."""
        if ability not in self.abilities:
            raise refuse(self.name, ability)

    def look(self, image: Any, *, max_megapixels: float = 100.0, allow_truncated: bool = False) -> Look:
        """Look at a picture once; the result answers many questions. image: whatever quibble.image.load takes."""
        pixels = load(image, max_megapixels=max_megapixels, allow_truncated=allow_truncated)
        return self._looks([name_of(image)], [pixels], features=True)[0]

    def score(self, image: Any) -> Score:
        """How good a picture is as a whole, 0 (bad) to 100 (excellent)."""
        look = self._look(image, features=False)
        return self._score(look.evidence) if self.viewer is None else seeing.rate(self.viewer, look.view)

    def assess(self, image: Any) -> Report:
        """The score, and what is wrong where."""
        self.need(Ability.ASSESS)
        look = self._look(image, features=False)
        return self._report(look)

    def sought(self, image: Any, query: str) -> Report:
        """The report in which the answer to a query for a place is looked up.

        A query for the most or the least of something says that there are several: then less sure places count.
        """
        look = self._look(image, features=False)
        return self._report(look, categories_named(query) if questions.supposes_several(query) else None)

    def segment(self, image: Any, *, classes: Literal["categories", "q-ground"] = "categories") -> NDArray[np.uint8]:
        """What each pixel most probably shows, (H, W): a number in tuple(Category), or 12 for clean.

        classes: "q-ground" for a number in tuple(QGroundClass) instead, or 5 for none of the five. assess() reports
        only what is sure enough to tell a person; this is for measuring against maps of the truth.
        """
        self.need(Ability.ASSESS)
        look = self._look(image, features=False)
        judged = Judged.of(look.evidence, width=look.width, height=look.height)
        paint = painted(judged, self.backend.calibration.paint)
        shown = category_map(paint, judged)
        return shown if classes == "categories" else qground_map(paint, judged, shown)

    def assess_many(self, images: Iterable[Any]) -> Iterator[Report]:
        """Reports of many pictures, in order. Pictures of one size are run together, which is faster."""
        self.need(Ability.ASSESS)
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
        if boxes:
            self.need(Ability.BOXES)
        look = self._look(image)
        if reference is not None:
            about = self._against(look, self._look(reference))
            return Answer(text=self._write(about.saying(self._asks.against), sampling))
        asked = self._asks.picture if region is None else self._asks.region
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
        about = self._about(self._look(image), region, " ".join([question, *(options or ())]))
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
        look, long = self._look(image), detail == "long"
        question = plain.refer(long=long)
        if self.viewer is None:
            question = questions.refer(self._region_notes(look, region), long=long)
        return Answer(text=self._write(self._about(look, region).saying(question), sampling))

    def ground(
        self,
        image: Any,
        query: str,
        *,
        by: Literal["findings", "tokens"] = "findings",
        sampling: Sampling = GREEDY,
    ) -> Grounding:
        """Where the answer to a query lies. query: a question or request, or only the name of a category.

        The regions are findings, with the masks that assess() gives, or, with a low confidence and a text that says
        so, what was not sure enough for a finding; there are none where nothing was seen. by="tokens": instead they
        have the mask that the language model draws with its segmentation tokens; raises CapabilityError for one that
        cannot. A model that sees for itself says in words where it is, which the probabilities of these words turn
        into a point; there the segmenter, or a finding of nano's, gives the region. Source: IQA-Octopus, text-to-point.
        """
        if by not in ("findings", "tokens"):
            raise ArgumentError(f"regions are had by 'findings' or 'tokens', found {by!r}")
        look, query = self._look(image), tidy(query)
        names = {name.lower(): category for category in Category for name in (category.value, category.words)}
        named = names.get(query.lower())
        if self.viewer is not None:
            asked = plain.where(named.words) if named is not None else query
            if by == "tokens" and not isinstance(self.viewer, MaskingBackend):
                raise CapabilityError(f"{self.viewer.name} draws no masks with tokens; ask nano for them")
            return self._point_out(self.viewer, look, asked, sampling)
        asked = questions.where(named.words) if named is not None else query
        report = self.sought(look, asked)
        notes = noting.picture_notes(report, look.evidence, asked)
        about = Conversation.about(notes).seen(look.evidence.features)
        if by == "tokens":
            return self._outlined(look, about, asked, sampling)
        told = self._write(about.saying(f"{asked} {questions.WITH_BOX}"), sampling)
        suspected = self._suspected(report, look.evidence, categories_named(asked))
        meant = findings_meant(asked, told, report, suspected)
        return Grounding(text=with_doubt(without_codes(told), meant, report), findings=meant)

    def compare(self, a: Any, b: Any, reference: Any = None, *, sampling: Sampling = GREEDY) -> Comparison:
        """Which of two pictures is better, how sure that is, in what they differ, where, and why.

        reference: the undamaged original, of the size of both. Raises ArgumentError for a reference of another size.
        """
        looks = [self._look(a), self._look(b)]
        original = None if reference is None else self._look(reference)
        if self.viewer is not None:
            return self._compare_shown(self.viewer, looks[0], looks[1], original, sampling)
        notes = self._notes(looks[0]), self._notes(looks[1])
        told = ComparisonNotes.of(*notes, a_better=self._better(looks[0], looks[1], original))
        about = Conversation.comparing(
            *notes, comparison=told, reference=None if original is None else self._notes(original)
        )
        if original is None:
            about = about.seen(*(look.evidence.features for look in looks))
        text = self._write(about.saying(self._asks.two), sampling, opening=f"Image {told.winner} is")
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
        """Pictures, the best first: each is compared with each other one, as compare() does without a reference.

        A model that sees for itself scores each once, and votes are by the probabilities of the levels.
        """
        if self.viewer is not None:
            names, scores = self._rate(self.viewer, images)
        else:
            names, scores, standings = [], [], []
            for image in images:
                look = self._look(image, features=False)
                names.append(look.image)
                scores.append(self.score(look))
                standings.append(noting.Standing.of(look, scores[-1].value))
        if len(names) < 2:
            raise ArgumentError(f"a ranking needs two pictures or more, found {len(names)}")
        ranked = []
        for number, (name, score) in enumerate(zip(names, scores, strict=True)):
            others = [i for i in range(len(names)) if i != number]
            if self.viewer is not None:
                votes = [seeing.preferred(score, scores[i]) for i in others]
            else:
                votes = [standings[number].beats(standings[i]) for i in others]
            ranked.append(Ranked(image=name, number=number, votes=float(np.mean(votes)), score=score))
        return tuple(sorted(ranked, key=lambda place: (-place.votes, -place.score.value)))

    def chat(self, image: Any, region: Place | None = None, *, sampling: Sampling = GREEDY) -> Chat:
        """A conversation about a picture or a region of it, for several turns, streamed if wanted."""
        return Chat(partial(self._about, self._look(image), region), self.language, sampling)

    def _look(self, image: Any, *, features: bool = True) -> Look:
        if isinstance(image, Look):
            return image
        return self.look(image) if features else self._looks([name_of(image)], [load(image)])[0]

    def _outlined(self, look: Look, about: Conversation, asked: str, sampling: Sampling) -> Grounding:
        if not isinstance(self.language, OutliningBackend):
            raise CapabilityError(f"{self.language.name} draws no masks; ground by='findings'")
        told, logits = self.language.outline(about.saying(f"{asked} {questions.WITH_MASK}"), sampling=sampling)
        if logits is None:
            return Grounding(text=without_codes(told), findings=())
        found = traced(
            look.evidence,
            logits,
            categories_named(told) or categories_named(asked),
            width=look.width,
            height=look.height,
            slope=self.backend.calibration.slope,
            offset=self.backend.calibration.offset,
        )
        return Grounding(text=without_codes(told), findings=found)

    def _better(self, a: Look, b: Look, reference: Look | None = None) -> float:
        scores = self.score(a).value, self.score(b).value
        return noting.probability_better(a, b, reference, score_a=scores[0], score_b=scores[1])

    def _notes(self, look: Look, question: str = "") -> PictureNotes:
        return noting.picture_notes(self.assess(look), look.evidence, asked=categories_named(question))

    def _region_notes(self, look: Look, region: Place) -> RegionNotes:
        place = region_of(region, look)
        return noting.region_notes(look.evidence, place, width=look.width, height=look.height)

    def _about(self, look: Look, region: Place | None = None, question: str = "") -> Conversation:
        if self.viewer is not None:
            focus = None if region is None else region_of(region, look)
            return Conversation.showing(Shown(pixels=look.view), focus=focus)
        features = look.evidence.features
        if region is None:
            return Conversation.about(self._notes(look, question)).seen(features)
        mask = region_of(region, look).to_mask(width=look.width, height=look.height)
        inside = None if features is None else noting.coverage(look.evidence, mask)
        return Conversation.about(self._notes(look), self._region_notes(look, region)).seen(features, inside=inside)

    def _against(self, look: Look, reference: Look) -> Conversation:
        if self.viewer is not None:
            named = ("Reference", reference), ("Image", look)
            return Conversation.showing(*(Shown(name=name, pixels=picture.view) for name, picture in named))
        return Conversation.against(self._notes(look), self._notes(reference))

    def _rate(self, viewer: SeeingBackend, images: Iterable[Any]) -> tuple[list[str], list[Score]]:
        """Names and scores, as many at once as the model takes; pictures are not kept."""
        names, scores, waiting = [], [], deque[Future[Score]]()
        with ThreadPoolExecutor(viewer.concurrency) as pool:
            for image in images:
                look = self._look(image)
                names.append(look.image)
                if len(waiting) == viewer.concurrency:
                    scores.append(waiting.popleft().result())
                waiting.append(pool.submit(seeing.rate, viewer, look.view))
            scores += [future.result() for future in waiting]
        return names, scores

    def _compare_shown(
        self, viewer: SeeingBackend, a: Look, b: Look, reference: Look | None, sampling: Sampling
    ) -> Comparison:
        original = None if reference is None else reference.view
        a_better = seeing.better(viewer, a.view, b.view, original)
        winner = "A" if a_better >= 0.5 else "B"
        about = seeing.pair(a.view, b.view, original).saying(self._asks.two)
        text = self._write(about, sampling, opening=f"Image {winner} is better")
        return Comparison(winner=winner, probability=max(a_better, 1 - a_better), differences={}, text=text)

    def _point_out(self, viewer: SeeingBackend, look: Look, asked: str, sampling: Sampling) -> Grounding:
        about = self._about(look)
        if isinstance(viewer, MaskingBackend):
            text, masks = viewer.segment(about.saying(asked), sampling=sampling)
            return Grounding(text=text, findings=(), regions=masks)
        about = about.saying(f"{asked}\n{plain.SAY_WHERE}")
        text = self._write(about, sampling)
        point = seeing.point(viewer, about.answered(text), width=look.width, height=look.height)
        if point is None:
            return Grounding(text=text, findings=())
        if self._segmenter is not None:
            mask = self._segmenter.at(look.view, [point], [True])
            return Grounding(text=text, findings=(), point=point, regions=(mask,) if mask.area else ())
        nano = Assessor(self.backend)
        seen = nano.look(look.view)
        report = nano.assess(seen)
        named = categories_named(asked) or categories_named(text)
        among = (*report.findings, *self._suspected(report, seen.evidence, named))
        found = finding_at(point, among, named)
        return Grounding(text=text, findings=() if found is None else (found,), point=point)

    def _suspected(self, report: Report, evidence: Evidence, asked: Collection[Category] = ()) -> list[Finding]:
        fit = self.backend.calibration
        found = noting.suspected(report, evidence, asked, slope=fit.slope, offset=fit.offset)
        return [finding for finding, _ in found]

    def _write(self, conversation: Conversation, sampling: Sampling, opening: str = "") -> str:
        return "".join(self.language.write(conversation, sampling=sampling, opening=opening))

    def _assess_group(self, images: Sequence[Any]) -> Iterator[Report]:
        looks = self._looks([name_of(image) for image in images], [load(image) for image in images])
        yield from crew.each(self.assess, looks, threads=self._threads)

    def _looks(
        self, names: Sequence[str], pictures: Sequence[NDArray[np.uint8]], *, features: bool = False
    ) -> list[Look]:
        if self.viewer is not None:
            return [Look.unseen(name, picture) for name, picture in zip(names, pictures, strict=True)]
        views = [preprocess.view(picture) for picture in pictures]
        evidence = self.backend.perceive(views, features=features)
        cells = [native.cells(picture) for picture in pictures]
        # As one call, so that the tiles of all pictures share batches.
        pixels = [cell.pixels for group in cells for cell in group]
        tiles = iter(self.backend.perceive(pixels) if pixels else ())
        evidence = [
            native.merge(seen, [(cell, next(tiles)) for cell in group], long_side=max(picture.shape[:2]))
            for seen, group, picture in zip(evidence, cells, pictures, strict=True)
        ]
        return [
            Look(image=name, width=picture.shape[1], height=picture.shape[0], seen=seen, view=view)
            for name, picture, seen, view in zip(names, pictures, evidence, views, strict=True)
        ]

    def _report(self, look: Look, several: Collection[Category] | None = None) -> Report:
        fit, width, height = self.backend.calibration, look.width, look.height
        found = find(
            look.evidence,
            width=width,
            height=height,
            threshold=fit.threshold,
            slope=fit.slope,
            offset=fit.offset,
            several=several,
        )
        score = self._score(look.evidence)
        return Report(
            image=look.image, width=width, height=height, model=self.backend.name, score=score, findings=found
        )

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
