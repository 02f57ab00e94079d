#include "model/language_model_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "attention/scaled_dot_product.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

namespace {

struct Sites {
    StackSites stack{"self", "token"};
    ProbeSite id{"token.id", Role::input, "x", "Tokens (ids)", "", {"token"}};
    ProbeSite logits{"logits", Role::logits, "o", "Logits of the next token", "logit", {"token", "class"}};
    ProbeSite probabilities{"probabilities",   Role::probabilities, "p", "Probabilities of the next token", "",
                            {"token", "class"}};
};

/// Formulas and stacked parameters, made once while the model lives.
std::shared_ptr<const StackDescription> description_of(const ModelPtr& model, const LoadedLanguageModel& loaded) {
    struct Entry {
        std::weak_ptr<const Model> model;
        std::shared_ptr<const StackDescription> description;
    };
    static std::mutex mutex;
    static std::vector<Entry> entries;
    const std::scoped_lock lock(mutex);
    std::erase_if(entries, [](const Entry& e) { return e.model.expired(); });
    for (const Entry& e : entries)
        if (e.model.lock() == model) return e.description;
    auto made = std::make_shared<const StackDescription>(
        model->weights,
        StackDescription::Names{
            .stack = "self", .prefix = language_model_prefix, .tokens = "token", .vocabulary = "vocabulary", .memory = ""},
        loaded.design, loaded.model.stack().position_sizes());
    entries.push_back({model, made});
    return made;
}

/// "1", "2", ...: heads are named as people count.
std::vector<std::string> counted(Index n) {
    std::vector<std::string> labels;
    for (Index i = 1; i <= n; ++i) labels.push_back(std::to_string(i));
    return labels;
}

/// `rows`: tokens that queries run along; all of them, or those at the end that are new.
void declare_axes(Probe& probe, const LoadedLanguageModel& loaded, const std::vector<std::string>& labels, Index rows) {
    const StackDesign& d = loaded.design;
    const auto n = static_cast<Index>(labels.size());
    const std::vector<std::string>& tokens = loaded.text->target_labels();
    probe.axis({"layer", AxisKind::layer, d.layers, counted(d.layers), "l"});
    probe.axis({"head", AxisKind::head, d.heads, counted(d.heads), "h"});
    probe.axis({"unit", AxisKind::feature, d.d_model / d.heads, {}, "u"});
    probe.axis({"feature", AxisKind::feature, d.d_model, {}, "k"});
    if (d.d_ff > 0) probe.axis({"hidden", AxisKind::feature, d.d_ff, {}, "f"});
    probe.axis({"token", AxisKind::query, rows, {labels.end() - rows, labels.end()}, "i"});
    probe.axis({"token.key", AxisKind::key, n, labels, "j"});
    probe.axis({"vocabulary", AxisKind::class_, loaded.model.vocabulary(), tokens, "v"});
    probe.axis({"class", AxisKind::class_, loaded.model.classes(), {tokens.begin(), tokens.end() - 1}, "c"});
}

/// Shows the ids; what an intervention makes of them is what the model reads.
Ids shown_ids(Probe& probe, const ProbeSite& site, const Ids& ids, Index vocabulary) {
    Tensor<float> values(Shape{static_cast<Index>(ids.size())});
    for (std::size_t i = 0; i < ids.size(); ++i) values.data()[i] = static_cast<float>(ids[i]);
    values = probe.whole(site, values);
    Ids read;
    for (const float v : values.values())
        read.push_back(std::clamp<Index>(std::isfinite(v) ? std::lround(v) : 0, 0, vocabulary - 1));
    return read;
}

/// Weights of each layer, [1, h, T, T], in one tensor [layer, head, T, T].
Tensor<float> joined_layers(const std::vector<Var<float>>& weights) {
    std::vector<Var<float>> layers;
    for (const Var<float>& w : weights) layers.push_back(reshape(w, w.shape().without(0)));
    return stack<float>(layers).value();
}

struct Pass {
    Tensor<float> weights;        // [layer, head, T, T_k] of what was read
    Tensor<float> probabilities;  // [T, classes]
};

/// Ids through the stack, behind what `cache` holds.
Pass pass(const LoadedLanguageModel& loaded, const Sites& sites, std::span<const Index> ids, StackCache<float>* cache,
          Probe& probe, const std::stop_token& stop) {
    const StackShowing showing{probe, sites.stack};
    std::vector<Var<float>> weights;
    StackCall<float> call;
    call.showing = &showing;
    call.weights = &weights;
    call.cache = cache;
    call.stop = stop;
    const TransformerStack<float>& stack = loaded.model.stack();
    const Var<float> state = stack(stack.embed(ids, 1, call), call);
    check_stop(stop);
    const Var<float> flat = reshape(state, {state.shape()[1], state.shape()[2]});
    const Var<float> logits = show(&probe, sites.logits, -1, loaded.model.read_out(flat));
    const Var<float> p = show(&probe, sites.probabilities, -1, softmax(logits));
    return {joined_layers(weights), p.value()};
}

/// What a run showed, to be shown again, and to go on from.
struct Kept {
    std::shared_ptr<const LoadedLanguageModel> loaded;
    Ids ids;
    std::vector<std::pair<ProbeSite, Tensor<float>>> shown;

    const Tensor<float>& tensor(const std::string& name) const {
        const auto found = std::ranges::find_if(shown, [&](const auto& s) { return s.first.name == name; });
        if (found == shown.end()) throw Error(ErrorCode::not_found, "the language model showed no tensor '" + name + "'");
        return found->second;
    }
    std::size_t bytes() const {
        Index cells = 0;
        for (const auto& [site, values] : shown) cells += values.size();
        return static_cast<std::size_t>(cells) * sizeof(float);
    }
};

Var<float> first_of(const Tensor<float>& x, int axis, Index count) {
    return slice<float>(x, axis, 0, count);
}

Tensor<float> behind(const Var<float>& first, const Var<float>& then, int axis) {
    const Var<float> both[] = {first, then};
    return concat<float>(both, axis).value();
}

/// Goes on from a run over other ids that begin with the same `length`. The same bits as a run over all of them: each element
/// of a product depends on its own row and column alone, and keys that a mask hides change nothing.
class Continuation {
 public:
    Continuation(const ModelPtr& model, const LoadedLanguageModel& loaded, const Kept& old, Index length, Index total)
        : model_(model), loaded_(loaded), old_(old), length_(length), total_(total) {}

    /// Keys and values of the positions that stay.
    StackCache<float> cache() const {
        StackCache<float> cache;
        cache.length = length_;
        for (Index l = 0; l < loaded_.design.layers; ++l) {
            const auto stays = [&](const char* name) {
                const Var<float> x = first_of(old_.tensor(name).row(l), 1, length_);
                return reshape(x, x.shape().with_inserted(0, 1));
            };
            cache.self.push_back({stays("self.key"), stays("self.value")});
        }
        return cache;
    }

    /// Rows that stay, then those of `fresh`: what was computed for the new positions, [..., new] or [..., new, all keys].
    Tensor<float> whole(const ProbeSite& site, const Tensor<float>& fresh, const Tensor<float>& fresh_keys) const {
        const Tensor<float>& before = old_.tensor(site.name);
        const int rank = before.shape().rank();
        if (site.axes.back() != "token.key") {
            int axis = 0;
            while (!site.axes[static_cast<std::size_t>(axis)].starts_with("token")) ++axis;
            return behind(first_of(before, axis, length_), fresh, axis);
        }
        const Var<float> rows = first_of(first_of(before, rank - 2, length_).value(), rank - 1, length_);
        const Tensor<float> wide = behind(rows, unseen(site, before.shape(), fresh_keys), rank - 1);
        return behind(Var<float>(wide), fresh, rank - 2);
    }

 private:
    /// Old rows against new columns, which lie in their future.
    Tensor<float> unseen(const ProbeSite& site, const Shape& shape, const Tensor<float>& fresh_keys) const {
        const Index more = total_ - length_;
        const int rank = shape.rank();
        const Shape block = shape.with_extent(rank - 2, length_).with_extent(rank - 1, more);
        if (site.name == "self.weights") return Tensor<float>(block);
        if (site.name == "self.mask") return Tensor<float>(block, -std::numeric_limits<float>::infinity());
        std::vector<Var<float>> layers;
        for (Index l = 0; l < loaded_.design.layers; ++l) {
            const Var<float> old_query = first_of(old_.tensor("self.query").row(l), 1, length_);
            const Var<float> query = reshape(old_query, old_query.shape().with_inserted(0, 1));
            const Var<float> term = term_of(l, query);
            const Tensor<float> key = fresh_keys.row(l);
            const Var<float> cells = site.name == "self.term"
                                         ? term
                                         : scaled_scores<float>(query, key.reshape(key.shape().with_inserted(0, 1)), term);
            layers.push_back(reshape(cells, cells.shape().without(0)));
        }
        return stack<float>(layers).value();
    }

    /// What the position code adds there, or nothing.
    Var<float> term_of(Index layer, const Var<float>& query) const {
        const PositionFunction& function = position_code(loaded_.design.position);
        if (!function.scores) return {};
        const PositionSizes& sizes = loaded_.model.stack().position_sizes();
        const auto parameter = [&](const std::string& name) -> Var<float> {
            const std::string own = fmt::format("{}.{}.self.position.{}", language_model_prefix, layer, name);
            const auto found = model_->weights.find(own);
            return found != model_->weights.end()
                       ? found->second
                       : model_->weights.at(fmt::format("{}.position.{}", language_model_prefix, name));
        };
        const auto code = make_position_code<float>(function, sizes, parameter);
        return slice<float>(code->score_term(query, 0, total_), 3, length_, total_ - length_);
    }

    const ModelPtr& model_;
    const LoadedLanguageModel& loaded_;
    const Kept& old_;
    Index length_, total_;
};

Index common_prefix(const Ids& a, const Ids& b) {
    return std::ranges::mismatch(a, b).in1 - a.begin();
}

std::shared_ptr<const Kept> computed(const ModelPtr& model, const std::shared_ptr<const LoadedLanguageModel>& loaded,
                                     const LanguageModelRequest& request, const Ids& ids, const Kept* old,
                                     const std::stop_token& stop) {
    const auto n = static_cast<Index>(ids.size());
    // At least one position is computed, so that there is something to show.
    const Index stays = old == nullptr ? 0 : std::min(common_prefix(old->ids, ids), n - 1);
    Sites sites;
    // Put aside: keys and values have as many rows as are new, not as many as there are keys.
    sites.stack.self.projected_key.axes[2] = sites.stack.self.key.axes[2] = sites.stack.self.value.axes[2] = "token";
    Probe aside({}, {});
    const std::span<const Index> fresh_ids(ids.data() + stays, ids.size() - static_cast<std::size_t>(stays));
    std::optional<Continuation> from;
    StackCache<float> cache;
    if (stays > 0) {
        from.emplace(model, *loaded, *old, stays, n);
        cache = from->cache();
    }
    pass(*loaded, sites, fresh_ids, stays > 0 ? &cache : nullptr, aside, stop);
    declare_axes(aside, *loaded, request.labels, n - stays);
    const Trace trace = aside.finish();
    auto kept = std::make_shared<Kept>();
    kept->loaded = loaded;
    kept->ids = ids;
    for (const TraceTensor& t : trace.tensors()) {
        ProbeSite site{t.info.name, t.info.role, t.info.symbol, t.info.title, t.info.unit, {}};
        for (const AxisPtr& axis : t.info.axes) site.axes.push_back(axis->name);
        const Tensor<float> values = from ? from->whole(site, t.values, trace.tensor("self.key").values) : t.values;
        if (site.name.ends_with("key") || site.name == "self.value") site.axes[2] = "token.key";
        kept->shown.emplace_back(std::move(site), values);
    }
    return kept;
}

}  // namespace

LanguageModelOutput run_language_model(const ModelPtr& model, const LanguageModelRequest& request, Probe& probe, Reuse& reuse,
                                       const std::stop_token& stop) {
    const auto loaded = language_model_of(model);
    const Sites sites;
    const Ids ids = shown_ids(probe, sites.id, request.ids, loaded->model.vocabulary());
    LanguageModelOutput output{ids, {}, {}};
    if (probe.intervening()) {
        Pass whole = pass(*loaded, sites, ids, nullptr, probe, stop);
        output.weights = std::move(whole.weights);
        output.probabilities = std::move(whole.probabilities);
    } else {
        const std::string key = "language_model";
        auto kept = reuse.find<Kept>(key);
        if (kept && kept->loaded != loaded) kept = nullptr;
        if (!kept || kept->ids != ids) {
            kept = computed(model, loaded, request, ids, kept.get(), stop);
            reuse.keep(key, kept, kept->bytes());
        }
        for (const auto& [site, values] : kept->shown) probe.whole(site, values);
        output.weights = kept->tensor("self.weights");
        output.probabilities = kept->tensor("probabilities");
    }
    declare_axes(probe, *loaded, request.labels, static_cast<Index>(ids.size()));
    const auto description = description_of(model, *loaded);
    description->describe(probe, {static_cast<Index>(ids.size()), std::nullopt, "token.id"});
    probe.parameter("softmax.weight", "E", {"class", "feature"},
                    loaded->model.stack().table().value().rows(0, loaded->model.classes()));
    probe.step({"read out", "logits", "o_i = E x_i, E the embedding table",
                "logits[i,c] = sum_m(softmax.weight[c,m] * " + description->output('i', 'm') + ")", "Press and Wolf 2017"});
    probe.step({"normalise", "probabilities", "p(x_(i+1) | x_1 … x_i) = softmax(o_i)",
                "probabilities[i,c] = softmax_c(logits[i,c])", "Vaswani 2017, section 3.4"});
    return output;
}

Tensor<float> token_losses(const Tensor<float>& probabilities, std::span<const Index> ids) {
    const Index n = probabilities.shape()[0], classes = probabilities.shape()[1];
    Tensor<float> losses(Shape{n});
    for (Index i = 1; i < n; ++i) {
        const Index id = ids[static_cast<std::size_t>(i)];
        const double p = id < classes ? static_cast<double>(probabilities.data()[(i - 1) * classes + id]) : 0;
        losses.data()[i] = static_cast<float>(-std::log(std::max(p, smallest_probability)));
    }
    return losses;
}

}  // namespace saccade
