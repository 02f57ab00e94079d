#include "exhibit/checkpoint_translation.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/number_text.hpp"
#include "checkpoint/encoder_decoder_run.hpp"
#include "exhibit/checkpoint_text.hpp"
#include "model/beam_show.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr Index written_without_target = 64;  // tokens, at most

/// The source, with what its tokenizer puts around it.
Ids read_source(const RunContext& context, const Checkpoint& checkpoint) {
    const std::string& text = context.params.text("text");
    const SourceReader& source = *checkpoint.source;
    const Index rows = source.encoder.vocabulary();
    Ids ids;
    if (source.tokenizer != nullptr)
        ids = source.tokenizer->encode(text).ids;
    else
        ids = text == checkpoint_first_text ? first_ids(rows, context.probe) : typed_ids(text, checkpoint.path, rows);
    require_rows(ids, checkpoint.path, rows);
    if (ids.empty()) throw Error(ErrorCode::invalid_input, "Text: there is nothing to read", "type a sentence");
    note_what_is_unseen(context, "text");
    return ids;
}

/// What the decoder is to write, as it was typed: without the end.
Ids read_target(const RunContext& context, const Checkpoint& checkpoint) {
    const std::string& text = context.params.text("target");
    Ids ids = checkpoint.tokenizer != nullptr ? checkpoint.tokenizer->pieces(text)
                                              : typed_ids(text, checkpoint.path, checkpoint.vocabulary());
    require_rows(ids, checkpoint.path, checkpoint.vocabulary());
    if (!ids.empty() && ids.back() == checkpoint.source->end) ids.pop_back();
    note_what_is_unseen(context, "target");
    return ids;
}

/// What the model wrote, and from what: a click that reads another output out does not have it written again.
struct KeptWriting {
    CheckpointPtr checkpoint;
    Ids source, typed;
    Index count;
    Sampling how;
    std::uint64_t seed;
    BeamSettings beam;
    Ids output{};
    std::optional<BeamResult> tree{};

    bool answers(const KeptWriting& o) const {
        return checkpoint == o.checkpoint && source == o.source && typed == o.typed && count == o.count && how == o.how &&
               seed == o.seed && beam == o.beam;
    }
};

void write_by_model(KeptWriting& asked, const Probe& probe, const std::stop_token& stop) {
    const bool room = static_cast<Index>(asked.typed.size()) < most_tokens_of(*asked.checkpoint);
    if (asked.beam.width > 1 && room)
        asked.tree = beam_written(*asked.checkpoint, asked.source, asked.typed, asked.beam, probe, stop);
    else
        asked.output = with_written(*asked.checkpoint, asked.source, asked.typed, asked.count, asked.how,
                                    Rng(asked.seed).fork("tokens that the model writes"), probe, stop);
}

Ids written_by_model(const RunContext& context, KeptWriting asked) {
    const std::string key = "checkpoint.writing";
    const bool changed = context.probe.intervening();
    auto kept = changed ? nullptr : context.reuse.find<KeptWriting>(key);
    if (!kept || !kept->answers(asked)) {
        write_by_model(asked, context.probe, context.stop);
        kept = std::make_shared<const KeptWriting>(std::move(asked));
        if (!changed) context.reuse.keep(key, kept, sizeof(KeptWriting) + 4096);
    }
    if (!kept->tree) return kept->output;
    const auto which = static_cast<Index>(context.params.integer("hypothesis"));
    Ids output = kept->typed;
    const Ids& found = shown_hypothesis(context.probe, *kept->tree, kept->beam.width, which);
    output.insert(output.end(), found.begin(), found.end());
    return output;
}

/// How many hypotheses are kept: as a person says, or the folder.
BeamSettings beam_of(const RunContext& context, const Checkpoint& checkpoint, Index count, const Sampling& how) {
    BeamSettings beam = checkpoint.source->beam;
    const auto asked = static_cast<Index>(context.params.integer("beam"));
    if (asked > 0) beam.width = asked;
    beam.max_steps = count;
    if (how.temperature > 0 && beam.width > 1) {
        if (asked > 0) context.probe.note({"beam", "tokens are drawn, so there is no beam", "with temperature 0 there is one"});
        beam.width = 1;
    }
    return beam;
}

/// What was typed, what the model writes after it, and the end of a text that was only typed.
Ids written(const RunContext& context, const CheckpointPtr& model, const Ids& source, const Ids& typed) {
    const Params& params = context.params;
    const Checkpoint& checkpoint = *model;
    const auto asked = static_cast<Index>(params.integer("generate"));
    const Index count = asked == 0 && typed.empty() ? written_without_target : asked;
    if (count == 0) {
        Ids ended = typed;
        ended.push_back(checkpoint.source->end);
        return ended;
    }
    const Sampling how{params.number("temperature"), static_cast<Index>(params.integer("top_k")), params.number("top_p")};
    Ids output =
        written_by_model(context, {model, source, typed, count, how, context.seed, beam_of(context, checkpoint, count, how)});
    const auto length = static_cast<Index>(output.size());
    if (length == most_tokens_of(checkpoint))
        context.probe.note({"generate", fmt::format("the model has room for {} tokens", length), "it stops there"});
    else if (asked == 0 && output.back() != checkpoint.source->end)
        context.probe.note({"target", fmt::format("the output did not end within {} tokens", count),
                            "set Write on for more, or type a target"});
    return output;
}

void note_unread(const RunContext& context) {
    if (!context.params.text("second").empty())
        context.probe.note({"second", "this model reads one text, and writes another", "the second text is left out"});
    if (context.params.toggle("mask")) context.probe.note({"mask", "this model fills no gaps", "the token is read as it is"});
}

/// Which outputs the model wrote by itself, and the places of all, for a click to choose one.
void show_places(Probe& probe, Index typed, Index length) {
    Tensor<float> by_model(Shape{length}), positions(Shape{length});
    for (Index i = 0; i < length; ++i) {
        by_model.data()[i] = i < typed ? 0.0f : 1.0f;
        positions.data()[i] = static_cast<float>(i + 1);
    }
    Observer{probe}("output.written", by_model, [] {
        return Shown{Role::input, "ω", "1: written by the model", "", {"output"}};
    });
    Observer{probe}("output.position", positions, [] {
        return Shown{Role::input, "i", "Positions", "", {"output"}, {"count", "i = 1, 2, …", "output.position[i] = i + 1"}};
    });
}

/// "writes “…”; at 3: “…” 0.93"; of a text that was typed: "at 3: “…” 0.93; T5: 6 and 6 layers ..."
std::string told(const Checkpoint& checkpoint, const CheckpointOutput& output, Index typed) {
    const StackDesign &encoder = checkpoint.source->encoder.design(), &decoder = checkpoint.stack.design();
    const std::string text =
        fmt::format("at {}: “{}” {}", output.at + 1, checkpoint.labels[static_cast<std::size_t>(output.likeliest.front())],
                    share_text(output.probabilities.front()));
    if (checkpoint.tokenizer == nullptr || static_cast<Index>(output.ids.size()) <= typed)
        return fmt::format("{};  {}: {} and {} layers of {} heads, {} features, {} tokens in its table", text,
                           checkpoint.family->title, encoder.layers, decoder.layers, decoder.heads, decoder.d_model,
                           checkpoint.vocabulary());
    Ids tail(output.ids.begin() + typed, output.ids.end());
    if (tail.back() == checkpoint.source->end) tail.pop_back();
    return fmt::format("writes “{}”;  {}", checkpoint.tokenizer->decode(tail, true), text);
}

}  // namespace

void run_encoder_decoder_exhibit(RunContext& context, const CheckpointPtr& checkpoint) {
    note_unread(context);
    if (!checkpoint->source->unheeded.empty() && context.params.text("target").empty())
        context.probe.note(
            {"path", "generation_config.json also says " + checkpoint->source->unheeded, "the output here is without"});
    EncoderDecoderRequest request{.source = read_source(context, *checkpoint), .output = {}};
    const Ids typed = read_target(context, *checkpoint);
    request.output = written(context, checkpoint, request.source, typed);
    const auto length = static_cast<Index>(request.output.size());
    const auto asked = static_cast<Index>(context.params.integer("position"));
    if (asked > length)
        context.probe.note({"position", fmt::format("the output has {} tokens", length), "the last one is read out"});
    request.at = asked > 0 ? std::min(asked, length) - 1 : -1;
    request.lens = context.params.toggle("lens");
    const CheckpointOutput output = run_encoder_decoder(checkpoint, request, context.probe, context.reuse, context.stop);
    const Index by_hand = context.params.integer("generate") == 0 && !typed.empty() ? length : static_cast<Index>(typed.size());
    show_places(context.probe, by_hand, length);
    context.probe.text("output", told(*checkpoint, output, by_hand));
}

std::vector<ParamSpec> beam_params() {
    return {integer_param("beam", "Beam",
                          "Of an encoder-decoder, hypotheses kept at each step; 1: greedy. 0: as many as its "
                          "generation_config.json says (num_beams), which also says how they are ranked.",
                          0, 0, widest_beam),
            integer_param("hypothesis", "Hypothesis",
                          "A hypothesis is one whole output that the beam search kept. Which of them is shown; 1 is the best.",
                          1, 1, widest_beam)};
}

void note_no_beam(const RunContext& context) {
    if (context.params.integer("beam") > 1)
        context.probe.note({"beam", "this model has no decoder of its own, and writes token by token", "there is no beam"});
}

}  // namespace saccade
