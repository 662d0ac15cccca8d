#!/usr/bin/env python3
"""Writes the seeds of stream_fuzz: stream_seeds.py DIRECTORY. The format is told in stream_fuzz.cpp."""
import pathlib
import sys

A, B = 0, 1  # the sides
F, S, R, ACK = 1, 2, 4, 16
CUT, FAR, AHEAD, LARGE, OTHER = 2, 4, 8, 18, 24  # how a segment differs: bits of its control byte
PAGE, WRAP, FEW, TIGHT = 1, 4, 8, 16  # set-up: one page of slabs, numbers that wrap, 3 segments, 200 bytes


def segment(side, flags, seq, ack, length=0, how=0, time=1):
    return bytes([32 | side | how, flags, seq, ack, length, time])


def pause(quarters_of_ms):
    return bytes([0, 0, 0, 0, 0, quarters_of_ms])


HANDSHAKE = segment(A, S, 10, 0) + segment(B, S | ACK, 20, 11) + segment(A, ACK, 11, 21)
IN_ORDER = [segment(A, ACK, 11, 21, 10), segment(B, ACK, 21, 21, 30), segment(A, F | ACK, 21, 51), segment(B, F | ACK, 51, 22)]
HOLE = [segment(A, ACK, 31, 21, 10), segment(B, ACK, 21, 41), pause(90)]
SWAPPED = [segment(A, ACK, 21, 21, 10), segment(A, ACK, 11, 21, 10), segment(B, ACK, 21, 31, 30)]
JUMP = [segment(A, ACK, 56, 56, 56, how=OTHER, time=56), segment(A, ACK, 56, 118, how=OTHER, time=0)]

SEEDS = {
    "in_order_plain": (PAGE, [HANDSHAKE, *IN_ORDER]),
    "in_order_wrap": (PAGE | WRAP, [HANDSHAKE, *IN_ORDER]),
    "hole_plain": (PAGE, [HANDSHAKE, *HOLE]),
    "hole_wrap": (PAGE | WRAP, [HANDSHAKE, *HOLE]),
    "swapped_plain": (PAGE, [HANDSHAKE, *SWAPPED]),
    "swapped_wrap": (PAGE | WRAP, [HANDSHAKE, *SWAPPED]),
    "skewed": (PAGE, [HANDSHAKE, segment(B, ACK, 21, 31, 9), segment(A, ACK, 11, 21, 20)]),
    "both_wait": (PAGE, [HANDSHAKE, segment(B, ACK, 21, 31, 9), segment(A, ACK, 11, 30, 20), pause(90)]),
    "cut": (PAGE, [HANDSHAKE, segment(A, ACK, 21, 21, 20, how=CUT), segment(A, ACK, 11, 21, 6, how=CUT)]),
    "large": (PAGE, [HANDSHAKE, segment(A, ACK, 21, 21, 255, how=LARGE), segment(A, ACK, 11, 21, 10)]),
    "large_two_blocks": (3, [HANDSHAKE, segment(A, ACK, 21, 21, 255, how=LARGE), segment(A, ACK, 11, 21, 10)]),
    "limits": (PAGE | FEW | TIGHT, [HANDSHAKE] + [segment(A, ACK, seq, 21, 5) for seq in range(20, 100, 9)]),
    "held_bytes": (PAGE | TIGHT, [HANDSHAKE] + [segment(A, ACK, seq, 21, 60) for seq in (200, 130, 70, 12)]),
    "no_slabs": (0, [HANDSHAKE, segment(A, F | ACK, 20, 21, 5), segment(B, ACK, 21, 30, 5)]),
    "midstream": (PAGE, [segment(B, ACK, 100, 50, 9), segment(A, ACK, 40, 100, 10)]),
    "one_side": (PAGE, [segment(A, ACK, 11, 21, 5), segment(A, ACK, 16, 60, 5), segment(A, ACK, 30, 60, 5, time=250), pause(255)]),
    "moved_beginning": (PAGE, [segment(A, ACK, 60, 21, 5), segment(A, ACK, 40, 21, 5), segment(A, S, 39, 0), segment(B, ACK, 21, 65)]),
    "overlap_conflict": (PAGE, [HANDSHAKE, segment(A, ACK, 21, 21, 10), segment(A, ACK, 15, 21, 30, how=OTHER), segment(A, ACK, 11, 21, 10)]),
    "overlap_three": (PAGE, [HANDSHAKE, segment(A, ACK, 20, 21, 4), segment(A, ACK, 30, 21, 4), segment(A, ACK, 16, 21, 24), segment(A, ACK, 11, 21, 12)]),
    "keep_alive": (PAGE, [HANDSHAKE, segment(A, ACK, 11, 21, 5), segment(A, ACK, 15, 21, 1), segment(A, ACK, 15, 21), segment(B, ACK, 21, 16)]),
    "fin_lost": (PAGE, [HANDSHAKE, segment(A, ACK, 11, 21, 5), segment(B, ACK, 21, 17), pause(90), segment(A, ACK, 30, 21, 5), pause(90)]),
    "fin_waits": (PAGE, [HANDSHAKE, segment(A, F | ACK, 16, 21, 5), segment(A, ACK, 18, 21, 9), segment(A, ACK, 11, 21, 9), segment(A, F, 21, 0)]),
    "fin_behind_bytes": (PAGE, [HANDSHAKE, segment(A, ACK, 30, 21, 9), segment(A, F | ACK, 16, 21, 2), segment(A, ACK, 11, 21, 30)]),
    "reopen": (PAGE, [HANDSHAKE, segment(A, S, 90, 0, 5), segment(B, S | ACK, 90, 91)]),
    "syn_ack_anew": (PAGE, [segment(A, S, 10, 0), segment(B, S | ACK, 20, 11), segment(A, S, 10, 0), segment(B, S | ACK, 20, 11, how=FAR),
                            segment(A, ACK, 11, 21, 5), segment(B, ACK, 21, 16, 9, how=FAR), segment(B, S | ACK, 90, 11)]),
    "behind_both_fins": (PAGE, [HANDSHAKE, *IN_ORDER, segment(A, ACK, 11, 21, 10), segment(A, ACK, 22, 52), segment(A, ACK, 22, 52, 7)]),
    "reset": (PAGE, [HANDSHAKE, segment(B, R | ACK, 21, 31), pause(200)]),
    "reset_far": (PAGE, [HANDSHAKE, segment(A, R, 21, 0, how=FAR), segment(A, ACK, 20, 21, 5), segment(A, R | ACK, 11, 21), pause(200)]),
    "strays": (PAGE, [HANDSHAKE] + [segment(A, ACK, seq, 21, 1, how=FAR) for seq in range(21, 27)]),
    "strays_large": (PAGE, [HANDSHAKE, segment(A, ACK, 20, 21, 5)] + [segment(A, ACK, 0, 21, 255, how=FAR | CUT) for _ in range(5)]),
    # Found: what B holds acknowledged a number that A's jump put out of comparison.
    "jump_while_other_holds": (PAGE, [segment(B, S | ACK | 8, 88, 88, 88, how=FAR | AHEAD, time=255),
                                      bytes([255, 255, 255, 56, 43, 56]), *JUMP, *JUMP]),
}


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, (setup, events) in SEEDS.items():
        directory.joinpath(name).write_bytes(bytes([setup]) + b"".join(events))


if __name__ == "__main__":
    main()
