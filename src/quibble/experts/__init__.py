"""What pipelines borrow: a language model, a detector, a segmenter; each as a protocol, an adapter and a stand-in."""
