#include <fmt/format.h>

#include <algorithm>

#include "base/number_text.hpp"
#include "base/path_text.hpp"
#include "checkpoint/checkpoint_run.hpp"
#include "checkpoint/generate.hpp"
#include "exhibit/checkpoint_kind.hpp"
#include "exhibit/checkpoint_lesson.hpp"
#include "exhibit/checkpoint_text.hpp"
#include "exhibit/checkpoint_translation.hpp"
#include "exhibit/exhibits.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr double longest_text = 65536;  // code points
constexpr double longest_path = 4096;

/// What a hidden token is replaced by; -1 if the tokenizer has no such token.
Index mask_of(const Checkpoint& checkpoint) {
    if (checkpoint.tokenizer == nullptr) return -1;
    for (const char* name : {"[MASK]", "<mask>"})
        if (const std::optional<Index> id = checkpoint.tokenizer->id_of(name)) return *id;
    return -1;
}

struct Read {
    CheckpointRequest request;
    std::vector<bool> special;  // tokens that nobody typed
};

Read read_text(const RunContext& context, const Checkpoint& checkpoint) {
    const std::string &text = context.params.text("text"), &second = context.params.text("second");
    Read read;
    if (checkpoint.tokenizer == nullptr) {
        // What stands there at first is English; the first ids do for a look at the model.
        read.request.ids = text == checkpoint_first_text ? first_ids(checkpoint.vocabulary(), context.probe)
                                                         : read_checkpoint_text(checkpoint, text).ids;
        if (!second.empty())
            context.probe.note({"second", "the folder has no tokenizer, and ids are one text", "the second text is left out"});
        read.special.assign(read.request.ids.size(), false);
    } else {
        const bool pair = !second.empty();
        if (pair && checkpoint.stack.design().causal)
            context.probe.note({"second", "this model reads one text from left to right", "the second text is left out"});
        ReadText encoded = read_checkpoint_text(
            checkpoint, text,
            pair && !checkpoint.stack.design().causal ? std::optional<std::string_view>(second) : std::nullopt);
        read.request.ids = std::move(encoded.ids);
        read.request.types = std::move(encoded.types);
        read.special = std::move(encoded.special);
    }
    for (const char* param : {"text", "second"}) note_what_is_unseen(context, param);
    if (!context.params.text("target").empty())
        context.probe.note({"target", "this model reads one text, and has no decoder of its own", "the target is left out"});
    if (read.request.ids.empty()) throw Error(ErrorCode::invalid_input, "Text: there is nothing to read", "type a sentence");
    return read;
}

/// What the model writes after the text, if it is asked to.
void write_on(const RunContext& context, const Checkpoint& checkpoint, Read& read) {
    const Params& params = context.params;
    const Index count = static_cast<Index>(params.integer("generate"));
    if (count == 0) return;
    if (checkpoint.read_out != ReadOut::next_token)
        return context.probe.note(
            {"generate", "this model does not write on: it fills gaps, or reads alone", "nothing is written"});
    const Sampling how{params.number("temperature"), static_cast<Index>(params.integer("top_k")), params.number("top_p")};
    read.request.ids = with_generated(checkpoint, std::move(read.request.ids), count, how,
                                      Rng(context.seed).fork("tokens that the model writes"), context.probe, context.stop);
    if (static_cast<Index>(read.request.ids.size()) == most_tokens_of(checkpoint))
        context.probe.note(
            {"generate", fmt::format("the model has room for {} tokens", read.request.ids.size()), "it stops there"});
    if (how.temperature > 0)
        context.probe.note({"temperature", fmt::format("tokens are drawn at temperature {}", how.temperature),
                            "the probabilities that are shown are the model's own, as at 1"});
    read.special.resize(read.request.ids.size(), false);
    if (!read.request.types.empty()) read.request.types.resize(read.request.ids.size(), 0);
}

/// Which tokens a click covers (1) and uncovers (2), where the model fills gaps: those that somebody typed.
void show_coverable(Probe& probe, const Read& read, Index mask, bool covered) {
    Tensor<float> coverable(Shape{static_cast<Index>(read.request.ids.size())});
    for (Index i = 0; i < coverable.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        const bool fixed = read.special[at] || read.request.ids[at] == mask;
        coverable.data()[i] = covered && i == read.request.at ? 2.0f : fixed ? 0.0f : 1.0f;
    }
    Observer{probe}("token.coverable", coverable, [] {
        return Shown{Role::input, "c", "1: can be masked, 2: is masked by hand", "", {"token"}};
    });
}

/// Which position is read out, and with what standing there. Returns the mask that a model which fills gaps has, or -1.
Index choose_position(const RunContext& context, const Checkpoint& checkpoint, Read& read) {
    Ids& ids = read.request.ids;
    const auto n = static_cast<Index>(ids.size());
    const Index asked = static_cast<Index>(context.params.integer("position"));
    if (asked > n) context.probe.note({"position", fmt::format("the text has {} tokens", n), "the last one is read out"});
    const bool masked = checkpoint.read_out == ReadOut::masked_token;
    const Index mask = masked ? mask_of(checkpoint) : -1;
    if (asked > 0) {
        read.request.at = std::min(asked, n) - 1;
    } else {
        const auto typed = std::ranges::find(ids, mask);
        Index last = n - 1;
        if (masked)
            while (last > 0 && read.special[static_cast<std::size_t>(last)]) --last;
        read.request.at = typed != ids.end() ? typed - ids.begin() : last;
    }
    if (!context.params.toggle("mask")) return mask;
    if (!masked)
        context.probe.note({"mask", "this model fills no gaps", "the token is read as it is"});
    else if (mask >= 0)
        ids[static_cast<std::size_t>(read.request.at)] = mask;
    else
        context.probe.note({"mask", "this model's tokenizer has no mask token", "the token is read as it is"});
    return mask;
}

void run_checkpoint_exhibit(RunContext& context) {
    const std::string& given = context.params.text("path");
    const CheckpointPtr checkpoint =
        context.model != nullptr ? checkpoint_of(context.model) : checkpoint_of(path_from_text(given), context.stop);
    keep_checkpoint_kind(given, *checkpoint);
    if (!checkpoint->unused.empty())
        context.probe.note({"path", checkpoint->unused, "the numbers are of a model without them"});
    if (checkpoint->source) return run_encoder_decoder_exhibit(context, checkpoint);
    note_no_beam(context);
    Read read = read_text(context, *checkpoint);
    const auto typed = static_cast<Index>(read.request.ids.size());
    write_on(context, *checkpoint, read);
    const Index mask = choose_position(context, *checkpoint, read);
    read.request.lens = context.params.toggle("lens");
    Probe& probe = context.probe;
    const CheckpointOutput output = run_checkpoint(checkpoint, read.request, probe, context.reuse, context.stop);
    Tensor<float> written(Shape{static_cast<Index>(output.ids.size())});
    for (Index i = typed; i < written.size(); ++i) written.data()[i] = 1;
    Observer{probe}("token.written", written, [] { return Shown{Role::input, "ω", "1: written by the model", "", {"token"}}; });
    Tensor<float> positions(Shape{static_cast<Index>(output.ids.size())});
    for (Index i = 0; i < positions.size(); ++i) positions.data()[i] = static_cast<float>(i + 1);
    Observer{probe}("token.position", positions, [] {
        return Shown{Role::input, "i", "Positions", "", {"token"}, {"count", "i = 1, 2, …", "token.position[i] = i + 1"}};
    });
    if (mask >= 0) show_coverable(probe, read, mask, context.params.toggle("mask"));
    const StackDesign& design = checkpoint->stack.design();
    // What the model is comes last, and gives way to what it wrote.
    std::vector<std::string> told;
    const bool writes = checkpoint->tokenizer != nullptr && static_cast<Index>(output.ids.size()) > typed;
    if (writes)
        told.push_back(
            fmt::format("writes “{}”", checkpoint->tokenizer->decode(Ids(output.ids.begin() + typed, output.ids.end()), true)));
    if (!output.likeliest.empty())
        told.push_back(fmt::format(
            "{} “{}” {}", checkpoint->read_out == ReadOut::masked_token ? fmt::format("at {}:", output.at + 1) : "next",
            checkpoint->labels[static_cast<std::size_t>(output.likeliest.front())], share_text(output.probabilities.front())));
    if (!writes)
        told.push_back(fmt::format("{}: {} layers of {} heads, {} features, {} tokens in its table", checkpoint->family->title,
                                   design.layers, design.heads, design.d_model, checkpoint->vocabulary()));
    probe.text("output", fmt::format("{}", fmt::join(told, ";  ")));
}

std::vector<ParamSpec> checkpoint_params() {
    ParamSpec path =
        text_param("path", "Model",
                   "A folder in Hugging Face's layout: config.json, model.safetensors, and a tokenizer. Drop it on "
                   "the window, or type its path. Nothing is fetched from the network.",
                   "", longest_path);
    path.optional_text = true;
    path.is_path = true;
    path.placeholder = "the bundled model of English";
    ParamSpec text = text_param("text", "Text", "What the model reads; of an encoder-decoder, the source.",
                                checkpoint_first_text, longest_text);
    text.examples = {checkpoint_first_text, "Tom told Mary that he", "The cat sat on the [MASK].",
                     "The doctor asked the nurse because she"};
    ParamSpec second =
        text_param("second", "Second text", "For models that read pairs of texts, as BERT does.", "", longest_text);
    second.optional_text = true;
    second.placeholder = "none";
    ParamSpec stack =
        choice_param("stack", "Stack",
                     "Of an encoder-decoder, whose attention is shown: the encoder looks at the text, the decoder "
                     "at what it has written, and across at the text.",
                     {{"encoder", "encoder self"}, {"decoder", "decoder self"}, {"cross", "cross"}});
    stack.fallback = std::string("cross");
    return {
        path,
        text,
        optional_text_param("target", "Target",
                            "Of an encoder-decoder (T5, Marian), what the decoder writes; empty: what it chooses by itself.",
                            "what the decoder chooses", longest_text),
        second,
        stack,
        integer_param("position", "Position",
                      "The token at which the model is read out: click one. 0: the last, or the first [MASK].", 0, 0, 65536),
        toggle_param("mask", "Mask it",
                     "For models that fill gaps: the token at that position is hidden, and the model says what stands there.",
                     false),
        integer_param(
            "generate", "Write on",
            "Tokens that the model writes after the text, or after the target, each with its row of attention. Without a "
            "target, a decoder writes up to 64.",
            0, 0, 256),
        number_param("temperature", "Temperature",
                     "Logits are divided by it before a token is drawn. 0: always the likeliest token.", 0, 0, 5),
        integer_param("top_k", "Top k", "Tokens are drawn from so many of the likeliest; 0: from all.", 0, 0, 1000),
        number_param("top_p", "Top p", "Tokens are drawn from the fewest that together have this probability.", 1, 0, 1),
        toggle_param("lens", "Logit lens", "What each layer's output would say if it were the last.", true)};
}

/// Those of one stack, or of the pair of an encoder-decoder: what the run does not have is not shown.
std::vector<ViewPlacement> placed_checkpoint(const Params& params) {
    std::vector<std::string> all = {"self.weights"};
    if (!params.text("path").empty()) all.push_back(params.text("stack") + ".weights");
    std::vector<ViewPlacement> views;
    for (const std::string& weights : all) {
        views.push_back({"head-grid", weights, 0, 0.5f, 0.5f});
        views.push_back({"heatmap", weights, 0, 0.5f, 0.5f});
    }
    views.push_back({"bars", "next.probabilities", 1, 0.4f, 0.3f});
    views.push_back({"words", "lens.probabilities", 1, 0.6f, 0.3f});
    for (const std::string& weights : all) {
        views.push_back({"flow", weights, 2, 0.5f, 0.36f});
        views.push_back({"neuron", weights, 2, 0.5f, 0.36f});
    }
    if (!params.text("path").empty()) views.push_back({"tree", "beam.score", 3, 1, 0.3f});
    return views;
}

}  // namespace

Exhibit checkpoint_exhibit() {
    Exhibit exhibit;
    exhibit.id = "checkpoint";
    exhibit.title = "Your model";
    exhibit.group = "Yours";
    exhibit.summary =
        "A model of your own, live: BERT, GPT-2, Pythia, Llama, Mistral, Qwen, T5, Marian and their kin, every head of every "
        "layer.";
    exhibit.source = "Vaswani 2017; Devlin 2018; Radford 2019; Raffel 2020; Touvron 2023";
    exhibit.params = checkpoint_params();
    for (ParamSpec& spec : beam_params()) exhibit.params.push_back(std::move(spec));
    exhibit.models = {"english"};
    exhibit.choose_model = [](const Params& params) -> std::string { return params.text("path").empty() ? "english" : ""; };
    exhibit.training_task = "english";
    exhibit.views = placed_checkpoint(resolve(exhibit.params, {}));
    exhibit.place = placed_checkpoint;
    exhibit.picks = {{"token.position", "position"}, {"output.position", "position"}, {"beam.rank", "hypothesis"}};
    exhibit.quick = {{"text", "generate", 20, "Write 20", "Take back"}};
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_checkpoint_exhibit;
    exhibit.lesson = checkpoint_lesson();
    return exhibit;
}

}  // namespace saccade
