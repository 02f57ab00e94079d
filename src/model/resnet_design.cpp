#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/rng.hpp"
#include "model/card_json.hpp"
#include "model/per_model.hpp"
#include "model/resnet.hpp"

// Designs as model cards write them, fresh weights, and models made ready.

namespace saccade {

using nlohmann::json;

std::string ResNetDesign::block_name(Index block) const {
    return fmt::format("stage{}.block{}", block / blocks + 1, block % blocks + 1);
}

Index ResNetDesign::nearest_side(Index side) const {
    const auto off = [side](Index known) {
        return std::abs(std::log(static_cast<double>(std::max<Index>(side, 1)) / static_cast<double>(known)));
    };
    return *std::ranges::min_element(sides, {}, off);
}

std::string ResNetDesign::statistics_name(const std::string& norm, const std::string& what, Index side) const {
    return side == sides.front() ? norm + "." + what : fmt::format("{}.{}_{}", norm, what, side);
}

void require_valid(const ResNetDesign& d) {
    const auto require = [](bool holds, const std::string& what, const std::string& hint) {
        if (!holds) throw Error(ErrorCode::invalid_input, "residual network: " + what, hint);
    };
    require(d.blocks >= 1 && d.blocks <= 100, fmt::format("{} blocks per stage", d.blocks), "choose 1 to 100");
    require(!d.widths.empty() && d.widths.size() <= 8, fmt::format("{} stages", d.widths.size()), "choose 1 to 8");
    Index before = 1;
    for (const Index width : d.widths) {
        require(width >= before && width <= 4096, fmt::format("a stage of {} channels after one of {}", width, before),
                "widths lie between 1 and 4096 and do not shrink");
        before = width;
    }
    require(d.reduction >= 1 && d.reduction <= 4096, fmt::format("reduction ratio {}", d.reduction), "choose 1 to 4096");
    require(d.kernel >= 1 && d.kernel <= 31 && d.kernel % 2 == 1, fmt::format("a spatial kernel of {}", d.kernel),
            "choose an odd size from 1 to 31");
    require(!d.classes.empty() && d.classes.size() <= 100000, fmt::format("{} classes", d.classes.size()),
            "choose 1 to 100000");
    for (const float deviation : d.deviation)
        require(deviation > 0, "a colour deviation that is not positive", "use the card that was written with these weights");
    require(!d.sides.empty() && d.sides.size() <= 16 && d.sides.front() >= 1 && d.sides.back() <= 100000 &&
                std::ranges::adjacent_find(d.sides, std::greater_equal()) == d.sides.end(),
            fmt::format("trained on pictures of {} px", fmt::join(d.sides, ", ")),
            "choose up to 16 sides, 1 to 100000, ascending");
    block_attention(d.attention);
}

void into_card(const ResNetDesign& d, json& card) {
    card["network"] = {{"blocks", d.blocks}, {"widths", d.widths}, {"attention", d.attention}, {"reduction", d.reduction},
                       {"kernel", d.kernel}, {"mean", d.mean},     {"deviation", d.deviation}, {"sides", d.sides}};
    card["classes"] = d.classes;
}

ResNetDesign resnet_design_from_json(const json& card, const std::string& where) {
    const JsonObject document = card_object(card, where);
    const JsonObject network = document.needs({"network", "classes"}).object("network");
    ResNetDesign d;
    network.needs({"mean", "deviation"});
    network.whole("blocks", d.blocks);
    network.wholes("widths", d.widths);
    network.text("attention", d.attention);
    network.whole("reduction", d.reduction);
    network.whole("kernel", d.kernel);
    network.whole("most_side", d.sides.front());  // of files from before a network knew several sizes
    network.wholes("sides", d.sides);
    network.numbers("mean", d.mean);
    network.numbers("deviation", d.deviation);
    document.texts("classes", d.classes);
    try {
        require_valid(d);
    } catch (const Error& e) {
        throw Error(ErrorCode::bad_format, fmt::format("{}: the model card's {}", where, e.message()), e.hint());
    }
    return d;
}

WeightMap initial_resnet_weights(const ResNetDesign& design, Rng& rng) {
    require_valid(design);
    WeightMap weights;
    const auto normal = [&](const std::string& name, const Shape& shape, double deviation) {
        Tensor<float> w(shape);
        for (float& v : w.values()) v = static_cast<float>(deviation * rng.normal());
        weights.emplace(name, std::move(w));
    };
    const auto normed_conv = [&](const std::string& conv, const std::string& norm, Index out, Index in) {
        normal(conv + ".weight", {out, in, 3, 3}, std::sqrt(2.0 / static_cast<double>(9 * out)));
        weights.emplace(norm + ".gain", Tensor<float>(Shape{out}, 1.0f));
        weights.emplace(norm + ".bias", Tensor<float>(Shape{out}));
    };
    Index in = design.widths.front();
    normed_conv("stem", "stem.norm", in, 3);
    for (Index b = 0; b < design.block_count(); ++b) {
        const std::string name = design.block_name(b);
        const Index out = design.block_width(b);
        normed_conv(name + ".conv1", name + ".norm1", out, in);
        normed_conv(name + ".conv2", name + ".norm2", out, out);
        for (const BlockAttentionParameter& p : block_attention(design.attention).parameters(design.attention_sizes(b))) {
            if (p.shape.rank() == 1) {
                weights.emplace(name + ".attention." + p.name, Tensor<float>(p.shape));
            } else {
                const auto fan_in = static_cast<double>(p.shape.span_size(1, p.shape.rank()));
                normal(name + ".attention." + p.name, p.shape, std::sqrt(1 / fan_in));
            }
        }
        in = out;
    }
    const auto classes = static_cast<Index>(design.classes.size());
    normal("classifier.weight", {classes, in}, std::sqrt(1 / static_cast<double>(in)));
    weights.emplace("classifier.bias", Tensor<float>(Shape{classes}));
    return weights;
}

const ResNet<float>& LoadedResNet::for_picture(Index height, Index width) const {
    const std::vector<Index>& sides = design().sides;
    const auto nearest = std::ranges::find(sides, design().nearest_side(std::min(height, width)));
    return of_side[static_cast<std::size_t>(nearest - sides.begin())];
}

std::shared_ptr<const LoadedResNet> resnet_of(const ModelPtr& model) {
    static PerModel<LoadedResNet> loaded;
    return loaded.get(model, [&] {
        const std::string where = model->path.empty() ? "model " + model->id : model->path;
        const ResNetDesign design = resnet_design_from_json(model->card.json(), where);
        if (!model->weights.contains("stem.norm.mean"))
            throw Error(ErrorCode::bad_format, where + ": no population statistics of the batch norms (stem.norm.mean)",
                        "choose weights written by 'saccade train'");
        auto networks = std::make_shared<LoadedResNet>();
        for (const Index side : design.sides) networks->of_side.emplace_back(Weights<float>(model->weights), design, side);
        return std::shared_ptr<const LoadedResNet>(networks);
    });
}

}  // namespace saccade
