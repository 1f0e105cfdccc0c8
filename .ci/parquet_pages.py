"""Reads the page headers of a Parquet file, because no Python reader shows them.

The footer says which encodings a column chunk uses somewhere, levels included; only the header of a page says which version
the page has and how its *values* are encoded. Both are promises to old readers, so they are read from the bytes
(Thrift compact protocol; field numbers from parquet.thrift). Nothing is decompressed.
"""
import mmap
import struct
from collections import namedtuple

MAGIC = b"PAR1"
ENCODINGS = {0: "PLAIN", 2: "PLAIN_DICTIONARY", 3: "RLE", 4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED",
             6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY", 8: "RLE_DICTIONARY", 9: "BYTE_STREAM_SPLIT"}
PAGE_KINDS = {0: "data page v1", 1: "index page", 2: "dictionary page", 3: "data page v2"}

ColumnChunk = namedtuple("ColumnChunk", "row_group column has_encoding_stats pages")
Page = namedtuple("Page", "kind encoding")


def column_chunks(path):
    """Returns every column chunk of the file with its pages, in file order."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != MAGIC or data[-4:] != MAGIC:
            raise ValueError("no PAR1 at both ends")
        footer_length = struct.unpack("<I", data[-8:-4])[0]
        footer, _ = read_struct(data, len(data) - 8 - footer_length)
        return [chunk_of(data, row_group, chunk[3])
                for row_group, group in enumerate(footer.get(4, [])) for chunk in group[1]]


def chunk_of(data, row_group, meta):
    """Walks the pages of one chunk; `meta` is its ColumnMetaData."""
    starts = [offset for offset in (meta.get(11), meta[9]) if offset]
    position, pages = min(starts), []
    end = position + meta[7]
    while position < end:
        header, position = read_struct(data, position)
        values = header.get(5) or header.get(7) or header.get(8) or {}
        encoding = values.get(4 if header[1] == 3 else 2)
        pages.append(Page(PAGE_KINDS.get(header[1], f"page kind {header[1]}"), ENCODINGS.get(encoding, f"encoding {encoding}")))
        position += header[3]
    return ColumnChunk(row_group, ".".join(part.decode() for part in meta[3]), bool(meta.get(13)), pages)


def read_varint(data, position):
    """Returns an unsigned LEB128 number and the position after it."""
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def read_zigzag(data, position):
    """Returns a signed number and the position after it."""
    value, position = read_varint(data, position)
    return (value >> 1) ^ -(value & 1), position


def read_struct(data, position):
    """Returns a struct as {field number: value} and the position after it."""
    fields, number = {}, 0
    while True:
        head = data[position]
        position += 1
        if head == 0:
            return fields, position
        if head >> 4:
            number += head >> 4
        else:
            number, position = read_zigzag(data, position)
        kind = head & 0x0F
        if kind in (1, 2):  # in a struct a boolean is its own type code
            fields[number] = kind == 1
        else:
            fields[number], position = read_value(data, position, kind)


def read_value(data, position, kind):
    """Returns a value of a compact type code and the position after it."""
    if kind in (1, 2, 3):
        return data[position], position + 1
    if kind in (4, 5, 6):
        return read_zigzag(data, position)
    if kind == 7:
        return struct.unpack("<d", data[position:position + 8])[0], position + 8
    if kind == 8:
        length, position = read_varint(data, position)
        return data[position:position + length], position + length
    if kind in (9, 10):
        return read_list(data, position)
    if kind == 12:
        return read_struct(data, position)
    raise ValueError(f"Thrift type {kind} is not used by Parquet")


def read_list(data, position):
    """Returns a list and the position after it."""
    head = data[position]
    length, position = head >> 4, position + 1
    if length == 15:
        length, position = read_varint(data, position)
    values = []
    for _ in range(length):
        value, position = read_value(data, position, head & 0x0F)
        values.append(value)
    return values, position
