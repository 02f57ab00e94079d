#include "model/text_reader_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "model/decode.hpp"
#include "model/per_model.hpp"
#include "model/seq2seq_run.hpp"

namespace saccade {

namespace {

constexpr Index map_cells = reader_map_height * reader_map_width;

class ReaderRun {
 public:
    ReaderRun(const TextReader<float>& model, const ReadRequest& request, Probe& probe, std::stop_token stop)
        : model_(model), request_(request), probe_(probe), observe_(probe), stop_(std::move(stop)) {}

    ReadOutput run() {
        const Index height = model_.design().height, width = model_.design().width;
        const Tensor<float> picture = observe_("image", request_.picture.reshape({height, width, 1}), [] {
            return Shown{.role = Role::input,
                         .symbol = "I",
                         .title = "Picture",
                         .unit = "brightness",
                         .axes = {"image.y", "image.x", "color"}};
        });
        const auto read = model_.read(Var<float>(picture.reshape({1, height, width})), observe_, stop_);
        const bool bends = !read.points.value().empty();
        if (bends) show_rectified_points();
        show_places(bends ? read.points.value() : Tensor<float>());
        spread_ = show_spread(bends ? read.grid.value() : Tensor<float>());
        decode_from(read.encoded);
        declare_axes();
        show_map();
        return std::move(output_);
    }

 private:
    void declare_axes() const {
        std::vector<std::string> steps;
        for (Index j = 1; j <= reader_steps; ++j) steps.push_back(std::to_string(j));
        declare_seq2seq_axes(probe_, model_.decoder(), steps, reader_tokens(), output_.ids);
        const Index height = model_.design().height, width = model_.design().width;
        probe_.axis({"image.y", AxisKind::y, height, {}, "n"});
        probe_.axis({"image.x", AxisKind::x, width, {}, "m"});
        probe_.axis({"color", AxisKind::channel, 1, {"grey"}, "k"});
        probe_.axis({"coordinate", AxisKind::feature, 2, {"x", "y"}, "p"});
        probe_.axis({"map.y", AxisKind::y, reader_map_height, {}, "y"});
        probe_.axis({"map.x", AxisKind::x, reader_map_width, {}, "x"});
        if (!model_.design().rectifier) return;
        probe_.axis({"point", AxisKind::feature, reader_points, {}, "k"});
        probe_.axis({"y", AxisKind::y, height, {}, "y"});
        probe_.axis({"x", AxisKind::x, width, {}, "x"});
    }

    void show_rectified_points() const {
        const std::vector<PlaceInPicture> still = rectified_points(reader_points);
        Tensor<float> points({reader_points, 2});
        for (std::size_t k = 0; k < still.size(); ++k) {
            points.data()[2 * k] = static_cast<float>(still[k].x);
            points.data()[2 * k + 1] = static_cast<float>(still[k].y);
        }
        const Tensor<float> shown = observe_("rectified.points", points, [] {
            return Shown{.role = Role::input,
                         .symbol = "c'",
                         .title = "Rectified picture",
                         .unit = "share of the picture",
                         .axes = {"point", "coordinate"}};
        });
        if (shown.data() != points.data())
            observe_.note({"", "'rectified.points' stand still: changing them changes nothing else", "move 'control_points'"});
    }

    /// Where the middle of each step lies in the picture.
    void show_places(const Tensor<float>& points) {
        const std::vector<PlaceInPicture> middles = reader_step_places();
        Tensor<float> places({reader_steps, 2});
        for (std::size_t j = 0; j < middles.size(); ++j) {
            places.data()[2 * j] = static_cast<float>(middles[j].x);
            places.data()[2 * j + 1] = static_cast<float>(middles[j].y);
        }
        Shown shown{.role = Role::state,
                    .symbol = "p",
                    .title = "Where each step lies",
                    .unit = "share of the picture",
                    .axes = {"source", "coordinate"}};
        if (!points.empty()) {
            const Tensor<float> weights = spline_weights(rectified_points(reader_points), middles).cast<float>();
            for (Index j = 0; j < reader_steps; ++j)
                for (Index p = 0; p < 2; ++p) {
                    double sum = 0;
                    for (Index k = 0; k < reader_points; ++k)
                        sum += static_cast<double>(weights.data()[j * reader_points + k]) *
                               static_cast<double>(points.data()[2 * k + p]);
                    places.data()[2 * j + p] = static_cast<float>(sum);
                }
            shown.step = {"bend", "p_j = Σ_k M_k(middle of step j) c_k",
                          "@step.place[j,p] = sum_k(@spline.middle[j,k] * @control_points[k,p])", "Shi 2018, eq. 1 to 5"};
            shown.parameters = {{"@spline.middle", "M", {"source", "point"}, weights}};
        }
        const Tensor<float> seen = observe_("step.place", places, [&] { return shown; });
        if (seen.data() != places.data())
            observe_.note({"", "'step.place' says where the steps lie: changing it changes nothing that is read",
                           points.empty() ? "change the picture" : "move 'control_points'"});
        for (Index j = 0; j < reader_steps; ++j)
            output_.places.push_back({static_cast<double>(seen.data()[2 * j]), static_cast<double>(seen.data()[2 * j + 1])});
    }

    /// Which cells of the picture each step was read from. A pixel of the rectified picture belongs to the steps at both sides
    /// of it, by its distance, and gives itself to the four cells around the place where it was read.
    Tensor<float> show_spread(const Tensor<float>& grid) const {
        const Index height = model_.design().height, width = model_.design().width;
        const std::vector<PlaceInPicture> centres = pixel_centres(height, width);
        Tensor<float> spread({reader_steps, reader_map_height, reader_map_width});
        std::vector<double> total(static_cast<std::size_t>(reader_steps), 0.0);
        for (Index i = 0; i < height * width; ++i) {
            const PlaceInPicture& centre = centres[static_cast<std::size_t>(i)];
            const double step = centre.x * static_cast<double>(reader_steps - 1);
            const Index first = std::min(static_cast<Index>(step), reader_steps - 2);
            const double x = grid.empty() ? centre.x : static_cast<double>(grid.data()[2 * i]),
                         y = grid.empty() ? centre.y : static_cast<double>(grid.data()[2 * i + 1]);
            for (const Index j : {first, first + 1}) {
                const double share = 1 - std::abs(step - static_cast<double>(j));
                total[static_cast<std::size_t>(j)] += share;
                give(spread.data() + j * map_cells, x, y, share);
            }
        }
        for (Index j = 0; j < reader_steps; ++j)
            for (Index c = 0; c < map_cells; ++c)
                spread.data()[j * map_cells + c] /= static_cast<float>(total[static_cast<std::size_t>(j)]);
        return observe_("spread", spread, [] {
            return Shown{.role = Role::state,
                         .symbol = "S",
                         .title = "Where in the picture each step was read",
                         .unit = "share of its pixels",
                         .axes = {"source", "map.y", "map.x"},
                         .step = {"take back", "S_j = the share of step j's pixels p' whose place p lies in the cell", "", ""}};
        });
    }

    /// To the four cells around a place, by their distance. What was read beyond the picture lies in no cell.
    static void give(float* cells, double x, double y, double share) {
        if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return;
        const auto between = [](double at, Index extent) {
            const double cell = std::clamp(at * static_cast<double>(extent) - 0.5, 0.0, static_cast<double>(extent - 1));
            const Index low = std::min(static_cast<Index>(cell), extent - 2);
            return std::pair(low, cell - static_cast<double>(low));
        };
        const auto [col, over] = between(x, reader_map_width);
        const auto [row, down] = between(y, reader_map_height);
        float* const at = cells + row * reader_map_width + col;
        at[0] += static_cast<float>(share * (1 - over) * (1 - down));
        at[1] += static_cast<float>(share * over * (1 - down));
        at[reader_map_width] += static_cast<float>(share * (1 - over) * down);
        at[reader_map_width + 1] += static_cast<float>(share * over * down);
    }

    void decode_from(const Seq2Seq<float>::Encoded& encoded) {
        const Seq2Seq<float>& decoder = model_.decoder();
        auto state = decoder.initial_state(encoded);
        Index i = 0;
        const OneOutput one{.start = decoder.start_id(),
                            .end = decoder.end_id(),
                            .readable = decoder.sizes().target_vocabulary,
                            .writable = decoder.sizes().target_vocabulary - 1,
                            .search = [&] { return beam_search(decoder, encoded, request_.beam, nullptr, stop_); },
                            .step =
                                [&](Index previous, const Observer& here) {
                                    const Index ids[] = {previous};
                                    const auto step = decoder.step(encoded, decoder.project_previous(ids, i, observe_), state,
                                                                   i, nullptr, observe_);
                                    ++i;
                                    state = step.state;
                                    weights_.push_back(step.weights.value());
                                    logits_.push_back(decoder.logits(decoder.readout_input(step), here).value());
                                    return Var<float>(logits_.back());
                                }};
        static const DecodeText text{.input = "Previous character (ids)",
                                     .first = "[GO]",
                                     .first_rule = std::to_string(reader_start),
                                     .input_source = "Shi 2018, section 3.2.2",
                                     .given = "I",
                                     .probabilities = "Character probabilities",
                                     .probabilities_source = "Shi 2018, section 3.2.2",
                                     .output = "Characters (ids)",
                                     .forced = "reading"};
        Decoded decoded = decode(one, {request_.forced, request_.beam, request_.hypothesis}, text, observe_, stop_);
        output_.ids = std::move(decoded.ids);
        output_.hypotheses = std::move(decoded.hypotheses);
        for (std::size_t t = 0; t < output_.ids.size(); ++t) {
            const auto row = weights_[t].values();
            output_.looks.push_back(std::ranges::max_element(row) - row.begin());
            output_.log_probability += static_cast<double>(log_softmax(Var<float>(logits_[t])).value().data()[output_.ids[t]]);
        }
    }

    void show_map() const {
        const auto n = static_cast<Index>(output_.ids.size());
        Tensor<float> map({n, reader_map_height, reader_map_width});
        for (Index t = 0; t < n; ++t) {
            const float* const weights = weights_[static_cast<std::size_t>(t)].data();
            for (Index j = 0; j < reader_steps; ++j)
                for (Index c = 0; c < map_cells; ++c)
                    map.data()[t * map_cells + c] += weights[j] * spread_.data()[j * map_cells + c];
        }
        const Tensor<float> shown = observe_("map", map, [] {
            return Shown{.role = Role::map,
                         .symbol = "α",
                         .title = "Where each character was read",
                         .unit = "weight",
                         .axes = {"output", "map.y", "map.x"},
                         .step = {"take back", "α_i over the picture: Σ_j α_ij S_j",
                                  "@map[i,y,x] = sum_j(@weights[i,j] * @spread[j,y,x])", ""}};
        });
        if (shown.data() != map.data())
            observe_.note({"", "'map' is the weights as a picture: changing it changes no character", "change 'weights'"});
    }

    const TextReader<float>& model_;
    const ReadRequest& request_;
    Probe& probe_;
    Observer observe_;
    std::stop_token stop_;
    ReadOutput output_;
    Tensor<float> spread_;
    std::vector<Tensor<float>> weights_, logits_;
};

}  // namespace

std::shared_ptr<const TextReader<float>> text_reader_of(const ModelPtr& model) {
    static PerModel<TextReader<float>> kept(8);
    return kept.get(model, [&] {
        const std::string where = model->path.empty() ? model->id : model->path;
        return std::make_shared<const TextReader<float>>(Weights<float>(model->weights),
                                                         reader_design_from_json(model->card.json(), where));
    });
}

ReadOutput run_reader(const TextReader<float>& model, const ReadRequest& request, Probe& probe, std::stop_token stop) {
    return ReaderRun(model, request, probe, std::move(stop)).run();
}

Ids read_greedily(const TextReader<float>& model, const Tensor<float>& picture, Index max_steps, std::stop_token stop) {
    const Shape& s = picture.shape();
    const auto read = model.read(Var<float>(picture.reshape({1, s[0], s[1]})), {}, stop);
    return model.decoder().greedy(read.encoded, max_steps, nullptr, std::move(stop)).ids;
}

}  // namespace saccade
