#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "autograd/ops.hpp"
#include "model/rnn_shapes.hpp"
#include "run/runner.hpp"
#include "testing.hpp"
#include "train/rnn_shapes_data.hpp"
#include "train/rnn_shapes_task.hpp"
#include "train/trainer.hpp"

namespace saccade::rnn_shapes_test {
namespace {

RunRequest request(const std::string& shape, const std::string& cell = "gru", const std::string& direction = "uni",
                   const std::string& text = "September 30, 2019") {
    RunRequest r;
    r.exhibit = "rnn-shapes";
    r.params.set("shape", shape);
    r.params.set("cell", cell);
    r.params.set("direction", direction);
    r.params.set("text", text);
    return r;
}

std::string output(const RunRequest& r) {
    return run(r)->texts().at("output");
}

// --- layers ---

TEST(RecurrentLayer, padding_changes_no_state) {
    Rng rng(3);
    for (const RecurrentKind kind : {RecurrentKind::elman, RecurrentKind::gru, RecurrentKind::lstm})
        for (const bool backward : {false, true}) {
            WeightMap map;
            init_recurrent(map, "r", kind, 3, 5, rng);
            const RecurrentCell<double> cell(Weights<double>(map), "r", kind);
            RecurrentLayer layer;
            layer.name = "r";
            layer.backward = backward;
            Tensor<double> x(Shape{4, 3});
            for (double& v : x.values()) v = rng.normal();
            // The same text of two, alone and beside one of four.
            Tensor<double> both(Shape{8, 3});
            for (Index t = 0; t < 4; ++t)
                for (Index b = 0; b < 2; ++b)
                    for (Index k = 0; k < 3; ++k)
                        both.data()[(t * 2 + b) * 3 + k] = b == 1 || t < 2 ? x.data()[t * 3 + k] : 0.5;
            const auto alone = run_recurrent<double>(layer, cell, x.rows(0, 2), std::vector<Index>{2}, {}, {});
            const auto padded = run_recurrent<double>(layer, cell, both, std::vector<Index>{2, 4}, {}, {});
            for (std::size_t t = 0; t < 2; ++t)
                for (Index k = 0; k < 5; ++k)
                    EXPECT_DOUBLE_EQ(alone[t].h.value().data()[k], padded[t].h.value().data()[k]) << to_string(kind) << t;
            const auto& last = backward ? padded.front() : padded.back();
            const auto& wanted = backward ? alone.front() : alone.back();
            for (Index k = 0; k < 5; ++k) EXPECT_DOUBLE_EQ(last.h.value().data()[k], wanted.h.value().data()[k]);
        }
}

TEST(RecurrentLayer, the_jacobian_is_what_differences_say) {
    Rng rng(5);
    constexpr Index length = 6, inputs = 3, hidden = 4;
    for (const RecurrentKind kind : {RecurrentKind::elman, RecurrentKind::gru, RecurrentKind::lstm})
        for (const bool backward : {false, true})
            for (const Index from : {Index{0}, Index{2}, length - 1}) {
                WeightMap map;
                init_recurrent(map, "r", kind, inputs, hidden, rng);
                const RecurrentCell<double> cell(Weights<double>(map), "r", kind);
                RecurrentLayer layer;
                layer.name = "r";
                layer.backward = backward;
                Tensor<double> x(Shape{length, inputs});
                for (double& v : x.values()) v = rng.normal();
                const auto state = [&] {
                    return run_recurrent<double>(layer, cell, x, std::vector<Index>{length}, {},
                                                 {})[static_cast<std::size_t>(from)]
                        .h.value();
                };
                const Tensor<double> jacobian = state_jacobian<double>(cell, x, backward, from, {});
                ASSERT_EQ(jacobian.shape(), (Shape{length, hidden, inputs}));
                constexpr double h = 1e-5;
                for (Index t = 0; t < length; ++t)
                    for (Index m = 0; m < inputs; ++m) {
                        double& at = x.data()[t * inputs + m];
                        const double middle = at;
                        at = middle + h;
                        const Tensor<double> above = state();
                        at = middle - h;
                        const Tensor<double> below = state();
                        at = middle;
                        for (Index k = 0; k < hidden; ++k) {
                            const double exact = jacobian.at({t, k, m});
                            EXPECT_NEAR(exact, (above.data()[k] - below.data()[k]) / (2 * h), 1e-8)
                                << to_string(kind) << backward << from << t;
                            if (backward ? t < from : t > from) {
                                EXPECT_EQ(exact, 0);
                            }
                        }
                    }
            }
}

// --- data and task ---

TEST(RnnShapesData, tags_are_of_the_right_characters) {
    // September 30, 2019: every letter of the month, both digits of the day, all four of the year.
    for (std::size_t form = 0; form < date_forms().size(); ++form) {
        const DateExample example = write_date(std::chrono::year(2019) / std::chrono::month(9) / std::chrono::day(30), form);
        const RnnBatch batch = rnn_batch(RnnShape::n_to_n, std::span(&example, 1));
        ASSERT_EQ(batch.targets.size(), example.source.size());
        std::set<Index> tags(batch.targets.begin(), batch.targets.end());
        for (Index tag = 0; tag < 3; ++tag) EXPECT_TRUE(tags.contains(tag)) << date_forms()[form].id << " " << tag;
        for (std::size_t j = 0; j < example.source.size(); ++j)
            if (example.source[j] == U' ' || example.source[j] == U'年' || example.source[j] == U'月') {
                EXPECT_EQ(batch.targets[j], 3) << date_forms()[form].id;
            }
    }
}

TEST(RnnShapesData, months_are_spelled_and_padded) {
    const RnnBatch batch = rnn_months(4, 2);  // May, June
    ASSERT_EQ(batch.texts.longest(), 5);      // the number, then J, u, n, e
    EXPECT_EQ(batch.texts.lengths, (std::vector<Index>{4, 5}));
    EXPECT_EQ(batch.targets.size(), 10u);
    EXPECT_EQ(batch.weights[8], 0);  // May has ended
    EXPECT_EQ(batch.weights[9], 1);
    const auto& names = rnn_names(RnnShape::one_to_n).outputs;
    EXPECT_EQ(names[static_cast<std::size_t>(batch.targets[0])], "M");
    EXPECT_EQ(names[static_cast<std::size_t>(batch.targets[9])], "<end>");
}

TEST(RnnShapesTask, every_design_trains_and_is_measured) {
    for (const std::string& id : rnn_task_ids()) {
        TrainOptions options;
        options.batch_size = 16;
        options.epochs = 1;
        const auto task = make_rnn_shapes_task(id, options);
        Trainer trainer(*task, 7);
        // A GRU learns at once; the others need longer than a test may take.
        const bool quick = id.find("gru") != std::string::npos;
        const int steps = quick ? 60 : 2;
        double first = 0, last = 0;  // sums of ten
        for (int i = 0; i < steps; ++i) {
            const double loss = trainer.step();
            if (i < 10) first += loss;
            if (i >= steps - 10) last += loss;
        }
        if (quick) {
            EXPECT_LT(last, first) << id;
        }
        const auto metrics = task->evaluate(trainer.weights(), 70, {});
        EXPECT_TRUE(metrics.contains(task->headline())) << id;
        EXPECT_TRUE(std::isfinite(metrics.at("loss"))) << id;
    }
    EXPECT_EQ(make_rnn_shapes_task("rnn-1-to-n-gru", {})->held_out(2000), 12);
    EXPECT_EQ(make_rnn_shapes_task("rnn-n-to-1-gru", {})->held_out(2000), 2000);
    test::error_of(ErrorCode::usage, [] { make_rnn_shapes_task("rnn-1-to-n-gru-bi", {}); });
    test::error_of(ErrorCode::usage, [] {
        TrainOptions options;
        options.extra["steeps"] = 3;
        make_rnn_shapes_task("rnn-1-to-n-gru", options);
    });
}

// --- the exhibit ---

TEST(RnnShapes, every_network_runs_and_keeps_its_rules) {
    for (const RnnDesign& design : rnn_designs()) {
        const RunRequest r =
            request(to_string(design.shape), to_string(design.cell), design.both_directions ? "bi" : "uni", "30 Sep 2019");
        const TracePtr trace = run(r);
        EXPECT_NE(trace->find("states"), nullptr);
        EXPECT_NE(trace->find("memory.norm"), nullptr);
        for (const TraceTensor& tensor : trace->tensors()) {
            if (tensor.info.role == Role::parameter) continue;
            for (const float v : tensor.values.values()) EXPECT_TRUE(std::isfinite(v)) << tensor.info.name;
            EXPECT_TRUE(tensor.info.name == "source.id" || trace->step_of(tensor.info.name) != nullptr) << tensor.info.name;
        }
        for (const Claim& claim : check_claims(*trace, 64)) EXPECT_TRUE(claim.holds) << rnn_id(design) << ": " << claim.text;
    }
}

TEST(RnnShapes, says_what_it_should) {
    EXPECT_EQ(output(request("n-to-1")), "September");
    EXPECT_EQ(output(request("n-to-1", "lstm", "uni", "二〇一九年十二月三十一日")), "December");
    EXPECT_EQ(output(request("n-to-n", "gru", "bi", "30/9/19")), "day 30 · month 9 · year 19");
    EXPECT_EQ(output(request("n-to-n", "gru", "bi", "2019年9月30日")), "year 2019 · month 9 · day 30");
    EXPECT_EQ(output(request("n-to-m")), "2019-09-30");
    for (Index month = 1; month <= 12; ++month) {
        RunRequest r = request("1-to-n");
        r.params.set("month", month);
        EXPECT_EQ(output(r), month_names()[static_cast<std::size_t>(month - 1)]);
    }
}

TEST(RnnShapes, what_is_changed_by_hand_is_carried_on) {
    RunRequest r = request("n-to-1");
    const TracePtr before = run(r);
    r.interventions = {parse_intervention("forward.state[4,0]=-0.9")};
    const TracePtr after = run(r);
    const auto at = [](const Trace& trace, const char* name, std::initializer_list<Index> index) {
        return trace.tensor(name).values.at(index);
    };
    EXPECT_FLOAT_EQ(at(*after, "states", {4, 0}), -0.9f);
    EXPECT_EQ(at(*after, "states", {3, 1}), at(*before, "states", {3, 1}));
    EXPECT_NE(at(*after, "states", {5, 1}), at(*before, "states", {5, 1}));
    EXPECT_NE(at(*after, "logits", {0}), at(*before, "logits", {0}));
    // The memory is of the network as it is.
    EXPECT_EQ(at(*after, "memory.norm", {1, 0}), at(*before, "memory.norm", {1, 0}));
}

TEST(RnnShapes, bad_input_is_one_line_or_a_sensible_result) {
    test::error_of(ErrorCode::invalid_input, [] { run(request("n-to-1", "gru", "uni", "")); });
    test::error_of(ErrorCode::invalid_input, [] { run(request("n-to-m", "gru", "uni", std::string(513, 'x'))); });
    for (const char* shape : {"n-to-1", "n-to-n", "n-to-m"})
        for (const std::string& text : {std::string("😀"), std::string("，。！？"), std::string("九月 Sep ７ 二〇"),
                                        std::string("a"), std::string(500, '9')}) {
            const TracePtr trace = run(request(shape, "lstm", "bi", text));
            EXPECT_FALSE(trace->texts().at("output").empty() && trace->notes().empty()) << shape << " " << text;
            for (const float v : trace->tensor("memory.norm").values.values()) EXPECT_TRUE(std::isfinite(v)) << shape << text;
        }
    EXPECT_NE(run(request("n-to-1", "gru", "uni", "30 😀 2019"))->notes().at(0).text.find("😀"), std::string::npos);
    const TracePtr one = run(request("1-to-n", "gru", "bi"));
    EXPECT_EQ(one->texts().at("output"), "September");
    EXPECT_EQ(one->notes().at(0).param, "direction");
    RunRequest thirteen = request("1-to-n");
    thirteen.params.set("month", std::int64_t{13});
    test::error_of(ErrorCode::invalid_input, [&] { run(thirteen); });
    RunRequest broken = request("n-to-1");
    broken.interventions = {parse_intervention("source.id[0]=2.5")};
    test::error_of(ErrorCode::invalid_input, [&] { run(broken); });
}

TEST(RnnShapes, weights_of_another_network_are_refused) {
    RunRequest r = request("n-to-1");
    r.model = bundled_model("rnn-n-to-n-gru");
    test::error_of(ErrorCode::invalid_input, [&] { run(r); });
    r.model = bundled_model("dates");
    test::error_of(ErrorCode::bad_format, [&] { run(r); });
}

TEST(RnnShapes, the_stop_token_ends_a_long_run) {
    std::stop_source source;
    source.request_stop();
    test::error_of(ErrorCode::cancelled, [&] { run(request("n-to-1"), source.get_token()); });
}

}  // namespace
}  // namespace saccade::rnn_shapes_test
