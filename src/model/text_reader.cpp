#include "model/text_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "attention/grid_sampler.hpp"
#include "autograd/ops.hpp"
#include "base/utf8.hpp"
#include "model/card_json.hpp"

namespace saccade {

namespace {

// Pools: 32 x 100 to 1 x 3. Every layer is normed: units of a hidden layer without norms all fall silent early, and the points
// stay.
const std::vector<ConvLayerShape>& localisation_layers() {
    static const std::vector<ConvLayerShape> all = {{16, 3, true}, {32, 3, true}, {48, 3, true}, {64, 3, true}, {96, 3, true}};
    return all;
}
constexpr Index localisation_height = 1, localisation_width = 3;

// 32 x 100 to 16 x 50 to 9 x 26: the second pool has a border, and so makes 26 steps of 25 pairs.
constexpr Index fewest_convolutions = 4, most_convolutions = 12;
std::vector<ConvLayerShape> encoder_layers(const ReaderDesign& design) {
    std::vector<ConvLayerShape> all = {{24, 3, true}, {48, 3, true, 1}, {80, 3}, {80, 3}};
    all.resize(static_cast<std::size_t>(design.encoder_layers), {80, 3});
    return all;
}
constexpr Index encoder_height = 9, step_features = 160;

Seq2SeqSizes sizes_of() {
    return {.source_vocabulary = 0,
            .target_vocabulary = reader_start + 1,
            .embedding = 48,
            .encoder = 128,
            .decoder = 192,
            .attention = 96,
            .readout = 128,
            .input = step_features};
}

Index channels_of(const std::vector<ConvLayerShape>& layers) {
    return layers.back().channels;
}

template <class T>
Var<T> centred(const Var<T>& picture) {
    return add_scalar(scale(picture, T(2)), T(-1));
}

}  // namespace

nlohmann::json to_json(const ReaderDesign& d) {
    nlohmann::json json = to_json(d.decoder);
    json["rectifier"] = d.rectifier;
    json["encoder_layers"] = d.encoder_layers;
    return json;
}

ReaderDesign reader_design_from_json(const nlohmann::json& card, const std::string& where) {
    ReaderDesign d;
    d.decoder = design_from_json(card, where);
    const JsonObject found = card_object(card, where).object("design");
    found.toggle("rectifier", d.rectifier);
    d.encoder_layers = fewest_convolutions;  // of cards that do not tell
    found.whole("encoder_layers", d.encoder_layers, fewest_convolutions, most_convolutions);
    return d;
}

const std::vector<std::string>& reader_tokens() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> tokens;
        for (char c = '!'; c <= '~'; ++c) tokens.emplace_back(1, c);
        tokens.emplace_back("[s]");
        tokens.emplace_back("[GO]");
        return tokens;
    }();
    return all;
}

Ids reader_ids(const std::string& word, std::vector<std::string>* left_out) {
    Ids ids;
    for (const std::string& c : code_points(word)) {
        if (c.size() == 1 && c[0] >= '!' && c[0] <= '~')
            ids.push_back(c[0] - '!');
        else if (left_out != nullptr)
            left_out->push_back(c);
    }
    return ids;
}

std::string reader_text(std::span<const Index> ids) {
    std::string text;
    for (const Index id : ids) {
        if (id == reader_end) break;
        text += reader_tokens().at(static_cast<std::size_t>(id));
    }
    return text;
}

template <class T>
TextReader<T>::TextReader(const Weights<T>& w, ReaderDesign design)
    : design_(std::move(design)), encoder_(w, "encoder.", 1, encoder_layers(design_)), decoder_(w, design_.decoder) {
    const Index flat = encoder_height * channels_of(encoder_layers(design_));
    features_ = {w.get("encoder.features.weight", {step_features, flat}), w.get("encoder.features.bias", {step_features})};
    if (!design_.rectifier) return;
    localisation_ = ConvLayers<T>(w, "rectifier.", 1, localisation_layers());
    const Index seen = localisation_height * localisation_width * channels_of(localisation_layers());
    points_ = {w.get("rectifier.points.weight", {2 * reader_points, seen}),
               w.get("rectifier.points.bias", {2 * reader_points})};
    spline_ = spline_weights(rectified_points(reader_points), pixel_centres(design_.height, design_.width)).template cast<T>();
}

template <class T>
Var<T> TextReader<T>::checked(const Var<T>& pictures) const {
    const Shape& s = pictures.shape();
    if (s.rank() != 3 || s[1] != design_.height || s[2] != design_.width)
        throw Error(ErrorCode::invalid_input, fmt::format("reader: pictures of shape {} cannot be read", s.str()),
                    fmt::format("[pictures, {}, {}] is expected", design_.height, design_.width));
    return reshape(pictures, {s[0], s[1], s[2], 1});
}

template <class T>
Var<T> TextReader<T>::control_points(const Var<T>& pictures, std::vector<BatchStatistics<T>>* seen) const {
    const Var<T> found = localisation_(centred(checked(pictures)), seen);
    const Index batch = found.shape()[0];
    return reshape(points_(reshape(found, {batch, found.shape().size() / batch})), {batch, reader_points, 2});
}

template <class T>
Var<T> TextReader<T>::grid_of(const Var<T>& points, const Observer& observe) const {
    return observe("grid", spline_grid(spline_, points, design_.height, design_.width), [&] {
        return Shown{
            .symbol = "p",
            .title = "Where each pixel is read",
            .unit = "share of the picture",
            .axes = {"y", "x", "coordinate"},
            .step = {"bend", "p = Σ_k M_k(p') c_k", "@grid[y,x,p] = sum_k(@spline[y,x,k] * @control_points[k,p])",
                     "Shi 2018, eq. 1 to 5"},
            .parameters = {
                {"@spline", "M", {"y", "x", "point"}, spline_.reshape({design_.height, design_.width, reader_points})}}};
    });
}

/// Centred: zeros around the picture look like neither paper nor ink.
template <class T>
Var<T> TextReader<T>::rectified(const Var<T>& pictures, const Var<T>& grid, const Observer& observe) const {
    return centred(observe("rectified.picture", grid_sample(pictures, grid), [&] {
        // As the sampler has it, beyond the centres of the outermost pixels the picture goes on as it ends.
        const auto away = [](const char* place, Index extent, char pixel) {
            return fmt::format("abs(max(0, min({0}, {1} * {2} - 0.5)) - {3})", extent - 1, place, extent, pixel);
        };
        const std::string down = away("@grid[y,x,1]", design_.height, 'n'), over = away("@grid[y,x,0]", design_.width, 'm');
        return Shown{.symbol = "I'",
                     .title = "Rectified picture",
                     .unit = "brightness",
                     .axes = {"y", "x", "color"},
                     .step = {"sample", "I'_p' = Σ_n,m I_nm max(0, 1 − |p_x − m|) max(0, 1 − |p_y − n|)",
                              fmt::format("@rectified.picture[y,x,k] = sum_n(where({0} < 1, (1 - {0}) * sum_m(relu(1 - {1}) * "
                                          "@image[n,m,k]), 0))",
                                          down, over),
                              "Jaderberg 2015, eq. 5"}};
    }));
}

template <class T>
Var<T> TextReader<T>::features(const Var<T>& picture, std::vector<BatchStatistics<T>>* seen,
                               const std::stop_token& stop) const {
    const Var<T> maps = encoder_(picture, seen, stop);  // [B, 9, 26, C]
    const Shape& s = maps.shape();
    const Var<T> columns = reshape(transpose(transpose(maps, 1, 2), 0, 1), {s[2] * s[0], s[1] * s[3]});  // time-major
    return relu(features_(columns));
}

template <class T>
typename TextReader<T>::Read TextReader<T>::encoded(Read read, const Observer& observe, const std::stop_token& stop) const {
    const Index batch = read.rectified.shape()[0];
    const Var<T> x = observe("encoder.embedding", features(read.rectified, nullptr, stop), [] {
        return Shown{.role = Role::embedding,
                     .symbol = "x",
                     .title = "Features of each step",
                     .axes = {"source", "input"},
                     .step = {"encode", "x = CNN(I')", "", "Shi 2018, section 3.2.1"}};
    });
    PaddedSources steps;
    steps.size = batch;
    steps.length = x.shape()[0] / batch;
    steps.lengths.assign(static_cast<std::size_t>(batch), steps.length);
    read.encoded = decoder_.encode_read(x, steps, observe, stop);
    return read;
}

template <class T>
typename TextReader<T>::Read TextReader<T>::read(const Var<T>& pictures, const Observer& observe, std::stop_token stop) const {
    if (design_.rectifier) return read_at(pictures, control_points(pictures), observe, std::move(stop));
    Read read;
    read.rectified = centred(checked(pictures));
    return encoded(std::move(read), observe, stop);
}

template <class T>
typename TextReader<T>::Read TextReader<T>::read_at(const Var<T>& pictures, const Var<T>& points, const Observer& observe,
                                                    std::stop_token stop) const {
    Read read;
    read.points = observe("control_points", points, [] {
        return Shown{.symbol = "c",
                     .title = "Control points",
                     .axes = {"point", "coordinate"},
                     .step = {"locate", "c = localisation network of I", "", "Shi 2018, section 3.1.1"}};
    });
    read.grid = grid_of(read.points, observe);
    read.rectified = rectified(checked(pictures), read.grid, observe);
    return encoded(std::move(read), observe, stop);
}

template <class T>
std::vector<BatchStatistics<T>> TextReader<T>::statistics(const Tensor<T>& pictures) const {
    std::vector<BatchStatistics<T>> seen;
    const Var<T> picture = checked(Var<T>(pictures));
    const bool bends = design_.rectifier;
    features(bends ? rectified(picture, grid_of(control_points(Var<T>(pictures), &seen), {}), {}) : centred(picture), &seen,
             {});
    return seen;
}

namespace {

/// A further layer begins by giving on what it gets: its kernels take the pixel itself, and its norm undoes what norms do to
/// a standard normal value that relu cut, whose mean is 1 / sqrt(2 pi) and whose variance 1/2 - 1 / (2 pi).
void pass_on(WeightMap& w, Index layer) {
    Tensor<float>& kernel = w[fmt::format("encoder.conv{}.weight", layer)];
    const Index channels = kernel.shape()[0], places = kernel.shape()[2] * kernel.shape()[3];
    std::ranges::fill(kernel.values(), 0.0f);
    for (Index c = 0; c < channels; ++c) kernel.data()[(c * channels + c) * places + places / 2] = 1;
    const double mean = 1 / std::sqrt(2 * std::numbers::pi), spread = std::sqrt(0.5 - mean * mean);
    std::ranges::fill(w[fmt::format("encoder.norm{}.gain", layer)].values(), static_cast<float>(spread));
    std::ranges::fill(w[fmt::format("encoder.norm{}.bias", layer)].values(), static_cast<float>(mean));
}

}  // namespace

WeightMap initial_reader_weights(const ReaderDesign& design, Rng& rng) {
    Rng own = rng.fork("decoder");
    WeightMap w = initial_seq2seq_weights(sizes_of(), design.decoder, own);
    add_conv_layer_weights(w, "encoder.", 1, encoder_layers(design), rng.fork("encoder"));
    for (Index n = fewest_convolutions + 1; n <= design.encoder_layers; ++n) pass_on(w, n);
    const auto linear = [&](const std::string& name, Index out, Index in, double spread) {
        Rng draw = rng.fork(name);
        Tensor<float> weight(Shape{out, in});
        for (float& v : weight.values()) v = static_cast<float>(spread * draw.normal() / std::sqrt(static_cast<double>(in)));
        w[name + ".weight"] = std::move(weight);
        w[name + ".bias"] = Tensor<float>(Shape{out});
    };
    linear("encoder.features", step_features, encoder_height * channels_of(encoder_layers(design)), std::sqrt(2.0));
    if (!design.rectifier) return w;
    add_conv_layer_weights(w, "rectifier.", 1, localisation_layers(), rng.fork("rectifier"));
    // The points begin where they leave the picture as it is (Shi 2018, section 4.1).
    linear("rectifier.points", 2 * reader_points, localisation_height * localisation_width * channels_of(localisation_layers()),
           0);
    const std::vector<PlaceInPicture> still = rectified_points(reader_points);
    Tensor<float>& bias = w["rectifier.points.bias"];
    for (std::size_t k = 0; k < still.size(); ++k) {
        bias.data()[2 * k] = static_cast<float>(still[k].x);
        bias.data()[2 * k + 1] = static_cast<float>(still[k].y);
    }
    return w;
}

std::vector<PlaceInPicture> reader_step_places() {
    std::vector<PlaceInPicture> places;
    for (Index j = 0; j < reader_steps; ++j)
        places.push_back({static_cast<double>(j) / static_cast<double>(reader_steps - 1), 0.5});
    return places;
}

std::vector<std::string> reader_norms(const ReaderDesign& design) {
    std::vector<std::string> names;
    if (design.rectifier) names = norm_names("rectifier.", localisation_layers().size());
    for (std::string& name : norm_names("encoder.", encoder_layers(design).size())) names.push_back(std::move(name));
    return names;
}

template class TextReader<float>;
template class TextReader<double>;

}  // namespace saccade
