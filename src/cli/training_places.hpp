#pragma once

#include <string>

namespace saccade {

/// Where a training of the command line writes. The names of card and checkpoint follow from that of the weights: nobody gave
/// them, so whatever else stands there stays.
struct TrainingPlaces {
    /// Error{usage}: not F.safetensors.
    explicit TrainingPlaces(const std::string& output);

    /// Error{usage}: a foreign file stands in the place of the card or the checkpoint. Error{io}: they cannot be written.
    void check() const;

    std::string weights, card, checkpoint;
};

/// A file stands there that is no card of a training.
bool is_foreign_card(const std::string& path);
/// A file stands there that was no checkpoint, not even one that is damaged now. Error{io} if it cannot be read.
bool is_foreign_checkpoint(const std::string& path);

}  // namespace saccade
