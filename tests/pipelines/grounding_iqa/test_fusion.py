from __future__ import annotations

from quibble.geometry import Box
from quibble.pipelines.grounding_iqa.boxes import Found, Tag
from quibble.pipelines.grounding_iqa.fusion import code, fuse, mention

SIZE = {"width": 100, "height": 100}


def found(phrase: str, *boxes: tuple[float, float, float, float]) -> Found:
    where = tuple(Box(x0=a, y0=b, x1=c, y1=d) for a, b, c, d in boxes or ((0, 0, 50, 50),))
    return Found(tag=Tag(phrase=phrase, quality="sharp", effect="positive"), raw=where, boxes=where)


def test_codes_are_cells_of_the_20_by_20_grid() -> None:
    assert code([Box(x0=0, y0=0, x1=100, y1=100)], **SIZE) == "(0,399)"
    assert code([Box(x0=15, y0=15, x1=40, y1=37), Box(x0=0, y0=0, x1=4, y1=4)], **SIZE) == "(63,148)(0,0)"


def test_boxes_go_behind_the_first_mention() -> None:
    fused = fuse("The cup is blurred. The Cup is old.", [found("the cup")], **SIZE)
    assert fused.text == "[The cup](0,210) is blurred. The Cup is old."
    assert fused.placed == (0,)


def test_objects_come_in_the_order_of_the_text() -> None:
    fused = fuse("The sky is bright, the sea dark.", [found("the sea"), found("the sky", (0, 0, 4, 4))], **SIZE)
    assert fused.text == "[The sky](0,0) is bright, [the sea](0,210) dark."
    assert fused.placed == (1, 0)


def test_the_longer_of_two_names_counts() -> None:
    both = [found("the cup"), found("the cup on the left", (0, 0, 4, 4))]
    fused = fuse("The cup on the left is sharp, unlike the cup behind it.", both, **SIZE)
    assert fused.text == "[The cup on the left](0,0) is sharp, unlike [the cup](0,210) behind it."
    assert fuse("The cup on the left is sharp.", both, **SIZE).placed == (1,)


def test_only_whole_words_are_a_mention() -> None:
    assert mention("the cat", "The catalogue") is None
    assert mention("cat", "a bobcat, a cat's paw") is not None
    assert fuse("The catalogue is dull.", [found("the cat")], **SIZE).text == "The catalogue is dull."


def test_articles_and_line_breaks_do_not_matter() -> None:
    for text in ("a white  cup", "The white\ncup", "white cup", "this white cup"):
        match = mention("the white cup", f"Is {text} sharp?")
        assert match is not None
        assert match[0] == text


def test_signs_in_a_phrase_are_taken_as_they_are() -> None:
    fused = fuse("The man's t-shirt (red) is dull.", [found("the man's t-shirt (red)")], **SIZE)
    assert fused.text == "[The man's t-shirt (red)](0,210) is dull."
