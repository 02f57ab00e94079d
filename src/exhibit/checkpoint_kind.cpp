#include "exhibit/checkpoint_kind.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string_view>

namespace saccade {

namespace {

constexpr std::size_t most_known = 64;

/// The model that stands there where no folder is named: one that writes English.
constexpr CheckpointKind bundled_kind{.writes = true};

class KnownKinds {
 public:
    void keep(const std::string& path, const CheckpointKind& kind) {
        const std::lock_guard lock(mutex_);
        if (kinds_.size() >= most_known) kinds_.clear();
        kinds_[path] = kind;
    }
    std::optional<CheckpointKind> of(const std::string& path) {
        const std::lock_guard lock(mutex_);
        const auto found = kinds_.find(path);
        return found == kinds_.end() ? std::nullopt : std::optional(found->second);
    }

 private:
    std::mutex mutex_;
    std::map<std::string, CheckpointKind> kinds_;
};

KnownKinds& known_kinds() {
    static KnownKinds kinds;
    return kinds;
}

/// What a parameter is read by, and how such models are called.
struct ReadBy {
    std::string_view param;
    bool (*reads)(const CheckpointKind& kind);
    std::string_view models;
};

constexpr auto kind_translates = [](const CheckpointKind& kind) { return kind.translates; };
constexpr auto kind_writes = [](const CheckpointKind& kind) { return kind.writes || kind.translates; };
constexpr auto kind_says = [](const CheckpointKind& kind) { return kind.writes || kind.translates || kind.fills_gaps; };

constexpr ReadBy reading_kinds[] = {
    {"target", kind_translates, "models with a decoder of its own, as T5 and Marian"},
    {"beam", kind_translates, "models with a decoder of its own, as T5 and Marian"},
    {"hypothesis", kind_translates, "models with a decoder of its own, as T5 and Marian"},
    {"stack", kind_translates, "models with a decoder of its own, as T5 and Marian"},
    {"second", [](const CheckpointKind& kind) { return kind.both_ways; }, "models that read pairs of texts, as BERT does"},
    {"position", kind_says, "models that say a token"},
    {"lens", kind_says, "models that say a token"},
    {"mask", [](const CheckpointKind& kind) { return kind.fills_gaps; }, "models that fill gaps, as BERT does"},
    {"generate", kind_writes, "models that write on, as GPT-2 does"},
    {"temperature", kind_writes, "models that write on, as GPT-2 does"},
    {"top_k", kind_writes, "models that write on, as GPT-2 does"},
    {"top_p", kind_writes, "models that write on, as GPT-2 does"}};

}  // namespace

void keep_checkpoint_kind(const std::string& path, const Checkpoint& checkpoint) {
    CheckpointKind kind;
    kind.translates = checkpoint.source.has_value();
    kind.both_ways = !kind.translates && !checkpoint.stack.design().causal;
    kind.writes = checkpoint.read_out == ReadOut::next_token;
    kind.fills_gaps = checkpoint.read_out == ReadOut::masked_token;
    known_kinds().keep(path, kind);
}

std::string unread_by_checkpoint(const std::string& param, const Params& params) {
    const std::string path = params.has("path") ? params.text("path") : std::string();
    const std::optional<CheckpointKind> kind = path.empty() ? bundled_kind : known_kinds().of(path);
    if (!kind) return {};
    for (const ReadBy& rule : reading_kinds)
        if (rule.param == param && !rule.reads(*kind)) return "read of " + std::string(rule.models);
    return {};
}

}  // namespace saccade
