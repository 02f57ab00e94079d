#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/rng.hpp"
#include "model/resnet.hpp"

namespace saccade::test {

/// Three stages of so many blocks with random weights, statistics too: rules that left one out would not hold.
inline ModelPtr tiny_resnet(const std::string& attention, Index blocks = 2) {
    ResNetDesign design;
    design.blocks = blocks;
    design.widths = {4, 6, 8};
    design.attention = attention;
    design.reduction = 2;
    design.kernel = 3;
    design.classes = {"bird", "cat", "ship"};
    design.mean = {0.4f, 0.5f, 0.45f};
    design.deviation = {0.25f, 0.2f, 0.3f};
    Rng rng(5);
    auto model = std::make_shared<Model>();
    model->id = "tiny-" + attention;
    model->weights = initial_resnet_weights(design, rng);
    WeightMap statistics;
    for (auto& [name, values] : model->weights) {
        if (name.ends_with(".gain") || name.ends_with(".bias"))
            for (float& v : values.values()) v += 0.2f * static_cast<float>(rng.normal());
        if (!name.ends_with(".gain")) continue;
        const std::string norm = name.substr(0, name.size() - 5);
        Tensor<float> mean(values.shape()), variance(values.shape());
        for (float& v : mean.values()) v = 0.3f * static_cast<float>(rng.normal());
        for (float& v : variance.values()) v = 0.5f + static_cast<float>(rng.uniform());
        statistics.emplace(norm + ".mean", std::move(mean));
        statistics.emplace(norm + ".variance", std::move(variance));
    }
    model->weights.merge(statistics);
    into_card(design, model->card.json());
    return model;
}

inline Tensor<float> random_picture(Index height, Index width, std::uint64_t seed = 3) {
    Rng rng(seed);
    Tensor<float> picture(Shape{height, width, 3});
    for (float& v : picture.values()) v = static_cast<float>(rng.uniform());
    return picture;
}

}  // namespace saccade::test
