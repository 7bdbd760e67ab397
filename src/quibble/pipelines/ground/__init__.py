"""Pixel masks of five distortions: people's, and those of a language model that reads numbers (Q-Ground)."""
