#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "base/error.hpp"
#include "exhibit/capture_about.hpp"
#include "exhibit/capture_source.hpp"
#include "io/atomic_file.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "run/run.hpp"
#include "testing.hpp"
#include "trace/claims.hpp"
#include "unit/core/array_bytes.hpp"
#include "unit/scratch.hpp"

namespace saccade::capture_exhibit_test {

namespace {

using test::npy_bytes;

std::string capture_path(const std::string& name) {
    return test::scratch_path("capture_" + name);
}

RunRequest capture_request(const std::string& path, const std::map<std::string, std::string>& texts = {}) {
    RunRequest request;
    request.exhibit = "capture";
    request.params.set("path", path);
    for (const auto& [name, text] : texts) request.params.set(name, text);
    return request;
}

/// Rows that sum to 1: of each query all weight on two keys, which the map's number chooses.
Tensor<float> shares(const Shape& shape) {
    Tensor<float> values(shape);
    const Index keys = shape[-1];
    for (Index row = 0; row < values.size() / keys; ++row) {
        values.data()[row * keys + row % keys] += 0.75f;
        values.data()[row * keys + (row * 7 + 3) % keys] += 0.25f;
    }
    return values;
}

std::string saved(const std::string& name, const Tensor<float>& values, const std::string& about = "") {
    const std::string path = capture_path(name + ".npz");
    std::vector<NpzEntry> entries{{"attention", values, ""}};
    if (!about.empty()) entries.push_back({"capture.json", {}, about});
    write_npz(path, entries);
    return path;
}

std::string refused(const RunRequest& request) {
    try {
        (void)run(request);
    } catch (const Error& error) {
        return error.line();
    }
    return "";
}

bool has_note(const Trace& trace, const std::string& part) {
    return std::ranges::any_of(trace.notes(), [&](const Note& note) { return note.text.find(part) != std::string::npos; });
}

void expect_all_claims(const Trace& trace) {
    for (const Claim& claim : check_claims(trace)) EXPECT_TRUE(claim.holds) << claim.text << " " << claim.error;
}

}  // namespace

/// Each query shares evenly among the keys up to its own, and `seen` more.
Tensor<float> causal_shares(const Shape& shape, Index seen) {
    Tensor<float> values(shape);
    const Index queries = shape[-2], keys = shape[-1];
    for (Index row = 0; row < values.size() / keys; ++row) {
        const Index end = row % queries + 1 + seen;
        for (Index j = 0; j < end; ++j) values.data()[row * keys + j] = 1 / static_cast<float>(end);
    }
    return values;
}

TEST(CaptureExhibit, zeros_at_all_later_keys_are_a_causal_mask) {
    for (const Index cached : {Index{0}, Index{3}}) {  // a prefix of so many keys was read before
        const TracePtr trace = run(capture_request(saved("causal", causal_shares(Shape{2, 2, 5, 5 + cached}, cached), "")));
        const TraceTensor* mask = trace->find("mask");
        ASSERT_NE(mask, nullptr) << cached;
        EXPECT_EQ(mask->info.role, Role::mask);
        for (Index i = 0; i < 5; ++i)
            for (Index j = 0; j < 5 + cached; ++j)
                EXPECT_EQ(std::isinf(mask->values.at({i, j})), j > i + cached) << i << " " << j;
        expect_all_claims(*trace);
    }
    // Who looks both ways, at their own token alone, or a little ahead, has none.
    EXPECT_EQ(run(capture_request(saved("both", shares(Shape{2, 2, 5, 5}))))->find("mask"), nullptr);
    Tensor<float> own(Shape{1, 5, 5}), ahead = causal_shares(Shape{1, 5, 5}, 0);
    for (Index i = 0; i < 5; ++i) own.data()[i * 6] = 1;
    ahead.data()[1] = 1e-6f;
    EXPECT_EQ(run(capture_request(saved("own", own)))->find("mask"), nullptr);
    EXPECT_EQ(run(capture_request(saved("ahead", ahead)))->find("mask"), nullptr);
    // It is read off the weights: to change it would change nothing.
    RunRequest edited = capture_request(saved("causal", causal_shares(Shape{2, 2, 5, 5}, 0)));
    edited.interventions.push_back(parse_intervention("mask[0,1]=0"));
    EXPECT_NE(refused(edited).find("mask cannot be changed"), std::string::npos) << refused(edited);
}

TEST(CaptureExhibit, an_array_whose_rows_sum_to_one_is_attention) {
    const Tensor<float> values = shares(Shape{2, 3, 5, 5});
    const TracePtr trace = run(capture_request(saved("self", values)));
    const TraceTensor& weights = trace->tensor("weights");
    EXPECT_EQ(weights.info.role, Role::weights);
    EXPECT_EQ(weights.values.shape(), values.shape());
    EXPECT_TRUE(std::ranges::equal(weights.values.values(), values.values()));
    std::vector<AxisKind> kinds;
    for (const AxisPtr& axis : weights.info.axes) kinds.push_back(axis->kind);
    EXPECT_EQ(axis_kinds_text(kinds), "layer, head, query, key");
    float mean = 0;
    for (Index i = 0; i < 5; ++i) mean += values.at({1, 2, i, 3}) / 5;
    EXPECT_NEAR(trace->tensor("received").values.at({1, 2, 3}), mean, 1e-6);
    expect_all_claims(*trace);
    // Unequal axes: cross-attention, whose keys are no positions of the queries.
    const TracePtr cross = run(capture_request(saved("cross", shares(Shape{4, 3, 6}))));
    EXPECT_EQ(cross->tensor("weights").info.axes[1]->name, "query");
    EXPECT_EQ(cross->tensor("weights").info.axes[2]->name, "key");
}

TEST(CaptureExhibit, rows_that_were_rounded_to_sixteen_bits_sum_to_one_again) {
    Tensor<float> values(Shape{2, 3, 3});
    for (Index row = 0; row < 6; ++row)
        for (Index j = 0; j < 3; ++j) values.data()[row * 3 + j] = 1.0f / 3;
    write_safetensors(capture_path("half.safetensors"), {{"attention", values}}, StoredType::bf16);
    const TracePtr trace = run(capture_request(capture_path("half.safetensors")));
    EXPECT_NEAR(trace->tensor("weights").values.at({0, 0, 0}), 1.0 / 3, 1e-6);
    EXPECT_NE(trace->step_of("weights")->formula.find("brought to sum 1"), std::string::npos);
    expect_all_claims(*trace);
}

TEST(CaptureExhibit, axes_in_any_order_are_put_in_theirs) {
    // [query, key, head] of [head, query, key].
    const Tensor<float> values = shares(Shape{2, 3, 3});
    Tensor<float> turned(Shape{3, 3, 2});
    for (Index h = 0; h < 2; ++h)
        for (Index c = 0; c < 9; ++c) turned.data()[c * 2 + h] = values.data()[h * 9 + c];
    const TracePtr trace = run(capture_request(saved("turned", turned), {{"axes", "query, key, head"}, {"role", "weights"}}));
    EXPECT_TRUE(std::ranges::equal(trace->tensor("weights").values.values(), values.values()));
}

TEST(CaptureExhibit, a_part_is_named_as_it_is_numbered_on_screen) {
    const Tensor<float> values = shares(Shape{2, 3, 8, 8});
    const TracePtr trace = run(capture_request(saved("part", values), {{"part", "layer 2, head 2-3, query 5-8"}}));
    const TraceTensor& weights = trace->tensor("weights");
    ASSERT_EQ(weights.values.shape(), (Shape{1, 2, 4, 8}));
    EXPECT_EQ(weights.values.at({0, 0, 0, 5}), values.at({1, 1, 4, 5}));
    EXPECT_EQ(weights.info.axes[1]->label(0), "2");
    EXPECT_EQ(weights.info.axes[2]->label(0), "5");
}

TEST(CaptureExhibit, what_stands_beside_the_array_says_what_it_is) {
    const std::string about =
        R"({"format": "saccade-capture", "version": 1, "axes": [{"name": "token", "kind": "query", "labels": ["a", "b", "c"]},
            {"name": "token.key", "kind": "key", "labels": ["a", "b", "c"]}],
            "tensors": [{"name": "attention", "role": "weights", "axes": ["head", "token", "token.key"]}]})";
    const TracePtr trace = run(capture_request(saved("about", shares(Shape{2, 3, 3}), about)));
    EXPECT_EQ(trace->tensor("weights").info.axes[1]->labels, (std::vector<std::string>{"a", "b", "c"}));
    // A person's tokens win; what does not fit is numbered, and said.
    const TracePtr named = run(capture_request(saved("about", shares(Shape{2, 3, 3}), about), {{"tokens", "x y z"}}));
    EXPECT_EQ(named->tensor("weights").info.axes[2]->label(2), "z");
    const TracePtr unnamed = run(capture_request(saved("plain", shares(Shape{2, 3, 3})), {{"tokens", "x y"}}));
    EXPECT_TRUE(unnamed->tensor("weights").info.axes[1]->labels.empty());
    EXPECT_TRUE(has_note(*unnamed, "2 tokens for 3 queries"));
}

TEST(CaptureExhibit, arrays_numbered_alike_are_the_layers_of_one) {
    const Tensor<float> values = shares(Shape{12, 2, 4, 4});
    std::vector<NpzEntry> entries;
    for (Index layer = 0; layer < 12; ++layer)
        entries.push_back({"attn_" + std::to_string(layer), values.row(layer).reshape(Shape{1, 2, 4, 4}).clone(), ""});
    write_npz(capture_path("layers.npz"), entries);
    const TracePtr trace = run(capture_request(capture_path("layers.npz")));
    ASSERT_EQ(trace->tensor("weights").values.shape(), values.shape());
    EXPECT_TRUE(std::ranges::equal(trace->tensor("weights").values.values(), values.values()));
    const TracePtr one = run(capture_request(capture_path("layers.npz"), {{"part", "layer 11"}}));
    EXPECT_TRUE(std::ranges::equal(one->tensor("weights").values.values(), values.row(10).values()));
}

TEST(CaptureExhibit, weights_are_computed_of_queries_and_keys) {
    // Two heads of queries share one of the keys; the last query stands beside the last key.
    Tensor<float> q(Shape{1, 2, 2, 2}), k(Shape{1, 1, 3, 2});
    std::iota(q.values().begin(), q.values().end(), -3.0f);
    std::iota(k.values().begin(), k.values().end(), -1.0f);
    const std::string about = R"({"tensors": [{"name": "a.q", "role": "query", "axes": ["layer", "head", "query", "feature"],
        "key": "a.k", "causal": true}, {"name": "a.k", "role": "key", "axes": ["layer", "head", "key", "feature"]}]})";
    write_npz(capture_path("qk.npz"), {{"a.q", q, ""}, {"a.k", k, ""}, {"capture.json", {}, about}});
    const TracePtr trace = run(capture_request(capture_path("qk.npz")));
    const Tensor<float>& weights = trace->tensor("weights").values;
    ASSERT_EQ(weights.shape(), (Shape{1, 2, 2, 3}));
    EXPECT_EQ(weights.at({0, 0, 0, 2}), 0);
    const auto score = [&](Index h, Index i, Index j) {
        return (q.at({0, h, i, 0}) * k.at({0, 0, j, 0}) + q.at({0, h, i, 1}) * k.at({0, 0, j, 1})) / std::sqrt(2.0f);
    };
    const float a = std::exp(score(1, 0, 0)), b = std::exp(score(1, 0, 1));
    EXPECT_NEAR(weights.at({0, 1, 0, 1}), b / (a + b), 1e-6);
    expect_all_claims(*trace);
    // A hand that changes a key changes the weights.
    RunRequest request = capture_request(capture_path("qk.npz"));
    request.interventions = {parse_intervention("key[0,0,0,0]=5")};
    EXPECT_NE(run(request)->tensor("weights").values.at({0, 1, 0, 1}), weights.at({0, 1, 0, 1}));
    // Without a word beside them, by their names.
    write_npz(capture_path("qk2.npz"), {{"a.query", q, ""}, {"a.key", q.clone(), ""}});
    const TracePtr guessed = run(capture_request(capture_path("qk2.npz")));
    EXPECT_EQ(guessed->tensor("weights").values.shape(), (Shape{1, 2, 2, 2}));
    EXPECT_EQ(guessed->tensor("weights").info.axes[3]->name, "token.key");
}

TEST(CaptureExhibit, scores_are_turned_into_weights_where_a_person_says_so) {
    const std::string path = saved("scores", Tensor<float>::from(Shape{2, 2}, {1, 2, -3, 4}));
    EXPECT_TRUE(has_note(*run(capture_request(path)), "rows do not sum to 1"));
    const TracePtr trace = run(capture_request(path, {{"role", "scores"}}));
    EXPECT_NEAR(trace->tensor("weights").values.at({0, 1}), 1 / (1 + std::exp(-1.0f)), 1e-6);
    expect_all_claims(*trace);
}

TEST(CaptureExhibit, a_large_map_is_shown_in_blocks_that_keep_peaks) {
    const Index n = 5000;
    Tensor<float> values(Shape{1, n, n});
    for (Index i = 0; i < n; ++i) values.data()[i * n] = 1;
    values.data()[1234 * n] = 0;
    values.data()[1234 * n + 4321] = 1;
    const std::string path = saved("large", values);
    const TracePtr trace = run(capture_request(path));
    const TraceTensor& weights = trace->tensor("weights");
    ASSERT_EQ(weights.values.shape(), (Shape{1, 500, 500}));
    EXPECT_EQ(weights.values.at({0, 1234 / 10, 4321 / 10}), 1);
    EXPECT_NE(weights.info.title.find("maximum of each 10 × 10"), std::string::npos);
    EXPECT_EQ(weights.info.axes[1]->label(123), "1231–1240");
    EXPECT_NE(weights.info.role, Role::weights);  // blocks are no distribution
    EXPECT_NEAR(run(capture_request(path, {{"blocks", "mean"}}))->tensor("weights").values.at({0, 1234 / 10, 4321 / 10}),
                1 / 100.0, 1e-6);
    const TracePtr part = run(capture_request(path, {{"part", "query 1231-1240, key 4321-4324"}}));
    EXPECT_EQ(part->tensor("weights").values.at({0, 4, 1}), 1);
}

TEST(CaptureExhibit, what_does_not_fit_is_refused_in_one_line) {
    const std::string path = saved("small", shares(Shape{2, 3, 3}));
    const auto says = [](const std::string& line, const std::string& part) {
        EXPECT_NE(line.find(part), std::string::npos) << line;
        EXPECT_EQ(line.find('\n'), std::string::npos);
    };
    says(refused(capture_request(path, {{"axes", "head, query"}})), "2 axes are named, 'attention' has 3");
    says(refused(capture_request(path, {{"axes", "head, query, keys"}})), "'keys' is no kind of axis");
    says(refused(capture_request(path, {{"part", "head 3"}})), "the last is 2");
    says(refused(capture_request(path, {{"part", "head 0"}})), "cannot be read");
    says(refused(capture_request(path, {{"part", "layer 1"}})), "there is no axis layer");
    says(refused(capture_request(path, {{"array", "nothing"}})), "it holds attention");
    says(refused(capture_request(path, {{"tokens", "{\"a\": 1"}})), "Tokens");
    says(refused(capture_request(path, {{"axes", "head, y, x"}, {"role", "weights"}})), "need axes query and key");
    says(refused(capture_request(capture_path("none.npz"))), "check the path");
    says(refused(capture_request(saved("broken", shares(Shape{2, 2}), "{\"tensors\": [{\"name\": 3}]}"))), "capture.json");
    says(refused(
             capture_request(saved("liar", shares(Shape{2, 2}), R"({"tensors": [{"name": "attention", "axes": ["head"]}]})"))),
         "1 axes are named");
}

TEST(CaptureExhibit, a_description_that_does_not_fit_is_said) {
    const auto described = [](const std::string& labels, const std::string& key_labels) {
        return R"({"axes": [{"name": "token", "kind": "query", "labels": )" + labels +
               R"(}, {"name": "token.key", "kind": "key", "labels": )" + key_labels +
               R"(}, {"name": "layer", "kind": "layer", "labels": ["l1", "l2"]}],
                "tensors": [{"name": "attention", "role": "weights", "axes": ["layer", "token", "token.key"]}]})";
    };
    const TracePtr trace =
        run(capture_request(saved("labels", shares(Shape{3, 4, 4}), described(R"(["a", "b"])", R"(["a", "b", "c", "d"])"))));
    EXPECT_TRUE(has_note(*trace, "axis 'token' is described by 2 labels and has 4 positions: they are numbered instead"));
    EXPECT_TRUE(has_note(*trace, "axis 'layer' is described by 2 labels and has 3 positions"));
    EXPECT_FALSE(has_note(*trace, "axis 'token.key'"));
    // One list for both sides of cross-attention, which fits one of them, is no lie; nor is one that a person's tokens replace.
    const std::string one = R"(["a", "b", "c", "d"])";
    const TracePtr cross = run(capture_request(saved("both", shares(Shape{2, 3, 4}), described(one, one))));
    EXPECT_TRUE(cross->notes().empty()) << cross->notes()[0].text;
    const TracePtr named =
        run(capture_request(saved("told", shares(Shape{2, 4, 4}), described(R"(["a"])", R"(["a"])")), {{"tokens", "w x y z"}}));
    EXPECT_TRUE(named->notes().empty()) << named->notes()[0].text;
}

TEST(CaptureExhibit, what_is_described_twice_is_refused_and_what_is_left_out_is_said) {
    const auto refusal = [](const std::string& about) {
        return refused(capture_request(saved("twice", shares(Shape{2, 3, 3}), about)));
    };
    const auto says = [](const std::string& line, const std::string& part) {
        EXPECT_NE(line.find(part), std::string::npos) << line;
        EXPECT_EQ(line.find('\n'), std::string::npos);
    };
    const std::string tensor = R"({"name": "attention", "role": "weights", "axes": )";
    says(refusal(R"({"axes": [{"name": "query"}, {"name": "query", "kind": "key"}], "tensors": []})"),
         "'capture.json': axis 'query' is described twice");
    says(refusal(R"({"tensors": [)" + tensor + R"(["head", "query", "key"]}, )" + tensor + R"(["query"]}]})"),
         "tensor 'attention' is described twice");
    says(refusal(R"({"axes": [{"name": "a", "kind": "query"}, {"name": "b", "kind": "query"}], "tensors": [)" + tensor +
                 R"(["a", "b", "key"]}]})"),
         "two axes of 'attention' are of kind query");
    says(refusal(R"({"tensors": [{"name": "all", "parts": ["attention", "attention"]}]})"),
         "part 'attention' of 'all' stands there twice");
    // An array that cannot be read, and one that is promised.
    const std::string about = R"({"tensors": [)" + tensor + R"(["head", "query", "key"]}, {"name": "gone"}]})";
    const std::string path = capture_path("left.npz");
    write_npz(
        path,
        {{"attention", shares(Shape{2, 3, 3}), ""}, {"empty", Tensor<float>(Shape{0, 3}), ""}, {"capture.json", {}, about}});
    const TracePtr trace = run(capture_request(path));
    EXPECT_TRUE(has_note(*trace, "left out: 'empty' holds no values"));
    EXPECT_TRUE(has_note(*trace, "described, but not in the file: 'gone'"));
}

TEST(CaptureExhibit, what_is_no_number_is_masked_and_said) {
    Tensor<float> values = shares(Shape{3, 3});
    values.data()[1] = NAN;
    const TracePtr trace = run(capture_request(saved("nan", values), {{"role", "weights"}}));
    EXPECT_TRUE(has_note(*trace, "1 of 9 values are no finite numbers"));
}

TEST(CaptureExhibit, weights_of_models_are_told_from_captures) {
    write_safetensors(capture_path("model.safetensors"), {{"w", Tensor<float>::from(Shape{2, 2}, {0.3f, -2, 4, 1})}},
                      StoredType::f32);
    write_safetensors(capture_path("rows.safetensors"), {{"w", shares(Shape{2, 4, 4})}}, StoredType::f16);
    write_safetensors(capture_path("said.safetensors"), {{"w", Tensor<float>::from(Shape{2}, {0.3f, -2})}}, StoredType::f32,
                      {{"saccade", "{}"}});
    EXPECT_FALSE(looks_like_capture(capture_path("model.safetensors")));
    EXPECT_TRUE(looks_like_capture(capture_path("rows.safetensors")));
    EXPECT_TRUE(looks_like_capture(capture_path("said.safetensors")));
    EXPECT_FALSE(looks_like_capture(capture_path("nowhere.safetensors")));
}

TEST(CaptureTokens, are_read_in_every_form) {
    const auto read = [](const std::string& text) { return capture_tokens(text, "Tokens"); };
    const std::vector<std::string> two{"a b", "c"};
    EXPECT_EQ(read("[\"a b\", \"c\"]").key, two);
    EXPECT_EQ(read("a b\r\nc\r\n\n").query, two);
    EXPECT_EQ(read(" [CLS]  我 [SEP]").query, (std::vector<std::string>{"[CLS]", "我", "[SEP]"}));
    EXPECT_EQ(read("{\"query\": [\"x\"], \"key\": [\"a b\", \"c\"]}").key, two);
    EXPECT_THROW(read("[1, 2]"), Error);
    EXPECT_THROW(read("{\"query\": 3}"), Error);
}

TEST(Capture, an_array_that_has_no_name_cannot_be_named) {
    const std::string path = capture_path("plain.npy");
    write_file(path, npy_bytes<float>("<f4", "(2, 2)", {0.5f, 0.5f, 0.5f, 0.5f}));
    EXPECT_NE(refused(capture_request(path, {{"array", "nope"}})).find("its one array has no name"), std::string::npos);
}

TEST(Capture, of_thousands_of_heads_as_many_are_shown_as_can_be_drawn) {
    const std::string path = saved("many", shares({3000, 2, 2}));
    const TracePtr some = run(capture_request(path));
    EXPECT_EQ(some->tensor("weights").values.shape()[0], 1024);
    EXPECT_TRUE(std::ranges::any_of(
        some->notes(), [](const Note& note) { return note.text.find("head 1-1024 of 3000") != std::string::npos; }));
    RunRequest one = capture_request(path);
    one.params.set("head", std::int64_t{2999});
    const TracePtr last = run(one);
    EXPECT_EQ(last->tensor("weights").values.shape()[0], 1);
    EXPECT_EQ(last->tensor("weights").info.axes[0]->at(0), 2998);
    one.params.set("head", std::int64_t{3001});
    EXPECT_NE(refused(one).find("Head is 3001, and there are 3000"), std::string::npos) << refused(one);
    one = capture_request(saved("two axes", shares({2, 2})));
    one.params.set("head", std::int64_t{2});
    EXPECT_TRUE(std::ranges::any_of(run(one)->notes(), [](const Note& note) { return note.param == "head"; }));
}

TEST(Capture, blocks_that_nothing_can_see_are_masked_where_all_are_empty) {
    const Index n = 1100;
    Tensor<float> values(Shape{n, n});
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j <= i; ++j) values.data()[i * n + j] = 1 / static_cast<float>(i + 1);
    const Tensor<float> map = run(capture_request(saved("causal", values)))->tensor("weights").values;
    const Index side = map.shape()[-1];
    ASSERT_LT(side, n);
    EXPECT_TRUE(std::isnan(map.data()[side - 1]));
    EXPECT_FALSE(std::isnan(map.data()[0]));
    EXPECT_FALSE(std::isnan(map.data()[(side - 1) * side]));
    values.data()[n - 1] = 0.5f;  // one that looks ahead
    const Tensor<float> other = run(capture_request(saved("ahead", values)))->tensor("weights").values;
    EXPECT_TRUE(std::ranges::none_of(other.values(), [](float v) { return std::isnan(v); }));
}

TEST(Capture, how_far_an_array_is_expanded_is_told) {
    const std::string path = capture_path("packed.npz");
    std::vector<float> values(2 * 700 * 700, 1.0f / 700);
    test::write_zip(path, {{"weights.npy", npy_bytes<float>("<f4", "(2, 700, 700)", values)}}, true);
    std::vector<double> told;
    const TracePtr trace = run(capture_request(path), {}, [&](double fraction, const TracePtr& partial) {
        told.push_back(fraction);
        EXPECT_EQ(partial, nullptr);
    });
    ASSERT_FALSE(told.empty());
    EXPECT_GT(told.front(), 0);
    EXPECT_LE(told.back(), 1);
    EXPECT_TRUE(std::ranges::is_sorted(told));
    // It is kept expanded: the next run has nothing to tell.
    told.clear();
    run(capture_request(path, {{"part", "head 1"}}), {}, [&](double fraction, const TracePtr&) { told.push_back(fraction); });
    EXPECT_TRUE(told.empty());
}

}  // namespace saccade::capture_exhibit_test
