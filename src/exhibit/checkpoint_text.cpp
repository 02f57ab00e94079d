#include "exhibit/checkpoint_text.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/typed_text.hpp"

namespace saccade {

Ids typed_ids(const std::string& text, const std::string& path, Index vocabulary) {
    Ids ids;
    std::size_t at = 0;
    while (at < text.size()) {
        if (std::string_view(" ,\n\t\r").find(text[at]) != std::string_view::npos) {
            ++at;
            continue;
        }
        Index id = -1;
        const auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), id);
        if (problem != std::errc() || id < 0 || id >= vocabulary)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("{}: the folder has no tokenizer, so the text is read as ids, and '{}' is none", path,
                                    text.substr(at, text.find_first_of(" ,\n\t\r", at) - at)),
                        fmt::format("type numbers from 0 to {}, with spaces between", vocabulary - 1));
        ids.push_back(id);
        at = static_cast<std::size_t>(end - text.data());
    }
    return ids;
}

std::string first_ids_text(Index vocabulary) {
    std::string text;
    for (Index id = 1; id < std::min<Index>(9, vocabulary); ++id) text += (text.empty() ? "" : " ") + std::to_string(id);
    return text;
}

Ids first_ids(Index vocabulary, Probe& probe) {
    const std::string text = first_ids_text(vocabulary);
    probe.note({"text", "the folder has no tokenizer, so ids are read: " + text, "type ids"});
    return typed_ids(text, {}, vocabulary);
}

ReadText read_checkpoint_text(const Checkpoint& checkpoint, const std::string& text, std::optional<std::string_view> second) {
    ReadText read;
    if (checkpoint.tokenizer == nullptr) {
        read.ids = typed_ids(text, checkpoint.path, checkpoint.vocabulary());
        read.special.assign(read.ids.size(), false);
    } else {
        auto encoded = checkpoint.tokenizer->encode(text, second);
        read.ids = std::move(encoded.ids);
        read.types = std::move(encoded.types);
        read.special.assign(encoded.special.begin(), encoded.special.end());
        for (Index& type : read.types) type = std::min(type, std::max<Index>(0, checkpoint.stack.types() - 1));
    }
    require_rows(read.ids, checkpoint.path, checkpoint.vocabulary());
    return read;
}

void require_rows(const Ids& ids, const std::string& path, Index vocabulary) {
    for (const Index id : ids)
        if (id >= vocabulary)
            throw Error(ErrorCode::bad_format,
                        fmt::format("{}: its tokenizer gives the id {}, and its table has {} rows", path, id, vocabulary),
                        "use the tokenizer that was saved with these weights");
}

void note_what_is_unseen(const RunContext& context, const char* param) {
    if (const auto unseen = read_typed(context.params.text(param)).dropped; !unseen.empty())
        context.probe.note({param, fmt::format("there is more than can be seen: {}", fmt::join(unseen, ", ")),
                            "the model reads it as its tokenizer does"});
}

}  // namespace saccade
