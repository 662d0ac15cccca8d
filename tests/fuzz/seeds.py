"""Seeds of the targets that read conversations: the format is told in conversation.h.

A script NAME_seeds.py builds {name: seed(...)} and ends with write(seeds), which takes the directory from the command line.
"""
import pathlib
import sys

C, S, LOST, LONG, HAD_NOTHING, SENSOR, ENDS = 0, 1, 6, 8, 16, 32, 64             # control of a segment
NO_PREVIEW, PREVIEW_5, PREVIEW_300, FIN, RESET, IDLE, EVICTED = 1, 2, 3, 4, 8, 16, 24  # set-up
SLOW, DATAGRAMS, RANDOM = 32, 64, 128
PAGE_1, PAGES_2, PAGES_3, NO_PREVIEWS, NO_SLABS, SHED, SHED_PREVIEWS, FEW, SHOWN = (n << 8 for n in (1, 2, 3, 4, 8, 16, 32, 64, 128))  # memory


def segment(control, data):
    """Bytes of one side. More than 255 are cut into several segments."""
    return b"".join(bytes([control, len(part)]) + part for part in (data[at:at + 255] for at in range(0, len(data), 255)))


def seed(setup, *segments):
    """`setup`: bits of set-up and memory; then (control, bytes) of each segment."""
    return bytes([setup & 255, setup >> 8]) + b"".join(segment(control, data) for control, data in segments)


def write(seeds):
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (directory / name).write_bytes(data)
