#include "viz/page.hpp"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "io/input_file.hpp"
#include "run/run_request.hpp"
#include "sample_trace.hpp"
#include "viz/layout.hpp"
#include "viz/page_values.hpp"
#include "viz_testing.hpp"

namespace saccade::page_test {
namespace {

using namespace test;
using Json = nlohmann::json;

FigureOrigin origin_for(const std::string& view, const std::string& tensor = "") {
    RunRequest request;
    request.exhibit = "alignment";
    request.params.set("source", std::string("</script><b>\"'&"));
    FigureOrigin origin;
    origin.request = request_text(request);
    origin.view.view = view;
    origin.view.tensor = tensor;
    origin.view.width = 500;
    origin.view.height = 300;
    return origin;
}

/// What is said of it, and the page.
struct Page {
    std::vector<Note> notes;
    std::string html;
    Json data;
};

std::string between(const std::string& text, const std::string& from, const std::string& to) {
    const std::size_t start = text.find(from);
    if (start == std::string::npos) return {};
    const std::size_t end = text.find(to, start + from.size());
    return end == std::string::npos ? "" : text.substr(start + from.size(), end - start - from.size());
}

Page page_for(const Trace& trace, const FigureOrigin& origin) {
    const TemporaryFolder folder;
    Page page;
    page.notes = export_figure(folder / "f.html", trace, origin);
    page.html = read_file(folder / "f.html");
    page.data = Json::parse(between(page.html, "type=\"application/json\">", "</script>"));
    return page;
}

std::vector<float> floats(const Json& plane) {
    const std::string bytes = base64_decode(plane["values"].get<std::string>()).value();
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

/// The plane of a tensor at its fixed positions.
Json plane_at(const Page& page, const std::string& tensor, const std::vector<Index>& at) {
    for (const Json& plane : page.data["planes"])
        if (plane.value("tensor", "") == tensor && plane["at"] == Json(at)) return plane;
    return nullptr;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

TEST(Page, NumbersAreThoseThatTheViewShows) {
    const Trace trace = stack_trace(2, 3, {"she", "reads", "书", "。"});
    const Page page = page_for(trace, origin_for("heatmap", "encoder.weights"));
    for (Index layer = 0; layer < 2; ++layer)
        for (Index head = 0; head < 3; ++head) {
            ViewState state = origin_for("heatmap", "encoder.weights").view;
            state.selected.marks = {{"layer", layer}, {"head", head}};
            const ShownValues shown = view("heatmap").shown(trace, state).front();
            const Json plane = plane_at(page, "encoder.weights", {layer, head, -1, -1});
            ASSERT_FALSE(plane.is_null()) << layer << head;
            const std::vector<float> values = floats(plane);
            ASSERT_EQ(static_cast<Index>(values.size()), shown.values.size());
            EXPECT_EQ(std::memcmp(values.data(), shown.values.data(), values.size() * sizeof(float)), 0) << layer << head;
        }
}

TEST(Page, MaskedCellsAreThoseThatTheViewHatches) {
    const Trace trace = heads_trace(1, 2, 5);
    const Page page = page_for(trace, origin_for("heatmap"));
    const Json plane = plane_at(page, "weights", {0, 1, -1, -1});
    ASSERT_TRUE(plane.contains("masked"));
    const std::string hidden = base64_decode(plane["masked"].get<std::string>()).value();
    ASSERT_EQ(hidden.size(), 25u);
    for (std::size_t i = 0; i < 25; ++i) EXPECT_EQ(hidden[i] == 1, i % 5 > i / 5) << i;
}

TEST(Page, EveryLayerAndHeadIsAChoice) {
    const Page page = page_for(heads_trace(2, 3, 4), origin_for("heatmap"));
    const Json& figure = page.data["figures"][0];
    ASSERT_EQ(figure["choices"].size(), 2u);
    EXPECT_EQ(page.data["axes"][figure["choices"][0].get<std::size_t>()]["name"], "layer");
    EXPECT_EQ(page.data["axes"][figure["choices"][1].get<std::size_t>()]["name"], "head");
    EXPECT_EQ(figure["variants"].size(), 6u);
    for (const Json& variant : figure["variants"])
        for (const char* theme : {"light", "dark"}) {
            ASSERT_EQ(variant[theme]["maps"].size(), 1u);
            std::string drawn;
            for (const Json& i : variant[theme]["items"]) drawn += figure["strings"][i.get<std::size_t>()].get<std::string>();
            EXPECT_NE(drawn.find("layer " + std::to_string(variant["at"][0].get<int>() + 1)), std::string::npos);
            EXPECT_NE(drawn.find("head " + std::to_string(variant["at"][1].get<int>() + 1)), std::string::npos);
        }
    EXPECT_TRUE(page.notes.empty());
}

TEST(Page, AHeadThatWasNotChosenIsNone) {
    FigureOrigin origin = origin_for("heatmap");
    origin.view.options.chosen = {1, 2};
    const Page page = page_for(heads_trace(1, 4, 4), origin);
    for (const Json& variant : page.data["figures"][0]["variants"]) EXPECT_GE(variant["at"].back(), 1);
    EXPECT_EQ(page.data["figures"][0]["variants"].size(), 2u);
    origin.view.options.sink = ViewOptions::Sink::first;
    EXPECT_EQ(page_for(stack_trace(1, 4, {"a", "b", "c"}), origin).data["figures"][0]["variants"].size(), 2u);
}

TEST(Page, HeadsAreAChoiceOfWhatIsMadeOfOne) {
    const Trace trace = stack_trace(2, 3, {"she", "reads", "书", "。"});
    FigureOrigin origin = origin_for("heatmap", "encoder.weights");
    origin.view.options.sink = ViewOptions::Sink::first;
    EXPECT_EQ(page_for(trace, origin).data["figures"][0]["variants"].size(), 6u);
    origin.view.options.heads = ViewOptions::Heads::mean;  // no head is another
    const Page mean = page_for(trace, origin);
    EXPECT_EQ(mean.data["figures"][0]["variants"].size(), 2u);
    origin.view.options.layers = ViewOptions::Layers::rollout;
    EXPECT_EQ(page_for(trace, origin).data["figures"][0]["variants"].size(), 1u);
}

TEST(Page, OneHeadOfAGridIsSeenLarge) {
    const Page page = page_for(heads_trace(2, 3, 4), origin_for("head-grid"));
    ASSERT_EQ(page.data["figures"].size(), 2u);
    EXPECT_TRUE(page.data["figures"][0]["choices"].empty());
    EXPECT_EQ(page.data["figures"][1]["variants"].size(), 6u);
    FigureOrigin panels = origin_for("head-grid");
    panels.panels.states = {panels.view, panels.view};
    panels.panels.states[0].tensor = panels.panels.states[1].tensor = "weights";
    panels.panels.states[1].view = "heatmap";
    EXPECT_EQ(page_for(heads_trace(2, 3, 4), panels).data["figures"].size(), 2u) << "a panel shows it already";
}

TEST(Page, LinesOfAFlowSayWhatTheyJoin) {
    const Trace trace = attention_trace({"她", "买", "书"}, {"she", "buys"});
    const Page page = page_for(trace, origin_for("flow"));
    std::vector<std::string> names;
    for (const Json& axis : page.data["axes"]) names.push_back(axis["name"]);
    const auto axis = [&](const std::string& name) {
        return std::to_string(std::find(names.begin(), names.end(), name) - names.begin());
    };
    // Of each query the largest weight is drawn.
    const Tensor<float>& weights = trace.tensor("weights").values;
    for (Index i = 0; i < 2; ++i) {
        const float* row = weights.data() + i * 3;
        const auto most = std::to_string(std::max_element(row, row + 3) - row);
        EXPECT_NE(page.html.find("data-ends=\"" + axis("source") + ":" + most + " " + axis("output") + ":" + std::to_string(i)),
                  std::string::npos)
            << i;
    }
}

TEST(Page, TokensEndNoElementAndNoScript) {
    const std::vector<std::string> hostile{
        "</script>",        "<!--",     "\"'&<>",  "\xE2\x80\xA8",         "\xD7\xA9\xD7\x9C",
        "<svg onload=x()>", "\x01\x7f", "\\u003c", std::string(10000, 'x')};
    for (const char* view : {"heatmap", "flow", "bars"}) {
        const Page page = page_for(attention_trace(hostile, hostile), origin_for(view));
        EXPECT_EQ(count(page.html, "<script"), 2u);
        EXPECT_EQ(count(page.html, "</script>"), 2u);
        EXPECT_EQ(count(page.html, "<svg"), 2u);
        EXPECT_EQ(count(page.html, "<!--"), 0u);
        EXPECT_EQ(page.html.find("<b>"), std::string::npos);
        EXPECT_EQ(page.html.find("\xE2\x80\xA8", page.html.find("application/json")), std::string::npos);
        const Json& labels = page.data["axes"][0]["labels"];
        if (std::string(view) == "heatmap") {
            EXPECT_EQ(labels[0], "</script>");
            EXPECT_LT(labels.back().get<std::string>().size(), 1000u);
        }
    }
}

TEST(Page, AsksNothingOfAnyNetwork) {
    for (const char* view : {"heatmap", "head-grid", "flow", "stages"}) {
        std::string html = page_for(stack_trace(2, 2, {"a", "b", "c"}), origin_for(view)).html;
        EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
        for (const char* name : {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"})
            for (std::size_t at; (at = html.find(name)) != std::string::npos;) html.erase(at, std::strlen(name));
        EXPECT_EQ(html.find("://"), std::string::npos) << view;
        EXPECT_EQ(html.find("src=\""), std::string::npos) << view;
        EXPECT_EQ(html.find("@import"), std::string::npos) << view;
    }
}

TEST(Page, OpensAgainAsItWasMade) {
    const TemporaryFolder folder;
    const Trace trace = heads_trace(2, 3, 4);
    FigureOrigin origin = origin_for("head-grid");
    origin.view.theme = "dark";
    export_figure(folder / "f.html", trace, origin);
    const FigureOrigin back = read_origin(folder / "f.html");
    EXPECT_EQ(Json::parse(back.request), Json::parse(origin.request));
    EXPECT_EQ(to_json(back.view), to_json(origin.view));
    export_figure(folder / "again.html", trace, back);
    EXPECT_EQ(read_file(folder / "again.html"), read_file(folder / "f.html"));
}

TEST(Page, WhatIsTooLargeIsLeftOutAndSaid) {
    // 40 heads of 400 tokens are more than a page takes; one of them is not.
    const Page page = page_for(heads_trace(2, 40, 400), origin_for("heatmap"));
    EXPECT_LT(page.html.size(), std::size_t{40} << 20);
    ASSERT_EQ(page.notes.size(), 1u);
    EXPECT_NE(page.notes[0].text.find("layer 1, head 1"), std::string::npos) << page.notes[0].text;
    EXPECT_NE(page.html.find("class=\"note\">Heatmap stays at layer 1, head 1"), std::string::npos);
    EXPECT_EQ(page.data["figures"][0]["variants"].size(), 1u);
    EXPECT_EQ(page.data["planes"].size(), 1u);
}

TEST(Page, AMatrixOfNoRoomIsDrawnAllTheSame) {
    const Page page = page_for(plain_trace(Tensor<float>(Shape{2100, 2100}), Role::state, {AxisKind::query, AxisKind::feature}),
                               origin_for("heatmap"));
    ASSERT_FALSE(page.notes.empty());
    EXPECT_NE(page.notes.back().text.find("numbers"), std::string::npos);
    EXPECT_TRUE(page.data["planes"].empty());
    EXPECT_NE(page.html.find("<image"), std::string::npos);
    EXPECT_LT(page.html.size(), std::size_t{20} << 20);
}

TEST(Page, EveryViewOfARunHasAPage) {
    const Trace stack = stack_trace(2, 2, {"she", "reads", "书"}), curves = curves_trace(20);
    for (const Trace* trace : {&stack, &curves})
        for (const View* one : views()) {
            const auto drawable = [&](const TraceTensor& tensor) { return one->accepts(*trace, tensor); };
            if (std::ranges::none_of(trace->tensors(), drawable)) continue;
            EXPECT_FALSE(page_for(*trace, origin_for(one->id())).data["figures"].empty()) << one->id();
        }
}

TEST(Page, WhatCannotBeWrittenIsOneLine) {
    const TemporaryFolder folder;
    const Trace trace = heads_trace(1, 1, 3);
    FigureOrigin wide = origin_for("heatmap");
    wide.view.width = 60000;
    EXPECT_EQ(error_of([&] { export_figure(folder / "f.html", trace, wide); }).code(), ErrorCode::usage);
    EXPECT_EQ(error_of([&] { export_figure(folder / "f.html", trace, origin_for("heatmap", "nothing")); }).code(),
              ErrorCode::not_found);
    EXPECT_EQ(error_of([&] { export_figure(folder / "no/f.html", trace, origin_for("heatmap")); }).code(), ErrorCode::io);
    EXPECT_FALSE(std::filesystem::exists(folder / "f.html"));
}

TEST(Page, NotFinite) {
    Tensor<float> values(Shape{2, 3});
    const float odd[] = {std::nanf(""), INFINITY, -INFINITY, -0.0f, 3e38f, 1e-40f};
    std::copy(std::begin(odd), std::end(odd), values.data());
    const Page page = page_for(plain_trace(values, Role::state, {AxisKind::query, AxisKind::feature}), origin_for("heatmap"));
    ASSERT_EQ(page.data["planes"].size(), 1u);
    const std::vector<float> kept = floats(page.data["planes"][0]);
    EXPECT_EQ(std::memcmp(kept.data(), odd, sizeof odd), 0);
    EXPECT_EQ(base64_decode(page.data["planes"][0]["masked"].get<std::string>()).value(), std::string("\1\1\1\0\0\0", 6));
}

}  // namespace
}  // namespace saccade::page_test
