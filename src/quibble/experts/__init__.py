"""What pipelines borrow: a language model, a detector, a segmenter; each a protocol, an adapter and a stand-in."""
