from typing import Any

import pytest
import torch

from quibble.model.tiles import Tiled, kept, pack_tiles, tile_tokens


@pytest.mark.parametrize(("rows", "columns"), [(24, 48), (48, 24), (48, 48), (27, 81), (4, 6)])
def test_what_is_padding_is_what_llava_next_takes_for_it(rows: int, columns: int) -> None:
    from transformers.models.llava_next.modeling_llava_next import unpad_image

    unpad: Any = unpad_image
    for height in range(40, 900, 37):
        for width in range(40, 900, 53):
            places = torch.arange(rows * columns).view(1, rows, columns)
            expected = unpad(places, (height, width))[0]
            top, left, down, across = kept(rows, columns, height=height, width=width)
            ours = places[0, top : top + down, left : left + across]
            assert torch.equal(ours, expected), (height, width)


def test_tiles_are_read_row_by_row_with_ends() -> None:
    """Two tiles side by side of 2 x 2 tokens, of which nothing is padding."""
    tokens = torch.arange(12.0).view(3, 4, 1)
    newline = torch.tensor([-1.0])
    tiled = Tiled(torch.zeros(3, 3, 4, 4), 1, 2, 10, 20)
    packed = pack_tiles(tokens, tiled, newline)[:, 0].tolist()
    assert packed == [0, 1, 2, 3, 4, 5, 8, 9, -1, 6, 7, 10, 11, -1]
    assert len(packed) == tile_tokens(4, 1, 2, height=10, width=20)


def test_of_a_very_elongated_picture_only_the_whole_is_read() -> None:
    tiled = Tiled(torch.zeros(3, 3, 4, 4), 1, 2, 1, 900)
    assert pack_tiles(torch.ones(3, 4, 1), tiled, torch.ones(1)).shape == (4, 1)
    assert tile_tokens(4, 1, 2, height=1, width=900) == 4
