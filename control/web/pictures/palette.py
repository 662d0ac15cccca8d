"""A screenshot as an indexed PNG of at most 256 colours: a third of the bytes, and nobody sees it."""
import collections
import struct
import zlib

COLOURS = 256


def rows_of(data):
    """Width and rows of an 8-bit RGB or RGBA PNG, as bytes of RGB."""
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, laced = struct.unpack(">IIBBBBB", body)
            assert depth == 8 and colour in (2, 6) and not laced, "not a screenshot"
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    step = 3 if colour == 2 else 4
    raw, length = zlib.decompress(packed), width * step
    above, rows = bytearray(length), []
    for y in range(height):
        how = raw[y * (length + 1)]
        row = bytearray(raw[y * (length + 1) + 1:(y + 1) * (length + 1)])
        for x in range(length):
            left = row[x - step] if x >= step else 0
            up, corner = above[x], above[x - step] if x >= step else 0
            if how == 1:
                row[x] = row[x] + left & 255
            elif how == 2:
                row[x] = row[x] + up & 255
            elif how == 3:
                row[x] = row[x] + (left + up) // 2 & 255
            elif how == 4:
                guess = left + up - corner
                near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
                row[x] = row[x] + near[2] & 255
        rows.append(row)
        above = row
    return width, [[tuple(row[x:x + 3]) for x in range(0, length, step)] for row in rows]


def indexed(data):
    width, rows = rows_of(data)
    seen = collections.Counter(pixel for row in rows for pixel in row)
    # The most frequent colours, but none that is nearly another one.
    palette = []
    for least in (300, 100, 30, 0):
        for colour, _ in seen.most_common():
            if len(palette) == COLOURS:
                break
            if all(sum((a - b) ** 2 for a, b in zip(colour, each)) > least for each in palette):
                palette.append(colour)
    index = {colour: min(range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(colour, palette[i]))) for colour in seen}
    raw = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in rows)
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)) +
            chunk(b"PLTE", b"".join(map(bytes, palette))) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))
