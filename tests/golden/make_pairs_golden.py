#!/usr/bin/python3
"""Every pair of score and alignment function in float64 PyTorch, from small random weights: writes tests/golden/pairs_*.npz.

One file a design: Bahdanau's order and Luong's, GRU and LSTM, with and without attention, attentional vector and input feeding. A file holds
"source", "target" (forced; <end> follows), the weights "weight NAME", and cases "case SCORE ALIGNMENT TEMPERATURE WINDOW", each the tensors of
TENSORS that the case has, flattened one after the other. Hard sampling draws with our own random numbers, so its cases hold what follows from
any two draws: see hard_sample(). The files are read by pairs_golden_test.cpp, which needs no PyTorch.

An independent implementation: the encoder is torch.nn.GRU or LSTM, the decoder's cell torch.gru_cell or lstm_cell, and formulas are the papers'.
"""
import math

import numpy as np
import torch

from golden_common import write_golden

SOURCE_VOCABULARY, TARGET_VOCABULARY, EMBEDDING, ENCODER, DECODER, ATTENTION, READOUT, LONGEST, CENTRE = 7, 6, 5, 4, 8, 6, 7, 9, 6
SOURCE, TARGET = [2, 5, 3, 6, 1, 4, 2], [1, 3, 0]
END, START = TARGET_VOCABULARY - 2, TARGET_VOCABULARY - 1
ANNOTATION = 2 * ENCODER
SCORES = ["dot", "scaled_dot", "general", "additive", "concat", "cosine", "location"]
TENSORS = ["keys", "centres", "queries", "scores", "weights", "context", "decoder.cell", "decoder.state", "attentional", "logits"]
PAIRS = [(s, a, 1.0, 2.0) for s in SCORES for a in ("softmax", "hard_argmax", "local_m", "local_p", "hard_sample")]
EDGES = [("additive", "softmax", t, 2.0) for t in (0.0, 0.5, 2.0, math.inf)] + \
        [("general", a, t, w) for a in ("local_m", "local_p") for t, w in ((1.0, 0.0), (1.0, math.inf), (0.5, 3.5), (0.0, 2.0), (math.inf, 2.0))]
FEW = [("additive", "softmax", 1.0, 2.0), ("general", "local_p", 1.0, 2.0), ("cosine", "hard_argmax", 1.0, 2.0)]
NONE = [("none", "none", 1.0, 2.0)]
DESIGNS = {  # lstm, look first, attentional vector, input feeding, cases
    "bahdanau_gru": (False, True, False, False, PAIRS + EDGES),
    "bahdanau_lstm": (True, True, False, False, FEW),
    "luong_lstm": (True, False, True, True, PAIRS + EDGES),
    "luong_gru": (False, False, True, False, FEW),
    "fixed_gru": (False, True, True, False, NONE),
    "fixed_lstm": (True, False, False, False, NONE),
}


def random_weights(lstm, look_first, readout, feeding, rng):
    gates = 4 if lstm else 3
    shapes = {
        "encoder.embedding.weight": (SOURCE_VOCABULARY, EMBEDDING), "decoder.embedding.weight": (TARGET_VOCABULARY, EMBEDDING),
        "decoder.initial.weight": (DECODER, ENCODER), "decoder.initial.bias": (DECODER,),
        "attention.query_weight": (ATTENTION, DECODER), "attention.key_weight": (ATTENTION, ANNOTATION), "attention.vector": (ATTENTION,),
        "attention.weight": (ATTENTION, DECODER + ANNOTATION), "attention.bilinear": (DECODER, ANNOTATION), "attention.strength": (1,),
        "attention.location": (LONGEST, DECODER), "attention.centre.weight": (CENTRE, DECODER), "attention.centre.vector": (CENTRE,),
        "readout.bias": (TARGET_VOCABULARY - 1,),
    }
    for name, inputs, hidden in (("encoder.forward", EMBEDDING, ENCODER), ("encoder.backward", EMBEDDING, ENCODER), ("decoder", EMBEDDING, DECODER)):
        shapes.update({f"{name}.input_weight": (gates * hidden, inputs), f"{name}.hidden_weight": (gates * hidden, hidden),
                       f"{name}.input_bias": (gates * hidden,), f"{name}.hidden_bias": (gates * hidden,)})
    if lstm:
        shapes.update({"decoder.initial_cell.weight": (DECODER, ENCODER), "decoder.initial_cell.bias": (DECODER,)})
    if look_first:
        shapes["decoder.context_weight"] = (gates * DECODER, ANNOTATION)
    if feeding:
        shapes["decoder.feeding_weight"] = (gates * DECODER, READOUT)
    if readout:
        shapes.update({"attentional.state_weight": (READOUT, DECODER), "attentional.context_weight": (READOUT, ANNOTATION),
                       "readout.weight": (TARGET_VOCABULARY - 1, READOUT)})
    else:
        shapes.update({"readout.state_weight": (TARGET_VOCABULARY - 1, DECODER), "readout.context_weight": (TARGET_VOCABULARY - 1, ANNOTATION)})
    # Large enough that weights differ from uniform and gates from one half. Multiples of 1/256: exact as float.
    return {name: np.round(rng.uniform(-1.2, 1.2, shape) * 256).astype(np.float32) / 256 for name, shape in sorted(shapes.items())}


class Model:
    def __init__(self, weights, lstm, look_first, readout, feeding, case):
        self.w = {k: torch.from_numpy(v.astype(np.float64)) for k, v in weights.items()}
        self.lstm, self.look_first, self.readout, self.feeding = lstm, look_first, readout, feeding
        self.score, self.align, self.temperature, self.window = case
        self.encode()

    def encode(self):
        w = self.w
        net = (torch.nn.LSTM if self.lstm else torch.nn.GRU)(EMBEDDING, ENCODER, bidirectional=True).double()
        parts = (("input_weight", "weight_ih"), ("hidden_weight", "weight_hh"), ("input_bias", "bias_ih"), ("hidden_bias", "bias_hh"))
        net.load_state_dict({f"{theirs}_l0{suffix}": w[f"encoder.{direction}.{ours}"] for direction, suffix in
                             (("forward", ""), ("backward", "_reverse")) for ours, theirs in parts})
        h, last = net(w["encoder.embedding.weight"][SOURCE].unsqueeze(1))
        self.h = h.squeeze(1)
        last_h, last_c = last if self.lstm else (last, None)
        self.fixed = last_h[:, 0].flatten()
        self.initial = torch.tanh(w["decoder.initial.weight"] @ last_h[1, 0] + w["decoder.initial.bias"])
        self.initial_cell = w["decoder.initial_cell.weight"] @ last_c[1, 0] + w["decoder.initial_cell.bias"] if self.lstm else None
        self.keys = {"additive": lambda: self.h @ w["attention.key_weight"].T,
                     "concat": lambda: self.h @ w["attention.weight"][:, DECODER:].T,
                     "general": lambda: self.h @ w["attention.bilinear"].T,
                     "location": lambda: None, "none": lambda: None}.get(self.score, lambda: self.h)()

    def scores_of(self, s):
        """-> query, scores"""
        w, n = self.w, len(SOURCE)
        if self.score == "location":
            q = w["attention.location"] @ s
            return q, q[:n]
        if self.score in ("additive", "concat"):
            q = w["attention.query_weight"] @ s if self.score == "additive" else w["attention.weight"][:, :DECODER] @ s
            both = torch.tanh(q.unsqueeze(0) + self.keys) @ w["attention.vector"]
            if self.score == "concat":  # as it is written: v . tanh(W [s; h])
                both = torch.stack([w["attention.vector"] @ torch.tanh(w["attention.weight"] @ torch.cat([s, h])) for h in self.h])
            return q, both
        if self.score == "cosine":
            return s, w["attention.strength"] * torch.nn.functional.cosine_similarity(self.h, s.unsqueeze(0), dim=1)
        e = self.keys @ s
        return s, e / math.sqrt(DECODER) if self.score == "scaled_dot" else e

    def weights_of(self, e, s, i, drawn):
        """-> weights, centre"""
        n, t = len(SOURCE), self.temperature

        def one_hot(j):
            return torch.nn.functional.one_hot(torch.tensor(j), n).double()

        def softmax(inside):
            if t == 0:
                return one_hot(max((j for j in range(n) if inside[j]), key=lambda j: (e[j].item(), -j)))
            x = torch.zeros(n, dtype=torch.float64) if math.isinf(t) else e / t
            return torch.softmax(torch.where(torch.tensor(inside), x, torch.tensor(-math.inf, dtype=torch.float64)), 0)

        if self.align == "softmax":
            return softmax([True] * n), None
        if self.align == "hard_argmax":
            return one_hot(int(e.argmax())), None
        if self.align == "hard_sample":
            return one_hot(drawn), None
        p = float(i)
        if self.align == "local_p":
            p = (n * torch.sigmoid(self.w["attention.centre.vector"] @ torch.tanh(self.w["attention.centre.weight"] @ s))).item()
        a = softmax([abs(j - p) <= self.window or j == math.floor(p + 0.5) for j in range(n)])
        if self.align == "local_p" and 0 < self.window < math.inf:
            sigma = self.window / 2
            a = a * torch.tensor([math.exp(-(j - p) ** 2 / (2 * sigma * sigma)) for j in range(n)], dtype=torch.float64)
        return a, torch.tensor(p, dtype=torch.float64)

    def decode(self, previous, state, steps, draws=()):
        """Rows of every tensor from `state` = (s, c, t) on, after the ids `previous`; and the last state."""
        w, rows = self.w, {}
        for i in range(steps):
            s, c, t = state
            row = {}

            def look(asking):
                if self.score == "none":
                    row["context"] = self.fixed
                    return
                row["queries"], row["scores"] = self.scores_of(asking)
                row["weights"], centre = self.weights_of(row["scores"], asking, i, draws[i] if i < len(draws) else 0)
                if self.align == "local_p":
                    row["centres"] = centre
                row["context"] = row["weights"] @ self.h

            if self.look_first:
                look(s)
            x, matrix = w["decoder.embedding.weight"][previous[i]], w["decoder.input_weight"]
            if self.look_first:
                x, matrix = torch.cat([x, row["context"]]), torch.cat([matrix, w["decoder.context_weight"]], 1)
            elif self.feeding:
                x, matrix = torch.cat([x, t]), torch.cat([matrix, w["decoder.feeding_weight"]], 1)
            arguments = (matrix, w["decoder.hidden_weight"], w["decoder.input_bias"], w["decoder.hidden_bias"])
            if self.lstm:
                s, c = (v[0] for v in torch.lstm_cell(x[None], (s[None], c[None]), *arguments))
                row["decoder.cell"] = c
            else:
                s = torch.gru_cell(x[None], s[None], *arguments)[0]
            row["decoder.state"] = s
            if not self.look_first:
                look(s)
            if self.readout:
                t = torch.tanh(torch.cat([w["attentional.state_weight"], w["attentional.context_weight"]], 1) @ torch.cat([s, row["context"]]))
                row["attentional"] = t
                row["logits"] = w["readout.weight"] @ t + w["readout.bias"]
            else:
                row["logits"] = w["readout.state_weight"] @ s + w["readout.context_weight"] @ row["context"] + w["readout.bias"]
            state = (s, c, t)
            for name, value in row.items():
                rows.setdefault(name, []).append(value)
        return {name: torch.stack(values) for name, values in rows.items()}

    def start(self):
        return self.initial, self.initial_cell, torch.zeros(READOUT, dtype=torch.float64)

    def forced(self):
        out = self.decode([START, *TARGET], self.start(), len(TARGET) + 1)
        if self.keys is not None:
            out["keys"] = self.keys
        return torch.cat([out[name].flatten() for name in TENSORS if name in out])

    def hard_sample(self):
        """Scores of the first step [n]; for each first draw a: logits of the first step and scores of the second [n, classes + n]; for each two
        draws a, b: logits of the second step [n, n, classes]."""
        n, values = len(SOURCE), []
        runs = {(a, b): self.decode([START, TARGET[0]], self.start(), 2, (a, b)) for a in range(n) for b in range(n)}
        values.append(runs[0, 0]["scores"][0])
        for a in range(n):
            values += [runs[a, 0]["logits"][0], runs[a, 0]["scores"][1]]
        values += [runs[a, b]["logits"][1] for a in range(n) for b in range(n)]
        return torch.cat(values)


def number(x):
    return "inf" if math.isinf(x) else f"{x:g}"


def main():
    for name, (lstm, look_first, readout, feeding, cases) in DESIGNS.items():
        weights = random_weights(lstm, look_first, readout, feeding, np.random.default_rng(len(name)))
        arrays = {"source": np.array(SOURCE, np.float32), "target": np.array(TARGET, np.float32)}
        arrays.update({"weight " + k: v for k, v in weights.items()})
        with torch.no_grad():
            for case in cases:
                model = Model(weights, lstm, look_first, readout, feeding, case)
                values = model.hard_sample() if case[1] == "hard_sample" else model.forced()
                arrays[f"case {case[0]} {case[1]} {number(case[2])} {number(case[3])}"] = values.numpy().astype(np.float32)
        write_golden(f"pairs_{name}", arrays)
        print(f"{name}: {len(cases)} cases")


if __name__ == "__main__":
    main()
