#include "base/reuse.hpp"

#include <algorithm>
#include <iterator>

namespace saccade {

std::shared_ptr<const void> Reuse::find(const std::string& key, std::type_index type) {
    const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
    if (found == kept_.end() || found->type != type || (found->of && found->of->expired())) return nullptr;
    kept_.splice(kept_.begin(), kept_, found);
    return found->value;
}

void Reuse::forget(const std::string& key) {
    const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
    if (found == kept_.end()) return;
    bytes_ -= found->bytes;
    kept_.erase(found);
}

void Reuse::keep(Kept kept) {
    forget(kept.key);
    for (auto old = kept_.begin(); old != kept_.end();) {
        const bool gone = old->of && old->of->expired();
        if (gone) bytes_ -= old->bytes;
        old = gone ? kept_.erase(old) : std::next(old);
    }
    if (!kept.value || kept.bytes > most_bytes_) return;
    while (bytes_ + kept.bytes > most_bytes_) {
        bytes_ -= kept_.back().bytes;
        kept_.pop_back();
    }
    bytes_ += kept.bytes;
    kept_.push_front(std::move(kept));
}

}  // namespace saccade
