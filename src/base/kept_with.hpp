#pragma once

#include <condition_variable>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <variant>

#include "base/stop.hpp"

namespace saccade {

/// What follows from an immutable thing (a model, a picture) and from a key, made once and kept while that thing lives. It is
/// for what any run may ask for, on any thread, whatever ran before; what the last run computed, and the next may take, is
/// Reuse's (base/reuse.hpp). With `most`, the least recently used are forgotten.
///
/// Making one entry blocks no other. A caller that asks for one that is being made waits for it; if that fails or is
/// cancelled, the caller makes it itself.
template <class Owner, class T, class Key = std::monostate>
class KeptWith {
 public:
    explicit KeptWith(std::size_t most = std::numeric_limits<std::size_t>::max()) : most_(most) {}

    /// `make` returns a std::shared_ptr<const T>; what it throws passes through, and nothing is kept. `stop` ends the wait for
    /// another caller's: Error{cancelled}.
    template <class Make>
    std::shared_ptr<const T> get(const std::shared_ptr<const Owner>& owner, const Key& key, const Make& make,
                                 const std::stop_token& stop = {}) {
        std::unique_lock lock(mutex_);
        for (;;) {
            const std::shared_ptr<Entry> found = find(owner, key);
            if (found == nullptr) break;
            changed_.wait(lock, stop, [&] { return !found->being_made; });
            if (found->made != nullptr) return found->made;
            check_stop(stop);
        }
        const auto entry = std::make_shared<Entry>(Entry{owner, key, nullptr, true});
        entries_.push_front(entry);
        lock.unlock();
        std::shared_ptr<const T> made;
        try {
            made = make();
        } catch (...) {
            lock.lock();
            finish(*entry, nullptr);
            throw;
        }
        lock.lock();
        finish(*entry, made);
        return made;
    }
    template <class Make>
    std::shared_ptr<const T> get(const std::shared_ptr<const Owner>& owner, const Make& make,
                                 const std::stop_token& stop = {}) {
        return get(owner, Key{}, make, stop);
    }

 private:
    struct Entry {
        std::weak_ptr<const Owner> owner;
        Key key;
        std::shared_ptr<const T> made;
        bool being_made = false;
    };

    /// Null if there is none.
    std::shared_ptr<Entry> find(const std::shared_ptr<const Owner>& owner, const Key& key) {
        entries_.remove_if([](const auto& e) { return e->owner.expired(); });
        for (auto e = entries_.begin(); e != entries_.end(); ++e) {
            if ((*e)->owner.lock() != owner || !((*e)->key == key)) continue;
            entries_.splice(entries_.begin(), entries_, e);
            return entries_.front();
        }
        return nullptr;
    }
    void finish(Entry& entry, std::shared_ptr<const T> made) {
        entry.made = std::move(made);
        entry.being_made = false;
        if (entry.made == nullptr) entries_.remove_if([&](const auto& e) { return e.get() == &entry; });
        while (entries_.size() > most_) entries_.pop_back();
        changed_.notify_all();
    }

    std::size_t most_;
    std::mutex mutex_;
    std::condition_variable_any changed_;        // an entry was made, or was given up
    std::list<std::shared_ptr<Entry>> entries_;  // the latest used first
};

}  // namespace saccade
