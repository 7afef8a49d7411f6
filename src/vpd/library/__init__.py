"""The library on disk: where files lie, how they are written, what they are made from."""
