#include "exhibit/position_lengths.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "exhibit/measuring.hpp"
#include "exhibit/transformer_common.hpp"
#include "trace/observer.hpp"
#include "train/date_lists_data.hpp"

namespace saccade {

namespace {

constexpr Index batch = 8;

struct Contestant {
    std::string title;
    std::shared_ptr<const LoadedTransformer> loaded;
};

struct Tally {
    Index right = 0, asked = 0;    // dates, written freely
    Index characters = 0, of = 0;  // right after the right ones before
    bool beyond = false;           // the lists do not fit into the table of positions
};

std::vector<std::string> split_dates(const std::string& text) {
    std::vector<std::string> dates(1);
    for (const char c : text)
        if (c == ';')
            dates.emplace_back();
        else
            dates.back().push_back(c);
    return dates;
}

/// Counts the characters that are right after the right ones before: no list ends too early for that.
void count_characters(const Contestant& who, const Transformer<float>::Encoded& encoded,
                      const std::vector<std::string>& targets, Tally& tally) {
    Ids all;
    for (const std::string& target : targets) {
        const Ids ids = who.loaded->text->target(target);
        all.insert(all.end(), ids.begin(), ids.end());
        all.push_back(who.loaded->model.end_id());
    }
    const auto steps = static_cast<Index>(all.size() / targets.size());  // dates are of one length
    const Tensor<float> logits = who.loaded->model.forced(encoded, all, steps).value();
    const Index classes = logits.shape()[-1];
    for (std::size_t i = 0; i < all.size(); ++i) {
        const float* row = logits.data() + static_cast<Index>(i) * classes;
        tally.characters += std::max_element(row, row + classes) - row == all[i] ? 1 : 0;
    }
    tally.of += static_cast<Index>(all.size());
}

/// Decodes held-out lists [start, start + count) of `dates` dates.
void measure(const Contestant& who, Index dates, Index start, Index count, Tally& tally, const std::stop_token& stop) {
    if (tally.beyond) return;
    std::vector<Ids> sources;
    std::vector<std::vector<std::string>> wanted;
    std::vector<std::string> targets;
    for (Index n = start; n < start + count; ++n) {
        DateList list = held_out_date_list(dates, n);
        sources.push_back(who.loaded->text->read(list.source).ids);
        wanted.push_back(std::move(list.dates));
        targets.push_back(std::move(list.target));
    }
    try {
        const auto encoded = who.loaded->model.encode(PaddedSources::from(sources));
        count_characters(who, encoded, targets, tally);
        const std::vector<Ids> outputs = who.loaded->model.greedy(encoded, 11 * dates, stop);
        for (std::size_t b = 0; b < outputs.size(); ++b) {
            const std::vector<std::string> got = split_dates(who.loaded->text->write(outputs[b]));
            for (std::size_t d = 0; d < wanted[b].size(); ++d) tally.right += d < got.size() && got[d] == wanted[b][d] ? 1 : 0;
            tally.asked += static_cast<Index>(wanted[b].size());
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_input) throw;
        tally = Tally{.beyond = true};
    }
}

using Tallies = std::vector<std::vector<Tally>>;

void record(Probe& probe, const std::vector<Contestant>& contestants, Index longest, const Tallies& tallies) {
    const auto codes = static_cast<Index>(contestants.size());
    Axis code{"code", AxisKind::batch, codes, {}, "c"}, dates{"dates", AxisKind::step, longest, {}, "n"};
    for (const Contestant& c : contestants) code.labels.push_back(c.title);
    for (Index n = 1; n <= longest; ++n) dates.labels.push_back(std::to_string(n));
    probe.axis(std::move(code));
    probe.axis(std::move(dates));
    const Shape shape{codes, longest};
    Tensor<float> right(shape), asked(shape), quality(shape), characters(shape), of(shape), accuracy(shape);
    for (Index c = 0; c < codes; ++c)
        for (Index n = 0; n < longest; ++n) {
            const Tally& t = tallies[static_cast<std::size_t>(c)][static_cast<std::size_t>(n)];
            const Index at = c * longest + n;
            right.data()[at] = static_cast<float>(t.right);
            asked.data()[at] = static_cast<float>(t.asked);
            characters.data()[at] = static_cast<float>(t.characters);
            of.data()[at] = static_cast<float>(t.of);
        }
    const std::vector<std::string> axes = {"code", "dates"};
    const Observer observe(probe);
    right = observe("right", right, [&] { return Shown{Role::output, "r", "Dates right", "dates", axes}; });
    asked = observe("asked", asked, [&] { return Shown{Role::output, "n", "Dates tested", "dates", axes}; });
    characters = observe("characters", characters, [&] {
        return Shown{Role::output, "r", "Characters right, given the right ones before", "", axes};
    });
    of = observe("of", of, [&] { return Shown{Role::output, "n", "Characters tested", "", axes}; });
    for (Index at = 0; at < of.size(); ++at) {
        quality.data()[at] = asked.data()[at] == 0 ? NAN : right.data()[at] / asked.data()[at];
        accuracy.data()[at] = of.data()[at] == 0 ? NAN : characters.data()[at] / of.data()[at];
    }
    // Where nothing could be asked there is no share, and no rule that gives one.
    const auto all_asked = [](const Tensor<float>& n) {
        return std::ranges::all_of(n.values(), [](float x) { return x > 0; });
    };
    observe("accuracy", accuracy, [&] {
        return Shown{.role = Role::metric,
                     .symbol = "A",
                     .title = "Characters right, given the right ones before, by dates in a list (learned: 1 to 3)",
                     .unit = "share of characters right",
                     .axes = axes,
                     .step = {"measure", "A = right characters / characters",
                              all_asked(of) ? "@accuracy[c,n] = @characters[c,n] / @of[c,n]" : "", "Press 2021, fig. 1"}};
    });
    observe("quality", quality, [&] {
        return Shown{.role = Role::metric,
                     .symbol = "Q",
                     .title = "Dates right, written freely, by dates in a list (learned: 1 to 3)",
                     .unit = "share of dates right",
                     .axes = axes,
                     .step = {"measure", "Q = right dates / dates",
                              all_asked(asked) ? "@quality[c,n] = @right[c,n] / @asked[c,n]" : "", "Newman 2020"}};
    });
    for (Index c = 0; c < codes; ++c)
        for (Index n = 0; n < longest; ++n)
            if (tallies[static_cast<std::size_t>(c)][static_cast<std::size_t>(n)].beyond) {
                probe.note({"longest",
                            fmt::format("{}: lists of {} dates are longer than its table of positions",
                                        contestants[static_cast<std::size_t>(c)].title, n + 1),
                            "its curve ends there"});
                break;
            }
}

}  // namespace

void measure_lengths(RunContext& context) {
    const Index samples = context.params.integer("samples"), longest = context.params.integer("longest");
    std::vector<Contestant> contestants;
    for (const PositionFunction& code : position_codes()) {
        const std::string id = date_lists_model(code.id);
        if (!is_bundled(id)) continue;
        const ModelPtr model = bundled_model(id);
        contestants.push_back({code.title, transformer_of(model, trained_design(*model))});
    }
    if (contestants.empty())
        throw Error(ErrorCode::not_found, "there is no bundled model of lists of dates with a position code",
                    "train one: saccade train date-lists-sinusoidal");
    Tallies tallies(contestants.size(), std::vector<Tally>(static_cast<std::size_t>(longest)));
    const auto so_far = [&](Probe& probe) { record(probe, contestants, longest, tallies); };
    refuse_before_measuring(context, so_far);
    const Index rounds = (samples + batch - 1) / batch;
    for (Index round = 0; round < rounds; ++round) {
        // Every length once a round: the whole curve is there from the first, and grows steadier. The longest lists first.
        const auto pieces = static_cast<Index>(contestants.size()) * longest;
        parallel_for(pieces, [&](std::int64_t piece) {
            const auto c = static_cast<std::size_t>(piece) % contestants.size();
            const Index dates = longest - piece / static_cast<Index>(contestants.size());
            measure(contestants[c], dates, round * batch, std::min(batch, samples - round * batch),
                    tallies[c][static_cast<std::size_t>(dates - 1)], context.stop);
        });
        check_stop(context.stop);
        if (round + 1 < rounds) context.progress(static_cast<double>(round + 1) / static_cast<double>(rounds), so_far);
    }
    so_far(context.probe);
}

}  // namespace saccade
