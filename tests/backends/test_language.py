import json
from pathlib import Path

import numpy as np
import pytest
import torch

from quibble.backends.language import OnnxLanguage, Sampling
from quibble.errors import ArgumentError, ModelError
from quibble.model.language import Language, LanguageConfig
from quibble.train.export_language import write_language

TINY = LanguageConfig(
    vocabulary=60, width=32, layers=2, heads=4, key_value_heads=2, intermediate=48, context=48, visual_tokens=2
)
STOP = 2


@pytest.fixture(scope="module")
def reference() -> Language:
    """Random weights that half precision holds exactly, as what is exported."""
    torch.manual_seed(0)
    model = Language.random(TINY).eval().requires_grad_(False)
    for name, weight in model.named_parameters():
        torch.nn.init.normal_(weight, 1.0 if "norm" in name else 0.0, 0.2)
        weight.copy_(weight.half())
    return model


@pytest.fixture(scope="module")
def folder(reference: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights") / "language"
    write_language(reference, TINY, folder, {"name": "tiny"})
    return folder


@pytest.fixture(scope="module")
def language(folder: Path) -> OnnxLanguage:
    return OnnxLanguage(folder, threads=1)


def prompt(length: int = 9, seed: int = 1) -> list[int]:
    return [int(n) for n in np.random.default_rng(seed).integers(5, TINY.vocabulary, length)]


def log_probabilities(reference: Language, ids: list[int], visual: torch.Tensor | None = None) -> np.ndarray:
    """(T, vocabulary), of the token after each."""
    return reference.logits(reference(torch.tensor([ids]), visual))[0].log_softmax(-1).numpy()


def test_token_by_token_it_writes_what_torch_writes(language: OnnxLanguage, reference: Language) -> None:
    for seed in range(3):
        ids = prompt(seed=seed)
        reply = language.reply(language.read(ids), stop=(), limit=20)
        for token in reply:
            expected = log_probabilities(reference, ids)[-1]
            assert token == expected.argmax()
            logits = reply.before[-1].logits
            np.testing.assert_allclose(logits - logits[0], expected - expected[0], atol=1e-3)
            ids.append(token)
        assert len(reply.tokens) == 20


def test_reading_in_pieces_equals_reading_at_once(language: OnnxLanguage) -> None:
    ids = prompt(30)
    whole = language.read(ids)
    heard = language.read(ids[:11])
    for start, end in ((11, 12), (12, 20), (20, 30)):
        heard = language.read(ids[start:end], after=heard)
    assert heard.length == whole.length == 30
    np.testing.assert_allclose(heard.logits, whole.logits, atol=1e-4)
    np.testing.assert_allclose(heard.hidden, whole.hidden, atol=1e-4)


def test_many_can_go_on_from_one_prefix(language: OnnxLanguage) -> None:
    ids = prompt(10)
    prefix = language.read(ids)
    first = language.read([7, 8, 9], after=prefix)
    second = language.read([20, 21], after=prefix)
    again = language.read([10], after=first)
    np.testing.assert_allclose(second.logits, language.read([*ids, 20, 21]).logits, atol=1e-4)
    np.testing.assert_allclose(again.logits, language.read([*ids, 7, 8, 9, 10]).logits, atol=1e-4)


def test_visual_tokens_are_read_in_their_places(language: OnnxLanguage, reference: Language) -> None:
    ids = prompt(8)
    ids[1:3] = [TINY.image_token] * 2
    visual = torch.randn(2, 32, generator=torch.Generator().manual_seed(3))
    for rows in (visual, None):
        heard = language.read(ids, visual=None if rows is None else rows.numpy())
        expected = log_probabilities(reference, ids, rows)[-1]
        np.testing.assert_allclose(heard.logits - heard.logits[0], expected - expected[0], atol=1e-3)


def test_options_are_scored_as_whole_continuations(language: OnnxLanguage, reference: Language) -> None:
    ids, options = prompt(), [[5], [6, STOP], [7, 8, 9, STOP]]
    expected = []
    for option in options:
        log_probability = log_probabilities(reference, [*ids, *option])
        expected.append(sum(log_probability[len(ids) - 1 + i, token] for i, token in enumerate(option)))
    np.testing.assert_allclose(language.score(language.read(ids), options), expected, atol=2e-3)
    with pytest.raises(ArgumentError, match="empty"):
        language.score(language.read(ids), [[]])


def test_words_share_the_next_token_among_themselves(language: OnnxLanguage) -> None:
    heard = language.read(prompt())
    shares = heard.probabilities([4, 5, 6])
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.log(shares[1] / shares[0]), heard.logits[5] - heard.logits[4], rtol=1e-4)


def test_a_stop_ends_the_reply_and_the_conversation_goes_on_without_it(language: OnnxLanguage) -> None:
    ids = prompt()
    free = list(language.reply(language.read(ids), stop=(), limit=12))
    last = next(i for i in range(1, 12) if free[i] not in free[:i])
    reply = language.reply(language.read(ids), stop={free[last]}, limit=12)
    assert list(reply) == free[:last]
    assert reply.finished
    assert list(reply) == []
    np.testing.assert_allclose(reply.heard.logits, language.read([*ids, *free[:last]]).logits, atol=1e-4)
    cut = language.reply(language.read(ids), stop=(), limit=3)
    assert list(cut) == free[:3]
    assert not cut.finished


def test_sampling_is_seeded_and_top_p_leaves_the_unlikely_out(language: OnnxLanguage) -> None:
    heard = language.read(prompt())

    def write(**sampling: float) -> list[int]:
        return list(language.reply(heard, stop=(), limit=15, sampling=Sampling(**sampling)))  # type: ignore[arg-type]

    assert write(temperature=1.5, seed=1) == write(temperature=1.5, seed=1)
    assert write(temperature=1.5, seed=1) != write(temperature=1.5, seed=2)
    assert write(temperature=1.5, top_p=1e-6, seed=1) == write()
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    rng = np.random.default_rng(0)
    drawn = [Sampling(temperature=1.0, top_p=0.75).draw(logits, rng) for _ in range(400)]
    assert set(drawn) == {0, 1}
    assert drawn.count(0) / 400 == pytest.approx(0.625, abs=0.08)


@pytest.mark.parametrize("bad", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"temperature": float("nan")}])
def test_impossible_sampling_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ArgumentError):
        Sampling(**bad)  # type: ignore[arg-type]


def test_a_full_context_ends_the_reply_and_refuses_more(language: OnnxLanguage) -> None:
    heard = language.read(prompt(TINY.context - 4))
    reply = language.reply(heard, stop=())
    assert len(list(reply)) == 4
    with pytest.raises(ArgumentError, match="49 tokens, the model reads 48"):
        language.read([5], after=reply.heard)
    with pytest.raises(ArgumentError, match="no tokens"):
        language.read([])


def test_weights_of_another_form_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        OnnxLanguage(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "language.onnx").write_bytes((folder / "language.onnx").read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        OnnxLanguage(tmp_path)
    del manifest["context"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="lacks context"):
        OnnxLanguage(tmp_path)
