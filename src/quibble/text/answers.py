"""Answers about a scene, written from its exact parameters: descriptions of the whole and of parts, and referring.

A writer's random numbers choose among wordings only; what is said is fixed by the scene. A defect is always called
by a name of its category (quibble.text.vocabulary), and what it does is said by a clause that is true at its
severity and for the facts measured where it is (quibble.text.effects, quibble.text.tones).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from quibble.taxonomy import SEVERITIES_5, Level
from quibble.text.effects import SPACE_EFFECTS
from quibble.text.grammar import Noun, Template, Writer, enumerate_words, pool, sentence, sentences, when
from quibble.text.places import Place, stand_in, where
from quibble.text.scene import Defect, Fact, Scene, Seen
from quibble.text.tones import TONE_EFFECTS
from quibble.text.vocabulary import ADJECTIVES, GRADED_NAMES, KIND_NAMES, PLAIN_NAMES, SEVERITY_ADVERBS, Name

EFFECTS: Final = {**SPACE_EFFECTS, **TONE_EFFECTS}

_OPEN: Final = pool(
    "open",
    "{r} {r:suffer} from {d}",
    "{d} {d:affect} {r}",
    "{r} {r:are} {adjective}",
    "the [main|most noticeable] defect of {r} is {d}",
    "{d} can be seen in {r}",
    "{r} {r:show} {d}",
    when("what stands out in {r} is {d}", 2),
    "{d} {d:degrade} {r}",
    when("{r} {r:have} been hit by {d}", 3),
    "in {r} there {d:are} {d}",
    "the quality of {r} is lowered by {d}",
    "a look at {r} reveals {d}",
    when("one notices {d} in {r} at [once|first sight]", 3),
    when("{d} {d:spoil} {r}", 3),
    when("the eye soon finds {d} in {r}", 2),
    when("[only|merely] {d} {d:mar} {r}", 1, 1),
    "{r} {r:have} {d}",
    "the problem of {r} is {d}",
    when("{d} {d:are} hard to overlook in {r}", 3),
    "where {r} {r:are} concerned, {d} must be mentioned",
)

_MORE: Final = pool(
    "more",
    "{r} also {r:suffer} from {d}",
    "in addition, there {d:are} {d}",
    "besides, {r} {r:are} {adjective}",
    "{d} {d:add} to the damage",
    "at the same time, {d} {d:are} present",
    "this is joined by {d}",
    "alongside, {d} can be seen",
    "there {d:are} {d} as well",
    "{d} {d:make} matters worse",
    "furthermore, {r} {r:show} {d}",
    "a second defect is {d}",
    "to this, {d} must be added",
)

_LINK: Final = pool(
    "link",
    "{a}: {e}",
    "{a}, and {e}",
    "{a}, so {e}",
    "{a}. {E}",
    "{a}. Looking closer, one finds that {e}",
    "{a}; {e}",
    "{a}, which means that {e}",
    "{a}. One can see that {e}",
    "{a}, with the effect that {e}",
    "{a}. It shows in this way: {e}",
    "{a}. As a result, {e}",
    "{a}, in that {e}",
)

_BOTH: Final = pool(
    "both",
    "{e}, and {f}",
    "{e}; {f}",
    "{e}. {F}",
    "{e}. Besides, {f}",
    "{e}. Moreover, {f}",
    "{e}. At the same time, {f}",
)

_VERDICT: Final = pool(
    "verdict",
    "overall, the quality of {r} is {q}",
    "all in all, {r} {r:are} of {q} quality",
    "taken together, this makes for {q} quality",
    "my verdict: {q} quality",
    "[in sum|altogether], the quality of {r} can be called {q}",
    "on the whole, {r:their} quality is {q}",
    "I rate the quality of {r} as {q}",
    "the overall quality of {r} is {q}",
    "taken as a whole, {r:their} quality is {q}",
    "the rating for {r} is {q}",
    "I would call the quality of {r} {q}",
    "in one word, the quality is {q}",
)

_VERDICT_STILL: Final = pool(
    "verdict_still",
    "[even so|still|all the same], the overall quality of {r} is {q}",
    "as these parts are small, {r} as a whole {r:are} of {q} quality",
    "taken as a whole, {r} {r:are} nevertheless of {q} quality",
    "this is not enough to spoil {r}, whose quality is {q} overall",
    "on balance, the quality of {r} is {q}",
    "since most of {r} is untouched, I would still call the quality {q}",
)

_CLEAN: Final = pool(
    "clean",
    "no distortion can be made out in {r}",
    "{r} {r:look} clean",
    "nothing is [visibly |]wrong with {r}",
    "{r} {r:are} free of visible [distortions|defects]",
    "there is no visible [defect|degradation] in {r}",
    "{r} {r:have} kept {r:their} quality",
    "{r} {r:show} no [sign|trace] of degradation",
    "I find nothing to criticize in {r}",
    "{r} {r:look} as {r:they} should",
    "I notice no distortion in {r}",
)

_CLEAN_MORE: Final = pool(
    "clean_more",
    when("[texture and fine detail|fine detail and texture] are [intact|well preserved]", 1, 5, Fact.DETAILED),
    when(
        "edges are [crisp|well defined] and the texture [can be followed|is there] down to small scales",
        1,
        5,
        Fact.DETAILED,
    ),
    when("even tones are smooth and free of grain", 1, 5, Fact.SMOOTH),
    "I see neither grain nor blocks, and nothing is smeared",
    "nothing has been lost to processing",
    "brightness and contrast are well balanced",
    "small structures are rendered cleanly",
    "no part of it looks damaged",
    "transitions between tones are gradual and without steps",
    "there is no [grain|speckle], no blocking and no halo around edges",
    when("the [fine detail|texture] looks natural, neither softened nor overdone", 1, 5, Fact.DETAILED),
    when("smooth surfaces stay smooth, without specks or steps", 1, 5, Fact.SMOOTH),
)

_PARTS: Final = pool(
    "parts",
    "{n} {n:are} degraded",
    "the {p} is not equally good everywhere: {n} {n:have} suffered",
    "the quality of the {p} is uneven, as {n} {n:show} defects",
    "defects are confined to {n}",
    "something is wrong in {n}",
    "the damage in this {p} is local: it concerns {n}",
    "in this {p}, {n} {n:have} been distorted",
    "distortions are found in {n}",
    "one has to tell the parts of this {p} apart, since {n} {n:are} damaged",
    "not the whole {p} but {n} {n:are} affected by distortions",
)

_PART: Final = pool(
    "part",
    "{where}, {r} {r:suffer} from {d}",
    "{r} ({where}) {r:are} {adjective}",
    "{r}, {where}, {r:show} {d}",
    "{where}, {d} {d:affect} {r}",
    "in {r}, {where}, there {d:are} {d}",
    "{d} {d:degrade} {r} {where}",
    "{where}, one finds {d} in {r}",
    "{r}, which {r:lie} {where}, {r:have} {d}",
)

_REST: Final = pool(
    "rest",
    "the rest of the {p} shows no [visible |]distortion",
    "elsewhere, the {p} is in good order",
    "the remaining parts look clean",
    "outside [this|these parts], nothing disturbs the eye",
    "everything else has kept its quality",
    "no other part is visibly affected",
    "the other areas are free of visible defects",
    "apart from that, the {p} is clean",
)

_WHOLE: Final = pool(
    "whole",
    "the whole {r} {r:suffer} from {d}",
    "{d} {d:run} through the whole {r}",
    "the {r} {r:are} {adjective} from edge to edge",
    "{d} {d:cover} the entire {r}",
    "everywhere in this {r}, {d} can be seen",
    "this {r} {r:show} {d} throughout",
    "the main defect of this {r} is {d}, and no part is spared",
    "{d} {d:leave} no part of the {r} untouched",
    "the {r} as a whole {r:are} {adjective}",
    "{d} {d:affect} all parts of the {r} alike",
)

_CAUSE: Final = pool(
    "cause",
    "the main distortion is {d}",
    "{r} {r:suffer} from {d}",
    "{d} {d:stand} out",
    "I see {d}",
    "it is {d}",
    "the problem is {d}",
    "{r} {r:show} {d}",
    "there {d:are} {d} in {r}",
    "{d} {d:are} visible",
    "the most striking defect is {d}",
    "what one notices is {d}",
)

#: Words of clauses that say nothing of what the clause is about.
_COMMON: Final = frozenset({"looks", "direction", "directed", "there", "where", "their", "would", "should", "these"})

_COUNTS: Final = {1: "one [region|area|part]", 2: "two [regions|areas|parts]", 3: "three [regions|areas|parts]"}


def describe_region(writer: Writer, seen: Seen, name: Noun) -> str:
    """The quality of one region: its defects, the worst first, their effects, and a verdict."""
    if not seen.defects:
        return sentences(writer.write(_CLEAN, r=name), _clean_detail(writer, seen.facts))
    return sentences(_defects(writer, seen, name, _OPEN), _verdict(writer, name, seen.quality))


def describe_whole(writer: Writer, scene: Scene) -> str:
    """The quality of a picture that is degraded all over, in parts, or not at all."""
    picture = Noun(writer.one_of("picture|image|photo|photograph"))
    the_picture = Noun(f"the {picture}")
    damaged = [seen for seen in scene.regions if seen.defects]
    if not damaged:
        facts = scene.regions[0].facts if scene.regions else frozenset()
        clean = writer.write(_CLEAN, r=the_picture)
        return sentences(clean, _clean_detail(writer, facts), _verdict(writer, the_picture, scene.quality))
    if damaged[0].region is None:
        told = _defects(writer, damaged[0], picture, _WHOLE)
        return sentences(told, _verdict(writer, the_picture, scene.quality))
    count = Noun(writer.vary(_COUNTS[len(damaged)]), plural=len(damaged) > 1)
    parts = [_part(writer, scene, seen) for seen in damaged]
    well = scene.quality in (Level.EXCELLENT, Level.GOOD)
    verdict = _verdict(writer, the_picture, scene.quality, _VERDICT_STILL if well else _VERDICT)
    return sentences(writer.write(_PARTS, n=count, p=picture), *parts, writer.write(_REST, p=picture), verdict)


def refer_short(writer: Writer, seen: Seen) -> str:
    """The names of a region's defects, in the order in which they were added."""
    return sentence(enumerate_words([str(plain_name(writer, defect).noun) for defect in seen.defects]))


def refer_long(writer: Writer, seen: Seen, name: Noun) -> str:
    """A region's defects, the worst first, with how strongly and by what each shows."""
    first, *rest = seen.worst_first
    pronoun = _pronoun(name)
    told = [_linked(writer, writer.write(_CAUSE, r=name, **_words(writer, first)), first)]
    told += [_linked(writer, writer.write(_fitting(_MORE, d), r=pronoun, **_words(writer, d)), d) for d in rest]
    return sentences(*told)


def graded_name(writer: Writer, defect: Defect) -> Name:
    """One of the names of a defect that read well behind a severity."""
    kinds = KIND_NAMES.get(defect.degradation.distortion, ())
    return _one(writer, GRADED_NAMES[defect.category] + kinds)


def plain_name(writer: Writer, defect: Defect) -> Name:
    """One of the names of a defect that read well alone."""
    kinds = KIND_NAMES.get(defect.degradation.distortion, ())
    return _one(writer, PLAIN_NAMES[defect.category] + kinds)


def gradable_name(writer: Writer, defect: Defect) -> Name:
    """One of the names that read well both alone and behind a severity."""
    plain = {name.noun for name in PLAIN_NAMES[defect.category]}
    kinds = KIND_NAMES.get(defect.degradation.distortion, ())
    both = [name for name in GRADED_NAMES[defect.category] if name.noun in plain or not name.countable]
    return _one(writer, (*both, *kinds))


def severity_of(defect: Defect) -> str:
    """The word of the five for a defect's level."""
    return SEVERITIES_5[defect.severity - 1]


def graded(writer: Writer, defect: Defect) -> Noun:
    """A defect with its severity: "serious blur", "a slight loss of contrast"."""
    return graded_name(writer, defect).graded(severity_of(defect))


def graded_list(writer: Writer, defects: tuple[Defect, ...]) -> Noun:
    """Several defects with their severities as one noun."""
    nouns = [graded(writer, defect) for defect in defects]
    return nouns[0] if len(nouns) == 1 else Noun(enumerate_words([str(noun) for noun in nouns]), plural=True)


def effect(writer: Writer, defect: Defect) -> str:
    """One or two clauses about what a defect does."""
    fitting = _true_of(defect)
    template = writer.choose(fitting)
    first = _filled(writer, template, defect)
    others = [other for other in fitting if not _words_in(other) & _words_in(template)]
    if not others or writer.rng.random() < 0.5:
        return first
    second = _filled(writer, writer.choose(others), defect)
    return writer.write(_BOTH, e=first, f=second, F=second[:1].upper() + second[1:])


def _defects(writer: Writer, seen: Seen, name: Noun, opening: tuple[Template, ...]) -> str:
    """The sentences on all defects of a region, either one by one or all names first."""
    first, *rest = seen.worst_first
    if rest and writer.rng.random() < 0.4:
        both = writer.write(_fitting(opening, *seen.worst_first), r=name, **_words(writer, *seen.worst_first))
        return sentences(both, *(effect(writer, defect) for defect in seen.worst_first))
    told = [_linked(writer, writer.write(_fitting(opening, first), r=name, **_words(writer, first)), first)]
    pronoun = _pronoun(name)
    told += [_linked(writer, writer.write(_fitting(_MORE, d), r=pronoun, **_words(writer, d)), d) for d in rest]
    return sentences(*told)


def _part(writer: Writer, scene: Scene, seen: Seen) -> str:
    """The sentences on one degraded region of a picture, with its place."""
    assert seen.region is not None
    place = Place(region=seen.region, width=scene.width, height=scene.height)
    name = stand_in(writer, place)
    clause = writer.write(_PART, r=name, where=where(writer, place), **_words(writer, *seen.worst_first))
    first, *rest = seen.worst_first
    return sentences(writer.write(_LINK, **_pair(clause, effect(writer, first))), *(effect(writer, d) for d in rest))


def _words(writer: Writer, *defects: Defect) -> dict[str, Noun | str]:
    """The slots of a clause about defects: "serious blur and slight noise", "seriously blurred and slightly noisy"."""
    adjectives = [f"{SEVERITY_ADVERBS[severity_of(d)]} {writer.one_of(ADJECTIVES[d.category])}" for d in defects]
    return {"d": graded_list(writer, defects), "adjective": enumerate_words(adjectives)}


def _linked(writer: Writer, clause: str, defect: Defect) -> str:
    return writer.write(_LINK, **_pair(clause, effect(writer, defect)))


def _pair(clause: str, effect: str) -> dict[str, str]:
    return {"a": clause, "e": effect, "E": effect[:1].upper() + effect[1:]}


def _true_of(defect: Defect) -> list[Template]:
    """The clauses that are true of a defect."""
    return [t for t in EFFECTS[defect.degradation.distortion] if t.fits(defect.severity, defect.facts)]


def _filled(writer: Writer, template: Template, defect: Defect) -> str:
    return writer.vary(template.text).format(**_directions(defect))


@cache
def _words_in(template: Template) -> frozenset[str]:
    """The longer words of a clause in all its variants: two clauses that share one would repeat each other."""
    return frozenset(word for word in re.findall(r"[a-z]+", template.text) if len(word) > 4 and word not in _COMMON)


def _directions(defect: Defect) -> dict[str, str]:
    """The slots of a clause about motion blur: which way it runs, from its angle (0 to the right, 90 down)."""
    angle = defect.degradation.parameters.get("angle_deg")
    if angle is None:
        return {}
    steep = abs(angle)
    kind = "horizontal" if steep <= 22.5 else "vertical" if steep >= 67.5 else "diagonal"
    return {"directed": kind, "direction": f"{kind}ly"}


def _fitting(templates: tuple[Template, ...], *defects: Defect) -> tuple[Template, ...]:
    return tuple(t for t in templates if all(t.fits(d.severity, d.facts) for d in defects))


def _clean_detail(writer: Writer, facts: frozenset[Fact]) -> str:
    """Two sentences on what is as it should be."""
    fitting = [t for t in _CLEAN_MORE if t.fits(1, facts)]
    first = writer.write(fitting)
    return sentences(first, writer.write([t for t in fitting if t.id != writer.used[-1]]))


def _verdict(writer: Writer, name: Noun, quality: Level | None, templates: tuple[Template, ...] = _VERDICT) -> str:
    """The sentence on quality; nothing if there is no verdict."""
    return writer.write(templates, r=name, q=quality.value) if quality is not None else ""


def _pronoun(name: Noun) -> Noun:
    return Noun("they", plural=True) if name.plural else Noun("it")


def _one(writer: Writer, names: tuple[Name, ...]) -> Name:
    return names[int(writer.rng.integers(len(names)))]
