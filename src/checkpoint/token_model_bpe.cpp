#include <fmt/format.h>

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

std::uint64_t pair_key(Index left, Index right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
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
            symbols_[static_cast<std::size_t>(i)] = {ids[static_cast<std::size_t>(i)], i - 1, i < last ? i + 1 : -1, true};
        std::vector<Candidate> first;
        for (int i = 0; i < last; ++i) collect(i, first);
        queue_ = Queue(std::greater<>{}, std::move(first));
    }

    void run() {
        std::vector<Candidate> found;
        while (!queue_.empty()) {
            const Candidate best = queue_.top();
            queue_.pop();
            Symbol& left = at(best.place);
            if (!left.there || left.next < 0) continue;
            Symbol& right = at(left.next);
            // The pair may have changed since; if it makes the same token it may be joined as well.
            const Merge* merge = merges_.find(pair_key(left.id, right.id));
            if (merge == nullptr || merge->id != best.id) continue;
            left.id = static_cast<Index>(best.id);
            right.there = false;
            left.next = right.next;
            if (left.next >= 0) at(left.next).previous = best.place;
            found.clear();
            if (left.previous >= 0) collect(left.previous, found);
            if (left.next >= 0) collect(best.place, found);
            for (const Candidate& candidate : found) queue_.push(candidate);
        }
    }
    void append_to(std::vector<Index>& ids) const {
        for (const Symbol& symbol : symbols_)
            if (symbol.there) ids.push_back(symbol.id);
    }

 private:
    struct Symbol {
        Index id = 0;
        int previous = -1, next = -1;
        bool there = true;
    };
    struct Candidate {
        std::uint32_t rank;
        int place;
        std::uint32_t id;
        bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : place > other.place; }
    };
    using Queue = std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>>;

    Symbol& at(int i) { return symbols_[static_cast<std::size_t>(i)]; }
    void collect(int i, std::vector<Candidate>& into) {
        const Symbol& left = at(i);
        if (const Merge* merge = merges_.find(pair_key(left.id, at(left.next).id))) into.push_back({merge->rank, i, merge->id});
    }

    const MergeTable& merges_;
    std::vector<Symbol> symbols_;
    Queue queue_;
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
            merges_.put(pair_key(needed(left, i, where), needed(right, i, where)),
                        {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(needed(whole, i, where))});
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
        merging.run();
        merging.append_to(ids);
    }

 private:
    Index needed(std::string_view token, std::size_t merge, const std::string& where) const {
        if (const auto id = table().id(token)) return *id;
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
