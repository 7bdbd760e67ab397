from __future__ import annotations

from quibble.text.conversation import IGNORED
from quibble.text.grammar import Wording
from quibble.text.special import SEGMENT_TEXT
from quibble.text.tokenizer import nano
from quibble.train.examples import Samples, Simulated, encode_example


def test_an_item_depends_on_seed_and_number_alone() -> None:
    source = Simulated(3)
    forward = [source[i] for i in range(20)]
    backward = [Simulated(3)[i] for i in reversed(range(20))]
    assert forward == backward[::-1]
    assert [Simulated(4)[i] for i in range(20)] != forward


def test_samples_fit_the_context() -> None:
    samples = Samples(Simulated(3), nano())
    lengths = [len(samples[i][0]) for i in range(300)]
    assert max(lengths) <= 640


def test_labels_are_the_answers() -> None:
    tokenizer = nano()
    for number in range(50):
        example = Simulated(3)[number]
        ids, labels = encode_example(example, tokenizer)
        assert len(ids) == len(labels)
        learned = tokenizer.decode([label for label in labels if label != IGNORED])
        assert learned == "".join(x.answer for x in example.exchanges).replace(SEGMENT_TEXT, "")


def test_held_out_wordings_are_not_trained_on() -> None:
    def questions(wording: Wording) -> set[str]:
        source = Simulated(3, wording=wording)
        return {x.question for i in range(400) for x in source[i].exchanges if x.kind == "hyd_most"}

    assert not questions(Wording.TRAINING) & questions(Wording.HELD_OUT)


def test_all_forms_occur() -> None:
    source = Simulated(3)
    shapes = {(len(c.pictures), c.region is not None) for c in (source[i].conversation for i in range(200))}
    assert shapes == {(1, False), (1, True), (2, False), (3, False)}
