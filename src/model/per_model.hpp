#pragma once

#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <variant>

#include "model/model_store.hpp"

namespace saccade {

/// Things made once of a model (and of a key, where there are several) and kept while the model lives: typing runs a model many
/// times a second. With `most`, the least recently used are forgotten. Safe from any thread.
template <class T, class Key = std::monostate>
class PerModel {
 public:
    explicit PerModel(std::size_t most = std::numeric_limits<std::size_t>::max()) : most_(most) {}

    /// `make` returns a std::shared_ptr<const T>; what it throws passes through, and nothing is kept.
    template <class Make>
    std::shared_ptr<const T> get(const ModelPtr& model, const Key& key, const Make& make) {
        const std::scoped_lock lock(mutex_);
        entries_.remove_if([](const Entry& e) { return e.model.expired(); });
        for (auto e = entries_.begin(); e != entries_.end(); ++e) {
            if (e->model.lock() != model || !(e->key == key)) continue;
            entries_.splice(entries_.begin(), entries_, e);
            return e->made;
        }
        entries_.push_front({model, key, make()});
        if (entries_.size() > most_) entries_.pop_back();
        return entries_.front().made;
    }
    template <class Make>
    std::shared_ptr<const T> get(const ModelPtr& model, const Make& make) {
        return get(model, Key{}, make);
    }

 private:
    struct Entry {
        std::weak_ptr<const Model> model;
        Key key;
        std::shared_ptr<const T> made;
    };
    std::size_t most_;
    std::mutex mutex_;
    std::list<Entry> entries_;  // the latest used first
};

}  // namespace saccade
