from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from quibble.pipelines.talk import choice, compare, describe, ground, how, kinds, region, what, yes_no
from quibble.pipelines.talk.choice import choose_main
from quibble.pipelines.talk.compare import Pair
from quibble.pipelines.talk.exchange import Exchange, Sight
from quibble.pipelines.talk.keys import agrees, named_in_order, yes_or_no
from quibble.pipelines.talk.roughen import polite, roughen
from quibble.pipelines.talk.simulate import Simulator
from quibble.pipelines.talk.words import ASKED, SHORT, effect, graded
from quibble.taxonomy import Category, Distortion
from quibble.text.evidence import Note, PictureNotes, RegionNotes, Spot, clusters
from quibble.text.grammar import Wording, Writer
from quibble.text.special import SEGMENT_TEXT
from quibble.text.vocabulary import categories_named
from quibble.train.examples import Simulated

CORNER = Spot(cells=(0, 126), share=9)
WHOLE = Spot(cells=(0, 399), share=100)
#: kinds whose key is no single answer in words
UNREAD = {"count", "score", "share", "off_topic", "at_side", "where", "sure", "kind", "differ", "reference", "either"}


def writer(seed: int = 0, wording: Wording = Wording.TRAINING) -> Writer:
    return Writer(np.random.default_rng(seed), wording)


def note(category: Category = Category.BLUR, severity: float = 3.2, at: Spot = CORNER, sure: int = 9) -> Note:
    return Note(category=category, distortion=None, severity=severity, sure=sure, spot=at)


def sight(*notes: Note, score: int = 60, hints: tuple[Note, ...] = ()) -> Sight:
    return Sight(PictureNotes(score=score, notes=notes, hints=hints))


def all_exchanges(count: int, wording: Wording = Wording.TRAINING) -> list[Exchange]:
    source = Simulated(5, wording=wording)
    return [exchange for number in range(count) for exchange in source[number].exchanges]


@pytest.mark.parametrize("wording", [Wording.TRAINING, Wording.HELD_OUT])
def test_answers_agree_with_their_keys(wording: Wording) -> None:
    exchanges = [x for x in all_exchanges(800, wording) if x.key is not None and x.kind not in UNREAD]
    exchanges = [x for x in exchanges if not x.kind.startswith(("sid", "hyd", "dao"))]
    wrong = [(x.key, x.question, x.answer) for x in exchanges if not agrees(x, x.answer)]
    assert len(wrong) <= 0.002 * len(exchanges), wrong[:5]


def test_answers_read_well() -> None:
    for exchange in all_exchanges(800):
        answer = exchange.answer.replace(SEGMENT_TEXT, "")
        assert answer == " ".join(answer.split()), exchange
        assert not re.search(r"[{}|]|\.\.(?!\.)| ,| \.|\ba [aeio]|too too|so too|how too|Image An", answer), exchange
        copied = exchange.kind in ("notes", "option")
        assert copied or answer[0].isupper() or not answer[0].isalpha(), exchange


def test_descriptions_name_what_was_found_and_nothing_else() -> None:
    for seed in range(300):
        seen = Sight(Simulator(np.random.default_rng(seed)).picture())
        said = categories_named(describe.description(writer(seed), seen))
        assert said == set(list(seen.by_category)[:5]), (seen.picture, said)


def test_yes_and_no_are_balanced() -> None:
    counts = Counter(x.key for x in all_exchanges(6000) if x.kind == "yes_no")
    assert 0.8 < counts["yes"] / counts["no"] < 1.25, counts


def test_a_defect_that_is_not_there_is_denied() -> None:
    for seed in range(40):
        asked = yes_no.is_it(writer(seed), sight(note()), present=False)
        assert asked is not None
        assert asked.topic is not Category.BLUR
        assert yes_or_no(asked.answer) == "no"


def test_a_hint_is_not_denied() -> None:
    seen = sight(hints=(note(Category.NOISE, sure=6),))
    answers = {yes_no.about(writer(seed), seen, Category.NOISE).answer for seed in range(40)}
    assert all(yes_or_no(answer) == "yes" for answer in answers), answers
    assert Category.NOISE not in seen.absent


@pytest.mark.parametrize("sure", [2, 6])
def test_whoever_asks_for_a_place_is_told_the_faintest_hint_as_such(sure: int) -> None:
    hardly = re.compile("nowhere|there is any|hardly anywhere|most likely none", re.IGNORECASE)
    seen = sight(hints=(note(Category.NOISE, sure=sure),))
    for seed in range(20):
        asked = ground.boxed_where(writer(seed), seen, present=True)
        assert asked is not None
        assert (asked.topic, asked.key) == (Category.NOISE, "noise")
        assert "](000,126)" in asked.answer
        assert bool(hardly.search(asked.answer)) == (sure == 2), asked.answer
        other = ground.boxed_where(writer(seed), seen, present=False)
        assert other is not None
        assert other.topic is not Category.NOISE
        assert "(" not in other.answer
        where = ground.where_is(writer(seed), seen, present=False)
        assert where is not None
        assert where.topic is not Category.NOISE


def test_places_hold_the_terms_that_point() -> None:
    for seed in range(40):
        (answer,) = [ground.pointed(writer(seed), [note()], box=False)]
        assert re.search(r"\bleft\b", answer), answer
        assert re.search(r"\btop\b", answer), answer


def test_a_box_is_the_notes_grid_code() -> None:
    assert "](000,126)" in ground.pointed(writer(), [note()], box=True)


@pytest.mark.parametrize("most", [True, False])
def test_the_extreme_of_several_is_the_one_by_its_severity(most: bool) -> None:
    spots = [Spot(cells=(0, 63), share=4), Spot(cells=(200, 273), share=9), CORNER]
    several = [note(Category.NOISE, severity, at) for severity, at in zip((2.0, 1.1, 3.6), spots, strict=True)]
    for seed in range(20):
        exchange = ground.extreme(writer(seed), sight(note(Category.BLUR), *several), most=most)
        assert exchange is not None
        assert several[2 if most else 1].spot.code in exchange.answer
        assert exchange.topic is Category.NOISE
    assert ground.extreme(writer(), sight(several[0], note(Category.BLUR)), most=most) is None


def test_a_region_asked_for_by_its_order_is_the_one_that_shows_it() -> None:
    far = Spot(cells=(200, 273), share=9)
    double = note(Category.BLUR, 2.0, CORNER), note(Category.NOISE, 3.0, CORNER)
    seen = sight(note(Category.PIXELATE, 3.6, far), *double)
    unseen = 0
    for seed in range(200):
        exchange = ground.in_order(writer(seed), seen)
        assert exchange is not None
        assert exchange.topic is Category.BLUR
        unseen += not {Category.BLUR, Category.NOISE} & set(categories_named(exchange.question))
    assert 20 < unseen < 90


def test_of_single_defects_in_an_order_none_is_meant_that_shows_another() -> None:
    """Where two regions each show half of what is said, nobody can tell which is meant."""
    far = Spot(cells=(200, 273), share=9)
    seen = sight(note(Category.PIXELATE, 3.6, far), note(Category.BLUR, 2.0, CORNER))
    for seed in range(200):
        exchange = ground.in_order(writer(seed), seen)
        assert exchange is None or exchange.topic is Category.PIXELATE
    assert ground.in_order(writer(), sight()) is None


def test_who_asks_how_good_it_is_hears_what_spoils_it() -> None:
    large = Spot(cells=(0, 399), share=80)
    shown = sight(note(Category.NOISE, 4.2, large), note(Category.BLUR, 1.2, Spot(cells=(0, 21), share=1)), score=30)
    assert shown.strong == {Category.NOISE}
    for seed in range(30):
        exchange = how.how_good(writer(seed), shown)
        in_a_word = exchange.answer == "Poor"
        assert in_a_word or Category.NOISE in categories_named(exchange.answer), exchange.answer
    mild = sight(note(Category.BLUR, 2.2, Spot(cells=(0, 63), share=4)), score=50)
    answers = {how.how_good(writer(seed), mild).answer for seed in range(30)}
    assert all(answer == "Fair" or "blur" in answer or "soft" in answer or "sharp" in answer for answer in answers)


def test_a_mask_is_promised_only_for_what_was_found() -> None:
    for seed in range(60):
        there = ground.where_is(writer(seed), sight(note()), present=True)
        absent = ground.where_is(writer(seed), sight(note()), present=False)
        assert there is not None
        assert absent is not None
        assert SEGMENT_TEXT not in absent.answer
        assert ("segment" in there.question.lower()) <= there.answer.endswith(SEGMENT_TEXT)


def test_defects_of_one_region_are_together() -> None:
    other = Spot(cells=(210, 399), share=9)
    found = clusters((note(), note(Category.NOISE), note(Category.NOISE, at=other)))
    assert [[n.category for n in c.notes] for c in found] == [[Category.BLUR, Category.NOISE], [Category.NOISE]]


def test_a_region_has_no_two_opposites() -> None:
    found = ((Category.DARKEN, 8, 3.0), (Category.BRIGHTEN, 7, 3.0), (Category.NOISE, 5, 2.0))
    notes = RegionNotes(spot=CORNER, found=found, clean=0)
    assert [n.category for n in region.notes_in(notes)] == [Category.DARKEN, Category.NOISE]
    assert [n.category for n in region.supposed(notes, 2)] == [Category.DARKEN, Category.NOISE]


def test_each_wording_of_which_is_better_is_answered_as_it_is_meant() -> None:
    meant = {
        "Is A better than B?": ("yes", "no"),
        "Is B better than A?": ("no", "yes"),
        "Is A worse than B?": ("no", "yes"),
        "Is B worse than A?": ("yes", "no"),
        "Is image A better or image B?": ("A", "B"),
        "Is the first or the second one better?": ("A", "B"),
        "Which has the lower quality?": ("B", "A"),
        "Which one should be thrown away?": ("B", "A"),
        "Which is damaged more?": ("B", "A"),
        "Which one is damaged less?": ("A", "B"),
        "Of the two, which one has suffered more?": ("B", "A"),
        "Which would people prefer?": ("A", "B"),
        "Which one should I drop?": ("B", "A"),
        "Which one has lost more quality?": ("B", "A"),
        "Which one has lost less quality?": ("A", "B"),
        "Which one is the loser?": ("B", "A"),
        "Which one goes into the album?": ("A", "B"),
        "Which one goes into the bin?": ("B", "A"),
        "Which is the worst?": ("B", "A"),
        "Which one is of poorer quality?": ("B", "A"),
        "Which one is the bad one?": ("B", "A"),
        "Which of the two should go?": ("B", "A"),
        "Should I keep A or B?": ("A", "B"),
    }
    asked = set()
    simulator = Simulator(np.random.default_rng(1))
    pairs = []
    for _ in range(20):
        a, b = simulator.picture().trimmed(), simulator.picture().trimmed()
        pairs.append(Pair(a=Sight(a), b=Sight(b), notes=simulator.comparison(a, b)))
    assert {pair.notes.winner for pair in pairs} == {"A", "B"}
    for seed in range(2500):
        pair = pairs[seed % len(pairs)]
        exchange = compare.better(Writer(np.random.default_rng(seed)), pair)
        for question, (if_a, if_b) in meant.items():
            if exchange.question.startswith(question):
                asked.add(question)
                assert exchange.key == (if_a if pair.notes.winner == "A" else if_b)
    assert asked == set(meant)


def test_the_better_picture_is_the_comparisons() -> None:
    simulator = Simulator(np.random.default_rng(1))
    a, b = simulator.picture().trimmed(), simulator.picture().trimmed()
    pair = Pair(a=Sight(a), b=Sight(b), notes=simulator.comparison(a, b))
    for seed in range(30):
        for make in (compare.better, compare.reasoned):
            exchange = make(writer(seed), pair)
            assert agrees(exchange, exchange.answer), exchange
            assert "An is" not in exchange.answer


def test_options_hold_one_right_one() -> None:
    seen = sight(note(), note(Category.NOISE))
    for seed in range(40):
        exchange = choose_main(writer(seed), seen)
        assert exchange is not None
        assert (
            exchange.question.lower().count(SHORT[Category.BLUR])
            + exchange.question.lower().count(SHORT[Category.NOISE])
            >= 1
        )
        assert agrees(exchange, exchange.answer)


@pytest.mark.parametrize("category", Category)
def test_every_severity_of_everything_has_words(category: Category) -> None:
    kinds = [None, *(d for d in Distortion if d.category is category)]
    for kind in kinds:
        for severity in (0.5, 1, 2, 3, 4, 5):
            for at in (CORNER, WHOLE):
                seen = Note(category=category, distortion=kind, severity=severity, sure=9, spot=at)
                assert "{" not in effect(writer(), seen)
                assert categories_named(str(graded(writer(), seen))) == {category}


@pytest.mark.parametrize("category", Category)
def test_degrees_can_stand_behind_how(category: Category) -> None:
    assert not re.search(r"\btoo\b|much", ASKED[category].degrees)


def test_typing_leaves_options_and_pictures_alone() -> None:
    question = "Which is better, A or B?\nA. blur\nB. noise"
    for seed in range(30):
        rough = roughen(np.random.default_rng(seed), question)
        assert rough.endswith("\nA. blur\nB. noise")
        assert re.search(r"\bA\b.*\bB\b", rough.partition("\n")[0])


def test_a_request_made_politely_stays_the_same_request() -> None:
    for seed in range(60):
        framed = polite(np.random.default_rng(seed), "Point to the noise. As a box, please.")
        assert re.fullmatch(r"(.+ p|P)oint to the noise[^.?]*[.?] As a box, please\.", framed)
        # That one is held out.
        assert not framed.lower().startswith(("could you point", "could you please point"))


@pytest.mark.parametrize("question", ["Where is the noise?", "Which is better?\nA. blur\nB. noise", "Is it pointed?"])
def test_only_requests_are_made_politely(question: str) -> None:
    assert {polite(np.random.default_rng(seed), question) for seed in range(30)} == {question}


def test_simulated_notes_are_such_as_findings_make() -> None:
    for seed in range(200):
        picture = Simulator(np.random.default_rng(seed)).picture()
        assert all(0.5 <= n.severity <= 5 and 0 <= n.sure <= 9 for n in picture.notes)
        assert max(Counter(n.category for n in picture.notes).values(), default=0) <= 3
        assert not {hint.category for hint in picture.hints} & {n.category for n in picture.notes}


def test_the_first_named_comes_first() -> None:
    assert named_in_order("Serious noise and slight blur.") == [Category.NOISE, Category.BLUR]


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [("Yes.", "yes"), ("I see no noise.", "no"), ("There is slight blur.", "yes"), ("Possibly.", "yes"), ("Hm", None)],
)
def test_yes_and_no_are_read(answer: str, meaning: str | None) -> None:
    assert yes_or_no(answer) == meaning


def test_a_drill_is_mostly_answered_in_a_word() -> None:
    pens = [writer(seed) for seed in range(60)]
    said = [exchange for pen in pens for exchange in kinds.drill(pen, Sight(Simulator(pen.rng).picture()))]
    assert 300 <= len(said) <= 600
    assert sum(len(exchange.answer.split()) <= 4 for exchange in said) > 0.75 * len(said)
    kinds_said = {exchange.kind for exchange in said}
    assert kinds_said >= {"yes_no", "what", "level", "score", "choice_what", "choice_how", "box", "aspect", "notes"}


def test_options_are_named_and_read() -> None:
    for seed in range(60):
        named = choice.named_option(writer(seed), sight())
        asked, *options = re.split(r";?\s\(?[A-D][.)] ", named.question.split("\nAnswer")[0])
        if options:
            assert named.key is not None
            option = options["ABCD".index(named.key)].splitlines()[0].lower()
            assert asked.lower().rstrip("?.").endswith(option), named
        read = choice.read_option(writer(seed), sight())
        letter = re.search(r"\b([A-D])\b(?=[^.]*[?.])", read.question)
        assert letter is not None
        assert f"{letter[1]}. {read.answer}" in read.question


def test_a_defect_that_weighs_as_much_may_be_called_the_main_one() -> None:
    seen = sight(note(Category.BLUR, 4.0), note(Category.NOISE, 3.0), note(Category.DARKEN, 2.0))
    exchange = what.main_defect(writer(), seen)
    assert exchange.key == "blur|noise"
    assert agrees(exchange, "The main problem is serious noise.")
    assert agrees(exchange, "Blur")
    assert not agrees(exchange, "It is too dark, with some blur.")
    assert not agrees(exchange, "Nothing")


def test_of_two_opposites_the_one_that_is_there_is_named() -> None:
    dark = sight(note(Category.DARKEN, 3.0))
    keys = {key for seed in range(40) if (key := yes_no.either(writer(seed), dark).key)}
    assert keys == {"darken", "none"}
    for seed in range(40):
        exchange = yes_no.either(writer(seed), dark)
        if exchange.key == "none":
            assert exchange.answer.startswith("Neither")
            assert not any(word in exchange.question for word in ("dark", "underexposed", "light"))
        else:
            assert not exchange.answer.startswith("Neither")
