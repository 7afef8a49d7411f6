"""The errors a user of vpd can meet: each a sentence that says what is wrong, where, and what to do."""


class VpdError(Exception):
    """Base of all errors that are reported to the user without a traceback."""


class InputError(VpdError):
    """An argument, file or value given by the user cannot be used."""


class VideoError(InputError):
    """A video cannot be read, or only in part."""


class SettingsError(InputError):
    """A setting is unknown, has the wrong type or lies outside its range."""


class LabelError(InputError):
    """A label names an unknown video or an impossible span."""


class ArtefactError(VpdError):
    """A file of the library is damaged, missing or of another kind than expected."""


class DiskFullError(VpdError):
    """A file could not be written because its disk is full."""


class LockedError(VpdError):
    """Another process is writing to the library."""


class MismatchError(InputError):
    """Two things do not belong together, such as features of one pose estimator and a model of another."""
