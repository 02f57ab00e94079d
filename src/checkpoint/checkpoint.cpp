#include "checkpoint/checkpoint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "checkpoint/kept_folders.hpp"
#include "checkpoint/tokenizer_pipeline.hpp"
#include "model/card_json.hpp"
#include "model/per_model.hpp"
#include "model/weights.hpp"
#include "tensor/storage.hpp"

namespace saccade {

Var<float> Checkpoint::before_table(const Var<float>& states) const {
    if (scaled_read_out) return scale(states, 1 / std::sqrt(static_cast<float>(stack.design().d_model)));
    if (read_out != ReadOut::masked_token) return states;
    return norm((*activation)(transform(states)));
}

namespace {

/// Labels of all ids: as the tokenizer has them, or else their numbers.
std::vector<std::string> labels_of(const Tokenizer* tokenizer, Index vocabulary) {
    std::vector<std::string> labels;
    labels.reserve(static_cast<std::size_t>(vocabulary));
    for (Index id = 0; id < vocabulary; ++id)
        labels.push_back(tokenizer != nullptr && id < tokenizer->size() ? tokenizer->label(id) : fmt::format("#{}", id));
    return labels;
}

CheckpointPtr made_of(MappedModel model, const std::string& path, const Family& family,
                      std::shared_ptr<const Tokenizer> tokenizer, std::shared_ptr<const Tokenizer> of_source = {},
                      std::string unused = {}) {
    require_finite(model.weights, path);
    // Each matrix is kept as products read it, alone: a trace shows parameters from there.
    const Weights<float> weights = Weights<float>::to_be_taken(std::move(model.weights), std::move(model.stored));
    auto made = std::make_shared<Checkpoint>(Checkpoint{.path = path,
                                                        .family = &family,
                                                        .read_out = model.read_out,
                                                        .longest = model.longest,
                                                        .stack = TransformerStack<float>(weights, "stack", model.design),
                                                        .source = {},
                                                        .table = {},
                                                        .tokenizer = std::move(tokenizer),
                                                        .labels = {},
                                                        .scaled_read_out = model.scaled_read_out,
                                                        .unused = std::move(unused)});
    const Index d = model.design.d_model, vocabulary = made->vocabulary();
    if (model.read_out != ReadOut::none) {
        const bool tied = !weights.has("head.weight");
        if (tied)
            made->table = made->stack.laid_out_table();
        else
            made->table = weights.matrix("head.weight", {vocabulary, d});
        if (weights.has("head.bias")) made->table.bias = weights.get("head.bias", {vocabulary});
    }
    if (model.read_out == ReadOut::masked_token) {
        made->transform = weights.matrix("head.transform.weight", {d, d});
        made->transform.bias = weights.get("head.transform.bias", {d});
        made->norm = {weights.get("head.norm.gain", {d}), weights.get("head.norm.bias", {d}),
                      static_cast<float>(model.design.norm_epsilon)};
        made->activation = &activation(model.read_out_activation);
    }
    made->labels = labels_of(made->tokenizer.get(), vocabulary);
    if (model.source) {
        made->source.emplace(SourceReader{TransformerStack<float>(weights, "encoder", model.source->encoder),
                                          model.source->start,
                                          model.source->end,
                                          model.source->never,
                                          model.source->beam,
                                          model.source->renormalised,
                                          model.source->unheeded,
                                          std::move(of_source),
                                          {}});
        made->source->labels = labels_of(made->source->tokenizer.get(), made->source->encoder.vocabulary());
    }
    release_kept_blocks(0);  // what laying out took for a moment is as large as the largest weight
    return made;
}

}  // namespace

MappedModel mapped_model(const Model& model) {
    const std::string where = model.path.empty() ? model.id : model.path;
    MappedModel mapped{.design = stack_design_from_json(model.card.json(), "stack", where),
                       .read_out = ReadOut::next_token,
                       .weights = model.weights};
    if (const auto table = mapped.weights.find("stack.position.table"); table != mapped.weights.end())
        mapped.longest = table->second.shape()[0];
    return mapped;
}

std::string tokenizer_text(const Model& model) {
    const std::string where = model.path.empty() ? model.id : model.path;
    const nlohmann::json* tokenizer = card_object(model.card.json(), where).find("tokenizer");
    if (tokenizer == nullptr)
        throw Error(ErrorCode::bad_format, where + ": its card has no tokenizer, so it cannot read text by itself",
                    "choose a model that was trained as other people's are: english");
    return tokenizer->dump();
}

CheckpointPtr checkpoint_of(const ModelPtr& model) {
    static PerModel<Checkpoint> made;
    return made.get(model, [&] {
        const std::string where = model->path.empty() ? model->id : model->path;
        std::string type;
        card_object(model->card.json(), where).text("family", type);
        const Family& family = family_named(type, where);
        return made_of(mapped_model(*model), where, family, tokenizer_of_json(tokenizer_text(*model), where));
    });
}

CheckpointPtr read_checkpoint(const std::string& path, const std::stop_token& stop) {
    CheckpointFolder folder = open_checkpoint_folder(path, stop);
    const Family& family = family_of(folder.config, path);
    if (family.map == nullptr)
        throw Error(ErrorCode::unsupported, fmt::format("{}: {} reads pictures, and no text", path, family.title),
                    "open it in exhibit vision-checkpoint");
    MappedModel model = family.map(folder, JsonObject(folder.config, path + ": config.json"));
    std::string unused = unused_tensors(folder);
    folder.tensors.clear();
    release_kept_blocks(0);
    // What a decoder writes may be read by another tokenizer than the source.
    const std::shared_ptr<const Tokenizer> source = read_tokenizer(path);
    const std::shared_ptr<const Tokenizer> target = model.source ? read_target_tokenizer(path) : nullptr;
    return made_of(std::move(model), path, family, target ? target : source, source, std::move(unused));
}

CheckpointPtr checkpoint_of(const std::string& path, const std::stop_token& stop) {
    static KeptFolders<Checkpoint> kept;
    return kept.get(path, [&] { return read_checkpoint(path, stop); });
}

}  // namespace saccade
