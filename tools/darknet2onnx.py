#!/usr/bin/env python3
"""Turns a Darknet model (cfg + weights) into ONNX: darknet2onnx.py MODEL.cfg MODEL.weights OUT.onnx

Knows what YOLO-Fastest and tiny YOLOs are made of: convolutional (batch normalisation is folded
into the weights), maxpool, upsample, shortcut, route, dropout, yolo. The [yolo] layers are decoded
inside the graph, so that the output is YOLOv8's: [1, 4 + classes, N], rows being centre x, centre y,
width and height in input pixels, then a score for each class. Needs nothing but Python.
"""

import array
import math
import struct
import sys

from onnxfile import Graph


def read_cfg(path):
    layers = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line.startswith("["):
                layers.append({"kind": line.strip("[]")})
            elif "=" in line:
                key, value = line.split("=", 1)
                layers[-1][key.strip()] = value.strip()
    return layers


class Weights:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        major, minor, _ = struct.unpack("<iii", data[:12])
        start = 20 if major * 10 + minor >= 2 else 16
        self.values = array.array("f", data[start:])
        if sys.byteorder != "little":
            self.values.byteswap()
        self.at = 0

    def take(self, count):
        part = self.values[self.at:self.at + count]
        if len(part) != count:
            raise SystemExit(f"the weights end early: {count} numbers wanted, {len(part)} left")
        self.at += count
        return part


def convolution(graph, layer, source, weights):
    name, (channels, height, width) = source
    filters, size = int(layer["filters"]), int(layer.get("size", 1))
    stride, groups = int(layer.get("stride", 1)), int(layer.get("groups", 1))
    pad = size // 2 if int(layer.get("pad", 0)) else int(layer.get("padding", 0))
    per_filter = channels // groups * size * size
    bias = weights.take(filters)
    scale = [1.0] * filters
    if int(layer.get("batch_normalize", 0)):
        gamma, mean, variance = (weights.take(filters) for _ in range(3))
        scale = [g / math.sqrt(v + 1e-5) for g, v in zip(gamma, variance)]
        bias = [b - m * s for b, m, s in zip(bias, mean, scale)]
    kernel = weights.take(filters * per_filter)
    for index, factor in enumerate(scale):
        for at in range(index * per_filter, (index + 1) * per_filter):
            kernel[at] *= factor
    out = graph.node("Conv", [name,
                              graph.reals(list(kernel), [filters, channels // groups, size, size]),
                              graph.reals(list(bias), [filters])],
                     kernel_shape=[size, size], strides=[stride, stride], group=groups,
                     pads=[pad] * 4)
    activation = layer.get("activation", "linear")
    if activation == "leaky":
        out = graph.node("LeakyRelu", [out], alpha=0.1)
    elif activation == "relu":
        out = graph.node("Relu", [out])
    elif activation != "linear":
        raise SystemExit(f"activation {activation} is not known here")
    return out, (filters, (height + 2 * pad - size) // stride + 1,
                 (width + 2 * pad - size) // stride + 1)


def maxpool(graph, layer, source):
    name, (channels, height, width) = source
    size, stride = int(layer.get("size", 2)), int(layer.get("stride", 1))
    pad = int(layer.get("padding", size - 1))
    before = pad // 2
    out = graph.node("MaxPool", [name], kernel_shape=[size, size], strides=[stride, stride],
                     pads=[before, before, pad - before, pad - before])
    return out, (channels, (height + pad - size) // stride + 1, (width + pad - size) // stride + 1)


def upsample(graph, layer, source):
    name, (channels, height, width) = source
    by = int(layer.get("stride", 2))
    out = graph.node("Resize", [name, "", graph.reals([1.0, 1.0, float(by), float(by)], [4])],
                     mode="nearest", nearest_mode="floor",
                     coordinate_transformation_mode="asymmetric")
    return out, (channels, height * by, width * by)


def route(graph, layer, made):
    places = [int(item) for item in layer["layers"].split(",")]
    parts = [made[place if place >= 0 else len(made) + place] for place in places]
    if len(parts) == 1:
        return parts[0]
    out = graph.node("Concat", [name for name, _ in parts], axis=1)
    return out, (sum(shape[0] for _, shape in parts),) + parts[0][1][1:]


def head(graph, layer, source, net_side):
    """One [yolo] layer as [1, 5 + classes, N], with where its cells and anchors are."""
    name, (_, rows, columns) = source
    classes = int(layer["classes"])
    numbers = [float(item) for item in layer["anchors"].split(",")]
    sizes = [numbers[2 * int(item):2 * int(item) + 2] for item in layer["mask"].split(",")]
    stride = net_side / columns
    parts, cells, anchors = [], [[], []], [[], []]
    for index, size in enumerate(sizes):
        begin = index * (5 + classes)
        part = graph.node("Slice", [name, graph.integers([begin]),
                                    graph.integers([begin + 5 + classes]), graph.integers([1])])
        parts.append(graph.node("Reshape", [part,
                                            graph.integers([1, 5 + classes, rows * columns])]))
        for cell in range(rows * columns):
            cells[0].append(cell % columns * stride)
            cells[1].append(cell // columns * stride)
            anchors[0].append(size[0])
            anchors[1].append(size[1])
    return {"parts": parts, "cells": cells, "anchors": anchors, "classes": classes,
            "strides": [stride] * len(cells[0])}


def finish(graph, heads):
    """All heads together, decoded."""
    classes = heads[0]["classes"]
    join = graph.node("Concat", [part for item in heads for part in item["parts"]], axis=2)
    cells, anchors = ([sum((item[key][axis] for item in heads), []) for axis in (0, 1)]
                      for key in ("cells", "anchors"))
    strides = sum((item["strides"] for item in heads), [])
    count = len(strides)

    def rows_of(begin, end):
        return graph.node("Slice", [join, graph.integers([begin]), graph.integers([end]),
                                    graph.integers([1])])

    shape = [1, 2, count]
    offset = graph.node("Mul", [graph.node("Sigmoid", [rows_of(0, 2)]),
                                graph.reals(strides * 2, shape)])
    centre = graph.node("Add", [offset, graph.reals(cells[0] + cells[1], shape)])
    size = graph.node("Mul", [graph.node("Exp", [rows_of(2, 4)]),
                              graph.reals(anchors[0] + anchors[1], shape)])
    there = graph.node("Sigmoid", [rows_of(4, 5)])
    scores = [graph.node("Mul", [graph.node("Sigmoid", [rows_of(5 + item, 6 + item)]), there])
              for item in range(classes)]
    out = graph.node("Concat", [centre, size] + scores, axis=1)
    graph.name_output(out, "finds", [1, 4 + classes, count])


def convert(cfg_path, weights_path, out_path):
    layers, weights = read_cfg(cfg_path), Weights(weights_path)
    net = layers.pop(0)
    shape = tuple(int(net[key]) for key in ("channels", "height", "width"))
    graph = Graph("darknet")
    last = (graph.input("images", (1,) + shape), shape)
    made, heads = [], []
    for layer in layers:
        kind = layer["kind"]
        if kind == "convolutional":
            last = convolution(graph, layer, last, weights)
        elif kind == "maxpool":
            last = maxpool(graph, layer, last)
        elif kind == "upsample":
            last = upsample(graph, layer, last)
        elif kind == "shortcut":
            other = made[len(made) + int(layer["from"])]
            last = (graph.node("Add", [last[0], other[0]]), last[1])
        elif kind == "route":
            last = route(graph, layer, made)
        elif kind == "yolo":
            heads.append(head(graph, layer, last, shape[2]))
        elif kind != "dropout":
            raise SystemExit(f"layer [{kind}] is not known here")
        made.append(last)
    if weights.at != len(weights.values):
        raise SystemExit(f"{len(weights.values) - weights.at} numbers of the weights are left over:"
                         " they belong to another cfg")
    finish(graph, heads)
    graph.save(out_path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    convert(*sys.argv[1:])
