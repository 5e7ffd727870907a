"""Small pictures, whole and broken, with metadata in them."""

import base64
import struct
import zlib

SECRET = b"GPS 48.2082 N, 16.3738 E"

# One black pixel each, as cwebp and cjpeg write them.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////"
    "////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAAB"
    "AAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z")
WEBP = base64.b64decode(
    "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=")


def chunk(kind, data):
    """A chunk of a PNG."""
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def png(width=3, height=2, extra=b"", filler=0):
    """A PNG of these pixels; filler makes its pixels that hard to pack."""
    rows = b"".join(b"\0" + bytes((x * y * filler * 2654435761 >> 7) & 255
                                  for x in range(3 * width))
                    for y in range(1, height + 1))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0,
                                         0, 0))
            + extra + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def png_with_text():
    """A PNG that says where it was taken."""
    return png(extra=chunk(b"tEXt", b"Comment\0" + SECRET)
               + chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0" + SECRET))


def png_of_size(size):
    """A PNG of exactly so many bytes: its data holds more than pixels."""
    empty = len(png(extra=chunk(b"IDAT", b""))) - len(chunk(b"IDAT", b""))
    return png(extra=chunk(b"tEXt", b"C\0" + b"x" * (size - empty - 14)))


def jpeg_with_exif():
    """A JPEG with an APP1 segment and a comment."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + SECRET
    return (JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
            + b"\xff\xfe" + struct.pack(">H", len(SECRET) + 2) + SECRET
            + JPEG[2:])


def webp_with_exif():
    """A WebP in the extended form with an EXIF chunk."""
    data = SECRET + b"\0" * (len(SECRET) & 1)
    body = (b"WEBP" + b"VP8X" + struct.pack("<I", 10)
            + b"\x08\0\0\0" + b"\0\0\0" + b"\0\0\0" + WEBP[12:]
            + b"EXIF" + struct.pack("<I", len(SECRET)) + data)
    return b"RIFF" + struct.pack("<I", len(body)) + body
