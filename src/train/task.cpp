#include "train/task.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "train/adam.hpp"
#include "train/aligner_task.hpp"
#include "train/caption_task.hpp"
#include "train/clip_task.hpp"
#include "train/date_lists_task.hpp"
#include "train/date_questions_task.hpp"
#include "train/dates_task.hpp"
#include "train/english_task.hpp"
#include "train/glimpse_task.hpp"
#include "train/induction_task.hpp"
#include "train/reading_task.hpp"
#include "train/resnet_task.hpp"
#include "train/rnn_shapes_task.hpp"
#include "train/transformer_date_lists_task.hpp"
#include "train/transformer_translation_task.hpp"
#include "train/translation_task.hpp"
#include "train/vit_task.hpp"

namespace saccade {

std::string to_string(const TrainOptions& options) {
    std::string text = fmt::format("seed {}", options.seed);
    if (options.epochs > 0) text += fmt::format(", {} epochs", options.epochs);
    if (options.batch_size > 0) text += fmt::format(", batches of {}", options.batch_size);
    if (options.learning_rate > 0) text += fmt::format(", learning rate {}", options.learning_rate);
    if (!options.data_path.empty()) text += ", data " + options.data_path;
    if (!options.dictionary_path.empty()) text += ", dictionary " + options.dictionary_path;
    if (!options.from.empty()) text += ", from " + options.from;
    for (const auto& [name, value] : options.extra) text += fmt::format(", {} {}", name, value);
    return text;
}

std::unique_ptr<Optimiser> Task::optimiser(const WeightMap& weights) const {
    return std::make_unique<Adam>(weights);
}

WeightMap Task::started_from(const Model& start, WeightMap fresh) const {
    const auto refuse = [this](const std::string& why) {
        return Error(ErrorCode::bad_format, fmt::format("not a model of {}: {}", id(), why),
                     "start from a model of the same kind, sizes and words");
    };
    for (auto& [name, tensor] : fresh) {
        const auto found = start.weights.find(name);
        if (found == start.weights.end()) throw refuse(fmt::format("it has no tensor '{}'", name));
        if (found->second.shape() != tensor.shape())
            throw refuse(
                fmt::format("tensor '{}' is {} there, and {} here", name, found->second.shape().str(), tensor.shape().str()));
        tensor = found->second.clone();
    }
    const nlohmann::json here = card(), &there = start.card.json();
    for (const char* what : {"classes", "vocabulary", "merges", "answers"})
        if (here.contains(what) && there.contains(what) && here[what] != there[what])
            throw refuse(fmt::format("the {} of its card are others", what));
    return fresh;
}

void Task::read_card(const nlohmann::json&, const std::string&) {}

void Task::recalibrate_norms(WeightMap&, std::stop_token) const {}

std::optional<double> Task::progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const {
    const auto metrics = evaluate(weights, n, stop);
    const auto found = metrics.find(headline());
    return found == metrics.end() ? std::nullopt : std::optional(found->second);
}

namespace {

/// A family of models: the ids that it trains, and how.
struct TaskFamily {
    std::vector<std::string> ids;
    std::unique_ptr<Task> (*make)(const std::string& id, const TrainOptions& options);
};

const std::vector<TaskFamily>& families() {
    static const std::vector<TaskFamily> all = {
        {dates_task_ids(), make_dates_task},
        {{"date-questions"}, [](const std::string&, const TrainOptions& options) { return make_date_questions_task(options); }},
        {date_lists_task_ids(), make_date_lists_task},
        {transformer_date_lists_task_ids(), make_transformer_date_lists_task},
        {aligner_task_ids(), make_aligner_task},
        {translation_task_ids(), make_translation_task},
        {transformer_translation_task_ids(), make_transformer_translation_task},
        {rnn_task_ids(), make_rnn_shapes_task},
        {resnet_task_ids(), make_resnet_task},
        {induction_task_ids(), make_induction_task},
        {caption_task_ids(), make_caption_task},
        {clip_task_ids(), make_clip_task},
        {english_task_ids(), make_english_task},
        {vit_task_ids(), make_vit_task},
        {reading_task_ids(), make_reading_task},
        {glimpse_task_ids(), make_glimpse_task},
    };
    return all;
}

}  // namespace

std::vector<std::string> task_ids() {
    std::vector<std::string> ids;
    for (const TaskFamily& family : families()) ids.insert(ids.end(), family.ids.begin(), family.ids.end());
    return ids;
}

std::unique_ptr<Task> make_task(const std::string& id, const TrainOptions& options) {
    std::string known;
    for (const TaskFamily& family : families())
        for (const std::string& candidate : family.ids) {
            if (candidate == id) return family.make(id, options);
            known += (known.empty() ? "" : ", ") + candidate;
        }
    throw Error(ErrorCode::usage, "no model '" + id + "' that can be trained", "one of: " + known);
}

}  // namespace saccade
