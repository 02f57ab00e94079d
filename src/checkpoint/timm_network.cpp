#include "checkpoint/timm_network.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr Index most_timm_classes = Index{1} << 20;
constexpr const char* timm_hint = "use the config.json that was saved with these weights";

/// Of the network while it learns: what is computed now does not depend on them.
constexpr const char* arguments_of_training[] = {"drop_rate",      "drop_path_rate", "drop_block_rate",
                                                 "zero_init_last", "bn_momentum",    "num_classes"};

bool is_given(const JsonObject& config, const char* key) {
    const nlohmann::json* value = config.find(key);
    return value != nullptr && !value->is_null();
}

void read_three(const JsonObject& config, const char* key, std::array<float, 3>& numbers) {
    if (is_given(config, key)) config.numbers(key, numbers);
}

Resampling filter_of(const JsonObject& config, const std::string& where) {
    std::string name = "bilinear";
    config.text("interpolation", name, 32);
    if (name == "random") return Resampling::bilinear;
    for (int filter = 0; filter <= 5; ++filter)
        if (to_string(static_cast<Resampling>(filter)) == name) return static_cast<Resampling>(filter);
    throw Error(ErrorCode::unsupported, fmt::format("{}: the interpolation '{}' is not known", where, name),
                "nearest, bilinear, bicubic, lanczos, box and hamming are");
}

/// [names] or {"0": name}; numbers that are not named stay "#3".
std::vector<std::string> names_listed(const JsonObject& config, const char* key, Index classes, const std::string& where) {
    const nlohmann::json& all = *config.find(key);
    std::vector<std::string> names(static_cast<std::size_t>(classes));
    for (std::size_t c = 0; c < names.size(); ++c) names[c] = fmt::format("#{}", c);
    const auto fail = [&](const std::string& what) {
        return Error(ErrorCode::bad_format, fmt::format("{}: {} {}, and num_classes is {}", where, key, what, classes),
                     timm_hint);
    };
    if (all.is_array()) {
        std::vector<std::string> listed;
        config.texts(key, listed);
        if (listed.size() != names.size()) throw fail(fmt::format("names {} classes", listed.size()));
        return listed;
    }
    const JsonObject object = config.object(key);
    for (const auto& [number, name] : object.value().items()) {
        std::size_t c = names.size();
        const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), c);
        if (problem != std::errc() || end != number.data() + number.size() || c >= names.size() || !name.is_string())
            throw fail("does not name classes by their numbers");
        names[c] = name.get<std::string>();
    }
    return names;
}

}  // namespace

JsonObject object_or_empty(const JsonObject& config, const char* key, const std::string& where) {
    static const nlohmann::json empty = nlohmann::json::object();
    return is_given(config, key) ? config.object(key) : JsonObject(empty, where, timm_hint);
}

JsonObject timm_arguments(const JsonObject& config, const std::string& where, const std::vector<std::string>& known) {
    JsonObject arguments = object_or_empty(config, "model_args", where);
    for (const auto& [name, value] : arguments.value().items()) {
        if (std::ranges::find(known, name) != known.end() ||
            std::ranges::find(arguments_of_training, name) != std::end(arguments_of_training))
            continue;
        std::string all;
        for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: model_args changes the network by '{}', which is not known", where, name),
                    "these are: " + all);
    }
    std::string pool = "avg";
    if (is_given(config, "global_pool")) config.text("global_pool", pool, 32);
    if (pool != "avg")
        throw Error(ErrorCode::unsupported, fmt::format("{}: it pools by '{}'", where, pool),
                    "networks that pool by 'avg' open");
    return arguments;
}

Index timm_classes(const JsonObject& config, const std::string& where) {
    Index classes = 1000;
    object_or_empty(config, "pretrained_cfg", where).whole("num_classes", classes, Index{0}, most_timm_classes);
    config.whole("num_classes", classes, Index{0}, most_timm_classes);
    return classes;
}

std::vector<std::string> timm_class_names(const JsonObject& config, Index classes, const std::string& where) {
    const JsonObject pretrained = object_or_empty(config, "pretrained_cfg", where);
    for (const JsonObject* place : {&config, &pretrained})
        for (const char* key : {"label_names", "labels", "id2label"}) {
            if (classes == 0 || !is_given(*place, key)) continue;
            std::vector<std::string> names = names_listed(*place, key, classes, where);
            // Names may be signs of a vocabulary ("n02123045"), which the descriptions read out.
            const JsonObject said = object_or_empty(*place, "label_descriptions", where);
            for (std::string& name : names)
                if (const nlohmann::json* text = said.find(name.c_str()); text != nullptr && text->is_string())
                    name = text->get<std::string>();
            return names;
        }
    return {};
}

VisionReading timm_reading(const JsonObject& config, const std::string& where) {
    const JsonObject pretrained = object_or_empty(config, "pretrained_cfg", where);
    const bool nested = is_given(config, "pretrained_cfg");  // older files have it all in one
    const JsonObject& from = nested ? pretrained : config;
    std::vector<std::int64_t> size = {3, 224, 224};
    if (is_given(from, "input_size")) from.wholes("input_size", size, 1, 8192);
    if (size.size() != 3) from.refuse("input_size", *from.find("input_size"), "channels, height and width");
    if (size[0] != 3)
        throw Error(ErrorCode::unsupported, fmt::format("{}: it reads pictures of {} channels", where, size[0]),
                    "models of coloured pictures open");
    VisionReading reading{.height = size[1], .width = size[2], .channels = 3, .said_in = "config.json"};
    Preprocessing& how = reading.how;
    how.mean = {0.485f, 0.456f, 0.406f};
    how.deviation = {0.229f, 0.224f, 0.225f};
    read_three(from, "mean", how.mean);
    read_three(from, "std", how.deviation);
    for (const float deviation : how.deviation)
        if (!(deviation > 0)) from.refuse("std", *from.find("std"), "numbers above 0");
    how.resampling = filter_of(from, where);
    double part = 0.875;
    if (is_given(from, "crop_pct")) from.number("crop_pct", part, 0.05, 1);
    std::string mode = "center";
    if (is_given(from, "crop_mode")) from.text("crop_mode", mode, 32);
    const auto scaled = [&](Index side) { return static_cast<Index>(std::floor(static_cast<double>(side) / part)); };
    if (mode == "squash") {
        how.height = scaled(reading.height);
        how.width = scaled(reading.width);
    } else if (mode == "center") {
        if (reading.height != reading.width)
            throw Error(ErrorCode::unsupported,
                        fmt::format("{}: it reads pictures of {} x {} px", where, reading.width, reading.height),
                        "models of square pictures open");
        how.shortest = scaled(reading.height);
    } else {
        throw Error(ErrorCode::unsupported, fmt::format("{}: its crop_mode is '{}'", where, mode),
                    "center and squash are known");
    }
    how.crops = true;
    how.middle_to_even = true;
    how.crop_height = reading.height;
    how.crop_width = reading.width;
    return reading;
}

Index rounded_channels(double channels, double least_share) {
    constexpr Index divisor = 8;
    Index rounded = std::max(divisor, static_cast<Index>(channels + divisor / 2.0) / divisor * divisor);
    if (static_cast<double>(rounded) < least_share * channels) rounded += divisor;
    return rounded;
}

void add_mobile_row(GatedNetworkDesign& design, const MobileRow& row, bool continues, double width, GateUnits gate_units) {
    Index stage = 1, block = 1, in = design.stem.out;
    if (!design.blocks.empty()) {
        const GatedBlockDesign& last = design.blocks.back();
        stage = continues ? last.stage : last.stage + 1;
        block = continues ? last.block + 1 : 1;
        in = last.convs.back().out;
    }
    const Index out = rounded_channels(static_cast<double>(row.out) * width);
    for (Index i = 0; i < row.repeats; ++i, ++block) {
        const Index stride = i == 0 ? row.stride : 1;
        GatedBlockDesign d{.stage = stage, .block = block, .shortcut = stride == 1 && in == out, .projection = {}};
        const bool widens = row.expansion > 0;
        const Index inner = widens ? rounded_channels(static_cast<double>(in) * row.expansion) : in;
        if (widens) d.convs.push_back({.in = in, .out = inner, .activation = row.activation});
        d.convs.push_back({inner, inner, row.kernel, stride, true, row.activation});
        d.gate_after = d.convs.size();
        d.convs.push_back({.in = inner, .out = out});
        if (row.gated) d.hidden = gate_units(inner, widens ? row.expansion : 1);
        design.blocks.push_back(std::move(d));
        in = out;
    }
}

void take_normed(Taking& taking, const std::string& ours, const NormedConvDesign& d, const std::string& conv,
                 const std::string& norm) {
    taking.take(ours + ".weight", conv + ".weight", {d.out, d.depthwise ? 1 : d.in, d.kernel, d.kernel});
    for (const auto& [own, theirs] : {std::pair("gain", "weight"), std::pair("bias", "bias"), std::pair("mean", "running_mean"),
                                      std::pair("variance", "running_var")})
        taking.take(fmt::format("{}.norm.{}", ours, own), fmt::format("{}.{}", norm, theirs), {d.out});
}

void take_gated_block(Taking& taking, const GatedBlockDesign& d, const BlockNames& names) {
    for (std::size_t i = 0; i < d.convs.size(); ++i)
        take_normed(taking, fmt::format("{}.conv{}", d.name(), i + 1), d.convs[i], names.convs[i], names.norms[i]);
    if (d.hidden == 0) return;
    const auto layer = [&](const char* own, const std::string& theirs, Index out, Index in) {
        const std::string ours = fmt::format("{}.attention.{}", d.name(), own);
        taking.give(ours + ".weight", taking.tensor(theirs + ".weight", {out, in, 1, 1}).reshape({out, in}));
        taking.take(ours + ".bias", theirs + ".bias", {out});
    };
    layer("reduce", names.reduce, d.hidden, d.gated());
    layer("expand", names.expand, d.gated(), d.hidden);
}

void take_mobile_blocks(Taking& taking, const GatedNetworkDesign& design) {
    take_normed(taking, "stem", design.stem, "conv_stem", "bn1");
    for (const GatedBlockDesign& d : design.blocks) {
        const std::string own = fmt::format("blocks.{}.{}.", d.stage - 1, d.block - 1);
        BlockNames names{.convs = {"conv_pw", "conv_dw", "conv_pwl"},
                         .norms = {"bn1", "bn2", "bn3"},
                         .reduce = own + "se.conv_reduce",
                         .expand = own + "se.conv_expand"};
        if (d.convs.size() == 2) names.convs = {"conv_dw", "conv_pw"};
        if (d.convs.size() == 1) names.convs = {"conv"};
        for (std::string& name : names.convs) name.insert(0, own);
        for (std::string& name : names.norms) name.insert(0, own);
        take_gated_block(taking, d, names);
    }
}

}  // namespace saccade
