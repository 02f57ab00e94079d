#include "model/transformer_run.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/beam_show.hpp"
#include "model/stack_continuation.hpp"
#include "model/transformer_gradient.hpp"

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

/// A pass whose showing was put aside, and what came of it.
struct KeptPass {
    Cause cause;
    ShownTensors shown;
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

struct Sites {
    Sites() {
        encoder.self.weights.title = "Encoder self-attention";
        decoder.self.weights.title = "Decoder self-attention";
        decoder.cross.weights.title = "Cross-attention";
    }
    StackSites encoder{"encoder", "source"}, decoder{"decoder", "output"};
    ProbeSite source_id{"source.id", Role::input, "x", "Source tokens (ids)", "", {"source"}};
    ProbeSite read_id{"decoder.id", Role::input, "y", "What the decoder reads (ids)", "", {"output"}};
    ProbeSite output_id{"output.id", Role::output, "y", "Output tokens (ids)", "", {"output"}};
    ProbeSite logits{"logits", Role::logits, "o", "Logits", "logit", {"output", "class"}};
    ProbeSite probabilities{"probabilities", Role::probabilities, "p", "Output probabilities", "", {"output", "class"}};
};

void stack_axes(Probe& probe, const StackDesign& d) {
    probe.axis({"layer", AxisKind::layer, d.layers, {}, "l"});
    probe.axis({"head", AxisKind::head, d.heads, {}, "h"});
    probe.axis({"unit", AxisKind::feature, d.d_model / d.heads, {}, "u"});
    probe.axis({"feature", AxisKind::feature, d.d_model, {}, "k"});
    if (d.d_ff > 0) probe.axis({"hidden", AxisKind::feature, d.d_ff, {}, "f"});
}

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
        cause_ = {loaded_,
                  show_ids(probe_, sites_.source_id, request_.source, model().source_vocabulary()),
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
        ids = show_ids(probe_, sites_.output_id, ids, model().classes());
        cause_.output = ids;
        read_ = show_ids(probe_, sites_.read_id, shifted(ids), model().target_vocabulary());
        if (probe_.intervening())
            decode(probe_, read_, sites_.decoder);
        else
            again(kept_decoder());
        return ids;
    }

    void describe_encoder() {
        const Index n = static_cast<Index>(request_.source.size());
        stack_axes(probe_, loaded_->design.encoder);
        source_axes(probe_, request_.source_labels);
        probe_.axis({"source_vocabulary", AxisKind::class_, model().source_vocabulary(),
                     loaded_->text->vocabularies().source.tokens(), "v"});
        loaded_->encoder.describe(probe_, {n, request_.encoder_radius, "source.id"});
    }

    void describe_decoder(const Ids& ids) {
        output_axes(probe_, ids, static_cast<Index>(ids.size()));
        probe_.axis({"target_vocabulary", AxisKind::class_, model().target_vocabulary(), loaded_->text->target_labels(), "v"});
        loaded_->decoder.describe(probe_, {static_cast<Index>(ids.size()), request_.decoder_radius, "decoder.id"});
        const Index classes = model().classes();
        probe_.parameter("softmax.weight", "E", {"class", "feature"}, model().decoder().table().value().rows(0, classes));
        probe_.step({"feed back", "decoder.id", "y_(i−1), and <start> before the first",
                     fmt::format("decoder.id[i] = output.id[i-1] else {}", model().start_id()), "Vaswani 2017, section 3"});
        probe_.step({"read out", "logits", "o_i = E x_i, E the embedding table of the output",
                     fmt::format("logits[i,c] = sum_m(softmax.weight[c,m] * {})", loaded_->decoder.output('i', 'm')),
                     "Vaswani 2017, section 3.4; Press and Wolf 2017"});
        probe_.step({"normalise", "probabilities", "p(y_i | y_<i, x) = softmax(o_i)",
                     "probabilities[i,c] = softmax_c(logits[i,c])", "Vaswani 2017, section 3.4"});
        probe_.step({"choose", "output.id", "y_i = argmax_c p_ic, or as the beam or the forced output has it", "", "decoding"});
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

    /// `rows`: positions that a pass is over, all or the last.
    void output_axes(Probe& probe, const Ids& ids, Index rows) const {
        const std::vector<std::string>& tokens = loaded_->text->target_labels();
        const auto labels = [&](const Ids& of) {
            std::vector<std::string> all;
            for (const Index id : of) all.push_back(tokens.at(static_cast<std::size_t>(id)));
            return all;
        };
        const auto n = static_cast<Index>(ids.size());
        probe.axis({"output", AxisKind::query, rows, labels({ids.end() - rows, ids.end()}), "i"});
        probe.axis({"output.key", AxisKind::key, n, labels(shifted(ids)), "j"});
        probe.axis({"class", AxisKind::class_, model().classes(), {tokens.begin(), tokens.end() - 1}, "c"});
    }

    Var<float> encode_once(Probe& probe) const {
        const StackShowing showing{probe, sites_.encoder};
        StackCall<float> call;
        call.radius = request_.encoder_radius;
        call.showing = &showing;
        call.stop = stop_;
        const Ids read[] = {cause_.source};
        return model().encode(PaddedSources::from(read), call).memory;
    }

    /// Probabilities [n, classes] of the tokens after those that are read, behind what the cache holds.
    Var<float> decode(Probe& probe, std::span<const Index> read, const StackSites& sites,
                      StackCache<float>* cache = nullptr) const {
        const StackShowing showing{probe, sites};
        StackCall<float> call;
        call.radius = request_.decoder_radius;
        call.cache = cache;
        call.memory = encoded_.memory;
        call.showing = &showing;
        call.stop = stop_;
        const TransformerStack<float>& stack = model().decoder();
        const Var<float> state = stack(stack.embed(read, 1, call), call);
        const Var<float> flat = reshape(state, {state.shape()[1], state.shape()[2]});
        const Var<float> logits = show(&probe, sites_.logits, -1, stack.tied_logits(flat, model().classes()));
        return show(&probe, sites_.probabilities, -1, softmax(logits));
    }

    const Var<float>& again(const std::shared_ptr<const KeptPass>& kept) {
        for (const auto& [site, values] : kept->shown) probe_.whole(site, values);
        return kept->result;
    }

    std::shared_ptr<const KeptPass> keep(const std::string& key, KeptPass pass) {
        auto kept = std::make_shared<const KeptPass>(std::move(pass));
        reuse_.keep(key, kept, bytes_of(kept->shown));
        return kept;
    }

    /// Runs `pass` with what it shows put aside; `rows` as in output_axes.
    template <class Pass>
    Trace aside(const Ids& output, Index rows, const Pass& pass) const {
        Probe probe({}, {});
        pass(probe);
        stack_axes(probe, loaded_->design.encoder);
        source_axes(probe, request_.source_labels);
        if (!output.empty()) output_axes(probe, output, rows);
        return probe.finish();
    }

    std::shared_ptr<const KeptPass> kept_encoder() {
        const std::string key = "transformer.encoder";
        const Cause cause{cause_.loaded, cause_.source, cause_.encoder_radius, {}, {}};
        auto kept = reuse_.find<KeptPass>(key);
        if (kept && kept->cause == cause) return kept;
        Var<float> memory;
        const Trace trace = aside({}, 0, [&](Probe& probe) { memory = encode_once(probe); });
        return keep(key, {cause, shown_tensors(trace), memory});
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
        if (stays == 0) {
            const Trace trace = aside(cause_.output, n, [&](Probe& probe) { decode(probe, read_, sites_.decoder); });
            return keep(key, {cause_, shown_tensors(trace), {}});
        }
        const StackContinuation from(model().decoder(), "decoder", "output", old->shown, stays, n);
        StackCache<float> cache = model().decoder().cache_of(encoded_.memory);
        from.fill(cache);
        const StackSites sites = from.sites();
        const std::span<const Index> fresh(read_.begin() + stays, read_.end());
        const Trace trace = aside(cause_.output, n - stays, [&](Probe& probe) { decode(probe, fresh, sites, &cache); });
        return keep(key, {cause_, from.whole(trace), {}});
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
        while (static_cast<Index>(ids.size()) < request_.beam.max_steps && (ids.empty() || ids.back() != model().end_id())) {
            check_stop(stop_);
            Probe scratch = probe_.scratch();
            Ids read = ids;
            read.insert(read.begin(), model().start_id());
            read = show_ids(scratch, sites_.read_id, read, model().target_vocabulary());
            const Tensor<float> p = decode(scratch, read, sites_.decoder).value();
            ids.push_back(best(p.row(p.shape()[0] - 1)));
            ids = show_ids(scratch, sites_.output_id, ids, model().classes());
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
            probe_.note({"", "the beam was searched with the causal mask", "beam 1 goes without it, step by step"});
        return shown_hypothesis(probe_, *kept->beam, request_.beam.width, request_.hypothesis);
    }

    Loaded loaded_;
    const TransformerRequest& request_;
    Probe& probe_;
    Reuse& reuse_;
    std::stop_token stop_;
    Sites sites_;
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
    run.describe_encoder();
    run.describe_decoder(output.ids);
    return output;
}

Var<float> run_transformer_encoder(const Loaded& loaded, const TransformerRequest& request, Probe& probe, Reuse& reuse,
                                   const std::stop_token& stop) {
    Run run(loaded, request, probe, reuse, stop);
    const Var<float> memory = run.encode();
    run.describe_encoder();
    return memory;
}

}  // namespace saccade
