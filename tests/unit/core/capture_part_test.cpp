#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "base/error.hpp"
#include "exhibit/capture_about.hpp"
#include "exhibit/exhibit.hpp"
#include "io/array_file.hpp"
#include "io/atomic_file.hpp"
#include "io/npz.hpp"
#include "run/run.hpp"
#include "tensor/joined_peaks.hpp"
#include "unit/core/same_trace.hpp"
#include "unit/scratch.hpp"

namespace saccade::capture_part_test {

namespace {

constexpr float none = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();

std::string part_path(const std::string& name) {
    return test::scratch_path("capture_part_" + name);
}

RunRequest part_request(const std::string& path, const std::string& part) {
    RunRequest request;
    request.exhibit = "capture";
    request.params.set("path", path);
    request.params.set("part", part);
    request.params.set("role", std::string("weights"));
    return request;
}

/// F16 maps [2, 8200, 8200] of zeros, but for some peaks: a file with holes, which takes no disk.
std::string long_map() {
    const Index n = 8200;
    const std::string path = part_path("long.npy");
    std::string header = "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 8200, 8200), }";
    header.append(117 - header.size() % 64 + 64 - 1, ' ');
    header += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size() & 0xff);
    bytes += static_cast<char>(header.size() >> 8);
    bytes += header;
    write_file(path, bytes);
    const auto begin = static_cast<Index>(bytes.size());
    std::filesystem::resize_file(path, static_cast<std::uintmax_t>(begin + 2 * n * n * 2));
    std::FILE* file = std::fopen(path.c_str(), "r+b");
    const unsigned char one[] = {0x00, 0x3c};
    for (const Index i : {Index{17}, Index{4000}, Index{8199}}) {
        std::fseek(file, begin + (i * n + (i * 3 + 5) % n) * 2, SEEK_SET);
        std::fwrite(one, 1, 2, file);
    }
    std::fclose(file);
    return path;
}

const Axis& axis_of(const Trace& trace, const std::string& tensor, AxisKind kind) {
    for (const AxisPtr& axis : trace.tensor(tensor).info.axes)
        if (axis->kind == kind) return *axis;
    throw Error(ErrorCode::not_found, "no such axis");
}

}  // namespace

TEST(CaptureParts, a_part_knows_what_it_is_a_part_of) {
    Tensor<float> values(Shape{2, 20, 20});
    for (Index i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i);
    const std::string about =
        R"({"axes": [{"name": "token", "kind": "query", "labels": ["a","b","c","d","e","f","g","h","i","j",
        "k","l","m","n","o","p","q","r","s","t"]}], "tensors": [{"name": "a", "axes": ["head", "token", "key"]}]})";
    const std::string path = part_path("small.npz");
    write_npz(path, {{"a", values, ""}, {"capture.json", {}, about}});
    const TracePtr trace = run(part_request(path, "query 5-14, key 11-20"));
    const Axis& rows = axis_of(*trace, "weights", AxisKind::query);
    EXPECT_EQ(rows.at(0), 4);
    EXPECT_EQ(rows.end(), 14);
    EXPECT_EQ(rows.whole(), 20);
    EXPECT_TRUE(rows.is_cut());
    EXPECT_EQ(rows.label(0), "e");
    EXPECT_EQ(rows.whole_labels().size(), 20u);
    EXPECT_EQ(rows.whole_labels().back(), "t");
    // All of it stands beside it, of the same heads.
    const TraceTensor& whole = trace->tensor("weights.whole");
    EXPECT_EQ(whole.values.shape(), values.shape());
    EXPECT_TRUE(std::ranges::equal(whole.values.values(), values.values()));
    EXPECT_EQ(whole.info.axes[0], trace->tensor("weights").info.axes[0]);
    const TracePtr all = run(part_request(path, ""));
    EXPECT_FALSE(axis_of(*all, "weights", AxisKind::query).is_cut());
    EXPECT_EQ(axis_of(*all, "weights", AxisKind::query).whole_labels().size(), 20u);
    EXPECT_EQ(all->find("weights.whole"), nullptr);
}

TEST(CaptureParts, what_was_kept_of_a_long_map_gives_what_reading_gives) {
    const std::string path = long_map();
    Reuse kept;
    const TracePtr whole = run(part_request(path, "head 1"), {}, {}, &kept);
    EXPECT_GT(kept.bytes(), std::size_t{4} << 20);
    EXPECT_EQ(axis_of(*whole, "weights", AxisKind::key).part.each, 20);  // 8200 / 512, rounded up to fours
    const RunRequest request = part_request(path, "head 1, query 101-5000, key 3-8200");
    const TracePtr part = run(request, {}, {}, &kept);
    test::expect_same_trace(*part, *run(request));
    const Axis& rows = axis_of(*part, "weights", AxisKind::query);
    EXPECT_EQ(rows.at(0), 100);
    EXPECT_EQ(rows.part.each, 10);
    const Tensor<float>& map = part->tensor("weights").values;
    EXPECT_EQ(map.at({0, (4000 - 100) / 10, (4000 * 3 + 5) % 8200 / axis_of(*part, "weights", AxisKind::key).part.each}), 1);
    double sum = 0;
    for (const float v : map.values()) sum += static_cast<double>(v);
    EXPECT_EQ(sum, 1);  // the others lie outside
    // Another head is not taken for it.
    const TracePtr other = run(part_request(path, "head 2, query 101-5000"), {}, {}, &kept);
    EXPECT_TRUE(std::ranges::all_of(other->tensor("weights").values.values(), [](float v) { return v == 0; }));
}

TEST(CaptureParts, a_long_map_has_the_same_views_whatever_part_is_shown) {
    Tensor<float> values(Shape{2, 1030, 1030});
    for (Index row = 0; row < 2060; ++row) values.data()[row * 1030 + row % 1030] = 1;
    const std::string path = part_path("kinds.npz");
    write_npz(path, {{"a", values, ""}});
    const Exhibit& capture = exhibit("capture");
    const auto views_of = [&](const std::string& part) {
        const RunRequest request = part_request(path, part);
        (void)run(request);
        std::string views;
        for (const ViewPlacement& view : placements(capture, request.params)) views += view.view + " ";
        return views;
    };
    EXPECT_EQ(views_of("head 1"), "heatmap ");
    EXPECT_EQ(views_of("head 1, query 1-20, key 1-20"), "heatmap ");
    // Before it has been read, too.
    std::string views;
    for (const ViewPlacement& view : placements(capture, part_request(path, "head 1, query 2-22").params))
        views += view.view + " ";
    EXPECT_EQ(views, "heatmap ");
    EXPECT_EQ(views_of("query 1-20, key 1-20"), "heatmap head-grid ");
}

TEST(CaptureParts, rows_whose_weight_lies_on_keys_that_are_not_shown_get_no_note) {
    const std::string path = long_map();
    for (const Note& note : run(part_request(path, "query 1-40, key 1-30"))->notes())
        EXPECT_EQ(note.text.find("attend to nothing"), std::string::npos) << note.text;
}

TEST(CaptureParts, scores_of_some_keys_make_no_weights) {
    const std::string path = part_path("scores.npz");
    write_npz(path, {{"a", Tensor<float>::from(Shape{2, 3}, {1, 2, 3, 4, 5, 7}), ""}});
    RunRequest request = part_request(path, "key 2-3");
    request.params.set("role", std::string("scores"));
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->tensor("weights").values.at({0, 1}), 3);
    EXPECT_TRUE(
        std::ranges::any_of(trace->notes(), [](const Note& n) { return n.text.find("all keys") != std::string::npos; }));
    request.params.set("part", std::string("query 2"));
    const Tensor<float> weights = run(request)->tensor("weights").values;
    EXPECT_NEAR(weights.at({0, 2}), std::exp(7.0) / (std::exp(4.0) + std::exp(5.0) + std::exp(7.0)), 1e-6);
}

TEST(CaptureParts, a_part_is_written_as_it_is_read) {
    for (const std::string text : {"", "query 101-612", "head 3, query 1-4, key 2-9", "layer 2-4, head 1"})
        EXPECT_EQ(capture_part_text(capture_part_from(text)), text);
    EXPECT_EQ(capture_part_text(capture_part_from(" key 7:9 ; query 3-3")), "query 3, key 7-9");
}

TEST(JoinedPeaks, peaks_of_cells_are_those_of_their_values) {
    std::mt19937 random(5);
    std::uniform_real_distribution<float> number(-1, 1);
    Tensor<float> values(Shape{3, 11, 13});
    for (float& v : values.values()) {
        v = number(random);
        if (v > 0.7f) v = none;
        if (v < -0.8f) v = -infinite;
    }
    values.data()[0] = values.data()[1] = values.data()[13] = values.data()[14] = none;
    const JoinedPart part{.row = 0, .rows = 9, .row_join = 2, .col = 0, .cols = 12, .col_join = 2};
    const Tensor<float> joined = joined_peaks(values, part);
    ASSERT_EQ(joined.shape(), (Shape{3, 5, 6}));
    for (Index m = 0; m < 3; ++m)
        for (Index r = 0; r < 5; ++r)
            for (Index c = 0; c < 6; ++c) {
                float most = none;
                for (Index y = 2 * r; y < std::min<Index>(2 * r + 2, 9); ++y)
                    for (Index x = 2 * c; x < 2 * c + 2; ++x) most = std::fmax(most, values.at({m, y, x}));
                const float got = joined.at({m, r, c});
                EXPECT_TRUE(got == most || (std::isnan(got) && std::isnan(most))) << m << " " << r << " " << c;
            }
    EXPECT_TRUE(std::isnan(joined.at({0, 0, 0})));
}

namespace {

std::string shard_index(const std::string& shards) {
    const std::string path = part_path("index.npz");
    write_npz(path, {{"capture.json", {}, R"({"shards": [)" + shards + "]}"}});
    return path;
}

std::string refusal_of(const std::string& path) {
    try {
        const ArrayFile file(path);
    } catch (const Error& error) {
        return error.line();
    }
    return "";
}

}  // namespace

TEST(ArrayShards, pieces_of_several_files_are_one_array) {
    Tensor<float> whole(Shape{2, 5, 3, 4});
    for (Index i = 0; i < whole.size(); ++i) whole.data()[i] = static_cast<float>(i);
    const auto heads = [&](Index from, Index to) {
        Tensor<float> piece(Shape{2, to - from, 3, 4});
        for (Index b = 0; b < 2; ++b)
            std::copy_n(whole.data() + (b * 5 + from) * 12, (to - from) * 12, piece.data() + b * (to - from) * 12);
        return piece;
    };
    write_npz(part_path("r0.npz"), {{"a", heads(0, 2), ""}});
    write_npz(part_path("r1.npz"), {{"b", heads(2, 5), ""}});
    const ArrayFile file(shard_index(
        R"({"name": "w", "along": 1, "files": ["capture_part_r0.npz", "capture_part_r1.npz"], "arrays": ["a", "b"]})"));
    const FileArray& array = file.arrays().at(0);
    EXPECT_EQ(array.dims, (std::vector<Index>{2, 5, 3, 4}));
    for (const std::vector<int>& order : {std::vector<int>{0, 1, 2, 3}, {1, 3, 0, 2}, {2, 3, 0, 1}}) {
        const ArrayPart part{{{0, 2, 1}, {1, 3, 1}, {0, 3, 2}, {1, 3, 1}}, order};
        const Tensor<float> read = file.read(array, part, {});
        std::vector<Index> dims{2, 3, 2, 3}, at(4, 0);
        Index cell = 0;
        for (at[0] = 0; at[0] < dims[static_cast<std::size_t>(order[0])]; ++at[0])
            for (at[1] = 0; at[1] < dims[static_cast<std::size_t>(order[1])]; ++at[1])
                for (at[2] = 0; at[2] < dims[static_cast<std::size_t>(order[2])]; ++at[2])
                    for (at[3] = 0; at[3] < dims[static_cast<std::size_t>(order[3])]; ++at[3]) {
                        Index of[4];
                        for (std::size_t k = 0; k < 4; ++k) of[order[k]] = at[k];
                        const Index row = std::min<Index>(of[2] * 2 + 1, 2);  // the largest of two rows is the lower one's
                        EXPECT_EQ(read.data()[cell++], whole.at({of[0], of[1] + 1, row, of[3] + 1}));
                    }
        EXPECT_EQ(cell, read.size());
    }
}

TEST(ArrayShards, what_does_not_fit_is_refused_in_one_line) {
    write_npz(part_path("r0.npz"), {{"a", Tensor<float>(Shape{2, 3}), ""}});
    write_npz(part_path("r1.npz"), {{"a", Tensor<float>(Shape{2, 4}), ""}});
    const auto says = [](const std::string& shards, const std::string& part) {
        const std::string line = refusal_of(shard_index(shards));
        EXPECT_NE(line.find(part), std::string::npos) << line;
        EXPECT_EQ(line.find('\n'), std::string::npos);
    };
    const std::string both = R"("files": ["capture_part_r0.npz", "capture_part_r1.npz"], "arrays": ["a", "a"])";
    says(R"({"name": "w", "along": 0, )" + both + "}", "another shape");
    says(R"({"name": "w", "along": 2, )" + both + "}", "along axis 2 of 2");
    says(R"({"name": "w", "files": ["../r0.npz"], "arrays": ["a"]})", "lie beside");
    says(R"({"name": "w", "files": ["capture_part_gone.npz"], "arrays": ["a"]})", "capture_part_gone.npz");
    says(R"({"name": "w", "files": ["capture_part_r0.npz"], "arrays": ["b"]})", "is not in");
    says(R"({"name": "w", "files": ["capture_part_r0.npz"], "arrays": []})", "each of its pieces");
    says(R"({"name": "w", "files": ["capture_part_index.npz"], "arrays": ["w"]})", "capture_part_index.npz");
    const ArrayFile file(shard_index(R"({"name": "w", "along": 1, )" + both + "}"));
    EXPECT_EQ(file.arrays()[0].dims, (std::vector<Index>{2, 7}));
    EXPECT_THROW((void)file.read(file.arrays()[0], {{{0, 2, 1}, {0, 7, 2}}, {0, 1}}, {}), Error);
    EXPECT_THROW((void)file.read(file.arrays()[0], {{{0, 2, 1}, {1, 7, 1}}, {0, 1}}, {}), Error);
}

}  // namespace saccade::capture_part_test
