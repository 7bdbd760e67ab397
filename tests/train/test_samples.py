from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from quibble.backends.prompting import Prompter
from quibble.data import ImageEntry, Record, RegionEntry, Role, Turn
from quibble.data.dataset import Sample
from quibble.errors import RecordError
from quibble.geometry import Box
from quibble.model.composition import Composition, Masks
from quibble.model.language import IGNORED
from quibble.model.tiles import Tiled
from quibble.text.template import Template
from quibble.train.samples import Encoder, Together
from quibble.train.tuning_recipe import Source
from tests import tiny
from tests.train.tiny_data import write_pictures

COMPOSITION = Composition(side=28, image_token=tiny.IMAGE, segmentation_token=270, masks=Masks(layers=(1, 2)))


def encoder(**changes: Any) -> Encoder:
    settings: dict[str, Any] = {"composition": COMPOSITION, "template": Template(), "context": 200} | changes
    prompter = Prompter(tiny.make_tokenizer(), settings.pop("composition"), settings.pop("template"), patch=14)
    return Encoder(prompter, **settings)


def sample(folder: Path, *turns: Turn, roles: tuple[Role, ...] = (Role.SINGLE,), **fields: Any) -> Sample:
    entries = write_pictures(folder, len(roles))
    images = tuple(
        ImageEntry(role=role, file=e.file, width=e.width, height=e.height)
        for role, e in zip(roles, entries, strict=True)
    )
    record = Record(id="r", task="t", images=images, turns=turns, **fields)
    return Sample(record=record, pictures=tuple(folder / image.file for image in images))


PLAIN = Source()


def test_only_answers_are_learned_with_what_ends_them(tmp_path: Path) -> None:
    turns = (Turn(question="Is it sharp?", answer="Yes."), Turn(question="Why?", answer="Edges."))
    tuned = encoder().encode(sample(tmp_path, *turns), PLAIN)
    tokenizer = tiny.make_tokenizer()
    ids = tuned.ids.tolist()
    assert tokenizer.decode(ids) == (
        "<s>USER: <image><image><image><image>\nIs it sharp? ASSISTANT: Yes.</s>USER: Why? ASSISTANT: Edges.</s>"
    )
    learned = [token for token, label in zip(ids, tuned.labels.tolist(), strict=True) if label != IGNORED]
    assert tokenizer.decode(learned) == " Yes.</s> Edges.</s>"
    assert [label for label in tuned.labels.tolist() if label != IGNORED] == learned
    (picture,) = tuned.shown.pictures
    assert isinstance(picture, torch.Tensor)
    assert picture.shape == (3, 28, 28)


def test_the_prompt_is_what_training_had_before_the_answer(tmp_path: Path) -> None:
    one = encoder()
    tuned = one.encode(sample(tmp_path, Turn(question="Why?", answer="Edges.")), PLAIN)
    prompt = tiny.make_tokenizer()(one.prompter.prompt(["single"], [("Why?", "")], [4]))["input_ids"]
    assert tuned.ids.tolist()[: len(prompt)] == prompt
    assert tuned.labels[: len(prompt)].eq(IGNORED).all()
    assert tuned.labels[len(prompt) :].ne(IGNORED).all()


def test_each_picture_has_its_tags_and_places(tmp_path: Path) -> None:
    roles = (Role.REFERENCE, Role.A, Role.B)
    made = encoder(template=Template(tags="distinct"))
    tuned = made.encode(sample(tmp_path, Turn(question="Which?", answer="A"), roles=roles), PLAIN)
    text = tiny.make_tokenizer().decode(tuned.ids.tolist())
    four = "<image>" * 4
    assert f"<Img-Reference>{four}</Img-Reference><Img-A>{four}</Img-A><Img-B>{four}</Img-B>Which?" in text
    assert text.endswith(" ASSISTANT: A</s>")
    learned = tuned.ids[tuned.labels != IGNORED].tolist()
    assert tiny.make_tokenizer().decode(learned) == " A</s>"


def test_tiles_have_as_many_places_as_tokens(tmp_path: Path) -> None:
    made = encoder(composition=replace(COMPOSITION, tiles=tiny.LLAVA_TILES))
    tuned = made.encode(sample(tmp_path, Turn(question="Why?", answer="Edges.")), PLAIN)
    tiled = tuned.shown.pictures[0]
    assert isinstance(tiled, Tiled)
    assert (tiled.height, tiled.width) == (40, 56)
    assert int((tuned.ids == tiny.IMAGE).sum()) == made.prompter.count(
        made.prompter.views(np.zeros((40, 56, 3), np.uint8))
    )


def regions(count: int) -> tuple[RegionEntry, ...]:
    return tuple(RegionEntry(image=0, box=Box(x0=0, y0=0, x1=28, y1=40), label=f"blur {n}") for n in range(count))


def test_masks_come_in_the_order_of_their_tokens(tmp_path: Path) -> None:
    turn = Turn(question="Where?", answer="Here:", regions=(1, 0))
    told = sample(tmp_path, turn, regions=regions(2), extra={"quality_text": "It is dark."})
    tuned = encoder(context=400).encode(told, Source(masks=True))
    text = tiny.make_tokenizer().decode(tuned.ids.tolist())
    assert "Here: blur 1 <seg0><seg1><seg2><seg3> blur 0 <seg0><seg1><seg2><seg3></s>" in text
    assert "It is dark. Where?" not in text
    assert "It is dark. Where?" in tiny.make_tokenizer().decode(
        encoder(context=400, quality_text=True).encode(told, Source(masks=True)).ids.tolist()
    )
    assert tuned.shown.targets == [0, 0]
    assert len(tuned.masks) == 2
    # Padded to a square of 56, the picture lies in the middle: rows 4 to 24 of 28.
    assert tuned.masks[0][6:22, :13].min() == 1
    assert tuned.masks[0][:2].max() == 0
    assert encoder().encode(told, PLAIN).masks == ()


def test_what_does_not_fit_is_left_out_from_the_end(tmp_path: Path) -> None:
    turns = tuple(Turn(question=f"Question {n}?", answer="Yes, " * 5) for n in range(8))
    whole = encoder(context=9999).encode(sample(tmp_path, *turns), PLAIN)
    short = encoder(context=150).encode(sample(tmp_path, *turns), PLAIN)
    assert len(short.ids) <= 150 < len(whole.ids)
    assert short.ids.tolist() == whole.ids.tolist()[: len(short.ids)]
    assert short.ids[-1] == 2
    cut = encoder(context=50).encode(sample(tmp_path, Turn(question="?", answer="Yes, " * 50)), PLAIN)
    assert len(cut.ids) == len(cut.labels) == 50
    turn = Turn(question="Where?", answer="Yes, " * 50, regions=(0,))
    with pytest.raises(RecordError, match=r"record 'r': has \d+ tokens in its first turn; the recipe's context is 50"):
        encoder(context=50).encode(sample(tmp_path, turn, regions=regions(1)), Source(masks=True))


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (Turn(question="Say </s> now", answer="No."), "holds '</s>'"),
        (Turn(question="<image> and <image>", answer="No."), "2 places for pictures"),
        (Turn(question="<bbox>", answer="No."), "'<bbox>' 1 times, and mentions 0"),
        (Turn(question="Well?", answer=""), "expected an answer to learn from"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(tmp_path: Path, turn: Turn, said: str) -> None:
    with pytest.raises(RecordError, match=f"record 'r': .*{said}"):
        encoder().encode(sample(tmp_path, turn), PLAIN)


def test_rows_are_padded_on_the_right_and_the_longest_come_first(tmp_path: Path) -> None:
    made = encoder()
    each = [made.encode(sample(tmp_path / str(n), Turn(question="?" * n, answer="Yes.")), PLAIN) for n in (1, 5, 3)]
    first, second = Together(2)(each)
    assert first.ids.shape == (2, len(each[1].ids))
    assert first.ids[1, len(each[2].ids) :].tolist() == [0, 0]
    assert first.labels[1, len(each[2].ids) :].tolist() == [IGNORED] * 2
    assert torch.equal(second.ids[0], each[0].ids)
    assert len(first.shown) == 2
