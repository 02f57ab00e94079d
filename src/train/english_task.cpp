#include "train/english_task.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "checkpoint/byte_level.hpp"
#include "checkpoint/pre_tokenizer.hpp"
#include "checkpoint/tokenizer_pipeline.hpp"
#include "model/bpe.hpp"
#include "model/transformer_stack.hpp"
#include "train/induction_data.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"

namespace saccade {

namespace {

constexpr Index positions = 128;    // that it knows
constexpr Index train_length = 64;  // tokens of a training sequence
constexpr const char* text_end = "<|endoftext|>";

StackDesign english_design() {
    return {.layers = 4,
            .heads = 4,
            .d_model = 128,
            .d_ff = 512,
            .norm = "pre",
            .activation = "gelu_tanh",
            .position = "learned",
            .causal = true,
            .scaled_embedding = false};
}

/// A tokenizer.json as GPT-2's: 256 bytes, merges learned from the sentences, and the token between texts.
nlohmann::json learn_tokenizer(const std::vector<std::string>& sentences, Index vocabulary) {
    std::map<std::string, long> counts;
    const PreTokenizer words = byte_level_pre_tokenizer(false, true);
    for (const std::string& sentence : sentences)
        for (const TextPiece& piece : words({{sentence, true}})) ++counts[piece.text];
    std::vector<Bpe::CountedWord> counted;
    for (const auto& [word, count] : counts) {
        Bpe::CountedWord one{.pieces = {}, .count = count};
        for (const char32_t c : decode_utf8(word)) one.pieces.push_back(encode_utf8(c));
        counted.push_back(std::move(one));
    }
    nlohmann::json table = nlohmann::json::object(), merges = nlohmann::json::array();
    Index next = 0;
    for (int byte = 0; byte < 256; ++byte) table[byte_characters(std::string(1, static_cast<char>(byte)))] = next++;
    const Bpe bpe = Bpe::learn_from(std::move(counted), static_cast<std::size_t>(std::max<Index>(0, vocabulary - 257)));
    for (const auto& [first, second] : bpe.merges()) {
        merges.push_back(first + " " + second);
        // Two merges may make the same token.
        if (!table.contains(first + second)) table[first + second] = next++;
    }
    const nlohmann::json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}};
    return {{"version", "1.0"},
            {"added_tokens",
             {{{"id", next},
               {"content", text_end},
               {"single_word", false},
               {"lstrip", false},
               {"rstrip", false},
               {"normalized", false},
               {"special", true}}}},
            {"normalizer", nullptr},
            {"pre_tokenizer", byte_level},
            {"post_processor", nullptr},
            {"decoder", byte_level},
            {"model", {{"type", "BPE"}, {"vocab", table}, {"merges", merges}}}};
}

class EnglishTask : public Task {
 public:
    EnglishTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override;
    Index steps_per_epoch() const override { return 100; }
    int default_epochs() const override { return 30; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override {
        return WarmUpCosine{.peak = peak_rate_, .warm_up = 100, .floor = 0.02}.at(step, total_steps_);
    }
    std::string headline() const override { return "accuracy"; }
    Index usual_held_out() const override { return 1000; }
    Index held_out(Index wanted) const override { return std::min(wanted, static_cast<Index>(held_out_.size())); }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    void read_card(const nlohmann::json& card, const std::string& where) override;
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 4;
    void read_tokens();
    Index end_id() const { return tokenizer_->size() - 1; }

    std::string id_, data_path_;
    StackDesign design_ = english_design();
    Index vocabulary_ = 2048;
    EnglishSentences sentences_;
    nlohmann::json tokenizer_json_;
    std::shared_ptr<const Tokenizer> tokenizer_;
    std::vector<Ids> training_, held_out_;
    double dropout_ = 0.1, peak_rate_ = 2e-3;
    Index batch_size_ = 32, total_steps_ = 0;
};

EnglishTask::EnglishTask(std::string id, const TrainOptions& options) : id_(std::move(id)), data_path_(options.data_path) {
    read_task_options(id_, options,
                      {whole_option("d_model", 1025, design_.d_model),
                       whole_option("d_ff", 4097, design_.d_ff),
                       whole_option("heads", 65, design_.heads),
                       whole_option("layers", 25, design_.layers),
                       whole_option("vocabulary", 65537, vocabulary_),
                       {"dropout", 0, 1, [this](double v) { dropout_ = v; }}});
    require_valid(design_);
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shard_count);
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    total_steps_ = steps_per_epoch() * (options.epochs > 0 ? options.epochs : default_epochs());
    if (data_path_.empty()) return;
    sentences_ = read_english_sentences(data_path_);
    tokenizer_json_ = learn_tokenizer(sentences_.training, vocabulary_);
    read_tokens();
}

void EnglishTask::read_tokens() {
    tokenizer_ = tokenizer_of_json(tokenizer_json_.dump(), id_);
    const auto all = [&](const std::vector<std::string>& sentences) {
        std::vector<Ids> ids;
        for (const std::string& sentence : sentences) ids.push_back(tokenizer_->pieces(sentence));
        return ids;
    };
    training_ = all(sentences_.training);
    held_out_ = all(sentences_.held_out);
}

void EnglishTask::read_card(const nlohmann::json& card, const std::string& where) {
    design_ = stack_design_from_json(card, "stack", where);
    if (!card.contains("tokenizer"))
        throw Error(ErrorCode::bad_format, where + ": the model card has no tokenizer",
                    "use the card that was written with it");
    tokenizer_json_ = card.at("tokenizer");
    read_tokens();
}

WeightMap EnglishTask::initial_weights(Rng& rng) const {
    if (training_.empty())
        throw Error(ErrorCode::usage, id_ + ": needs English sentences to learn from",
                    "pass --data cmn-eng.txt (Tatoeba pairs from www.manythings.org/anki)");
    WeightMap weights;
    add_initial_stack_weights(weights, "stack", design_, tokenizer_->size(), {.longest = positions}, rng);
    return weights;
}

Var<float> EnglishTask::shard_loss(const Weights<float>& weights, Index, int, Rng& rng) const {
    const Index batch = std::max<Index>(1, batch_size_ / shard_count);
    Ids read, targets;
    for (Index b = 0; b < batch; ++b) {
        // Whole sentences in a row, an end between two: the first token of a text has nothing before it, here as later.
        Ids ids;
        while (static_cast<Index>(ids.size()) < train_length + 1) {
            const Ids& sentence = training_[rng.below(training_.size())];
            ids.insert(ids.end(), sentence.begin(), sentence.end());
            ids.push_back(end_id());
        }
        read.insert(read.end(), ids.begin(), ids.begin() + train_length);
        targets.insert(targets.end(), ids.begin() + 1, ids.begin() + train_length + 1);
    }
    const TransformerStack<float> stack(weights, "stack", design_);
    StackCall<float> call;
    call.dropout = dropout_;
    call.rng = &rng;
    const Var<float> logits = stack.tied_logits(stack(stack.embed(read, batch, call), call), stack.vocabulary());
    return cross_entropy<float>(reshape(logits, {batch * train_length, stack.vocabulary()}), targets);
}

std::map<std::string, double> EnglishTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1 || held_out_.empty())
        throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on",
                    "pass --data cmn-eng.txt, and ask for at least one sentence");
    const TransformerStack<float> stack(Weights<float>(weights), "stack", design_);
    struct Sums {
        double loss = 0, hits = 0, tokens = 0;
    };
    std::vector<Sums> all(static_cast<std::size_t>(held_out(n)));
    parallel_for(static_cast<std::int64_t>(all.size()), [&](std::int64_t i) {
        check_stop(stop);
        Ids ids = held_out_[static_cast<std::size_t>(i)];
        ids.push_back(end_id());
        ids.resize(std::min<std::size_t>(ids.size(), positions + 1));
        const Index count = static_cast<Index>(ids.size()) - 1;
        if (count < 1) return;
        const StackCall<float> call;
        const Var<float> logits =
            stack.tied_logits(stack(stack.embed({ids.data(), ids.size() - 1}, 1, call), call), stack.vocabulary());
        const Tensor<float> chances = log_softmax<float>(reshape(logits, {count, stack.vocabulary()})).value();
        Sums& sums = all[static_cast<std::size_t>(i)];
        for (Index t = 0; t < count; ++t) {
            const auto row = chances.row(t);
            const Index target = ids[static_cast<std::size_t>(t) + 1];
            sums.loss -= static_cast<double>(row.data()[target]);
            sums.hits += std::ranges::max_element(row.values()) - row.values().begin() == target ? 1 : 0;
        }
        sums.tokens += static_cast<double>(count);
    });
    Sums sum;
    for (const Sums& one : all) {
        sum.loss += one.loss;
        sum.hits += one.hits;
        sum.tokens += one.tokens;
    }
    return {{"loss", sum.loss / sum.tokens}, {"accuracy", sum.hits / sum.tokens}};
}

nlohmann::json EnglishTask::card() const {
    nlohmann::json card = {
        {"id", id_},
        {"title", "A small GPT-2 of English sentences"},
        {"data",
         fmt::format("The English sentences of {}, {} of them, in a row with an end between two; the {} sentences of the "
                     "translators' held-out split are held out",
                     sentences_.source.str(), training_.size(), held_out_.size())},
        {"licence", sentences_.source.licence_of("Sentences")},
        {"metrics_are",
         "loss: nats a token on held-out sentences, each by itself, the first token given, the end included; "
         "accuracy: share of those tokens that are the likeliest"},
        {"family", "gpt2"},
        {"stack", to_json(design_)},
        {"positions", positions},
        {"batch_size", batch_size_},
        {"learning_rate", peak_rate_},
        {"dropout", dropout_}};
    if (tokenizer_ == nullptr) return card;
    sentences_.source.into_card(card);
    card["tokenizer"] = tokenizer_json_;
    return card;
}

}  // namespace

std::vector<std::string> english_task_ids() {
    return {"english"};
}

std::unique_ptr<Task> make_english_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<EnglishTask>(id, options);
}

}  // namespace saccade
