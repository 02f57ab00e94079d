#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "model/sequence_text.hpp"
#include "model/transformer.hpp"

namespace saccade::test {

struct TinyTransformer {
    std::string position = "sinusoidal", norm = "pre", activation = "relu";
    Index layers = 2, heads = 2, d_model = 12, d_ff = 10;
    bool bias = true;
    PositionSizes positions{.longest = 16, .clip = 3};
    std::uint64_t seed = 10;  // writes fffffdddddd
};

/// An encoder-decoder of random weights that reads and writes the letters a to f.
inline ModelPtr tiny_transformer(const TinyTransformer& t = {}) {
    const std::vector<std::string> letters = {"a", "b", "c", "d", "e", "f"};
    std::vector<std::string> source = {"<pad>", "<unk>"}, target = letters;
    source.insert(source.end(), letters.begin(), letters.end());
    target.insert(target.end(), {"<end>", "<start>"});
    StackDesign stack{.layers = t.layers,
                      .heads = t.heads,
                      .d_model = t.d_model,
                      .d_ff = t.d_ff,
                      .norm = t.norm,
                      .activation = t.activation,
                      .position = t.position,
                      .bias = t.bias};
    TransformerDesign design{stack, stack};
    design.decoder.causal = design.decoder.cross = true;
    Rng rng(t.seed);
    auto model = std::make_shared<Model>();
    model->id = "tiny";
    model->weights = initial_transformer_weights(design, static_cast<Index>(source.size()), static_cast<Index>(target.size()),
                                                 t.positions, rng);
    // Fresh gains and biases are 1 and 0: rules that mixed them up would hold. Larger embeddings make outputs that vary.
    for (auto& [name, values] : model->weights)
        for (float& v : values.values())
            v = (name.find("embedding") != std::string::npos ? 3 * v : v) + 0.2f * static_cast<float>(rng.normal());
    into_card(design, model->card.json());
    SequenceText({Vocabulary(source), Vocabulary(target)}, {}, false).into_card(model->card.json());
    return model;
}

}  // namespace saccade::test
