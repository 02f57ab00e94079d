#include "run/session.hpp"

#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "testing.hpp"

namespace saccade::session_test {
namespace {

using nlohmann::json;
using test::bytes_of;
using test::contains;
using test::error_of;
using test::put_bytes;
using test::TemporaryFolder;

Session sample() {
    Session session;
    session.request.exhibit = "alignment";
    session.request.params.set("source", std::string("30 Sep 2019"));
    session.request.seed = 0xfedcba9876543210;
    session.request.interventions = {parse_intervention("weights[5,9]=0.2"), parse_intervention("context*=0.5")};
    session.request.interventions[1].enabled = false;
    Intervention frozen = parse_intervention("weights[0,:]=@somewhere");
    frozen.array_source.clear();
    frozen.array = Tensor<float>::from({2}, {0.1f, 0.9f});
    session.request.interventions.push_back(frozen);
    session.request.capture.names = {"weights", "decoder.*"};
    session.request.weights_path = "mine.safetensors";
    session.view = {{"theme", "dark"}, {"panels", {1, 2}}};
    return session;
}

TEST(Session, goes_both_ways) {
    const TemporaryFolder folder;
    const Session before = sample();
    save_session(folder / "s.json", before);
    const Session after = load_session(folder / "s.json");
    EXPECT_EQ(after.request.exhibit, before.request.exhibit);
    EXPECT_EQ(after.request.params, before.request.params);
    EXPECT_EQ(after.request.seed, before.request.seed);
    EXPECT_EQ(after.request.interventions, before.request.interventions);
    EXPECT_EQ(after.request.capture.names, before.request.capture.names);
    EXPECT_EQ(after.request.weights_path, before.request.weights_path);
    EXPECT_EQ(after.view, before.view);
    save_session(folder / "again.json", after);
    EXPECT_EQ(bytes_of(folder / "s.json"), bytes_of(folder / "again.json"));
    EXPECT_EQ(folder.file_count(), 2u);
}

TEST(Session, unknown_keys_survive_and_known_ones_do_not_come_back_from_the_dead) {
    json document = to_json(sample());
    document["lesson"] = {{"page", 3}};
    document["request"]["beam"] = 5;
    document["request"]["params"]["of_a_newer_version"] = "x";
    Session session = session_from_json(document);
    session.request.weights_path.clear();
    session.request.params = Params();
    const json back = to_json(session);
    EXPECT_EQ(back["lesson"], document["lesson"]);
    EXPECT_EQ(back["request"]["beam"], 5);
    EXPECT_EQ(back["request"]["params"], json({{"of_a_newer_version", "x"}}));
    EXPECT_FALSE(back["request"].contains("weights"));
    EXPECT_EQ(back["view"], document["view"]);
    session.request.exhibit = "other";
    EXPECT_EQ(to_json(session)["request"]["params"], json::object());
}

TEST(Session, keeps_what_it_was_compared_with_and_its_unknown_keys) {
    const nlohmann::json document = {
        {"format", "saccade-session"},
        {"version", 1},
        {"request", {{"exhibit", "alignment"}, {"params", {{"source", "1 May 2020"}}}}},
        {"compare", {{"exhibit", "alignment"}, {"params", {{"source", "2 May 2020"}, {"of_tomorrow", 3}}}, {"later", true}}}};
    Session session = session_from_json(document);
    ASSERT_TRUE(session.compared.has_value());
    EXPECT_EQ(session.compared->params.text("source"), "2 May 2020");
    nlohmann::json written = to_json(session);
    EXPECT_EQ(written["compare"]["later"], true);
    EXPECT_EQ(written["compare"]["params"]["of_tomorrow"], 3);
    EXPECT_EQ(written["compare"]["params"]["source"], "2 May 2020");
    // A comparison that was closed does not come back.
    session.compared.reset();
    EXPECT_FALSE(to_json(session).contains("compare"));
}

TEST(Session, specs_may_be_plain_texts_and_all_but_the_exhibit_may_be_left_out) {
    const Session session = session_from_json(json::parse(
        R"({"format": "saccade-session", "version": 1, "request": {"exhibit": "alignment", "interventions": ["weights[1]*=0"]}})"));
    EXPECT_EQ(session.request.seed, 7u);
    ASSERT_EQ(session.request.interventions.size(), 1u);
    EXPECT_EQ(to_string(session.request.interventions[0]), "weights[1]*=0");
}

TEST(Session, what_is_no_session_is_refused) {
    const TemporaryFolder folder;
    const std::string start = R"({"format": "saccade-session", "version": 1, "request": )";
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string("{}"), std::string("\xff\xfe"),
          std::string(R"({"format": "saccade-trace", "version": 1, "request": {"exhibit": "alignment"}})"),
          std::string(R"({"format": "saccade-session", "request": {"exhibit": "alignment"}})"),
          std::string(R"({"format": "saccade-session", "version": "1", "request": {"exhibit": "alignment"}})"),
          std::string(R"({"format": "saccade-session", "version": 1})"), start + "{}}", start + "[]}",
          start + R"({"exhibit": "alignment", "seed": "seven"}})",
          start + R"({"exhibit": "alignment", "params": {"source": 3}}})", start + R"({"exhibit": "aligment", "params": {}}})",
          start + R"({"exhibit": "alignment", "interventions": ["weights["]}})",
          start + R"({"exhibit": "alignment", "interventions": [7]}})"}) {
        put_bytes(folder / "s.json", text);
        EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { load_session(folder / "s.json"); }), "s.json: ")) << text;
    }
    put_bytes(folder / "s.json", R"({"format": "saccade-session", "version": 2, "request": {"exhibit": "alignment"}})");
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { load_session(folder / "s.json"); }), "update Saccade"));
    error_of(ErrorCode::io, [&] { load_session(folder / "none.json"); });
    error_of(ErrorCode::io, [&] { load_session(folder / ""); });
}

TEST(AtomicFile, appears_whole_or_not_at_all) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.txt";
    write_file(path, "first");
    {
        AtomicFile file(path);
        file.write("second");
    }
    EXPECT_EQ(bytes_of(path), "first");
    EXPECT_EQ(folder.file_count(), 1u);
    write_file(path, "third");
    EXPECT_EQ(read_file(path), "third");
    error_of(ErrorCode::io, [&] { read_file(path, 4); });

    std::string line;
    {
        const test::FileSizeLimit full(1000);
        line = error_of(ErrorCode::io, [&] { write_file(path, std::string(2000, 'x')); });
    }
    EXPECT_TRUE(contains(line, "a.txt: cannot be written")) << line;
    EXPECT_EQ(bytes_of(path), "third");
    EXPECT_EQ(folder.file_count(), 1u);
}

TEST(AtomicFile, says_why_a_folder_does_not_take_it) {
    const TemporaryFolder folder;
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { write_file(folder / "none/a", "x"); }), "create the folder first"));
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { write_file(folder / "", "x"); }), "is a folder"));
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { write_file("", "x"); }), "no file name"));
    EXPECT_TRUE(
        contains(error_of(ErrorCode::io, [&] { write_file("/proc/saccade", "x"); }), "/proc/saccade: cannot be written"));
}

}  // namespace
}  // namespace saccade::session_test
