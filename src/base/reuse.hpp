#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <typeindex>
#include <utility>

namespace saccade {

/// What an exhibit keeps from one run to the next, so that only what an edit touched is computed again. It lives as long as the
/// runner (the window), or as one run (the command line); one run at a time uses it, so it needs no lock. What a request asks
/// for with interventions neither finds nor keeps anything: run() then hands out an empty one. A window keeps what its views
/// computed in one of its own (viz/remembered.hpp). What follows from an immutable thing dies with that: base/kept_with.hpp.
/// A key is a place, "transformer.encoder", not a hash of the inputs. What is kept there says itself what it was computed from,
/// and the caller that finds it compares: only then may it be used, as a whole or as far as it agrees. The result must be, bit
/// for bit, what a full run gives.
///
///     struct KeptEncoder {
///         ModelPtr model;                // held: another model could come to lie at the same address
///         std::vector<Index> ids;        // ... and all else that the states depend on: design, masks
///         std::vector<Tensor<float>> states;
///     };
///     auto kept = context.reuse.find<KeptEncoder>("transformer.encoder");
///     if (!kept || kept->model != context.model || kept->ids != ids) {
///         kept = std::make_shared<const KeptEncoder>(encode(...));   // complete: a run that is cancelled here keeps nothing
///         context.reuse.keep("transformer.encoder", kept, kept->bytes());
///     }
///     // show kept->states to the probe, as if they had just been computed
///
/// Causality says how far a decoder's keys and values may be taken: the rows of the longest prefix of ids that both have.
class Reuse {
 public:
    static constexpr std::size_t usual_bytes = std::size_t{256} << 20;
    explicit Reuse(std::size_t most_bytes = usual_bytes) : most_bytes_(most_bytes) {}

    /// Null if there is nothing, or something of another type.
    template <class T>
    std::shared_ptr<const T> find(const std::string& key) {
        return std::static_pointer_cast<const T>(find(key, typeid(T)));
    }
    /// Takes the place of what was kept there. What was not used for longest goes first when there is no room; what needs more
    /// than all the room is not kept. With `of`, it is forgotten when that has expired: it needs no room for what it was made
    /// of.
    template <class T>
    void keep(const std::string& key, std::shared_ptr<const T> value, std::size_t bytes,
              std::optional<std::weak_ptr<const void>> of = std::nullopt) {
        keep(Kept{key, typeid(T), std::move(value), bytes, std::move(of)});
    }
    void forget(const std::string& key);
    std::size_t bytes() const { return bytes_; }
    std::size_t most_bytes() const { return most_bytes_; }

 private:
    struct Kept {
        std::string key;
        std::type_index type;
        std::shared_ptr<const void> value;
        std::size_t bytes;
        std::optional<std::weak_ptr<const void>> of;
    };
    std::shared_ptr<const void> find(const std::string& key, std::type_index type);
    void keep(Kept kept);

    std::list<Kept> kept_;  // the latest used first
    std::size_t bytes_ = 0;
    std::size_t most_bytes_;
};

}  // namespace saccade
