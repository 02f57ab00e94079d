#!/usr/bin/env python3
"""Writes ops.json: inputs, results and gradients of every op, computed by PyTorch in float64.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 make_ops_golden.py

The gradient of every result is taken against `grad_out`. Read by ops_golden_test.cpp, which needs no PyTorch.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(2014)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
CASES = {}


def pack(t):
    values = [float(f"{v:.15g}") if math.isfinite(v) else "-inf" for v in t.detach().reshape(-1).tolist()]
    return {"shape": list(t.shape), "data": values}


def case(name, function, *inputs):
    """Inputs are rounded to what a float holds, so that the float test sees the same numbers."""
    leaves = [x.float().double().clone().requires_grad_() for x in inputs]
    result = function(*leaves)
    grad_out = (torch.rand(result.shape) + 0.5).float().double()
    torch.autograd.backward(result, grad_out)
    assert name not in CASES
    CASES[name] = {
        "inputs": [pack(x) for x in leaves],
        "output": pack(result),
        "grad_out": pack(grad_out),
        "grads": [pack(x.grad) for x in leaves],
    }


def rand(*shape, low=-1.0, high=1.0):
    return low + (high - low) * torch.rand(*shape)


case("matmul", torch.matmul, rand(3, 4), rand(4, 5))
case("matmul_transposed", lambda a, b: a @ b.T, rand(3, 4), rand(5, 4))
case("matmul_batched", torch.matmul, rand(2, 3, 4, 2), rand(2, 3, 2, 5))
case("matmul_batched_transposed", lambda a, b: a @ b.transpose(-1, -2), rand(2, 4, 3), rand(2, 5, 3))
case("matmul_shared_second", torch.matmul, rand(2, 3, 4), rand(4, 5))
case("matmul_shared_first", torch.matmul, rand(3, 4), rand(2, 4, 5))
case("affine", F.linear, rand(2, 3, 4), rand(5, 4), rand(5))
case("affine_no_bias", F.linear, rand(3, 4), rand(5, 4))

case("add_row", torch.add, rand(2, 3, 4), rand(4))
case("sub_column", torch.sub, rand(2, 3, 4), rand(3, 1))
case("mul_middle", torch.mul, rand(2, 1, 4), rand(2, 3, 4))
case("div_outer", torch.div, rand(3, 1), rand(1, 4, low=0.5, high=2))
case("scale", lambda a: a * -2.5, rand(3, 4))
case("add_scalar", lambda a: a + 2.5, rand(3, 4))

wide = torch.linspace(-12, 12, 61)
case("tanh", torch.tanh, wide)
case("sigmoid", torch.sigmoid, wide)
case("relu", torch.relu, wide + 0.01)
case("gelu", F.gelu, wide)
case("exp", torch.exp, wide)
case("log", torch.log, rand(40, low=1e-3, high=50))

case("sum", lambda a: a.sum(1), rand(2, 5, 3))
case("mean", lambda a: a.mean(-1, keepdim=True), rand(2, 3, 7))
case("max", lambda a: a.max(1).values, rand(2, 5, 3))
case("sum_all", lambda a: a.sum(), rand(4, 5))

scores = rand(3, 4, 7, low=-5, high=5)
infinite = scores.clone()
infinite[1, 2, 3:] = -math.inf
infinite[0, 0, 0] = -math.inf
mask = torch.zeros(4, 7)
mask[1, 2:] = -math.inf
mask[3, 0] = -math.inf
case("softmax", lambda a: a.softmax(-1), scores)
case("softmax_infinite", lambda a: a.softmax(-1), infinite)
case("softmax_mask", lambda a: (a + mask).softmax(-1), scores)
case("log_softmax", lambda a: a.log_softmax(-1), rand(3, 6, low=-20, high=20))
case("layer_norm", lambda x, g, b: F.layer_norm(x, (9,), g, b), rand(2, 3, 9, low=-3, high=5), rand(9), rand(9))

case("reshape", lambda a: a.reshape(4, 6), rand(2, 3, 4))
case("transpose", lambda a: a.transpose(0, 2), rand(2, 3, 4))
case("transpose_last", lambda a: a.transpose(-1, -2), rand(2, 3, 4))
case("concat", lambda a, b: torch.cat([a, b, a], 1), rand(2, 2, 3), rand(2, 1, 3))
case("stack", lambda a, b: torch.stack([a, b]), rand(2, 3), rand(2, 3))
case("slice", lambda a: a[:, 1:3], rand(2, 4, 3))
ids = torch.tensor([3, 0, 3, 1])
case("embedding", lambda table: F.embedding(ids, table), rand(5, 3))
case("gather", lambda a: a.gather(1, ids[:, None])[:, 0], rand(4, 5))

row_weights = torch.tensor([1.0, 0.0, 2.0, 0.5])
case("cross_entropy", lambda x: F.cross_entropy(x, ids), rand(4, 6, low=-4, high=4))
case("cross_entropy_smoothed", lambda x: F.cross_entropy(x, ids, label_smoothing=0.1), rand(4, 6, low=-4, high=4))
case(
    "cross_entropy_weighted",
    lambda x: (F.cross_entropy(x, ids, reduction="none", label_smoothing=0.1) * row_weights).sum() / row_weights.sum(),
    rand(4, 6, low=-4, high=4),
)

H, IN, B, T = 5, 3, 4, 4
counts = torch.tensor([1.0, 0.0, 1.0, 1.0])[:, None]


def gru_cell(x, h, w_x, w_h, b_x, b_h):
    return torch._VF.gru_cell(x, h, w_x, w_h, b_x, b_h)


def lstm_cell(x, h, c, w_x, w_h, b_x, b_h):
    return torch._VF.lstm_cell(x, (h, c), w_x, w_h, b_x, b_h)


def gru_weights():
    return rand(3 * H, IN), rand(3 * H, H), rand(3 * H), rand(3 * H)


def lstm_weights():
    return rand(4 * H, IN), rand(4 * H, H), rand(4 * H), rand(4 * H)


case("gru_step", gru_cell, rand(B, IN), rand(B, H), *gru_weights())
case("gru_step_row_mask", lambda x, h, *w: counts * gru_cell(x, h, *w) + (1 - counts) * h, rand(B, IN), rand(B, H), *gru_weights())
case("lstm_step_state", lambda *a: lstm_cell(*a)[0], rand(B, IN), rand(B, H), rand(B, H), *lstm_weights())
case("lstm_step_cell", lambda *a: lstm_cell(*a)[1], rand(B, IN), rand(B, H), rand(B, H), *lstm_weights())


def gru_layer(x, h, *weights):
    """nn.GRU itself: one layer over a sequence x [T, B, IN]."""
    return torch._VF.gru(x, h[None], weights, True, 1, 0.0, False, False, False)[0]


def lstm_layer(x, h, c, *weights):
    return torch._VF.lstm(x, (h[None], c[None]), weights, True, 1, 0.0, False, False, False)[0]


case("gru_sequence", gru_layer, rand(T, B, IN), rand(B, H), *gru_weights())
case("lstm_sequence", lstm_layer, rand(T, B, IN), rand(B, H), rand(B, H), *lstm_weights())

case("additive_scores", lambda q, k, v: torch.tanh(q[:, None] + k) @ v, rand(3, 5), rand(3, 4, 5), rand(5))
case("additive_scores_queries", lambda q, k, v: torch.tanh(q[:, :, None] + k[:, None]) @ v, rand(2, 3, 5), rand(2, 4, 5), rand(5))
case("context", lambda w, h: torch.einsum("bj,bjd->bd", w, h), rand(3, 4, low=0), rand(3, 4, 5))
case("context_queries", lambda w, h: w @ h, rand(2, 3, 4, low=0), rand(2, 4, 5))

path = pathlib.Path(__file__).with_name("ops.json")
document = {"made_by": "make_ops_golden.py", "torch": torch.__version__, "cases": CASES}
path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
print(f"{len(CASES)} cases, {path.stat().st_size} bytes")
