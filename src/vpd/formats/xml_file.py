"""Read and write XML files of other programs."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from vpd.errors import LabelError
from vpd.library.artefact import write_text


def read_xml(path: Path, root: str) -> ElementTree.Element:
    """The root element, which must be called ``root``. Raises LabelError.

    A file that defines entities is refused: none of the formats needs them, and they can be made to fill the
    memory.
    """
    try:
        content = path.read_bytes()
        if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
            raise LabelError(f"{path} defines XML entities or a document type, which is not accepted.")
        element = ElementTree.fromstring(content)
    except (OSError, ElementTree.ParseError) as error:
        raise LabelError(f"{path} cannot be read as XML: {error}") from error
    if element.tag != root:
        raise LabelError(f"{path} begins with <{element.tag}>, expected <{root}>.")
    return element


def write_xml(element: ElementTree.Element, path: Path) -> None:
    """Write the element as UTF-8, indented, whole or not at all."""
    ElementTree.indent(element)
    write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(element, "unicode") + "\n", path
    )
