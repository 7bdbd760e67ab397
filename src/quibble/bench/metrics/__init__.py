"""Metrics, one module a family. Everything takes plain numbers, masks, boxes or texts; nothing reads a file."""
