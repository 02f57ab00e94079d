#include "exhibit/characters.hpp"

#include <algorithm>

#include "base/typed_text.hpp"

namespace saccade {

std::vector<std::string> visible_characters(const std::vector<std::string>& characters) {
    std::vector<std::string> labels;
    for (const std::string& character : characters) labels.push_back(visible_character(character));
    return labels;
}

Ids character_ids(const std::vector<std::string>& characters, const Vocabulary& vocabulary, Index unknown,
                  const std::string& param, Probe& probe) {
    Ids ids;
    std::vector<std::string> unseen;
    for (const std::string& character : characters) {
        const Index id = vocabulary.find(character);
        ids.push_back(id < 0 ? unknown : id);
        if (id < 0 && std::find(unseen.begin(), unseen.end(), character) == unseen.end()) unseen.push_back(character);
    }
    note_unseen(unseen, param, probe);
    return ids;
}

namespace {

/// The first few with spaces separator, then "…".
std::string listed(const std::vector<std::string>& all, const char* separator) {
    constexpr std::size_t most_listed = 8;
    std::string list;
    for (std::size_t i = 0; i < std::min(all.size(), most_listed); ++i) list += (i == 0 ? "" : separator) + all[i];
    return all.size() > most_listed ? list + separator + "…" : list;
}

}  // namespace

void note_mapped(const std::vector<std::string>& mapped, const std::string& param, Probe& probe) {
    if (mapped.empty()) return;
    probe.note({param, "traditional characters are read as simplified ones: " + listed(mapped, ", "),
                "the model knows the simplified ones alone"});
}

void note_unseen(const std::vector<std::string>& unseen, const std::string& param, Probe& probe) {
    if (unseen.empty()) return;
    const std::string count = unseen.size() == 1 ? "1 character" : std::to_string(unseen.size()) + " characters";
    probe.note({param, count + " the model never saw: " + listed(visible_characters(unseen), " "),
                "read as unknown; the output may be wrong"});
}

void note_dropped(const std::vector<std::string>& dropped, const std::string& param, Probe& probe) {
    if (dropped.empty()) return;
    probe.note(
        {param, "left out, as they are not to be seen: " + listed(dropped, ", "), "the model reads the text without them"});
}

void refuse_nothing_to_read(const std::string& title, const std::vector<std::string>& dropped, const std::string& hint) {
    const std::string what = dropped.empty() ? " is empty" : " holds nothing that can be seen, only " + listed(dropped, ", ");
    throw Error(ErrorCode::invalid_input, title + what, hint);
}

Ids target_ids(const SequenceText& text, const std::string& typed, const std::string& param, Probe& probe) {
    SequenceText::Target target = text.read_target(typed);
    note_dropped(target.dropped, param, probe);
    if (!target.unseen.empty()) {
        std::string list;
        for (const std::string& piece : visible_characters(target.unseen)) list += (list.empty() ? "'" : ", '") + piece + "'";
        probe.note({param, "the model cannot write " + list, "<unk> stands there instead"});
    }
    return std::move(target.ids);
}

Ids text_ids(const SequenceText& text, const std::string& typed, const std::string& param, Probe& probe) {
    SequenceText::Target read = text.read_target(typed);
    note_dropped(read.dropped, param, probe);
    note_unseen(read.unseen, param, probe);
    return std::move(read.ids);
}

void note_unended(const RunContext& context, const std::string& param, const std::string& said, const std::string& unlike) {
    std::string why = unlike;
    // Snapshots of a training come from no file.
    if (context.model != nullptr && context.model->path.empty()) why = "the model is not trained yet";
    if (context.probe.intervening()) why = "what was changed by hand can keep it from ending";
    context.probe.note({param, said, why});
}

}  // namespace saccade
