#include "train/date_questions_task.hpp"

#include <nlohmann/json.hpp>

#include "model/model_store.hpp"
#include "testing.hpp"
#include "train/date_questions_data.hpp"
#include "train/trainer.hpp"

namespace saccade::date_questions_task_test {
namespace {

using test::contains;
using test::error_of;

TEST(DateQuestionsData, answers_and_gold_characters) {
    using namespace std::chrono;
    const CalendarDate date = year{2019} / September / 30;
    const auto answers = answers_of(date);
    EXPECT_EQ(answer_names()[static_cast<std::size_t>(answers[0])], "2019");
    EXPECT_EQ(answer_names()[static_cast<std::size_t>(answers[1])], "Sep");
    EXPECT_EQ(answer_names()[static_cast<std::size_t>(answers[2])], "30");
    EXPECT_EQ(answer_names().size(), 143u);
    for (std::size_t form = 0; form < date_forms().size(); ++form) {
        const DateExample example = write_date(date, form);
        for (Index q = 0; q < question_count; ++q) {
            int gold = 0;
            for (Index j = 0; j < static_cast<Index>(example.source.size()); ++j) gold += is_gold(example, q, j) ? 1 : 0;
            EXPECT_GT(gold, 0) << date_forms()[form].id << " " << question_names()[static_cast<std::size_t>(q)];
        }
    }
}

TEST(DateQuestionsTask, learns_and_is_the_same_again) {
    TrainOptions options;
    options.batch_size = 8;
    options.epochs = 1;
    options.extra = {{"steps", 40}};
    const auto task = make_date_questions_task(options);
    Trainer first(*task, 3), second(*task, 3);
    double early = 0, late = 0;
    for (int i = 0; i < 40; ++i) {
        const double loss = first.step();
        EXPECT_EQ(loss, second.step());
        if (i < 5) early += loss;
        if (i >= 35) late += loss;
    }
    EXPECT_LT(late, early * 0.9);
}

TEST(DateQuestionsTask, measures_the_bundled_model_as_its_card_says) {
    const ModelPtr model = bundled_model("date-questions");
    const auto metrics = make_date_questions_task({})->evaluate(model->weights, model->card.json().at("n").get<Index>(), {});
    for (const auto& [name, value] : model->card.json().at("metrics").items())
        EXPECT_NEAR(metrics.at(name), value.get<double>(), 1e-4) << name;
    EXPECT_GE(metrics.at("accuracy"), 0.99);
    EXPECT_GE(metrics.at("accuracy_max"), 0.99);
    EXPECT_GE(metrics.at("accuracy_gate"), 0.99);
    EXPECT_GE(metrics.at("gold_weight"), 0.9);
}

TEST(DateQuestionsTask, refuses_what_it_does_not_know) {
    TrainOptions options;
    options.extra = {{"heads", 4}};
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { make_date_questions_task(options); }), "alignment_loss"));
    options.extra = {{"steps", 0}};
    error_of(ErrorCode::usage, [&] { make_date_questions_task(options); });
    options.extra.clear();
    options.data_path = "x";
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { make_date_questions_task(options); }), "--data"));
    error_of(ErrorCode::usage, [&] { make_date_questions_task({})->evaluate({}, 0, {}); });
}

}  // namespace
}  // namespace saccade::date_questions_task_test
