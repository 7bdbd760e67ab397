"""Figures of the language half on held-out photographs and held-out wordings.

python scripts/evaluate_language.py --records RUNS/octopus --photos PHOTOS --model PATH/TO/LANGUAGE

records: octopus records built from photographs that nothing was trained on. photos: a folder of clean ones of the same
kind. grounding: more such records, of which only those that ask for a region are used; few of the others do. Built with
--test 1, they ask in held-out wordings only. Questions are asked with the real perception's evidence; their keys come
from the exact truth.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quibble import distort, noting
from quibble.assessor import Assessor
from quibble.backends.language import GREEDY
from quibble.backends.onnx import OnnxPerception
from quibble.backends.speaker import OnnxSpeaker
from quibble.backends.weights import NANO
from quibble.bench.tasks.records import union
from quibble.distort import combine_opinions, opinion
from quibble.geometry import Box, Mask, grid_decode
from quibble.image import load
from quibble.look import Look
from quibble.pipelines.photos import resize
from quibble.pipelines.talk import ground, kinds, region
from quibble.pipelines.talk.compare import Pair, better
from quibble.pipelines.talk.describe import describe
from quibble.pipelines.talk.exchange import Exchange, Sight
from quibble.pipelines.talk.keys import agrees
from quibble.text.conversation import Conversation
from quibble.text.evidence import SIDE, ComparisonNotes, PictureNotes
from quibble.text.grammar import Wording, Writer
from quibble.text.vocabulary import categories_named
from quibble.train.recorded import Perceived, perceive, true_notes, true_region

#: A conversation whose last turn has no answer -> the answer.
Speaker = Callable[[Conversation], str]
#: A perceived record and a question for a region -> its mask; None if there is none in the answer.
Grounder = Callable[[Perceived, str], Mask | None]
SEED = 17
#: Questions on every picture, and the side to which clean photographs are shrunk.
EACH, LONG_SIDE = 4, 512
#: Pairs whose opinions differ by less have no winner.
OPINION_GAP = 3.0


@dataclass
class Tally:
    """Means of figures by name."""

    values: dict[str, list[float]]

    @classmethod
    def empty(cls) -> Tally:
        return cls(values=defaultdict(list))

    def add(self, name: str, value: float) -> None:
        self.values[name].append(float(value))

    def figures(self) -> dict[str, float]:
        out = {name: round(float(np.mean(v)), 4) for name, v in sorted(self.values.items())}
        return out | {f"n/{name}": len(v) for name, v in sorted(self.values.items())}


def writer_of(*key: int) -> Writer:
    """Held-out wordings only."""
    return Writer(np.random.default_rng([SEED, *key]), Wording.HELD_OUT)


def ask(speaker: Speaker, conversation: Conversation, exchange: Exchange) -> str:
    return speaker(conversation.saying(exchange.question))


def measure_questions(speaker: Speaker, items: Iterable[Perceived], tally: Tally) -> None:
    """Yes or no, what, how and multiple choice, the truth being the record's distortions.

    Each is asked twice: with the notes of the real perception, and with perfect ones, so that only words can fail.
    """
    for number, item in enumerate(items):
        writer = writer_of(1, number)
        sight = Sight(true_notes(item.record))
        for _ in range(EACH):
            exchange = kinds.checkable(writer, sight)
            right = agrees(exchange, ask(speaker, item.about(question=exchange.question), exchange))
            tally.add(f"question/{exchange.kind}", right)
            tally.add("question", right)
            read = agrees(exchange, ask(speaker, Conversation.about(sight.picture), exchange))
            tally.add(f"question_perfect_notes/{exchange.kind}", read)
            tally.add("question_perfect_notes", read)


def measure_referring(speaker: Speaker, items: Iterable[Perceived], tally: Tally) -> None:
    """All distortions of a region right, in short and in long answers."""
    for number, item in enumerate(items):
        for at, entry in enumerate(item.record.regions):
            if not entry.degradations:
                continue
            truth, writer = true_region(item.record, at), writer_of(2, number, at)
            for form, refer in (("short", region.refer_short), ("long", region.refer_long)):
                exchange = refer(writer, truth, count=len(truth.found))
                said = ask(speaker, item.about(at), exchange)
                tally.add(f"refer_{form}", categories_named(said) == {category for category, _, _ in truth.found})


def measure_descriptions(speaker: Speaker, items: Iterable[Perceived], tally: Tally) -> None:
    """Agreement of descriptions with the findings of the same picture."""
    for number, item in enumerate(items):
        sight = Sight(item.notes)
        exchange = describe(writer_of(3, number), sight)
        named = categories_named(ask(speaker, item.about(), exchange))
        found = {note.category for note in item.notes.notes}
        for category in named:
            tally.add("agreement/named_is_shown", category in found)
        for category in sight.strong:
            tally.add("agreement/strong_is_named", category in named)


def measure_boxes(speaker: Speaker, items: Iterable[Perceived], tally: Tally) -> None:
    """IoU of the box in an answer with the true region, for the picture's main defect."""
    for number, item in enumerate(items):
        truth = true_notes(item.record)
        if not truth.notes:
            continue
        main = truth.notes[0]
        writer = writer_of(4, number)
        question = ground.box_question(writer, main.category)
        said = speaker(item.about(question=question).saying(question))
        tally.add("box_iou", max((box.iou(main.spot.box) for box in boxes_in(said)), default=0.0))


def boxes_in(text: str) -> Iterator[Box]:
    """Boxes of grid codes in an answer, in a picture of SIDE x SIDE; codes that are none are left out."""
    for cells in re.findall(r"\((\d{1,3}),(\d{1,3})\)", text):
        start, end = (int(cell) for cell in cells)
        if start // 20 <= end // 20 < 20 and start % 20 <= end % 20:
            yield grid_decode((start, end), width=SIDE, height=SIDE)


def measure_grounding(grounder: Grounder, way: str, items: Iterable[Perceived], tally: Tally) -> None:
    """mIoU of the records' own grounding questions, by task, one way of making masks."""
    for item in items:
        if item.asked is None or not item.record.task.startswith("grounding"):
            continue
        image, place = item.record.images[0], item.record.regions[item.asked].region
        truth = place.to_mask(width=image.width, height=image.height)
        found = grounder(item, item.record.turns[0].question)
        tally.add(f"{item.record.task}/{way}", found.iou(truth) if found is not None else 0.0)


def measure_clean(speaker: Speaker, assessor: Assessor, photos: Iterable[NDArray[np.uint8]], tally: Tally) -> None:
    """Defects that descriptions of clean photographs name."""
    for number, picture in enumerate(photos):
        look = assessor.look(picture)
        notes = _notes(assessor, look)
        exchange = describe(writer_of(5, number), Sight(PictureNotes(score=notes.score, notes=())))
        said = ask(speaker, Conversation.about(notes).seen(look.evidence.features), exchange)
        tally.add("invented_on_clean", len(categories_named(said)))


def measure_pairs(speaker: Speaker, assessor: Assessor, photos: Iterable[NDArray[np.uint8]], tally: Tally) -> None:
    """Which of two distorted versions of one photograph is better, the truth being opinion-calibrated severity."""
    for number, picture in enumerate(photos):
        rng = np.random.default_rng([SEED, 6, number])
        plans = [distort.Sequence.random(rng, count=int(rng.integers(1, 3))) for _ in range(2)]
        opinions = [combine_opinions(opinion(s.distortion, s.level) for s in plan.steps) for plan in plans]
        if abs(opinions[0] - opinions[1]) < OPINION_GAP:
            continue
        versions = [plan.apply(picture, seed=int(rng.integers(2**31))) for plan in plans]
        looks = [assessor.look(version) for version in versions]
        a, b = (_notes(assessor, look) for look in looks)
        compared = _compared(looks, (a, b))
        winner = "A" if opinions[0] > opinions[1] else "B"
        tally.add("compare/notes", compared.winner == winner)
        truth = Pair(a=Sight(a), b=Sight(b), notes=_with_winner(compared, winner))
        exchange = better(writer_of(7, number), truth)
        conversation = Conversation.comparing(a, b, compared).seen(*(look.evidence.features for look in looks))
        tally.add("compare", agrees(exchange, ask(speaker, conversation, exchange)))
        original = assessor.look(picture)
        compared = _compared(looks, (a, b), original)
        tally.add("compare_with_reference/notes", compared.winner == winner)
        conversation = Conversation.comparing(a, b, compared, _notes(assessor, original))
        tally.add("compare_with_reference", agrees(exchange, ask(speaker, conversation, exchange)))


def _compared(
    looks: Sequence[Look], notes: tuple[PictureNotes, PictureNotes], original: Look | None = None
) -> ComparisonNotes:
    a, b = notes
    better = noting.probability_better(looks[0], looks[1], original, score_a=a.score, score_b=b.score)
    return ComparisonNotes.of(a, b, a_better=better)


def _with_winner(notes: ComparisonNotes, winner: str) -> ComparisonNotes:
    return ComparisonNotes(winner=winner, sure=notes.sure, differences=notes.differences)


def _notes(assessor: Assessor, look: Look) -> PictureNotes:
    return noting.picture_notes(assessor.assess(look), look.evidence)


def clean_photos(folder: Path, count: int) -> Iterator[NDArray[np.uint8]]:
    """The first photographs of a folder, shrunk as the records are."""
    for path in sorted(folder.iterdir())[:count]:
        picture = load(path)
        scale = min(1.0, LONG_SIDE / max(picture.shape[:2]))
        height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
        yield resize(picture, width=width, height=height)


def evaluate(
    speaker: Speaker,
    assessor: Assessor,
    records: Path,
    photos: Path,
    count: int,
    grounders: Mapping[str, Grounder],
    grounding: Path | None = None,
) -> dict[str, float]:
    """All figures by name, and on how many cases each rests. grounders: the ways of making masks, by name. grounding:
    the records that they are measured on; those of the other figures if there are none."""
    tally = Tally.empty()
    seen = perceive(records, assessor, features=True, sought=False)
    items = [item for _, item in zip(range(count), seen, strict=False)]
    for measure in (measure_questions, measure_referring, measure_descriptions, measure_boxes):
        measure(speaker, items, tally)
    asked = items if grounding is None else list(perceive(grounding, assessor))
    for way, grounder in grounders.items():
        measure_grounding(grounder, way, asked, tally)
    pictures = list(clean_photos(photos, count))
    measure_clean(speaker, assessor, pictures, tally)
    measure_pairs(speaker, assessor, pictures, tally)
    return tally.figures()


def speaker_of(assessor: Assessor) -> Speaker:
    """The assessor's language model, greedy, from evidence alone."""
    return lambda conversation: "".join(assessor.language.write(conversation, sampling=GREEDY))


def grounders_of(assessor: Assessor) -> dict[str, Grounder]:
    """The findings that an answer means, as one mask; and the mask of its segmentation tokens, if it can have them."""

    def by(way: Literal["findings", "tokens"]) -> Grounder:
        def ground_one(item: Perceived, question: str) -> Mask | None:
            masks = assessor.ground(item.picture, question, by=way).masks
            return union(list(masks)) if masks else None

        return ground_one

    draws = isinstance(assessor.language, OnnxSpeaker) and assessor.language.draws
    return {"findings": by("findings")} | ({"tokens": by("tokens")} if draws else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--grounding", type=Path, help="records that grounding is measured on, instead of those")
    parser.add_argument("--model", type=Path, default=NANO / "language")
    parser.add_argument("--perception", type=Path, default=NANO)
    parser.add_argument("--count", type=int, default=300, help="records and photographs at most")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    assessor = Assessor(OnnxPerception(arguments.perception), OnnxSpeaker(arguments.model))
    speaker, grounders = speaker_of(assessor), grounders_of(assessor)
    where = arguments.records, arguments.photos, arguments.count
    figures = evaluate(speaker, assessor, *where, grounders, arguments.grounding)
    print(json.dumps(figures) if arguments.json else "\n".join(f"{k:<28} {v:8.4g}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
