#include "attention/align.hpp"

#include "base/error.hpp"

namespace saccade {

const std::vector<AlignmentFunction>& alignment_functions() {
    static const std::vector<AlignmentFunction> all = {
        {Alignment::softmax, "softmax", "Softmax", "α_ij = exp(e_ij / τ) / Σ_k exp(e_ik / τ)", "Bahdanau 2014, eq. 6"},
        {Alignment::hard_argmax, "hard_argmax", "Hard argmax", "α_ij = 1 for j = argmax_k e_ik, else 0",
         "Xu 2015, section 4.1"},
        {Alignment::hard_sample, "hard_sample", "Hard sampled", "α_i ~ Multinoulli(softmax(e_i / τ))", "Xu 2015, eq. 8"},
        {Alignment::local_m, "local_m", "Local-m", "α_ij = softmax_j(e_ij / τ) over |j − i| ≤ D", "Luong 2015, section 3.2"},
        {Alignment::local_p, "local_p", "Local-p",
         "α_ij = softmax_j(e_ij / τ) exp(−(j − p_i)² / 2σ²) over |j − p_i| ≤ D, σ = D/2", "Luong 2015, eq. 9 and 10"},
    };
    return all;
}

const AlignmentFunction& alignment_function(Alignment kind) {
    return alignment_functions().at(static_cast<std::size_t>(kind));
}

const AlignmentFunction& alignment_function(const std::string& id) {
    std::string known;
    for (const AlignmentFunction& candidate : alignment_functions()) {
        if (candidate.id == id) return candidate;
        known += (known.empty() ? "" : ", ") + candidate.id;
    }
    throw Error(ErrorCode::usage, "there is no alignment function '" + id + "'", "choose one of: " + known);
}

}  // namespace saccade
