"""Models in torch. Nothing here sees the tokenizer, the disk or the network."""
