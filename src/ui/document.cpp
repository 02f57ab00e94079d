#include "ui/document.hpp"

#include <algorithm>

#include "image/samples.hpp"

namespace saccade {

void forget_results(Document& document) {
    for (Side& side : document.sides) {
        side.shown = {};
        side.untouched = nullptr;
        side.untouched_of = {};
        side.claims.clear();
        side.lesson.clear();
        side.frames_to_check = 0;
        side.cancelled = false;
    }
    document.difference = nullptr;
    document.difference_of = {};
    document.hand.changes = {};
    document.stage.explanation.reset();
}

namespace {

std::size_t bytes_of(const TracePtr& trace) {
    std::size_t bytes = 0;
    if (trace)
        for (const TraceTensor& tensor : trace->tensors()) bytes += tensor.values.bytes();
    return bytes;
}

std::size_t result_bytes(const Document& document) {
    std::size_t bytes = bytes_of(document.difference);
    for (const Side& side : document.sides)
        bytes += bytes_of(side.shown.trace) + (side.untouched != side.shown.trace ? bytes_of(side.untouched) : 0);
    return bytes;
}

}  // namespace

void forget_oldest(std::map<std::string, Document>& aside, std::size_t most_bytes) {
    std::vector<Document*> latest_first;
    for (auto& [id, document] : aside) latest_first.push_back(&document);
    std::sort(latest_first.begin(), latest_first.end(), [](const Document* a, const Document* b) { return a->left > b->left; });
    std::size_t bytes = 0;
    for (Document* document : latest_first) {
        bytes += result_bytes(*document);
        if (bytes > most_bytes) forget_results(*document);
    }
}

bool is_input(const ParamSpec& spec) {
    return (spec.type == ParamType::text && !spec.aside) || spec.type == ParamType::image || spec.type == ParamType::matrix;
}

Params inputs_of(const Exhibit& e, const Params& params) {
    Params inputs;
    for (const ParamSpec& spec : e.params)
        if (is_input(spec) && params.has(spec.name)) inputs.set(spec.name, params.values().at(spec.name));
    return inputs;
}

const ParamSpec* image_param_of(const Exhibit& e) {
    const auto found =
        std::find_if(e.params.begin(), e.params.end(), [](const ParamSpec& spec) { return spec.type == ParamType::image; });
    return found == e.params.end() ? nullptr : &*found;
}

std::vector<std::string> picture_samples(const ParamSpec& spec) {
    if (!spec.examples.empty() || spec.optional_text) return spec.examples;
    std::vector<std::string> values;
    for (const SceneSample& sample : scene_samples()) values.push_back("sample:" + sample.name);
    return values;
}

const std::string* picture_value(const Document& document, std::size_t side) {
    const ParamSpec* spec = image_param_of(document.exhibit());
    const RunRequest& request = document.sides[side].request;
    return spec != nullptr && request.params.has(spec->name) ? &request.params.text(spec->name) : nullptr;
}

}  // namespace saccade
