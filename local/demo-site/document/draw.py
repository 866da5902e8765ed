"""Draws tide.png: a day of tide as a curve, without any library."""

import math
import struct
import zlib

WIDTH, HEIGHT = 720, 300
PAPER, GRID, WATER, LINE = (255, 255, 255), (226, 232, 240), (191, 219, 254), (29, 78, 216)


def level(hour: float) -> float:
    """Metres above mean sea level: two constituents of a made-up place."""
    return 1.35 * math.cos(2 * math.pi * hour / 12.42) + 0.35 * math.cos(2 * math.pi * hour / 23.93 + 0.8)


def row_of(metres: float) -> int:
    return round(HEIGHT / 2 - metres * HEIGHT / 4.4)


rows = [[PAPER] * WIDTH for _ in range(HEIGHT)]
for metres in range(-2, 3):
    rows[row_of(metres * 0.98)] = [GRID] * WIDTH
for x in range(WIDTH):
    if x % (WIDTH // 24) == 0:
        for row in rows:
            row[x] = GRID
    top = row_of(level(x * 24 / WIDTH))
    for y in range(top, HEIGHT):
        rows[y][x] = WATER
    for y in range(top - 2, top + 3):
        rows[y][x] = LINE

raw = b"".join(b"\0" + bytes(channel for pixel in row for channel in pixel) for row in rows)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


with open("tide.png", "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n")
    file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)))
    file.write(chunk(b"IDAT", zlib.compress(raw, 9)))
    file.write(chunk(b"IEND", b""))
