import pytest
import torch

from quibble.model.language import (
    IGNORED,
    CachedStep,
    Language,
    LanguageConfig,
    answer_weights,
    learned_tokens,
    make_llama,
)

TINY = LanguageConfig(
    vocabulary=50, width=32, layers=3, heads=4, key_value_heads=2, intermediate=48, context=64, visual_tokens=2
)


@pytest.fixture(scope="module")
def language() -> Language:
    torch.manual_seed(0)
    model = Language.random(TINY).eval().requires_grad_(False)
    for name, weight in model.named_parameters():
        # As after some training: attention that attends to something, norms that are not one.
        torch.nn.init.normal_(weight, 1.0 if "norm" in name else 0.0, 0.2)
    return model


def tokens(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(5, TINY.vocabulary, shape, generator=torch.Generator().manual_seed(seed))


def test_nano_has_about_five_million_parameters() -> None:
    assert 5.3e6 < sum(p.numel() for p in make_llama(LanguageConfig()).parameters()) < 5.5e6


def test_hidden_states_are_those_of_transformers(language: Language) -> None:
    ids = tokens(2, 9)
    expected = language.llama(input_ids=ids).logits
    torch.testing.assert_close(language.logits(language(ids)), expected)


def test_reading_piece_by_piece_equals_reading_at_once(language: Language) -> None:
    ids = tokens(20)
    expected = language.logits(language(ids[None]))[0]
    step, past, found = CachedStep(language), torch.zeros(0, 3, 2, 2, 8), []
    for piece in torch.split(ids, [7, 1, 1, 4, 1, 6]):
        logits, hidden, added = step(piece, torch.zeros(0, 32), past, torch.arange(len(piece)))
        torch.testing.assert_close(language.logits(hidden), logits)
        past = torch.cat([past, added])
        found.append(logits)
    torch.testing.assert_close(torch.cat(found), expected, atol=1e-4, rtol=1e-4)


def test_visual_tokens_take_the_places_of_image_tokens_in_order(language: Language) -> None:
    ids = tokens(2, 8)
    ids[0, 1:3] = ids[1, 4:6] = TINY.image_token
    visual = torch.randn(4, 32, generator=torch.Generator().manual_seed(2))
    embedded = language.embed(ids, visual)
    assert torch.equal(embedded[0, 1:3], visual[:2])
    assert torch.equal(embedded[1, 4:6], visual[2:])
    assert torch.equal(embedded[0, 3:], language.embed(ids)[0, 3:])
    with pytest.raises(ValueError, match="4 places for visual tokens but 3"):
        language.embed(ids, visual[:3])
    every = torch.arange(8)
    past = torch.zeros(0, 3, 2, 2, 8)
    seen, _, _ = CachedStep(language)(ids[1], visual[2:], past, every)
    torch.testing.assert_close(seen, language.logits(language(ids, visual))[1], atol=1e-4, rtol=1e-4)
    unseen, _, _ = CachedStep(language)(ids[1], visual[:0], past, every)
    torch.testing.assert_close(unseen, language.logits(language(ids))[1], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(seen, unseen)


def test_loss_counts_labelled_tokens_only_and_each_given_all_before(language: Language) -> None:
    ids = tokens(1, 10)
    labels = torch.full_like(ids, IGNORED)
    labels[0, [4, 5, 9]] = ids[0, [4, 5, 9]]
    log_probability = language.llama(input_ids=ids).logits[0].log_softmax(-1)
    expected = -sum(float(log_probability[i - 1, ids[0, i]]) for i in (4, 5, 9))
    learned = learned_tokens(language, language(ids), labels)
    assert float(learned.loss) == pytest.approx(expected, rel=1e-4)
    assert int(learned.tokens) == 3


def test_a_long_answer_counts_less_than_its_tokens(language: Language) -> None:
    ids = tokens(2, 12)
    labels = torch.full_like(ids, IGNORED)
    labels[0, [3, 6, 7, 8, 9]] = ids[0, [3, 6, 7, 8, 9]]
    labels[0, 11] = ids[0, 11]
    labels[1, 1] = ids[1, 1]
    weights = answer_weights(labels, 0.5)
    assert weights[0, [3, 6, 7, 8, 9, 11]].tolist() == [1.0, 0.5, 0.5, 0.5, 0.5, 1.0]
    assert weights[1].tolist() == [0.0, 1.0] + [0.0] * 10
    assert float(weights.sum()) == 5.0
    log_probability = language.logits(language(ids)).log_softmax(-1)
    places = (labels != IGNORED).nonzero()
    expected = -sum(float(weights[r, i] * log_probability[r, i - 1, ids[r, i]]) for r, i in places.tolist())
    assert float(learned_tokens(language, language(ids), labels, balance=0.5).loss) == pytest.approx(expected, rel=1e-4)
    assert answer_weights(labels, 0.0).tolist() == (labels != IGNORED).float().tolist()


def test_samples_of_a_batch_never_see_each_other_nor_the_padding(language: Language) -> None:
    ids = tokens(3, 12)
    ids[0, 7:] = 0
    together = language(ids)
    torch.testing.assert_close(together[0, :7], language(ids[:1, :7])[0], atol=1e-4, rtol=1e-4)
    other = ids.clone()
    other[1:] = tokens(2, 12, seed=9)
    assert torch.equal(language(other)[0], together[0])
