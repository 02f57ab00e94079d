#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "checkpoint/family.hpp"

// ViT (Dosovitskiy 2021) and DeiT (Touvron 2021): pre-norm encoders of the patches of a picture. DeiT's second token learned
// from a teacher, and has a read-out of its own where it was saved with it.

namespace saccade {

namespace {

constexpr Index most_classes = Index{1} << 20;

/// A side, or two of them: 224 or [224, 224].
std::pair<Index, Index> sides_of(const JsonObject& config, const char* key, Index otherwise) {
    constexpr Index largest = 8192;
    const nlohmann::json* value = config.find(key);
    if (value == nullptr || !value->is_array()) {
        config.whole(key, otherwise, Index{1}, largest);
        return {otherwise, otherwise};
    }
    std::vector<std::int64_t> sides;
    config.wholes(key, sides, 1, largest);
    if (sides.size() != 2) config.refuse(key, *value, "a side, or a height and a width");
    return {sides[0], sides[1]};
}

/// Names by number, of {"0": "tench", ...}; empty where the config has none.
std::vector<std::string> class_names(const JsonObject& config, const std::string& where) {
    const nlohmann::json* given = config.find("id2label");
    if (given == nullptr || given->is_null()) return {};
    const JsonObject object = config.object("id2label");
    std::vector<std::string> names(given->size());
    std::vector<bool> seen(given->size());
    for (const auto& [key, name] : object.value().items()) {
        std::size_t number = names.size();
        const auto [end, problem] = std::from_chars(key.data(), key.data() + key.size(), number);
        if (problem != std::errc() || end != key.data() + key.size() || number >= names.size() || seen[number] ||
            !name.is_string())
            throw Error(ErrorCode::bad_format,
                        fmt::format("{}: id2label does not name classes 0 to {}, each once", where, names.size() - 1),
                        "use the config.json that was saved with these weights");
        seen[number] = true;
        names[number] = name.get<std::string>();
    }
    return names;
}

VisionDesign read_design(const JsonObject& config, const std::string& where) {
    VisionDesign vision;
    StackDesign& design = vision.stack;
    config.whole("num_hidden_layers", design.layers, Index{1}, Index{1024});
    config.whole("num_attention_heads", design.heads, Index{1}, Index{4096});
    config.whole("hidden_size", design.d_model, Index{1}, Index{65536});
    config.whole("intermediate_size", design.d_ff, Index{1}, Index{1} << 20);
    config.number("layer_norm_eps", design.norm_epsilon, 0, 1);
    design.activation = activation_of(config, "hidden_act", "gelu", where);
    std::tie(vision.height, vision.width) = sides_of(config, "image_size", 224);
    const auto [patch_height, patch_width] = sides_of(config, "patch_size", 16);
    if (patch_height != patch_width)
        throw Error(ErrorCode::unsupported, fmt::format("{}: its patches are {} x {} px", where, patch_width, patch_height),
                    "models of square patches open");
    vision.patch = patch_height;
    config.whole("num_channels", vision.channels, Index{1}, Index{1024});
    if (vision.channels != 3 && vision.channels != 1)
        throw Error(ErrorCode::unsupported, fmt::format("{}: it reads pictures of {} channels", where, vision.channels),
                    "models of grey and of coloured pictures open");
    return vision;
}

void take_layers(Taking& taking, const VisionDesign& vision, bool biased) {
    const StackDesign& design = vision.stack;
    const Index d = design.d_model;
    for (Index l = 0; l < design.layers; ++l) {
        const std::string ours = fmt::format("stack.{}", l), theirs = fmt::format("encoder.layer.{}", l);
        for (const char* part : {"query", "key", "value"}) {
            const std::string own = fmt::format("{}.self.{}", ours, part);
            taking.linear(own, fmt::format("{}.attention.attention.{}", theirs, part), d, d, biased);
            if (!biased) taking.give(own + ".bias", Tensor<float>(Shape{d}));
        }
        taking.linear(ours + ".self.output", theirs + ".attention.output.dense", d, d);
        taking.linear(ours + ".feed_forward.in", theirs + ".intermediate.dense", design.d_ff, d);
        taking.linear(ours + ".feed_forward.out", theirs + ".output.dense", d, design.d_ff);
        taking.norm(ours + ".norm1", theirs + ".layernorm_before", d);
        taking.norm(ours + ".norm2", theirs + ".layernorm_after", d);
    }
    taking.norm("stack.norm", "layernorm", d);
}

/// The class token, and that of distillation below it.
void take_special(Taking& taking, const VisionDesign& vision) {
    const Index d = vision.stack.d_model;
    Tensor<float> special = Tensor<float>::uninitialized({vision.special(), d});
    std::ranges::copy(taking.tensor("embeddings.cls_token", {1, 1, d}).values(), special.data());
    if (vision.distilled)
        std::ranges::copy(taking.tensor("embeddings.distillation_token", {1, 1, d}).values(), special.data() + d);
    taking.give("token.special", std::move(special));
}

/// What reads a class out, where the folder holds it: that of the class token alone, or one of each token.
void take_heads(Taking& taking, const CheckpointFolder& folder, const JsonObject& config, MappedVision& model) {
    const bool both = model.design.distilled && taking.has("distillation_classifier.weight");
    const std::string own = both ? "cls_classifier" : "classifier";
    model.classes = class_names(config, folder.path);
    const auto stored = folder.tensors.find(own + ".weight");
    if (stored == folder.tensors.end()) {
        model.classes.clear();
        return;
    }
    auto classes = static_cast<Index>(model.classes.size());
    if (classes == 0) {
        classes = stored->second.shape().rank() > 0 ? stored->second.shape()[0] : 0;
        config.whole("num_labels", classes, Index{1}, most_classes);
        for (Index c = 0; c < classes; ++c) model.classes.push_back(fmt::format("#{}", c));
    }
    taking.linear("classifier", own, classes, model.design.stack.d_model);
    if (both) taking.linear("distillation", "distillation_classifier", classes, model.design.stack.d_model);
}

MappedVision mapped(CheckpointFolder& folder, const JsonObject& config, const std::string& prefix) {
    MappedVision model{.design = read_design(config, folder.path)};
    VisionDesign& vision = model.design;
    Taking taking(folder, {prefix}, model.weights);
    vision.distilled = prefix == "deit." && taking.has("embeddings.distillation_token");
    require_fitting(vision.stack, {"hidden_size", "num_attention_heads", "layer_norm_eps"}, folder.path);
    require_valid(vision);
    bool biased = true;
    config.toggle("qkv_bias", biased);
    const Index d = vision.stack.d_model, p = vision.patch;
    taking.take("patch.weight", "embeddings.patch_embeddings.projection.weight", {d, vision.channels, p, p});
    taking.take("patch.bias", "embeddings.patch_embeddings.projection.bias", {d});
    taking.give("stack.position.table",
                taking.tensor("embeddings.position_embeddings", {1, vision.tokens(), d}).reshape({vision.tokens(), d}));
    take_special(taking, vision);
    take_layers(taking, vision, biased);
    take_heads(taking, folder, config, model);
    model.reading.height = vision.height;
    model.reading.width = vision.width;
    return model;
}

MappedVision map_vit(CheckpointFolder& folder, const JsonObject& config) {
    return mapped(folder, config, "vit.");
}

MappedVision map_deit(CheckpointFolder& folder, const JsonObject& config) {
    return mapped(folder, config, "deit.");
}

}  // namespace

Family deit_family() {
    return {.model_type = "deit", .title = "DeiT", .source = "Touvron 2021", .map_vision = map_deit};
}

Family vit_family() {
    return {.model_type = "vit", .title = "ViT", .source = "Dosovitskiy 2021", .map_vision = map_vit};
}

}  // namespace saccade
