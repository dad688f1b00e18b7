#!/usr/bin/env python3
"""Turns an SSD detector of TensorFlow Lite into ONNX: tflite2onnx.py MODEL.tflite OUT.onnx

For the float SSD MobileNets of TensorFlow's Object Detection API, whose graph is made of convolution,
depthwise convolution, addition, reshape, concatenation and logistic, and which yield raw boxes
[1, N, 4] and class scores [1, N, classes]. Anchors are decoded inside the graph, so that the output is
YOLOv8's: [1, 4 + classes, N], rows being centre x, centre y, width and height in input pixels, then a
score for each class. Input [1, 3, side, side], RGB, -1..1. Needs nothing but Python.
"""

import struct
import sys

from onnxfile import Graph

ADD, CONCATENATION, CONV, DEPTHWISE, DEQUANTIZE, LOGISTIC, RESHAPE = 0, 2, 3, 4, 6, 14, 22
FLOAT32, FLOAT16 = 0, 1
NO_ACTIVATION, RELU, RELU6 = 0, 1, 3

# SsdAnchorsCalculator's figures for SSD MobileNet: scales from first to last layer, aspect ratios,
# divisors of the encoded centre and size.
SCALE_LEAST, SCALE_MOST = 0.2, 0.95
RATIOS = [1.0, 2.0, 0.5, 3.0, 1 / 3]
CENTRE_DIVISOR, SIZE_DIVISOR = 10.0, 5.0


class Table:
    """A FlatBuffers table; fields are named by their number in TensorFlow Lite's schema."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.fields)[0]

    def _place(self, field):
        slot = 4 + 2 * field
        offset = struct.unpack_from("<H", self.data, self.fields + slot)[0] if slot < self.size else 0
        return self.at + offset if offset else None

    def scalar(self, field, kind, fallback=0):
        place = self._place(field)
        return fallback if place is None else struct.unpack_from("<" + kind, self.data, place)[0]

    def _target(self, field):
        place = self._place(field)
        return None if place is None else place + struct.unpack_from("<I", self.data, place)[0]

    def table(self, field):
        place = self._target(field)
        return None if place is None else Table(self.data, place)

    def numbers(self, field, kind):
        place = self._target(field)
        if place is None:
            return []
        count = struct.unpack_from("<I", self.data, place)[0]
        return list(struct.unpack_from(f"<{count}{kind}", self.data, place + 4))

    def bytes(self, field):
        place = self._target(field)
        if place is None:
            return b""
        count = struct.unpack_from("<I", self.data, place)[0]
        return self.data[place + 4:place + 4 + count]

    def tables(self, field):
        place = self._target(field)
        if place is None:
            return []
        count = struct.unpack_from("<I", self.data, place)[0]
        starts = [place + 4 + 4 * index for index in range(count)]
        return [Table(self.data, at + struct.unpack_from("<I", self.data, at)[0]) for at in starts]


class Converter:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        if data[4:8] != b"TFL3":
            raise SystemExit(f"{path} is not a TensorFlow Lite model")
        model = Table(data, struct.unpack_from("<I", data, 0)[0])
        self.buffers = model.tables(4)
        self.codes = [max(code.scalar(0, "b"), code.scalar(3, "i")) for code in model.tables(1)]
        subgraph = model.tables(2)[0]
        self.tensors = subgraph.tables(0)
        self.inputs, self.outputs = subgraph.numbers(1, "i"), subgraph.numbers(2, "i")
        self.operators = subgraph.tables(3)
        self.graph = Graph("ssd", opset=10)  # OpenCV 4.6 reads Clip as it was before 11
        self.made = {}       # tensor number -> name in the ONNX graph, channels first
        self.flat = {}       # the same for what came out of a reshape: [1, N, values]
        self.weights = {}    # tensor number -> list of floats
        self.cells = []      # rows and columns of each layer that has boxes

    def shape(self, tensor):
        return self.tensors[tensor].numbers(0, "i")

    def constant(self, tensor):
        if tensor in self.weights:
            return self.weights[tensor]
        data = self.buffers[self.tensors[tensor].scalar(2, "I")].bytes(0)
        kind = self.tensors[tensor].scalar(1, "b")
        letter, size = {FLOAT32: ("f", 4), FLOAT16: ("e", 2)}[kind]
        return list(struct.unpack(f"<{len(data) // size}{letter}", data))

    def activate(self, name, activation):
        if activation == RELU6:
            return self.graph.node("Clip", [name], min=0.0, max=6.0)
        if activation == RELU:
            return self.graph.node("Relu", [name])
        if activation != NO_ACTIVATION:
            raise SystemExit(f"activation {activation} is not known here")
        return name

    def padding(self, source, size, stride, same):
        """TensorFlow's SAME: what is odd goes to the end."""
        pads = []
        for axis in (0, 1):
            length = self.shape(source)[1 + axis]
            total = max((-(-length // stride) - 1) * stride + size[axis] - length, 0) if same else 0
            pads.append((total // 2, total - total // 2))
        return [pads[0][0], pads[1][0], pads[0][1], pads[1][1]]

    def convolution(self, operator, depthwise):
        source, kernel, bias = operator.numbers(1, "i")
        options, values = operator.table(4), self.constant(kernel)
        first, height, width, last = self.shape(kernel)
        stride = options.scalar(1, "i")
        if depthwise:  # [1, h, w, channels] -> [channels, 1, h, w]
            order = [values[at * last + out] for out in range(last) for at in range(height * width)]
            shape, groups, activation = [last, 1, height, width], last, options.scalar(4, "b")
        else:          # [out, h, w, in] -> [out, in, h, w]
            area = height * width
            order = [values[(out * area + at) * last + channel] for out in range(first)
                     for channel in range(last) for at in range(area)]
            shape, groups, activation = [first, last, height, width], 1, options.scalar(3, "b")
        pads = self.padding(source, (height, width), stride, options.scalar(0, "b") == 0)
        biases = self.constant(bias)
        name = self.graph.node("Conv", [self.made[source], self.graph.reals(order, shape),
                                        self.graph.reals(biases, [len(biases)])],
                               kernel_shape=[height, width], strides=[stride, stride],
                               group=groups, pads=pads)
        return self.activate(name, activation)

    def reshape(self, operator):
        source, out = operator.numbers(1, "i")[0], operator.numbers(2, "i")[0]
        shape = self.shape(out)
        values = shape[-1]
        _, rows, columns, channels = self.shape(source)
        if values == 4:
            self.cells.append((rows, columns, channels // 4))
        turned = self.graph.node("Transpose", [self.made[source]], perm=[0, 2, 3, 1])
        count = rows * columns * channels // values
        return self.graph.node("Reshape", [turned, self.graph.integers([1, count, values])])

    def run(self):
        side = self.shape(self.inputs[0])[1]
        self.made[self.inputs[0]] = self.graph.input("images", (1, 3, side, side))
        for operator in self.operators:
            kind = self.codes[operator.scalar(0, "I")]
            inputs, out = operator.numbers(1, "i"), operator.numbers(2, "i")[0]
            if kind == DEQUANTIZE:
                self.weights[out] = self.constant(inputs[0])
            elif kind in (CONV, DEPTHWISE):
                self.made[out] = self.convolution(operator, kind == DEPTHWISE)
            elif kind == ADD:
                name = self.graph.node("Add", [self.made[item] for item in inputs])
                self.made[out] = self.activate(name, operator.table(4).scalar(0, "b"))
            elif kind == RESHAPE and inputs[0] in self.flat:  # [1, N, 1, 4] to [1, N, 4]
                self.flat[out] = self.flat[inputs[0]]
            elif kind == RESHAPE:
                self.flat[out] = self.reshape(operator)
            elif kind == CONCATENATION:
                self.flat[out] = self.graph.node("Concat", [self.flat[item] for item in inputs],
                                                 axis=1)
            elif kind == LOGISTIC:
                self.flat[out] = self.graph.node("Sigmoid", [self.flat[inputs[0]]])
            else:
                raise SystemExit(f"operator {kind} is not known here")
        boxes, scores = sorted(self.outputs, key=lambda item: self.shape(item)[-1] != 4)
        logistic = LOGISTIC in self.codes
        return self.decode(side, boxes, scores, logistic)

    def anchors(self):
        """Centre x, centre y, width, height of each, in parts of the picture."""
        layers, out = len(self.cells), []
        step = (SCALE_MOST - SCALE_LEAST) / (layers - 1)
        for index, (rows, columns, per_cell) in enumerate(self.cells):
            scale = SCALE_LEAST + step * index
            following = 1.0 if index == layers - 1 else scale + step
            if index == 0:
                sizes = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)]
            else:
                sizes = [(scale, ratio) for ratio in RATIOS] + [((scale * following) ** 0.5, 1.0)]
            if len(sizes) != per_cell:
                raise SystemExit(f"{per_cell} boxes a cell, {len(sizes)} were expected")
            out += [((x + 0.5) / columns, (y + 0.5) / rows, size * ratio ** 0.5, size / ratio ** 0.5)
                    for y in range(rows) for x in range(columns) for size, ratio in sizes]
        return out

    def decode(self, side, boxes, scores, logistic):
        graph, anchors = self.graph, self.anchors()
        classes, count = self.shape(scores)[-1], len(anchors)
        turned = graph.node("Transpose", [self.flat[boxes]], perm=[0, 2, 1])

        def row(index):
            return graph.node("Slice", [turned, graph.integers([index]), graph.integers([index + 1]),
                                        graph.integers([1])])

        def constant(values):
            return graph.reals(values, [1, 1, count])

        rows = []
        for axis, encoded in ((0, 1), (1, 0)):  # encoded as y, x, height, width
            offset = graph.node("Mul", [row(encoded), constant(
                [anchor[2 + axis] * side / CENTRE_DIVISOR for anchor in anchors])])
            rows.append(graph.node("Add", [offset, constant([a[axis] * side for a in anchors])]))
        for axis, encoded in ((0, 3), (1, 2)):
            part = graph.node("Mul", [row(encoded), constant([1 / SIZE_DIVISOR] * count)])
            rows.append(graph.node("Mul", [graph.node("Exp", [part]), constant(
                [anchor[2 + axis] * side for anchor in anchors])]))
        seen = graph.node("Transpose", [self.flat[scores]], perm=[0, 2, 1])
        if not logistic:
            seen = graph.node("Sigmoid", [seen])
        out = graph.node("Concat", rows + [seen], axis=1)
        graph.name_output(out, "finds", [1, 4 + classes, count])
        return graph


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    Converter(sys.argv[1]).run().save(sys.argv[2])
