"""The encoder's body as an ONNX graph, written node by node: a BERT with post-layer norm.

Input `rows` (batch, tokens, hidden) are the rows of the vocabulary table, which stands in a file
of its own so that encoder and reader share it; `mask` (batch, tokens) is 1 for a token and 0 for
padding. Matrix products are written as 32-bit `MatMul`, or over weights in blocks of 32 as
onnxruntime's `MatMulNBits`, which quantises what it multiplies with block by block too
(accuracy_level 4). The attention is onnxruntime's `MultiHeadAttention`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.training.e5_source import Floats, Quantised

OPSET = 20  # Gelu is an operator from this one on
MICROSOFT = "com.microsoft"
POWER = 0.75  # of how far an outlying channel reaches, taken from it


@dataclass(frozen=True, slots=True)
class Body:
    """A body's tensors by the source's names; matrices are (outputs, inputs)."""

    hidden: int
    heads: int
    layers: int
    epsilon: float
    floats: Mapping[str, Floats]
    quantised: Mapping[str, Quantised] = field(default_factory=dict)  # 4 bits: taken as they are


class Graph:
    """Collects nodes and tensors."""

    def __init__(self, body: Body, bits: int, reach: Mapping[str, Floats] | None = None) -> None:
        """`bits` is 32 (plain) or 8; `reach` are the largest values that each input of a layer
        was seen to have, by the layer's name, which 8 bits need."""
        self.body, self.bits = body, bits
        self.reach = reach or {}
        self.inputs: dict[str, str] = {}  # layer -> the node that gives its input
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []
        self.after: dict[int, str] = {}  # layers passed -> states
        self._count = 0
        self._smooth: dict[tuple[str, bytes], str] = {}

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        """A tensor of the file, by its name."""
        from onnx import numpy_helper

        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """One operator with one output, whose name is returned."""
        from onnx import helper

        self._count += 1
        out = f"{kind.lower()}_{self._count}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [out], name=out, domain=domain, **attributes)
        )
        return out

    def linear(self, x: str, name: str, outputs: int, inputs: int) -> str:
        """x W^T + b of the layer `name`."""
        self.inputs[name] = x
        bias = self.constant(f"{name}.b", self.body.floats[f"{name}.b"])
        weight = self.body.floats[f"{name}.w"].reshape(outputs, inputs)
        if self.bits == 32:
            return self.node("Add", self.node("MatMul", x, self.constant(name, weight.T)), bias)
        smooth = smoothing(self.reach[name])
        x = self._smoothed(x, np.float32(1) / smooth)
        codes, scales = quantise(weight * smooth)
        return self.node(
            "DynamicQuantizeMatMul", x, self.constant(f"{name}.q", codes.T),
            self.constant(f"{name}.s", scales), "", bias, domain=MICROSOFT,
        )  # fmt: skip

    def _smoothed(self, x: str, factors: Floats) -> str:
        key = (x, factors.tobytes())
        if key not in self._smooth:
            name = self.constant(f"smooth_{len(self._smooth)}", factors.astype(np.float32))
            self._smooth[key] = self.node("Mul", x, name)
        return self._smooth[key]

    def norm(self, x: str, name: str) -> str:
        """Layer normalisation."""
        scale = self.constant(f"{name}.w", self.body.floats[f"{name}.w"])
        bias = self.constant(f"{name}.b", self.body.floats[f"{name}.b"])
        return self.node(
            "LayerNormalization", x, scale, bias, axis=-1, epsilon=max(self.body.epsilon, 1e-12)
        )

    def layer(self, x: str, mask: str, number: int) -> str:
        """One layer: attention, then the inner product."""
        body, at = self.body, f"l{number}"
        inner = body.floats[f"{at}.fi.b"].size
        q, k, v = (self.linear(x, f"{at}.{part}", body.hidden, body.hidden) for part in "qkv")
        seen = self.node(
            "MultiHeadAttention", q, k, v, "", mask, domain=MICROSOFT, num_heads=body.heads
        )
        out = self.linear(seen, f"{at}.ao", body.hidden, body.hidden)
        x = self.norm(self.node("Add", x, out), f"{at}.aln")
        grown = self.node("Gelu", self.linear(x, f"{at}.fi", inner, body.hidden))
        out = self.linear(grown, f"{at}.fo", body.hidden, inner)
        return self.norm(self.node("Add", x, out), f"{at}.oln")

    def states(self) -> str:
        """(batch, tokens, hidden): the last layer's states of `rows`."""
        body = self.body
        shape = self.node("Shape", "mask", start=1, end=2)
        positions = self.constant("positions", body.floats["emb.pos"].reshape(-1, body.hidden))
        zero = self.constant("zero", np.array([0], np.int64))
        here = self.node("Slice", positions, zero, shape, zero)
        kind = self.constant("kind", body.floats["emb.type"][: body.hidden])
        x = self.norm(self.node("Add", self.node("Add", "rows", here), kind), "emb.ln")
        for number in range(body.layers):
            x = self.layer(x, "mask", number)
            self.after[number + 1] = x
        return x

    def mean(self, states: str) -> str:
        """(batch, hidden): the mean over the tokens that are there."""
        axis = self.constant(f"axis_{states}", np.array([1], np.int64))
        last = self.constant(f"last_{states}", np.array([-1], np.int64))
        there = self.node("Unsqueeze", self.node("Cast", "mask", to=1), last)
        total = self.node("ReduceSum", self.node("Mul", states, there), axis, keepdims=0)
        return self.node("Div", total, self.node("ReduceSum", there, axis, keepdims=0))

    def model(self, outputs: Mapping[str, tuple[str, tuple[str | int, ...]]]) -> Any:
        """The finished ONNX model: output name -> (node's output, its shape)."""
        from onnx import TensorProto, helper

        ends = []
        for name, (source, shape) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [source], [name]))
            ends.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))
        begins = [
            helper.make_tensor_value_info(
                "rows", TensorProto.FLOAT, ["batch", "tokens", self.body.hidden]
            ),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["batch", "tokens"]),
        ]
        graph = helper.make_graph(self.nodes, "body", begins, ends, initializer=self.tensors)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def smoothing(reach: Floats) -> Floats:
    """(inputs,): what each input channel is divided by, and its weights are multiplied with: 1
    but for channels that reach beyond the usual, which would take the 8 bits for themselves
    (the idea of SmoothQuant, Xiao et al., ICML 2023; power measured in LOG.md)."""
    return np.asarray(np.maximum(reach / np.median(reach), 1) ** POWER, np.float32)


def quantise(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """(outputs, inputs) in 8 bits, and a scale for each output."""
    scales = (np.abs(weight).max(axis=1) / 127).astype(np.float32)
    safe = np.where(scales > 0, scales, 1)
    return np.clip(np.rint(weight / safe[:, None]), -127, 127).astype(np.int8), scales


def encoder_model(body: Body, bits: int, reach: Mapping[str, Floats] | None = None) -> Any:
    """The sentence encoder: outputs `vectors` (batch, hidden) of length 1, and `depths`
    (batch, 3 hidden), the means of the states after half, three quarters and all of the layers,
    for heads: what is asked shows best before the last layers (measured in LOG.md). `states`
    (batch, tokens, hidden) are the last layer's, to compare words in their place."""
    graph = Graph(body, bits, reach)
    states = graph.states()
    whole = graph.mean(states)
    vectors = graph.node("LpNormalization", whole, axis=-1, p=2)
    below = [graph.mean(graph.after[body.layers * part // 4]) for part in (2, 3)]
    depths = graph.node("Concat", *below, whole, axis=-1)
    return graph.model(
        {
            "vectors": (vectors, ("batch", body.hidden)),
            "depths": (depths, ("batch", 3 * body.hidden)),
            "states": (states, ("batch", "tokens", body.hidden)),
        }
    )


def tapped_model(body: Body) -> tuple[Any, list[str]]:
    """The 32-bit body with the input of every layer as an output, and the layers' names."""
    graph = Graph(body, 32)
    graph.states()
    taps = {
        f"in.{name}": (node, ("batch", "tokens", "width")) for name, node in graph.inputs.items()
    }
    return graph.model(taps), list(graph.inputs)


def reader_model(body: Body, bits: int, reach: Mapping[str, Floats] | None, outputs: int) -> Any:
    """The reader: outputs `marks` (batch, tokens, outputs), a linear layer over the states, and
    `means` (batch, hidden), the mean of the states, for heads."""
    graph = Graph(body, bits, reach)
    states = graph.states()
    weight = body.floats["head.w"].reshape(outputs, body.hidden)
    product = graph.node("MatMul", states, graph.constant("head", weight.T))
    marks = graph.node("Add", product, graph.constant("head.b", body.floats["head.b"]))
    return graph.model(
        {
            "marks": (marks, ("batch", "tokens", outputs)),
            "means": (graph.mean(states), ("batch", body.hidden)),
        }
    )


def read_body(model: Any, like: Body, outputs: int = 0) -> Body:
    """The body of a model in 8 bits, in 32: `like` gives its sizes. Undoes what `Graph.linear`
    wrote; with `outputs` also the layer over the states that `reader_model` adds."""
    from onnx import numpy_helper

    tensors = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    smoothed = {
        node.output[0]: tensors[node.input[1]] for node in model.graph.node
        if node.op_type == "Mul" and node.input[1].startswith("smooth_")
    }  # fmt: skip
    floats = {name: tensors.get(name, values) for name, values in like.floats.items()}
    for node in model.graph.node:
        if node.op_type == "DynamicQuantizeMatMul":
            x, codes, scales = node.input[:3]
            weight = tensors[codes].astype(np.float32) * tensors[scales]  # (inputs, outputs)
            floats[f"{codes[:-2]}.w"] = (weight.T * smoothed[x]).reshape(-1)
    if outputs:
        floats["head.w"] = tensors["head"].T[:outputs].reshape(-1)
        floats["head.b"] = tensors["head.b"][:outputs]
    return Body(like.hidden, like.heads, like.layers, like.epsilon, floats)


def in_full(model: Any) -> Any:
    """A model in 8 bits as one that multiplies the same weights in 32 bits, to compare with."""
    from onnx import helper, numpy_helper

    tensors = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    nodes, added = [], []
    for node in model.graph.node:
        if node.op_type != "DynamicQuantizeMatMul":
            nodes.append(node)
            continue
        x, codes, scales, _, bias = node.input
        weight = tensors[codes].astype(np.float32) * tensors[scales]
        added.append(numpy_helper.from_array(weight, f"{codes}.full"))
        product = f"{node.output[0]}.product"
        nodes.append(helper.make_node("MatMul", [x, f"{codes}.full"], [product]))
        nodes.append(helper.make_node("Add", [product, bias], list(node.output)))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(added)
    return model
