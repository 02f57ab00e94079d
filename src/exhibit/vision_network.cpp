#include "exhibit/vision_network.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/number_text.hpp"
#include "base/path_text.hpp"
#include "exhibit/vision_picture.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

std::string folder_of(const Params& params) {
    return path_from_text(params.text("path"));
}

/// What a click on a class asks for: numbers from 1.
void show_class_numbers(const Ids& likeliest, const Observer& observe) {
    Tensor<float> classes(Shape{static_cast<Index>(likeliest.size())});
    std::ranges::transform(likeliest, classes.data(), [](Index c) { return static_cast<float>(c + 1); });
    observe("top.number", classes, [] {
        return Shown{Role::input, "c",     "Classes, counted from 1",
                     "",          {"top"}, {"count", "c + 1", "top.number[q] = top.class[q] + 1"}};
    });
}

Index watched_of_network(RunContext& context, const NetworkCheckpoint& checkpoint, const ClassesRead& read) {
    const auto classes = static_cast<Index>(checkpoint.classes.size()),
               asked = static_cast<Index>(context.params.integer("class"));
    context.probe.reach("class", classes);
    if (asked > classes)
        context.probe.note({"class", fmt::format("the model knows {} classes", classes), "the last one is watched"});
    return asked == 0 ? read.likeliest.front() : std::min(asked, classes) - 1;
}

std::string network_said(const NetworkCheckpoint& checkpoint, const ClassesRead& read, Index watched, std::size_t gate) {
    const GatedNetworkDesign& design = checkpoint.network->design();
    const std::vector<std::size_t> gates = design.gates();
    const GatedBlockDesign& block = design.blocks[gates[gate]];
    const std::string model = fmt::format("{}: block {}, gate {} of {}, {} channels", checkpoint.family->title,
                                          block.short_name(), gate + 1, gates.size(), block.gated());
    if (read.likeliest.empty()) return model;
    const auto name = [&](Index c) {
        const std::string& names = checkpoint.classes[static_cast<std::size_t>(c)];
        return fmt::format("{} {}", names.substr(0, names.find(", ")), share_text(read.all.data()[c]));
    };
    std::string text = name(read.likeliest.front());
    if (watched != read.likeliest.front()) text += ";  watched: " + name(watched);
    return text + ";  " + model;
}

void say_what_to_know_of(RunContext& context, const NetworkCheckpoint& checkpoint) {
    Probe& probe = context.probe;
    if (!checkpoint.unused.empty()) probe.note({"path", checkpoint.unused, "the numbers are of a model without them"});
    if (!checkpoint.named)
        probe.note({"path", "its config.json names no classes (label_names)", "they are told apart by their numbers, from #0"});
    const std::size_t gates = checkpoint.network->design().gates().size();
    if (context.params.integer("block") > static_cast<std::int64_t>(gates))
        probe.note({"block", fmt::format("the network has {} gates", gates), "the last one is shown"});
}

/// Whether a path names a network, as it was less than a second ago: windows ask with every frame, and a folder may lie on a
/// slow disk. Nothing if it cannot be said.
std::optional<bool> names_network_lately(const Params& params) {
    using Clock = std::chrono::steady_clock;
    struct Answer {
        std::string path;
        std::optional<bool> network;
        Clock::time_point when;
    };
    static std::mutex mutex;
    static std::optional<Answer> last;
    const std::string& path = params.text("path");
    if (path.empty()) return false;
    const std::lock_guard lock(mutex);
    if (last && last->path == path && Clock::now() - last->when < std::chrono::seconds(1)) return last->network;
    last = Answer{path, std::nullopt, {}};
    try {
        last->network = names_network(params);
    } catch (const std::exception&) {
        // Whoever runs it says what is wrong with the folder.
    }
    last->when = Clock::now();
    return last->network;
}

}  // namespace

bool names_network(const Params& params) {
    return !params.text("path").empty() && network_design_of(folder_of(params)) != nullptr;
}

std::string unread_by_vision_model(const std::string& param, const Params& params) {
    const bool of_networks = param == "block";
    if (!of_networks && param != "query" && param != "resolution" && param != "gradients") return {};
    if (const std::optional<bool> network = names_network_lately(params); !network || *network == of_networks) return {};
    return of_networks ? "read of networks that gate their channels" : "read of vision transformers";
}

std::size_t chosen_gate(const Params& params, std::size_t gates) {
    const auto asked = static_cast<std::size_t>(params.integer("block"));
    return (asked == 0 ? gates : std::min(asked, gates)) - 1;
}

void run_vision_network(RunContext& context) {
    const NetworkCheckpointPtr checkpoint = network_checkpoint_of(folder_of(context.params), context.stop);
    say_what_to_know_of(context, *checkpoint);
    const std::size_t gates = checkpoint->network->design().gates().size();
    context.probe.reach("block", static_cast<Index>(gates));
    NetworkRequest request{.plain = read_vision_picture(context, checkpoint->reading),
                           .gate = chosen_gate(context.params, gates)};
    const ClassesRead read = run_network_checkpoint(checkpoint, request, context.probe, context.stop);
    if (read.likeliest.empty()) {
        context.probe.note({"path", "the folder holds no classifier, so no class is read out", "its gates are shown"});
        context.probe.text("output", network_said(*checkpoint, read, -1, request.gate));
        return;
    }
    show_class_numbers(read.likeliest, Observer(context.probe));
    context.probe.text("output", network_said(*checkpoint, read, watched_of_network(context, *checkpoint, read), request.gate));
}

std::vector<ViewPlacement> network_views(const Params& params) {
    const auto design = network_design_of(folder_of(params));
    const std::vector<std::size_t> gates = design->gates();
    const std::string block = design->blocks[gates[chosen_gate(params, gates.size())]].name() + ".";
    std::vector<ViewPlacement> views = {
        {"overlay", block + "refined", 0, 0.28f, 0.46f},     {"map-gallery", block + "features", 0, 0.36f, 0.46f},
        {"map-gallery", block + "refined", 0, 0.36f, 0.46f}, {"channel-bars", block + "gate", 1, 1, 0.28f},
        {"bars", block + "pooled", 2, 0.4f, 0.26f},          {"bars", block + "bottleneck", 2, 0.25f, 0.26f}};
    if (design->classes > 0) views.push_back({"bars", "top.probabilities", 2, 0.35f, 0.26f});
    return views;
}

}  // namespace saccade
