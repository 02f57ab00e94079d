#pragma once

#include <string>
#include <vector>

namespace saccade {

/// A file or folder of a person's own that was opened, and by which exhibit.
struct Recent {
    std::string exhibit, path;  // as they stand in a request
    bool operator==(const Recent&) const = default;
};

/// It comes first; of so many, the oldest goes.
void note_recent(std::vector<Recent>& all, const Recent& opened);
void forget_recent(std::vector<Recent>& all, const std::string& path);
/// "gpt2": the last part of its path; of a snapshot in Hugging Face's cache, the model's own name.
std::string recent_title(const Recent& one);

}  // namespace saccade
