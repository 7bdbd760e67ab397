"""Questions that ask for a region, and their answers: a place first, then what is there, then the reason.

The place holds the terms of IQA-Octopus eq. 1; what is there is the label that the data gives, or else the
region's size, shape and edges.
"""

from __future__ import annotations

from typing import Final

from quibble.taxonomy import Category
from quibble.text.answers import graded_list, severity_of
from quibble.text.grammar import Noun, Writer, pool, sentence, sentences
from quibble.text.places import Place, stand_in, where
from quibble.text.pools import QUESTIONS
from quibble.text.scene import Scene, Seen
from quibble.text.vocabulary import Name

_FOUND: Final = pool(
    "found",
    "{where}: {what}",
    "it is [found|located] {where}: {what}",
    "it lies {where}; I mean {what}",
    "{where} {what:lie} {what}",
    "look {where}: {what}",
    "the region in question is {where}, namely {what}",
    "{where} one sees {what}, and that is the region in question",
    "the answer lies {where}: {what}",
    "you will find it {where}: {what}",
    "that is {where}; the region meant is {what}",
    "{where} there {what:are} {what}, which is the one",
    "its place is {where}; it is {what}",
)

_HYD_MOST: Final = pool(
    "hyd_most",
    "there, {d} {d:do} more damage than is done anywhere else in the [picture|image]",
    "with {d}, no other region is damaged as much",
    "{d} {d:make} it the worst part",
    "it suffers from {d}, more than any other region has to bear",
    "{d} {d:weigh} more heavily than what [the other damaged parts have|is found elsewhere]",
    "because of {d}, its quality is the lowest of all regions",
    "nowhere else has the degradation gone as far as here, with {d}",
    "it shows {d}, and [everything else is|all other parts are] in better condition",
    "the reason is {d}",
    "what sets it apart is {d}",
)

_HYD_LEAST: Final = pool(
    "hyd_least",
    "there, {d} {d:do} less damage than is done to {others}",
    "with {d}, it has come off best of the degraded regions",
    "although it shows {d}, {others} {others:have} suffered more",
    "{d} {d:weigh} less than what was done to {others}",
    "it has {d}, and still its quality is the best among the degraded regions",
    "{d} {d:are} all that is wrong with it, and {others} {others:are} worse off",
    "among the regions with defects it is the mildest case, with {d}",
    "its degradation, {d}, is the least of all degraded regions",
    "{others} {others:look} worse, since here there {d:are} only {d}",
    "it got {d}, which is less than {others} got",
)

_SID_MOST: Final = pool(
    "sid_most",
    "there, {n} {n:reach} a {severity} level, more than anywhere else",
    "the level of {n} is {severity} there and lower in {others}",
    "{d} can be seen there, while {others} {others:have} less of {n:them}",
    "no other region has as much {n}: the level is {severity} here",
    "in {others}, {n} {n:are} weaker than here, where the level is {severity}",
    "it shows {d}, the strongest case in the [picture|image]",
    "compared with {others}, {n} {n:are} stronger here, at a {severity} level",
    "here the {n} {n:are} {severity}, which is more than {others} {others:show}",
    "{others} {others:show} less of it, while here one sees {d}",
    "one sees {d} there, and nothing as strong elsewhere",
)

_SID_LEAST: Final = pool(
    "sid_least",
    "there, {n} {n:stay} at a {severity} level, below that of {others}",
    "the level of {n} is only {severity} there, and higher in {others}",
    "{d} can be seen there, while {others} {others:have} more of {n:them}",
    "of all regions with {n} it has the least, at a {severity} level",
    "in {others}, {n} {n:are} stronger than here, where the level is {severity}",
    "it shows {d}, the mildest case in the [picture|image]",
    "compared with {others}, {n} {n:are} weaker here, at a {severity} level",
    "here the {n} {n:are} {severity}, and {others} {others:are} worse in this respect",
    "{others} {others:show} more of it, while here one sees {d}",
    "one sees {d} there, and stronger cases elsewhere",
)

_ORDER: Final = pool(
    "order",
    "there, {first} {first:are} followed by {second}",
    "first {first} {first:were} added to it, then {second}",
    "{second} {second:lie} over {first} there",
    "its distortions came in this order: {first}, then {second}",
    "it began with {first} and ended with {second}",
    "{first} {first:come} first in this region, and {second} after that",
    "the two steps were {first} and, later, {second}",
    "one can tell that {second} {second:were} added after {first}",
    "underneath there {first:are} {first}, and {second} on top",
    "the sequence in this place is {first} before {second}",
)


def ask(writer: Writer, kind: str, **nouns: Noun) -> str:
    """A question of a pool of quibble.text.pools, its slots filled."""
    return sentence(writer.write(QUESTIONS[kind], **nouns))


def ground_total(writer: Writer, scene: Scene, target: Seen, *, most: bool) -> str:
    """The answer to HyD-G: the region whose defects add up to the most, or the least of the degraded ones."""
    templates = _HYD_MOST if most else _HYD_LEAST
    reason = writer.write(templates, d=graded_list(writer, target.worst_first), others=_others(scene))
    return sentences(_found(writer, scene, target), reason)


def ground_single(writer: Writer, scene: Scene, target: Seen, category: Category, name: Name, *, most: bool) -> str:
    """The answer to SiD-G: of the degraded regions, which all have one defect, the one with the most or least of it.

    `name` is what the question called the defect.
    """
    (defect,) = (d for d in target.defects if d.category is category)
    severity = severity_of(defect)
    reason = writer.write(
        _SID_MOST if most else _SID_LEAST,
        d=name.graded(severity),
        n=name.noun,
        severity=severity,
        others=_others(scene),
    )
    return sentences(_found(writer, scene, target), reason)


def ground_order(writer: Writer, scene: Scene, target: Seen, first: Noun, second: Noun) -> str:
    """The answer to DAO-G: the region in which `first` was added before `second`."""
    return sentences(_found(writer, scene, target), writer.write(_ORDER, first=first, second=second))


def _others(scene: Scene) -> Noun:
    """The degraded regions beside the one that is meant."""
    several = sum(bool(seen.defects) for seen in scene.regions) > 2
    return Noun("the other degraded regions", plural=True) if several else Noun("the other degraded region")


def _found(writer: Writer, scene: Scene, target: Seen) -> str:
    assert target.region is not None
    place = Place(region=target.region, width=scene.width, height=scene.height)
    return writer.write(_FOUND, where=where(writer, place), what=stand_in(writer, place))
