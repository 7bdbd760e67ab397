"""The Assessor's answers in words."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quibble import Assessor, Box, Category, Look, Mask, Region, Sampling
from quibble.backends.base import Maps
from quibble.errors import ArgumentError, CapabilityError, ModelError
from quibble.text import questions
from quibble.text.conversation import Conversation
from quibble.text.evidence import RegionNotes, Spot
from tests.fake_backend import FakeBackend
from tests.fake_speaker import FakeSpeaker
from tests.test_assessor import halves

LEFT = Box(x0=0, y0=0, x1=40, y1=60)


@pytest.fixture
def speaker() -> FakeSpeaker:
    return FakeSpeaker()


@pytest.fixture
def assessor(speaker: FakeSpeaker) -> Assessor:
    return Assessor(FakeBackend(), speaker)


@pytest.fixture
def look(assessor: Assessor) -> Look:
    """Blurred in its left half."""
    return assessor.look(halves(200, 10))


def test_every_method_takes_a_look_and_the_picture_is_seen_once(assessor: Assessor, look: Look) -> None:
    for method in (assessor.describe, assessor.chat):
        method(look)
    assessor.ask(look, "why?")
    assessor.ask(look, "why?", options=["yes", "no"])
    assessor.refer(look, LEFT)
    assessor.ground(look, "blur")
    assessor.compare(look, look, look)
    assessor.rank([look, look])
    assert assessor.backend.runs == [1]  # type: ignore[attr-defined]


def test_a_description_is_asked_for_with_the_evidence(assessor: Assessor, speaker: FakeSpeaker, look: Look) -> None:
    assert assessor.describe(look).text == questions.DESCRIBE
    (shown,) = speaker.heard[-1].pictures
    assert shown.evidence.startswith("score 41 fair; blur obvious 3.2 sure")
    assert speaker.heard[-1].region is None
    assert assessor.describe(look, LEFT).text == questions.DESCRIBE_REGION
    assert str(speaker.heard[-1].region).startswith("region at top left share 12; blur 9 obvious 3.2")
    assert assessor.describe(look, reference=halves(90, 90)).text == questions.DESCRIBE_AGAINST
    assert [picture.name for picture in speaker.heard[-1].pictures] == ["Reference", "Image"]
    with pytest.raises(ArgumentError, match="one of them"):
        assessor.describe(look, LEFT, boxes=True)


def test_boxes_are_those_of_the_findings_that_the_phrases_mean(
    assessor: Assessor, speaker: FakeSpeaker, look: Look
) -> None:
    asked = f"{questions.DESCRIBE} {questions.WITH_BOXES}"
    speaker.answers[asked] = "There is [obvious blur](000,389), [a dog](021,042) and [slight noise](042,021)."
    answer = assessor.describe(look, boxes=True)
    (finding,) = assessor.assess(look).findings
    assert [(phrase.text, phrase.box) for phrase in answer.phrases] == [
        ("obvious blur", finding.box),
        ("a dog", Box(x0=12, y0=9, x1=20, y1=15)),
    ]
    assert answer.text == speaker.answers[asked]


def test_an_answer_is_greedy_unless_it_is_sampled(assessor: Assessor, speaker: FakeSpeaker, look: Look) -> None:
    assert assessor.ask(look, " is it blurry? ").text == "is it blurry?"
    warm = Sampling(temperature=0.7, seed=3)
    assessor.ask(look, "why?", sampling=warm)
    assert speaker.samplings == [Sampling(), warm]
    with pytest.raises(ArgumentError, match="empty"):
        assessor.ask(look, "  ")


def test_options_have_probabilities(assessor: Assessor, speaker: FakeSpeaker, look: Look) -> None:
    answer = assessor.ask(look, "How is it?", options=["good", "bad", "fair"])
    assert (answer.text, answer.options) == ("bad", {"good": 0.25, "bad": 0.75, "fair": 0.0})
    assert speaker.question == "How is it?\nA. good\nB. bad\nC. fair\nAnswer with the letter."
    for wrong in (["one"], ["same", "same"], list("abcde"), ["", "x"]):
        with pytest.raises(ArgumentError, match="two to four"):
            assessor.ask(look, "How is it?", options=wrong)


def test_a_region_is_asked_about_by_what_it_shows(assessor: Assessor, speaker: FakeSpeaker, look: Look) -> None:
    mask = np.zeros((120, 160), bool)
    mask[20:60, 100:150] = True
    assert assessor.refer(look, LEFT).text == "What is wrong with this region? Just name it."
    assert assessor.refer(look, LEFT, "long").text.startswith("Name the defect")
    assert assessor.refer(look, Mask.from_array(mask)).text == "What is wrong with this region?"
    assert "clean 9" in str(speaker.heard[-1].region)
    with pytest.raises(ArgumentError, match="'short' or 'long'"):
        assessor.refer(look, LEFT, "medium")  # type: ignore[arg-type]


def test_two_defects_are_asked_for_in_the_plural() -> None:
    spot = Spot(cells=(0, 100), share=10)
    found = ((Category.BLUR, 8, 3.0), (Category.DARKEN, 5, 2.0), (Category.BRIGHTEN, 4, 2.0))
    notes = RegionNotes(spot=spot, found=found, clean=0)
    assert notes.shown() == found[:2]
    assert "names of the distortions" in questions.refer(notes, long=False)
    assert "what each does" in questions.refer(notes, long=True)


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (Box(x0=150, y0=0, x1=170, y1=10), "leaves the picture, which is 160 x 120"),
        (Box(x0=200, y0=0, x1=210, y1=10), "no pixel"),
        (Region(box=Box(x0=3, y0=3, x1=3, y1=9)), "no pixel"),
        (Mask.from_array(np.zeros((120, 160))), "no pixel"),
        (Mask.from_array(np.ones((20, 160))), "160 x 20, but the picture is 160 x 120"),
    ],
)
def test_a_region_that_is_none_is_refused(assessor: Assessor, look: Look, region: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        assessor.refer(look, region)


def test_grounding_follows_the_boxes_of_the_answer(assessor: Assessor, speaker: FakeSpeaker, look: Look) -> None:
    (finding,) = assessor.assess(look).findings
    asked = f"Where is it worst? {questions.WITH_BOX}"
    speaker.answers[asked] = "[Obvious blur](000,389)."
    grounding = assessor.ground(look, "Where is it worst?")
    assert (grounding.text, grounding.findings) == ("Obvious blur.", (finding,))
    assert (grounding.masks, grounding.boxes) == ((finding.mask,), (finding.box,))


def test_grounding_without_boxes_follows_the_names(assessor: Assessor, speaker: FakeSpeaker, look: Look) -> None:
    (finding,) = assessor.assess(look).findings
    assert assessor.ground(look, "Blur").findings == (finding,)
    assert speaker.question == "Find the blur. Answer with a bounding box."
    assert assessor.ground(look, "compression").findings == ()
    assert speaker.question.startswith("Find the compression artifacts.")
    speaker.answers[f"Where? {questions.WITH_BOX}"] = "The left is blurry."
    assert assessor.ground(look, "Where?").findings == (finding,)
    speaker.answers[f"Where is the noise? {questions.WITH_BOX}"] = "Nowhere: I see no noise, but blur."
    assert assessor.ground(look, "Where is the noise?").findings == ()


def test_what_is_only_suspected_can_be_pointed_to_but_is_no_finding(assessor: Assessor, look: Look) -> None:
    maps = look.evidence.categories
    noise, blur = list(Category).index(Category.NOISE), list(Category).index(Category.BLUR)
    maps[noise, :10, -10:] = 0.45
    (weak,) = assessor.ground(look, "noise").findings
    assert (weak.category, weak.position) == (Category.NOISE, "top right")
    assert weak.confidence < 0.5
    assert [finding.category for finding in assessor.assess(look).findings] == [Category.BLUR]
    maps[noise] = np.minimum(maps[noise], 0.15)
    assert assessor.ground(look, "noise").findings == ()
    assert maps[blur].max() > 0.8


def test_a_question_for_the_most_looks_at_places_that_are_less_sure(
    assessor: Assessor, speaker: FakeSpeaker, look: Look
) -> None:
    blur = look.evidence.categories[list(Category).index(Category.BLUR)]
    blur[:, -10:] = 0.4
    look.evidence.severities[:, :, -10:] = 1.0
    asked = "Which region has the least blur?"
    speaker.answers[f"{asked} {questions.WITH_BOX}"] = "[Slight blur](015,399)."
    (finding,) = assessor.ground(look, asked).findings
    assert finding.severity == pytest.approx(1)
    assert "slight 1.0 least" in speaker.heard[-1].pictures[0].evidence
    assert [found.severity for found in assessor.assess(look).findings] == [pytest.approx(3.2)]
    assessor.ground(look, "Where is the blur?")
    assert "least" not in speaker.heard[-1].pictures[0].evidence


def test_a_comparison_says_who_wins_by_how_much_and_where(assessor: Assessor, speaker: FakeSpeaker, look: Look) -> None:
    clean = assessor.look(halves(120, 10))
    comparison = assessor.compare(look, clean)
    assert comparison.winner == "B"
    assert comparison.probability > 0.7
    assert comparison.differences == {Category.BLUR: -3.2}
    (finding,) = assessor.assess(look).findings
    assert comparison.where[Category.BLUR].iou(finding.mask) > 0.95
    assert comparison.text == f"Image B is {questions.COMPARE}"
    assert [picture.name for picture in speaker.heard[-1].pictures] == ["Image A", "Image B"]
    other = assessor.compare(clean, look)
    assert (other.winner, other.probability) == ("A", comparison.probability)
    assert other.differences == {Category.BLUR: 3.2}


def test_what_both_have_is_no_difference(assessor: Assessor, look: Look) -> None:
    comparison = assessor.compare(look, halves(201, 10))
    assert (comparison.differences, comparison.where) == ({}, {})
    assert comparison.probability == pytest.approx(0.5, abs=0.01)


def test_where_of_pictures_of_two_sizes_is_in_the_one_that_has_more(assessor: Assessor, look: Look) -> None:
    comparison = assessor.compare(halves(120, 10, 64, 64), look)
    assert (comparison.where[Category.BLUR].width, comparison.where[Category.BLUR].height) == (160, 120)


def test_with_a_reference_its_structure_counts(assessor: Assessor, speaker: FakeSpeaker) -> None:
    rng = np.random.default_rng(0)
    original = rng.integers(0, 100, (120, 160, 3), np.uint8)
    changed = np.clip(original + rng.normal(0, 20, original.shape), 0, 100).astype(np.uint8)
    assert assessor.compare(changed, original).probability == pytest.approx(0.5, abs=0.01)
    comparison = assessor.compare(changed, original, original)
    assert comparison.winner == "B"
    assert comparison.probability > 0.55
    assert [picture.name for picture in speaker.heard[-1].pictures] == ["Reference", "Image A", "Image B"]
    with pytest.raises(ArgumentError, match="its picture's size"):
        assessor.compare(changed, original, original[:64, :64])


def test_versions_are_ranked_by_damage_and_scenes_by_score(assessor: Assessor) -> None:
    damaged, version, other = halves(200, 10), halves(120, 10), halves(20, 250)
    ranked = assessor.rank([damaged, version, other])
    assert [place.number for place in ranked] == [2, 1, 0]
    assert [place.score for place in ranked] == [assessor.score(p) for p in (other, version, damaged)]
    assert sum(place.votes for place in ranked) == pytest.approx(1.5)
    with pytest.raises(ArgumentError, match="two pictures or more, found 1"):
        assessor.rank([damaged])


def test_a_chat_goes_on_and_keeps_what_was_heard_to_the_end(
    assessor: Assessor, speaker: FakeSpeaker, look: Look
) -> None:
    speaker.answers = {"is it sharp?": "No, it is blurred.", "why?": "The left is out of focus."}
    chat = assessor.chat(look, LEFT)
    assert list(chat.stream("is it sharp?")) == ["No,", " it", " is", " blurred."]
    next(chat.stream("forget this"))
    assert chat.ask("why? ").text == "The left is out of focus."
    assert chat.turns == tuple(speaker.answers.items())
    assert speaker.heard[-1].turns == (("is it sharp?", "No, it is blurred."), ("why?", ""))
    assert speaker.heard[-1].region is not None


class Suspicious(FakeBackend):
    """Thinks everything but blur possible at the left, banding the least."""

    def _see(self, view: Any, features: Any) -> Any:
        seen = super()._see(view, features)
        half = seen.categories.shape[2] // 2
        for number in range(1, 12):
            seen.categories[number, :, :half] = 0.45 - 0.02 * number
        return seen


def test_a_chat_knows_of_the_defect_that_is_spoken_of(speaker: FakeSpeaker) -> None:
    chat = Assessor(Suspicious(), speaker).chat(halves(200, 10))

    def noted(question: str) -> bool:
        chat.ask(question)
        (shown,) = speaker.heard[-1].pictures
        return "quantize" in str(shown.evidence)

    assert not noted("is it sharp?")
    assert noted("is there banding?")
    assert noted("where is that?")
    assert not noted("is there noise?")


@pytest.mark.parametrize(
    "use",
    [
        lambda assessor, look: assessor.describe(look),
        lambda assessor, look: assessor.ask(look, "why?"),
        lambda assessor, look: assessor.refer(look, LEFT),
        lambda assessor, look: assessor.ground(look, "blur"),
        lambda assessor, look: assessor.compare(look, look),
        lambda assessor, look: assessor.chat(look),
    ],
)
def test_without_language_weights_words_are_refused_and_figures_are_not(
    use: Callable[[Assessor, Look], Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assessor = Assessor(FakeBackend())
    monkeypatch.setattr(assessor, "_folder", tmp_path)
    look = assessor.look(halves(200, 10))
    with pytest.raises(ModelError, match="no language weights") as error:
        use(assessor, look)
    assert "\n" not in str(error.value)
    assert assessor.rank([look, look])[0].votes == 0.5


class Drawing(FakeSpeaker):
    """Draws the left third of a picture of 160 x 120, or nothing."""

    def __init__(self, answers: dict[str, str] | None = None, *, draws: bool = True) -> None:
        super().__init__(answers)
        self.draws = draws

    def outline(self, conversation: Conversation, *, sampling: Sampling) -> tuple[str, Maps | None]:
        text = "".join(self.write(conversation, sampling=sampling))
        logits = np.full((30, 40), -5.0, np.float32)
        logits[:, :13] = 5
        return text, logits if self.draws else None


def test_grounding_by_tokens_has_the_mask_that_was_drawn() -> None:
    asked = f"Where is the noise? {questions.WITH_MASK}"
    speaker = Drawing({asked: "Some noise at the left."})
    grounding = Assessor(FakeBackend(), speaker).ground(halves(200, 10), "Where is the noise?", by="tokens")
    (finding,) = grounding.findings
    assert (grounding.text, finding.category) == ("Some noise at the left.", Category.NOISE)
    assert finding.box.x1 == pytest.approx(52, abs=2)
    assert finding.confidence < 0.2
    assert speaker.heard[-1].pictures[0].features is not None
    nowhere = Assessor(FakeBackend(), Drawing(draws=False)).ground(halves(200, 10), "noise", by="tokens")
    assert nowhere.findings == ()


def test_what_draws_no_masks_is_not_asked_for_them(assessor: Assessor, look: Look) -> None:
    with pytest.raises(CapabilityError, match="fake-language draws no masks"):
        assessor.ground(look, "blur", by="tokens")
    with pytest.raises(ArgumentError, match="'findings' or 'tokens'"):
        assessor.ground(look, "blur", by="guess")  # type: ignore[arg-type]


def test_words_are_asked_for_with_the_features_and_figures_without(assessor: Assessor, speaker: FakeSpeaker) -> None:
    picture, asked = halves(200, 10), assessor.backend.asked  # type: ignore[attr-defined]
    assessor.score(picture)
    assessor.assess(picture)
    list(assessor.assess_many([picture]))
    assessor.rank([picture, picture])
    assert not any(asked)
    assessor.describe(picture)
    assert asked[-1]
    heard = speaker.heard[-1]
    assert heard.pictures[0].features is not None
    assert heard.inside is None
    assessor.refer(picture, LEFT)
    inside = speaker.heard[-1].inside
    assert inside is not None
    assert inside.sum() * 16 == LEFT.area
    assessor.compare(picture, picture)
    assert all(shown.features is not None for shown in speaker.heard[-1].pictures)
    # Originals are not among what is learned with pictures.
    assessor.compare(picture, picture, picture)
    assert all(shown.features is None for shown in speaker.heard[-1].pictures)
