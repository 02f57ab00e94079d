#include "model/resnet_describe.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <span>

namespace saccade {

namespace {

constexpr const char* resnet_paper = "He 2016, eq. 1";
constexpr const char* grad_cam_paper = "Selvaraju 2017, eq. 1 and 2";

struct Point {
    std::string_view name;
    Role role;
    const char *symbol, *title, *unit;
    std::vector<std::string> axes;
};

const std::vector<std::string> on_map = {"channel", "y", "x"}, on_channels = {"channel"}, on_hidden = {"hidden"},
                               on_places = {"y", "x"};

const std::vector<Point>& points() {
    static const std::vector<Point> all = {
        {"shortcut", Role::state, "x", "Shortcut", "", on_map},
        {"middle", Role::state, "h", "Middle", "", on_map},
        {"features", Role::state, "F", "Features", "", on_map},
        {"pooled", Role::state, "z", "Mean of each channel", "", on_channels},
        {"pooled_max", Role::state, "m", "Maximum of each channel", "", on_channels},
        {"bottleneck", Role::state, "u", "Bottleneck", "", on_hidden},
        {"bottleneck_max", Role::state, "u'", "Bottleneck of the maxima", "", on_hidden},
        {"gate_scores", Role::scores, "e", "Channel scores", "logit", on_channels},
        {"gate", Role::gate, "s", "Channel gate", "gate", on_channels},
        {"refined", Role::state, "F'", "Gated", "", on_map},
        {"mean_map", Role::state, "a", "Mean over c", "", on_places},
        {"max_map", Role::state, "b", "Max over c", "", on_places},
        {"spatial_scores", Role::scores, "f", "Spatial scores", "logit", on_places},
        {"spatial", Role::map, "M", "Spatial map", "gate", on_places},
        {"scaled", Role::state, "F''", "Scaled", "", on_map},
        {"output", Role::state, "A", "Output", "", on_map},
    };
    return all;
}

const Point* find_point(std::string_view name) {
    const auto found = std::ranges::find(points(), name, &Point::name);
    return found == points().end() ? nullptr : &*found;
}

/// Axes, parameters and steps of the shown block.
class Description {
 public:
    Description(Probe& probe, const Model& model, const ResNetDesign& design, const ResNetShape& run)
        : probe_(probe),
          model_(model),
          design_(design),
          run_(run),
          kind_(block_attention(design.attention)),
          block_(design.block_name(run.block)) {}

    void describe() {
        axes();
        parameters();
        residual_steps();
        if (kind_.channel) channel_steps();
        if (kind_.spatial) spatial_steps();
        other_gates();
        head_steps();
        if (run_.grad_cam) grad_cam_steps();
    }

 private:
    std::string named(std::string_view what) const { return fmt::format("{}.{}", block_, what); }
    /// What the attention gives to the sum.
    std::string attended() const { return kind_.spatial ? "scaled" : kind_.channel ? "refined" : "features"; }
    /// `rule` with B for the block's name and P for that of its attention's parameters: "B.gate[c] = sigmoid(...)".
    void step(const char* operation, std::string_view what, const std::string& formula, const std::string& rule,
              const char* source) {
        std::string whole;
        for (std::size_t i = 0; i < rule.size(); ++i) {
            const bool starts = i == 0 || !std::isalnum(static_cast<unsigned char>(rule[i - 1]));
            const bool placeholder = starts && i + 1 < rule.size() && rule[i + 1] == '.';
            whole += placeholder && rule[i] == 'B'   ? block_
                     : placeholder && rule[i] == 'P' ? block_ + ".attention"
                                                     : std::string(1, rule[i]);
        }
        probe_.step({operation, named(what), formula, whole, source});
    }

    Index cells(Index block, Index pixels) const {
        return (pixels + design_.block_stride(block) - 1) / design_.block_stride(block);
    }

    void block_axes(Index block, const std::string& prefix) {
        const bool shown = block == run_.block;
        if (shown || kind_.channel)
            probe_.axis({prefix + "channel", AxisKind::channel, design_.block_width(block), {}, shown ? "c" : ""});
        if (!shown && !kind_.spatial) return;
        probe_.axis({prefix + "y", AxisKind::y, cells(block, run_.height), {}, shown ? "y" : ""});
        probe_.axis({prefix + "x", AxisKind::x, cells(block, run_.width), {}, shown ? "x" : ""});
    }

    void axes() {
        for (Index block = 0; block < design_.block_count(); ++block)
            block_axes(block, block == run_.block ? "" : design_.block_name(block) + ".");
        const BlockAttentionSizes sizes = design_.attention_sizes(run_.block);
        if (kind_.channel) probe_.axis({"hidden", AxisKind::feature, sizes.hidden(), {}, "h"});
        if (kind_.spatial) {
            probe_.axis({"unit", AxisKind::channel, 1, {}, ""});
            probe_.axis({"pooling", AxisKind::channel, 2, {"mean", "max"}, "p"});
            probe_.axis({"kernel.y", AxisKind::y, sizes.kernel, {}, "u"});
            probe_.axis({"kernel.x", AxisKind::x, sizes.kernel, {}, "v"});
        }
        probe_.axis({"window.y", AxisKind::y, 3, {}, "u"});
        probe_.axis({"window.x", AxisKind::x, 3, {}, "v"});
        probe_.axis({"input.y", AxisKind::y, run_.height, {}, "y"});
        probe_.axis({"input.x", AxisKind::x, run_.width, {}, "x"});
        probe_.axis({"feature", AxisKind::feature, design_.widths.back(), {}, "k"});
        probe_.axis({"class", AxisKind::class_, static_cast<Index>(design_.classes.size()), design_.classes, "o"});
    }

    void parameter(const std::string& name, const std::string& symbol, std::vector<std::string> axes) {
        probe_.parameter(name, symbol, std::move(axes), model_.weights.at(name));
    }

    void parameters() {
        parameter(named("conv2.weight"), "W", {"channel", "channel", "window.y", "window.x"});
        const std::pair<const char*, const char*> norm[] = {{"gain", "γ"}, {"bias", "β"}, {"mean", "μ"}, {"variance", "σ²"}};
        for (const auto& [what, symbol] : norm) parameter(named(std::string("norm2.") + what), symbol, on_channels);
        for (const BlockAttentionParameter& p : kind_.parameters(design_.attention_sizes(run_.block)))
            parameter(named("attention." + p.name), p.symbol, p.axes);
        parameter("classifier.weight", "W", {"class", "feature"});
        parameter("classifier.bias", "b", {"class"});
    }

    void residual_steps() {
        step("convolve", "features", "F = norm(W * h)",
             "B.features[c,y,x] = (sum_k(sum_u(sum_v(B.conv2.weight[c,k,u,v] * (B.middle[k,y+u-1,x+v-1] else 0)))) - "
             "B.norm2.mean[c]) / sqrt(B.norm2.variance[c] + 1e-05) * B.norm2.gain[c] + B.norm2.bias[c]",
             "Ioffe 2015, algorithm 2");
        step("add", "output",
             kind_.spatial   ? "A = relu(F'' + x)"
             : kind_.channel ? "A = relu(F' + x)"
                             : "A = relu(F + x)",
             fmt::format("B.output[c,y,x] = relu(B.{}[c,y,x] + B.shortcut[c,y,x])", attended()), resnet_paper);
    }

    void channel_steps() {
        const bool both = kind_.spatial;  // CBAM pools twice
        const char* paper = both ? "Woo 2018, eq. 2" : "Hu 2018, eq. 3";
        step("squeeze", "pooled", "z_c = 1/(H W) Σ_yx F_c(y,x)", "B.pooled[c] = mean_y(mean_x(B.features[c,y,x]))",
             both ? "Woo 2018, eq. 2" : "Hu 2018, eq. 2");
        step("excite", "bottleneck", "u = relu(W_1 z)", "B.bottleneck[h] = relu(sum_c(P.reduce.weight[h,c] * B.pooled[c]))",
             paper);
        if (both) {
            step("squeeze", "pooled_max", "m_c = max_yx F_c(y,x)", "B.pooled_max[c] = max_y(max_x(B.features[c,y,x]))", paper);
            step("excite", "bottleneck_max", "u' = relu(W_1 m)",
                 "B.bottleneck_max[h] = relu(sum_c(P.reduce.weight[h,c] * B.pooled_max[c]))", paper);
            step("excite", "gate_scores", "e = W_2 u + W_2 u'",
                 "B.gate_scores[c] = sum_h(P.expand.weight[c,h] * (B.bottleneck[h] + B.bottleneck_max[h]))", paper);
        } else {
            step("excite", "gate_scores", "e = W_2 u", "B.gate_scores[c] = sum_h(P.expand.weight[c,h] * B.bottleneck[h])",
                 paper);
        }
        step("gate", "gate", both ? "M_c = σ(W_2 relu(W_1 z) + W_2 relu(W_1 m))" : "s = σ(W_2 relu(W_1 z))",
             "B.gate[c] = sigmoid(B.gate_scores[c])", paper);
        step("scale", "refined", both ? "F' = M_c F" : "F'_c = s_c F_c", "B.refined[c,y,x] = B.gate[c] * B.features[c,y,x]",
             both ? "Woo 2018, eq. 1" : "Hu 2018, eq. 4");
    }

    void spatial_steps() {
        constexpr const char* paper = "Woo 2018, eq. 3";
        const Index reach = design_.kernel / 2;
        step("pool", "mean_map", "a = mean_c F'", "B.mean_map[y,x] = mean_c(B.refined[c,y,x])", paper);
        step("pool", "max_map", "b = max_c F'", "B.max_map[y,x] = max_c(B.refined[c,y,x])", paper);
        const std::string window = fmt::format("{0}×{0}", design_.kernel);
        step("convolve", "spatial_scores", "f = f_" + window + "([a; b])",
             fmt::format("B.spatial_scores[y,x] = sum_u(sum_v(P.spatial.weight[0,0,u,v] * (B.mean_map[y+u-{0},x+v-{0}] else 0) "
                         "+ P.spatial.weight[0,1,u,v] * (B.max_map[y+u-{0},x+v-{0}] else 0))) + P.spatial.bias[0]",
                         reach),
             paper);
        step("gate", "spatial", "M_s = σ(f_" + window + "([a; b]))", "B.spatial[y,x] = sigmoid(B.spatial_scores[y,x])", paper);
        step("scale", "scaled", "F'' = M_s F'", "B.scaled[c,y,x] = B.spatial[y,x] * B.refined[c,y,x]", "Woo 2018, eq. 1");
    }

    /// What they are computed from is not recorded: formulas alone.
    void other_gates() {
        for (Index block = 0; block < design_.block_count(); ++block) {
            if (block == run_.block) continue;
            const std::string name = design_.block_name(block);
            if (kind_.channel)
                probe_.step({"gate", name + ".gate", kind_.spatial ? "M_c(F)" : "s = σ(W_2 relu(W_1 z))", "",
                             kind_.spatial ? "Woo 2018, eq. 2" : "Hu 2018, eq. 3"});
            if (kind_.spatial) probe_.step({"gate", name + ".spatial", "M_s(F')", "", "Woo 2018, eq. 3"});
        }
    }

    void head_steps() {
        const bool last = run_.block + 1 == design_.block_count();
        probe_.step({"pool", "classifier.input", "p = mean_yx A",
                     last ? fmt::format("classifier.input[k] = mean_y(mean_x({}[k,y,x]))", named("output")) : "",
                     "He 2016, section 4.2"});
        probe_.step({"classify", "logits", "o = W p + b",
                     "logits[o] = sum_k(classifier.weight[o,k] * classifier.input[k]) + classifier.bias[o]",
                     "He 2016, section 4.2"});
        probe_.step({"softmax", "probabilities", "P = softmax(o)", "probabilities[o] = softmax_o(logits[o])", ""});
    }

    void grad_cam_steps() {
        const bool last = run_.block + 1 == design_.block_count();
        const std::string& watched = design_.classes[static_cast<std::size_t>(run_.watched)];
        probe_.step({"differentiate", "grad_cam.gradient", fmt::format("∂ o_{} / ∂ A_c(y,x)", watched),
                     last ? fmt::format("grad_cam.gradient[c,y,x] = classifier.weight[{},c] / {}", run_.watched,
                                        cells(run_.block, run_.height) * cells(run_.block, run_.width))
                          : "",
                     grad_cam_paper});
        probe_.step({"average", "grad_cam.weight", "α_c = mean_yx ∂ o / ∂ A_c(y,x)",
                     "grad_cam.weight[c] = mean_y(mean_x(grad_cam.gradient[c,y,x]))", grad_cam_paper});
        probe_.step({"combine", "grad_cam.sum", "S = Σ_c α_c A_c",
                     fmt::format("grad_cam.sum[y,x] = sum_c(grad_cam.weight[c] * {}[c,y,x])", named("output")),
                     grad_cam_paper});
        probe_.step({"combine", "grad_cam", "L = relu(S) / max S",
                     fmt::format("grad_cam[y,x] = relu(grad_cam.sum[y,x]) / max(max_u(max_v(grad_cam.sum[u,v])), {})",
                                 smallest_grad_cam_peak),
                     grad_cam_paper});
    }

    Probe& probe_;
    const Model& model_;
    const ResNetDesign& design_;
    const ResNetShape& run_;
    const BlockAttentionKind& kind_;
    std::string block_;
};

}  // namespace

std::unique_ptr<ProbeSite> block_site(const std::string& block, std::string_view point, bool shown) {
    const Point* found = find_point(point);
    if (found == nullptr || (!shown && point != "gate" && point != "spatial")) return nullptr;
    std::vector<std::string> axes = found->axes;
    if (!shown)
        for (std::string& axis : axes) axis = block + "." + axis;
    const std::string name = fmt::format("{}.{}", block, point);
    const std::string number = fmt::format("{}.{}", block[block.find("stage") + 5], block.back());
    return std::make_unique<ProbeSite>(ProbeSite{name, found->role, found->symbol,
                                                 shown ? found->title : fmt::format("{}, block {}", found->title, number),
                                                 found->unit, std::move(axes)});
}

bool is_feature_map(std::string_view point) {
    const Point* found = find_point(point);
    return found != nullptr && found->axes.size() == 3;
}

void describe_resnet(Probe& probe, const Model& model, const ResNetDesign& design, const ResNetShape& run) {
    Description(probe, model, design, run).describe();
}

}  // namespace saccade
