#include "checkpoint/encoder_decoder_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "autograd/ops.hpp"
#include "base/error.hpp"
#include "base/stop.hpp"
#include "model/stack_continuation.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

using Renamed = std::map<std::string, std::string>;

/// Axes of the encoder that the decoder has with another extent.
Renamed renamed_axes(const Checkpoint& checkpoint) {
    Renamed renamed;
    const std::vector<Axis> decoder = checkpoint.stack.axes();
    for (const Axis& axis : checkpoint.source->encoder.axes()) {
        const auto other = std::ranges::find(decoder, axis.name, &Axis::name);
        if (other != decoder.end() && other->extent != axis.extent) renamed.emplace(axis.name, "encoder." + axis.name);
    }
    return renamed;
}

/// What the encoder's tensors are shown to.
Observer encoder_observer(const Checkpoint& checkpoint, Probe& probe) {
    Observer observe(probe, "encoder.");
    const Renamed renamed = renamed_axes(checkpoint);
    if (renamed.empty()) return observe;
    return observe.redescribed([renamed](Shown& shown) {
        const auto rename = [&](std::vector<std::string>& axes) {
            for (std::string& axis : axes)
                if (const auto other = renamed.find(axis); other != renamed.end()) axis = other->second;
        };
        rename(shown.axes);
        for (Parameter& parameter : shown.parameters) rename(parameter.axes);
        return true;
    });
}

/// The source as the decoder sees it: [1, S, d].
Var<float> encode(const Checkpoint& checkpoint, const Ids& source, Probe& probe, const std::stop_token& stop) {
    StackCall<float> call;
    call.observe = encoder_observer(checkpoint, probe);
    call.names = {.tokens = "source", .ids = "source.id", .vocabulary = "source_vocabulary", .title = "Encoder self-attention"};
    call.stop = stop;
    const TransformerStack<float>& encoder = checkpoint.source->encoder;
    return encoder(encoder.embed(source, 1, call), call);
}

/// The decoder over what it reads, after what `cache` holds.
StackStates decode(const Checkpoint& checkpoint, const Var<float>& memory, std::span<const Index> read,
                   StackCache<float>* cache, Probe& probe, const std::stop_token& stop) {
    std::vector<Var<float>> states;
    StackCall<float> call;
    call.observe = Observer(probe, "decoder.");
    call.names = {.tokens = "output",
                  .ids = "decoder.id",
                  .vocabulary = "vocabulary",
                  .title = "Decoder self-attention",
                  .memory_keys = "source.key",
                  .memory = checkpoint.source->encoder.output("encoder.", 'j', 'm')};
    call.memory = memory;
    call.cache = cache;
    call.stop = stop;
    call.states = &states;
    const Var<float> last = checkpoint.stack(checkpoint.stack.embed(read, 1, call), call);
    for (Var<float>& state : states) state = reshape(state, state.shape().without(0));
    return {stack<float>(states).value(), reshape(last, last.shape().without(0)).value()};
}

/// Logits behind the last state [T, d]; those of ids that are never written are as low as can be.
Tensor<float> writing_logits(const Checkpoint& checkpoint, const Tensor<float>& states) {
    const Tensor<float> last = states.rows(states.shape()[0] - 1, 1);
    Tensor<float> logits = checkpoint.logits(checkpoint.before_table(last)).value().row(0).clone();
    for (const Index id : checkpoint.source->never) logits.data()[id] = std::numeric_limits<float>::lowest();
    return logits;
}

Ids shifted(const Checkpoint& checkpoint, const Ids& output) {
    Ids read = {checkpoint.source->start};
    read.insert(read.end(), output.begin(), output.end() - 1);
    return read;
}

Ids shown_source(const Checkpoint& checkpoint, const Ids& source, Probe& probe) {
    return Observer(probe).ids("source.id", source, checkpoint.source->encoder.vocabulary(), [] {
        return Shown{.role = Role::input, .symbol = "x", .title = "Source tokens (ids)", .axes = {"source"}};
    });
}

Ids shown_output(const Checkpoint& checkpoint, const Ids& output, Probe& probe) {
    return Observer(probe).ids("output.id", output, checkpoint.vocabulary(), [] {
        return Shown{.role = Role::output,
                     .symbol = "y",
                     .title = "Output tokens (ids)",
                     .axes = {"output"},
                     .step = {"choose", "y_i as it was typed, or as the model writes it", "", "decoding"}};
    });
}

Ids shown_reading(const Checkpoint& checkpoint, const Ids& read, Probe& probe) {
    return Observer(probe, "decoder.").ids("id", read, checkpoint.vocabulary(), [&] {
        return Shown{.role = Role::input,
                     .symbol = "y",
                     .title = "What the decoder reads (ids)",
                     .axes = {"output"},
                     .step = {"feed back", "y_(i−1), and the model's start before the first",
                              "@id[i] = " + rules::feed_back("output.id", std::to_string(checkpoint.source->start)),
                              "Vaswani 2017, section 3"}};
    });
}

/// What a run showed of the encoder, and what it was of.
struct KeptSource {
    CheckpointPtr checkpoint;
    Ids source;
    ShownRun shown;
    Var<float> memory;
};

/// The same of the decoder.
struct KeptOutput {
    std::shared_ptr<const KeptSource> source;
    Ids read;
    ShownRun shown;
};

std::shared_ptr<const KeptSource> encoded(const CheckpointPtr& checkpoint, const Ids& source, Reuse& reuse,
                                          const std::stop_token& stop) {
    const std::string key = "checkpoint.encoder";
    auto kept = reuse.find<KeptSource>(key);
    if (kept && kept->checkpoint == checkpoint && kept->source == source) return kept;
    Probe aside({}, {});
    const Var<float> memory = encode(*checkpoint, source, aside, stop);
    kept = std::make_shared<const KeptSource>(KeptSource{checkpoint, source, aside.take(), memory});
    reuse.keep(key, kept, kept->shown.bytes());
    return kept;
}

std::shared_ptr<const KeptOutput> decoded(const std::shared_ptr<const KeptSource>& source, const Ids& read, Reuse& reuse,
                                          const std::stop_token& stop) {
    const std::string key = "checkpoint.decoder";
    const auto old = reuse.find<KeptOutput>(key);
    const bool same = old && old->source == source;
    if (same && old->read == read) return old;
    const Checkpoint& checkpoint = *source->checkpoint;
    const auto n = static_cast<Index>(read.size());
    const Index stays = same ? std::min<Index>(std::ranges::mismatch(old->read, read).in2 - read.begin(), n - 1) : 0;
    Probe aside({}, {});
    std::shared_ptr<const KeptOutput> kept;
    if (stays == 0) {
        decode(checkpoint, source->memory, read, nullptr, aside, stop);
        kept = std::make_shared<const KeptOutput>(KeptOutput{source, read, aside.take()});
    } else {
        const StackContinuation from(checkpoint.stack, "decoder.", "output", old->shown, stays, n);
        StackCache<float> cache = checkpoint.stack.cache_of(source->memory);
        from.fill(cache);
        decode(checkpoint, source->memory, std::span<const Index>(read.begin() + stays, read.end()), &cache, aside, stop);
        kept = std::make_shared<const KeptOutput>(KeptOutput{source, read, from.whole(aside.take())});
    }
    reuse.keep(key, kept, kept->shown.bytes());
    return kept;
}

std::vector<std::string> labels_of(const Ids& ids, const std::vector<std::string>& labels) {
    std::vector<std::string> own;
    for (const Index id : ids) own.push_back(labels[static_cast<std::size_t>(id)]);
    return own;
}

void declare_axes(Probe& probe, const Checkpoint& checkpoint, const Ids& source, const Ids& output, const Ids& read) {
    const SourceReader& reader = *checkpoint.source;
    checkpoint.stack.declare_axes(probe);
    checkpoint.stack.declare_position_axes(probe, "decoder.");
    const Renamed renamed = renamed_axes(checkpoint);
    const std::vector<Axis> decoder = checkpoint.stack.axes();
    for (Axis axis : reader.encoder.axes()) {
        const auto other = renamed.find(axis.name);
        if (other == renamed.end() && std::ranges::find(decoder, axis.name, &Axis::name) != decoder.end()) continue;  // shared
        if (other != renamed.end()) axis.name = other->second;
        probe.axis(std::move(axis));
    }
    reader.encoder.declare_position_axes(probe, "encoder.");
    const auto tokens = [&](const std::string& name, const Ids& rows, const Ids& keys, const std::vector<std::string>& labels) {
        probe.axis({name, AxisKind::query, static_cast<Index>(rows.size()), labels_of(rows, labels), "i"});
        probe.axis({name + ".key", AxisKind::key, static_cast<Index>(keys.size()), labels_of(keys, labels), "j"});
    };
    tokens("source", source, source, reader.labels);
    tokens("output", output, read, checkpoint.labels);
    probe.axis({"source_vocabulary", AxisKind::class_, reader.encoder.vocabulary(), reader.labels, "v"});
    probe.axis({"vocabulary", AxisKind::class_, checkpoint.vocabulary(), checkpoint.labels, "v"});
}

void require_room(const Checkpoint& checkpoint, const Ids& ids, const char* what) {
    const auto n = static_cast<Index>(ids.size());
    if (n <= most_tokens_of(checkpoint)) return;
    if (checkpoint.longest > 0 && n > checkpoint.longest)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("the {} has {} tokens, and the model knows {} positions", what, n, checkpoint.longest),
                    "shorten it");
    throw Error(ErrorCode::invalid_input,
                fmt::format("the {} has {} tokens, and every pair of them has a weight in every head", what, n),
                fmt::format("use at most {}", most_tokens_of(checkpoint)));
}

}  // namespace

namespace {

/// What the decoder looks at while it writes; what the probe changes in the encoder is changed in it.
Var<float> memory_to_write_from(const Checkpoint& checkpoint, const Ids& source, Probe& aside, bool changed,
                                const std::stop_token& stop) {
    if (changed) return encode(checkpoint, shown_source(checkpoint, source, aside), aside, stop);
    StackCall<float> call;
    call.stop = stop;
    const TransformerStack<float>& encoder = checkpoint.source->encoder;
    return encoder(encoder.embed(source, 1, call), call);
}

/// log p of the next token behind each of these states [rows, d]; as generate() has it, without `never`, and only where the
/// folder asks for it brought to sum 1 again.
Tensor<float> log_probabilities(const Checkpoint& checkpoint, const Var<float>& states) {
    Tensor<float> log_p = log_softmax(checkpoint.logits(checkpoint.before_table(states))).value().clone();
    for (Index row = 0; row < log_p.shape()[0]; ++row)
        for (const Index id : checkpoint.source->never) log_p.row(row).data()[id] = -std::numeric_limits<float>::infinity();
    return checkpoint.source->renormalised ? log_softmax(Var<float>(log_p)).value() : log_p;
}

}  // namespace

BeamResult beam_written(const Checkpoint& checkpoint, const Ids& source, const Ids& given, BeamSettings settings,
                        const Probe& probe, const std::stop_token& stop) {
    require_room(checkpoint, source, "text");
    const bool changed = probe.intervening();
    Probe aside = changed ? probe.scratch() : Probe({}, {});
    StackCache<float> cache = checkpoint.stack.cache_of(memory_to_write_from(checkpoint, source, aside, changed, stop));
    Ids begun = {checkpoint.source->start};
    begun.insert(begun.end(), given.begin(), given.end());
    settings.max_steps = std::min(settings.max_steps, most_tokens_of(checkpoint) - static_cast<Index>(given.size()));
    const auto step = [&](std::span<const Index> rows, const Ids& previous) {
        const bool first = !begun.empty();
        const Ids fresh = first ? std::exchange(begun, {}) : previous;
        if (!first) cache = cache.rows(rows);
        StackCall<float> call;
        call.cache = &cache;
        call.stop = stop;
        const auto batch = static_cast<Index>(rows.size());
        const Var<float> states = checkpoint.stack(checkpoint.stack.embed(fresh, batch, call), call);
        const Index length = states.shape()[1], d = states.shape()[2];
        return log_probabilities(checkpoint, reshape(slice(states, 1, length - 1, 1), {batch, d}));
    };
    return beam_search(BeamModel<float>{checkpoint.source->start, checkpoint.source->end, step}, settings, stop);
}

Ids with_written(const Checkpoint& checkpoint, const Ids& source, Ids given, Index count, const Sampling& how, Rng rng,
                 const Probe& probe, const std::stop_token& stop) {
    require_room(checkpoint, source, "text");
    const bool changed = probe.intervening();
    Probe aside = changed ? probe.scratch() : Probe({}, {});
    const Var<float> memory = memory_to_write_from(checkpoint, source, aside, changed, stop);
    StackCache<float> cache = checkpoint.stack.cache_of(memory);
    Ids output = std::move(given), fresh = {checkpoint.source->start};
    fresh.insert(fresh.end(), output.begin(), output.end());
    const Index room = most_tokens_of(checkpoint) - static_cast<Index>(output.size());
    for (Index i = 0; i < std::min(count, room); ++i) {
        check_stop(stop);
        Tensor<float> states;
        if (changed) {
            // What a hand changes may lie anywhere, so that then nothing of the step before is kept.
            if (!output.empty()) output = shown_output(checkpoint, output, aside);
            Ids read = {checkpoint.source->start};
            read.insert(read.end(), output.begin(), output.end());
            states = decode(checkpoint, memory, shown_reading(checkpoint, read, aside), nullptr, aside, stop).last;
        } else {
            StackCall<float> call;
            call.cache = &cache;
            call.stop = stop;
            states = checkpoint.stack(checkpoint.stack.embed(fresh, 1, call), call).value().row(0);
        }
        const Index next = sampled_token(writing_logits(checkpoint, states), how, rng);
        output.push_back(next);
        fresh = {next};
        if (next == checkpoint.source->end) break;
    }
    return output;
}

CheckpointOutput run_encoder_decoder(const CheckpointPtr& checkpoint, const EncoderDecoderRequest& request, Probe& probe,
                                     Reuse& reuse, const std::stop_token& stop) {
    require_room(*checkpoint, request.source, "text");
    require_room(*checkpoint, request.output, "target");
    const Ids source = shown_source(*checkpoint, request.source, probe);
    const auto n = static_cast<Index>(request.output.size());
    CheckpointOutput output{.ids = {}, .at = request.at < 0 ? n - 1 : std::min(request.at, n - 1)};
    StackStates states;
    Ids read;
    const auto shown_ids = [&] {
        output.ids = shown_output(*checkpoint, request.output, probe);
        read = shown_reading(*checkpoint, shifted(*checkpoint, output.ids), probe);
    };
    if (probe.intervening()) {
        const Var<float> memory = encode(*checkpoint, source, probe, stop);
        shown_ids();
        states = decode(*checkpoint, memory, read, nullptr, probe, stop);
    } else {
        const auto kept_source = encoded(checkpoint, source, reuse, stop);
        probe.show_again(kept_source->shown);
        shown_ids();
        const auto kept = decoded(kept_source, read, reuse, stop);
        probe.show_again(kept->shown);
        states = StackStates::shown(checkpoint->stack, kept->shown, "decoder.");
    }
    declare_axes(probe, *checkpoint, source, output.ids, read);
    return read_out(*checkpoint, std::move(states), "decoder.", std::move(output), request.lens, probe);
}

}  // namespace saccade
