#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/path_text.hpp"
#include "base/typed_text.hpp"
#include "checkpoint/checkpoint_run.hpp"
#include "checkpoint/generate.hpp"
#include "exhibit/checkpoint_lesson.hpp"
#include "exhibit/exhibits.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr double longest_text = 65536;  // code points
constexpr double longest_path = 4096;
constexpr const char* first_text = "I don't know what you are talking";

/// Ids typed as numbers, where a folder has no tokenizer.
Ids typed_ids(const std::string& text, const Checkpoint& checkpoint) {
    Ids ids;
    std::size_t at = 0;
    while (at < text.size()) {
        if (std::string_view(" ,\n\t\r").find(text[at]) != std::string_view::npos) {
            ++at;
            continue;
        }
        Index id = -1;
        const auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), id);
        if (problem != std::errc() || id < 0 || id >= checkpoint.vocabulary())
            throw Error(ErrorCode::invalid_input,
                        fmt::format("{}: the folder has no tokenizer, so the text is read as ids, and '{}' is none",
                                    checkpoint.path, text.substr(at, text.find_first_of(" ,\n\t\r", at) - at)),
                        fmt::format("type numbers from 0 to {}, with spaces between", checkpoint.vocabulary() - 1));
        ids.push_back(id);
        at = static_cast<std::size_t>(end - text.data());
    }
    return ids;
}

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
        if (text == first_text) {
            for (Index id = 1; id < std::min<Index>(9, checkpoint.vocabulary()); ++id) read.request.ids.push_back(id);
            context.probe.note({"text", "the folder has no tokenizer, so ids are read: 1 2 3 4 5 6 7 8", "type ids"});
        } else {
            read.request.ids = typed_ids(text, checkpoint);
        }
        if (!second.empty())
            context.probe.note({"second", "the folder has no tokenizer, and ids are one text", "the second text is left out"});
        read.special.assign(read.request.ids.size(), false);
    } else {
        const bool pair = !second.empty();
        if (pair && checkpoint.stack.design().causal)
            context.probe.note({"second", "this model reads one text from left to right", "the second text is left out"});
        const auto encoded = checkpoint.tokenizer->encode(
            text, pair && !checkpoint.stack.design().causal ? std::optional<std::string_view>(second) : std::nullopt);
        read.request.ids = encoded.ids;
        read.request.types = encoded.types;
        read.special = encoded.special;
        for (Index& type : read.request.types) type = std::min(type, std::max<Index>(0, checkpoint.stack.types() - 1));
    }
    for (const char* param : {"text", "second"})
        if (const auto unseen = read_typed(context.params.text(param)).dropped; !unseen.empty())
            context.probe.note({param, fmt::format("there is more than can be seen: {}", fmt::join(unseen, ", ")),
                                "the model reads it as its tokenizer does"});
    for (const Index id : read.request.ids)
        if (id >= checkpoint.vocabulary())
            throw Error(ErrorCode::bad_format,
                        fmt::format("{}: its tokenizer gives the id {}, and its table has {} rows", checkpoint.path, id,
                                    checkpoint.vocabulary()),
                        "use the tokenizer that was saved with these weights");
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
    read.special.resize(read.request.ids.size(), false);
    if (!read.request.types.empty()) read.request.types.resize(read.request.ids.size(), 0);
}

/// Which position is read out, and with what standing there.
void choose_position(const RunContext& context, const Checkpoint& checkpoint, Read& read) {
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
    if (!context.params.toggle("mask")) return;
    if (!masked)
        context.probe.note({"mask", "this model fills no gaps", "the token is read as it is"});
    else if (mask >= 0)
        ids[static_cast<std::size_t>(read.request.at)] = mask;
    else
        context.probe.note({"mask", "this model's tokenizer has no mask token", "the token is read as it is"});
}

void run_checkpoint_exhibit(RunContext& context) {
    const std::string& given = context.params.text("path");
    const CheckpointPtr checkpoint =
        context.model != nullptr ? checkpoint_of(context.model) : checkpoint_of(path_from_text(given), context.stop);
    if (!checkpoint->unused.empty())
        context.probe.note({"path", checkpoint->unused, "the numbers are of a model without them"});
    Read read = read_text(context, *checkpoint);
    const auto typed = static_cast<Index>(read.request.ids.size());
    write_on(context, *checkpoint, read);
    choose_position(context, *checkpoint, read);
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
    const StackDesign& design = checkpoint->stack.design();
    std::string text = fmt::format("{}: {} layers of {} heads, {} features, {} tokens in its table", checkpoint->family->title,
                                   design.layers, design.heads, design.d_model, checkpoint->vocabulary());
    if (!output.likeliest.empty())
        text = fmt::format("{} “{}” {:.2f};  {}",
                           checkpoint->read_out == ReadOut::masked_token ? fmt::format("at {}:", output.at + 1) : "next",
                           checkpoint->labels[static_cast<std::size_t>(output.likeliest.front())], output.probabilities.front(),
                           text);
    if (checkpoint->tokenizer != nullptr && static_cast<Index>(output.ids.size()) > typed) {
        const Ids tail(output.ids.begin() + typed, output.ids.end());
        text = fmt::format("writes “{}”;  {}", checkpoint->tokenizer->decode(tail, true), text);
    }
    probe.text("output", text);
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
    ParamSpec text = text_param("text", "Text", "What the model reads.", first_text, longest_text);
    text.examples = {first_text, "Tom told Mary that he", "The cat sat on the [MASK].",
                     "The doctor asked the nurse because she"};
    ParamSpec second =
        text_param("second", "Second text", "For models that read pairs of texts, as BERT does.", "", longest_text);
    second.optional_text = true;
    second.placeholder = "none";
    return {
        path,
        text,
        second,
        integer_param("position", "Position",
                      "The token at which the model is read out: click one. 0: the last, or the first [MASK].", 0, 0, 65536),
        toggle_param("mask", "Mask it",
                     "For models that fill gaps: the token at that position is hidden, and the model says what stands there.",
                     false),
        integer_param("generate", "Write on", "Tokens that the model writes after the text, each with its row of attention.", 0,
                      0, 256),
        number_param("temperature", "Temperature",
                     "Logits are divided by it before a token is drawn. 0: always the likeliest token.", 0, 0, 5),
        integer_param("top_k", "Top k", "Tokens are drawn from so many of the likeliest; 0: from all.", 0, 0, 1000),
        number_param("top_p", "Top p", "Tokens are drawn from the fewest that together have this probability.", 1, 0, 1),
        toggle_param("lens", "Logit lens", "What each layer's output would say if it were the last.", true)};
}

}  // namespace

Exhibit checkpoint_exhibit() {
    Exhibit exhibit;
    exhibit.id = "checkpoint";
    exhibit.title = "Your model";
    exhibit.group = "Yours";
    exhibit.summary =
        "A model of your own, live: BERT, GPT-2, Pythia, Llama, Mistral, Qwen and their kin, every head of every layer.";
    exhibit.source = "Vaswani 2017; Devlin 2018; Radford 2019; Touvron 2023";
    exhibit.params = checkpoint_params();
    exhibit.models = {"english"};
    exhibit.choose_model = [](const Params& params) -> std::string { return params.text("path").empty() ? "english" : ""; };
    exhibit.training_task = "english";
    exhibit.views = {{"head-grid", "self.weights", 0, 0.5f, 0.6f},
                     {"heatmap", "self.weights", 0, 0.5f, 0.6f},
                     {"bars", "next.probabilities", 1, 0.4f, 0.4f},
                     {"words", "lens.probabilities", 1, 0.6f, 0.4f}};
    exhibit.picks = {{"token.position", "position"}};
    exhibit.quick = {{"text", "generate", 20, "Write 20", "Stop"}};
    exhibit.output_text = "output";
    exhibit.run = run_checkpoint_exhibit;
    exhibit.lesson = checkpoint_lesson();
    return exhibit;
}

}  // namespace saccade
