#!/usr/bin/env python3
"""Turns a Darknet model (cfg + weights) into ONNX: darknet2onnx.py MODEL.cfg MODEL.weights OUT.onnx

Knows what YOLO-Fastest and tiny YOLOs are made of: convolutional (batch normalisation is folded
into the weights), maxpool, upsample, shortcut, route, dropout, yolo. Each [yolo] layer becomes one
output "yolo_0", "yolo_1" ... [1, anchors * (5 + classes), rows, columns], not yet activated, in the
order of the cfg. Needs nothing but Python.
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


def convert(cfg_path, weights_path, out_path):
    layers, weights = read_cfg(cfg_path), Weights(weights_path)
    net = layers.pop(0)
    shape = tuple(int(net[key]) for key in ("channels", "height", "width"))
    graph = Graph("darknet")
    last = (graph.input("images", (1,) + shape), shape)
    made, heads = [], 0
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
            graph.name_output(last[0], f"yolo_{heads}", (1,) + last[1])
            print(f"yolo_{heads}: {last[1]} anchors {layer['anchors']} mask {layer['mask']}")
            heads += 1
        elif kind != "dropout":
            raise SystemExit(f"layer [{kind}] is not known here")
        made.append(last)
    if weights.at != len(weights.values):
        raise SystemExit(f"{len(weights.values) - weights.at} numbers of the weights are left over:"
                         " they belong to another cfg")
    graph.save(out_path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    convert(*sys.argv[1:])
