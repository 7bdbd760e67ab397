"""Two pictures, A and B, with or without the original: which is better, in which respect, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, brief, briefly, chance, there_are
from quibble.pipelines.talk.phrases import all_defects
from quibble.pipelines.talk.words import ASKED, SHORT, graded
from quibble.taxonomy import Category
from quibble.text.evidence import ComparisonNotes
from quibble.text.grammar import Noun, Writer, enumerate_words, pool, sentence, sentences

#: From this probability in percent on, one picture is called clearly better; below the other, only slightly.
CLEARLY: Final = 85
SLIGHTLY: Final = 65
#: A difference of severity from which on one picture has more of a defect.
MORE: Final = 0.5

_BETTER: Final = pool(
    "talk.better",
    "which [picture|image|one] is better[, A or B|]?",
    "A or B?",
    "which of the two [pictures|images] has the better quality?",
    "which one would you keep?",
    "compare the quality of image A and image B.",
    "which looks better?",
    "which of these two is of higher quality?",
    "is A better than B?",
    "which is the better [photo|picture]?",
    "which one should I use?",
    "pick the better one.",
    "which image has fewer defects?",
    "is B better than A?",
    "which is worse?",
    "of the two, which one has suffered more?",
    "which is better?",
    "which of them is better?",
    "which [picture|image] do you prefer?",
    "which [picture|image] is the better one?",
    "tell me which one is better.",
    "who wins, A or B?",
    "which one wins?",
    "which has the higher quality?",
    "which would people prefer?",
    "which of the two is worse?",
    "which [picture|image] is worse?",
    "which one would you delete?",
    "the better one?",
    "which one is technically better?",
    "which one has less wrong with it?",
    "which one do you prefer?",
    "which do you like better?",
    "which would you choose?",
    "choose the better one.",
    "name the better one.",
    "select the better picture.",
    "which one looks nicer, technically?",
    "which one looks worse?",
    "which picture looks better to you?",
    "which of the pictures has the best quality?",
    "which has better quality?",
    "which has the worse quality?",
    "which has the lower quality?",
    "is image A better or image B?",
    "is the first or the second one better?",
    "is A worse than B?",
    "is B worse than A?",
    "the worse one?",
    "the winner?",
    "who is the winner?",
    "better one, A or B?",
    "A or B, which is better?",
    "which one should I keep?",
    "which one should I delete?",
    "which one should be thrown away?",
    "which one would you print?",
    "which version is better?",
    "which version would you publish?",
    "which is the best?",
    "which one has kept more quality?",
    "which is damaged more?",
    "which one is damaged less?",
    "which one is in better condition?",
    "which one would you pick?",
    "which [picture|image|one] should I take?",
    "which one should I send?",
    "which one should I use, A or B?",
    "which one is the winner?",
    "which one should I post?",
    "which one should I drop?",
    "which one would you throw out?",
    "which one should I discard?",
    "which one should be removed?",
    "which one would you reject?",
    "which of the two should go?",
    "which one has lost more quality?",
    "which one has lost less quality?",
    "which one has kept its quality better?",
    "which one is the loser?",
    "who loses, A or B?",
    "which one would you frame?",
    "which one goes into the album?",
    "which one goes into the bin?",
    "which is the worst?",
    "which one is of lower quality?",
    "which one is of poorer quality?",
    "which is the poorer [picture|image]?",
    "which one is the best one?",
    "which one is the good one?",
    "which one is the bad one?",
    "should I use A or B?",
    "should I keep A or B?",
    "should I delete A or B?",
    "which one should be used?",
    "which one should be kept?",
    "which one should be deleted?",
    "which of them would you recommend?",
    "what would you choose, A or B?",
)
#: Where the worse one is asked for; and a question for a yes or a no about one of the two.
_WORSE: Final = (
    *("worse", "worst", "suffered", "delete", "lower", "poorer", "thrown away", "throw out", "damaged more", "drop"),
    *("discard", "removed", "reject", "should go?", "lost more", "lose", "bin?", "bad one"),
)
_IS_ONE: Final = re.compile(r"is ([ab]) (better|worse) than")
_WHY: Final = pool(
    "talk.better_why",
    "compare the two [pictures|images] in detail.",
    "which one is better, and why?",
    "explain which of the two pictures is better.",
    "compare image A with image B and give your reasons.",
    "which image is better? Explain.",
    "what are the reasons for preferring one of them?",
    "judge both pictures and say which one wins.",
    "describe how the quality of A and B differs, and decide.",
    "give a comparison of both images with your reasoning.",
    "which one has the better quality? Give reasons.",
    "compare them.",
    "compare these pictures [and explain|].",
    "compare both in detail.",
    "give me a detailed comparison.",
    "explain the comparison.",
    "explain your choice between A and B.",
    "which one would you choose, and why?",
    "which is better and why?",
    "why is one of them better?",
    "why is one better than the other?",
    "tell me which one is better and why.",
    "say which is better, with reasons.",
    "weigh A against B.",
    "discuss both pictures.",
    "contrast image A with image B and decide.",
    "make a comparison with reasons.",
)
_DIFFER: Final = pool(
    "talk.differ",
    "what is the difference between [them|A and B|the two]?",
    "how do they differ?",
    "what differs?",
    "in what respect do the two pictures differ?",
    "what does B have that A does not?",
    "name the differences in quality.",
    "where do they differ in quality?",
    "what are the differences?",
    "tell me the differences.",
    "list the differences.",
    "what distinguishes them?",
    "what sets them apart?",
    "what is different?",
    "what is different in B?",
    "in what way are they different?",
    "how does A differ from B?",
    "how do A and B differ in quality?",
    "describe the differences.",
    "what changed between them?",
    "what has changed?",
)
_MORE: Final = pool(
    "talk.which_more",
    "which one is more {a}?",
    "which [picture|image] has more {n}?",
    "which one shows [more|stronger] {n}?",
    "which is the more {a} one?",
    "{n:are} there more {n} in A or in B?",
    "in which image {n:are} the {n} stronger?",
    "which has the most {n}?",
    "which of them has more {n}?",
    "which of the two is more {a}?",
    "which has stronger {n}?",
    "which one suffers more from {n}?",
    "where {n:are} the {n} worse?",
    "who has more {n}, A or B?",
    "is A or B more {a}?",
    "which one looks more {a}?",
)
_LESS: Final = pool(
    "talk.which_less",
    "which one has less {n}?",
    "which one is less {a}?",
    "which [picture|image] shows less {n}?",
    "in which one {n:are} the {n} weaker?",
    "which is the less {a} one?",
    "which has the least {n}?",
    "which of them has less {n}?",
    "which of the two is less {a}?",
    "which one suffers less from {n}?",
    "which has weaker {n}?",
    "which one looks less {a}?",
    "who has less {n}, A or B?",
    "where {n:are} the {n} weaker?",
)
#: Comparatives that people use: (words, category, whether the picture with less of it is meant).
_COMPARATIVES: Final[tuple[tuple[str, Category, bool], ...]] = (
    ("which one is sharper?|which is sharper?|which picture is sharper?|which one is crisper?", Category.BLUR, True),
    ("which one is blurrier?|which is blurrier?|which one is softer?", Category.BLUR, False),
    ("which one is noisier?|which is noisier?|which one is grainier?", Category.NOISE, False),
    ("which one is cleaner, with less noise?|which is smoother?|which is less grainy?", Category.NOISE, True),
    ("which one is more underexposed?|which is too dark?", Category.DARKEN, False),
    ("which one is more overexposed?|which is too bright?", Category.BRIGHTEN, False),
    ("which one is more pixelated?|which has bigger pixels?", Category.PIXELATE, False),
    ("which one was compressed more?|which one is more compressed?", Category.COMPRESSION, False),
)
_EQUAL: Final = pool(
    "talk.equal",
    "neither: I see no clear difference in {n}",
    "they are about the same in this respect",
    "there is no clear difference in {n}",
    "about equal",
    "neither, as far as I can see",
    "I see no difference there",
)
_REASON: Final = pool(
    "talk.reason",
    "in {x}, {d_x}, while in {y} {d_y}",
    "{x} shows {n_x}, whereas {y} shows {n_y}",
    "{y} has {n_y}; {x} has {n_x}",
    "{y} suffers from {n_y}, and {x} from {n_x}",
    "{x} has only {n_x}, but {y} has {n_y}",
)
_REASON_CLEAN: Final = pool(
    "talk.reason_clean",
    "{y} suffers from {n_y}, while {x} looks clean",
    "in {y} there {n_y:are} {n_y}; {x} shows no visible defects",
    "{x} is free of visible defects, but {y} shows {n_y}",
    "{y} has {n_y}, and {x} has no visible defects",
    "only {y} is visibly degraded, by {n_y}",
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two pictures' notes, and their comparison. reference: whether the original is there too."""

    a: Sight
    b: Sight
    notes: ComparisonNotes
    reference: Sight | None = None

    def of(self, name: str) -> Sight:
        return self.a if name == "A" else self.b


def better(writer: Writer, pair: Pair) -> Exchange:
    """Which one is better (or worse)."""
    question = sentence(writer.write(_BETTER))
    low = question.lower()
    winner, loser = pair.notes.winner, pair.notes.loser
    worse = any(word in low for word in _WORSE)
    key = loser if worse else winner
    if asked := _IS_ONE.match(low):
        word = "yes" if asked[1].upper() == key else "no"
        told = writer.one_of(f"{word}|{word}, image {winner} is better|{word}: {winner} is better")
        return Exchange(kind="compare", question=question, answer=sentence(told), key=word)
    if brief(writer, 0.4):
        short = writer.one_of(f"Image {key}|{key}|Image {key}")
        return Exchange(kind="compare", question=briefly(writer, question), answer=short, key=key)
    degree = _degree(writer, pair)
    if worse:
        told = writer.one_of(f"image {key} is worse|image {key}|{key} is the worse one")
    else:
        told = writer.one_of(
            f"image {key} is {degree} better|image {key}|{key} is the better one|{key}: it is {degree} better"
        )
    reason = _reason(writer, pair) if chance(writer, 0.4) else ""
    return Exchange(kind="compare", question=question, answer=sentences(told, reason), key=key)


def reasoned(writer: Writer, pair: Pair) -> Exchange:
    """Which one is better, and why."""
    question = sentence(writer.write(_WHY))
    winner = pair.notes.winner
    verdict = writer.one_of(
        f"image {winner} is {_degree(writer, pair)} better|so image {winner} is {_degree(writer, pair)} better|"
        f"therefore, image {winner} is the better one"
    )
    plain = f"image {winner} is {_degree(writer, pair)} better"
    reference = _reference(writer, pair)
    if chance(writer, 0.5):
        answer = sentences(plain, reference, _reason(writer, pair), _more(writer, pair))
    else:
        answer = sentences(reference, _reason(writer, pair), _more(writer, pair), verdict)
    return Exchange(kind="compare_why", question=question, answer=answer, key=winner)


def differ(writer: Writer, pair: Pair) -> Exchange:
    """In what the two differ."""
    question = sentence(writer.write(_DIFFER))
    told = []
    for category, d in pair.notes.differences[:3]:
        more, less = ("B", "A") if d > 0 else ("A", "B")
        note = pair.of(more).by_category[category][0]
        here = graded(writer, note)
        there = pair.of(less).by_category.get(category)
        if there is None:
            told.append(writer.one_of(f"{more} shows {here}, which {less} does not|{more} has {here}, {less} has none"))
        else:
            weak = there[0].word
            told.append(
                f"{more} has more {SHORT[category]}: {note.word} against {weak}"
                if weak != note.word
                else f"{there_are(here)} in both, a little stronger in {more}"
            )
    if not told:
        told = [writer.one_of("I see no clear difference between them|they look about the same to me")]
    key = "+".join(sorted(category.value for category, _ in pair.notes.differences)) or "none"
    return Exchange(kind="differ", question=question, answer=sentences(*told), key=key)


def which_more(writer: Writer, pair: Pair, *, present: bool) -> Exchange:
    """Which one has more, or less, of a defect."""
    by = dict(pair.notes.differences)
    among = [c for c in Category if (abs(by.get(c, 0)) >= MORE) == present] or list(Category)
    category = among[int(writer.rng.integers(len(among)))]
    asked = ASKED[category]
    noun = asked.noun(writer)
    fixed = [entry for entry in _COMPARATIVES if entry[1] is category]
    if fixed and chance(writer, 0.6):
        words, _, less = fixed[int(writer.rng.integers(len(fixed)))]
        question = sentence(writer.one_of(words))
    else:
        less = chance(writer, 0.4)
        if less and noun.plural:
            noun = Noun(SHORT[Category.NOISE] if category is Category.NOISE else "damage by compression")
        question = sentence(writer.write(_LESS if less else _MORE, n=noun, a=asked.degree(writer)))
    d = by.get(category, 0.0)
    if abs(d) < MORE:
        equal = writer.write(_EQUAL, n=noun)
        return Exchange(kind="which_more", question=question, answer=sentence(equal), key="equal", topic=category)
    more = "B" if d > 0 else "A"
    key = ("A" if more == "B" else "B") if less else more
    if brief(writer, 0.3):
        answer = writer.one_of(f"Image {key}|{key}")
        return Exchange(kind="which_more", question=briefly(writer, question), answer=answer, key=key, topic=category)
    here = graded(writer, pair.of(more).by_category[category][0])
    detail = writer.one_of(f"|{more} shows {here}|in {more} {there_are(here)}")
    return Exchange(
        kind="which_more", question=question, answer=sentences(f"image {key}", detail), key=key, topic=category
    )


def _degree(writer: Writer, pair: Pair) -> str:
    if pair.notes.sure >= CLEARLY:
        return writer.one_of("clearly|clearly|much")
    return "slightly" if pair.notes.sure < SLIGHTLY else ""


def _reason(writer: Writer, pair: Pair) -> str:
    """A sentence on what each of the two has; x is the better one."""
    x, y = pair.notes.winner, pair.notes.loser
    n_x = all_defects(writer, pair.of(x), most=2)
    n_y = all_defects(writer, pair.of(y), most=2)
    if n_x is None and n_y is None:
        return writer.one_of(
            "I see no defects in either|neither shows a visible defect, but the overall impression differs"
        )
    if n_y is None:
        return f"although {x} shows {n_x}, its overall impression is better"
    if n_x is None:
        return writer.write(_REASON_CLEAN, x=x, y=y, n_y=n_y)
    return writer.write(_REASON, x=x, y=y, n_x=n_x, n_y=n_y, d_x=there_are(n_x), d_y=there_are(n_y))


def _more(writer: Writer, pair: Pair) -> str:
    """A sentence on the largest difference in one defect that both have."""
    both = [(c, d) for c, d in pair.notes.differences if c in pair.a.by_category and c in pair.b.by_category]
    if not both or chance(writer, 0.5):
        return ""
    category, d = both[0]
    noun = Noun(SHORT[category], category is Category.COMPRESSION)
    return f"the {noun} {noun:are} stronger in {'B' if d > 0 else 'A'}"


def _reference(writer: Writer, pair: Pair) -> str:
    if pair.reference is None:
        return ""
    x, y = pair.notes.winner, pair.notes.loser
    return writer.one_of(
        f"measured against the reference, {x} has kept more|compared with the reference, {y} has lost more|"
        f"{x} is closer to the reference|both are judged against the reference"
    )


def single_with_reference(writer: Writer, sight: Sight) -> Exchange:
    """What was done to a picture whose original is given."""
    question = sentence(
        writer.one_of(
            "how does the picture differ from the reference?|compare the picture with the reference|"
            "what was done to the picture, compared with the reference?|how much worse than the reference is it?|"
            "which distortions does the picture have against the reference?|"
            "describe the quality of the picture, given the reference"
        )
    )
    told = all_defects(writer, sight)
    if told is None:
        answer = writer.one_of("I see no difference in quality from the reference|it is about as good as the reference")
        return Exchange(kind="reference", question=question, answer=sentence(answer), key="none")
    answer = writer.one_of(
        f"compared with the reference, {there_are(told)}|against the reference, it shows {told}|it has {told}, "
        "which the reference does not have"
    )
    key = "+".join(sorted(c.value for c in sight.by_category))
    names = enumerate_words([SHORT[c] for c in sight.by_category])
    if brief(writer, 0.3):
        return Exchange(kind="reference", question=briefly(writer, question), answer=names.capitalize(), key=key)
    return Exchange(kind="reference", question=question, answer=sentence(answer), key=key)
