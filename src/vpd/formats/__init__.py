"""Read and write label files of other programs."""
