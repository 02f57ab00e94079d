#include "model/glimpse_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/rng.hpp"
#include "base/stop.hpp"
#include "model/per_model.hpp"

namespace saccade {

namespace {

const std::string glimpse_names = "glimpse.";

class GlimpseRun {
 public:
    GlimpseRun(const GlimpseModel<float>& model, const GlimpseRequest& request, Probe& probe, std::stop_token stop)
        : model_(model), request_(request), probe_(probe), observe_(probe, glimpse_names), stop_(std::move(stop)) {}

    GlimpseOutput run() {
        declare_axes();
        show_given();
        Tensor<float> beliefs({request_.glimpses, model_.classes()});
        Var<float> state = model_.blank(1);
        for (Index t = 0; t < request_.glimpses; ++t) {
            check_stop(stop_);
            const Observer observe = observe_.row(t);
            const Tensor<float> place = show_fixation(observe, t);
            const Tensor<float> seen = show_retina(observe, place);
            state = model_.read(state, Var<float>(seen), Var<float>(place), observe);
            const Tensor<float> belief = show_belief(observe, model_.logits(state, observe));
            std::ranges::copy(belief.values(), beliefs.data() + t * model_.classes());
            aimed_ = model_.aim(state, observe).value();
            model_.baseline(state, observe);
        }
        return {beliefs, show_fan()};
    }

 private:
    const GlimpseDesign& design() const { return model_.design(); }
    const Retina& retina() const { return design().retina; }
    Index height() const { return picture_.shape()[0]; }
    Index width() const { return picture_.shape()[1]; }

    void declare_axes() const {
        std::vector<std::string> numbers, sides;
        for (Index t = 0; t < request_.glimpses; ++t) numbers.push_back(std::to_string(t + 1));
        for (Index s = 0; s < retina().scales; ++s) sides.push_back(fmt::format("{} px", retina().patch_side(s)));
        probe_.axis({"glimpse", AxisKind::step, request_.glimpses, numbers, "t"});
        probe_.axis({"place", AxisKind::feature, 2, {"x", "y"}, "p"});
        probe_.axis({"scale", AxisKind::channel, retina().scales, sides, "s"});
        probe_.axis({"cell.y", AxisKind::y, retina().cells, {}, "y"});
        probe_.axis({"cell.x", AxisKind::x, retina().cells, {}, "x"});
        probe_.axis({"cell.part", AxisKind::feature, retina().cell_side(retina().scales - 1), {}, "u"});
        probe_.axis({"sensed", AxisKind::feature, design().sensed, {}, "k"});
        probe_.axis({"unit", AxisKind::feature, design().units, {}, "u"});
        probe_.axis({"unit.before", AxisKind::feature, design().units, {}, "v"});
        probe_.axis({"class", AxisKind::class_, model_.classes(), request_.classes, "c"});
        probe_.axis({"one", AxisKind::feature, 1, {}, ""});
        probe_.axis({"picture.y", AxisKind::y, request_.picture.shape()[0], {}, "y"});
        probe_.axis({"picture.x", AxisKind::x, request_.picture.shape()[1], {}, "x"});
        probe_.axis({"color", AxisKind::channel, 1, {"grey"}, "k"});
        if (request_.fan > 0) probe_.axis({"path", AxisKind::batch, request_.fan, {}, "n"});
    }

    void show_given() {
        const Shape& shape = request_.picture.shape();
        picture_ = observe_("picture", request_.picture.reshape({shape[0], shape[1], 1}), [] {
                       return Shown{.role = Role::input,
                                    .symbol = "x",
                                    .title = "What is looked at",
                                    .axes = {"picture.y", "picture.x", "color"}};
                   }).reshape(shape);
        Tensor<float> noise({request_.glimpses, 2});
        Rng rng = Rng(request_.seed).fork("glimpses");
        for (float& v : noise.values()) v = request_.sampled ? static_cast<float>(rng.normal()) : 0;
        noise_ = observe_("noise", noise, [&] {
            return Shown{.role = Role::input,
                         .symbol = "ε",
                         .title = request_.sampled ? "What was drawn" : "Nothing is drawn",
                         .axes = {"glimpse", "place"}};
        });
        deviation_ = observe_("deviation", Tensor<float>::from({1}, {static_cast<float>(design().deviation)}), [] {
            return Shown{
                .role = Role::input, .symbol = "σ", .title = "Deviation of the policy", .unit = "half sides", .axes = {"one"}};
        });
        Tensor<float> reach({retina().scales});
        for (Index s = 0; s < retina().scales; ++s) reach.data()[s] = static_cast<float>(retina().patch_side(s));
        observe_("reach", reach, [] {
            return Shown{.role = Role::input, .symbol = "w", .title = "Side of each patch", .unit = "px", .axes = {"scale"}};
        });
    }

    /// Where this glimpse falls [1, 2].
    Tensor<float> show_fixation(const Observer& observe, Index t) {
        Tensor<float> place = Tensor<float>::from({1, 2}, {request_.first_x, request_.first_y});
        if (t > 0)
            for (Index p = 0; p < 2; ++p)
                place.data()[p] =
                    std::clamp(aimed_.data()[p] + deviation_.data()[0] * noise_.row(t - 1).data()[p], -1.0f, 1.0f);
        const Tensor<float> first = Tensor<float>::from({2}, {request_.first_x, request_.first_y});
        const Tensor<float> shown = observe("fixation", place, [&] {
            return Shown{.role = Role::state,
                         .symbol = "l",
                         .title = "Where it looks",
                         .unit = "half sides",
                         .axes = {"glimpse", "place"},
                         .step = {"look", request_.sampled ? "l_t = μ_{t-1} + σ ε_{t-1}" : "l_t = μ_{t-1}",
                                  "@fixation[t,p] = (max(-1, min(1, @policy[t-1,p] + @deviation[0] * @noise[t-1,p])) else "
                                  "@first[p])",
                                  "Mnih 2014, section 3.1"},
                         .parameters = {{"@first", "l_0", {"place"}, first}}};
        });
        if (t == 0) first_ = shown.clone();
        return shown.reshape({1, 2});
    }

    /// What the sensor sees there [1, values].
    Tensor<float> show_retina(const Observer& observe, const Tensor<float>& place) const {
        const Index sides[] = {width(), height()};
        Ids centre;
        for (Index p = 0; p < 2; ++p) centre.push_back(edge_at(place.data()[p], sides[p]));
        const Tensor<float> lengths = Tensor<float>::from({2}, {static_cast<float>(width()), static_cast<float>(height())});
        centre = observe.ids("pixel", centre, std::max(width(), height()) + 1, [&] {
            return Shown{.role = Role::input,
                         .symbol = "c",
                         .title = "The pixel edges in the middle of the glimpse",
                         .unit = "px",
                         .axes = {"glimpse", "place"},
                         .step = {"round", "c = round((l + 1) / 2 · side)",
                                  "@pixel[t,p] = floor((max(-1, min(1, @fixation[t,p])) + 1) / 2 * @side[p] + 0.5)"},
                         .parameters = {{"@side", "", {"place"}, lengths}}};
        });
        Tensor<float> seen = Tensor<float>::uninitialized({1, retina().scales, retina().cells, retina().cells});
        look_at(retina(), picture_.data(), height(), width(), centre[0], centre[1], seen.data());
        seen = observe("retina", seen, [&] { return described_retina(); });
        return seen.reshape({1, retina().values()});
    }

    Shown described_retina() const {
        const Index parts = retina().cell_side(retina().scales - 1);
        Tensor<float> pool({retina().scales, parts}), cell({retina().scales});
        for (Index s = 0; s < retina().scales; ++s) {
            const Index side = retina().cell_side(s);
            cell.data()[s] = static_cast<float>(side);
            std::fill_n(pool.data() + s * parts, side, 1.0f / static_cast<float>(side));
        }
        const auto corner = [&](const char* letter, int place, const char* part) {
            return fmt::format("@pixel[t,{}] + ({} - {}) * @cell[s] + {}", place, letter, retina().cells / 2, part);
        };
        return {.role = Role::state,
                .symbol = "ρ",
                .title = "What each glimpse shows",
                .unit = "brightness",
                .axes = {"glimpse", "scale", "cell.y", "cell.x"},
                .step = {"sense", "ρ: patches about l, each twice as wide, all of as many cells",
                         fmt::format("@retina[t,s,y,x] = sum_u(sum_v(@pool[s,u] * @pool[s,v] * (@picture[{},{},0] else 0)))",
                                     corner("y", 1, "u"), corner("x", 0, "v")),
                         "Mnih 2014, section 3.1"},
                .parameters = {{"@pool", "", {"scale", "cell.part"}, pool}, {"@cell", "", {"scale"}, cell}}};
    }

    Tensor<float> show_belief(const Observer& observe, const Var<float>& logits) const {
        return observe("belief", softmax<float>(logits.value()),
                       [] {
                           return Shown{.role = Role::probabilities,
                                        .symbol = "P",
                                        .title = "Belief after each glimpse",
                                        .unit = "probability",
                                        .axes = {"glimpse", "class"},
                                        .step = {"softmax", "P = softmax(o)", "@belief[t,c] = softmax_c(@logits[t,c])"}};
                       })
            .value();
    }

    /// Beliefs of the fan after its last glimpses; empty without one.
    Tensor<float> show_fan() const {
        const Index n = request_.fan, glimpses = request_.glimpses, classes = model_.classes();
        if (n <= 0) return {};
        Tensor<float> pictures = Tensor<float>::uninitialized({n, height(), width()}),
                      first = Tensor<float>::uninitialized({n, 2});
        for (Index i = 0; i < n; ++i) {
            std::ranges::copy(picture_.values(), pictures.data() + i * picture_.size());
            std::ranges::copy(first_.values(), first.data() + 2 * i);
        }
        check_stop(stop_);
        Rng rng = Rng(request_.seed).fork("fan");
        const GlimpsePaths paths =
            follow_paths(model_, pictures, first, glimpses, static_cast<double>(deviation_.data()[0]), false, rng);
        Tensor<float> places = Tensor<float>::uninitialized({n, glimpses, 2});
        for (Index t = 0; t < glimpses; ++t)
            for (Index i = 0; i < n; ++i)
                std::copy_n(paths.places.data() + (t * n + i) * 2, 2, places.data() + (i * glimpses + t) * 2);
        observe_("fan", places, [&] {
            return Shown{.role = Role::state,
                         .symbol = "l",
                         .title = fmt::format("{} sampled paths", n),
                         .unit = "half sides",
                         .axes = {"path", "glimpse", "place"}};
        });
        const Tensor<float> beliefs = observe_("fan.beliefs", softmax<float>(paths.logits.row(glimpses - 1)).value(), [] {
            return Shown{.role = Role::probabilities,
                         .symbol = "P",
                         .title = "Belief at the end of each sampled path",
                         .unit = "probability",
                         .axes = {"path", "class"}};
        });
        Tensor<float> mean({classes});
        for (Index i = 0; i < n; ++i)
            for (Index c = 0; c < classes; ++c) mean.data()[c] += beliefs.row(i).data()[c] / static_cast<float>(n);
        observe_("fan.belief", mean, [] {
            return Shown{
                .role = Role::probabilities,
                .symbol = "P",
                .title = "Belief, averaged over the sampled paths",
                .unit = "probability",
                .axes = {"class"},
                .step = {"average", "P = 1/M Σ_m P_m", "@fan.belief[c] = mean_n(@fan.beliefs[n,c])", "Mnih 2014, section 3.2"}};
        });
        return beliefs;
    }

    const GlimpseModel<float>& model_;
    const GlimpseRequest& request_;
    Probe& probe_;
    Observer observe_;
    std::stop_token stop_;
    Tensor<float> picture_, noise_, deviation_, first_, aimed_;
};

}  // namespace

std::shared_ptr<const GlimpseModel<float>> glimpse_model_of(const ModelPtr& model) {
    static PerModel<GlimpseModel<float>> kept(8);
    return kept.get(model, [&] {
        const std::string where = model->path.empty() ? model->id : model->path;
        return std::make_shared<const GlimpseModel<float>>(Weights<float>(model->weights),
                                                           glimpse_design_from_json(model->card.json(), where));
    });
}

GlimpseOutput run_glimpses(const GlimpseModel<float>& model, const GlimpseRequest& request, Probe& probe,
                           std::stop_token stop) {
    return GlimpseRun(model, request, probe, std::move(stop)).run();
}

}  // namespace saccade
