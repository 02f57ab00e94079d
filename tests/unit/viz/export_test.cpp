#include "viz/export.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "io/npz.hpp"
#include "run/run_request.hpp"
#include "sample_trace.hpp"
#include "viz/canvas_svg.hpp"
#include "viz/csv.hpp"
#include "viz/font_subset.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/png_text.hpp"
#include "viz/text_measure_pango.hpp"
#include "viz_testing.hpp"

namespace saccade::export_test {
namespace {

using namespace test;

Trace sentence() {
    return attention_trace({"她", "买", "书", "<&>\"'"}, {"she", "bought", "it, \"now\""}, 6);
}

FigureOrigin origin_of(const Trace& trace, const std::string& view) {
    RunRequest request;
    request.exhibit = "alignment";
    request.params.set("source", std::string("二〇一九年 (30) \\ <&>"));
    request.seed = 12345678901234567u;
    request.interventions.push_back(parse_intervention("weights[1,2]=0.25"));
    FigureOrigin origin;
    origin.request = request_text(request);
    origin.view.view = view;
    origin.view.theme = "dark";
    origin.view.width = 500;
    origin.view.height = 300;
    origin.view.selected = focus_of(trace, {"weights", {1, 2}});
    return origin;
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(bytes[at + i]);
    return v;
}

TEST(Export, PicturesCarryTheirOrigin) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    for (const char* view : {"heatmap", "flow", "stages", "bars"})
        for (const char* ending : {".png", ".svg", ".pdf"}) {
            const std::string path = folder / (std::string("figure") + ending);
            const FigureOrigin origin = origin_of(trace, view);
            export_figure(path, trace, origin);
            const FigureOrigin back = read_origin(path);
            EXPECT_EQ(to_json(request_from_text(back.request)), to_json(request_from_text(origin.request))) << path;
            EXPECT_EQ(to_json(back.view), to_json(origin.view)) << path;
        }
}

TEST(Export, SeveralFilesAreWrittenAllOrNone) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    const FigureOrigin origin = origin_of(trace, "heatmap");
    const std::string good = folder / "good.svg";
    const auto code_of = [&](const std::string& bad, const FigureOrigin& of) {
        try {
            export_figures({good, bad}, trace, of);
        } catch (const Error& error) {
            return error.code();
        }
        ADD_FAILURE() << bad << " was written";
        return ErrorCode::usage;
    };
    EXPECT_EQ(code_of(folder / "bad.docx", origin), ErrorCode::usage);
    EXPECT_EQ(code_of(folder / "none/bad.png", origin), ErrorCode::io);
    FigureOrigin wide = origin;
    wide.view.width = 1e6;
    EXPECT_EQ(code_of(folder / "bad.png", wide), ErrorCode::usage);
    EXPECT_FALSE(std::filesystem::exists(good));
    EXPECT_FALSE(std::filesystem::exists(folder / "bad.png"));
    export_figures({good, folder / "values.npz", folder / "values.csv"}, trace, origin);
    for (const char* name : {"good.svg", "values.npz", "values.csv"}) EXPECT_TRUE(std::filesystem::exists(folder / name));
}

/// A figure of 20 mm has room for no label: that is said, with a width that has.
TEST(Export, LabelsThatASmallFigureDropsAreSaid) {
    const Trace trace = sentence();
    FigureOrigin origin = origin_of(trace, "heatmap");
    const PlainMeasure measure;
    const auto note_of = [&](double mm) -> std::string {
        origin.view.width = mm / 25.4 * 96;
        origin.view.height = origin.view.width / 1.5;
        for (const Note& note : laid_out(trace, origin, measure).notes)
            if (note.text.find("labels of") != std::string::npos) return note.text + "; " + note.hint;
        return {};
    };
    const std::string said = note_of(20);
    EXPECT_NE(said.find("20 × 13 mm"), std::string::npos) << said;
    const std::size_t at = said.find("width of ");
    ASSERT_NE(at, std::string::npos) << said;
    EXPECT_EQ(note_of(std::stod(said.substr(at + 9))), "") << said;
    EXPECT_EQ(note_of(120), "");
}

TEST(Export, SameFigureSameBytes) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    for (const char* ending : {".png", ".svg", ".pdf", ".csv", ".npz"}) {
        const std::string a = folder / (std::string("a") + ending), b = folder / (std::string("b") + ending);
        export_figure(a, trace, origin_of(trace, "heatmap"));
        export_figure(b, trace, origin_of(trace, "heatmap"));
        EXPECT_EQ(read_file(a), read_file(b)) << ending;
    }
    EXPECT_EQ(read_file(folder / "a.pdf").find("/CreationDate (D:2"), std::string::npos);
}

TEST(Export, PngHasTheResolutionAskedFor) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    const std::string path = folder / "f.png";
    const auto size_with = [&](const ExportOptions& options) {
        export_figure(path, trace, origin_of(trace, "heatmap"), options);
        const std::string file = read_file(path);
        EXPECT_TRUE(is_png(file));
        return std::pair(big_endian(file, 16), big_endian(file, 20));
    };
    EXPECT_EQ(size_with({}), (std::pair<std::uint32_t, std::uint32_t>(1000, 600)));
    EXPECT_EQ(size_with({96, 0}), (std::pair<std::uint32_t, std::uint32_t>(500, 300)));
    EXPECT_EQ(size_with({96, 1234}), (std::pair<std::uint32_t, std::uint32_t>(1234, 741)));
    const std::string file = read_file(path);
    const std::size_t phys = file.find("pHYs");
    ASSERT_NE(phys, std::string::npos);
    EXPECT_EQ(big_endian(file, phys + 4), static_cast<std::uint32_t>(std::lround(1234.0 / 500 * 96 / 0.0254)));
}

TEST(Export, HugeSizesAreOneLine) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    const FigureOrigin origin = origin_of(trace, "heatmap");
    const std::string path = folder / "f.png";
    for (const ExportOptions& options :
         {ExportOptions{100000, 0}, ExportOptions{9600, 0}, ExportOptions{0, 0}, ExportOptions{-96, 0},
          ExportOptions{std::nan(""), 0}, ExportOptions{96, 60000}, ExportOptions{96, -1}}) {
        error_of([&] { export_figure(path, trace, origin, options); });
        EXPECT_FALSE(std::filesystem::exists(path));
    }
    FigureOrigin wide = origin;
    wide.view.width = 60000;
    for (const char* ending : {".png", ".svg", ".pdf"})
        EXPECT_EQ(error_of([&] { export_figure(folder / (std::string("g") + ending), trace, wide); }).code(), ErrorCode::usage);
}

TEST(Export, EndingsAndFoldersThatDoNotWork) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    const FigureOrigin origin = origin_of(trace, "heatmap");
    for (const char* name : {"f.gif", "f", ".png.txt"}) {
        const Error e = error_of([&] { export_figure(folder / name, trace, origin); });
        EXPECT_EQ(e.code(), ErrorCode::usage);
        EXPECT_NE(e.line().find(name), std::string::npos);
    }
    for (const char* ending : {".png", ".svg", ".pdf", ".csv", ".npz"})
        EXPECT_EQ(error_of([&] { export_figure(folder / ("nowhere/f" + std::string(ending)), trace, origin); }).code(),
                  ErrorCode::io);
    export_figure(folder / "upper.PNG", trace, origin);
    EXPECT_TRUE(is_png(read_file(folder / "upper.PNG")));
}

TEST(Export, OtherFilesHaveNoOrigin) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    export_figure(folder / "good.png", trace, origin_of(trace, "heatmap"));
    const std::string good = read_file(folder / "good.png");
    std::string damaged = good;
    damaged[damaged.find("saccade-figure") + 3] = 'X';
    std::string endless = good;
    endless[8 + 25] = '\x7f';  // the length of the chunk after the header
    const std::pair<const char*, std::string> bad[] = {{"empty.png", ""},
                                                       {"cut.png", good.substr(0, 40)},
                                                       {"damaged.png", damaged},
                                                       {"endless.png", endless},
                                                       {"plain.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"},
                                                       {"open.svg", "<svg><metadata id=\"saccade\">"},
                                                       {"plain.pdf", "%PDF-1.4\n%%EOF"},
                                                       {"odd.pdf", "%PDF-1.4 /Keywords (saccade:!!!!)"},
                                                       {"open.pdf", "%PDF-1.4 /Keywords (saccade:AAAA"},
                                                       {"text.txt", "hello"}};
    for (const auto& entry : bad) {
        const auto& [file, content] = entry;
        const std::string name = file;
        write_file(folder / name, content);
        const Error e = error_of([&] { read_origin(folder / name); });
        EXPECT_EQ(e.code(), ErrorCode::bad_format) << name;
        EXPECT_NE(e.line().find(name), std::string::npos) << e.line();
    }
    EXPECT_EQ(error_of([&] { read_origin(folder / "none.png"); }).code(), ErrorCode::io);
}

/// Checks that tags balance, attributes are quoted and entities are known: what every XML reader insists on.
void check_xml(const std::string& xml) {
    std::vector<std::string> open;
    std::size_t at = 0;
    while ((at = xml.find_first_of("<&", at)) != std::string::npos) {
        if (xml[at] == '&') {
            const std::size_t end = xml.find(';', at);
            ASSERT_NE(end, std::string::npos);
            const std::string entity = xml.substr(at + 1, end - at - 1);
            ASSERT_TRUE(entity == "amp" || entity == "lt" || entity == "gt" || entity == "quot") << entity;
            ++at;
            continue;
        }
        std::size_t end = at;
        bool quoted = false;
        while (end < xml.size() && (quoted || xml[end] != '>')) {
            if (xml[end] == '"') quoted = !quoted;
            ASSERT_FALSE(end > at && xml[end] == '<') << xml.substr(at, 80);
            ++end;
        }
        ASSERT_LT(end, xml.size());
        const std::string tag = xml.substr(at + 1, end - at - 1);
        const std::string name = tag.substr(0, tag.find_first_of(" \n/", 1));
        if (tag[0] == '/') {
            ASSERT_FALSE(open.empty());
            ASSERT_EQ(open.back(), tag.substr(1));
            open.pop_back();
        } else if (tag[0] != '?' && tag.back() != '/') {
            open.push_back(name);
        }
        at = end;
    }
    EXPECT_TRUE(open.empty());
}

TEST(Svg, IsWellFormedAndTextIsText) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    for (const char* view : {"heatmap", "flow", "stages", "bars"}) {
        export_figure(folder / "f.svg", trace, origin_of(trace, view));
        const std::string svg = read_file(folder / "f.svg");
        check_xml(svg);
        EXPECT_EQ(find_invalid_utf8(svg), std::string::npos);
        EXPECT_NE(svg.find(">书</text>"), std::string::npos) << view;
        EXPECT_NE(svg.find(">&lt;&amp;&gt;&quot;'</text>"), std::string::npos) << view;
        EXPECT_NE(svg.find("@font-face"), std::string::npos);
        EXPECT_NE(svg.find("xml:space=\"preserve\""), std::string::npos);
    }
}

TEST(Svg, FewCellsAreRectanglesManyAreOneImage) {
    const PangoTextMeasure measure;
    ViewState state;
    state.view = "heatmap";
    const auto svg_of = [&](const Trace& trace) {
        return to_svg(view("heatmap").layout(trace, state, measure), {255, 255, 255, 255}, measure);
    };
    const auto count = [](const std::string& text, const std::string& what) {
        std::size_t n = 0;
        for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++n;
        return n;
    };
    const std::string small = svg_of(sentence());
    EXPECT_EQ(count(small, "<image"), 0u);
    EXPECT_GE(count(small, "<rect"), 12u);
    const std::string large = svg_of(attention_trace(tokens("s", 90), tokens("o", 90), 2));
    EXPECT_EQ(count(large, "<image"), 1u);
    EXPECT_NE(large.find("image-rendering:pixelated"), std::string::npos);
    EXPECT_LT(count(large, "<rect"), 20u);
    check_xml(large);
    // A causal mask is hatched, in runs, not cell by cell.
    const std::string masked = svg_of(heads_trace(1, 1, 60));
    EXPECT_EQ(count(masked, "<pattern"), 0u);  // Qt knows none
    EXPECT_EQ(count(masked, "stroke-width=\"1\""), 1u);
    check_xml(masked);
}

// Emoji fonts have digits and blanks of their own: a family beyond the usual ones stands where it is needed, nowhere else.
TEST(Svg, AFurtherFamilyIsNamedOnItsOwnRunsAlone) {
    TextRuns runs;
    const auto plain = runs("30 Sep 年", Font::ui);
    ASSERT_EQ(plain.size(), 1u);
    EXPECT_EQ(plain[0].family, "");
    const std::string namaste = "\u0928\u092e\u0938\u094d\u0924\u0947";  // in fonts-noto-core, in no usual family
    const auto mixed = runs("30 " + namaste + " 7", Font::ui);
    ASSERT_GE(mixed.size(), 3u);
    EXPECT_EQ(mixed.front().text, "30 ");
    EXPECT_EQ(mixed.front().family, "");
    EXPECT_NE(mixed[1].family, "");
    EXPECT_EQ(mixed.back().text, " 7");
    EXPECT_EQ(mixed.back().family, "");
    std::string joined;
    for (const TextRun& run : mixed) joined += run.text;
    EXPECT_EQ(joined, "30 " + namaste + " 7");
    // What is drawn with the character before it stays in its run.
    for (const char* cluster : {"\U0001f468\u200d\U0001f469", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3"})
        EXPECT_EQ(runs(cluster, Font::ui).size(), 1u) << cluster;
    const PangoTextMeasure measure;
    Figure figure;
    figure.width = figure.height = 50;
    TextItem text;
    text.text = "30 " + namaste;
    figure.items.emplace_back(text);
    const std::string svg = to_svg(figure, {0, 0, 0, 0}, measure);
    EXPECT_NE(svg.find(">30 <tspan font-family=\"'" + mixed[1].family + "',"), std::string::npos) << svg;
    check_xml(svg);
}

TEST(Svg, ControlCharactersDoNotBreakIt) {
    const PangoTextMeasure measure;
    Figure figure;
    figure.width = figure.height = 50;
    figure.title = "a\x01<b>";
    TextItem text;
    text.text = "x\x02\xff&y";
    figure.items.emplace_back(text);
    const std::string svg = to_svg(figure, {0, 0, 0, 0}, measure, "{\"k\": \"<&>\"}");
    check_xml(svg);
    EXPECT_EQ(svg.find('\x01'), std::string::npos);
    EXPECT_EQ(svg.find('\x02'), std::string::npos);
    EXPECT_EQ(find_invalid_utf8(svg), std::string::npos);
    EXPECT_EQ(svg_metadata(svg), "{\"k\": \"<&>\"}");
}

TEST(Pdf, TextIsTextAndFontsAreInside) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    export_figure(folder / "f.pdf", trace, origin_of(trace, "heatmap"));
    const std::string pdf = read_file(folder / "f.pdf");
    EXPECT_EQ(pdf.rfind("%PDF-", 0), 0u);
    EXPECT_NE(pdf.find("/ToUnicode"), std::string::npos);  // glyphs lead back to characters: selectable, searchable
    EXPECT_NE(pdf.find("/FontFile"), std::string::npos);
    EXPECT_NE(pdf.find("Attention weights"), std::string::npos);
    EXPECT_NE(pdf.find("[ 0 0 375 225 ]"), std::string::npos) << "the page is 500 x 300 px in points";
}

TEST(Csv, QuotesAsRfc4180Says) {
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"now\""), "\"say \"\"now\"\"\"");
    EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
    EXPECT_EQ(csv_field(" "), "\" \"");
    EXPECT_EQ(csv_field(""), "");
}

TEST(Csv, MatrixWithLabels) {
    Trace trace;
    const AxisPtr query = trace.add_axis({"output", AxisKind::query, 2, {"a,b", "c"}, "i"});
    const AxisPtr key = trace.add_axis({"source", AxisKind::key, 3, {"x", " ", "\""}, "j"});
    trace.add({"scores", Role::scores, "e", "Scores", "", {query, key}},
              Tensor<float>::from(Shape{2, 3}, {0.1f, -2, masked(), 1e-20f, 3e10f, std::nanf("")}));
    EXPECT_EQ(csv_of(view("heatmap").shown(trace, {})),
              "output \\ source,x,\" \",\"\"\"\"\r\n\"a,b\",0.1,-2,\r\nc,1e-20,3e+10,\r\n");
}

TEST(Csv, ColumnsThatShareTheAxis) {
    const Trace trace = attention_trace({"p", "q"}, {"o"}, 3);
    const std::string csv = csv_of(view("stages").shown(trace, {}));
    EXPECT_EQ(csv.substr(0, csv.find("\r\n")), "source,weights,scores");  // the context has another axis
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
    const std::string curves = csv_of(view("curves").shown(curves_trace(2), {}));
    EXPECT_EQ(curves.substr(0, curves.find("\r\n")), "training step,loss,exact_match");
    EXPECT_EQ(curves.substr(curves.find("\r\n") + 2, 3), "50,");
}

TEST(Csv, MoreThanTwoAxesAreALineACell) {
    const Trace heads = heads_trace(2, 3, 2);
    const std::string csv = csv_of(view("head-grid").shown(heads, {}));
    EXPECT_EQ(csv.substr(0, csv.find("\r\n")), "layer,head,token.position,token,context.position,context,weights");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 3 * 2 * 2);
    EXPECT_NE(csv.find("\r\n2,3,2,w1,1,w0,0.5\r\n"), std::string::npos) << csv;
    // Of chosen heads those alone.
    ViewState state;
    state.view = "head-grid";
    state.options.chosen = {0, 2};
    const std::string some = csv_of(view("head-grid").shown(heads, state));
    EXPECT_EQ(std::count(some.begin(), some.end(), '\n'), 1 + 2 * 2 * 2 * 2);
    EXPECT_NE(some.find("\r\n2,3,2,w1,1,w0,0.5\r\n"), std::string::npos) << some;
    EXPECT_EQ(view("head-grid").shown(heads, state)[0].values.shape(), (Shape{2, 2, 2, 2}));
}

TEST(Npz, HoldsTheValuesShown) {
    const TemporaryFolder folder;
    const Trace trace = sentence();
    export_figure(folder / "f.npz", trace, origin_of(trace, "stages"));
    const auto arrays = read_npz(folder / "f.npz");
    ASSERT_EQ(arrays.size(), 3u);
    EXPECT_EQ(arrays.at("context").shape(), (Shape{6}));
    for (Index j = 0; j < 4; ++j)
        EXPECT_FLOAT_EQ(static_cast<float>(arrays.at("weights").at({j})), trace.tensor("weights").values.at({1, j}));
    const auto origin = nlohmann::json::parse(read_npz_text(folder / "f.npz", "origin.json"));
    EXPECT_EQ(origin["request"]["exhibit"], "alignment");
}

TEST(HeatmapImage, ColoursCellsAndFindsMaskedRuns) {
    HeatmapItem item;
    item.box = {10, 20, 40, 20};
    item.values = Tensor<float>::from(Shape{2, 4}, {0, 1, masked(), masked(), std::nanf(""), 0.5f, 1, 0});
    item.map = &colormap("grey", theme("dark"));
    item.masked_ground = {1, 2, 3, 255};
    const HeatmapImage image = heatmap_image(item, 100);
    EXPECT_EQ(image.pixels[0], item.map->at(0));
    EXPECT_EQ(image.pixels[1], item.map->at(1));
    EXPECT_EQ(image.pixels[2], item.masked_ground);
    EXPECT_EQ(image.pixels[5], item.map->at(0.5));
    ASSERT_EQ(image.masked.size(), 2u);
    EXPECT_DOUBLE_EQ(image.masked[0].x, 30);
    EXPECT_DOUBLE_EQ(image.masked[0].w, 20);
    EXPECT_DOUBLE_EQ(image.masked[1].y, 30);
    EXPECT_DOUBLE_EQ(image.masked[1].w, 10);
}

TEST(HeatmapImage, LargeMatricesAreAveraged) {
    HeatmapItem item;
    item.box = {0, 0, 10, 10};
    item.values = Tensor<float>(Shape{3000, 1000});
    for (Index i = 0; i < item.values.size(); ++i) item.values.data()[i] = i % 2 == 0 ? 1.0f : masked();
    item.map = &colormap("grey", theme("dark"));
    const HeatmapImage image = heatmap_image(item, 100);
    EXPECT_EQ(image.rows, 100);
    EXPECT_EQ(image.cols, 100);
    for (const Color c : image.pixels) EXPECT_EQ(c, item.map->at(1));  // masked cells do not count
    EXPECT_TRUE(image.masked.empty());
}

TEST(PngText, IsAChunkWithAValidSum) {
    // The CRC of an IEND chunk is known; ours is made by the same function for any chunk.
    const std::string end("\0\0\0\0IEND\xae\x42\x60\x82", 12);
    const std::string png = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) + std::string(17, 'h') + end;
    const std::string with = png_with_text(png, "saccade", "grüße", 96);
    EXPECT_EQ(png_text(with, "saccade"), "grüße");
    EXPECT_FALSE(png_text(with, "other"));
    EXPECT_FALSE(png_text(png, "saccade"));
    EXPECT_EQ(with.substr(with.size() - end.size()), end);
    // pHYs of 96 dpi, 3780 px a metre: the whole chunk, sum included, as other programs write it.
    EXPECT_NE(with.find(std::string("\0\0\0\tpHYs\0\0\x0e\xc4\0\0\x0e\xc4\1\x95\x2b\x0e\x1b", 21)), std::string::npos);
}

TEST(Base64, KnownTextsAndBack) {
    const std::pair<const char*, const char*> known[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : known) {
        EXPECT_EQ(base64_encode(plain), coded);
        EXPECT_EQ(base64_decode(coded), plain);
    }
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    EXPECT_EQ(base64_decode(base64_encode(all)), all);
    for (const char* bad : {"Z", "Zg=", "Z===", "Zg==Zg==", "Zm9*"}) EXPECT_FALSE(base64_decode(bad)) << bad;
}

TEST(PangoMetrics, AreIndependentOfResolution) {
    const PangoTextMeasure measure;
    const double at_10 = measure.width("interesting 趣", 10, Font::ui);
    EXPECT_GT(at_10, 30);
    EXPECT_NEAR(measure.width("interesting 趣", 80, Font::ui), 8 * at_10, 0.05 * at_10);
    EXPECT_GT(measure.ascent(20, Font::ui), measure.descent(20, Font::ui));
    EXPECT_NEAR(measure.width("0000", 14, Font::mono), measure.width("1111", 14, Font::mono), 1e-6);
    EXPECT_NEAR(measure.width("0000", 14, Font::ui), measure.width("1111", 14, Font::ui), 1e-6);  // digits stay aligned
}

}  // namespace
}  // namespace saccade::export_test
