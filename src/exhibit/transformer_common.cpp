#include "exhibit/transformer_common.hpp"

#include <fmt/core.h>

#include <cmath>

#include "exhibit/characters.hpp"
#include "params/param_make.hpp"

namespace saccade {

std::string date_lists_model(const std::string& position) {
    return "date-lists-" + position;
}

SequenceText::Source read_source(RunContext& context, const std::string& param, const SequenceText& text,
                                 const std::string& hint) {
    SequenceText::Source source = text.read(context.params.text(param));
    if (source.ids.empty()) refuse_nothing_to_read(param == "source" ? "Source" : "Text", source.dropped, hint);
    note_unseen(source.unseen, param, context.probe);
    note_mapped(source.mapped, param, context.probe);
    note_dropped(source.dropped, param, context.probe);
    return source;
}

std::optional<Index> radius_of(double r) {
    constexpr double beyond_any_text = 1e9;
    if (!(r < beyond_any_text)) return std::nullopt;
    return static_cast<Index>(std::floor(r));
}

ParamSpec radius_param(const std::string& name, const std::string& title, const std::string& whose) {
    return number_param(
        name, title,
        fmt::format("r: {} sees keys at most r positions away (restricted self-attention, Vaswani 2017, section 4). "
                    "0: itself alone; infinity: all.",
                    whose),
        INFINITY, 0, INFINITY);
}

ParamSpec position_param(bool as_trained) {
    std::vector<Choice> choices;
    if (as_trained) choices.push_back({"trained", "As trained"});
    std::string help = "How self-attention knows where its tokens are.";
    for (const PositionFunction& code : position_codes()) {
        choices.push_back({code.id, code.title});
        help += fmt::format("\n{}: {} ({})", code.title, code.equation, code.source);
    }
    return choice_param("position", "Position", help, choices);
}

Index chosen(const RunContext& context, const std::string& param, const char* what, Index count) {
    const std::int64_t from_one = context.params.integer(param);
    context.probe.reach(param, count);
    if (from_one <= count) return from_one - 1;
    throw Error(ErrorCode::invalid_input, fmt::format("{} {} does not exist: the model has {}", what, from_one, count),
                fmt::format("choose one from 1 to {}", count))
        .beyond(param, count);
}

}  // namespace saccade
