"""Writes ONNX files with nothing but Python's standard library.

The ONNX format is a Protocol Buffers message, and writing one takes two kinds of field: numbers
(varint) and bytes with a length. The field numbers below are those of onnx.proto3.
"""

import struct

FLOAT, INT64 = 1, 7


def _varint(number):
    out = bytearray()
    number &= (1 << 64) - 1  # negative int64 take ten bytes, as the format says
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _bytes(field, value):
    if isinstance(value, str):
        value = value.encode()
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _real(field, value):
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _attribute(name, value):
    out = _bytes(1, name)
    if isinstance(value, int):
        return out + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return out + _real(2, value) + _number(20, 1)
    if isinstance(value, str):
        return out + _bytes(4, value) + _number(20, 3)
    return out + b"".join(_number(8, item) for item in value) + _number(20, 7)


def _tensor_type(name, shape):
    dims = b"".join(_bytes(1, _number(1, size)) for size in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, dims)))


class Graph:
    """A graph in the making: constants, nodes, then save()."""

    def __init__(self, name, opset=13):
        self.name, self.opset = name, opset
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.count = 0

    def input(self, name, shape):
        self.inputs.append(_tensor_type(name, shape))
        return name

    def output(self, name, shape):
        self.outputs.append(_tensor_type(name, shape))

    def reals(self, values, shape):
        """A float32 constant; `values` is bytes (little endian) or numbers."""
        data = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}f", *values)
        return self._constant(FLOAT, data, shape)

    def integers(self, values):
        return self._constant(INT64, struct.pack(f"<{len(values)}q", *values), [len(values)])

    def node(self, operator, inputs, **attributes):
        """Adds a node with one output, whose name it returns."""
        name = self._fresh(operator.lower())
        body = b"".join(_bytes(1, item) for item in inputs) + _bytes(2, name) + _bytes(3, name)
        body += _bytes(4, operator)
        body += b"".join(_bytes(5, _attribute(*item)) for item in attributes.items())
        self.nodes.append(body)
        return name

    def name_output(self, inner, name, shape):
        self.nodes.append(_bytes(1, inner) + _bytes(2, name) + _bytes(3, name)
                          + _bytes(4, "Identity"))
        self.output(name, shape)

    def save(self, path):
        graph = b"".join(_bytes(1, node) for node in self.nodes) + _bytes(2, self.name)
        graph += b"".join(_bytes(5, constant) for constant in self.constants)
        graph += b"".join(_bytes(11, item) for item in self.inputs)
        graph += b"".join(_bytes(12, item) for item in self.outputs)
        opset = _bytes(1, "") + _number(2, self.opset)
        with open(path, "wb") as file:
            file.write(_number(1, 7) + _bytes(2, "tocsin") + _bytes(7, graph) + _bytes(8, opset))

    def _fresh(self, stem):
        self.count += 1
        return f"{stem}_{self.count}"

    def _constant(self, kind, data, shape):
        name = self._fresh("constant")
        dims = b"".join(_number(1, size) for size in shape)
        self.constants.append(dims + _number(2, kind) + _bytes(8, name) + _bytes(9, data))
        return name
