#include "train/near_duplicates.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/utf8.hpp"
#include "model/bpe.hpp"

namespace saccade {

namespace {

using Sequence = std::vector<std::string>;

/// At most one element put in, left out or replaced.
bool near(const Sequence& a, const Sequence& b) {
    const std::size_t shorter = std::min(a.size(), b.size()), longer = std::max(a.size(), b.size());
    if (longer - shorter > 1) return false;
    std::size_t same = 0, same_behind = 0;
    while (same < shorter && a[same] == b[same]) ++same;
    while (same_behind < shorter - same && a[a.size() - 1 - same_behind] == b[b.size() - 1 - same_behind]) ++same_behind;
    return longer - same - same_behind <= 1;
}

/// Finds near sequences without comparing all: two that are near become equal when one element is left out of one or of both.
class NearIndex {
 public:
    void add(Sequence sequence) {
        const std::size_t at = all_.size();
        visit(sequence, [&](std::size_t hash) {
            auto& places = by_hash_[hash];
            if (places.empty() || places.back() != at) places.push_back(at);
        });
        all_.push_back(std::move(sequence));
    }
    bool holds_near(const Sequence& sequence) const {
        bool found = false;
        visit(sequence, [&](std::size_t hash) {
            const auto places = found ? by_hash_.end() : by_hash_.find(hash);
            if (places == by_hash_.end()) return;
            found = std::ranges::any_of(places->second, [&](std::size_t at) { return near(all_[at], sequence); });
        });
        return found;
    }

 private:
    /// The hash of the sequence, and of each that is left when an element is taken out.
    template <class Visit>
    static void visit(const Sequence& sequence, Visit visit) {
        for (std::size_t out = 0; out <= sequence.size(); ++out) {
            std::string left;
            for (std::size_t i = 0; i < sequence.size(); ++i)
                if (i != out) left += sequence[i] + '\0';
            visit(std::hash<std::string>()(left));
        }
    }

    std::vector<Sequence> all_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> by_hash_;
};

}  // namespace

std::vector<bool> near_duplicates(const TranslationData& data) {
    NearIndex chinese, english;
    for (const SentencePair& pair : data.training) {
        chinese.add(code_points(pair.chinese));
        english.add(words_of(pair.english));  // a blank before a full stop makes no other sentence
    }
    std::vector<bool> found;
    for (const HeldOutSentence& sentence : data.held_out)
        found.push_back(chinese.holds_near(code_points(sentence.chinese)) ||
                        std::ranges::any_of(sentence.references,
                                            [&](const std::string& text) { return english.holds_near(words_of(text)); }));
    return found;
}

}  // namespace saccade
