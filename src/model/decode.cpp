#include "model/decode.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/beam_show.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

template <class T>
Index likeliest(std::span<const T> row) {
    return std::ranges::max_element(row) - row.begin();
}

}  // namespace

template <class T>
Ids greedy(Ids start, Index end, Index max_steps, const std::function<Tensor<T>(const Ids& previous)>& step,
           const std::stop_token& stop) {
    Ids previous = std::move(start), ids;
    std::vector<bool> ended(previous.size(), false);
    for (Index i = 0; i < max_steps && !std::ranges::all_of(ended, [](bool e) { return e; }); ++i) {
        check_stop(stop);
        const Tensor<T> logits = step(previous);
        for (std::size_t b = 0; b < previous.size(); ++b) {
            previous[b] = ended[b] ? end : likeliest(std::span<const T>(logits.row(static_cast<Index>(b)).values()));
            ended[b] = ended[b] || previous[b] == end;
        }
        ids.insert(ids.end(), previous.begin(), previous.end());
    }
    return ids;
}

template Ids greedy(Ids, Index, Index, const std::function<Tensor<float>(const Ids&)>&, const std::stop_token&);
template Ids greedy(Ids, Index, Index, const std::function<Tensor<double>(const Ids&)>&, const std::stop_token&);

Decoded decode(const OneOutput& decoder, const DecodeRequest& request, const DecodeText& text, const Observer& observe,
               const std::stop_token& stop) {
    Decoded decoded;
    bool free = !request.forced.has_value();
    How chosen_how{"choose", "y_i = argmax_c p_ic", "@output.id[i] = argmax_c(@probabilities[i,c])", "decoding"};
    if (!free) chosen_how = {"choose", fmt::format("y_i as the forced {} has it", text.forced), "", "decoding"};
    Ids given = request.forced.value_or(Ids{});
    if (!free) given.push_back(decoder.end);
    if (free && request.beam.width > 1) {
        const BeamResult beam = decoder.search();
        decoded.hypotheses = beam.hypotheses;
        given = shown_hypothesis(*observe.probe(), beam, request.beam.width, request.hypothesis);
        free = false;
        chosen_how = {"choose", "y_i as the beam's hypothesis has it", "", "decoding"};
    }
    const Index steps = free ? request.beam.max_steps : static_cast<Index>(given.size());
    Index previous = decoder.start;
    for (Index i = 0; i < steps; ++i) {
        check_stop(stop);
        const Observer here = observe.row(i);
        previous = here.id("decoder.input", previous, decoder.readable, [&] {
            return Shown{.role = Role::input,
                         .symbol = "y",
                         .title = text.input,
                         .axes = {"output"},
                         .step = {"feed back", fmt::format("y_(i−1), and {} before the first", text.first),
                                  "@decoder.input[i] = " + rules::feed_back("@output.id", text.first_rule), text.input_source}};
        });
        const Var<float> logits = decoder.step(previous, here);
        const Var<float> p = here("probabilities", softmax(logits), [&] {
            return Shown{.role = Role::probabilities,
                         .symbol = "p",
                         .title = text.probabilities,
                         .unit = "probability",
                         .axes = {"output", "token"},
                         .step = {"normalise", fmt::format("p(y_i | y_<i, {}) = softmax(o_i)", text.given),
                                  "@probabilities[i,c] = " + rules::softmax('c', "@logits[i,c]"), text.probabilities_source}};
        });
        const Index chosen = free ? likeliest(std::span<const float>(p.value().values())) : given[static_cast<std::size_t>(i)];
        previous = here.id("output.id", chosen, decoder.writable, [&] {
            return Shown{.role = Role::output, .symbol = "y", .title = text.output, .axes = {"output"}, .step = chosen_how};
        });
        decoded.ids.push_back(previous);
        if (free && previous == decoder.end) break;
    }
    return decoded;
}

}  // namespace saccade
