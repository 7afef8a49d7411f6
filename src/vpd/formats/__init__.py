"""Other programs' label files, in and out."""
