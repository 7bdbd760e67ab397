"""How far people agree: Q-Ground's eq. 1 and contradictions for masks, majorities for questionnaires, kappa for all.

Cohen's kappa is taken between every two people on the items that both answered: on each question of a questionnaire;
for masks on whether a class is there at all; for pathway feedback on whether a text finds fault with a class, as far as
rules can read that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any, Final

from quibble.annotate.answers import Marked, Pathway
from quibble.annotate.consensus import NOMINAL, QUESTIONS, answered, consensus
from quibble.annotate.export import Judgement, by_item, judgements
from quibble.annotate.kinds import Kind
from quibble.annotate.study import Study
from quibble.annotate.work import longest_run
from quibble.bench.metrics.kappa import kappa
from quibble.bench.metrics.masks import Agreement
from quibble.bench.metrics.masks import agreement as measure
from quibble.geometry import Mask
from quibble.pipelines.depict.questionnaire import Comparison, Questionnaire
from quibble.pipelines.ground.agreement import contradiction, judge, recalls
from quibble.pipelines.ground.named import found_fault
from quibble.pipelines.ground.people import join
from quibble.taxonomy import QGroundClass

_YES, _NO = "yes", "no"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One of the people. seconds: median time for an item, where the server knows. run: most items without a pause."""

    name: str
    answers: int
    rejected: int
    seconds: float | None
    run: int


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked, over every two people and the items they share.

    n: answers compared. same: share of them that are the same. kappa: the mean over pairs of people, by the number of
    items they share, None where it is undefined for all; weighted: quadratically, for answers with an order.
    """

    name: str
    n: int
    same: float | None
    kappa: float | None
    weighted: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two people. items: that both answered. same, kappa: means over the questions. agreement: eq. 1, for masks.

    contradictions: pictures on which they contradict each other.
    """

    first: str
    second: str
    items: int
    same: float
    kappa: float | None
    agreement: float | None = None
    contradictions: int = 0


@dataclass(frozen=True, kw_only=True)
class Masks:
    """What masks alone have. overall: eq. 1 over what each person marked, whatever its class; by_class: of one class.

    accepted, turned_down: annotations, by the rule for people who contradict each other.
    """

    overall: Agreement | None
    by_class: Mapping[QGroundClass, Agreement]
    accepted: int
    turned_down: int


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What questionnaires alone have: items with two answers or more, and on how many of them people agree."""

    items: int
    majority: int
    unanimous: int


@dataclass(frozen=True, kw_only=True)
class Worst:
    """An item that people disagree on. score: 0 for the same, higher for worse; only for sorting. why: in words."""

    judgements: tuple[Judgement, ...]
    score: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """How far a study's people agree. rejects: annotations that were not counted, by reason."""

    kind: Kind
    items: int
    answered: int
    shared: int
    answers: int
    rejects: Mapping[str, int]
    people: tuple[Person, ...]
    questions: tuple[Question, ...]
    pairs: tuple[Pair, ...]
    masks: Masks | None
    consensus: Shared | None
    worst: tuple[Worst, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        masks = self.masks
        return {
            "kind": self.kind.value,
            "items": self.items,
            "answered": self.answered,
            "shared": self.shared,
            "answers": self.answers,
            "rejects": dict(self.rejects),
            "people": [vars(person) for person in self.people],
            "questions": [vars(question) for question in self.questions],
            "pairs": [vars(pair) for pair in self.pairs],
            "masks": None
            if masks is None
            else {
                "overall": masks.overall.to_dict() if masks.overall is not None else None,
                "by_class": {name.value: found.to_dict() for name, found in masks.by_class.items()},
                "accepted": masks.accepted,
                "turned_down": masks.turned_down,
            },
            "consensus": vars(self.consensus) if self.consensus is not None else None,
            "worst": [
                {
                    "item": one.judgements[0].item.id,
                    "people": [each.person for each in one.judgements],
                    "score": one.score,
                    "why": one.why,
                }
                for one in self.worst
            ],
        }


#: How many disagreements a report shows.
WORST: Final = 12


def report(study: Study, *, worst: int = WORST) -> Report:
    """Measure how far people agree, by the answers that were fetched last."""
    kind = study.settings.kind
    found, rejected = judgements(study)
    groups = _groups(found, kind)
    turned_away = Counter(maker.model.partition("/")[2] for item in rejected for maker in item.makers)
    disagreements = [one for group in groups if len(group) > 1 and (one := _disagreement(group)) is not None]
    disagreements.sort(key=lambda one: (-one.score, one.judgements[0].item.id))
    return Report(
        kind=kind,
        items=len(study.items),
        answered=len({one.item.id for one in found}),
        shared=sum(len(group) > 1 for group in groups),
        answers=len(found),
        rejects=dict(Counter(item.reason for item in rejected).most_common()),
        people=tuple(
            _person(name, [one for one in found if one.person == name], turned_away[name], study.settings.pause_min)
            for name in study.settings.people
        ),
        questions=_questions(groups, kind),
        pairs=_pairs(groups),
        masks=_masks(groups) if kind is Kind.MASKS else None,
        consensus=_shared(groups) if kind in (Kind.QUESTIONNAIRE, Kind.COMPARISON) else None,
        worst=tuple(disagreements[:worst]),
    )


def said(one: Judgement) -> dict[str, str]:
    """What somebody answered, as a question's name to an answer; of masks and texts, which classes are there."""
    answer = one.answer
    if isinstance(answer, (Questionnaire, Comparison)):
        return answered(answer)
    there = answer.by_class().keys() if isinstance(answer, Marked) else found_fault(answer.text)
    return {name.value: _YES if name in there else _NO for name in QGroundClass}


def _groups(found: Sequence[Judgement], kind: Kind) -> list[list[Judgement]]:
    """The answers on each item; of masks on each picture, for people mark it by different texts."""
    if kind is not Kind.MASKS:
        return list(by_item(found).values())
    pictures: dict[str, list[Judgement]] = {}
    for one in found:
        pictures.setdefault(str(one.item.images[0].sha256), []).append(one)
    return list(pictures.values())


def _person(name: str, mine: Sequence[Judgement], rejected: int, pause_min: float) -> Person:
    times = [one.given.seconds for one in mine if one.given.seconds is not None]
    return Person(
        name=name,
        answers=len(mine),
        rejected=rejected,
        seconds=round(median(times), 1) if times else None,
        run=longest_run([one.given.at for one in mine], pause_min=pause_min),
    )


def _together(groups: Sequence[Sequence[Judgement]]) -> dict[tuple[str, str], list[tuple[Judgement, Judgement]]]:
    """For every two people, their answers to what both answered."""
    found: dict[tuple[str, str], list[tuple[Judgement, Judgement]]] = {}
    for group in groups:
        for a, b in combinations(sorted(group, key=lambda one: one.person), 2):
            found.setdefault((a.person, b.person), []).append((a, b))
    return dict(sorted(found.items()))


def _questions(groups: Sequence[Sequence[Judgement]], kind: Kind) -> tuple[Question, ...]:
    orders = _orders(kind)
    pairs = [[(said(a), said(b)) for a, b in both] for both in _together(groups).values()]
    rows = []
    for name, order in orders.items():
        each = [([a[name] for a, _ in both], [b[name] for _, b in both]) for both in pairs]
        n = sum(len(first) for first, _ in each)
        same = sum(a == b for first, second in each for a, b in zip(first, second, strict=True))
        ordered = name not in NOMINAL and len(order) > 2
        rows.append(
            Question(
                name=name,
                n=n,
                same=same / n if n else None,
                kappa=_mean([(kappa(first, second, order=order), len(first)) for first, second in each]),
                weighted=_mean([(kappa(a, b, order=order, quadratic=True), len(a)) for a, b in each])
                if ordered
                else None,
            )
        )
    return tuple(rows)


def _orders(kind: Kind) -> Mapping[str, Sequence[str]]:
    if kind in (Kind.PATHWAY, Kind.MASKS):
        return {name.value: (_NO, _YES) for name in QGroundClass}
    return QUESTIONS[Questionnaire if kind is Kind.QUESTIONNAIRE else Comparison]


def _pairs(groups: Sequence[Sequence[Judgement]]) -> tuple[Pair, ...]:
    found = []
    for (first, second), both in _together(groups).items():
        answers = [(said(a), said(b)) for a, b in both]
        names = list(answers[0][0])
        same = sum(a[name] == b[name] for a, b in answers for name in names) / (len(names) * len(answers))
        kappas = [kappa([a[name] for a, _ in answers], [b[name] for _, b in answers]) for name in names]
        marked = [(_marked(a), _marked(b)) for a, b in both if isinstance(a.answer, Marked)]
        shares = [recalls([join(list(a.values())), join(list(b.values()))])[0] for a, b in marked if a and b]
        found.append(
            Pair(
                first=first,
                second=second,
                items=len(both),
                same=same,
                kappa=_mean([(value, 1) for value in kappas]),
                agreement=sum(shares) / len(shares) if shares else None,
                contradictions=sum(len(judge([a, b]).accepted) < 2 for a, b in marked),
            )
        )
    return tuple(found)


def _masks(groups: Sequence[Sequence[Judgement]]) -> Masks:
    marked = [[_marked(one) for one in group] for group in groups]
    accepted = sum(len(judge(group).accepted) for group in marked)
    by_class = {}
    for name in QGroundClass:
        if (found := _measured([[each[name] for each in group if name in each] for group in marked])) is not None:
            by_class[name] = found
    return Masks(
        overall=_measured([[join(list(each.values())) for each in group if each] for group in marked]),
        by_class=by_class,
        accepted=accepted,
        turned_down=sum(map(len, marked)) - accepted,
    )


def _measured(pictures: Sequence[Sequence[Mask]]) -> Agreement | None:
    return measure(pictures) if any(len(masks) > 1 for masks in pictures) else None


def _shared(groups: Sequence[Sequence[Judgement]]) -> Shared:
    results = [
        consensus([one.answer for one in group if isinstance(one.answer, (Questionnaire, Comparison))])
        for group in groups
        if len(group) > 1
    ]
    return Shared(
        items=len(results),
        majority=sum(result.answer is not None for result in results),
        unanimous=sum(result.unanimous for result in results),
    )


def _disagreement(group: Sequence[Judgement]) -> Worst | None:
    """How far the answers to one item are apart; None if they are the same."""
    pairs = list(combinations(group, 2))
    if isinstance(group[0].answer, Marked):
        against = max(contradiction(_marked(a), _marked(b)) for a, b in pairs)
        shares = [_common(_marked(a), _marked(b)) for a, b in pairs]
        least = min(shares)
        score = against + 1 - least
        why = f"called differently: up to {against:.0%} of the smaller region; least common area: {least:.0%}"
    else:
        orders = _orders(Kind.PATHWAY) if isinstance(group[0].answer, Pathway) else QUESTIONS[type(group[0].answer)]
        far = {
            name: max(_distance(name, order, said(a)[name], said(b)[name]) for a, b in pairs)
            for name, order in orders.items()
        }
        score = sum(far.values()) / len(far)
        apart = sorted((name for name in far if far[name]), key=lambda name: -far[name])
        why = f"apart on {', '.join(apart)}"
    if not score:
        return None
    return Worst(judgements=tuple(group), score=round(score, 4), why=why)


def _common(a: Mapping[QGroundClass, Mask], b: Mapping[QGroundClass, Mask]) -> float:
    """Eq. 1 for two people; where one of them marked nothing, whether the other did not either."""
    return recalls([join(list(a.values())), join(list(b.values()))])[0] if a and b else float(not a and not b)


def _distance(name: str, order: Sequence[str], a: str, b: str) -> float:
    """How far two answers are apart, 0..1."""
    if name in NOMINAL:
        return float(a != b)
    return abs(order.index(a) - order.index(b)) / (len(order) - 1)


def _marked(one: Judgement) -> dict[QGroundClass, Mask]:
    assert isinstance(one.answer, Marked)
    return one.answer.by_class()


def _mean(values: Sequence[tuple[float | None, int]]) -> float | None:
    """The mean of the values that are there, by their weights."""
    there = [(value, weight) for value, weight in values if value is not None]
    return sum(value * weight for value, weight in there) / sum(weight for _, weight in there) if there else None
