#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace saccade {

/// A data file as a model card names it: what was learned from, so that anyone can tell whether theirs is the same, and under
/// which licence, as far as the file itself says so.
struct DataSource {
    std::string name;     // without its folder
    std::string sha256;   // base/sha256.hpp
    std::string licence;  // "CC BY 2.0 FR, Tatoeba contributors (tatoeba.org)"; empty: the file gives none

    /// "cmn-eng.txt (SHA-256 0123456789ab…)".
    std::string str() const;
    /// For a card's "licence": that of the `what` ("Sentences"), or that none was given.
    std::string licence_of(const std::string& what) const;
    /// "data_file": name and hash.
    void into_card(nlohmann::json& card) const;
};

/// Of sentence pairs: the licence is that of Tatoeba if the third column of every line attributes the pair to it, as
/// manythings.org/anki writes it.
DataSource sentence_source(const std::string& path, const std::string& content);

}  // namespace saccade
