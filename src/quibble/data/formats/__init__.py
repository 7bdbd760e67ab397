"""The formats that people use: each module has `read(path)` and `write(records, path)`."""
