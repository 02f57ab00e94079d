#include "exhibit/characters.hpp"

#include <algorithm>

namespace saccade {

std::vector<std::string> visible_characters(const std::vector<std::string>& characters) {
    std::vector<std::string> labels;
    for (const std::string& character : characters) {
        if (character == " ")
            labels.emplace_back("␣");
        else if (character == "\t")
            labels.emplace_back("⇥");
        else if (character == "\n" || character == "\r")
            labels.emplace_back("↵");
        else
            labels.push_back(character);
    }
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

/// The first few with spaces between, then "…".
std::string listed(const std::vector<std::string>& all, const char* between) {
    constexpr std::size_t most_listed = 8;
    std::string list;
    for (std::size_t i = 0; i < std::min(all.size(), most_listed); ++i)
        list += (i == 0 ? "" : between) + visible_characters({all[i]})[0];
    return all.size() > most_listed ? list + between + "…" : list;
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
    probe.note({param, count + " the model never saw: " + listed(unseen, " "), "read as unknown; the output may be wrong"});
}

}  // namespace saccade
