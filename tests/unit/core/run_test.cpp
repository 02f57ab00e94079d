#include <nlohmann/json.hpp>

#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "run/runner.hpp"
#include "run/trace_file.hpp"
#include "testing.hpp"
#include "tiny_exhibit.hpp"
#include "trace/claims.hpp"

namespace saccade::run_test {
namespace {

using test::bytes_of;
using test::contains;
using test::error_of;
using test::TemporaryFolder;
using test::tiny_exhibit;

RunRequest request_for(const std::string& source, std::initializer_list<const char*> interventions = {}) {
    RunRequest request;
    request.params.set("source", source);
    for (const char* spec : interventions) request.interventions.push_back(parse_intervention(spec));
    return request;
}

TEST(Run, the_same_request_gives_the_same_trace_and_another_seed_another) {
    const TracePtr a = run(tiny_exhibit(), request_for("abcd"));
    const TracePtr b = run(tiny_exhibit(), request_for("abcd"));
    RunRequest other = request_for("abcd");
    other.seed = 8;
    const TracePtr c = run(tiny_exhibit(), other);
    const auto values = [](const TracePtr& trace) {
        const auto cells = trace->tensor("weights").values.values();
        return std::vector<float>(cells.begin(), cells.end());
    };
    EXPECT_EQ(values(a), values(b));
    EXPECT_NE(values(a), values(c));
    EXPECT_EQ(a->texts().at("output"), "abcd");
}

TEST(Run, an_edited_weight_changes_what_comes_after_and_breaks_no_claim_but_its_own) {
    const TracePtr plain = run(tiny_exhibit(), request_for("abcd"));
    const TracePtr edited = run(tiny_exhibit(), request_for("abcd", {"weights[3,1]=0.9"}));
    EXPECT_FLOAT_EQ(edited->tensor("weights").values.at({3, 1}), 0.9f);
    EXPECT_NE(edited->tensor("context").values.at({3, 0}), plain->tensor("context").values.at({3, 0}));
    EXPECT_EQ(edited->tensor("context").values.at({2, 0}), plain->tensor("context").values.at({2, 0}));
    for (const Claim& claim : check_claims(*edited)) {
        const bool own = claim.tensor == "weights" && claim.text != "every row of α sums to 1";
        EXPECT_EQ(claim.holds, !own) << claim.text << ": " << claim.error;
        EXPECT_EQ(claim.by_hand, own) << claim.text << ": " << claim.error;
    }
}

TEST(Run, a_pattern_saved_from_one_run_can_replace_that_of_another) {
    const TemporaryFolder folder;
    const RunRequest first = request_for("abcd");
    const TracePtr saved = run(tiny_exhibit(), first);
    save_trace(folder / "first.npz", *saved, first);
    RunRequest second = request_for("abcd");
    second.seed = 99;
    second.interventions = {parse_intervention("weights=@first.npz:weights", folder / "")};
    const TracePtr patched = run(tiny_exhibit(), second);
    for (Index i = 0; i < 16; ++i) {
        EXPECT_EQ(patched->tensor("weights").values.data()[i], saved->tensor("weights").values.data()[i]);
    }
    second.interventions = {parse_intervention("weights=@none.npz:weights", folder / "")};
    error_of(ErrorCode::io, [&] { run(tiny_exhibit(), second); });
    second.interventions = {parse_intervention("weights=@first.npz:wieghts", folder / "")};
    EXPECT_TRUE(contains(error_of(ErrorCode::not_found, [&] { run(tiny_exhibit(), second); }), "it holds"));
}

TEST(Run, an_array_holds_what_may_be_set_by_hand) {
    const TemporaryFolder folder;
    const auto line = [&](const std::string& tensor, float value) {
        RunRequest request = request_for("abcd");
        const Shape shape = run(tiny_exhibit(), request)->tensor(tensor).values.shape();
        write_npz(folder / "a.npz", {{"a", Tensor<float>(shape, value), ""}});
        request.interventions = {parse_intervention(tensor + "=@a.npz:a", folder / "")};
        return error_of(ErrorCode::invalid_input, [&] { run(tiny_exhibit(), request); });
    };
    EXPECT_TRUE(contains(line("weights", 3e38f), "at most 1e9"));
    EXPECT_TRUE(contains(line("weights", 2), "between 0 and 1"));
    EXPECT_TRUE(contains(line("weights", -0.5f), "between 0 and 1"));
    EXPECT_TRUE(contains(line("context", 9.2e18f), "at most 1e9"));
}

TEST(Run, what_overflows_by_hand_is_noted_once) {
    const std::string grows = "context*=1e9";
    const auto notes = [&](int times) {
        RunRequest request = request_for("abcd");
        for (int i = 0; i < times; ++i) request.interventions.push_back(parse_intervention(grows));
        const TracePtr trace = run(tiny_exhibit(), request);
        return std::count_if(trace->notes().begin(), trace->notes().end(),
                             [](const Note& note) { return contains(note.text, "too large"); });
    };
    EXPECT_EQ(notes(1), 0);
    EXPECT_EQ(notes(5), 1);
}

TEST(Run, bad_requests_are_one_line_errors) {
    error_of(ErrorCode::invalid_input, [] { run(tiny_exhibit(), request_for("")); });
    error_of(ErrorCode::invalid_input, [] { run(tiny_exhibit(), request_for("\xff")); });
    error_of(ErrorCode::not_found, [] { run(tiny_exhibit(), request_for("abc", {"nothing=1"})); });
    RunRequest unknown = request_for("abc");
    unknown.params.set("colour", std::string("red"));
    error_of(ErrorCode::usage, [&] { run(tiny_exhibit(), unknown); });
    RunRequest weights = request_for("abc");
    weights.weights_path = "w.safetensors";
    error_of(ErrorCode::usage, [&] { run(tiny_exhibit(), weights); });
    RunRequest nowhere;
    nowhere.exhibit = "aligment";
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { run(nowhere); }), "alignment"));
}

TEST(Run, what_an_exhibit_throws_becomes_an_error) {
    Exhibit broken = tiny_exhibit();
    broken.run = [](RunContext&) { throw std::runtime_error("unexpected"); };
    const std::string line = error_of(ErrorCode::unsupported, [&] { run(broken, request_for("a")); });
    EXPECT_TRUE(contains(line, "tiny") && contains(line, "a fault in the program")) << line;
    EXPECT_FALSE(contains(line, "unexpected")) << line;
    broken.run = [](RunContext&) { throw std::bad_alloc(); };
    EXPECT_TRUE(contains(error_of(ErrorCode::out_of_range, [&] { run(broken, request_for("a")); }), "not enough memory"));
}

TEST(Run, weights_with_nan_are_refused_by_name) {
    const TemporaryFolder folder;
    Exhibit exhibit = tiny_exhibit();
    exhibit.models = {"tiny"};
    const WeightMap weights = {{"a", Tensor<float>({2}, 1)}, {"b", Tensor<float>({2}, NAN)}};
    write_safetensors(folder / "w.safetensors", weights, StoredType::f32);
    RunRequest request = request_for("a");
    request.weights_path = folder / "w.safetensors";
    EXPECT_TRUE(contains(error_of(ErrorCode::numeric, [&] { run(exhibit, request); }), "tensor 'b' holds nan"));
    request.weights_path.clear();
    auto model = std::make_shared<Model>();
    model->weights = weights;
    request.model = model;
    error_of(ErrorCode::numeric, [&] { run(exhibit, request); });
}

TEST(Run, a_model_is_read_again_only_when_its_file_changes) {
    const TemporaryFolder folder;
    const std::string path = folder / "w.safetensors";
    write_safetensors(path, {{"a", Tensor<float>({2}, 1)}}, StoredType::f32, {{"card", R"({"title": "inner", "n": 1})"}});
    const ModelPtr first = load_model(path, "tiny");
    EXPECT_EQ(load_model(path, "tiny"), first);
    EXPECT_EQ(first->card.json()["title"], "inner");
    test::put_bytes(folder / "w.json", R"({"title": "beside"})");
    write_safetensors(path, {{"a", Tensor<float>({3}, 1)}}, StoredType::f32, {{"card", R"({"title": "inner", "n": 1})"}});
    const ModelPtr second = load_model(path, "tiny");
    EXPECT_EQ(second->weights.at("a").size(), 3);
    EXPECT_EQ(second->card.json()["title"], "beside");
    EXPECT_EQ(second->card.json()["n"], 1);
    test::put_bytes(folder / "x.json", "[");
    write_safetensors(folder / "x.safetensors", {}, StoredType::f32);
    error_of(ErrorCode::bad_format, [&] { load_model(folder / "x.safetensors", "tiny"); });
    error_of(ErrorCode::io, [&] { load_model(folder / "none.safetensors", "tiny"); });
}

TEST(Run, a_stop_asked_for_beforehand_stops_at_once) {
    std::stop_source stop;
    stop.request_stop();
    error_of(ErrorCode::cancelled, [&] { run(tiny_exhibit(), request_for("abc"), stop.get_token()); });
}

TEST(TraceFile, goes_both_ways_and_is_the_same_each_time) {
    const TemporaryFolder folder;
    const RunRequest request = request_for("a年,\"b\"", {"weights[2,0]=0.5"});
    const TracePtr trace = run(tiny_exhibit(), request);
    save_trace(folder / "a.npz", *trace, request);
    save_trace(folder / "b.npz", *run(tiny_exhibit(), request), request);
    EXPECT_EQ(bytes_of(folder / "a.npz"), bytes_of(folder / "b.npz"));
    EXPECT_EQ(folder.file_count(), 2u);

    const Trace back = load_trace(folder / "a.npz");
    ASSERT_EQ(back.tensors().size(), trace->tensors().size());
    for (const TraceTensor& tensor : trace->tensors()) {
        const TraceTensor& read = back.tensor(tensor.info.name);
        EXPECT_EQ(read.info.role, tensor.info.role);
        EXPECT_EQ(read.values.shape(), tensor.values.shape());
        EXPECT_EQ(std::memcmp(read.values.data(), tensor.values.data(), static_cast<std::size_t>(tensor.values.size()) * 4), 0);
        EXPECT_EQ(read.before.empty(), tensor.before.empty());
    }
    EXPECT_EQ(back.axis("source")->labels, trace->axis("source")->labels);
    EXPECT_EQ(back.texts(), trace->texts());
    ASSERT_EQ(back.steps().size(), 2u);
    EXPECT_EQ(back.steps()[1].rule, trace->steps()[1].rule);
    EXPECT_TRUE(back.tensor("weights").edited(12));
}

TEST(TraceFile, damaged_documents_are_refused) {
    const TemporaryFolder folder;
    const RunRequest request = request_for("abc");
    const TracePtr trace = run(tiny_exhibit(), request);
    const std::string good = trace_to_json(*trace, request).dump();
    const Tensor<float> weights = trace->tensor("weights").values;
    for (const char* broken : {"{}", "[]", "{", R"({"format": "saccade-trace"})", R"({"format": "other", "version": 1})",
                               R"({"format": "saccade-trace", "version": 2})"}) {
        write_npz(folder / "t.npz", {{"trace.json", {}, broken}, {"weights", weights, {}}});
        error_of(ErrorCode::bad_format, [&] { load_trace(folder / "t.npz"); });
    }
    write_npz(folder / "t.npz", {{"trace.json", {}, good}, {"weights", weights, {}}});
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { load_trace(folder / "t.npz"); }), "'values' is missing"));
    write_npz(folder / "t.npz", {{"weights", weights, {}}});
    error_of(ErrorCode::not_found, [&] { load_trace(folder / "t.npz"); });
    error_of(ErrorCode::io, [&] { load_trace(folder / "none.npz"); });
}

}  // namespace
}  // namespace saccade::run_test
