"""What runs a model. `base` holds the protocol, `onnx` the default."""
