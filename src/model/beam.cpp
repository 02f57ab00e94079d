#include "model/beam.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

namespace {

/// A hypothesis that may still grow: the row of the batch that carries its state, and where it stands in the tree.
struct Live {
    Index candidate;
    double log_probability;
    Ids ids;
};

double length_normalizer(std::size_t length, const BeamSettings& settings) {
    const auto n = static_cast<double>(length);
    return std::pow(settings.as_generate ? n : (5.0 + n) / 6.0, settings.length_penalty);
}

/// Is the search over behind step `i`, whose best candidate has this log-probability?
bool is_over(const BeamResult& result, const BeamSettings& settings, std::size_t i, double best) {
    const auto width = static_cast<std::size_t>(settings.width);
    if (result.hypotheses.size() < width) return false;
    if (!settings.as_generate || settings.end == BeamEnd::early) return true;
    std::vector<double> scores;
    for (const Hypothesis& h : result.hypotheses) scores.push_back(h.score);
    std::ranges::nth_element(scores, scores.begin() + settings.width - 1, std::greater<>());
    // A negative sum over a longer text is nearer to zero, if lengths are rewarded at all.
    const bool longest = settings.end == BeamEnd::certain && settings.length_penalty > 0;
    const std::size_t length = longest ? static_cast<std::size_t>(settings.max_steps) : i + 1;
    return scores[width - 1] >= best / length_normalizer(length, settings);
}

struct Extension {
    Index row, token;
    double log_probability;
};

/// The `count` best extensions of all live hypotheses, best first; ties by row and token, so that the order is always the same.
template <class T>
std::vector<Extension> best_extensions(const std::vector<Live>& live, const Tensor<T>& log_probabilities, Index count) {
    std::vector<Extension> all;
    const Index classes = log_probabilities.shape()[-1];
    all.reserve(live.size() * static_cast<std::size_t>(classes));
    for (std::size_t row = 0; row < live.size(); ++row)
        for (Index token = 0; token < classes; ++token) {
            const auto own = static_cast<double>(log_probabilities.data()[static_cast<Index>(row) * classes + token]);
            all.push_back({static_cast<Index>(row), token, live[row].log_probability + own});
        }
    const auto better = [](const Extension& a, const Extension& b) {
        if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
        return a.row != b.row ? a.row < b.row : a.token < b.token;
    };
    const auto kept = std::min<std::size_t>(static_cast<std::size_t>(count), all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(), better);
    all.resize(kept);
    return all;
}

void rank(BeamResult& result, std::size_t width) {
    std::ranges::stable_sort(result.hypotheses, [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
    if (result.hypotheses.size() > width) result.hypotheses.resize(width);
    for (std::size_t r = 0; r < result.hypotheses.size(); ++r) {
        const Hypothesis& h = result.hypotheses[r];
        result.steps[static_cast<std::size_t>(h.step)][static_cast<std::size_t>(h.candidate)].rank = static_cast<Index>(r) + 1;
    }
}

}  // namespace

template <class T>
BeamResult beam_search(const BeamModel<T>& model, const BeamSettings& settings, std::stop_token stop) {
    if (settings.width < 1) throw Error(ErrorCode::invalid_input, "beam: the width must be at least 1", "1 is greedy decoding");
    const auto width = static_cast<std::size_t>(settings.width);
    BeamResult result{.hypotheses = {}, .steps = {}, .as_generate = settings.as_generate};
    std::vector<Live> live = {{-1, 0.0, {}}};
    Ids rows = {0};
    bool over = false;
    for (Index i = 0; !over && i < settings.max_steps && !live.empty(); ++i) {
        check_stop(stop);
        Ids previous;
        for (const Live& h : live) previous.push_back(h.ids.empty() ? model.start : h.ids.back());
        const Tensor<T> log_p = model.step(rows, previous);

        std::vector<BeamCandidate> tree;
        std::vector<Live> next;
        rows.clear();
        for (const Extension& e : best_extensions(live, log_p, 2 * settings.width)) {
            const Live& parent = live[static_cast<std::size_t>(e.row)];
            const double score = e.log_probability / length_normalizer(parent.ids.size() + 1, settings);
            BeamCandidate c{parent.candidate, e.token, e.log_probability, score, BeamCandidate::Fate::pruned, 0};
            Ids ids = parent.ids;
            ids.push_back(e.token);
            const auto at = static_cast<Index>(tree.size());
            if (e.token == model.end) {
                if (tree.size() < width) {
                    c.fate = BeamCandidate::Fate::finished;
                    result.hypotheses.push_back({std::move(ids), e.log_probability, score, i, at});
                }
            } else if (next.size() < width) {
                c.fate = BeamCandidate::Fate::live;
                next.push_back({at, e.log_probability, std::move(ids)});
                rows.push_back(e.row);
            }
            tree.push_back(c);
        }
        const double best = tree.front().log_probability;
        result.steps.push_back(std::move(tree));
        over = is_over(result, settings, static_cast<std::size_t>(i), best);
        live = std::move(next);
    }
    // What was still growing when the steps ran out counts only where nothing has ended, or where it competes.
    if (result.hypotheses.empty() || (settings.as_generate && !over))
        for (const Live& h : live)
            result.hypotheses.push_back({h.ids, h.log_probability,
                                         h.log_probability / length_normalizer(h.ids.size(), settings),
                                         static_cast<Index>(result.steps.size()) - 1, h.candidate});
    rank(result, width);
    return result;
}

template <class T>
BeamResult beam_search(const Seq2Seq<T>& model, const typename Seq2Seq<T>::Encoded& encoded, const BeamSettings& settings,
                       Rng* rng, std::stop_token stop) {
    typename Seq2Seq<T>::State state = model.initial_state(encoded);
    Index i = 0;
    const auto step = [&](std::span<const Index> rows, const Ids& previous) {
        const auto here = encoded.rows(Ids(rows.size(), 0));
        const auto made = model.step(here, model.project_previous(previous), state.rows(rows), i++, rng);
        state = made.state;
        return log_softmax(model.logits(model.readout_input(made))).value();
    };
    return beam_search(BeamModel<T>{model.start_id(), model.end_id(), step}, settings, std::move(stop));
}

template <class T>
BeamResult beam_search(const Transformer<T>& model, const typename Transformer<T>::Encoded& encoded,
                       const BeamSettings& settings, std::stop_token stop) {
    typename Transformer<T>::State state = model.initial_state(encoded);
    const auto step = [&](std::span<const Index> rows, const Ids& previous) {
        state = state.rows(rows);
        return log_softmax(model.step(previous, state)).value();
    };
    return beam_search(BeamModel<T>{model.start_id(), model.end_id(), step}, settings, std::move(stop));
}

#define SACCADE_INSTANTIATE(T)                                                                                  \
    template BeamResult beam_search(const BeamModel<T>&, const BeamSettings&, std::stop_token);                 \
    template BeamResult beam_search(const Seq2Seq<T>&, const Seq2Seq<T>::Encoded&, const BeamSettings&, Rng*,   \
                                    std::stop_token);                                                           \
    template BeamResult beam_search(const Transformer<T>&, const Transformer<T>::Encoded&, const BeamSettings&, \
                                    std::stop_token);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
