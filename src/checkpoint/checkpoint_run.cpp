#include "checkpoint/checkpoint_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "base/error.hpp"
#include "base/stop.hpp"
#include "io/available_memory.hpp"
#include "model/stack_continuation.hpp"
#include "nn/rules.hpp"
#include "tensor/finite.hpp"
#include "tensor/largest.hpp"

namespace saccade {

namespace {

constexpr Index next_shown = 10, lens_ranks = 5;
// Of what is there at once of pairs of tokens: of all layers, where all is kept; of one, where it is made again.
constexpr double most_bytes_of_all = 1.0e9, most_bytes_of_layer = 3.0e9;

StackCall<float> shown_to(Probe& probe) {
    StackCall<float> call;
    call.observe = Observer(probe, "self.");
    call.names = {.tokens = "token", .ids = "token.id", .types = "token.type", .vocabulary = "vocabulary"};
    return call;
}

/// Scores, weights and what they pass through, of every head of a layer; its mask.
double pairs_of(const StackDesign& design) {
    return 4.0 * (4 * static_cast<double>(design.heads) + 2) * (design.cross ? 2 : 1);
}

/// Bytes of all that all heads make of a text.
double bytes_of_pairs(const Checkpoint& checkpoint, std::size_t tokens) {
    const StackDesign& design = checkpoint.stack.design();
    const auto n = static_cast<double>(tokens);
    return pairs_of(design) * static_cast<double>(design.layers) * n * n;
}

/// Of a long text, what layers give out is kept, and their queries, keys and values. A layer's scores and weights are made of
/// these when somebody looks at them, and all else by the layer, from what it read.
ShownAgain layers_again(const CheckpointPtr& checkpoint) {
    enum Group { kept_always = -1, scores, weights, others };
    const auto group = [](const ProbeSite& site) -> int {
        constexpr std::string_view prefix = "self.";
        if (!site.name.starts_with(prefix) || site.axes.empty() || site.axes.front() != "layer") return kept_always;
        const std::string_view part = std::string_view(site.name).substr(prefix.size());
        for (const char* one : {"state", "query", "key", "value"})
            if (part == one) return kept_always;
        if (part == "term" || part == "scores") return scores;
        if (part == "mask" || part == "weights" || part == "context") return weights;
        return others;
    };
    const auto show = [checkpoint](int of, Index layer, const auto& kept, Probe& probe) {
        const StackCall<float> call = shown_to(probe);
        const auto batch = [](const Tensor<float>& x) { return Var<float>(x.reshape(x.shape().with_inserted(0, 1))); };
        const auto part = [&](const char* name) { return batch(kept(std::string("self.") + name).row(layer)); };
        if (of != others)
            checkpoint->stack.attention_again(layer, part("query"), {part("key"), part("value")}, call);
        else
            checkpoint->stack.layer_again(
                layer, batch(layer == 0 ? kept("self.input").whole() : kept("self.state").row(layer - 1)), call);
    };
    return {group, show};
}

/// Ids through the stack, after what `cache` holds; `all_states`: those of all layers are wanted.
StackStates pass(const Checkpoint& checkpoint, std::span<const Index> ids, std::span<const Index> types,
                 StackCache<float>* cache, Probe& probe, const std::stop_token& stop, bool all_states) {
    std::vector<Var<float>> states;
    StackCall<float> call = shown_to(probe);
    call.types = types;
    call.cache = cache;
    call.stop = stop;
    if (all_states) call.states = &states;
    const Var<float> last = checkpoint.stack(checkpoint.stack.embed(ids, 1, call), call);
    check_stop(stop);
    for (Var<float>& state : states) state = reshape(state, state.shape().without(0));
    return {all_states ? stack<float>(states).value() : Tensor<float>(), reshape(last, last.shape().without(0)).value()};
}

/// What a run showed of the stack, and what it was of.
struct Kept {
    CheckpointPtr checkpoint;
    Ids ids, types;
    bool less;  // kept less: what is shown is made again
    ShownRun shown;
};

std::shared_ptr<const Kept> computed(const CheckpointPtr& checkpoint, const Ids& ids, const Ids& types, bool less,
                                     const Kept* old, const std::stop_token& stop) {
    const auto n = static_cast<Index>(ids.size());
    Index stays = 0;
    const bool continues = old != nullptr && (less || !old->less);
    if (continues && checkpoint->stack.design().causal && checkpoint->stack.design().window == 0)
        stays = std::min<Index>(std::ranges::mismatch(old->ids, ids).in1 - old->ids.begin(), n - 1);
    Probe aside({}, {});
    const ShownAgain again = layers_again(checkpoint);
    if (less) aside.keep_less(again);
    if (stays == 0) {
        pass(*checkpoint, ids, types, nullptr, aside, stop, false);
        return std::make_shared<const Kept>(Kept{checkpoint, ids, types, less, aside.take()});
    }
    const StackContinuation from(checkpoint->stack, "self.", "token", old->shown, stays, n);
    StackCache<float> cache;
    from.fill(cache);
    pass(*checkpoint, std::span<const Index>(ids.begin() + stays, ids.end()), {}, &cache, aside, stop, false);
    return std::make_shared<const Kept>(Kept{checkpoint, ids, types, less, from.whole(aside.take(), less ? &again : nullptr)});
}

void declare_axes(Probe& probe, const Checkpoint& checkpoint, const Ids& ids, bool types) {
    const auto n = static_cast<Index>(ids.size());
    std::vector<std::string> labels;
    for (const Index id : ids) labels.push_back(checkpoint.labels[static_cast<std::size_t>(id)]);
    checkpoint.stack.declare_axes(probe);
    checkpoint.stack.declare_position_axes(probe, "self.");
    probe.axis({"token", AxisKind::query, n, labels, "i"});
    probe.axis({"token.key", AxisKind::key, n, labels, "j"});
    probe.axis({"vocabulary", AxisKind::class_, checkpoint.vocabulary(), checkpoint.labels, "v"});
    if (types) probe.axis({"type", AxisKind::class_, checkpoint.stack.types(), {}, "t"});
}

/// What is read out at one position.
class ReadingOut {
 public:
    ReadingOut(const Checkpoint& checkpoint, StackStates states, std::string prefix, Index at, Probe& probe)
        : checkpoint_(checkpoint), states_(std::move(states)), prefix_(std::move(prefix)), at_(at), observe_(probe) {}

    CheckpointOutput operator()(CheckpointOutput output, bool lens) {
        const Tensor<float> state = states_.last.rows(at_, 1);
        const Tensor<float> p = probabilities(state);
        if (!all_finite(p) && !observe_.probe()->intervening())
            throw Error(ErrorCode::numeric, checkpoint_.path + ": its states grow beyond all numbers on this text",
                        "the weights are damaged, or need more than 32 bits");
        output.likeliest = places_of_largest(p.values(), next_shown);
        show_next(p, output);
        if (lens) show_lens(output.likeliest);
        return output;
    }

 private:
    Tensor<float> probabilities(const Tensor<float>& state) {
        const bool masked = checkpoint_.read_out == ReadOut::masked_token;
        const Linear<float>& table = checkpoint_.table;
        observe_.axis({"class", AxisKind::class_, checkpoint_.vocabulary(), checkpoint_.labels, "c"});
        Var<float> before = checkpoint_.before_table(state);
        const std::string read = checkpoint_.stack.output(prefix_, 'i', 'm');
        const bool scaled = checkpoint_.scaled_read_out;
        const std::string at_position =
            read.substr(0, read.rfind('i')) + fmt::format("{},m]", at_) +
            (scaled ? fmt::format(" / sqrt({})", checkpoint_.stack.design().d_model) : std::string());
        if (masked) before = show_transform(before, at_position);
        const Var<float> logits = observe_("logits", reshape(checkpoint_.logits(before), {checkpoint_.vocabulary()}), [&] {
            Shown shown{
                .role = Role::logits,
                .symbol = "o",
                .title = masked ? "Logits of the token that stands there" : "Logits of the next token",
                .unit = "logit",
                .axes = {"class"},
                .step = {"read out", fmt::format("o = E x{}{}", scaled ? " / √d_model" : "", table.bias.empty() ? "" : " + b"),
                         "logits[c] = " + rules::linear('m', "head.weight[c,m]", masked ? "head.hidden[m]" : at_position,
                                                        table.bias.empty() ? "" : "head.bias[c]"),
                         "Press and Wolf 2017"},
                .parameters = {shown_matrix("head.weight", "E", {"class", "feature"}, table)}};
            if (!table.bias.empty()) shown.parameters.push_back({"head.bias", "b", {"class"}, table.bias});
            return shown;
        });
        return observe_(
                   "probabilities", softmax(logits),
                   [masked] {
                       return Shown{
                           .role = Role::probabilities,
                           .symbol = "p",
                           .title = masked ? "Probabilities of the token that stands there" : "Probabilities of the next token",
                           .axes = {"class"},
                           .step = {"normalise", "p = softmax(o)", "probabilities[c] = " + rules::softmax('c', "logits[c]"),
                                    "Vaswani 2017, section 3.4"}};
                   })
            .value();
    }

    Var<float> show_transform(const Var<float>& before, const std::string& state) {
        const Index d = before.shape()[1];
        const Var<float> shown = observe_("head.hidden", reshape(before, {d}), [&] {
            const auto activated = [&](char c) {
                return fmt::format(
                    "{}({})", checkpoint_.activation->id,
                    rules::linear('z', fmt::format("head.transform.weight[{},z]", c), state.substr(0, state.size() - 2) + "z]",
                                  fmt::format("head.transform.bias[{}]", c)));
            };
            return Shown{
                .role = Role::state,
                .symbol = "u",
                .title = "Made ready to be read out",
                .axes = {"feature"},
                .step = {"read out", "u = LN(act(W x + b))",
                         "head.hidden[k] = " + rules::layer_norm(activated, 'k', "head.norm.gain[k]", "head.norm.bias[k]",
                                                                 static_cast<double>(checkpoint_.norm.eps)),
                         "Devlin 2018, section 3.1"},
                .parameters = {shown_matrix("head.transform.weight", "W", {"feature", "feature"}, checkpoint_.transform),
                               {"head.transform.bias", "b", {"feature"}, checkpoint_.transform.bias},
                               {"head.norm.gain", "γ", {"feature"}, checkpoint_.norm.gain},
                               {"head.norm.bias", "β", {"feature"}, checkpoint_.norm.bias}}};
        });
        return reshape(shown, {1, d});
    }

    void show_next(const Tensor<float>& p, CheckpointOutput& output) {
        const bool masked = checkpoint_.read_out == ReadOut::masked_token;
        Axis axis{"next", AxisKind::class_, static_cast<Index>(output.likeliest.size()), {}, "q"};
        for (const Index id : output.likeliest) axis.labels.push_back(checkpoint_.labels[static_cast<std::size_t>(id)]);
        observe_.axis(std::move(axis));
        output.likeliest = observe_.ids("next.id", output.likeliest, p.size(), [] {
            return Shown{Role::output, "x", "Likeliest tokens (ids)", "", {"next"}};
        });
        const auto at = static_cast<std::size_t>(output.at);
        const std::string where = masked || at >= output.ids.size()
                                      ? std::to_string(at + 1)
                                      : fmt::format("“{}”", checkpoint_.labels[static_cast<std::size_t>(output.ids[at])]);
        Tensor<float> chances(Shape{static_cast<Index>(output.likeliest.size())});
        for (std::size_t q = 0; q < output.likeliest.size(); ++q) chances.data()[q] = p.data()[output.likeliest[q]];
        chances = observe_("next.probabilities", chances, [&] {
            return Shown{.role = Role::probabilities,
                         .symbol = "p",
                         .title = (masked ? "What stands at " : "Next token after ") + where,
                         .axes = {"next"},
                         .step = {"sort", "the largest first", "next.probabilities[q] = probabilities[next.id[q]]"}};
        });
        output.probabilities.assign(chances.values().begin(), chances.values().end());
    }

    /// What every layer's output would say if it were the last.
    void show_lens(const Ids& ids) {
        const Tensor<float>& states = states_.layers;
        const Index layers = states.shape()[0], d = states.shape()[2];
        Tensor<float> here = Tensor<float>::uninitialized({layers, d});
        for (Index l = 0; l < layers; ++l) std::copy_n(states.row(l).row(at_).data(), d, here.data() + l * d);
        const Tensor<float> logits = checkpoint_.logits(checkpoint_.before_table(checkpoint_.stack.last_norm(here))).value();
        const auto shown = static_cast<Index>(ids.size());
        const Tensor<float> p = softmax(Var<float>(logits)).value();
        Tensor<float> lens(Shape{layers, shown});
        for (Index l = 0; l < layers; ++l)
            for (Index q = 0; q < shown; ++q) lens.data()[l * shown + q] = p.row(l).data()[ids[static_cast<std::size_t>(q)]];
        observe_("lens", lens, [] {
            return Shown{.role = Role::map,
                         .symbol = "λ",
                         .title = "Logit lens: what each layer would say",
                         .unit = "probability",
                         .axes = {"layer", "next"},
                         .step = {"read out early", "softmax(E LN(x^l)) of the likeliest tokens, x^l what layer l gives out",
                                  "", "nostalgebraist 2020"}};
        });
        show_own_words(p);
    }

    /// Of each layer the tokens that it finds likeliest itself. p [layer, class]
    void show_own_words(const Tensor<float>& p) {
        const Index layers = p.shape()[0], ranks = std::min(lens_ranks, p.shape()[1]);
        observe_.axis({"rank", AxisKind::class_, ranks, {}, "r"});
        Tensor<float> chances(Shape{layers, ranks});
        for (Index l = 0; l < layers; ++l) {
            const Ids largest = observe_.row(l).ids("lens.id", places_of_largest(p.row(l).values(), ranks), p.shape()[1], [] {
                return Shown{Role::output, "x", "What each layer would say (ids)", "", {"layer", "rank"}};
            });
            for (Index r = 0; r < ranks; ++r) chances.row(l).data()[r] = p.row(l).data()[largest[static_cast<std::size_t>(r)]];
        }
        observe_("lens.probabilities", chances, [] {
            return Shown{.role = Role::probabilities,
                         .symbol = "λ",
                         .title = "What each layer would say",
                         .axes = {"layer", "rank"},
                         .step = {"read out early", "the largest of softmax(E LN(x^l)), x^l what layer l gives out", "",
                                  "nostalgebraist 2020"}};
        });
    }

    const Checkpoint& checkpoint_;
    StackStates states_;
    std::string prefix_;
    Index at_;
    Observer observe_;
};

}  // namespace

StackStates StackStates::shown(const TransformerStack<float>& stack, const ShownRun& shown, const std::string& prefix) {
    const Tensor<float>& layers = shown.tensor(prefix + "state");
    return {layers, stack.design().norm == "pre" ? shown.tensor(prefix + "norm") : layers.row(layers.shape()[0] - 1)};
}

CheckpointOutput read_out(const Checkpoint& checkpoint, StackStates states, const std::string& prefix, CheckpointOutput output,
                          bool lens, Probe& probe) {
    return ReadingOut(checkpoint, std::move(states), prefix, output.at, probe)(std::move(output), lens);
}

Index most_tokens_of(const Checkpoint& checkpoint) {
    const auto all = [](const StackDesign& design) { return pairs_of(design) * static_cast<double>(design.layers); };
    const StackDesign& design = checkpoint.stack.design();
    // An encoder-decoder keeps all of them, other models one layer's at a time.
    const bool kept = checkpoint.source.has_value();
    const double pair = kept ? all(design) + all(checkpoint.source->encoder.design()) : pairs_of(design);
    const auto shown = static_cast<Index>(std::sqrt((kept ? most_bytes_of_all : most_bytes_of_layer) / pair));
    return checkpoint.longest > 0 ? std::min(checkpoint.longest, shown) : shown;
}

Tensor<float> logits_aside(const Checkpoint& checkpoint, std::span<const Index> ids, const Probe& probe,
                           const std::stop_token& stop) {
    Probe aside = probe.scratch();
    const StackStates states = pass(checkpoint, ids, {}, nullptr, aside, stop, false);
    const Tensor<float> last = states.last.rows(static_cast<Index>(ids.size()) - 1, 1);
    return checkpoint.logits(checkpoint.before_table(last)).value().row(0);
}

Tensor<float> next_logits(const Checkpoint& checkpoint, std::span<const Index> ids, StackCache<float>& cache,
                          const std::stop_token& stop) {
    StackCall<float> call;
    call.cache = &cache;
    call.stop = stop;
    const Var<float> state = checkpoint.stack(checkpoint.stack.embed(ids, 1, call), call);
    const Tensor<float> last = state.value().row(0).rows(state.shape()[1] - 1, 1);
    return checkpoint.logits(checkpoint.before_table(last)).value().row(0);
}

namespace {

/// Error{invalid_input} for more tokens than can be shown; {out_of_range} where memory is short now.
void require_room(const Checkpoint& checkpoint, Index n) {
    constexpr double giga = 1e9;
    const StackDesign& design = checkpoint.stack.design();
    const auto tokens = static_cast<double>(n);
    const double pairs = pairs_of(design) * tokens * tokens;
    // States, queries, keys and values of all layers are kept.
    const double kept = sizeof(float) * static_cast<double>(design.layers) * tokens *
                        static_cast<double>(design.d_model + 3 * design.heads * units_of(design));
    const double needed = pairs + kept, free = available_memory();
    if (n > most_tokens_of(checkpoint))
        throw Error(
            ErrorCode::invalid_input,
            fmt::format("the text has {} tokens: what the {} heads of a layer make of them needs {:.1f} GB, and has {:.1f}", n,
                        design.heads, pairs / giga, most_bytes_of_layer / giga),
            fmt::format("use at most {} tokens", most_tokens_of(checkpoint)));
    if (free > 0 && needed > free)
        throw Error(ErrorCode::out_of_range,
                    fmt::format("a text of {} tokens needs about {:.1f} GB of memory; {:.1f} GB are free", n, needed / giga,
                                free / giga),
                    "close other programs, or shorten the text");
}

}  // namespace

CheckpointOutput run_checkpoint(const CheckpointPtr& checkpoint, const CheckpointRequest& request, Probe& probe, Reuse& reuse,
                                const std::stop_token& stop) {
    const auto n = static_cast<Index>(request.ids.size());
    if (checkpoint->longest > 0 && n > checkpoint->longest)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("the text has {} tokens, and the model knows {} positions", n, checkpoint->longest),
                    "shorten the text");
    require_room(*checkpoint, n);
    const Observer observe(probe);
    const Ids ids = observe.ids("token.id", request.ids, checkpoint->vocabulary(), [] {
        return Shown{.role = Role::input, .symbol = "x", .title = "Tokens (ids)", .axes = {"token"}};
    });
    Ids types;
    if (checkpoint->stack.types() > 0) {
        types = request.types.empty() ? Ids(ids.size()) : request.types;
        types = observe.ids("token.type", types, checkpoint->stack.types(), [] {
            return Shown{.role = Role::input, .symbol = "t", .title = "Types (first or second text)", .axes = {"token"}};
        });
    }
    CheckpointOutput output{.ids = ids, .at = request.at < 0 ? n - 1 : std::min(request.at, n - 1)};
    StackStates states;
    const bool less = bytes_of_pairs(*checkpoint, ids.size()) > request.most_kept;
    if (probe.intervening()) {
        if (less) probe.keep_less(layers_again(checkpoint));
        states = pass(*checkpoint, ids, types, nullptr, probe, stop, true);
    } else {
        const std::string key = "checkpoint";
        auto kept = reuse.find<Kept>(key);
        if (kept && kept->checkpoint != checkpoint) kept = nullptr;
        if (!kept || kept->ids != ids || kept->types != types || kept->less != less) {
            kept = computed(checkpoint, ids, types, less, kept.get(), stop);
            reuse.keep(key, kept, kept->shown.bytes());
        }
        probe.show_again(kept->shown);
        states = StackStates::shown(checkpoint->stack, kept->shown, "self.");
    }
    declare_axes(probe, *checkpoint, ids, !types.empty());
    if (checkpoint->read_out == ReadOut::none) return output;
    return read_out(*checkpoint, std::move(states), "self.", std::move(output), request.lens, probe);
}

}  // namespace saccade
