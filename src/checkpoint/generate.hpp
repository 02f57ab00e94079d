#pragma once

#include <stop_token>

#include "base/rng.hpp"
#include "checkpoint/checkpoint.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// How the next token is chosen from the probabilities of all of them.
struct Sampling {
    double temperature = 0;  // logits are divided by it; 0: the likeliest token, always
    Index top_k = 0;         // of the likeliest so many alone (Fan 2018); 0: of all
    double top_p = 1;        // of the fewest that together have this probability (Holtzman 2020, section 3.1)
    bool operator==(const Sampling&) const = default;
};

/// One of the classes of `logits` [V].
Index sampled_token(const Tensor<float>& logits, const Sampling& how, Rng& rng);

/// The ids, and up to `count` tokens that the model writes after them; it ends at a special token, which is kept, and where the
/// model knows no further position. What the probe changes is changed here, too. Error{cancelled}.
Ids with_generated(const Checkpoint& checkpoint, Ids ids, Index count, const Sampling& how, Rng rng, const Probe& probe,
                   const std::stop_token& stop);

}  // namespace saccade
