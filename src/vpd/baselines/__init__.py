"""The systems that the paper compares with, and current ones: networks, inputs, and recognisers by name."""
