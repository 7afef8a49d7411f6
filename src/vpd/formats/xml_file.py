"""Read and write XML files of other programs."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import defusedxml.ElementTree as SafeTree
from defusedxml.common import DefusedXmlException

from vpd.errors import LabelError
from vpd.formats.json_file import read_bytes
from vpd.library.artefact import write_text


def read_xml(path: Path, *roots: str) -> ElementTree.Element:
    """The root element, which must have one of the names ``roots``. Raises LabelError.

    A file that defines entities, in any encoding, is refused: none of the formats needs them, and they can
    fill the memory or read other files. A document type is ignored.
    """
    content = read_bytes(path)
    try:
        element: ElementTree.Element = SafeTree.fromstring(content, forbid_dtd=False)
    except DefusedXmlException as error:
        raise LabelError(f"{path} defines XML entities, which is not accepted ({error}).") from error
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise LabelError(f"{path} cannot be read as XML: {error}") from error
    if element.tag not in roots:
        raise LabelError(f"{path} begins with <{element.tag}>, expected <{'> or <'.join(roots)}>.")
    return element


def write_xml(element: ElementTree.Element, path: Path) -> None:
    """Write the element as UTF-8, indented, completely or not at all."""
    ElementTree.indent(element)
    write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(element, "unicode") + "\n", path
    )
