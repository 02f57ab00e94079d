#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "checkpoint/family.hpp"

// GPT-2 (Radford 2019, "Language models are unsupervised multitask learners", section 2.3): pre-norm, learned positions, one
// matrix for queries, keys and values, stored as [in, out]; logits by the table of the words.

namespace saccade {

namespace {

MappedModel map_gpt2(CheckpointFolder& folder, const JsonObject& config) {
    MappedModel model;
    StackDesign& design = model.design;
    Index vocabulary = 50257, inner = 0, positions = 1024;
    design = {.layers = 12, .heads = 12, .d_model = 768, .norm = "pre", .position = "learned", .causal = true};
    config.whole("n_layer", design.layers, Index{1}, Index{1024});
    config.whole("n_head", design.heads, Index{1}, Index{4096});
    config.whole("n_embd", design.d_model, Index{1}, Index{65536});
    config.whole("vocab_size", vocabulary, Index{1}, Index{1} << 24);
    config.whole("n_positions", positions, Index{1}, Index{1} << 24);
    if (const nlohmann::json* given = config.find("n_inner"); given != nullptr && !given->is_null())
        config.whole("n_inner", inner, Index{1}, Index{1} << 20);
    config.number("layer_norm_epsilon", design.norm_epsilon, 0, 1);
    for (const auto& [unusual, usual] : {std::pair("scale_attn_by_inverse_layer_idx", false),
                                         std::pair("add_cross_attention", false), std::pair("scale_attn_weights", true)}) {
        bool set = usual;
        config.toggle(unusual, set);
        if (set != usual)
            throw Error(ErrorCode::unsupported, fmt::format("{}: config.json says {} of {}", folder.path, set, unusual),
                        "GPT-2 as it was published opens");
    }
    const Index d = design.d_model;
    design.d_ff = inner > 0 ? inner : 4 * d;
    design.activation = activation_of(config, "activation_function", "gelu_new", folder.path);
    design.scaled_embedding = false;
    model.read_out = ReadOut::next_token;
    model.longest = positions;
    require_fitting(design, {"n_embd", "n_head", "layer_norm_epsilon"}, folder.path);

    Taking taking(folder, {"transformer."}, model.weights, &model.stored);
    taking.take("stack.embedding.weight", "wte.weight", {vocabulary, d});
    taking.take("stack.position.table", "wpe.weight", {positions, d});
    for (Index l = 0; l < design.layers; ++l) {
        const std::string ours = fmt::format("stack.{}", l), theirs = fmt::format("h.{}", l);
        const Tensor<float> biases = taking.tensor(theirs + ".attn.c_attn.bias", {3 * d});
        Index first = 0;
        for (const char* part : {"query", "key", "value"}) {
            taking.take_columns(fmt::format("{}.self.{}.weight", ours, part), theirs + ".attn.c_attn.weight", d, 3 * d, first,
                                d);
            taking.give(fmt::format("{}.self.{}.bias", ours, part), rows_of_matrix(biases, first, d));
            first += d;
        }
        taking.transposed_linear(ours + ".self.output", theirs + ".attn.c_proj", d, d);
        taking.transposed_linear(ours + ".feed_forward.in", theirs + ".mlp.c_fc", design.d_ff, d);
        taking.transposed_linear(ours + ".feed_forward.out", theirs + ".mlp.c_proj", d, design.d_ff);
        taking.norm(ours + ".norm1", theirs + ".ln_1", d);
        taking.norm(ours + ".norm2", theirs + ".ln_2", d);
    }
    taking.norm("stack.norm", "ln_f", d);
    bool tied = true;
    config.toggle("tie_word_embeddings", tied);
    if (!tied) taking.take("head.weight", "lm_head.weight", {vocabulary, d});
    return model;
}

CheckpointFolder unmap_gpt2(const MappedModel& model) {
    const StackDesign& design = model.design;
    const Index d = design.d_model;
    const auto ours = [&](const std::string& name) -> const Tensor<float>& { return model.weights.at(name); };
    CheckpointFolder folder;
    folder.config = {{"model_type", "gpt2"},
                     {"architectures", {"GPT2LMHeadModel"}},
                     {"n_layer", design.layers},
                     {"n_head", design.heads},
                     {"n_embd", d},
                     {"n_inner", design.d_ff},
                     {"n_positions", model.longest},
                     {"n_ctx", model.longest},
                     {"vocab_size", ours("stack.embedding.weight").shape()[0]},
                     {"activation_function", design.activation == "gelu_tanh" ? "gelu_new" : design.activation},
                     {"layer_norm_epsilon", design.norm_epsilon},
                     {"tie_word_embeddings", true}};
    WeightMap& theirs = folder.tensors;
    theirs["transformer.wte.weight"] = ours("stack.embedding.weight");
    theirs["transformer.wpe.weight"] = ours("stack.position.table");
    const auto norm = [&](const std::string& name, const std::string& own) {
        theirs["transformer." + name + ".weight"] = ours(own + ".gain");
        theirs["transformer." + name + ".bias"] = ours(own + ".bias");
    };
    const auto linear = [&](const std::string& name, const std::string& own) {
        theirs["transformer." + name + ".weight"] = transposed_matrix(ours(own + ".weight"));
        theirs["transformer." + name + ".bias"] = ours(own + ".bias");
    };
    for (Index l = 0; l < design.layers; ++l) {
        const std::string own = fmt::format("stack.{}", l), name = fmt::format("h.{}", l);
        Tensor<float> all = Tensor<float>::uninitialized({3 * d, d}), biases = Tensor<float>::uninitialized({3 * d});
        Index row = 0;
        for (const char* part : {"query", "key", "value"}) {
            const std::string one = fmt::format("{}.self.{}", own, part);
            std::ranges::copy(ours(one + ".weight").values(), all.data() + row * d);
            std::ranges::copy(ours(one + ".bias").values(), biases.data() + row);
            row += d;
        }
        theirs[fmt::format("transformer.{}.attn.c_attn.weight", name)] = transposed_matrix(all);
        theirs[fmt::format("transformer.{}.attn.c_attn.bias", name)] = biases;
        linear(name + ".attn.c_proj", own + ".self.output");
        linear(name + ".mlp.c_fc", own + ".feed_forward.in");
        linear(name + ".mlp.c_proj", own + ".feed_forward.out");
        norm(name + ".ln_1", own + ".norm1");
        norm(name + ".ln_2", own + ".norm2");
    }
    norm("ln_f", "stack.norm");
    return folder;
}

}  // namespace

Family gpt2_family() {
    return {"gpt2", "GPT-2", "Radford 2019", map_gpt2, unmap_gpt2};
}

}  // namespace saccade
