"""Golden values in float64 of squeeze-and-excitation, CBAM's channel and spatial attention, and of whole residual networks with each of them: every point of a
block, logits with the population's and with the batch's statistics, Grad-CAM.

Everything is torch.nn.functional over weights drawn here and stored beside the values; pictures are [N, H, W, C] in the files. Run:
python3 tests/golden/make_resnet_golden.py
"""
import torch
import torch.nn.functional as F

from golden_common import write_golden

BLOCKS, WIDTHS, CLASSES, REDUCTION, EPS = 3, (4, 6, 8), 5, 4, 1e-5
LOOKED_AT, CHOSEN = 7, 2  # stage3.block2; the class of Grad-CAM


def drawn(generator, *shape, scale=0.5):
    """Float32 values, so that the program computes from the same numbers."""
    return (torch.randn(*shape, generator=generator) * scale).float().double()


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def channel_attention(w, prefix, f, with_max, points):
    """Hu 2018, eq. 2 to 4; Woo 2018, eq. 2."""
    reduce, expand = w[prefix + "reduce.weight"], w[prefix + "expand.weight"]
    points["pooled"] = f.mean(dim=(2, 3))
    points["bottleneck"] = F.relu(F.linear(points["pooled"], reduce))
    scores = F.linear(points["bottleneck"], expand)
    if with_max:
        points["pooled_max"] = f.amax(dim=(2, 3))
        points["bottleneck_max"] = F.relu(F.linear(points["pooled_max"], reduce))
        scores = scores + F.linear(points["bottleneck_max"], expand)
    points["gate_scores"] = scores
    points["gate"] = torch.sigmoid(scores)
    points["refined"] = f * points["gate"][:, :, None, None]
    return points["refined"]


def spatial_attention(w, prefix, f, points):
    """Woo 2018, eq. 3."""
    kernel = w[prefix + "spatial.weight"]
    points["mean_map"], points["max_map"] = f.mean(dim=1), f.amax(dim=1)
    scores = F.conv2d(torch.stack([points["mean_map"], points["max_map"]], dim=1), kernel, w[prefix + "spatial.bias"], padding=kernel.shape[2] // 2)
    points["spatial_scores"] = scores[:, 0]
    points["spatial"] = torch.sigmoid(scores[:, 0])
    points["scaled"] = f * torch.sigmoid(scores)
    return points["scaled"]


def attend(kind, w, prefix, f, points):
    if kind == "none":
        return f
    f = channel_attention(w, prefix, f, kind == "cbam", points)
    return spatial_attention(w, prefix, f, points) if kind == "cbam" else f


def attention_weights(generator, kind, channels, hidden, prefix=""):
    if kind == "none":
        return {}
    w = {prefix + "reduce.weight": drawn(generator, hidden, channels), prefix + "expand.weight": drawn(generator, channels, hidden)}
    if kind == "cbam":
        w[prefix + "spatial.weight"] = drawn(generator, 1, 2, 7, 7, scale=0.2)
        w[prefix + "spatial.bias"] = drawn(generator, 1)
    return w


def mechanisms():
    out = {}
    for seed, (height, width) in enumerate(((6, 9), (3, 2), (1, 1))):  # also smaller than the kernel
        for kind in ("se", "cbam"):
            generator = torch.Generator().manual_seed(20 + seed)
            w = attention_weights(generator, kind, 8, 3)
            f = drawn(generator, 2, 8, height, width, scale=1)
            points = {}
            attend(kind, w, "", f, points)
            case = {**w, "given": nhwc(f), **{name: nhwc(v) if v.dim() == 4 else v for name, v in points.items()}}
            out.update({f"{kind}{seed}:{name}": values for name, values in case.items()})
    write_golden("block_attention", out)


def network_weights(generator, kind):
    w = {}

    def normed_conv(conv, norm, out, fan_in):
        w[conv + ".weight"] = drawn(generator, out, fan_in, 3, 3, scale=(2 / (9 * fan_in)) ** 0.5)
        w[norm + ".gain"] = 1 + drawn(generator, out, scale=0.2)
        w[norm + ".bias"] = drawn(generator, out, scale=0.2)
        w[norm + ".mean"] = drawn(generator, out, scale=0.3)
        w[norm + ".variance"] = (0.5 + torch.rand(out, generator=generator)).float().double()

    normed_conv("stem", "stem.norm", WIDTHS[0], 3)
    before = WIDTHS[0]
    for stage, width in enumerate(WIDTHS, 1):
        for block in range(1, BLOCKS + 1):
            name = f"stage{stage}.block{block}"
            normed_conv(name + ".conv1", name + ".norm1", width, before)
            normed_conv(name + ".conv2", name + ".norm2", width, width)
            w.update(attention_weights(generator, kind, width, max(1, width // REDUCTION), name + ".attention."))
            before = width
    w["classifier.weight"] = drawn(generator, CLASSES, before)
    w["classifier.bias"] = drawn(generator, CLASSES)
    return {name: v.float().double() for name, v in w.items()}


def run(w, kind, x, training, seen):
    """Logits; into `seen` the points of every block by its name."""

    def normed(conv, norm, value, stride=1):
        y = F.conv2d(value, w[conv + ".weight"], stride=stride, padding=1)
        statistics = (None, None) if training else (w[norm + ".mean"], w[norm + ".variance"])
        return F.batch_norm(y, *statistics, w[norm + ".gain"], w[norm + ".bias"], training=training, eps=EPS)

    x = F.relu(normed("stem", "stem.norm", x))
    for stage, width in enumerate(WIDTHS, 1):
        for block in range(1, BLOCKS + 1):
            name = f"stage{stage}.block{block}"
            stride = 2 if stage > 1 and block == 1 else 1
            points = seen.setdefault(name, {})
            points["features"] = normed(name + ".conv2", name + ".norm2", F.relu(normed(name + ".conv1", name + ".norm1", x, stride)))
            shortcut = F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, width - x.shape[1]))
            x = F.relu(attend(kind, w, name + ".attention.", points["features"], points) + shortcut)
            if x.requires_grad:
                x.retain_grad()
            points["output"] = x
    return F.linear(x.mean(dim=(2, 3)), w["classifier.weight"], w["classifier.bias"])


def networks():
    for seed, kind in enumerate(("none", "se", "cbam")):
        generator = torch.Generator().manual_seed(40 + seed)
        w = network_weights(generator, kind)
        x = drawn(generator, 2, 3, 13, 10, scale=1)  # sides that are no multiples of 4
        values = dict(w)
        seen = {}
        values["logits"] = run(w, kind, x, False, seen)
        values["training_logits"] = run(w, kind, x, True, {})
        name = f"stage{LOOKED_AT // BLOCKS + 1}.block{LOOKED_AT % BLOCKS + 1}"
        values.update({point: nhwc(v) if v.dim() == 4 else v for point, v in seen[name].items()})
        for block, points in seen.items():
            values["output:" + block] = points["output"].mean(dim=(2, 3))

        first = x[:1].clone().requires_grad_(True)
        seen = {}
        run(w, kind, first, False, seen)[0, CHOSEN].backward()
        a = seen[name]["output"]
        alpha = a.grad.mean(dim=(2, 3))
        values["grad_cam_alpha"] = alpha[0]
        values["grad_cam_map"] = F.relu((alpha[:, :, None, None] * a).sum(dim=1))[0]
        values["x"] = nhwc(x)
        write_golden("resnet_" + kind, {n: v.detach().contiguous().numpy() for n, v in values.items()})


if __name__ == "__main__":
    mechanisms()
    networks()
