import pytest
import torch
from transformers.models.sam.configuration_sam import SamMaskDecoderConfig
from transformers.models.sam.modeling_sam import SamTwoWayTransformer

from quibble.model.segmentation import SegmentationDecoder, encode_places, grid_positions
from quibble.model.text_to_point import PointSegmenter
from quibble.model.two_way import TwoWay


def sam_name(name: str) -> str:
    """Our name of a parameter -> SAM's."""
    for ours, theirs in (
        ("blocks.", "layers."),
        (".among.", ".self_attn."),
        (".at_places.", ".cross_attn_token_to_image."),
        (".at_tokens.", ".cross_attn_image_to_token."),
        (".think.0.", ".mlp.lin1."),
        (".think.2.", ".mlp.lin2."),
        *((f".norms.{i}.", f".layer_norm{i + 1}.") for i in range(4)),
        (".query.", ".q_proj."),
        (".key.", ".k_proj."),
        (".value.", ".v_proj."),
        (".out.", ".out_proj."),
    ):
        name = name.replace(ours, theirs)
    return name.replace("last.", "final_attn_token_to_image.").removeprefix("norm.")


def test_two_way_is_sams() -> None:
    torch.manual_seed(0)
    ours = TwoWay(16, 4).eval()
    config = SamMaskDecoderConfig(hidden_size=16, num_attention_heads=4, mlp_dim=64, attention_downsample_rate=2)
    theirs = SamTwoWayTransformer(config).eval()
    for module in ours.modules():
        if isinstance(module, torch.nn.LayerNorm):
            torch.nn.init.normal_(module.weight, 1, 0.3)
            module.eps = 1e-6
    weights = {
        name.replace("norm.", "layer_norm_final_attn.") if name.startswith("norm.") else sam_name(name): value
        for name, value in ours.state_dict().items()
    }
    theirs.load_state_dict(weights)
    for module in theirs.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = 1e-6
    tokens, places, positions = torch.randn(2, 3, 16), torch.randn(2, 20, 16), torch.randn(2, 20, 16)
    with torch.inference_mode():
        expected = theirs(
            point_embeddings=tokens.unsqueeze(1),
            image_embeddings=places.transpose(1, 2).reshape(2, 16, 4, 5),
            image_positional_embeddings=positions.transpose(1, 2).reshape(2, 16, 4, 5),
            attention_similarity=None,
        )
        found = ours(tokens, places, positions)
    for mine, other in zip(found, expected, strict=False):
        torch.testing.assert_close(mine, other.squeeze(1), atol=1e-5, rtol=1e-5)


def features(*, batch: int = 1, height: int = 12, width: int = 18) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    return [
        torch.randn(batch, channels, -(-height // scale), -(-width // scale), generator=generator)
        for channels, scale in ((5, 1), (6, 2), (7, 4))
    ]


def test_a_place_is_encoded_alike_on_a_map_and_as_a_point() -> None:
    positions = grid_positions(torch.zeros(1, 1, 4, 5), 16).view(4, 5, 16)
    x, y = torch.tensor(0.7), torch.tensor(0.375)
    torch.testing.assert_close(positions[1, 3], encode_places(x, y, 16))


@pytest.mark.parametrize(("height", "width"), [(12, 18), (5, 7), (33, 4)])
def test_masks_have_the_size_of_the_finest_scale(height: int, width: int) -> None:
    decoder = SegmentationDecoder((5, 6, 7), token_width=24, width=16)
    assert decoder.tokens == 6
    hidden = torch.randn(2, 6, 24)
    assert decoder(features(batch=2, height=height, width=width), hidden).shape == (2, height, width)


def test_every_token_and_every_scale_moves_the_mask() -> None:
    torch.manual_seed(0)
    decoder = SegmentationDecoder((5, 6, 7), token_width=24, width=16)
    hidden = torch.randn(1, 6, 24, requires_grad=True)
    seen = [f.requires_grad_() for f in features()]
    decoder(seen, hidden).square().sum().backward()
    for tensor in (hidden, *seen):
        assert tensor.grad is not None
        assert tensor.grad.abs().sum() > 0
    assert hidden.grad is not None
    assert (hidden.grad.abs().sum(2) > 0).all()


def test_a_point_segmenter_learns_what_a_point_and_a_category_mean() -> None:
    """Two halves, left and right, and two categories: one the half that the point is in, one the whole."""
    torch.manual_seed(0)
    model = PointSegmenter((5, 6, 7), categories=2, width=16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(1)
    seen = features(batch=16, height=8, width=8)
    right_half = (torch.arange(8) >= 4).float().expand(8, 8)

    def made() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        point = torch.rand(16, 2, generator=generator)
        category = torch.randint(2, (16,), generator=generator)
        half = torch.where((point[:, 0] >= 0.5).view(-1, 1, 1), right_half, 1 - right_half)
        return point, category, torch.maximum(half, category.view(-1, 1, 1).float())

    for _ in range(200):
        point, category, target = made()
        logits = model(seen, point, category)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    point, category, target = made()
    right = ((model(seen, point, category) > 0) == (target > 0)).float().mean()
    assert right > 0.95
