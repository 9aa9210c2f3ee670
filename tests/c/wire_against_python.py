#!/usr/bin/env python3
"""Compressed bodies to and from Python's gzip and zlib, which share no code with the library.

    wire_against_python.py LIBALTERNATOR_LB_SO
"""
import ctypes
import gzip
import io
import json
import random
import sys
import zlib

NUL = ctypes.c_size_t(-1).value
LIMIT = 1 << 24
BAD_RESPONSE = -10
library = ctypes.CDLL(sys.argv[1])
library.alb_config_new.restype = ctypes.c_void_p
for name, arguments in {
    "alb_config_set": "ptztzp",
    "alb_config_free": "p",
    "alb_new": "ippp",
    "alb_free": "p",
    "alb_compress": "ptztz",
    "alb_decompress": "tztztzzp",
}.items():
    kinds = {"p": ctypes.c_void_p, "t": ctypes.c_char_p, "z": ctypes.c_size_t, "i": ctypes.c_uint32}
    getattr(library, name).argtypes = [kinds[letter] for letter in arguments]


def handle(**options: str) -> ctypes.c_void_p:
    config = library.alb_config_new()
    values = {"seeds": "127.0.0.1", "discovery": "static", "compression.min_bytes": "0", **options}
    for key, value in values.items():
        assert library.alb_config_set(config, key.encode(), NUL, value.encode(), NUL, None) == 0, (key, value)
    made = ctypes.c_void_p()
    assert library.alb_new(1, config, ctypes.byref(made), None) == 0
    library.alb_config_free(config)
    return made


def compress(lb: ctypes.c_void_p, body: bytes) -> bytes | None:
    room = ctypes.create_string_buffer(max(len(body), 1))
    length = library.alb_compress(lb, body, len(body), room, len(body))
    assert 0 <= length <= len(body), length
    return room.raw[:length] if length else None


def decompress(coding: str, body: bytes) -> bytes | int:
    room = ctypes.create_string_buffer(1024)
    length = library.alb_decompress(coding.encode(), NUL, body, len(body), room, len(room), LIMIT, None)
    if length > len(room):
        room = ctypes.create_string_buffer(length)
        assert library.alb_decompress(coding.encode(), NUL, body, len(body), room, length, LIMIT, None) == length
    return room.raw[:length] if length >= 0 else length


def bodies() -> list[bytes]:
    source = random.Random(20120810)
    found = [b"", b"x", b"\0" * 200_000, source.randbytes(70_000)]
    for size in (1, 3, 10, 40, 200, 3000):
        item = {f"a{i}": {"S": "".join(source.choices("abcdefgh \u00e9\u4e16", k=source.randrange(60)))} for i in range(size)}
        found.append(json.dumps({"TableName": "users", "Item": item}, ensure_ascii=False).encode())
    return found


def named_member(body: bytes) -> bytes:
    """A member with a file's name and a time in its header."""
    made = io.BytesIO()
    with gzip.GzipFile("name.json", "wb", 9, made, mtime=1_700_000_000) as file:
        file.write(body)
    return made.getvalue()


def deflated(body: bytes, level: int, window: int, strategy: int, flush: int) -> bytes:
    """A stream by zlib, flushed once on its way."""
    encoder = zlib.compressobj(level, zlib.DEFLATED, window, 8, strategy)
    half = len(body) // 2
    return encoder.compress(body[:half]) + encoder.flush(flush) + encoder.compress(body[half:]) + encoder.flush()


def main() -> int:
    there = back = 0
    for level in range(10):
        for coding, inflate in (("gzip", gzip.decompress), ("deflate", zlib.decompress)):
            lb = handle(compression=coding, **{"compression.level": str(level)})
            for body in bodies():
                sent = compress(lb, body)
                if sent is not None:
                    assert len(sent) < len(body) and inflate(sent) == body, (coding, level, body[:40])
                    there += 1
            library.alb_free(lb)
    for body in bodies():
        assert decompress("gzip", named_member(body) + named_member(body)) == body + body, body[:40]
        for level in (0, 1, 6, 9):
            for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED):
                for flush in (zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH):
                    for window in (9, 15):
                        case = (level, strategy, flush, window, body[:40])
                        assert decompress("deflate", deflated(body, level, window, strategy, flush)) == body, case
                        assert decompress("gzip", deflated(body, level, window + 16, strategy, flush)) == body, case
                        assert decompress("deflate", deflated(body, level, -window, strategy, flush)) == BAD_RESPONSE, case
                        back += 2
    print(f"{there} bodies read by Python, {back} of Python's read")
    return 0 if there > 100 and back > 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
