#include "train/date_lists_task.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/ops.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "base/utf8.hpp"
#include "model/seq2seq.hpp"
#include "model/sequence_text.hpp"
#include "train/padded_targets.hpp"
#include "train/schedule.hpp"

namespace saccade {

namespace {

constexpr int shard_count = 4;           // shard s draws lists of s + 1 dates, so that there is little padding
constexpr Index characters_a_date = 11;  // of the output, with ";" or <end>

DateList join(const std::vector<DateExample>& examples) {
    DateList list;
    for (const DateExample& e : examples) {
        list.source += list.source.empty() ? "" : "; ";
        for (const char32_t c : e.source) list.source += encode_utf8(c);
        list.target += (list.target.empty() ? "" : ";") + e.target;
        list.dates.push_back(e.target);
    }
    return list;
}

SequenceText list_text() {
    std::vector<std::string> source = {"<pad>", "<unk>"}, target;
    for (const char32_t c : source_alphabet()) source.push_back(encode_utf8(c));
    if (source_alphabet().find(U';') == std::u32string::npos) source.emplace_back(";");
    for (char c = '0'; c <= '9'; ++c) target.emplace_back(1, c);
    target.insert(target.end(), {"-", ";", "<end>", "<start>"});
    return SequenceText({Vocabulary(std::move(source)), Vocabulary(std::move(target))}, {}, false);
}

class DateListsTask : public Task {
 public:
    DateListsTask(std::string id, const TrainOptions& options);

    std::string id() const override { return id_; }
    WeightMap initial_weights(Rng& rng) const override { return initial_seq2seq_weights(sizes_, design_, rng); }
    Index steps_per_epoch() const override { return steps_an_epoch_; }
    int default_epochs() const override { return 6; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    double learning_rate(Index step) const override {
        return WarmUpCosine{.peak = peak_rate_, .warm_up = 100, .floor = 0.02}.at(step, total_steps_);
    }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    std::string id_;
    Seq2SeqDesign design_;
    Seq2SeqSizes sizes_;
    SequenceText text_ = list_text();
    std::vector<std::size_t> forms_;
    Index batch_size_ = 128;
    Index steps_an_epoch_ = 250;
    Index total_steps_ = 0;
    double peak_rate_ = 3e-3;
};

DateListsTask::DateListsTask(std::string id, const TrainOptions& options) : id_(std::move(id)) {
    if (!options.data_path.empty())
        throw Error(ErrorCode::usage, id_ + ": takes no data file", "leave out --data: its examples come from a generator");
    for (const auto& [name, value] : options.extra) {
        if (name != "steps" || !(value >= 1 && value <= 1e6))
            throw Error(ErrorCode::usage, id_ + ": there is no option '" + name + "', or its value is out of range",
                        "there is: steps (an epoch, 1 to 1000000)");
        steps_an_epoch_ = static_cast<Index>(value);
    }
    design_.attention = id_ == "date-lists";
    if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shard_count);
    if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
    total_steps_ = steps_an_epoch_ * (options.epochs > 0 ? options.epochs : default_epochs());
    sizes_.source_vocabulary = text_.vocabularies().source.size();
    sizes_.target_vocabulary = text_.vocabularies().target.size();
    forms_.resize(date_forms().size());
    std::iota(forms_.begin(), forms_.end(), std::size_t{0});
}

Var<float> DateListsTask::shard_loss(const Weights<float>& weights, Index, int shard, Rng& rng) const {
    std::vector<Ids> sources, targets;
    for (Index i = shard; i < batch_size_; i += shard_count) {
        std::vector<DateExample> dates;
        for (int d = 0; d <= shard; ++d) dates.push_back(draw_training_date(rng, forms_));
        const DateList list = join(dates);
        sources.push_back(text_.read(list.source).ids);
        targets.push_back(text_.target(list.target));
        targets.back().push_back(text_.vocabularies().end());
    }
    const PaddedTargets padded = PaddedTargets::from(targets, text_.vocabularies().end());
    const Seq2Seq<float> model(weights, design_);
    const auto forced = model.forced(model.encode(PaddedSources::from(sources)), padded.ids, padded.length, &rng);
    return cross_entropy<float>(forced.logits, padded.ids, padded.counts);
}

std::map<std::string, double> DateListsTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one example");
    const Seq2Seq<float> model(Weights<float>(weights), design_);
    std::vector<double> exact(static_cast<std::size_t>(n)), losses(exact.size());
    parallel_for(n, [&](std::int64_t i) {
        check_stop(stop);
        const DateList list = held_out_date_list(i % shard_count + 1, i);
        const Ids source[] = {text_.read(list.source).ids};
        const auto encoded = model.encode(PaddedSources::from(source));
        Ids target = text_.target(list.target);
        target.push_back(text_.vocabularies().end());
        const auto forced = model.forced(encoded, target, static_cast<Index>(target.size()));
        losses[static_cast<std::size_t>(i)] = static_cast<double>(cross_entropy<float>(forced.logits, target).value().item());
        const auto greedy = model.greedy(encoded, characters_a_date * static_cast<Index>(list.dates.size()));
        exact[static_cast<std::size_t>(i)] = greedy.ids == target ? 1 : 0;
    });
    const auto mean = [&](const std::vector<double>& v) {
        return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(n);
    };
    return {{"exact_match", mean(exact)}, {"loss", mean(losses)}};
}

nlohmann::json DateListsTask::card() const {
    nlohmann::json card = {
        {"id", id_},
        {"title", design_.attention ? "Lists of dates, with attention" : "Lists of dates, through one fixed context"},
        {"data",
         "Lists of 1 to 4 dates by the seeded generator (src/train/dates_data.cpp, src/train/date_lists_task.cpp); one "
         "calendar day "
         "in ten is held out of training in every form"},
        {"licence", "MIT, as the code: data and weights are made by it alone"},
        {"design", to_json(design_)},
        {"batch_size", batch_size_},
        {"notes", "The alignment is not supervised, so that both models of the pair learn in the same way."}};
    text_.into_card(card);
    return card;
}

}  // namespace

DateList held_out_date_list(Index count, Index n) {
    Rng rng = Rng(7).fork("held-out list", static_cast<std::uint64_t>(n * 64 + count));
    std::vector<DateExample> dates;
    while (static_cast<Index>(dates.size()) < count) {
        const CalendarDate day = nth_date(static_cast<Index>(rng.below(static_cast<std::uint64_t>(date_count()))));
        if (!is_held_out(day)) continue;
        dates.push_back(write_date(day, rng.below(date_forms().size())));
    }
    return join(dates);
}

std::vector<std::string> date_lists_task_ids() {
    return {"date-lists", "date-lists-fixed"};
}

std::unique_ptr<Task> make_date_lists_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<DateListsTask>(id, options);
}

}  // namespace saccade
