#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <tuple>

#include "base/path_text.hpp"
#include "base/reading_progress.hpp"
#include "exhibit/capture_lesson.hpp"
#include "exhibit/capture_mask.hpp"
#include "exhibit/capture_show.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/read_ahead.hpp"
#include "io/text_file.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr double most_stacked = 1 << 20;  // layers or heads
constexpr double longest_tokens = 1 << 20, longest_name = 4096;
constexpr double rounded_away = 1e-2;  // of the sum of a row
constexpr std::size_t most_token_bytes = std::size_t{64} << 20;

/// What the last run of these parameters found, so that the views fit it.
enum class CaptureKind { heads, one_head, planes, plane, other };
class CaptureKinds {
 public:
    void keep(const Params& params, CaptureKind kind) {
        const std::lock_guard lock(mutex_);
        if (kinds_.size() > 64) kinds_.clear();
        kinds_[key(params)] = kinds_[key(params) + params.text("part")] = kind;
    }
    /// Of a part that is still being read: as of the last one.
    CaptureKind of(const Params& params) {
        const std::lock_guard lock(mutex_);
        auto found = kinds_.find(key(params) + params.text("part"));
        if (found == kinds_.end()) found = kinds_.find(key(params));
        return found == kinds_.end() ? CaptureKind::heads : found->second;
    }

 private:
    static std::string key(const Params& params) {
        std::string all;
        for (const char* name : {"path", "array", "axes", "role"}) all += params.text(name) + '\n';
        return all;
    }
    std::mutex mutex_;
    std::map<std::string, CaptureKind> kinds_;
};
CaptureKinds& capture_kinds() {
    static CaptureKinds kinds;
    return kinds;
}

std::string example_path() {
    return assets_folder() + "/captures/induction.npz";
}

CaptureTokens tokens_of(const Params& params) {
    if (!params.text("tokens").empty()) return capture_tokens(params.text("tokens"), "Tokens");
    const std::string path = path_from_text(params.text("tokens_file"));
    return path.empty() ? CaptureTokens{} : capture_tokens(read_text(path, most_token_bytes), path);
}

std::string called(const CapturedFile& capture) {
    return capture.shown.name.empty() ? "the array" : "'" + capture.shown.name + "'";
}

std::string stored_as(const CapturedFile& capture) {
    return to_string(capture.shown.parts[0]->number);
}

/// Sixteen bits keep three digits: of many weights the sum is then not 1. What was rounded away is shared out again, so that
/// rollouts and claims stand on rows that sum to 1. How far the sums were off; 0 where nothing was done.
double bring_rows_to_one(Tensor<float>& values) {
    const Index keys = values.shape()[-1];
    double most = 0;
    for (Index row = 0; row < values.size() / keys; ++row) {
        float* cells = values.data() + row * keys;
        double sum = 0;
        for (Index j = 0; j < keys; ++j) sum += static_cast<double>(cells[j]);
        if (!(std::abs(sum - 1) <= rounded_away)) continue;  // empty, masked, or no share of anything
        most = std::max(most, std::abs(sum - 1));
        for (Index j = 0; j < keys; ++j) cells[j] = static_cast<float>(static_cast<double>(cells[j]) / sum);
    }
    return most;
}

/// Are all keys of the array there, each for itself?
bool all_keys(const CapturedFile& capture, const LoadedCapture& loaded) {
    const int key = capture.shown.axis(AxisKind::key);
    return key >= 0 && !loaded.reduced() && loaded.axes.back().extent == capture.shown.extents[static_cast<std::size_t>(key)];
}

How recorded(const CapturedFile& capture, const LoadedCapture& loaded, bool peaks, double moved = 0) {
    std::string formula = fmt::format("{} as it was captured, stored as {}", called(capture), stored_as(capture));
    if (moved > 0) formula += fmt::format("; rows, off by up to {:.1g}, brought to sum 1", moved);
    if (loaded.reduced())
        formula = fmt::format("{} over {} × {} positions of {}, stored as {}", peaks ? "max" : "mean", loaded.query_block,
                              loaded.key_block, called(capture), stored_as(capture));
    return {"read", formula, "", "", all_keys(capture, loaded)};
}

std::string title_of(const std::string& title, const LoadedCapture& loaded, bool peaks) {
    if (!loaded.reduced()) return title;
    return fmt::format("{}, {} of each {} × {}", title, peaks ? "maximum" : "mean", loaded.query_block, loaded.key_block);
}

/// All of what a part is shown of, for a small picture beside it.
void show_whole(Probe& probe, const LoadedCapture& part, const CapturedFile& capture, const CaptureLook& look,
                const std::string& of) {
    std::optional<LoadedCapture> whole = load_whole(capture, capture.shown, look, part);
    if (!whole) return;
    if (look.peaks && whole->reduced() && capture.shown.role == Role::weights) {
        whole->values = whole->values.clone();  // it is kept for the next run
        mask_later_blocks(whole->values, whole->axes);
    }
    for (Axis& axis : whole->axes)
        if (!is_stacked(axis.kind)) axis.name += ".whole";
    declare(probe, whole->axes, part.axes);
    Observer{probe}(of + ".whole", whole->values, [&] {
        return Shown{.role = Role::map,
                     .symbol = "x",
                     .title = title_of("All of " + called(capture), *whole, look.peaks),
                     .axes = names_of(whole->axes),
                     .step = recorded(capture, *whole, look.peaks)};
    });
}

void show_attention_weights(Probe& probe, LoadedCapture loaded, const CapturedFile& capture, const CaptureLook& look) {
    declare(probe, loaded.axes);
    const Observer observe(probe);
    const bool scores = capture.shown.role == Role::scores, weights = capture.shown.role == Role::weights && !loaded.reduced();
    const bool softmax = scores && all_keys(capture, loaded);
    if (scores && !softmax)
        probe.note({"part", "weights are made of the scores of all keys: of these, the scores are shown", "show all keys"});
    if (loaded.reduced() && look.peaks && capture.shown.role == Role::weights) mask_later_blocks(loaded.values, loaded.axes);
    const char* name = softmax ? "scores" : "weights";
    const bool rough = stored_bytes(capture.shown.parts[0]->number) < 4;
    const double moved = weights && rough && all_keys(capture, loaded) ? bring_rows_to_one(loaded.values) : 0;
    const Tensor<float> shown = observe(name, loaded.values, [&] {
        return Shown{.role = weights   ? Role::weights
                             : softmax ? Role::scores
                                       : Role::map,
                     .symbol = scores                                ? "e"
                               : capture.shown.role == Role::weights ? "α"
                                                                     : "x",
                     .title = title_of(scores                                ? "Attention scores"
                                       : capture.shown.role == Role::weights ? "Attention weights"
                                                                             : "Values of " + called(capture),
                                       loaded, look.peaks),
                     .unit = capture.shown.role == Role::weights ? "weight" : "",
                     .axes = names_of(loaded.axes),
                     .step = recorded(capture, loaded, look.peaks, moved)};
    });
    if (weights) show_causal_mask(probe, shown, loaded.axes);
    const Tensor<float> final = softmax ? show_weights_of(probe, shown, loaded.axes, look.stop) : shown;
    if (weights || softmax) show_received(probe, final, loaded.axes);
    show_whole(probe, loaded, capture, look, "weights");
}

void show_values(Probe& probe, const LoadedCapture& loaded, const CapturedFile& capture, const CaptureLook& look) {
    declare(probe, loaded.axes);
    const bool plane = loaded.axes.size() >= 2 && loaded.axes.back().kind == AxisKind::x;
    Observer{probe}("values", loaded.values, [&] {
        return Shown{.role = plane ? Role::map : Role::state,
                     .symbol = "x",
                     .title = "Values of " + called(capture),
                     .axes = names_of(loaded.axes),
                     .step = recorded(capture, loaded, look.peaks)};
    });
}

/// A long map has the same views whatever part of it is shown, so that they stay where they are while one zooms.
CaptureKind kind_of(const CapturedFile& capture, const LoadedCapture& loaded) {
    if (!capture.shown.attends()) return CaptureKind::other;
    Index maps = 1;
    for (const Axis& axis : loaded.axes)
        if (is_stacked(axis.kind)) maps *= axis.extent;
    const bool plane = loaded.reduced() || capture.shown.role == Role::map || std::ranges::any_of(loaded.axes, &Axis::is_long);
    if (plane) return maps > 1 ? CaptureKind::planes : CaptureKind::plane;
    return maps > 1 ? CaptureKind::heads : CaptureKind::one_head;
}

/// "induction.npz · attention [2, 8, 24, 24] F16 · layer, head, query, key (rows sum to 1 ...)".
std::string summary(const CapturedFile& capture, bool example) {
    const CaptureSource& shown = capture.shown;
    std::string shape, kinds;
    for (std::size_t i = 0; i < shown.extents.size(); ++i) {
        shape += fmt::format("{}{}", i > 0 ? " × " : "", shown.extents[i]);
        kinds += (i > 0 ? ", " : "") + to_string(shown.axes[i].kind);
    }
    std::string text = example ? "Example: induction heads, captured. Drop a .npy, .npz or .safetensors file, or type its path"
                       : capture.about->title.empty() ? shown.name.empty() ? "array" : shown.name
                                                      : capture.about->title;
    if (!example) text += fmt::format("  ·  {}  ·  {} {}", kinds, shape, stored_as(capture));
    if (!example && !shown.guess.empty()) text += "  ·  " + shown.guess;
    if (capture.choices.size() > 1)
        text += fmt::format("  ·  {} of {} arrays, Array chooses another", called(capture), capture.choices.size());
    return text;
}

void note_file(Probe& probe, const CapturedFile& capture, const LoadedCapture& loaded) {
    for (const Note& note : loaded.notes) probe.note(note);
    if (loaded.not_finite > 0)
        probe.note({"path",
                    fmt::format("{} of {} values are no finite numbers{}: they are drawn as masked", loaded.not_finite,
                                loaded.values.size(),
                                stored_bytes(capture.shown.parts[0]->number) == 8 ? ", or too large for 32 bits" : ""),
                    "look where they come from"});
    if (std::ranges::any_of(capture.shown.parts, [](const FileArray* part) { return part->packed; }))
        probe.note({"path", "the array is compressed in its .npz, and was expanded into a temporary file",
                    "numpy.savez instead of savez_compressed opens at once"});
    if (capture.shown.role == Role::map && capture.shown.attends() && !capture.shown.said)
        probe.note({"role", "the rows do not sum to 1, so these are no attention weights as they stand",
                    "if they are scores before softmax, say so under Role"});
}

/// The one layer and head that were asked for.
void choose_stacked(const RunContext& context, const CaptureSource& source, CaptureLook& look) {
    for (const auto& [name, title, kind] :
         {std::tuple("layer", "Layer", AxisKind::layer), std::tuple("head", "Head", AxisKind::head)}) {
        const Index one = context.params.integer(name);
        const int axis = source.axis(kind);
        context.probe.reach(name, axis < 0 ? 0 : source.extents[static_cast<std::size_t>(axis)]);
        if (one == 0) continue;
        if (axis < 0) {
            context.probe.note({name, fmt::format("the array has no axis of {}s", name), "all of it is read"});
            continue;
        }
        const Index count = source.extents[static_cast<std::size_t>(axis)];
        if (one > count)
            throw Error(ErrorCode::invalid_input, fmt::format("{} is {}, and there are {}", title, one, count),
                        "0 is all of them, or as many as fit")
                .beyond(name, count);
        look.part[kind] = {one - 1, one};
    }
}

void run_capture(RunContext& context) {
    const Params& params = context.params;
    const std::string path = path_from_text(params.text("path"));
    const bool example = path.empty();
    CaptureLook look;
    look.part = capture_part_from(params.text("part"));
    look.peaks = params.text("blocks") == "maximum";
    look.tokens = tokens_of(params);
    look.stop = context.stop;
    look.reuse = &context.reuse;
    const HearsReading expanding([&](double fraction) { context.progress(fraction, {}); });
    const CapturedFile capture = open_capture(example ? example_path() : path,
                                              {params.text("array"), params.text("axes"), params.text("role"), context.stop});
    Probe& probe = context.probe;
    choose_stacked(context, capture.shown, look);
    std::string tensors;
    for (const std::string& name : capture.choices) tensors += (tensors.empty() ? "" : ", ") + name;
    if (capture.choices.size() > 1) probe.text("arrays", tensors);
    probe.text("output", summary(capture, example));
    for (const Note& note : left_out_of(capture)) probe.note(note);
    if (capture.keys) {
        capture_kinds().keep(params, CaptureKind::heads);
        return show_queries_and_keys(probe, capture, look);
    }
    const LoadedCapture loaded = load_capture(capture, capture.shown, look);
    capture_kinds().keep(params, kind_of(capture, loaded));
    note_file(probe, capture, loaded);
    if (capture.shown.attends())
        show_attention_weights(probe, loaded, capture, look);
    else
        show_values(probe, loaded, capture, look);
}

std::vector<ParamSpec> capture_params() {
    ParamSpec path =
        optional_text_param("path", "File", "Arrays from any framework: .npy, .npz or .safetensors. Drop one on the window.",
                            "an example; drop a .npy, .npz or .safetensors file, or type its path", longest_name);
    path.is_path = true;
    ParamSpec tokens = optional_text_param("tokens", "Tokens",
                                           "Texts of the positions: between blanks, one a line, or a JSON list; {\"query\": "
                                           "[...], \"key\": [...]} where they differ.",
                                           "as the file has them, else numbers", longest_tokens);
    ParamSpec tokens_file =
        optional_text_param("tokens_file", "Tokens from", "A text file with one token a line, or a JSON list.",
                            "path of a text file", longest_name);
    tokens_file.is_path = tokens_file.aside = true;
    ParamSpec array =
        optional_text_param("array", "Array", "Which array of the file; a group of arrays, one a layer, is one tensor.",
                            "the first that fits", longest_name);
    array.offered_by = "arrays";
    array.aside = true;
    ParamSpec axes = optional_text_param(
        "axes", "Axes",
        "What its axes are, the outermost first: layer, head, query, key; batch, step, feature, channel, y, x, class.",
        "as the file says, else guessed", 400);
    axes.aside = true;
    axes.examples = {"layer, head, query, key", "head, query, key", "batch, head, query, key",
                     "head, layer, query, key", "query, key",       "layer, head, query, feature"};
    ParamSpec part = optional_text_param(
        "part", "Part", "What of it is read, as numbers stand on screen: layer 2, head 3-5, query 101-612, batch 1.",
        "all, as far as it fits", 400);
    part.aside = true;
    return {path,
            tokens,
            array,
            axes,
            choice_param("role", "Role",
                         "What the numbers are. Scores: softmax makes weights of them. Guess: rows that sum to 1 are weights.",
                         {{"guess", "guess"}, {"weights", "weights"}, {"scores", "scores"}, {"values", "other"}}),
            integer_param("layer", "Layer", "The one layer that is read. 0: all, or as many as fit.", 0, 0, most_stacked),
            integer_param("head", "Head", "The one head that is read. 0: all, or as many as fit.", 0, 0, most_stacked),
            part,
            choice_param("blocks", "Blocks",
                         "Where positions share a cell: it shows the largest of them, so that no peak is lost, or their mean.",
                         {{"maximum", "maximum"}, {"mean", "mean"}}),
            tokens_file};
}

std::vector<ViewPlacement> capture_views(CaptureKind kind) {
    switch (kind) {
        case CaptureKind::heads:
            return {{"head-grid", "weights", 0, 0.5f, 0.58f},
                    {"heatmap", "weights", 0, 0.5f, 0.58f},
                    {"flow", "weights", 1, 0.6f, 0.42f},
                    {"bars", "received", 1, 0.4f, 0.42f}};
        case CaptureKind::one_head:
            return {{"heatmap", "weights", 0, 0.55f, 1}, {"flow", "weights", 0, 0.45f, 1}, {"bars", "received", 1, 1, 0.35f}};
        case CaptureKind::planes:
            return {{"heatmap", "weights", 0, 0.7f, 1}, {"head-grid", "weights", 0, 0.3f, 1}};
        case CaptureKind::plane:
            return {{"heatmap", "weights", 0, 1, 1}};
        case CaptureKind::other:
            return {{"heatmap", "values", 0, 0.6f, 1}, {"bars", "values", 0, 0.4f, 1}};
    }
    return {};
}

}  // namespace

void read_capture_ahead(const Params& params, const std::stop_token& stop) {
    tokens_of(params);
    const std::string path = path_from_text(params.text("path"));
    if (!path.empty()) open_capture(path, {params.text("array"), params.text("axes"), params.text("role"), stop});
}

Exhibit capture_exhibit() {
    Exhibit exhibit;
    exhibit.id = "capture";
    exhibit.title = "Capture";
    exhibit.group = "Yours";
    exhibit.summary =
        "Attention that was captured anywhere: arrays of any framework, from a file, as every other attention here.";
    exhibit.source = "";
    exhibit.params = capture_params();
    exhibit.views = capture_views(CaptureKind::heads);
    exhibit.place = [](const Params& params) { return capture_views(capture_kinds().of(params)); };
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.part_param = "part";
    exhibit.run = run_capture;
    exhibit.lesson = capture_lesson();
    return exhibit;
}

}  // namespace saccade
