"""The recurrent models of Chinese to English (src/model/seq2seq.hpp) in PyTorch."""
import math

DESIGNS = {
    "zh-en-gru": dict(cell="gru", attention=True, score="additive", look_first=True, input_feeding=False),
    "zh-en-fixed": dict(cell="gru", attention=False, score="additive", look_first=True, input_feeding=False),
    "zh-en-luong": dict(cell="lstm", attention=True, score="general", look_first=False, input_feeding=True),
}


def make_model(design, sizes, source_vocabulary, target_vocabulary, dropout, projected):
    import torch
    from torch import nn
    from torch.nn import functional as F

    e, h, d, a, r = (sizes[k] for k in ("embedding", "encoder", "decoder", "attention", "readout"))
    lstm = design["cell"] == "lstm"
    rows = (4 if lstm else 3) * d

    class Model(nn.Module):
        """Parameters by our names, the dots written as __ ; the encoder's two layers are nn.GRU's or nn.LSTM's own."""

        def __init__(self):
            super().__init__()
            self.encoder = (nn.LSTM if lstm else nn.GRU)(e, h, bidirectional=True)
            shapes = {"encoder.embedding.weight": (source_vocabulary, e), "decoder.embedding.weight": (target_vocabulary, e),
                      "decoder.initial.weight": (d, h), "decoder.initial.bias": (d,),
                      "decoder.input_weight": (rows, e), "decoder.hidden_weight": (rows, d),
                      "decoder.input_bias": (rows,), "decoder.hidden_bias": (rows,),
                      "attentional.state_weight": (r, d), "attentional.context_weight": (r, 2 * h),
                      "readout.weight": (target_vocabulary - 1, r), "readout.bias": (target_vocabulary - 1,)}
            if lstm:
                shapes.update({"decoder.initial_cell.weight": (d, h), "decoder.initial_cell.bias": (d,)})
            if design["look_first"]:
                shapes["decoder.context_weight"] = (rows, 2 * h)
            if design["input_feeding"]:
                shapes["decoder.feeding_weight"] = (rows, r)
            if design["attention"] and design["score"] == "additive":
                shapes.update({"attention.query_weight": (a, d), "attention.key_weight": (a, 2 * h), "attention.vector": (a,)})
            elif design["attention"]:
                shapes["attention.bilinear"] = (d, 2 * h)
            for name, shape in shapes.items():
                self.register_parameter(name.replace(".", "__"), nn.Parameter(torch.empty(shape)))
            self.reset()

        def named(self):
            """Our name of each parameter -> it."""
            parts = {"weight_ih": "input_weight", "weight_hh": "hidden_weight", "bias_ih": "input_bias", "bias_hh": "hidden_bias"}
            for name, p in self.named_parameters():
                if name.startswith("encoder."):
                    kind, direction = name[len("encoder."):].split("_l0")
                    yield f"encoder.{'backward' if direction else 'forward'}.{parts[kind]}", p
                else:
                    yield name.replace("__", "."), p

        @torch.no_grad()
        def reset(self):
            for name, p in self.named():
                if "embedding" in name:
                    p.normal_()
                elif name.endswith("bias"):
                    p.zero_()
                    if lstm and name.endswith("input_bias"):
                        p[len(p) // 4:len(p) // 2] = 1
                else:
                    p.uniform_(-p.shape[-1] ** -0.5, p.shape[-1] ** -0.5)

        @torch.no_grad()
        def load(self, tensors):
            own = dict(self.named())
            if own.keys() != tensors.keys():
                raise SystemExit(f"the weights do not fit: {sorted(own.keys() ^ tensors.keys())}")
            for name, p in own.items():
                p.copy_(tensors[name])

        def w(self, name):
            return getattr(self, name.replace(".", "__"))

        def drop(self, x):
            return F.dropout(x, dropout, self.training)

        def encode(self, source, lengths):
            """source [T, B], lengths descending or not -> what the decoder needs of it."""
            x = self.drop(F.embedding(source, self.w("encoder.embedding.weight")))
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
            y, last = self.encoder(packed)
            last_h, last_c = last if lstm else (last, None)
            annotations = nn.utils.rnn.pad_packed_sequence(y)[0].transpose(0, 1).contiguous()
            state = torch.tanh(F.linear(last_h[1], self.w("decoder.initial.weight"), self.w("decoder.initial.bias")))
            cell = F.linear(last_c[1], self.w("decoder.initial_cell.weight"), self.w("decoder.initial_cell.bias")) if lstm else None
            if not design["attention"]:
                return dict(fixed=torch.cat([last_h[0], last_h[1]], 1)), (state, cell)
            key_weight = self.w("attention.key_weight" if design["score"] == "additive" else "attention.bilinear")
            keys = F.linear(annotations, key_weight)
            padded = torch.arange(source.shape[0]).unsqueeze(0) >= lengths.unsqueeze(1)
            return dict(annotations=annotations, keys=keys, padded=padded if bool(padded.any()) else None), (state, cell)

        def look(self, encoded, asking):
            if not design["attention"]:
                return encoded["fixed"]
            if design["score"] == "additive":
                query = F.linear(asking, self.w("attention.query_weight"))
                scores = torch.matmul(torch.tanh(query.unsqueeze(1) + encoded["keys"]), self.w("attention.vector"))
            else:
                scores = torch.bmm(encoded["keys"], asking.unsqueeze(2)).squeeze(2)
            if encoded["padded"] is not None:
                scores = scores.masked_fill(encoded["padded"], -math.inf)
            return torch.bmm(torch.softmax(scores, 1).unsqueeze(1), encoded["annotations"]).squeeze(1)

        def fed_weight(self):
            return self.w("decoder.context_weight" if design["look_first"] else "decoder.feeding_weight")

        def cell_step(self, given, fed, state, both):
            """given: projected (projected) or embedded previous output; fed: context or attentional vector."""
            s, c = state
            if not projected:
                arguments = (both, self.w("decoder.hidden_weight"), self.w("decoder.input_bias"), self.w("decoder.hidden_bias"))
                x = torch.cat([given, fed], 1)
                return torch.lstm_cell(x, (s, c), *arguments) if lstm else (torch.gru_cell(x, s, *arguments), None)
            gates = torch.addmm(given, fed, self.fed_weight().t())
            if lstm:
                gates = torch.addmm(gates, s, self.w("decoder.hidden_weight").t())
                i, f, g, o = gates.chunk(4, 1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                return torch.sigmoid(o) * torch.tanh(c), c
            remembered = torch.addmm(self.w("decoder.hidden_bias"), s, self.w("decoder.hidden_weight").t())
            reset, update = torch.sigmoid(gates[:, :2 * d] + remembered[:, :2 * d]).chunk(2, 1)
            n = torch.tanh(torch.addcmul(gates[:, 2 * d:], reset, remembered[:, 2 * d:]))
            return torch.lerp(n, s, update), None

        def prepare(self, previous):
            """previous ids [..., B] -> what cell_step is given of them, and the weight it needs with it."""
            y = self.drop(F.embedding(previous, self.w("decoder.embedding.weight")))
            if not projected:
                return y, torch.cat([self.w("decoder.input_weight"), self.fed_weight()], 1)
            bias = self.w("decoder.input_bias") + self.w("decoder.hidden_bias") if lstm else self.w("decoder.input_bias")
            return F.linear(y, self.w("decoder.input_weight"), bias), None

        def step(self, encoded, given, both, state, t):
            """-> state, t; t [B, r] the attentional vector, dropped."""
            if design["look_first"]:
                c = self.look(encoded, state[0])
                state = self.cell_step(given, c, state, both)
            else:
                state = self.cell_step(given, t, state, both)
                c = self.look(encoded, state[0])
            t = torch.tanh(F.linear(state[0], self.w("attentional.state_weight")) + F.linear(c, self.w("attentional.context_weight")))
            return state, self.drop(t)

        def logits(self, t):
            return F.linear(t, self.w("readout.weight"), self.w("readout.bias"))

        def forward(self, source, lengths, previous):
            """-> attentional vectors [steps, B, r]."""
            encoded, state = self.encode(source, lengths)
            given, both = self.prepare(previous)
            t, all_t = torch.zeros(source.shape[1], r), []
            for row in given.unbind(0):
                state, t = self.step(encoded, row, both, state, t)
                all_t.append(t)
            return torch.stack(all_t)

        def begin(self, source):
            """Of one sentence (a list of ids): what a search carries on."""
            encoded, state = self.encode(torch.tensor(source).unsqueeze(1), torch.tensor([len(source)]))
            return encoded, state, torch.zeros(1, r)

        def advance(self, carried, rows, prefixes, start):
            """Goes on from the rows of the step before, each with its prefix of ids -> logits [rows, classes], what to carry on."""
            encoded, state, t = carried
            n = len(rows)
            state, t = tuple(s[rows] if s is not None else None for s in state), t[rows]
            here = {k: v.expand(n, *v.shape[1:]) for k, v in encoded.items() if v is not None}
            here.setdefault("padded", None)
            given, both = self.prepare(torch.tensor([ids[-1] if ids else start for ids in prefixes]))
            state, t = self.step(here, given, both, state, t)
            return self.logits(t), (encoded, state, t)

    return Model()
