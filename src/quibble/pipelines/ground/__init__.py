"""Pixel masks of five distortions, by people and by a language model that reads numbers on a picture. Source: Q-Ground."""
