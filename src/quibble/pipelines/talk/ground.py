"""Where something is: questions for a place, a box or a mask, in the kinds of IQA-Octopus and in plain words."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, chance, picture_word, there_are
from quibble.pipelines.talk.phrases import instead
from quibble.pipelines.talk.words import ASKED, far, graded
from quibble.taxonomy import Category
from quibble.text.evidence import POSSIBLE, Cluster, Note, Spot, clusters
from quibble.text.grammar import Noun, Writer, enumerate_words, pool, sentence, sentences
from quibble.text.pools import QUESTIONS
from quibble.text.special import SEGMENT_TEXT
from quibble.text.vocabulary import PLAIN_NAMES

_WHERE: Final = pool(
    "talk.where",
    "where {n:are} the {n}?",
    "where is [it|the {p}] {a}?",
    "show me the {a} part.",
    "which part of the {p} is {a}?",
    "where do you see {n}?",
    "find the {n}.",
    "locate the {n} [in this {p}|].",
    "point to the {n}.",
    "in which part of the {p} {n:are} there {n}?",
    "where exactly {n:are} the {n}?",
    "segment the {n}.",
    "which area {n:do} the {n} affect?",
    "mark the {n}.",
    "highlight the region with {n}.",
    "outline the part that is {a}.",
    "where can {n} be seen?",
    "where [exactly|precisely] is it {a}?",
    "where can I find the {n}?",
    "where can I see the {n}?",
    "where {n:do} the {n} show?",
    "where does it look {a}?",
    "in what part {n:are} the {n}?",
    "in which area {n:are} the {n}?",
    "in which region is it {a}?",
    "what part is {a}?",
    "which region is {a}?",
    "which parts are {a}?",
    "which place is {a}?",
    "where about {n:are} the {n}?",
    "show me the {n}.",
    "show where it is {a}.",
    "show me where the {n} {n:are}.",
    "tell me where the {n} {n:are}.",
    "tell me where it is {a}.",
    "say where it is {a}.",
    "the place of the {n}?",
    "the position of the {n}, please.",
    "position of the {n}?",
    "at what place is it {a}?",
    "outline the {n}.",
    "circle the {n}.",
    "identify the area with {n}.",
    "detect the {n}.",
    "pinpoint the {n}.",
    "could you point to the {n}?",
    "can you find the {n} for me?",
)
_WORST: Final = pool(
    "talk.worst_part",
    "where is the problem?",
    "where is the worst part?",
    "which part is bad?",
    "where should I look?",
    "show me the worst spot.",
    "where is it damaged?",
    "which area needs repair the most?",
    "where are the defects?",
    "point to the damage.",
    "segment the damaged part.",
    "where?",
    "where is it worst?",
    "which part is the worst?",
    "which part looks worst?",
    "what part is damaged?",
    "which part is damaged [most|]?",
    "which part should be repaired?",
    "which part do you mean?",
    "where are the problems?",
    "where is something wrong?",
    "where does it look bad?",
    "where is the damage?",
    "in which part is the problem?",
    "show the problem.",
    "show me where it is bad.",
    "show me the bad part.",
    "find the damaged part.",
    "find the worst part.",
    "locate the problem.",
    "locate the damage.",
    "mark the worst part.",
)
_ASK_MASK: Final = pool(
    "talk.ask_mask",
    "Segment it.",
    "Give the mask.",
    "Show me a mask.",
    "Mark it in the picture.",
    "Highlight it.",
    "Outline it, please.",
    "With a mask, please.",
    "Please segment the region.",
    "Draw the mask.",
    "Mask it out for me.",
    "A mask, please.",
    "I want a mask.",
    "Segment that.",
    "Show the mask.",
    "Give me the outline.",
    "Show it as a mask.",
    "Select it for me.",
)
_ASK_BOX: Final = pool(
    "talk.ask_box",
    "Give the box.",
    "With a box, please.",
    "Give its coordinates.",
    "Answer with a bounding box.",
    "Put a box on it.",
    "I need the coordinates.",
    "A box, please.",
    "Show the box.",
    "With coordinates.",
    "As a box, please.",
    "Give me a box.",
    "I want a box.",
)
_ALONE: Final = pool(
    "talk.box_alone",
    "Nothing but the box.",
    "The box alone.",
    "Only the box, no words.",
    "Just the coordinates.",
    "No text, only coordinates.",
)
_AT: Final = pool(
    "talk.there",
    "{where}",
    "it is {where}",
    "you find it {where}",
    "{where}, where {there}",
    "look {where}: {there}",
    "it lies {where}; {there}",
    "{where}: {d}",
    "{there} {where}",
    "the place is {where}, with {d}",
)
_PERHAPS: Final = pool(
    "talk.perhaps",
    "I am not certain, but perhaps",
    "if at all,",
    "not certain, but probably",
    "as far as I can tell,",
    "with some doubt:",
    "I only suspect it:",
)
_HARDLY: Final = pool(
    "talk.hardly",
    "probably nowhere, but if anywhere,",
    "most likely nowhere; if at all,",
    "I doubt that there is any; if so,",
    "hardly anywhere; if at all,",
    "there is most likely none; if there is,",
    "I rather think nowhere, but if at all,",
)
_NOWHERE: Final = pool(
    "talk.nowhere",
    "nowhere: I see no {n}",
    "I see no {n} in this picture",
    "there {n:are} no {n} that I can see",
    "nowhere that I can see",
    "I find no {n}, so there is no place to point to",
    "no part of the picture shows {n}",
)
_UNDAMAGED: Final = pool(
    "talk.undamaged",
    "nowhere: I see no defects",
    "no part is visibly degraded",
    "I see no damaged part in this picture",
    "none: the picture looks clean",
    "there is no region with visible defects",
)
_AT_SIDE: Final = pool(
    "talk.at_side",
    "what is wrong at the {where}?",
    "which defect is at the {where}?",
    "what do you see at the {where}?",
    "describe the {where} of the {p}.",
    "how is the quality at the {where}?",
    "what about the {where}?",
    "is anything wrong at the {where}?",
    "what's the problem at the {where}?",
    "name the defect at the {where}.",
    "and the {where}?",
    "what happened at the {where}?",
    "what can be seen at the {where}?",
    "what is the matter at the {where}?",
    "which problem does the {where} have?",
    "what does the {where} suffer from?",
    "what about the quality at the {where}?",
    "how does the {where} look?",
    "how good is the {where}?",
    "is there something wrong at the {where}?",
    "tell me about the {where}.",
    "look at the {where}. What is wrong there?",
    "check the {where}.",
    "anything at the {where}?",
    "how about the {where}?",
    "the {where}?",
)

#: By how much severities must differ before one region is called the worst.
_MARGIN: Final = 0.25
#: Where a region shows several defects, this share of the questions for it by their order names one that nobody noted.
_UNSEEN: Final = 0.5
#: Of questions that name one of the two, this share still names the one that was noted.
_NOTED: Final = 0.25


def where_is(writer: Writer, sight: Sight, *, present: bool) -> Exchange | None:
    """Where a category of defect is, or may be."""
    category = _sought(writer, sight, present=present)
    if category is None:
        return None
    asked = ASKED[category]
    noun = asked.noun(writer)
    question = sentence(writer.write(_WHERE, n=noun, a=asked.adjective(writer), p=picture_word(writer)))
    question, box, mask = _extended(writer, question)
    if present:
        answer, key = _placed(writer, sight, category, box=box) + (SEGMENT_TEXT if mask else ""), category.value
    else:
        answer, key = sentences(writer.write(_NOWHERE, n=noun), instead(writer, sight)), "none"
    return Exchange(kind="where", question=question, answer=answer, key=key, topic=category)


def boxed_where(writer: Writer, sight: Sight, *, present: bool) -> Exchange | None:
    """The same with the wish for a box, which a question for a yes or a no would not have."""
    category = _sought(writer, sight, present=present)
    if category is None:
        return None
    question = box_question(writer, category)
    if present:
        answer, key = _placed(writer, sight, category, box=True), category.value
    else:
        answer, key = sentence(writer.write(_NOWHERE, n=ASKED[category].noun(writer))), "none"
    return Exchange(kind="where", question=question, answer=answer, key=key, topic=category)


def _sought(writer: Writer, sight: Sight, *, present: bool) -> Category | None:
    """A category to ask the place of. Who asks takes it that there is one: the faintest hint is worth telling."""
    hinted = [hint.category for hint in sight.picture.hints]
    among = [*sight.by_category, *hinted] if present else [c for c in sight.absent if c not in hinted]
    return among[int(writer.rng.integers(len(among)))] if among else None


def _placed(writer: Writer, sight: Sight, category: Category, *, box: bool) -> str:
    if category not in sight.by_category:
        maybe = next(hint for hint in sight.picture.hints if hint.category is category)
        return perhaps(writer, pointed(writer, [maybe], box=box), hardly=maybe.sure < POSSIBLE)
    return pointed(writer, sight.by_category[category][:3], box=box)


def perhaps(writer: Writer, answer: str, *, hardly: bool = False) -> str:
    """An answer about what is only suspected, or hardly that."""
    opening = writer.write(_HARDLY if hardly else _PERHAPS)
    return sentence(f"{opening} {answer[0].lower()}{answer[1:]}")


def worst_part(writer: Writer, sight: Sight) -> Exchange:
    """Where the picture is damaged."""
    question, box, mask = _extended(writer, sentence(writer.write(_WORST)))
    if not sight.notes:
        answer = sentence(writer.write(_UNDAMAGED))
        return Exchange(kind="where", question=question, answer=answer, key="none")
    worst = max(sight.picture.clusters, key=lambda cluster: cluster.total).notes[0]
    answer = pointed(writer, [worst], box=box) + (SEGMENT_TEXT if mask else "")
    return Exchange(kind="where", question=question, answer=answer, topic=worst.category)


def pointed(writer: Writer, notes: list[Note], *, box: bool) -> str:
    """Sentences that say where notes of one category are, in words that hold left or right and top or bottom."""
    if box:
        told = enumerate_words([f"[{graded(writer, note)}]{note.spot.code}" for note in notes])
        # Brackets are choices to a writer, so the boxes stay out of its hands.
        return sentence(writer.one_of("|here: |it is here: ") + told)
    first = notes[0]
    d = graded(writer, first)
    text = writer.write(_AT, where=far(writer, first.spot), there=there_are(d), d=d)
    more = [far(writer, note.spot) for note in notes[1:]]
    return sentences(text, *(writer.one_of(f"and {m}|also {m}|another such region is {m}") for m in more))


def most_damaged(writer: Writer, sight: Sight, *, most: bool) -> Exchange | None:
    """HyD-G: the region with the most damage, or the least among the damaged ones."""
    kind = "hyd_most" if most else "hyd_least"
    question, box, mask = _extended(writer, _asked(writer, kind))
    if not sight.notes and not sight.suspected:
        return Exchange(kind=kind, question=question, answer=sentence(writer.write(_UNDAMAGED)), key="none")
    among = sight.picture.clusters or clusters(sight.suspected)
    found = sorted(among, key=lambda c: -c.total if most else c.total)
    if len(found) > 1 and abs(found[0].total - found[1].total) < _MARGIN:
        return None
    return _region_answer(writer, kind, question, found[0], sight, box=box, mask=mask)


def most_of(writer: Writer, sight: Sight, *, most: bool) -> Exchange | None:
    """SiD-G: the region with the most of one defect, or the least of those that have it."""
    kind = "sid_most" if most else "sid_least"
    several = [c for c, notes in sight.by_category.items() if len(notes) > 1] or sight.possible[:1]
    among = several or list(Category)
    category = among[int(writer.rng.integers(len(among)))]
    noun = _plain(writer, category)
    question, box, mask = _extended(writer, _asked(writer, kind, defect=noun))
    notes = sorted(
        [n for n in (*sight.notes, *sight.suspected) if n.category is category],
        key=lambda n: -n.severity if most else n.severity,
    )
    if not notes:
        answer = sentence(writer.write(_NOWHERE, n=noun))
        return Exchange(kind=kind, question=question, answer=answer, key="none", topic=category)
    if len(notes) > 1 and abs(notes[0].severity - notes[1].severity) < _MARGIN:
        return None
    return _region_answer(writer, kind, question, Cluster(notes=(notes[0],)), sight, box=box, mask=mask)


def extreme(writer: Writer, sight: Sight, *, most: bool) -> Exchange | None:
    """The box of the region with the most or the least of a defect, where there are several, alone or with its name."""
    several = [notes for notes in sight.by_category.values() if len(notes) > 1]
    if not several:
        return None
    notes = sorted(several[int(writer.rng.integers(len(several)))], key=lambda n: -n.severity if most else n.severity)
    if abs(notes[0].severity - notes[1].severity) < _MARGIN:
        return None
    category, kind = notes[0].category, "sid_most" if most else "sid_least"
    question = f"{_asked(writer, kind, defect=_plain(writer, category))} {writer.write(_ASK_BOX)}"
    code = notes[0].spot.code
    if chance(writer, 0.5):
        answer = sentence(f"[{graded(writer, notes[0])}]{code}")
        return Exchange(kind=kind, question=question, answer=answer, key=code, topic=category)
    question = f"{question} {writer.write(_ALONE)}"
    return Exchange(kind="box", question=question, answer=code, key=code, topic=category)


def extreme_region(writer: Writer, sight: Sight, *, most: bool) -> Exchange | None:
    """The box of the region with the most or the least damage, where there are several, alone or with its defects."""
    found = sorted(sight.picture.clusters, key=lambda c: -c.total if most else c.total)
    if len(found) < 2 or abs(found[0].total - found[1].total) < _MARGIN:
        return None
    kind = "hyd_most" if most else "hyd_least"
    question = f"{_asked(writer, kind)} {writer.write(_ASK_BOX)}"
    if chance(writer, 0.5):
        return _region_answer(writer, kind, question, found[0], sight, box=True, mask=False)
    code, topic = found[0].spot.code, found[0].notes[0].category
    return Exchange(kind="box", question=f"{question} {writer.write(_ALONE)}", answer=code, key=code, topic=topic)


def in_order(writer: Writer, sight: Sight) -> Exchange | None:
    """DAO-G: the region with two defects in an order. What was first cannot be read from notes; what is there can.

    Whoever asks knows that there is one: where nothing shows what is said of it, it is the first with several defects.
    """
    found = clusters((*sight.notes, *sight.suspected))
    if not found:
        return None
    doubles = [c for c in found if len(c.notes) > 1]
    likely, variant = (doubles or found)[0], writer.one_of("dao_pair|dao_first|dao_last")
    if doubles and not chance(writer, _UNSEEN):
        cluster = doubles[int(writer.rng.integers(len(doubles)))]
        pair = [cluster.notes[int(i)].category for i in writer.rng.permutation(len(cluster.notes))[:2]]
    else:
        note, others = likely.notes[int(writer.rng.integers(len(likely.notes)))], sight.absent
        pair = [note.category, others[int(writer.rng.integers(len(others)))]]
        if chance(writer, {"dao_first": 1 - _NOTED, "dao_last": _NOTED}.get(variant, 0.5)):
            pair.reverse()
    asked = set(pair) if variant == "dao_pair" else {pair[0]} if variant == "dao_first" else {pair[1]}
    showing = [c for c in found if asked & {n.category for n in c.notes}]
    if len(showing) > 1:
        return None
    cluster = showing[0] if showing else likely
    first, second = (_plain(writer, category) for category in pair)
    question, box, mask = _extended(writer, _asked(writer, variant, first=first, second=second))
    return _region_answer(writer, variant, question, cluster, sight, box=box, mask=mask)


def at_side(writer: Writer, sight: Sight) -> Exchange | None:
    """What is wrong at a side or in a corner; None if the boxes leave it open."""
    corners = [f"{y} {x}" for y in ("top", "bottom") for x in ("left", "right")]
    where = corners[int(writer.rng.integers(4))]
    inside, touching = [], False
    for notes in sight.by_category.values():
        for note in notes:
            y, x = note.spot.place.cell
            if note.spot.whole or f"{y} {x}" == where:
                inside.append(note)
            elif _touches(note.spot, where):
                touching = True
    if touching:
        return None
    question = sentence(writer.write(_AT_SIDE, where=where, p=picture_word(writer)))
    if not inside:
        answer = writer.one_of(
            f"nothing that I can see|I see no defects at the {where}|the {where} looks clean|nothing is wrong there"
        )
        told = f"no, {answer}" if question.lower().startswith("is anything") else answer
        return Exchange(kind="at_side", question=question, answer=sentence(told), key="none")
    d = [graded(writer, note) for note in inside[:3]]
    nouns = d[0] if len(d) == 1 else Noun(enumerate_words([str(noun) for noun in d]), plural=True)
    told = writer.one_of(f"{there_are(nouns)} there|I see {nouns} there|{nouns}|there, one sees {nouns}")
    if question.lower().startswith("is anything"):
        told = f"yes, {told}"
    key = "+".join(sorted({note.category.value for note in inside}))
    return Exchange(kind="at_side", question=question, answer=sentence(told), key=key, topic=inside[0].category)


def _touches(at: Spot, where: str) -> bool:
    """Whether a box reaches into a quarter of the picture."""
    y, x = where.split()
    half = at.place.width / 2
    across = at.box.x0 < half if x == "left" else at.box.x1 > half
    return across and (at.box.y0 < half if y == "top" else at.box.y1 > half)


def _region_answer(
    writer: Writer, kind: str, question: str, cluster: Cluster, sight: Sight | None = None, *, box: bool, mask: bool
) -> Exchange:
    nouns = [graded(writer, note) for note in cluster.notes[:2]]
    d = nouns[0] if len(nouns) == 1 else Noun(enumerate_words([str(noun) for noun in nouns]), plural=True)
    if box:
        answer = sentence(f"[{d}]{cluster.spot.code}")
    else:
        answer = sentences(writer.write(_AT, where=far(writer, cluster.spot), there=there_are(d), d=d))
    if sight is not None and all(note in sight.suspected for note in cluster.notes):
        answer = perhaps(writer, answer)
    if mask:
        answer += SEGMENT_TEXT
    return Exchange(kind=kind, question=question, answer=answer, topic=cluster.notes[0].category)


def box_question(writer: Writer, category: Category) -> str:
    """Where a category is, with the wish for a box."""
    asked = ASKED[category]
    question = writer.write(_WHERE, n=asked.noun(writer), a=asked.adjective(writer), p=picture_word(writer))
    return f"{sentence(question)} {writer.write(_ASK_BOX)}"


def box_alone(writer: Writer, sight: Sight) -> Exchange | None:
    """The grid code of a category's most important region and nothing else."""
    among = [*sight.by_category.values(), *([hint] for hint in sight.picture.hints)]
    if not among:
        return None
    note = among[int(writer.rng.integers(len(among)))][0]
    return Exchange(
        kind="box",
        question=f"{box_question(writer, note.category)} {writer.write(_ALONE)}",
        answer=note.spot.code,
        key=note.spot.code,
        topic=note.category,
    )


def segmented_where(writer: Writer, sight: Sight, category: Category) -> Exchange:
    """Where a category is that was noted or is possible, with the wish for a mask."""
    asked = ASKED[category]
    question = sentence(writer.write(_WHERE, n=asked.noun(writer), a=asked.adjective(writer), p=picture_word(writer)))
    answer = _placed(writer, sight, category, box=False) + SEGMENT_TEXT
    return Exchange(kind="where", question=_asking_mask(writer, question), answer=answer, topic=category)


def segmented(writer: Writer, kind: str, question: str, cluster: Cluster) -> Exchange:
    """A question that somebody else asked, with the wish for a mask, and the region that answers it."""
    return _region_answer(writer, kind, _asking_mask(writer, question), cluster, box=False, mask=True)


def boxed(writer: Writer, kind: str, question: str, cluster: Cluster) -> Exchange:
    """The same with the wish for a box."""
    return _region_answer(writer, kind, f"{question} {writer.write(_ASK_BOX)}", cluster, box=True, mask=False)


def _asking_mask(writer: Writer, question: str) -> str:
    return question if "segment" in question.lower() else f"{question} {writer.write(_ASK_MASK)}"


def _asked(writer: Writer, kind: str, **nouns: Noun) -> str:
    return sentence(writer.write(QUESTIONS[kind], **nouns))


def _extended(writer: Writer, question: str) -> tuple[str, bool, bool]:
    """(question, whether it asks for a box, whether it asks for a mask)"""
    if "segment" in question.lower():
        return question, False, True
    roll = writer.rng.random()
    if roll < 0.3:
        return f"{question} {writer.write(_ASK_MASK)}", False, True
    if roll < 0.45:
        return f"{question} {writer.write(_ASK_BOX)}", True, False
    return question, False, False


def _plain(writer: Writer, category: Category) -> Noun:
    names = PLAIN_NAMES[category]
    return names[int(writer.rng.integers(len(names)))].noun
