from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from quibble.annotate.answers import Marked, Pathway, UnusableError, read
from quibble.annotate.kinds import ROLES, Kind, misses
from quibble.annotate.pages import CLEAN, PART, notice, page, project, task
from quibble.data import ImageEntry, Record, Role, Turn
from quibble.geometry import Mask
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Degree, Overall, Questionnaire, Step
from quibble.taxonomy import QGroundClass, Texture
from tests.annotate.people import HEIGHT, WIDTH, Results, box_mask, brushed, chosen, comparison, masks, pathway, typed
from tests.annotate.people import questionnaire as answers

LEFT, CORNER = box_mask(0, 0, 48, 64), box_mask(0, 0, 20, 20)


def item(kind: Kind) -> Record:
    images = tuple(
        ImageEntry(role=role, file=f"images/{role.lower()}.png", width=WIDTH, height=HEIGHT, sha256="0" * 64)
        for role in ROLES[kind]
    )
    return Record(
        id="x", task=kind.value, images=images, turns=(Turn(question="", answer="It is blurred."),), score=41.6
    )


def told(kind: Kind, results: Results, **options: bool) -> Any:
    return read(kind, results, item(kind), **options)


def test_pathway() -> None:
    found = told(Kind.PATHWAY, [typed("description", " It is\n blurred. "), typed("conclusion", "Poor.")])
    assert found == Pathway(description="It is blurred.", conclusion="Poor.")
    assert found.text == "It is blurred. Poor."


def test_masks_keep_what_was_drawn() -> None:
    results = masks((QGroundClass.BLUR, LEFT), (QGroundClass.BLUR, CORNER), (QGroundClass.NOISE, CORNER))
    results.append(brushed(PART, LEFT))
    results.append(brushed("jitter", Mask.from_array(LEFT.to_array() & False)))
    found = told(Kind.MASKS, results)
    assert [name for name, _ in found.masks] == ["blur", "blur", "noise"]
    assert found.by_class() == {QGroundClass.NOISE: CORNER, QGroundClass.BLUR: LEFT}
    assert told(Kind.MASKS, masks()) == Marked(masks=())


def test_questionnaire() -> None:
    typed_in = [typed("remark_blurriness", "motion blur"), typed("remark_noise", "typed before it was taken back")]
    found = told(Kind.QUESTIONNAIRE, [*answers(), *typed_in])
    assert isinstance(found, Questionnaire)
    assert (found.texture, found.overall) == (Texture.BRICKS, Overall.MILD)
    assert found.degrees[Aspect.BLURRINESS] is Degree.SEVERE
    assert found.remarks == {Aspect.BLURRINESS: "motion blur"}


def test_comparison_either_way_round() -> None:
    results = comparison(noise="slightly inferior", color="superior")
    found, other = told(Kind.COMPARISON, results), told(Kind.COMPARISON, results, swap=True)
    assert isinstance(found, Comparison)
    assert (found.steps[Aspect.NOISE], found.overall) == (Step.SLIGHTLY_INFERIOR, Step.SUPERIOR)
    assert (other.steps[Aspect.NOISE], other.overall) == (Step.SLIGHTLY_SUPERIOR, Step.INFERIOR)
    assert other.steps[Aspect.BRIGHTNESS] is Step.EQUAL


OTHER_SIZE = Mask.from_array(CORNER.to_array()[:50])
TURNED = brushed("blur", CORNER) | {"image_rotation": 90}
DAMAGED = brushed("blur", CORNER)
DAMAGED["value"] = {**DAMAGED["value"], "rle": DAMAGED["value"]["rle"][:-3]}


@pytest.mark.parametrize(
    ("kind", "results", "reason"),
    [
        (Kind.PATHWAY, pathway()[:1], "a half annotation: no conclusion"),
        (Kind.PATHWAY, [typed("description", "  "), typed("conclusion", "Poor.")], "a half annotation: no description"),
        (Kind.MASKS, [], "nothing marked"),
        (Kind.MASKS, [brushed(PART, LEFT)], "nothing marked"),
        (Kind.MASKS, [*masks((QGroundClass.BLUR, LEFT)), chosen("clean", CLEAN)], "masks, and yet nothing to mark"),
        (Kind.MASKS, [brushed("haze", LEFT)], "another label than the five: found haze"),
        (Kind.MASKS, [brushed("blur", OTHER_SIZE)], "a mask of another size than the picture: 96 x 50 on 96 x 64"),
        (Kind.MASKS, [TURNED], "a mask of another size than the picture"),
        (Kind.MASKS, [DAMAGED], "a damaged mask"),
        (Kind.MASKS, [{"from_name": "mask", "value": {"brushlabels": ["blur"]}}], "results of another form"),
        (Kind.QUESTIONNAIRE, answers()[1:], "a half annotation: no answer to texture"),
        (Kind.QUESTIONNAIRE, answers(damage="gone"), "an answer that is not on the page"),
        (Kind.QUESTIONNAIRE, [*answers(), chosen("noise", "mild")], "several answers to one question: noise"),
        (Kind.COMPARISON, comparison()[:-1], "a half annotation: no answer to overall"),
        (Kind.COMPARISON, comparison(color="A much better"), "an answer that is not on the page"),
    ],
)
def test_what_cannot_be_used(kind: Kind, results: Results, reason: str) -> None:
    with pytest.raises(UnusableError, match=f"^{reason}"):
        told(kind, results)


class TestPages:
    @pytest.mark.parametrize("kind", Kind)
    def test_what_a_page_asks_can_be_read(self, kind: Kind) -> None:
        """Every control's name and every answer's value are those that are read back."""
        root = ElementTree.fromstring(page(kind))
        results: Results = []
        for choices in root.iter("Choices"):
            if choices.get("required"):
                first = choices[0]
                results.append(chosen(choices.attrib["name"], first.get("alias") or first.attrib["value"]))
        for area in root.iter("TextArea"):
            results.append(typed(area.attrib["name"], "words"))
        labels = [label.attrib["value"] for label in root.iter("Label")]
        assert labels == ([*QGroundClass, PART] if kind is Kind.MASKS else [])
        if labels:
            results.append(brushed(labels[0], CORNER))
        assert told(kind, results) is not None

    @pytest.mark.parametrize("kind", Kind)
    def test_what_a_page_shows_is_in_its_tasks(self, kind: Kind) -> None:
        shown = {str(e.get("value")) for e in ElementTree.fromstring(page(kind)).iter() if e.tag in ("Image", "Text")}
        pictures = {role: f"/data/{role}" for role in ROLES[kind]}
        data = task(item(kind), pictures, notice="1 of 2")["data"]
        assert {value.removeprefix("$") for value in shown} <= data.keys()
        assert data["score"] == "Other people's opinion: 42 of 100"
        assert len(project(kind, title="t")["label_config"]) > 500

    def test_all_answers_of_the_questionnaires_are_offered(self) -> None:
        offered = {
            choices.attrib["name"]: [one.get("alias") or one.attrib["value"] for one in choices]
            for kind in (Kind.QUESTIONNAIRE, Kind.COMPARISON)
            for choices in ElementTree.fromstring(page(kind)).iter("Choices")
        }
        assert offered["texture"] == [*Texture]
        assert offered["noise"] == [*Step]

    def test_sides_and_parts(self) -> None:
        pictures = {Role.REFERENCE: "r", Role.A: "a", Role.B: "b"}
        data = task(item(Kind.COMPARISON), pictures, notice="", swap=True)["data"]
        assert (data["picture_a"], data["picture_b"], data["picture_reference"]) == ("b", "a", "r")
        made = task(item(Kind.MASKS), {Role.SINGLE: "s"}, notice="", parts=[LEFT, CORNER])
        labels = [one["value"]["brushlabels"] for one in made["predictions"][0]["result"]]
        assert labels == [[PART], [PART]]

    def test_a_warning_past_so_many(self) -> None:
        assert notice(30, 50, warn=30, most=50) == "Picture 30 of 50 in this sitting"
        assert "more than 30" in notice(31, 50, warn=30, most=50)


def test_what_a_record_lacks() -> None:
    assert misses(item(Kind.MASKS), Kind.PATHWAY) == ""
    assert "reference, A, B" in misses(item(Kind.MASKS), Kind.COMPARISON)
    silent = Record(id="x", task="y", images=item(Kind.MASKS).images, turns=())
    assert "text on quality" in misses(silent, Kind.MASKS)
