"""Attention from Python to Saccade: one file, to be copied or imported from where it lies.

    import saccade_capture as sc
    sc.save("run.npz", attention, tokens=["the", "cat"])           # NumPy alone; [.., head, query, key], or one array a layer
    with sc.capture(model, "run.npz", tokenizer) as c:             # PyTorch
        model(**inputs)
    sc.show("run.npz")                                             # opens the program
    sc.display("run.npz", view="flow")                             # a picture, in a notebook

What is written is described in src/exhibit/capture_about.hpp. NumPy is needed; PyTorch only for capture().
"""

import contextlib
import json
import math
import os
import shutil
import struct
import subprocess
import tempfile
import zipfile

import numpy as np

__all__ = ["save", "capture", "show", "display"]

_KINDS = ("key", "query", "head", "layer", "batch", "step")  # from the inside


def _array(values):
    """An ndarray of anything that can be one: of NumPy, PyTorch, JAX, TensorFlow, or nested lists."""
    if hasattr(values, "detach"):  # PyTorch, whose bfloat16 NumPy has no name for
        values = values.detach().cpu()
        return (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"attention must be real numbers, not {array.dtype}")
    return array


def _narrowed(array, dtype):
    if dtype is None or array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore"):
        narrow = array.astype(dtype)
    if not np.array_equal(np.isfinite(narrow), np.isfinite(array)):
        raise OverflowError(f"a value is too large for {dtype}: save with dtype='float32'")
    return narrow


def _axes(rank, stacked):
    kinds = list(_KINDS[:3]) + ([] if stacked else ["layer"]) + ["batch", "step"]
    kinds = kinds[: rank - 1 if stacked else rank]
    return (["layer"] if stacked else []) + kinds[::-1]


def _names(axes):
    return ["token" if a == "query" else "token.key" if a == "key" else a for a in axes]


def _about(tensors, labels, title=""):
    """The description that stands beside the arrays. `labels`: texts by the name of an axis."""
    named = []
    for tensor in tensors:
        for name in tensor.get("axes", []):
            if name in [a["name"] for a in named]:
                continue
            kind = {"token": "query", "token.key": "key"}.get(name, name)
            axis = {"name": name, "kind": kind}
            if labels.get(name):
                axis["labels"] = [str(text) for text in labels[name]]
            named.append(axis)
    return {"format": "saccade-capture", "version": 1, "title": title, "axes": named, "tensors": tensors}


def _labels(tokens):
    if tokens is None:
        return {}
    if isinstance(tokens, dict):
        return {"token": tokens.get("query"), "token.key": tokens.get("key")}
    return {"token": list(tokens), "token.key": list(tokens)}


def _fit(tokens, arrays, tensors):
    """ValueError where the texts are not one a position."""
    for tensor in tensors if tokens is not None else ():
        *_, queries, keys = (1, 1) + arrays[tensor.get("parts", [tensor["name"]])[0]].shape
        if isinstance(tokens, dict):
            wanted = {"query": queries, "key": keys}
            wrong = [(len(texts), wanted[side], side) for side, texts in tokens.items() if texts is not None and side in wanted and len(texts) != wanted[side]]
        else:
            wrong = [] if len(list(tokens)) in (queries, keys) else [(len(list(tokens)), queries, "query")]
        if wrong and tensor.get("role") not in ("query", "key"):
            texts, positions, side = wrong[0]
            raise ValueError(f"{tensor['name']}: {texts} tokens for {positions} positions of its {side} axis: give one text a position")


@contextlib.contextmanager
def _whole(path):
    """A file beside `path` that takes its place once it is whole."""
    part = f"{path}.{os.getpid()}.part"
    try:
        yield part
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)


def _write_npz(path, arrays, about):
    with _whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        archive.writestr("capture.json", json.dumps(about))


def _write_safetensors(path, arrays, about):
    names = {"f2": "F16", "f4": "F32", "f8": "F64", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64",
             "u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64", "b1": "BOOL"}
    header, at = {"__metadata__": {"saccade": json.dumps(about)}}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": names[array.dtype.str[1:]], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with _whole(path) as part, open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())


def save(path, attention, tokens=None, axes=None, role=None, causal=False, title="", dtype=None):
    """Writes attention to an .npz, a .safetensors or an .npy file (with PATH.json beside it).

    attention: an array [.., layer, head, query, key] (outer axes may be missing); or a list or tuple of arrays of one
        shape, one a layer, [.., batch, head, query, key]; or a dict of several, by name.
    tokens: a list of texts, or {"query": [...], "key": [...]} where they differ.
    axes: what the axes are, the outermost first, as ["layer", "head", "query", "key"]; of a dict, a dict.
    role: "weights", "scores" (before softmax), "query", "key"; None: what the numbers look like. Of a dict, a dict.
    dtype: "float16" halves the file. Returns the path.
    """
    path = os.fspath(path)
    given = attention if isinstance(attention, dict) else {"attention": attention}
    arrays, tensors = {}, []
    for name, values in given.items():
        stacked = isinstance(values, (list, tuple)) and len(values) > 0 and np.ndim(_array(values[0])) >= 2
        parts = [_narrowed(_array(v), dtype) for v in (values if stacked else [values])]
        if len({p.shape for p in parts}) != 1:
            raise ValueError(f"{name}: the arrays of one tensor must have one shape, not {sorted({p.shape for p in parts})}")
        if not 1 <= parts[0].ndim <= 6 or parts[0].size == 0:
            raise ValueError(f"{name}: an array of 1 to 6 axes with values is needed, not one of shape {parts[0].shape}")
        tensor = {"name": name, "causal": bool(causal)}
        kind = role.get(name) if isinstance(role, dict) else role
        if kind:
            tensor["role"] = kind
        own = axes.get(name) if isinstance(axes, dict) else axes
        rank = parts[0].ndim + (1 if stacked else 0)
        if own is not None and len(own) != rank:
            raise ValueError(f"{name}: {len(own)} axes are named, there are {rank}")
        if own is not None or kind not in ("query", "key"):
            tensor["axes"] = _names(own if own is not None else _axes(rank, stacked))
        if stacked:
            tensor["parts"] = [f"{name}.{i}" for i in range(len(parts))]
            arrays.update(zip(tensor["parts"], parts))
        else:
            arrays[name] = parts[0]
        tensors.append(tensor)
    _fit(tokens, arrays, tensors)
    about = _about(tensors, _labels(tokens), title)
    if path.endswith(".safetensors"):
        _write_safetensors(path, arrays, about)
    elif path.endswith(".npy"):
        if len(arrays) != 1:
            raise ValueError("an .npy file holds one array: write .npz or .safetensors")
        with _whole(path) as part, open(part, "wb") as file:
            np.lib.format.write_array(file, next(iter(arrays.values())), allow_pickle=False)
        about["tensors"][0]["name"] = ""
        about["tensors"][0].pop("parts", None)
        with _whole(path + ".json") as part, open(part, "w", encoding="utf-8") as file:
            json.dump(about, file)
    else:
        _write_npz(path, arrays, about)
    return path


class _Writer:
    """An .npz that is written as the arrays come, a piece of each at a time."""

    def __init__(self, path, dtype, layers, heads, limit):
        self.path, self.dtype, self.layers, self.heads, self.limit = path, np.dtype(dtype), layers, heads, limit
        self.archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self.groups = {}  # (kind, shape of a part) -> names of its parts
        self.count = {}   # arrays seen so far, by kind
        self.call = 0
        self.inside = 0   # of an attention that is captured already
        self.running = [] # modules, the innermost last
        self.nth = {}     # attentions of a module seen in this call
        self.kinds = {}   # which attention of which module -> self or cross
        self.names = {}   # of modules, by their id
        self.cached = False  # this call was given the keys and values of those before

    def begin_call(self, cached=False):
        self.cached = cached
        self.count.clear()
        self.running.clear()
        self.nth.clear()

    def wants(self, kind, owner=None):
        """Counts an attention of a module (or of that which runs); its (kind, layer), if it is one of the layers that are wanted."""
        kind = self.kind_of(kind, owner)
        layer = self.count.get(kind, 0)
        self.count[kind] = layer + 1
        return (kind, layer) if self.layers is None or layer in self.layers else None

    def place_of(self, owner):
        """Which attention of which module this is, in this call."""
        module = owner if owner is not None else self.running[-1] if self.running else None
        nth = self.nth[id(module)] = self.nth.get(id(module), -1) + 1
        return module, nth

    def kind_of(self, kind, owner=None):
        """With a key-value cache one query among many keys looks like cross-attention: what a place was in the first call holds;
        where that call began with a cache already, a module's name says which of the two it is."""
        module, nth = self.place_of(owner)
        place = (id(module), nth)
        if place not in self.kinds:
            name = self.names.get(id(module), "").lower()
            crosses = any(word in name for word in ("cross", "encdec", "enc_dec", "encoder_attn", "multihead_attn"))
            self.kinds[place] = "self" if kind == "cross" and self.cached and not crosses else kind
        return self.kinds[place]

    def wanted_heads(self, heads):
        wanted = range(heads) if self.heads is None else [h for h in self.heads if 0 <= h < heads]
        if not wanted:
            raise ValueError(f"none of the heads {list(self.heads)}: there are {heads}")
        return wanted

    def step_of(self, queries, keys):
        """Rows at a time: scores, weights and what is written stand in memory together."""
        return max(1, min(queries, int(self.limit / 4 / (keys * 4 * 3))))

    def member(self, kind, layer, call, shape):
        """A new array of the archive, its header written."""
        name = f"{kind}.call{call}.{layer}" if call else f"{kind}.{layer}"
        self.groups.setdefault((kind, call, shape), []).append(name)
        member = self.archive.open(name + ".npy", "w", force_zip64=True)
        np.lib.format.write_array_header_1_0(member, {"descr": np.lib.format.dtype_to_descr(self.dtype),
                                                      "fortran_order": False, "shape": shape})
        return member

    def bytes_of(self, rows):
        return np.ascontiguousarray(_array(rows).astype(self.dtype)).tobytes()

    def write(self, kind, layer, shape, rows_of):
        """shape [batch, head, query, key]; rows_of(b, h, first, last) -> [last - first, key]."""
        batch, heads, queries, keys = shape
        wanted, step = self.wanted_heads(heads), self.step_of(queries, keys)
        with self.member(kind, layer, self.call, (batch, len(wanted), queries, keys)) as member:
            for b in range(batch):
                for h in wanted:
                    for first in range(0, queries, step):
                        member.write(self.bytes_of(rows_of(b, h, first, min(queries, first + step))))

    def saw_any(self):
        return bool(self.groups)

    def let_go(self):
        """Of what was only needed until it was whole."""

    def close(self, tokens, title):
        seen, tensors = {}, []
        for (kind, call, shape), parts in self.groups.items():
            name = kind if not call else f"{kind}.call{call}"
            seen[name] = seen.get(name, 0) + 1
            tensors.append({"name": name if seen[name] == 1 else f"{name}.{seen[name]}", "role": "weights",
                            "axes": ["layer", "batch", "head", "token", "token.key"], "parts": parts})
        self.archive.writestr("capture.json", json.dumps(_about(tensors, _labels(tokens), title)))
        self.archive.close()


class _AppendingWriter(_Writer):
    """The same of a text that is generated with a key-value cache: each call adds its queries as rows, and the keys become more.

    Rows wait in a file of each layer until all are known. A row has 0 where its keys did not exist yet.
    """

    def __init__(self, *given):
        super().__init__(*given)
        self.files = contextlib.ExitStack()
        self.places = {}  # which attention of which module -> its (kind, layer), as the first call had it
        self.pieces = {}  # (kind, layer) -> (file, [(batch, heads, queries, keys, where it begins)])

    def wants(self, kind, owner=None):
        kind = self.kind_of(kind, owner)
        module = owner if owner is not None else self.running[-1] if self.running else None
        place = (id(module), self.nth[id(module)])
        if place not in self.places:
            self.places[place] = (kind, self.count.get(kind, 0))
            self.count[kind] = self.places[place][1] + 1
        kind, layer = self.places[place]
        return (kind, layer) if self.layers is None or layer in self.layers else None

    def write(self, kind, layer, shape, rows_of):
        batch, heads, queries, keys = shape
        wanted, step = self.wanted_heads(heads), self.step_of(queries, keys)
        if (kind, layer) not in self.pieces:
            self.pieces[kind, layer] = self.files.enter_context(tempfile.TemporaryFile(dir=os.path.dirname(self.path) or ".")), []
        file, pieces = self.pieces[kind, layer]
        if pieces and pieces[-1][:2] != (batch, len(wanted)):
            raise ValueError(f"{kind} {layer}: {batch} texts in {len(wanted)} heads after {pieces[-1][0]} in {pieces[-1][1]}: "
                             "append=True is for the steps of one generation")
        pieces.append((batch, len(wanted), queries, keys, file.seek(0, os.SEEK_END)))
        for b in range(batch):
            for h in wanted:
                for first in range(0, queries, step):
                    file.write(self.bytes_of(rows_of(b, h, first, min(queries, first + step))))

    def saw_any(self):
        return bool(self.pieces)

    def close(self, tokens, title):
        size = self.dtype.itemsize
        for (kind, layer), (file, pieces) in sorted(self.pieces.items()):
            batch, heads = pieces[0][:2]
            most = max(keys for _, _, _, keys, _ in pieces)
            shape = (batch, heads, sum(queries for _, _, queries, _, _ in pieces), most)
            with self.member(kind, layer, 0, shape) as member:
                for map_ in range(batch * heads):
                    for _, _, queries, keys, begin in pieces:
                        file.seek(begin + map_ * queries * keys * size)
                        step = self.step_of(queries, most)
                        for first in range(0, queries, step):
                            rows = min(step, queries - first)
                            read = np.frombuffer(file.read(rows * keys * size), self.dtype).reshape(rows, keys)
                            member.write(np.pad(read, ((0, 0), (0, most - keys))).tobytes())
        super().close(tokens, title)

    def let_go(self):
        self.files.close()


def _softmax_rows(torch, q, k, scale, mask, causal_from):
    """Weights of queries [n, d] over keys [T, d]. `mask`: None, or [n, T], added, or where it is True seen (bool)."""
    scores = (q.float() @ k.float().transpose(0, 1)) * scale
    if causal_from is not None:  # query i sees keys up to causal_from + i
        last = torch.arange(scores.shape[0], device=scores.device)[:, None] + causal_from
        scores = scores.masked_fill(torch.arange(scores.shape[1], device=scores.device)[None] > last, -math.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask.float()
    return torch.nan_to_num(torch.softmax(scores, dim=-1), nan=0.0)


def _write_sdpa(torch, writer, kind, q, k, attn_mask, causal, scale, owner=None):
    """What scaled_dot_product_attention computes within: q [.., H, L, d], k [.., H_k, S, d]."""
    wanted = writer.wants(kind, owner)
    if wanted is None:
        return
    four = lambda x: x.reshape((-1,) + x.shape[-3:]) if x.dim() > 3 else x.reshape((1,) * (4 - x.dim()) + x.shape)
    q, k = four(q.detach()), four(k.detach())
    batch, heads, queries, keys = q.shape[0], q.shape[1], q.shape[2], k.shape[2]
    share = heads // k.shape[1]  # grouped queries
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    mask = None
    if attn_mask is not None:
        mask = attn_mask.detach()
        mask = mask.reshape((1,) * (4 - mask.dim()) + mask.shape) if mask.dim() <= 4 else four(mask)
        mask = mask.expand(batch, heads, queries, keys)

    def rows_of(b, h, first, last):
        part = None if mask is None else mask[b, h, first:last]
        return _softmax_rows(torch, q[b, h, first:last], k[b, h // share], scale, part, first if causal else None)

    with torch.no_grad():
        writer.write(*wanted, (batch, heads, queries, keys), rows_of)


def _mha_inputs(torch, module, query, key, batch_first):
    """Queries and keys [batch, head, T, d] as nn.MultiheadAttention projects them."""
    functional = torch.nn.functional
    size, heads = module.embed_dim, module.num_heads
    if module._qkv_same_embed_dim:
        wq, wk = module.in_proj_weight[:size], module.in_proj_weight[size : 2 * size]
    else:
        wq, wk = module.q_proj_weight, module.k_proj_weight
    bias = module.in_proj_bias
    q = functional.linear(query, wq, None if bias is None else bias[:size])
    k = functional.linear(key, wk, None if bias is None else bias[size : 2 * size])
    if q.dim() == 2:
        q, k = q[None], k[None]
    elif not batch_first:
        q, k = q.transpose(0, 1), k.transpose(0, 1)
    if module.bias_k is not None:
        k = torch.cat([k, module.bias_k.reshape(1, 1, -1).expand(k.shape[0], 1, -1)], dim=1)
    split = lambda x: x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)
    q, k = split(q), split(k)
    if module.add_zero_attn:
        k = torch.cat([k, torch.zeros_like(k[:, :, :1])], dim=2)
    return q, k


def _mha_mask(torch, module, q, k, key_padding_mask, attn_mask):
    """Both masks of nn.MultiheadAttention as one that is added; of bool, True hides."""
    added = None
    keys = k.shape[2]

    def as_added(mask):
        mask = mask.detach()
        if mask.dtype in (torch.bool, torch.uint8):
            mask = torch.zeros(mask.shape, device=mask.device).masked_fill(mask.bool(), -math.inf)
        return torch.nn.functional.pad(mask.float(), (0, keys - mask.shape[-1]))  # what was appended is seen

    if attn_mask is not None:
        added = as_added(attn_mask)
        added = added.reshape(q.shape[0], q.shape[1], *added.shape[1:]) if added.dim() == 3 else added[None, None]
    if key_padding_mask is not None:
        padding = as_added(key_padding_mask if key_padding_mask.dim() == 2 else key_padding_mask[None])[:, None, None]
        added = padding if added is None else added + padding
    return added


def _replace(owner, name, value):
    """Sets an attribute of an object's own; what is returned puts back what was there."""
    own = owner.__dict__.get(name, _replace)  # itself: there was none
    setattr(owner, name, value)
    return lambda: delattr(owner, name) if own is _replace else setattr(owner, name, own)


def _watch_mha(torch, writer, module):
    forward = module.forward

    def watched(query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, *rest, **more):
        with torch.no_grad():
            kind = "self" if key is query else "cross"
            q, k = _mha_inputs(torch, module, query.detach(), key.detach(), module.batch_first)
            mask = _mha_mask(torch, module, q, k, key_padding_mask, attn_mask)
            _write_sdpa(torch, writer, kind, q, k, mask, False, None, module)
        writer.inside += 1
        try:
            return forward(query, key, value, key_padding_mask, need_weights, attn_mask, *rest, **more)
        finally:
            writer.inside -= 1

    return _replace(module, "forward", watched)


def _watch_functional(torch, writer, name):
    functional = torch.nn.functional
    original = getattr(functional, name)

    def watched(query, key, value, attn_mask=None, dropout_p=0.0, *rest, **more):
        if writer.inside == 0:
            if name.startswith("_"):  # of PyTorch 1.13: need_attn_weights, is_causal
                causal = rest[1] if len(rest) > 1 else more.get("is_causal", False)
            else:
                causal = rest[0] if rest else more.get("is_causal", False)
            kind = "self" if query.shape[-2] == key.shape[-2] else "cross"
            _write_sdpa(torch, writer, kind, query, key, attn_mask, causal, more.get("scale"))
        return original(query, key, value, attn_mask, dropout_p, *rest, **more)

    return _replace(functional, name, watched)


def _maps_in(torch, output):
    """Tensors [batch, head, query, key] whose rows sum to 1, in what a module returns."""
    for value in output if isinstance(output, (tuple, list)) else ():
        if torch.is_tensor(value) and value.dim() == 4 and value.is_floating_point() and value.shape[-1] > 0:
            sums = value[0, 0].detach().float().sum(-1)
            if bool(((sums - 1).abs() < 2e-2).all()):
                yield value


def _watch_returned(torch, writer, module, seen):
    """Of modules named ...Attention that return their weights, as those of Hugging Face do when they are asked to."""

    def hook(_, __, output):
        if writer.inside:
            return
        for weights in _maps_in(torch, output):
            if any(weights is one for one in seen):
                continue  # passed on by a module around
            seen[:] = [weights]
            kind = "self" if weights.shape[-1] == weights.shape[-2] else "cross"
            wanted = writer.wants(kind, module)
            if wanted is not None:
                maps = weights.detach()
                writer.write(*wanted, tuple(maps.shape), lambda b, h, i, j: maps[b, h, i:j])

    return module.register_forward_hook(hook).remove


def _tokens_of(tokenizer, args, kwargs):
    ids = kwargs.get("input_ids", args[0] if args else None)
    if tokenizer is None or ids is None or not hasattr(ids, "tolist"):
        return None
    ids = ids.tolist()
    while ids and isinstance(ids[0], list):
        ids = ids[0]
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        return tokenizer.convert_ids_to_tokens(ids)
    return [tokenizer(i) for i in ids] if callable(tokenizer) else [str(tokenizer[i]) for i in ids]


def _rank(torch):
    """Of this process, and how many there are."""
    distributed = torch.distributed
    if not distributed.is_available() or not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def _shard(path, rank):
    return f"{path[:-4]}.rank{rank}.npz"


def _shape_in(archive, name):
    with archive.open(name + ".npy") as member:
        np.lib.format.read_magic(member)
        return np.lib.format.read_array_header_1_0(member)[0]


def _joined(abouts, split):
    """Tensors, and the pieces of their arrays, of the descriptions of all ranks."""
    tensors, pieces = [], {}
    names = list(dict.fromkeys(t["name"] for about in abouts for t in about["tensors"]))
    for name in names:
        of = [(rank, t) for rank, about in enumerate(abouts) for t in about["tensors"] if t["name"] == name]
        tensor = dict(of[0][1], parts=[])
        if split == "layer":
            for rank, t in of:
                for part in t["parts"]:
                    whole = f"{name}.{len(tensor['parts'])}"
                    tensor["parts"].append(whole)
                    pieces[whole] = [(rank, part)]
        else:
            if len({len(t["parts"]) for _, t in of}) != 1:
                raise ValueError(f"{name}: the ranks have {[len(t['parts']) for _, t in of]} layers: say split='layer'")
            tensor["parts"] = of[0][1]["parts"]
            for i, whole in enumerate(tensor["parts"]):
                pieces[whole] = [(rank, t["parts"][i]) for rank, t in of]
        tensors.append(tensor)
    return tensors, pieces


def _write_index(torch, path, own, split, rank, ranks):
    """The file that opens those of all ranks, once they are whole."""
    with zipfile.ZipFile(own) as archive:
        about = json.loads(archive.read("capture.json"))
        shapes = {name[:-4]: _shape_in(archive, name[:-4]) for name in archive.namelist() if name.endswith(".npy")}
    all_of_them = [None] * ranks
    torch.distributed.all_gather_object(all_of_them, (about, shapes))
    tensors, pieces = _joined([a for a, _ in all_of_them], split)
    along = {"batch": 0, "head": 1, "layer": 0}[split]
    for whole, of in pieces.items():
        rest = {shape[:along] + shape[along + 1 :] for shape in (all_of_them[r][1][part] for r, part in of)}
        if len(rest) > 1:
            raise ValueError(f"{whole}: the pieces of the ranks do not fit together along {split}: {sorted(rest)}")
    if rank == 0:
        shards = [{"name": whole, "along": along, "files": [os.path.basename(_shard(path, r)) for r, _ in of],
                   "arrays": [part for _, part in of]} for whole, of in pieces.items()]
        index = dict(all_of_them[0][0], tensors=tensors, shards=shards)
        with _whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("capture.json", json.dumps(index))
    torch.distributed.barrier()


def _watch_running(writer, module):
    """Which module runs: of what a function computes, it is the only name."""
    begins = module.register_forward_pre_hook(lambda *_: writer.running.append(module))

    def end(*_):
        if writer.running:
            writer.running.pop()

    ends = module.register_forward_hook(end)
    return lambda: (begins.remove(), ends.remove())


@contextlib.contextmanager
def capture(model, path, tokenizer=None, layers=None, heads=None, dtype="float16", limit_gib=2, tokens=None, title="", append=False, split="batch"):
    """Within it, every attention that `model` computes is written to `path` (.npz), layer after layer as it comes.

    Seen are torch.nn.MultiheadAttention in whatever way it is called (its weights are computed again of the queries and
    keys that the call received, so that the model's own path and results stay as they are; encoder layers take the path
    that is not fused meanwhile), what is computed by torch.nn.functional.scaled_dot_product_attention, and modules named
    ...Attention that return their weights (Hugging Face: output_attentions is switched on meanwhile).

    tokenizer: has convert_ids_to_tokens, is called with an id, or is indexed by one; or give the texts as `tokens`.
    layers, heads: numbers from 0; None: all. limit_gib: memory for what is computed again, at most.
    append: the calls are the steps of one text that is generated with a key-value cache: the rows of each are appended to
        those before, and the texts of the ids that each call was given are the tokens. Keys are counted from the first: a
        cache that drops its oldest is not followed. False: each call is an array of its own.
    split: where torch.distributed runs, each process writes a file of its own (run.rank0.npz), and the first one `path`, which
        opens them all: the processes have other texts ("batch"), other heads ("head") or other layers ("layer"), in the order
        of their ranks. All of them must come here.
    """
    import torch

    path = os.fspath(path)
    if not path.endswith(".npz"):
        raise ValueError(f"{path}: what comes piece by piece is written as .npz")
    if split not in ("batch", "head", "layer"):
        raise ValueError(f"split is batch, head or layer, not {split}")
    undo, seen, read = [], [], {"tokens": tokens}
    rank, ranks = _rank(torch)
    own = path if ranks == 1 else _shard(path, rank)
    with _whole(own) as part, contextlib.ExitStack() as ending:
        writer = (_AppendingWriter if append else _Writer)(part, dtype, layers, heads, limit_gib * 2**30)
        ending.callback(writer.let_go)

        def counted(*args, **kwargs):
            writer.begin_call(any(kwargs.get(name) is not None for name in ("past_key_values", "past_key_value", "layer_past")))
            if tokens is None and (append or read["tokens"] is None):
                new = _tokens_of(tokenizer, args, kwargs)
                read["tokens"] = (read["tokens"] or []) + new if new else read["tokens"]
            try:
                return forward(*args, **kwargs)
            finally:
                writer.call += 1

        try:
            for name, module in model.named_modules():
                writer.names[id(module)] = name
                undo.append(_watch_running(writer, module))
                if isinstance(module, torch.nn.MultiheadAttention):
                    undo.append(_watch_mha(torch, writer, module))
                elif type(module).__name__.endswith("Attention"):
                    undo.append(_watch_returned(torch, writer, module, seen))
                for fast, value in (("activation_relu_or_gelu", 0), ("enable_nested_tensor", False)):
                    if isinstance(module, (torch.nn.TransformerEncoderLayer, torch.nn.TransformerEncoder)) and hasattr(module, fast):
                        undo.append(_replace(module, fast, value))
            for name in ("scaled_dot_product_attention", "_scaled_dot_product_attention"):
                if hasattr(torch.nn.functional, name):
                    undo.append(_watch_functional(torch, writer, name))
            config = getattr(model, "config", None)
            if hasattr(config, "output_attentions") and not config.output_attentions:
                config.output_attentions = True
                undo.append(lambda: setattr(config, "output_attentions", False))
            forward = model.forward  # an attention by itself is a model, too, and is watched by now
            undo.append(_replace(model, "forward", counted))
            yield writer
        finally:
            for step in reversed(undo):
                step()
            seen.clear()
        if not writer.saw_any():
            writer.archive.close()
            raise RuntimeError("no attention was seen: the model calls neither nn.MultiheadAttention nor scaled_dot_product_attention, "
                               "and none of its modules named ...Attention returned weights")
        writer.close(read["tokens"], title)
    if ranks > 1:
        _write_index(torch, path, own, split, rank, ranks)


def _program(program):
    found = program or os.environ.get("SACCADE") or shutil.which("saccade")
    if not found:
        raise FileNotFoundError("saccade is not on the PATH: name it, program='.../build/release/saccade'")
    return os.fspath(found)


def _file_of(what, saved):
    """The path itself, or attention that is written to a temporary file first."""
    if isinstance(what, (str, os.PathLike)):
        return os.fspath(what)
    folder = tempfile.mkdtemp(prefix="saccade-")
    return save(os.path.join(folder, "attention.npz"), what, **saved)


def show(what, program=None, **saved):
    """Opens a file, or attention as save() takes it, in the program; returns its process."""
    return subprocess.Popen([_program(program), _file_of(what, saved)])


class Picture:
    """What a notebook embeds; `data` are the bytes of the PNG or the text of the SVG."""

    def __init__(self, data, svg):
        self.data = data
        setattr(self, "_repr_svg_" if svg else "_repr_png_", lambda: data)


def display(what, view="heatmap", options=(), svg=False, program=None, **saved):
    """The picture that `saccade render capture` makes, as the last value of a notebook's cell shows it.

    options: more of its command line, as ["--theme", "dark", "--size", "900x500", "--layers", "rollout"].
    """
    temporary = not isinstance(what, (str, os.PathLike))
    path = _file_of(what, saved)
    with tempfile.TemporaryDirectory() as folder:
        picture = os.path.join(folder, "picture.svg" if svg else "picture.png")
        command = [_program(program), "render", "capture", "--path", path, "--view", view, *options, "-o", picture]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if temporary:
            shutil.rmtree(os.path.dirname(path))
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        with open(picture, "r" if svg else "rb", **({"encoding": "utf-8"} if svg else {})) as file:
            return Picture(file.read(), svg)
