#include "train/aligner_task.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/word_aligner.hpp"
#include "train/task_options.hpp"
#include "train/translation_set.hpp"

namespace saccade {

namespace {

constexpr float least_kept = 1e-3f;  // of t in the finished model
constexpr const char* directions[] = {"to_source", "to_target"};

std::size_t at(Index i) {
    return static_cast<std::size_t>(i);
}

struct AlignedPair {
    Ids source, target;  // without <end>
};

/// The pairs' cells that can be other than 0, and those of NULL.
LexicalTable table_of(const std::vector<AlignedPair>& pairs, Index conditions, bool to_source) {
    std::vector<std::set<Index>> rows(at(conditions + 1));
    for (const AlignedPair& pair : pairs) {
        const Ids &from = to_source ? pair.target : pair.source, &to = to_source ? pair.source : pair.target;
        for (const Index token : to) {
            for (const Index condition : from) rows[at(condition)].insert(token);
            rows.back().insert(token);
        }
    }
    LexicalTable table{{0}, {}};
    for (const std::set<Index>& row : rows) {
        table.generated.insert(table.generated.end(), row.begin(), row.end());
        table.starts.push_back(static_cast<Index>(table.generated.size()));
    }
    return table;
}

/// theta <- theta * (-gradient), normalised over each group: rows of a table, all jumps. A group without counts stays.
class ExpectationMaximisation : public Optimiser {
 public:
    explicit ExpectationMaximisation(const WeightMap& weights) {
        for (const char* name : directions)
            starts_[name + std::string(".probability")] = LexicalTable::from(weights, name).starts;
    }
    void step(WeightMap& weights, const WeightMap& gradients, double) override {
        ++updates_;
        for (auto& [name, tensor] : weights) {
            if (name.ends_with(".jump")) normalise(tensor, gradients.at(name), 0, tensor.size());
            const auto starts = starts_.find(name);
            if (starts == starts_.end()) continue;
            for (std::size_t r = 0; r + 1 < starts->second.size(); ++r)
                normalise(tensor, gradients.at(name), starts->second[r], starts->second[r + 1]);
        }
    }
    Index updates() const override { return updates_; }
    WeightMap state() const override { return {}; }
    void restore(const WeightMap&, Index updates) override { updates_ = updates; }

 private:
    static void normalise(Tensor<float>& theta, const Tensor<float>& gradient, Index first, Index last) {
        double total = 0;
        const auto count = [&](Index i) {
            return std::max(0.0, -static_cast<double>(theta.data()[i]) * static_cast<double>(gradient.data()[i]));
        };
        for (Index i = first; i < last; ++i) total += count(i);
        if (!(total > 0)) return;
        for (Index i = first; i < last; ++i) theta.data()[i] = static_cast<float>(count(i) / total);
    }

    std::map<std::string, std::vector<Index>> starts_;
    Index updates_ = 0;
};

class AlignerTask : public Task {
 public:
    AlignerTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override;
    Index steps_per_epoch() const override { return 1; }
    int default_epochs() const override { return 11; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index) const override { return 1; }
    double clip_norm() const override { return INFINITY; }
    std::unique_ptr<Optimiser> optimiser(const WeightMap& weights) const override {
        return std::make_unique<ExpectationMaximisation>(weights);
    }
    TrainingIntervals intervals() const override { return {.points = 1, .evaluations = 4, .snapshots = 11, .examples = 958}; }
    void recalibrate_norms(WeightMap& weights, std::stop_token stop) const override;
    std::string headline() const override { return "agreement"; }
    Index held_out(Index wanted) const override { return set_.held_out(wanted); }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;
    void read_card(const nlohmann::json& card, const std::string& where) override { set_.read_card(card, where); }

 private:
    static constexpr int shard_count = 2;
    TranslationSet::Settings read_options(const TrainOptions& options);
    /// -log-likelihood of the shard, whose gradients by t and jumps are those of expectation maximisation; adds to `tokens`.
    Var<float> direction_loss(const Weights<float>& weights, const std::string& name, bool hmm, int shard,
                              double& tokens) const;

    std::string id_;
    Index ibm1_ = 5;
    TranslationSet set_;
    std::vector<AlignedPair> pairs_;
    LexicalTable tables_[2];
};

AlignerTask::AlignerTask(std::string id, const TrainOptions& options)
    : id_(std::move(id)), set_(id_, options, read_options(options)) {
    const SequenceText& text = set_.text();
    const auto add = [&](const std::vector<SentencePair>& pairs) {
        for (const SentencePair& pair : pairs) pairs_.push_back({text.read(pair.chinese).ids, text.target(pair.english)});
    };
    // Two epochs with their different words in the sentences, and every entry once.
    for (const std::uint64_t epoch : {0u, 1u}) add(set_.training().epoch(set_.settings().seed, epoch));
    add(set_.training().entries().read);
    add(set_.training().entries().others);
    std::erase_if(pairs_, [](const AlignedPair& p) { return p.source.empty() || p.target.empty(); });
    tables_[0] = table_of(pairs_, set_.target_vocabulary(), true);
    tables_[1] = table_of(pairs_, set_.source_vocabulary(), false);
}

TranslationSet::Settings AlignerTask::read_options(const TrainOptions& options) {
    TranslationSet::Settings settings;
    read_task_options(id_, options,
                      {{"merges", 0, 100001, [&](double v) { settings.merges = static_cast<std::size_t>(v); }},
                       {"ibm1", 0, 1000, [this](double v) { ibm1_ = static_cast<Index>(v); }}});
    return settings;
}

WeightMap AlignerTask::initial_weights(Rng&) const {
    WeightMap weights;
    for (int d = 0; d < 2; ++d) {
        const LexicalTable& table = tables_[d];
        Tensor<float> t(Shape{static_cast<Index>(table.generated.size())});
        for (std::size_t r = 0; r + 1 < table.starts.size(); ++r)
            for (Index i = table.starts[r]; i < table.starts[r + 1]; ++i)
                t.data()[i] = 1.0f / static_cast<float>(table.starts[r + 1] - table.starts[r]);
        // A jump of one position ahead is likely from the start; expectation maximisation says how likely.
        constexpr Index widest = AlignerDirection::widest_jump;
        Tensor<float> jump(Shape{2 * widest + 1});
        for (Index w = -widest; w <= widest; ++w) jump.data()[w + widest] = 1.0f / static_cast<float>(1 + std::abs(w - 1));
        const std::string name = directions[d];
        weights.emplace(name + ".probability", std::move(t));
        weights.emplace(name + ".jump", std::move(jump));
        table.add_to(weights, name);
    }
    return weights;
}

Var<float> AlignerTask::direction_loss(const Weights<float>& weights, const std::string& name, bool hmm, int shard,
                                       double& tokens) const {
    const bool to_source = name == directions[0];
    const LexicalTable& table = tables_[to_source ? 0 : 1];
    const Var<float> t = weights.get(name + ".probability"), jump = weights.get(name + ".jump");
    const AlignerDirection direction{&table, t.value().values(), jump.value().values()};
    std::vector<double> counts(table.generated.size()), jumps(at(jump.value().size()));
    double log_likelihood = 0;
    for (std::size_t n = at(shard); n < pairs_.size(); n += shard_count) {
        const Ids &from = to_source ? pairs_[n].target : pairs_[n].source,
                  &to = to_source ? pairs_[n].source : pairs_[n].target;
        const AlignmentPosterior p = hmm ? direction.hmm(from, to) : direction.ibm1(from, to);
        for (std::size_t j = 0; j < to.size(); ++j) {
            for (std::size_t i = 0; i < from.size(); ++i)
                counts[at(table.cell(from[i], to[j]))] += p.weights[j * from.size() + i];
            counts[at(table.cell(table.null(), to[j]))] += p.null[j];
        }
        for (std::size_t w = 0; w < p.jumps.size(); ++w) jumps[w] += p.jumps[w];
        log_likelihood += p.log_likelihood;
        tokens += static_cast<double>(to.size());
    }
    const auto sloped = [](const Var<float>& theta, const std::vector<double>& expected) {
        Tensor<float> slope(theta.shape());
        for (Index i = 0; i < slope.size(); ++i) {
            const double value = static_cast<double>(theta.value().data()[i]);
            slope.data()[i] = value > 0 ? static_cast<float>(-expected[at(i)] / value) : 0.0f;
        }
        return sum_all(mul(theta, Var<float>(slope)));
    };
    const Var<float> linear = add(sloped(t, counts), sloped(jump, jumps));
    return add_scalar(linear, static_cast<float>(-log_likelihood) - linear.value().item());
}

Var<float> AlignerTask::shard_loss(const Weights<float>& weights, Index step, int shard, Rng&) const {
    double tokens = 0;
    const bool hmm = step >= ibm1_;
    const Var<float> to_source = direction_loss(weights, directions[0], hmm, shard, tokens);
    const Var<float> both = add(to_source, direction_loss(weights, directions[1], hmm, shard, tokens));
    return scale(both, static_cast<float>(1 / tokens));
}

void AlignerTask::recalibrate_norms(WeightMap& weights, std::stop_token) const {
    for (const char* name : directions) {
        const LexicalTable table = LexicalTable::from(weights, name);
        const Tensor<float> t = weights.at(name + std::string(".probability"));
        LexicalTable kept{{0}, {}};
        std::vector<float> values;
        for (std::size_t r = 0; r + 1 < table.starts.size(); ++r) {
            for (Index i = table.starts[r]; i < table.starts[r + 1]; ++i) {
                if (t.data()[i] < least_kept) continue;
                kept.generated.push_back(table.generated[at(i)]);
                values.push_back(t.data()[i]);
            }
            kept.starts.push_back(static_cast<Index>(kept.generated.size()));
        }
        kept.add_to(weights, name);
        weights.insert_or_assign(name + std::string(".probability"),
                                 Tensor<float>::from(Shape{static_cast<Index>(values.size())}, values));
    }
}

std::map<std::string, double> AlignerTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    const WordAligner aligner(weights);
    const auto count = at(set_.held_out(n));
    std::vector<double> agreed(count), words(count);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t i) {
        check_stop(stop);
        const HeldOutSentence& sentence = set_.held_out_sentences()[at(i)];
        const Ids target = set_.text().target(sentence.references.front());
        const Tensor<float> links = aligner.links(set_.text().read(sentence.chinese).ids, target);
        for (Index row = 0; row < links.shape()[0]; ++row)
            agreed[at(i)] += std::ranges::find(links.row(row).values(), 1.0f) != links.row(row).values().end() ? 1 : 0;
        words[at(i)] = static_cast<double>(target.size());
    });
    double all_agreed = 0, all_words = 0;
    for (std::size_t i = 0; i < count; ++i) {
        all_agreed += agreed[i];
        all_words += words[i];
    }
    return {{"agreement", all_agreed / std::max(1.0, all_words)}};
}

nlohmann::json AlignerTask::card() const {
    nlohmann::json card = {
        {"id", id_},
        {"title", "Chinese to English: word aligner, IBM model 1 and HMM in both directions (Brown 1993, Vogel 1996)"},
        {"ibm1_iterations", ibm1_},
        {"agreement",
         "share of the target tokens of held-out pairs (first reference) that both directions link to a source character"}};
    set_.into_card(card);
    for (const char* of_translators : {"batch_size", "bleu", "label_smoothing", "near_duplicates", "places"})
        card.erase(of_translators);
    return card;
}

}  // namespace

std::vector<std::string> aligner_task_ids() {
    return {"zh-en-aligner"};
}

std::unique_ptr<Task> make_aligner_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<AlignerTask>(id, options);
}

}  // namespace saccade
