"""A trained student: features of crops, export, storage."""
