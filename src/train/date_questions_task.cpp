#include "train/date_questions_task.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "model/date_questions.hpp"
#include "train/date_questions_data.hpp"
#include "train/date_task.hpp"

namespace saccade {

namespace {

class DateQuestionsTask : public DateTask {
 public:
    explicit DateQuestionsTask(const TrainOptions& options);

    WeightMap initial_weights(Rng& rng) const override { return initial_date_questions_weights(sizes_, rng); }
    int default_epochs() const override { return 24; }
    Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const override;
    int shards() const override { return shard_count; }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const override;
    std::string headline() const override { return "accuracy"; }
    nlohmann::json card() const override;

 private:
    static constexpr int shard_count = 4;
    struct Batch {
        PaddedTexts texts;
        Ids answers;         // [B, questions]
        Tensor<float> gold;  // [B, questions, length]: 1 on the characters that the answer is read from
    };
    struct Score {
        double focus = 0, max = 0, gate = 0, gold = 0, loss = 0;
        Score& operator+=(const Score& s);
    };
    Batch batch_of(std::span<const DateExample> examples) const;
    Var<float> loss_of(const DateQuestions<float>::Result& result, const Batch& batch) const;
    Score score(const DateQuestions<float>& model, std::span<const DateExample> examples) const;

    DateQuestionsSizes sizes_;
    std::map<char32_t, Index> ids_;
    std::vector<std::vector<std::size_t>> forms_ = forms_by_length(shard_count);
    double alignment_loss_ = 0;
};

DateQuestionsTask::DateQuestionsTask(const TrainOptions& options) : DateTask("date-questions", 5e-3) {
    read_options(options, {{"alignment_loss", 0, 1e6, [this](double v) { alignment_loss_ = v; }}});
    const Vocabulary& vocabulary = date_question_vocabulary();
    sizes_.vocabulary = vocabulary.size();
    sizes_.questions = question_count;
    sizes_.answers = static_cast<Index>(answer_names().size());
    const Index specials = vocabulary.size() - static_cast<Index>(source_alphabet().size());
    for (std::size_t i = 0; i < source_alphabet().size(); ++i) ids_[source_alphabet()[i]] = specials + static_cast<Index>(i);
}

DateQuestionsTask::Batch DateQuestionsTask::batch_of(std::span<const DateExample> examples) const {
    std::vector<Ids> texts;
    const Index unknown = date_question_vocabulary().find("<unk>");
    Batch batch;
    for (const DateExample& example : examples) {
        Ids& text = texts.emplace_back();
        for (const char32_t c : example.source) {
            const auto found = ids_.find(c);
            text.push_back(found == ids_.end() ? unknown : found->second);
        }
        for (const Index answer : answers_of(example.date)) batch.answers.push_back(answer);
    }
    batch.texts = PaddedTexts::from(texts);
    const Index length = batch.texts.longest();
    batch.gold = Tensor<float>(Shape{static_cast<Index>(texts.size()), question_count, length});
    float* gold = batch.gold.data();
    for (const DateExample& example : examples)
        for (Index q = 0; q < question_count; ++q)
            for (Index j = 0; j < length; ++j) *gold++ = is_gold(example, q, j) ? 1.0f : 0.0f;
    return batch;
}

Var<float> DateQuestionsTask::loss_of(const DateQuestions<float>::Result& result, const Batch& batch) const {
    const auto rows = static_cast<Index>(batch.answers.size());
    const auto loss = [&](const Var<float>& logits) {
        return cross_entropy<float>(reshape(logits, {rows, sizes_.answers}), batch.answers);
    };
    const Var<float> all = add(loss(result.focus), add(loss(result.max), loss(result.gate)));
    if (alignment_loss_ == 0) return all;
    // -log of the weight on the characters that the answer is read from: supervised attention (Liu 2016; Mi 2016, eq. 7).
    const Var<float> mass = sum(mul(result.focus_weights, Var<float>(batch.gold)), 2);
    return add(all,
               scale(sum_all(log(add_scalar(mass, 1e-6f))), static_cast<float>(-alignment_loss_ / static_cast<double>(rows))));
}

Var<float> DateQuestionsTask::shard_loss(const Weights<float>& weights, Index, int shard, Rng& rng) const {
    std::vector<DateExample> examples;
    for (Index i = shard; i < batch_size(); i += shard_count)
        examples.push_back(draw_training_date(rng, forms_[static_cast<std::size_t>(shard)]));
    const Batch batch = batch_of(examples);
    return loss_of(DateQuestions<float>(weights).answer(batch.texts), batch);
}

DateQuestionsTask::Score& DateQuestionsTask::Score::operator+=(const Score& s) {
    focus += s.focus;
    max += s.max;
    gate += s.gate;
    gold += s.gold;
    loss += s.loss;
    return *this;
}

DateQuestionsTask::Score DateQuestionsTask::score(const DateQuestions<float>& model,
                                                  std::span<const DateExample> examples) const {
    const Batch batch = batch_of(examples);
    const auto result = model.answer(batch.texts);
    const auto right = [&](const Var<float>& logits) {
        double count = 0;
        for (std::size_t i = 0; i < batch.answers.size(); ++i) {
            const float* row = logits.value().data() + static_cast<Index>(i) * sizes_.answers;
            count += std::max_element(row, row + sizes_.answers) - row == batch.answers[i] ? 1 : 0;
        }
        return count;
    };
    Score score{right(result.focus), right(result.max), right(result.gate)};
    for (Index i = 0; i < batch.gold.size(); ++i)
        score.gold += static_cast<double>(batch.gold.data()[i] * result.focus_weights.value().data()[i]);
    score.loss = static_cast<double>(loss_of(result, batch).value().item()) * static_cast<double>(batch.answers.size());
    return score;
}

std::map<std::string, double> DateQuestionsTask::evaluate(const WeightMap& weights, Index n, std::stop_token stop) const {
    require_examples(n);
    std::vector<DateExample> examples = held_out_dates(n);
    // By length, so that there is little padding; the sums below do not depend on the order beyond rounding.
    std::ranges::stable_sort(examples, {}, [](const DateExample& e) { return e.source.size(); });
    const DateQuestions<float> model{Weights<float>(weights)};
    constexpr Index chunk = 64;
    std::vector<Score> scores(static_cast<std::size_t>((n + chunk - 1) / chunk));
    parallel_for(static_cast<std::int64_t>(scores.size()), [&](std::int64_t c) {
        check_stop(stop);
        const std::span<const DateExample> all(examples);
        scores[static_cast<std::size_t>(c)] = score(
            model, all.subspan(static_cast<std::size_t>(c * chunk), static_cast<std::size_t>(std::min(chunk, n - c * chunk))));
    });
    Score total;
    for (const Score& s : scores) total += s;
    const auto count = static_cast<double>(n * question_count);
    return {{"accuracy", total.focus / count},
            {"accuracy_max", total.max / count},
            {"accuracy_gate", total.gate / count},
            {"gold_weight", total.gold / count},
            {"loss", total.loss / count}};
}

nlohmann::json DateQuestionsTask::card() const {
    return {
        {"id", id()},
        {"title", "Questions about dates"},
        {"data", "Dates from 1950-01-01 to 2049-12-31 in " + std::to_string(date_forms().size()) +
                     " written forms, English and Chinese, by a seeded generator (src/train/dates_data.cpp), each with three "
                     "questions: year, month, day; one calendar day in ten is held out of training in every form"},
        {"licence", "MIT, as the code: data and weights are made by it alone"},
        {"sizes",
         {{"embedding", sizes_.embedding},
          {"hidden", sizes_.hidden},
          {"attention", sizes_.attention},
          {"question", sizes_.question},
          {"reading", sizes_.reading}}},
        {"alignment_loss", alignment_loss_},
        {"batch_size", batch_size()},
        {"notes",
         "accuracy: share of the questions that focus (attention by the question) answers right, among 143 answers; "
         "accuracy_max: max pooling; accuracy_gate: gating; all three read the same annotations and were trained together, "
         "each with its own readout and loss. gold_weight: weight of focus on the characters that the answer is read from."},
        {"questions", question_names()},
        {"answers", answer_names()},
        {"vocabulary", {{"source", date_question_vocabulary().tokens()}}}};
}

}  // namespace

std::unique_ptr<Task> make_date_questions_task(const TrainOptions& options) {
    return std::make_unique<DateQuestionsTask>(options);
}

}  // namespace saccade
