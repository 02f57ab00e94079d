#include <nlohmann/json.hpp>

#include "broken_json.hpp"
#include "image/scene.hpp"
#include "io/json_text.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "model/captioner.hpp"
#include "model/card.hpp"
#include "model/resnet.hpp"
#include "model/seq2seq.hpp"
#include "model/sequence_text.hpp"
#include "model/transformer_stack.hpp"
#include "run/lesson_file.hpp"
#include "run/run.hpp"
#include "run/session.hpp"
#include "run/trace_file.hpp"
#include "testing.hpp"
#include "train/training_file.hpp"

// Every reader of JSON refuses what is broken with a line, and leaves the file as it was.

namespace saccade::broken_documents_test {
namespace {

using nlohmann::json;
using test::broken_documents;
using test::broken_texts;
using test::BrokenPlace;
using test::bytes_of;
using test::expect_all_refused;
using test::not_number;
using test::not_text;
using test::not_toggle;
using test::not_whole;
using test::put_bytes;
using test::TemporaryFolder;

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::vector<std::string> without_keys(const json& document, const std::vector<std::string>& pointers) {
    std::vector<std::string> all;
    for (const std::string& pointer : pointers) all.push_back(test::without(document, pointer));
    return all;
}

json session_document() {
    return json::parse(R"({"format": "saccade-session", "version": 1, "request": {"exhibit": "alignment", "seed": 7,
        "params": {"source": "30 Sep 2019", "beam": 1, "temperature": 1.0}, "interventions": [{"spec": "weights[1]*=0"}],
        "capture": [], "analyse": [], "weights": ""}, "compare": {"exhibit": "alignment"}, "view": {}})");
}

TEST(BrokenDocuments, sessions) {
    const TemporaryFolder folder;
    const std::string path = folder / "s.json";
    const json session = session_document();
    const std::string deep = std::string(200000, '[') + std::string(200000, ']');
    const std::vector<BrokenPlace> places{
        {"/format", {"3", "\"x\"", "null", "[]"}},
        {"/version", {"0", "-1", "1.5", "\"1\"", "1e300", "2", "99999999999999999999", "null"}},
        {"/request", {"[]", "3", "\"x\"", "null", "{}"}},
        {"/request/exhibit", not_text() + std::vector<std::string>{"\"aligment\"", "\"\""}},
        {"/request/seed", not_whole()},
        {"/request/params", {"[]", "3", "null"}},
        {"/request/params/source", not_text()},
        {"/request/params/beam", {"1.5", "\"1\"", "1e19", "1e300", "1e999", "[]", "null"}},
        {"/request/params/temperature", {"\"x\"", "null", "[]", "1e999"}},
        {"/request/interventions", {"3", "{}", "[3]", "[[]]", "[{}]", "[\"weights[\"]", "[{\"spec\": 3}]", deep}},
        {"/request/interventions/0/enabled", not_toggle()},
        {"/request/interventions/0/origin", not_text()},
        {"/request/interventions/0/array", {"[[1e300]]", "[[1], 2]", "\"x\"", "[[[[[[1]]]]]]"}},
        {"/request/capture", {"\"x\"", "[3]", "{}"}},
        {"/request/analyse", {"\"all\"", "[3]", "[\"none\"]", "{}"}},
        {"/request/weights", not_text()},
        {"/compare", {"3", "{}", "[]", "null"}},
        {"/unknown", {deep, "1e999"}},
        {"/view", {deep}}};
    ASSERT_NO_THROW(session_from_json(session));
    std::vector<std::string> texts = broken_texts() + broken_documents(session, places);
    texts.push_back(test::without(session, "/request"));
    const std::size_t n = expect_all_refused(texts, [&](const std::string& text) {
        put_bytes(path, text);
        struct Check {
            std::string path, text;
            ~Check() { EXPECT_EQ(bytes_of(path), text); }
        } unchanged{path, text};
        load_session(path);
    });
    EXPECT_GE(n, 100u);
    EXPECT_EQ(folder.file_count(), 1u);
}

TEST(BrokenDocuments, lessons) {
    const json lesson = json::parse(R"({"format": "saccade-lesson", "version": 1, "title": {"en": "One"}, "text": {"en": "x"},
        "scenes": [{"state": {"request": {"exhibit": "memory", "params": {"hops": 1}, "seed": 3, "interventions": []},
                              "compare": {"params": {"hops": 2}},
                              "view": {"enlarged": "heatmap/weights", "selected": {"tensor": "weights", "at": {"query": 1}}}},
                    "text": {"en": "x", "zh": "y"}, "highlights": {"tokens": {"slot": ["cat", 2]}, "cards": ["heatmap/weights"]},
                    "question": {"text": {"en": "?"}, "tensor": "weights", "row": {"query": 1}},
                    "claims": [{"claim": "share", "text": {"en": "x"}, "tensor": "weights", "row": {"query": 1},
                                "on": {"slot": "cat"}, "at_least": 0, "side": "a", "after_guess": true},
                               {"claim": "rule", "text": {"en": "x"}, "rule": "scores[i,j] = 1"},
                               {"claim": "point", "point": 1}]}]})");
    ASSERT_NO_THROW(lesson_from_json(lesson));
    const std::vector<std::string> no_text{"3",    "\"x\"",           "[]",          "{}",
                                           "null", "{\"fr\": \"x\"}", "{\"en\": 3}", "{\"en\": \"\"}"};
    const std::vector<std::string> no_places{"3",          "\"x\"", "[]", "{\"a\": 0}", "{\"a\": [1.5]}", "{\"a\": [[1]]}",
                                             "{\"a\": {}}"};
    const std::vector<std::string> no_object{"3", "\"x\"", "[]", "null", "{\"unknown\": 1}"};
    std::vector<std::string> texts = broken_texts();
    const std::vector<BrokenPlace> places{
        {"/format", not_text()},
        {"/version", {"0", "1.5", "2", "null", "\"1\""}},
        {"/title", no_text},
        {"/text", no_text},
        {"/scenes", {"3", "{}", "[]", "[3]", "[{}]", "[[]]", "null"}},
        {"/scenes/0/state", no_object + std::vector<std::string>{"{}"}},
        {"/scenes/0/state/request", no_object + std::vector<std::string>{"{}"}},
        {"/scenes/0/state/request/params", {"3", "[]", "null", "{\"hop\": 1}", "{\"hops\": 1e9}", "{\"read\": \"loud\"}"}},
        {"/scenes/0/state/request/seed", not_whole()},
        {"/scenes/0/state/compare", no_object + std::vector<std::string>{"{\"exhibit\": \"alignment\"}"}},
        {"/scenes/0/state/compare/params", {"3", "[]", "null", "{\"hop\": 1}"}},
        {"/scenes/0/state/view", no_object},
        {"/scenes/0/state/view/enlarged", {"3", "\"heatmap\"", "\"heatmap/none\""}},
        {"/scenes/0/state/view/selected", {"3", "[]", "{\"at\": {}}"}},
        {"/scenes/0/state/view/selected/at", no_places},
        {"/scenes/0/text", no_text},
        {"/scenes/0/highlights", no_object},
        {"/scenes/0/highlights/tokens", no_places},
        {"/scenes/0/highlights/cards", {"3", "{}", "[3]", "[\"x\"]"}},
        {"/scenes/0/question", no_object + std::vector<std::string>{"{}"}},
        {"/scenes/0/question/row", no_places},
        {"/scenes/0/claims", {"3", "{}", "[3]", "[{}]"}},
        {"/scenes/0/claims/0/claim", not_text() + std::vector<std::string>{"\"most\""}},
        {"/scenes/0/claims/0/text", no_text},
        {"/scenes/0/claims/0/row", no_places},
        {"/scenes/0/claims/0/on", no_places},
        {"/scenes/0/claims/0/at_least", not_number()},
        {"/scenes/0/claims/0/side", not_text() + std::vector<std::string>{"\"c\""}},
        {"/scenes/0/claims/0/after_guess", not_toggle()},
        {"/scenes/0/claims/1/rule", not_text() + std::vector<std::string>{"\"scores[\"", "\"1\""}},
        {"/scenes/0/claims/2/point", not_whole() + std::vector<std::string>{"0", "99", "10"}}};
    for (const std::string& text : broken_documents(lesson, places)) texts.push_back(text);
    EXPECT_GE(expect_all_refused(texts, [](const std::string& text) { lesson_from_json(parse_json(text, "l.json", "")); }),
              150u);
}

TEST(BrokenDocuments, a_number_that_is_whole_may_be_written_as_a_fraction) {
    json session = session_document();
    session["request"]["seed"] = 12.0;
    EXPECT_EQ(session_from_json(session).request.seed, 12u);
    session["request"]["seed"] = 18446744073709551615u;
    EXPECT_EQ(session_from_json(session).request.seed, 18446744073709551615u);
}

TEST(BrokenDocuments, scenes) {
    const json scene = json::parse(
        R"({"width": 64, "background": {"kind": "sea", "seed": 3}, "clutter": {"amount": 0.5, "seed": 1},
            "shapes": [{"kind": "polygon", "size": 0.5, "points": [[0, 0], [1, 1], [0, 1]]}]})");
    ASSERT_NO_THROW(scene_from_text(scene.dump()));
    const std::vector<BrokenPlace> places{
        {"/width", not_whole()},
        {"/height", {"1e999", "1e300", "4097", "1"}},
        {"/background", {"3", "[]", "null"}},
        {"/background/seed", not_whole()},
        {"/clutter/amount", not_number()},
        {"/shapes", {"3", "{}", "[3]", "[[]]"}},
        {"/shapes/0/size", not_number()},
        {"/shapes/0/points", {"3", "[]", "[[0]]", "[[0,0],[1,1],[0,1e300]]", "[[0,0],[1,1],[\"a\",0]]"}},
        {"/shapes/0/group", not_text()}};
    std::vector<std::string> texts = broken_documents(scene, places);
    for (const std::string& text : broken_texts())
        if (text != "{}") texts.push_back(text);  // a scene of nothing
    EXPECT_GE(expect_all_refused(texts, [](const std::string& text) { scene_from_text(text); }), 60u);
}

TEST(BrokenDocuments, cards) {
    const auto card = [](const std::string& text) { return Card::parse(text, "m.json"); };
    std::vector<std::string> texts;
    for (const std::string& text : broken_texts())
        if (text != "{}") texts.push_back(text);
    std::size_t n = expect_all_refused(texts, card);

    const json transformer = json::parse(R"({"encoder": {"layers": 2, "heads": 4, "d_model": 64, "d_ff": 128, "norm": "pre",
        "causal": false}})");
    ASSERT_NO_THROW(stack_design_from_json(transformer, "encoder", "m.json"));
    n += expect_all_refused(broken_documents(transformer, {{"/encoder", {"3", "[]", "null"}},
                                                           {"/encoder/layers", not_whole()},
                                                           {"/encoder/heads", not_whole()},
                                                           {"/encoder/d_model", not_whole()},
                                                           {"/encoder/norm", not_text()},
                                                           {"/encoder/position", {"3", "\"none such\""}},
                                                           {"/encoder/causal", not_toggle()}}),
                            [&](const std::string& text) { stack_design_from_json(card(text).json(), "encoder", "m.json"); });

    const json seq2seq = json::parse(R"({"design": {"cell": "gru", "temperature": 1.0, "window": null}})");
    ASSERT_NO_THROW(design_from_json(seq2seq, "m.json"));
    n += expect_all_refused(broken_documents(seq2seq, {{"/design", {"3", "[]", "null"}},
                                                       {"/design/cell", not_text()},
                                                       {"/design/score", {"3", "\"none such\""}},
                                                       {"/design/temperature", not_number()},
                                                       {"/design/window", {"\"x\"", "-1", "1e999"}},
                                                       {"/design/attention", not_toggle()}}),
                            [&](const std::string& text) { design_from_json(card(text).json(), "m.json"); });

    const json network =
        json::parse(R"({"network": {"blocks": 3, "widths": [16, 32], "mean": [0, 0, 0], "deviation": [1, 1, 1]},
        "classes": ["a", "b"]})");
    ASSERT_NO_THROW(resnet_design_from_json(network, "m.json"));
    n +=
        expect_all_refused(broken_documents(network, {{"/network", {"3", "[]", "null"}},
                                                      {"/network/blocks", not_whole()},
                                                      {"/network/kernel", not_whole()},
                                                      {"/network/widths", {"3", "[1e300]", "[-1]", "[1e19]", "[\"16\"]", "[]"}},
                                                      {"/network/mean", {"3", "[0, 0]", "[0, 0, 1e300]", "[0, 0, \"x\"]"}},
                                                      {"/network/deviation", {"[1, 1, 0]", "[1, 1, -1]", "{}"}},
                                                      {"/classes", {"3", "[]", "[3]", "{}"}}}) +
                               without_keys(network, {"/network", "/classes", "/network/mean", "/network/deviation"}),
                           [&](const std::string& text) { resnet_design_from_json(card(text).json(), "m.json"); });

    const json captioner = json::parse(R"({"design": {"attention": "soft"}})");
    ASSERT_NO_THROW(captioner_design_from_json(captioner, "m.json"));
    n += expect_all_refused(
        broken_documents(captioner,
                         {{"/design", {"3", "[]", "{}"}}, {"/design/attention", not_text()}, {"/design/order", not_text()}}),
        [&](const std::string& text) { captioner_design_from_json(card(text).json(), "m.json"); });

    const json words = json::parse(R"({"vocabulary": {"source": ["<unk>", "a"], "target": ["b", "<end>", "<start>"]},
        "merges": ["a b"], "simplified": {"from": "a", "to": "b"}})");
    ASSERT_NO_THROW(SequenceText(words, "m.json"));
    n += expect_all_refused(broken_documents(words, {{"/vocabulary", {"3", "[]", "null", "{}"}},
                                                     {"/vocabulary/source", {"3", "[3]", "[]", "{}"}},
                                                     {"/vocabulary/target", {"[\"<end>\"]", "[\"a\", \"b\", 3]"}},
                                                     {"/merges", {"3", "{}", "[3]", "[\"ab\"]", "[\" b\"]"}},
                                                     {"/simplified", {"3", "[]", "{\"from\": \"ab\", \"to\": \"c\"}"}}}),
                            [&](const std::string& text) { SequenceText(card(text).json(), "m.json"); });
    EXPECT_GE(n, 150u);
}

TEST(BrokenDocuments, saved_runs) {
    const TemporaryFolder folder;
    RunRequest request;
    request.exhibit = "permutation";
    save_trace(folder / "good.npz", *run(request), request);
    const json good = json::parse(read_npz_text(folder / "good.npz", "trace.json"));
    ASSERT_NO_THROW(load_trace(folder / "good.npz"));
    const std::vector<BrokenPlace> places{{"/format", not_text()},
                                          {"/version", not_whole() + std::vector<std::string>{"2"}},
                                          {"/axes", {"3", "{}", "[3]", "[]"}},
                                          {"/axes/0/name", not_text()},
                                          {"/axes/0/kind", {"3", "\"none\""}},
                                          {"/axes/0/extent", not_whole()},
                                          {"/axes/0/labels", {"3", "[3]", "[\"one too many\"]"}},
                                          {"/tensors", {"3", "{}", "[3]"}},
                                          {"/tensors/0/name", not_text() + std::vector<std::string>{"\"gone\"", "\"a b\""}},
                                          {"/tensors/0/role", {"3", "\"none\""}},
                                          {"/tensors/0/axes", {"3", "[3]", "[\"none\"]", "[]"}},
                                          {"/steps", {"3", "{}", "[3]", "[{}]"}},
                                          {"/steps/0/rule", {"3", "\"((\""}},
                                          {"/notes", {"3", "{}", "[3]", "[{}]"}},
                                          {"/texts", {"3", "[]"}}};
    const std::vector<std::string> texts =
        broken_texts() + broken_documents(good, places) +
        without_keys(good, {"/format", "/version", "/axes", "/tensors", "/steps", "/notes", "/texts", "/axes/0/extent"});
    const std::string path = folder / "r.npz";
    EXPECT_GE(expect_all_refused(texts,
                                 [&](const std::string& text) {
                                     write_npz(path, {{"trace.json", {}, text}});
                                     load_trace(path);
                                 }),
              80u);
    EXPECT_EQ(folder.file_count(), 2u);
}

TEST(BrokenDocuments, checkpoints_of_trainings) {
    const TemporaryFolder folder;
    const std::string path = folder / "c.checkpoint";
    TrainingFile file;
    file.task = "dates";
    file.step = 3;
    file.points = {{3, 0.5, 1.25, 0.5}};
    file.options.extra = {{"alignment_loss", 0.0}};
    write_training_file(path, file);
    std::map<std::string, std::string> metadata;
    read_safetensors(path, &metadata);
    const json good = json::parse(metadata.at("training"));
    const TrainingFile again = read_training_file(path);
    EXPECT_EQ(again.step, 3);
    EXPECT_EQ(again.options, file.options);
    ASSERT_EQ(again.points.size(), 1u);
    EXPECT_EQ(again.points[0].metric, 0.5);
    const std::vector<BrokenPlace> places{
        {"/task", not_text()},
        {"/step", not_whole()},
        {"/seconds", not_number() + std::vector<std::string>{"-1"}},
        {"/options", {"3", "[]", "{}"}},
        {"/options/epochs", not_whole()},
        {"/options/seed", not_whole()},
        {"/options/batch_size", not_whole()},
        {"/options/learning_rate", not_number()},
        {"/options/data_path", not_text()},
        {"/options/extra", {"3", "[]", "{\"a\": \"b\"}"}},
        {"/points",
         {"3", "[3]", "[[]]", "[[1, 2, 3]]", "[[-1, 2, 3, null]]", "[[1e300, 2, 3, null]]", "[[1, \"x\", 3, null]]"}}};
    const std::vector<std::string> texts =
        broken_texts() + broken_documents(good, places) + without_keys(good, {"/task", "/step", "/options", "/points"});
    EXPECT_GE(expect_all_refused(texts,
                                 [&](const std::string& text) {
                                     write_safetensors(path, {}, StoredType::f32, {{"training", text}});
                                     read_training_file(path);
                                 }),
              80u);
}

}  // namespace
}  // namespace saccade::broken_documents_test
