#!/usr/bin/env python3
"""Writes keys_for_seeds.json: for each seed of official_clients.json a binary partition key whose hash is that seed.

    keys_for_seeds.py           writes the file
    keys_for_seeds.py --check   compares the file with what would be written; the exit status tells

The C ABI takes keys and no hashes, so a vector that is given by its seed is run with such a key. MurmurHash3 x64_128 loses
nothing of a single block of 16 bytes: the second half of the hash is chosen freely, both halves are traced back, and that is
repeated until the block begins with the byte that stands for the type. `murmur3` below is written forward, apart from the
inversion, and has to give the hashes of official_clients.json before it vouches for a key.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
VECTORS = HERE / "official_clients.json"
KEYS = HERE / "keys_for_seeds.json"
SEED_MEMBERS = ("seed", "hash", "hash_signed", "hashes")

BINARY = 3
BLOCK = 16
MASK = 2**64 - 1
C1, C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
ADD1, ADD2 = 0x52DCE729, 0x38495AB5
FINAL1, FINAL2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53


def rotate(word: int, bits: int) -> int:
    """To the left; to the right by a negative number of bits."""
    bits %= 64
    return (word << bits | word >> (64 - bits)) & MASK


def signed(word: int) -> int:
    return word - 2**64 if word >> 63 else word


def murmur3(data: bytes) -> int:
    """The first half of MurmurHash3 x64_128 with seed 0, as a signed number."""

    def mixed1(word: int) -> int:
        return rotate(word * C1 & MASK, 31) * C2 & MASK

    def mixed2(word: int) -> int:
        return rotate(word * C2 & MASK, 33) * C1 & MASK

    def finished(word: int) -> int:
        word = (word ^ word >> 33) * FINAL1 & MASK
        word = (word ^ word >> 33) * FINAL2 & MASK
        return word ^ word >> 33

    h1 = h2 = 0
    whole = len(data) // BLOCK * BLOCK
    for start in range(0, whole, BLOCK):
        k1, k2 = (int.from_bytes(data[at : at + 8], "little") for at in (start, start + 8))
        h1 = (rotate(h1 ^ mixed1(k1), 27) + h2) * 5 + ADD1 & MASK
        h2 = (rotate(h2 ^ mixed2(k2), 31) + h1) * 5 + ADD2 & MASK
    h1 ^= mixed1(int.from_bytes(data[whole : whole + 8], "little"))
    h2 ^= mixed2(int.from_bytes(data[whole + 8 :], "little"))
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = h1 + h2 & MASK
    h2 = h1 + h2 & MASK
    return signed(finished(h1) + finished(h2) & MASK)


def block_with_hash(first_half: int, second_half: int) -> bytes:
    """The one block of 16 bytes whose hash has these halves."""

    def divided(word: int, factor: int) -> int:
        return word * pow(factor, -1, 2**64) & MASK

    def unfinished(word: int) -> int:
        # A shift by 33 of 64 bits undoes itself.
        word = divided(word ^ word >> 33, FINAL2)
        word = divided(word ^ word >> 33, FINAL1)
        return word ^ word >> 33

    # The halves are added to each other twice: before the final mixing, and after it.
    end2 = unfinished(second_half - first_half & MASK)
    end1 = unfinished(2 * first_half - second_half & MASK)
    h2 = end2 - end1 & MASK
    h1 = end1 - h2 & MASK
    h1, h2 = h1 ^ BLOCK, h2 ^ BLOCK
    k2 = rotate(divided(h2 - ADD2 & MASK, 5) - h1 & MASK, -31)
    k1 = rotate(divided(h1 - ADD1 & MASK, 5), -27)
    k1 = divided(rotate(divided(k1, C2), -31), C1)
    k2 = divided(rotate(divided(k2, C1), -33), C2)
    return k1.to_bytes(8, "little") + k2.to_bytes(8, "little")


def key_for(seed: int) -> bytes:
    """The value of a binary key with that hash: the block without its first byte, the type."""
    blocks = (block_with_hash(seed & MASK, second_half) for second_half in count())
    return next(block for block in blocks if block[0] == BINARY)[1:]


def seeds_in(value: Any, name: str = "") -> Iterator[int]:
    if isinstance(value, dict):
        for member, inner in value.items():
            yield from seeds_in(inner, member)
    elif isinstance(value, list):
        for inner in value:
            yield from seeds_in(inner, name)
    elif isinstance(value, int) and name in SEED_MEMBERS:
        yield value


def main() -> int:
    vectors = json.loads(VECTORS.read_text())
    for row in vectors["murmur3_h1"]:
        assert murmur3(bytes.fromhex(row["input_hex"])) == row["h1_signed"], row
    keys = {str(seed): key_for(seed).hex() for seed in sorted(set(seeds_in(vectors)))}
    for seed, key in keys.items():
        assert murmur3(bytes([BINARY]) + bytes.fromhex(key)) == int(seed), seed
    note = "seed -> value of a binary partition key, in hexadecimal, whose affinity hash is the seed; made by keys_for_seeds.py"
    text = json.dumps({"note": note, "keys": keys}, indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        fresh = KEYS.read_text() == text
        print(f"{KEYS.name} is {'fresh' if fresh else 'stale: run ' + Path(__file__).name + ' and commit the result'}")
        return 0 if fresh else 1
    KEYS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
