#!/usr/bin/env python3
"""Scores tracks against ground truth, both in MOTChallenge form: mot_score.py TRUTH TRACKS [IOU]

CLEAR MOT as MOTChallenge has it: a pair of the frame before stays while it overlaps enough, the rest
is matched best first overall (Hungarian); a true body whose track number changed is a switch. Only
frames that the truth covers count. Prints precision, recall, MOTA, MOTP, switches, numbers used.
"""

import sys
from collections import defaultdict


def read(path):
    frames = defaultdict(dict)
    with open(path, encoding="utf-8") as file:
        for line in file:
            part = line.strip().split(",")
            if len(part) >= 6 and not (len(part) > 6 and float(part[6]) == 0 and "gt" in path):
                frames[int(part[0])][int(part[1])] = tuple(float(x) for x in part[2:6])
    return frames


def overlap(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def assign(cost):
    """Row -> column of least sum; rows <= columns (the Hungarian method with potentials)."""
    rows, columns = len(cost), len(cost[0])
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of, way = [0] * (columns + 1), [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0], column = row, 0
        slack, used = [float("inf")] * (columns + 1), [False] * (columns + 1)
        while True:
            used[column] = True
            here, least, following = row_of[column], float("inf"), 0
            for j in range(1, columns + 1):
                if used[j]:
                    continue
                reduced = cost[here - 1][j - 1] - row_price[here] - column_price[j]
                if reduced < slack[j]:
                    slack[j], way[j] = reduced, column
                if slack[j] < least:
                    least, following = slack[j], j
            for j in range(columns + 1):
                if used[j]:
                    row_price[row_of[j]] += least
                    column_price[j] -= least
                else:
                    slack[j] -= least
            column = following
            if row_of[column] == 0:
                break
        while column:
            row_of[column], column = row_of[way[column]], way[column]
    return {row_of[j] - 1: j - 1 for j in range(1, columns + 1) if row_of[j]}


def match(true, seen, before, least):
    """Pairs (true number, track number) of one frame."""
    pairs = {t: s for t, s in before.items()
             if t in true and s in seen and overlap(true[t], seen[s]) >= least}
    left = [t for t in true if t not in pairs]
    right = [s for s in seen if s not in pairs.values()]
    if left and right:
        cost = [[1 - overlap(true[t], seen[s]) for s in right] for t in left]
        cost = [[c if c <= 1 - least else 1e6 for c in row] for row in cost]
        turned = len(left) > len(right)
        chosen = assign([list(row) for row in zip(*cost)] if turned else cost)
        for a, b in chosen.items():
            i, j = (b, a) if turned else (a, b)
            if cost[i][j] < 1e6:
                pairs[left[i]] = right[j]
    return pairs


def score(truth, tracks, least=0.5):
    hits = false = missed = switches = total = 0
    quality, before, last = 0.0, {}, {}
    for frame in range(min(truth), max(truth) + 1):
        true, seen = truth.get(frame, {}), tracks.get(frame, {})
        pairs = match(true, seen, before, least)
        switches += sum(1 for t, s in pairs.items() if t in last and last[t] != s)
        last.update(pairs)
        before = pairs
        quality += sum(overlap(true[t], seen[s]) for t, s in pairs.items())
        hits += len(pairs)
        false += len(seen) - len(pairs)
        missed += len(true) - len(pairs)
        total += len(true)
    numbers = {n for frame, seen in tracks.items() if min(truth) <= frame <= max(truth)
               for n in seen}
    bodies = {n for seen in truth.values() for n in seen}
    return {"precision": hits / max(1, hits + false), "recall": hits / max(1, total),
            "mota": 1 - (missed + false + switches) / max(1, total),
            "motp": quality / max(1, hits), "switches": switches,
            "numbers": len(numbers), "bodies": len(bodies)}


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    result = score(read(sys.argv[1]), read(sys.argv[2]), float((sys.argv + ["0.5"])[3]))
    print(" ".join(f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}"
                   for key, value in result.items()))
