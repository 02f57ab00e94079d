#include "run/trace_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "io/json_text.hpp"
#include "io/npz.hpp"
#include "trace/formula.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr int version = 1;

bool is_saved(const TraceTensor& tensor, const Capture& capture) {
    return tensor.info.role != Role::parameter || (!capture.names.empty() && capture.wants(tensor.info.name));
}

std::string before_name(const TraceTensor& tensor) {
    return tensor.info.name + ".before";
}

json axis_to_json(const Axis& axis) {
    json result = {{"name", axis.name},
                   {"kind", to_string(axis.kind)},
                   {"extent", axis.extent},
                   {"labels", axis.labels},
                   {"symbol", axis.symbol}};
    if (axis.is_cut() || axis.part.each > 1)
        result["part"] = {{"first", axis.part.first}, {"each", axis.part.each}, {"whole", axis.part.whole}};
    return result;
}

json tensor_to_json(const TraceTensor& tensor) {
    const TensorInfo& info = tensor.info;
    json axes = json::array();
    for (const AxisPtr& axis : info.axes) axes.push_back(axis->name);
    const auto dims = tensor.values.shape().dims();
    json result = {{"name", info.name},
                   {"role", to_string(info.role)},
                   {"symbol", info.symbol},
                   {"title", info.title},
                   {"unit", info.unit},
                   {"axes", std::move(axes)},
                   {"shape", std::vector<Index>(dims.begin(), dims.end())}};
    if (!tensor.before.empty()) result["before"] = before_name(tensor);
    return result;
}

/// What is made when it is looked at is made as it is written.
NpzEntry entry_of(const std::string& name, const TraceValues& values) {
    if (values.kept()) return {name, values.whole(), {}};
    return {name, {}, {}, values.shape(), [values](Index i) { return values.row(i); }};
}

using Arrays = std::map<std::string, Tensor<float>>;

Tensor<float> array_of(const Arrays& arrays, const std::string& name) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) throw Error(ErrorCode::bad_format, fmt::format("the array '{}' is missing", name));
    return found->second;
}

std::string text_of(const JsonObject& object, const char* key) {
    std::string text;
    object.needs({key}).text(key, text);
    return text;
}

void read_tensor(Trace& trace, const json& value, const Arrays& arrays) {
    const JsonObject object(value, "a tensor");
    TensorInfo info{text_of(object, "name"),   role_from(text_of(object, "role")),
                    text_of(object, "symbol"), text_of(object, "title"),
                    text_of(object, "unit"),   {}};
    std::vector<std::string> axes;
    object.needs({"axes"}).texts("axes", axes);
    for (const std::string& axis : axes) info.axes.push_back(trace.axis(axis));
    Tensor<float> before = object.find("before") != nullptr ? array_of(arrays, text_of(object, "before")) : Tensor<float>{};
    Tensor<float> values = array_of(arrays, info.name);
    trace.add(std::move(info), std::move(values), std::move(before));
}

void read_step(Trace& trace, const json& value) {
    const JsonObject object(value, "a step");
    Step step{text_of(object, "operation"), text_of(object, "result"), text_of(object, "formula"),
              text_of(object, "rule"),      text_of(object, "source"), true};
    object.toggle("normalised", step.normalised);
    if (!step.rule.empty()) {
        // Parameters are rarely saved; a rule that needs them stays with the model.
        const std::vector<std::string> names = operands(parse_rule(step.rule));
        const auto saved = [&](const std::string& name) { return trace.find(name) != nullptr; };
        if (!std::all_of(names.begin(), names.end(), saved)) step.rule.clear();
    }
    trace.add_step(std::move(step));
}

void read_axis(Trace& trace, const json& value) {
    constexpr Index most = Index{1} << 40;
    const JsonObject object(value, "an axis");
    Axis axis{text_of(object, "name"), axis_kind_from(text_of(object, "kind")), 0, {}, text_of(object, "symbol")};
    object.needs({"extent", "labels"}).whole<Index>("extent", axis.extent, 0, most);
    object.texts("labels", axis.labels);
    if (object.find("part") != nullptr) {
        const JsonObject part = object.object("part");
        part.whole<Index>("first", axis.part.first, 0, most);
        part.whole<Index>("each", axis.part.each, 1, most);
        part.whole<Index>("whole", axis.part.whole, 0, most);
    }
    trace.add_axis(std::move(axis));
}

Trace trace_from(const JsonObject& document, const Arrays& arrays) {
    if (text_of(document, "format") != "saccade-trace") throw Error(ErrorCode::bad_format, "trace.json has an unknown format");
    int written = 0;
    document.needs({"version", "axes", "tensors", "steps", "notes", "texts"}).whole("version", written, 1);
    if (written > version) throw Error(ErrorCode::bad_format, "was saved by a newer Saccade", "update Saccade");
    Trace trace;
    for (const json& axis : document.list("axes")) read_axis(trace, axis);
    for (const json& tensor : document.list("tensors")) read_tensor(trace, tensor, arrays);
    for (const json& step : document.list("steps")) read_step(trace, step);
    for (const json& note : document.list("notes")) {
        const JsonObject object(note, "a note");
        trace.add_note({text_of(object, "param"), text_of(object, "text"), text_of(object, "hint")});
    }
    const JsonObject texts = document.object("texts");
    for (const auto& [name, text] : texts.value().items()) trace.set_text(name, text_of(texts, name.c_str()));
    return trace;
}

}  // namespace

json trace_to_json(const Trace& trace, const RunRequest& request) {
    json document = {{"format", "saccade-trace"}, {"version", version},       {"request", to_json(request)},
                     {"axes", json::array()},     {"tensors", json::array()}, {"steps", json::array()},
                     {"notes", json::array()},    {"texts", trace.texts()}};
    for (const AxisPtr& axis : trace.axes()) document["axes"].push_back(axis_to_json(*axis));
    for (const TraceTensor& tensor : trace.tensors()) {
        if (is_saved(tensor, request.capture)) document["tensors"].push_back(tensor_to_json(tensor));
    }
    for (const Step& step : trace.steps()) {
        document["steps"].push_back({{"operation", step.operation},
                                     {"result", step.result},
                                     {"formula", step.formula},
                                     {"rule", step.rule},
                                     {"source", step.source}});
        if (!step.normalised) document["steps"].back()["normalised"] = false;
    }
    for (const Note& note : trace.notes()) {
        document["notes"].push_back({{"param", note.param}, {"text", note.text}, {"hint", note.hint}});
    }
    return document;
}

void save_trace(const std::string& path, const Trace& trace, const RunRequest& request) {
    std::vector<NpzEntry> entries;
    entries.push_back(
        {"trace.json", {}, trace_to_json(trace, request).dump(1, ' ', false, json::error_handler_t::replace) + "\n"});
    for (const TraceTensor& tensor : trace.tensors()) {
        if (!is_saved(tensor, request.capture)) continue;
        entries.push_back(entry_of(tensor.info.name, tensor.values));
        if (!tensor.before.empty()) entries.push_back(entry_of(before_name(tensor), tensor.before));
    }
    write_npz(path, entries);
}

Trace load_trace(const std::string& path, RunRequest* request) {
    const std::string text = read_npz_text(path, "trace.json");
    const Arrays arrays = read_npz<float>(path);
    try {
        const json document = parse_json(text, "trace.json", "save the run again");
        const JsonObject object(document, "trace.json", "save the run again");
        if (request != nullptr) *request = request_from_json(object.object("request").value());
        return trace_from(object, arrays);
    } catch (const Error& error) {
        throw Error(ErrorCode::bad_format, fmt::format("{}: {}", sanitize_utf8(path), error.message()),
                    error.hint().empty() ? "save the run again" : error.hint());
    }
}

}  // namespace saccade
