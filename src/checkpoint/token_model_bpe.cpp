#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <queue>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "checkpoint/token_model.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

namespace {

struct Merge {
    std::uint32_t rank = 0;
    std::uint32_t id = 0;  // of what the two become
};

std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) {
    return std::uint64_t{left} << 32 | right;
}

/// Merges by their pair, in open addressing: a text of n characters asks some 3 n times.
class MergeTable {
 public:
    explicit MergeTable(std::size_t count) {
        std::size_t slots = 16;
        while (slots < count * 2) slots *= 2;
        slots_.resize(slots);
    }
    void put(std::uint64_t pair, Merge merge) {
        Slot& slot = slots_[place(pair)];
        slot = {pair, merge};
    }
    const Merge* find(std::uint64_t pair) const {
        const Slot& slot = slots_[place(pair)];
        return slot.pair == pair ? &slot.merge : nullptr;
    }

 private:
    static constexpr std::uint64_t none = ~std::uint64_t{0};
    struct Slot {
        std::uint64_t pair = none;
        Merge merge;
    };
    std::size_t place(std::uint64_t pair) const {
        const std::size_t mask = slots_.size() - 1;
        std::uint64_t mixed = pair * 0x9e3779b97f4a7c15U;  // Fibonacci hashing
        std::size_t at = (mixed ^ mixed >> 32) & mask;
        while (slots_[at].pair != none && slots_[at].pair != pair) at = (at + 1) & mask;
        return at;
    }
    std::vector<Slot> slots_;
};

/// A chain of symbols, and which of its pairs can be merged.
class Merging {
 public:
    Merging(const MergeTable& merges, const std::vector<Index>& ids) : merges_(merges), symbols_(ids.size()) {
        const auto last = static_cast<int>(ids.size()) - 1;
        for (int i = 0; i <= last; ++i)
            at(i) = {static_cast<std::uint32_t>(ids[static_cast<std::size_t>(i)]), i - 1, i < last ? i + 1 : -1};
        for (int i = 0; i < last; ++i)
            if (const Merge* merge = merge_at(i)) first_.push_back(candidate(merge->rank, i));
        std::sort(first_.begin(), first_.end());
    }

    /// `made`: by rank, what a merge makes.
    void run(const std::vector<std::uint32_t>& made) {
        while (next_ < first_.size() || !later_.empty()) {
            const Candidate best = take();
            const int place = static_cast<int>(best & 0xffffffffU);
            Symbol& left = at(place);
            if (left.id == gone || left.next < 0) continue;
            Symbol& right = at(left.next);
            // The pair may have changed since; if it makes the same token it may be joined as well.
            const Merge* merge = merge_at(place);
            if (merge == nullptr || merge->id != made[best >> 32]) continue;
            left.id = merge->id;
            left.next = right.next;
            right.id = gone;
            if (left.next >= 0) {
                at(left.next).previous = place;
                offer(place);
            }
            if (left.previous >= 0) offer(left.previous);
        }
    }
    void append_to(std::vector<Index>& ids) const {
        for (const Symbol& symbol : symbols_)
            if (symbol.id != gone) ids.push_back(static_cast<Index>(symbol.id));
    }

 private:
    static constexpr std::uint32_t gone = ~std::uint32_t{0};
    struct Symbol {
        std::uint32_t id = 0;
        int previous = -1, next = -1;
    };
    /// The rank of a merge, then where it is: the smallest is done first.
    using Candidate = std::uint64_t;
    static Candidate candidate(std::uint32_t rank, int place) {
        return Candidate{rank} << 32 | static_cast<std::uint32_t>(place);
    }

    Symbol& at(int i) { return symbols_[static_cast<std::size_t>(i)]; }
    const Merge* merge_at(int i) { return merges_.find(pair_key(at(i).id, at(at(i).next).id)); }
    void offer(int i) {
        if (const Merge* merge = merge_at(i)) later_.push(candidate(merge->rank, i));
    }
    Candidate take() {
        if (later_.empty() || (next_ < first_.size() && first_[next_] < later_.top())) return first_[next_++];
        const Candidate best = later_.top();
        later_.pop();
        return best;
    }

    const MergeTable& merges_;
    std::vector<Symbol> symbols_;
    // Those of the text as it was stand in order and are read one after the other; those that merges make, in a heap.
    std::vector<Candidate> first_;
    std::size_t next_ = 0;
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> later_;
};

class BytePairModel final : public TokenModel {
 public:
    BytePairModel(TokenTable table, const BpeDesign& design, const std::string& where)
        : TokenModel(std::move(table)), design_(design), merges_(design.merges.size()) {
        design_.merges.clear();  // their ranks are in merges_
        unknown_ = design.unknown.empty() ? std::nullopt : this->table().id(design.unknown);
        for (std::size_t i = 0; i < design.merges.size(); ++i) {
            const auto& [left, right] = design.merges[i];
            const std::string_view plain = std::string_view(right).substr(
                right.starts_with(design.continuing_prefix) ? design.continuing_prefix.size() : 0);
            const std::string whole = left + std::string(plain);
            made_.push_back(needed(whole, i, where));
            merges_.put(pair_key(needed(left, i, where), needed(right, i, where)),
                        {static_cast<std::uint32_t>(i), made_.back()});
        }
    }

    void tokenize(std::string_view piece, std::vector<Index>& ids) const override {
        if (design_.ignore_merges)
            if (const auto whole = table().id(piece)) {
                ids.push_back(*whole);
                return;
            }
        const std::vector<Index> characters = character_ids(piece);
        Merging merging(merges_, characters);
        merging.run(made_);
        merging.append_to(ids);
    }

 private:
    std::uint32_t needed(std::string_view token, std::size_t merge, const std::string& where) const {
        if (const auto id = table().id(token)) return static_cast<std::uint32_t>(*id);
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: merge {} needs '{}', which is no token", where, merge + 1, shorten(token, 40)),
                    "its merges belong to another vocabulary");
    }

    std::vector<Index> character_ids(std::string_view piece) const {
        std::vector<Index> ids;
        bool after_unknown = false;
        for (std::string_view rest = piece; !rest.empty();) {
            const bool first = rest.size() == piece.size();
            const std::string_view before = rest;
            take_code_point(rest);
            std::string_view character = before.substr(0, before.size() - rest.size());
            std::string marked;
            if ((!first && !design_.continuing_prefix.empty()) || (rest.empty() && !design_.end_suffix.empty())) {
                marked = (first ? "" : design_.continuing_prefix) + std::string(character) +
                         (rest.empty() ? design_.end_suffix : "");
                character = marked;
            }
            if (const auto id = table().id(character)) {
                ids.push_back(*id);
                after_unknown = false;
            } else if (const auto bytes = design_.byte_fallback ? byte_ids(table(), character) : std::nullopt) {
                ids.insert(ids.end(), bytes->begin(), bytes->end());
                after_unknown = false;
            } else if (unknown_) {
                if (!(after_unknown && design_.fuse_unknown)) ids.push_back(*unknown_);
                after_unknown = true;
            }
        }
        return ids;
    }

    BpeDesign design_;
    std::optional<Index> unknown_;
    MergeTable merges_;
    std::vector<std::uint32_t> made_;
};

}  // namespace

std::unique_ptr<const TokenModel> make_bpe(TokenTable table, const BpeDesign& design, const std::string& where) {
    return std::make_unique<BytePairModel>(std::move(table), design, where);
}

std::string byte_token(unsigned char byte) {
    return fmt::format("<0x{:02X}>", byte);
}

std::optional<std::vector<Index>> byte_ids(const TokenTable& table, std::string_view text) {
    std::vector<Index> ids;
    for (const char byte : text) {
        const auto id = table.id(byte_token(static_cast<unsigned char>(byte)));
        if (!id) return std::nullopt;
        ids.push_back(*id);
    }
    return ids;
}

}  // namespace saccade
