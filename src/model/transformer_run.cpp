#include "model/transformer_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/beam_show.hpp"
#include "model/stack_continuation.hpp"
#include "model/transformer_gradient.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

using Loaded = std::shared_ptr<const LoadedTransformer>;

/// All that an encoder's states depend on; and, with what was written, a decoder's.
struct Cause {
    Loaded loaded;
    Ids source;
    std::optional<Index> encoder_radius, decoder_radius;
    Ids output;

    bool operator==(const Cause&) const = default;
};

/// A pass that was kept with what it showed, and its results.
struct KeptPass {
    Cause cause;
    ShownRun shown;
    Var<float> result;
};

struct KeptSearch {
    Cause cause;
    Index width = 0, max_steps = 0;
    double length_penalty = 0;
    Ids ids;
    std::optional<BeamResult> beam;

    bool answers(const Cause& other, const BeamSettings& b) const {
        return cause == other && width == b.width && max_steps == b.max_steps && length_penalty == b.length_penalty;
    }
};

void source_axes(Probe& probe, const std::vector<std::string>& labels) {
    const auto n = static_cast<Index>(labels.size());
    probe.axis({"source", AxisKind::query, n, labels, "i"});
    probe.axis({"source.key", AxisKind::key, n, labels, "j"});
}

/// One run: the encoder, the search, and the pass that is shown.
class Run {
 public:
    Run(Loaded loaded, const TransformerRequest& request, Probe& probe, Reuse& reuse, const std::stop_token& stop)
        : loaded_(std::move(loaded)), request_(request), probe_(probe), reuse_(reuse), stop_(stop) {}

    Var<float> encode() {
        cause_ = {
            loaded_,
            Observer(probe_).ids(
                "source.id", request_.source, model().source_vocabulary(),
                [] { return Shown{.role = Role::input, .symbol = "x", .title = "Source tokens (ids)", .axes = {"source"}}; }),
            request_.encoder_radius,
            request_.decoder_radius,
            {}};
        encoded_.memory = probe_.intervening() ? encode_once(probe_) : again(kept_encoder());
        return encoded_.memory;
    }

    Ids search(TransformerOutput& output) {
        if (request_.forced) {
            Ids given = *request_.forced;
            given.push_back(model().end_id());
            return given;
        }
        if (request_.beam.width > 1 || cached()) return kept_search(output);
        return greedy_through_probe();
    }

    /// The decoder over the whole output.
    Ids show_output(Ids ids) {
        ids = shown_output(probe_, ids);
        cause_.output = ids;
        read_ = shown_reading(probe_, shifted(ids));
        if (probe_.intervening())
            decode(probe_, read_);
        else
            again(kept_decoder());
        return ids;
    }

    void declare_encoder_axes() {
        model().encoder().declare_axes(probe_);
        model().encoder().declare_position_axes(probe_, "encoder.");
        source_axes(probe_, request_.source_labels);
        probe_.axis({"source_vocabulary", AxisKind::class_, model().source_vocabulary(),
                     loaded_->text->vocabularies().source.tokens(), "v"});
    }

    void declare_decoder_axes(const Ids& ids) {
        const std::vector<std::string>& tokens = loaded_->text->target_labels();
        const auto labels = [&](const Ids& of) {
            std::vector<std::string> all;
            for (const Index id : of) all.push_back(tokens.at(static_cast<std::size_t>(id)));
            return all;
        };
        const auto n = static_cast<Index>(ids.size());
        probe_.axis({"output", AxisKind::query, n, labels(ids), "i"});
        probe_.axis({"output.key", AxisKind::key, n, labels(shifted(ids)), "j"});
        probe_.axis({"class", AxisKind::class_, model().classes(), {tokens.begin(), tokens.end() - 1}, "c"});
        probe_.axis({"target_vocabulary", AxisKind::class_, model().target_vocabulary(), tokens, "v"});
        model().decoder().declare_position_axes(probe_, "decoder.");
    }

    void show_gradients() {
        const Index n = static_cast<Index>(cause_.output.size());
        const Index at = request_.gradient_at < 0 || request_.gradient_at >= n ? n - 1 : request_.gradient_at;
        show_weight_gradients(probe_, loaded_->model,
                              {cause_.source, read_, at, cause_.output[static_cast<std::size_t>(at)], request_.encoder_radius,
                               request_.decoder_radius});
    }

 private:
    const Transformer<float>& model() const { return loaded_->model; }
    /// Nothing acts on what lies between, and no position sees a later one: keys and values of a prefix stay.
    bool cached() const { return !probe_.intervening() && loaded_->design.decoder.causal; }

    Ids shifted(const Ids& ids) const {
        Ids read = {model().start_id()};
        read.insert(read.end(), ids.begin(), ids.end());
        if (!ids.empty()) read.pop_back();
        return read;
    }

    /// Ids that are written.
    Ids shown_output(Probe& probe, const Ids& ids) const {
        return Observer(probe).ids("output.id", ids, model().classes(), [] {
            return Shown{.role = Role::output,
                         .symbol = "y",
                         .title = "Output tokens (ids)",
                         .axes = {"output"},
                         .step = {"choose", "y_i = argmax_c p_ic, or as the beam or the forced output has it", "", "decoding"}};
        });
    }

    /// Ids that the decoder reads.
    Ids shown_reading(Probe& probe, const Ids& ids) const {
        return Observer(probe, "decoder.").ids("id", ids, model().target_vocabulary(), [&] {
            return Shown{.role = Role::input,
                         .symbol = "y",
                         .title = "What the decoder reads (ids)",
                         .axes = {"output"},
                         .step = {"feed back", "y_(i−1), and <start> before the first",
                                  "@id[i] = " + rules::feed_back("output.id", std::to_string(model().start_id())),
                                  "Vaswani 2017, section 3"}};
        });
    }

    Var<float> encode_once(Probe& probe) const {
        StackCall<float> call;
        call.radius = request_.encoder_radius;
        call.observe = Observer(probe, "encoder.");
        call.names = {
            .tokens = "source", .ids = "source.id", .vocabulary = "source_vocabulary", .title = "Encoder self-attention"};
        call.stop = stop_;
        const Ids read[] = {cause_.source};
        return model().encode(PaddedSources::from(read), call).memory;
    }

    /// Probabilities [n, classes] of the tokens after those that are read, after what the cache holds.
    Var<float> decode(Probe& probe, std::span<const Index> read, StackCache<float>* cache = nullptr) const {
        StackCall<float> call;
        call.radius = request_.decoder_radius;
        call.cache = cache;
        call.memory = encoded_.memory;
        call.observe = Observer(probe, "decoder.");
        call.names = {.tokens = "output",
                      .ids = "decoder.id",
                      .vocabulary = "target_vocabulary",
                      .title = "Decoder self-attention",
                      .memory_keys = "source.key",
                      .memory = model().encoder().output("encoder.", 'j', 'm')};
        call.stop = stop_;
        const TransformerStack<float>& stack = model().decoder();
        const Var<float> state = stack(stack.embed(read, 1, call), call);
        const Var<float> flat = reshape(state, {state.shape()[1], state.shape()[2]});
        const Index classes = model().classes();
        const Observer observe(probe);
        const Var<float> logits = observe("logits", stack.tied_logits(flat, classes), [&] {
            return Shown{
                .role = Role::logits,
                .symbol = "o",
                .title = "Logits",
                .unit = "logit",
                .axes = {"output", "class"},
                .step = {"read out", "o_i = E x_i, E the embedding table of the output",
                         "logits[i,c] = " + rules::linear('m', "softmax.weight[c,m]", stack.output("decoder.", 'i', 'm')),
                         "Vaswani 2017, section 3.4; Press and Wolf 2017"},
                .parameters = {{"softmax.weight", "E", {"class", "feature"}, stack.table().value().rows(0, classes)}}};
        });
        return observe("probabilities", softmax(logits), [] {
            return Shown{.role = Role::probabilities,
                         .symbol = "p",
                         .title = "Output probabilities",
                         .axes = {"output", "class"},
                         .step = {"normalise", "p(y_i | y_<i, x) = softmax(o_i)",
                                  "probabilities[i,c] = " + rules::softmax('c', "logits[i,c]"), "Vaswani 2017, section 3.4"}};
        });
    }

    const Var<float>& again(const std::shared_ptr<const KeptPass>& kept) {
        probe_.show_again(kept->shown);
        return kept->result;
    }

    std::shared_ptr<const KeptPass> keep(const std::string& key, KeptPass pass) {
        auto kept = std::make_shared<const KeptPass>(std::move(pass));
        reuse_.keep(key, kept, kept->shown.bytes());
        return kept;
    }

    std::shared_ptr<const KeptPass> kept_encoder() {
        const std::string key = "transformer.encoder";
        const Cause cause{cause_.loaded, cause_.source, cause_.encoder_radius, {}, {}};
        auto kept = reuse_.find<KeptPass>(key);
        if (kept && kept->cause == cause) return kept;
        Probe aside({}, {});
        const Var<float> memory = encode_once(aside);
        return keep(key, {cause, aside.take(), memory});
    }

    /// How many positions an earlier pass has in common with this one; the last is always computed.
    Index same_start(const Cause& old) const {
        Cause other = old;
        other.output = cause_.output;
        if (!(other == cause_) || !loaded_->design.decoder.causal) return 0;
        const auto same = std::ranges::mismatch(shifted(old.output), read_).in2 - read_.begin();
        return std::min<Index>(same, static_cast<Index>(read_.size()) - 1);
    }

    std::shared_ptr<const KeptPass> kept_decoder() {
        const std::string key = "transformer.decoder";
        const auto old = reuse_.find<KeptPass>(key);
        if (old && old->cause == cause_) return old;
        const auto n = static_cast<Index>(read_.size());
        const Index stays = old ? same_start(old->cause) : 0;
        Probe aside({}, {});
        if (stays == 0) {
            decode(aside, read_);
            return keep(key, {cause_, aside.take(), {}});
        }
        const StackContinuation from(model().decoder(), "decoder.", "output", old->shown, stays, n);
        StackCache<float> cache = model().decoder().cache_of(encoded_.memory);
        from.fill(cache);
        decode(aside, std::span<const Index>(read_.begin() + stays, read_.end()), &cache);
        return keep(key, {cause_, from.whole(aside.take()), {}});
    }

    /// One more position of each hypothesis, from cached keys and values: logits [rows, classes].
    Tensor<float> go_on(const Ids& previous, StackCache<float>& cache) const {
        StackCall<float> call;
        call.radius = request_.decoder_radius;
        call.cache = &cache;
        call.stop = stop_;
        const TransformerStack<float>& stack = model().decoder();
        const auto rows = static_cast<Index>(previous.size());
        const Var<float> state = stack(stack.embed(previous, rows, call), call);
        return stack.tied_logits(reshape(state, {rows, state.shape()[2]}), model().classes()).value();
    }

    static Index best(const Tensor<float>& row) { return std::ranges::max_element(row.values()) - row.values().begin(); }

    Ids greedy_cached() const {
        StackCache<float> cache = model().decoder().cache_of(encoded_.memory);
        Ids ids;
        Index previous = model().start_id();
        while (static_cast<Index>(ids.size()) < request_.beam.max_steps && previous != model().end_id()) {
            check_stop(stop_);
            previous = best(go_on({previous}, cache).row(0));
            ids.push_back(previous);
        }
        return ids;
    }

    /// Each step runs all that was written so far under the same interventions.
    Ids greedy_through_probe() {
        Ids ids;
        Probe scratch = probe_.scratch();
        while (static_cast<Index>(ids.size()) < request_.beam.max_steps && (ids.empty() || ids.back() != model().end_id())) {
            check_stop(stop_);
            Ids read = ids;
            read.insert(read.begin(), model().start_id());
            read = shown_reading(scratch, read);
            const Tensor<float> p = decode(scratch, read).value();
            ids.push_back(best(p.row(p.shape()[0] - 1)));
            ids = shown_output(scratch, ids);
        }
        return ids;
    }

    BeamResult beam() const {
        StackCache<float> cache = model().decoder().cache_of(encoded_.memory);
        const auto step = [&](std::span<const Index> rows, const Ids& previous) {
            cache = cache.rows(rows);
            return log_softmax(Var<float>(go_on(previous, cache))).value();
        };
        return beam_search(BeamModel<float>{model().start_id(), model().end_id(), step}, request_.beam, stop_);
    }

    Ids kept_search(TransformerOutput& output) {
        auto kept = reuse_.find<KeptSearch>("transformer.search");
        if (probe_.intervening() || !kept || !kept->answers(cause_, request_.beam)) {
            KeptSearch made{cause_, request_.beam.width, request_.beam.max_steps, request_.beam.length_penalty, {}, {}};
            if (request_.beam.width > 1)
                made.beam = beam();
            else
                made.ids = greedy_cached();
            kept = std::make_shared<const KeptSearch>(std::move(made));
            reuse_.keep("transformer.search", kept, sizeof(KeptSearch) + 4096);
        }
        if (!kept->beam) return kept->ids;
        output.hypotheses = kept->beam->hypotheses;
        if (!probe_.intervening() && !loaded_->design.decoder.causal)
            probe_.note(
                {"", "the beam was searched with the causal mask", "with beam 1, decoding runs without it, step by step"});
        return shown_hypothesis(probe_, *kept->beam, request_.beam.width, request_.hypothesis);
    }

    Loaded loaded_;
    const TransformerRequest& request_;
    Probe& probe_;
    Reuse& reuse_;
    std::stop_token stop_;
    Cause cause_;
    Ids read_;
    Transformer<float>::Encoded encoded_;
};

}  // namespace

TransformerOutput run_transformer(const Loaded& loaded, const TransformerRequest& request, Probe& probe, Reuse& reuse,
                                  const std::stop_token& stop) {
    Run run(loaded, request, probe, reuse, stop);
    TransformerOutput output;
    run.encode();
    output.ids = run.show_output(run.search(output));
    if (request.gradients) run.show_gradients();
    run.declare_encoder_axes();
    run.declare_decoder_axes(output.ids);
    return output;
}

Var<float> run_transformer_encoder(const Loaded& loaded, const TransformerRequest& request, Probe& probe, Reuse& reuse,
                                   const std::stop_token& stop) {
    Run run(loaded, request, probe, reuse, stop);
    const Var<float> memory = run.encode();
    run.declare_encoder_axes();
    return memory;
}

}  // namespace saccade
