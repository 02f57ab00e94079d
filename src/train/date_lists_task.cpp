#include "train/date_lists_task.hpp"

#include <nlohmann/json.hpp>
#include <numeric>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/seq2seq.hpp"
#include "train/date_task.hpp"
#include "train/padded_targets.hpp"

namespace saccade {

namespace {

class DateListsTask : public DateTask {
 public:
    DateListsTask(std::string id, const TrainOptions& options);

    WeightMap initial_weights(Rng& rng) const override { return initial_seq2seq_weights(sizes_, design_, rng); }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 4;  // shard s draws lists of s + 1 dates, so that there is little padding
    Seq2SeqDesign design_;
    Seq2SeqSizes sizes_;
    SequenceText text_{date_vocabularies(";"), {}, false};
};

DateListsTask::DateListsTask(std::string id, const TrainOptions& options) : DateTask(std::move(id), 3e-3) {
    read_options(options);
    design_.attention = this->id() == "date-lists";
    sizes_.source_vocabulary = text_.vocabularies().source.size();
    sizes_.target_vocabulary = text_.vocabularies().target.size();
}

Var<float> DateListsTask::shard_loss(const Weights<float>& weights, Index, int shard, Rng& rng) const {
    std::vector<Ids> sources, targets;
    for (Index i = shard; i < batch_size(); i += shard_count) {
        const DateList list = draw_training_date_list(rng, shard + 1);
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
    require_examples(n);
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
        {"id", id()},
        {"title", design_.attention ? "Lists of dates, with attention" : "Lists of dates, through one fixed context"},
        {"data",
         "Lists of 1 to 4 dates by the seeded generator (src/train/dates_data.cpp, src/train/date_lists_data.cpp); one "
         "calendar day "
         "in ten is held out of training in every form"},
        {"licence", "MIT, as the code: data and weights are made by it alone"},
        {"design", to_json(design_)},
        {"batch_size", batch_size()},
        {"notes", "The alignment is not supervised, so that both models of the pair learn in the same way."}};
    text_.into_card(card);
    return card;
}

}  // namespace

std::vector<std::string> date_lists_task_ids() {
    return {"date-lists", "date-lists-fixed"};
}

std::unique_ptr<Task> make_date_lists_task(const std::string& id, const TrainOptions& options) {
    return std::make_unique<DateListsTask>(id, options);
}

}  // namespace saccade
