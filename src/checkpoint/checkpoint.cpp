#include "checkpoint/checkpoint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <list>
#include <mutex>

#include "base/error.hpp"
#include "checkpoint/tokenizer_pipeline.hpp"
#include "io/file_stamp.hpp"
#include "model/card_json.hpp"
#include "model/layered_parameters.hpp"
#include "model/per_model.hpp"
#include "model/weights.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace fs = std::filesystem;

Var<float> Checkpoint::before_table(const Var<float>& states) const {
    if (read_out != ReadOut::masked_token) return states;
    return norm((*activation)(transform(states)));
}

namespace {

constexpr std::size_t most_kept = 2;

/// Labels of all ids: as the tokenizer has them, or else their numbers.
std::vector<std::string> labels_of(const Tokenizer* tokenizer, Index vocabulary) {
    std::vector<std::string> labels;
    labels.reserve(static_cast<std::size_t>(vocabulary));
    for (Index id = 0; id < vocabulary; ++id)
        labels.push_back(tokenizer != nullptr && id < tokenizer->size() ? tokenizer->label(id) : fmt::format("#{}", id));
    return labels;
}

/// What tells that a folder's files have changed: all of them that a model is read from.
std::vector<FileStamp> stamps_of(const std::string& path) {
    constexpr std::size_t most = 1000;
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator at(path, error), end; !error && at != end && files.size() < most; at.increment(error))
        files.push_back(at->path().string());
    std::ranges::sort(files);
    std::vector<FileStamp> stamps;
    for (const std::string& file : files) stamps.push_back(stamp_of(file));
    return stamps;
}

struct Kept {
    std::string path;
    std::vector<FileStamp> stamps;
    CheckpointPtr checkpoint;
};

/// Tensors that the family's file did not ask for, in words; empty: none. What never changes a number is not counted: masks and
/// frequencies that are kept as buffers, and parts that were trained for another task.
std::string unused_tensors(const CheckpointFolder& folder) {
    static const std::vector<std::string> buffers = {
        ".attn.bias",   ".attn.masked_bias", ".attention.bias", ".attention.masked_bias",
        "position_ids", "inv_freq",          "token_type_ids"};
    static const std::vector<std::string> others = {"pooler.",     "cls.seq_relationship", "decoder.", "lm_head.",
                                                    "classifier.", "qa_outputs",           "score.",   "embed_out."};
    std::vector<std::string> names;
    for (const auto& stored : folder.tensors) {
        const std::string& name = stored.first;
        if (folder.used.contains(name)) continue;
        if (std::ranges::any_of(buffers, [&](const std::string& end) { return name.ends_with(end); })) continue;
        if (std::ranges::any_of(others, [&](const std::string& part) { return name.find(part) != std::string::npos; }))
            continue;
        names.push_back(name);
    }
    if (names.empty()) return {};
    return fmt::format("{} of its tensors {} not asked for by its config.json: {}{}", names.size(),
                       names.size() == 1 ? "is" : "are", names.front(), names.size() > 1 ? ", …" : "");
}

CheckpointPtr made_of(MappedModel model, const std::string& path, const Family& family,
                      std::shared_ptr<const Tokenizer> tokenizer, std::string unused = {}) {
    require_finite(model.weights, path);
    const Weights<float> weights(model.weights);
    auto made = std::make_shared<Checkpoint>(Checkpoint{.path = path,
                                                        .family = &family,
                                                        .read_out = model.read_out,
                                                        .longest = model.longest,
                                                        .stack = TransformerStack<float>(weights, "stack", model.design),
                                                        .table = {},
                                                        .tokenizer = std::move(tokenizer),
                                                        .labels = {},
                                                        .unused = std::move(unused)});
    const Index d = model.design.d_model, vocabulary = made->vocabulary();
    if (model.read_out != ReadOut::none) {
        const bool tied = !weights.has("head.weight");
        made->table.weight = tied ? made->stack.table() : weights.get("head.weight", {vocabulary, d});
        if (weights.has("head.bias")) made->table.bias = weights.get("head.bias", {vocabulary});
        if (tied) made->table.packed = made->stack.packed_table();
        if (made->table.packed == nullptr) made->table = laid_out(std::move(made->table));
    }
    if (model.read_out == ReadOut::masked_token) {
        made->transform =
            laid_out(Linear<float>{weights.get("head.transform.weight", {d, d}), weights.get("head.transform.bias", {d})});
        made->norm = {weights.get("head.norm.gain", {d}), weights.get("head.norm.bias", {d}),
                      static_cast<float>(model.design.norm_epsilon)};
        made->activation = &activation(model.read_out_activation);
    }
    made->labels = labels_of(made->tokenizer.get(), vocabulary);
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
    CheckpointFolder folder = read_checkpoint_folder(path, stop);
    const Family& family = family_of(folder.config, path);
    MappedModel model = family.map(folder, JsonObject(folder.config, path + ": config.json"));
    std::string unused = unused_tensors(folder);
    folder.tensors.clear();
    release_kept_blocks(0);
    lay_layers_together(model.weights);
    return made_of(std::move(model), path, family, read_tokenizer(path), std::move(unused));
}

CheckpointPtr checkpoint_of(const std::string& path, const std::stop_token& stop) {
    static std::mutex mutex;
    static std::list<Kept> kept;  // the latest used first
    const std::vector<FileStamp> stamps = stamps_of(path);
    const std::lock_guard lock(mutex);
    for (auto one = kept.begin(); one != kept.end(); ++one) {
        if (one->path != path || one->stamps != stamps) continue;
        kept.splice(kept.begin(), kept, one);
        return kept.front().checkpoint;
    }
    std::erase_if(kept, [&](const Kept& one) { return one.path == path; });
    while (kept.size() >= most_kept) kept.pop_back();
    CheckpointPtr made = read_checkpoint(path, stop);
    kept.push_front({path, stamps, made});
    return made;
}

}  // namespace saccade
