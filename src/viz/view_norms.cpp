#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/parallel.hpp"
#include "viz/layout.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// Tensors of one stream: what goes into the first layer, and what each layer makes of it.
struct Stream {
    const TraceTensor* state = nullptr;      // [layer, token, feature]
    std::vector<const TraceTensor*> before;  // [token, feature], in the order of computation
    bool residual = false;                   // it goes through all layers
    Index layers() const { return state->values.shape()[0]; }
    Index tokens() const { return state->values.shape()[1]; }
};

std::string stem_of(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? std::string() : name.substr(0, dot + 1);
}

/// The name that a rule begins with at `at`: letters, digits, points and underscores, then an index.
std::string name_at(const std::string& rule, std::size_t at) {
    std::size_t end = at;
    while (end < rule.size() &&
           (std::isalnum(static_cast<unsigned char>(rule[end])) != 0 || rule[end] == '.' || rule[end] == '_'))
        ++end;
    return end < rule.size() && rule[end] == '[' ? rule.substr(at, end - at) : std::string();
}

/// What the first layer reads where later ones read this tensor one layer back: "(state[l-1,i,k] else input[i,k])" in the rule
/// of some step. Null if no step reads it so: then it is a step within a layer, not what goes through all of them.
const TraceTensor* input_of_stream(const Trace& trace, const TraceTensor& tensor) {
    const std::string read = "(" + tensor.info.name + "[l-1,", otherwise = "] else ";
    for (const Step& step : trace.steps()) {
        const std::size_t at = step.rule.find(read);
        const std::size_t end = at == std::string::npos ? at : step.rule.find(otherwise, at);
        if (end == std::string::npos) continue;
        if (const TraceTensor* input = trace.find(name_at(step.rule, end + otherwise.size()))) return input;
    }
    return nullptr;
}

/// The residual stream itself, not one of the steps within a layer.
bool is_stream(const Trace& trace, const TraceTensor& tensor) {
    return input_of_stream(trace, tensor) != nullptr;
}

/// The first tensor that a tensor of the same axes is computed from, by its rule: tokens before their positions were added.
const TraceTensor* begins_with(const Trace& trace, const TraceTensor& tensor) {
    const Step* step = trace.step_of(tensor.info.name);
    const std::size_t from = step == nullptr ? std::string::npos : step->rule.find(" = ");
    if (from == std::string::npos) return nullptr;
    const TraceTensor* first = trace.find(name_at(step->rule, from + 3));
    return first != nullptr && first != &tensor && first->info.axes == tensor.info.axes ? first : nullptr;
}

Stream stream_of(const Trace& trace, const TraceTensor& state) {
    Stream stream;
    stream.state = &state;
    const TraceTensor* input = input_of_stream(trace, state);
    stream.residual = input != nullptr;
    if (input == nullptr || input->info.axes != std::vector<AxisPtr>{state.info.axes[1], state.info.axes[2]}) return stream;
    if (const TraceTensor* first = begins_with(trace, *input)) stream.before.push_back(first);
    stream.before.push_back(input);
    return stream;
}

/// L2 norm of each row of [rows, features]; NaN where a row is not finite.
void norms_into(const float* from, Index rows, Index features, float* to) {
    for (Index r = 0; r < rows; ++r) {
        double sum = 0;
        for (Index k = 0; k < features; ++k)
            sum += static_cast<double>(from[r * features + k]) * static_cast<double>(from[r * features + k]);
        to[r] = static_cast<float>(std::sqrt(sum));
    }
}

Tensor<float> norms_of(const Stream& stream) {
    const Index features = stream.state->values.shape()[2], n = stream.tokens(),
                first = static_cast<Index>(stream.before.size());
    Tensor<float> norms = Tensor<float>::uninitialized(Shape{first + stream.layers(), n});
    for (Index r = 0; r < first; ++r)
        norms_into(stream.before[static_cast<std::size_t>(r)]->values.data(), n, features, norms.data() + r * n);
    parallel_for(stream.layers(), [&](Index l) {
        norms_into(stream.state->values.data() + l * n * features, n, features, norms.data() + (first + l) * n);
    });
    return norms;
}

/// The norms as a tensor of their own, which a heatmap can draw.
Trace norms_trace(const Stream& stream, Reuse* memo) {
    const Axis& layer = *stream.state->info.axes[0];
    Axis rows{layer.name, AxisKind::layer, 0, {}, layer.symbol};
    for (const TraceTensor* tensor : stream.before)
        rows.labels.push_back(tensor->info.name.substr(stem_of(tensor->info.name).size()));
    for (Index l = 0; l < layer.extent; ++l)
        rows.labels.push_back(layer.labels.empty() ? "layer " + std::to_string(l + 1) : layer.label(l));
    rows.extent = static_cast<Index>(rows.labels.size());
    Trace trace;
    // Tokens across, layers down, whichever kind of position the tokens are.
    Axis across = *stream.state->info.axes[1];
    across.kind = AxisKind::key;
    const AxisPtr row = trace.add_axis(rows), col = trace.add_axis(across);
    const std::string& symbol = stream.state->info.symbol;
    trace.add({"norms",
               Role::state,
               symbol.empty() ? "" : "‖" + symbol + "‖",
               stream.residual ? "Length of the residual stream" : "Length of " + stream.state->info.name,
               "",
               {row, col}},
              *remembered<Tensor<float>>(memo, stream.state->values, "norms", [&] { return norms_of(stream); }));
    return trace;
}

/// Regions of the derived matrix made regions of the tensors that it came from.
std::vector<HitRegion> regions_of(const std::vector<HitRegion>& drawn, const Stream& stream) {
    std::vector<HitRegion> regions;
    const auto first = static_cast<Index>(stream.before.size());
    for (const HitRegion& region : drawn) {
        if (region.row_axis < 0) {  // the names of the tokens
            HitRegion tokens = region;
            tokens.ref = {stream.state->info.name, {-1, -1, -1}};
            tokens.col_axis = 1;
            regions.push_back(std::move(tokens));
            continue;
        }
        const double h = region.box.h / static_cast<double>(region.rows);
        for (Index r = 0; r < region.rows; ++r) {
            HitRegion row = region;
            row.editable = false;
            row.box.y += static_cast<double>(r) * h;
            row.box.h = h;
            row.rows = 1;
            row.row_axis = -1;
            const bool layer = r >= first;
            row.ref = layer ? CellRef{stream.state->info.name, {r - first, -1, -1}}
                            : CellRef{stream.before[static_cast<std::size_t>(r)]->info.name, {-1, -1}};
            row.col_axis = region.col_axis < 0 ? -1 : layer ? 1 : 0;
            regions.push_back(std::move(row));
        }
    }
    return regions;
}

class NormsView : public View {
 public:
    std::string id() const override { return "norms"; }
    std::string title() const override { return "Norms"; }
    std::string explains() const override {
        return "How long each token's vector is after each layer: what layers add stays in the stream.";
    }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        const auto& axes = tensor.info.axes;
        return tensor.info.role == Role::state && axes.size() == 3 && axes[0]->kind == AxisKind::layer &&
               (axes[1]->kind == AxisKind::query || axes[1]->kind == AxisKind::key) && axes[2]->kind == AxisKind::feature &&
               !tensor.values.empty();
    }

    Figure layout(const Trace& trace, const ViewState& given, const TextMeasure& measure) const override {
        const TraceTensor& tensor = chosen(trace, given);
        const Stream stream = stream_of(trace, tensor);
        const Trace norms = norms_trace(stream, given.memo);
        ViewState state = given;
        state.tensor = "norms";
        for (Focus* focus : {&state.selected, &state.hovered})
            if (const auto mark = focus->marks.find(tensor.info.axes[0]->name); mark != focus->marks.end())
                mark->second += static_cast<Index>(stream.before.size());
        Figure figure = heatmap_view().layout(norms, state, measure);
        const std::string subtitle = "L2 norm of " + tensor.info.name + " by layer and " + tensor.info.axes[1]->name;
        for (FigureItem& item : figure.items)
            if (auto* text = std::get_if<TextItem>(&item); text != nullptr && text->text == figure.subtitle)
                text->text = cut_to_fit(subtitle, figure.width - text->at.x - std::min(16.0, figure.width * 0.05), text->size,
                                        text->font, measure);
        figure.subtitle = subtitle;
        figure.regions = regions_of(figure.regions, stream);
        return figure;
    }

    /// The residual stream first, where nothing else is asked for.
    const TraceTensor& chosen(const Trace& trace, const ViewState& state) const {
        if (state.tensor.empty())
            for (const TraceTensor& tensor : trace.tensors())
                if (is_stream(trace, tensor) && accepts(trace, tensor)) return tensor;
        return tensor_for(*this, trace, state);
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const Trace norms = norms_trace(stream_of(trace, chosen(trace, state)), state.memo);
        const TraceTensor& tensor = norms.tensor("norms");
        return {{"norms", tensor.info.axes, tensor.values}};
    }
};

}  // namespace

const View& norms_view() {
    static const NormsView view;
    return view;
}

}  // namespace saccade
