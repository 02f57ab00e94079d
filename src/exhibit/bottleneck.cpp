#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.hpp"
#include "base/path_text.hpp"
#include "base/stop.hpp"
#include "exhibit/bottleneck_lesson.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/measuring.hpp"
#include "model/seq2seq.hpp"
#include "model/sequence_text.hpp"
#include "params/param_make.hpp"
#include "trace/observer.hpp"
#include "train/bleu.hpp"
#include "train/date_lists_task.hpp"
#include "train/translation_data.hpp"

namespace saccade {

namespace {

constexpr Index batch = 8;  // sources decoded together, before the curve is shown again
constexpr Index longest_output = 64;

/// One held-out source with what a translation of it is measured by.
struct Example {
    std::string source;
    std::vector<std::string> references;  // dates: the ISO dates in order
};

/// Held-out sources of about one length; more of them are drawn as the run goes on.
struct Bucket {
    double mean_length = 0;  // source characters
    std::vector<Example> examples;
    Index longest_output = 0;
};

struct ComparedModel {
    std::string name, title;
    SequenceText text;
    Seq2Seq<float> model;
};

/// What one of the models did in one bucket.
struct Tally {
    Index right = 0, asked = 0;  // dates
    Bleu bleu;                   // translation
};

ComparedModel compared_model(const std::string& name, const std::string& title, const Model& model) {
    const std::string where = model.path.empty() ? model.id : model.path;
    return {name, title, SequenceText(model.card.json(), where),
            Seq2Seq<float>(Weights<float>(model.weights), design_from_json(model.card.json(), where))};
}

Index characters(const std::string& text) {
    return static_cast<Index>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void set_mean_length(Bucket& bucket) {
    Index total = 0;
    for (const Example& e : bucket.examples) total += characters(e.source);
    bucket.mean_length = static_cast<double>(total) / static_cast<double>(bucket.examples.size());
}

std::vector<Bucket> date_buckets(Index longest, Index samples) {
    std::vector<Bucket> buckets;
    for (Index count = 1; count <= longest; ++count) {
        Bucket bucket;
        bucket.longest_output = 11 * count;
        for (Index n = 0; n < samples; ++n) {
            DateList list = held_out_date_list(count, n);
            bucket.examples.push_back({std::move(list.source), std::move(list.dates)});
        }
        set_mean_length(bucket);
        buckets.push_back(std::move(bucket));
    }
    return buckets;
}

std::vector<Bucket> sentence_buckets(const std::string& path, Index samples) {
    const std::vector<Index> upper = {5, 8, 11, 15, 20, std::numeric_limits<Index>::max()};
    std::vector<Bucket> buckets(upper.size());
    for (const HeldOutSentence& sentence : read_translation_data(path).held_out) {
        const Index length = characters(sentence.chinese);
        Bucket& bucket = buckets[static_cast<std::size_t>(std::ranges::find_if(upper, [&](Index u) { return length <= u; }) -
                                                          upper.begin())];
        if (static_cast<Index>(bucket.examples.size()) < samples)
            bucket.examples.push_back({sentence.chinese, sentence.references});
    }
    std::erase_if(buckets, [](const Bucket& b) { return b.examples.empty(); });
    for (Bucket& bucket : buckets) {
        bucket.longest_output = longest_output;
        set_mean_length(bucket);
    }
    return buckets;
}

std::vector<std::string> split_dates(const std::string& text) {
    std::vector<std::string> dates(1);
    for (const char c : text) {
        if (c == ';')
            dates.emplace_back();
        else
            dates.back().push_back(c);
    }
    return dates;
}

/// Decodes examples [start, start + batch) of the bucket and adds to the tally.
void measure(const ComparedModel& who, const Bucket& bucket, Index start, bool dates, Tally& tally,
             const std::stop_token& stop) {
    const auto first = static_cast<std::size_t>(start);
    const std::size_t count = std::min(static_cast<std::size_t>(batch), bucket.examples.size() - first);
    std::vector<Ids> sources;
    for (std::size_t i = 0; i < count; ++i) sources.push_back(who.text.read(bucket.examples[first + i].source).ids);
    const auto encoded = who.model.encode(PaddedSources::from(sources), {}, stop);
    Rng rng(7);
    const auto greedy = who.model.greedy(encoded, bucket.longest_output, &rng, stop);
    for (std::size_t i = 0; i < count; ++i) {
        Ids output;
        for (Index t = 0; t < greedy.steps; ++t) output.push_back(greedy.ids[static_cast<std::size_t>(t) * count + i]);
        const std::string text = who.text.write(output);
        const std::vector<std::string>& wanted = bucket.examples[first + i].references;
        if (!dates) {
            tally.bleu.add(text, wanted);
            continue;
        }
        const std::vector<std::string> got = split_dates(text);
        for (std::size_t d = 0; d < wanted.size(); ++d) tally.right += d < got.size() && got[d] == wanted[d] ? 1 : 0;
        tally.asked += static_cast<Index>(wanted.size());
    }
}

/// All tallies, one row per model.
using Tallies = std::vector<std::vector<Tally>>;

void record_dates(Probe& probe, const std::string& name, const std::string& title, const std::vector<Tally>& row) {
    const auto n = static_cast<Index>(row.size());
    Tensor<float> right(Shape{n}), asked(Shape{n}), share(Shape{n});
    for (Index b = 0; b < n; ++b) {
        const Tally& t = row[static_cast<std::size_t>(b)];
        right.data()[b] = static_cast<float>(t.right);
        asked.data()[b] = static_cast<float>(t.asked);
    }
    const Observer observe(probe, name + ".");
    right = observe("right", right, [&] {
        return Shown{Role::output, "r", title + ": right dates", "dates", {"source length"}};
    });
    asked = observe("asked", asked, [&] {
        return Shown{Role::output, "n", title + ": dates tested", "dates", {"source length"}};
    });
    for (Index b = 0; b < n; ++b) share.data()[b] = asked.data()[b] == 0 ? NAN : right.data()[b] / asked.data()[b];
    observe("quality", share, [&] {
        return Shown{.role = Role::metric,
                     .symbol = "Q",
                     .title = title,
                     .unit = "share of dates right",
                     .axes = {"source length"},
                     .step = {"measure", "Q_l = right dates / dates, over the lists of length l",
                              "@quality[l] = @right[l] / @asked[l]", "Cho 2014b; Bahdanau 2014, fig. 2"}};
    });
}

/// Of n-grams that match and that were written, and of the tokens written and of the reference, as the rule below says it.
float bleu_of(const float* matches, const float* totals, const float* lengths) {
    double logs = 0;
    for (int g = 0; g < 4; ++g) {
        if (!(matches[g] > 0)) return 0;
        logs += std::log(static_cast<double>(matches[g]) / std::max(static_cast<double>(totals[g]), 1.0)) / 4;
    }
    const double brevity = 1 - static_cast<double>(lengths[1]) / static_cast<double>(lengths[0]);
    return static_cast<float>(std::exp(std::min(0.0, brevity) + logs));
}

void record_bleu(Probe& probe, const std::string& name, const std::string& title, const std::vector<Tally>& row) {
    const auto n = static_cast<Index>(row.size());
    Tensor<float> matches(Shape{n, 4}), totals(Shape{n, 4}), lengths(Shape{n, 2}), score(Shape{n});
    for (Index b = 0; b < n; ++b) {
        const Bleu& bleu = row[static_cast<std::size_t>(b)].bleu;
        for (std::size_t g = 0; g < 4; ++g) {
            matches.data()[4 * b + static_cast<Index>(g)] = static_cast<float>(bleu.matches()[g]);
            totals.data()[4 * b + static_cast<Index>(g)] = static_cast<float>(bleu.totals()[g]);
        }
        lengths.data()[2 * b] = static_cast<float>(bleu.output_length());
        lengths.data()[2 * b + 1] = static_cast<float>(bleu.reference_length());
    }
    const Observer observe(probe, name + ".");
    matches = observe("matches", matches, [&] {
        return Shown{Role::output, "m", title + ": matching n-grams", "", {"source length", "n-gram"}};
    });
    totals = observe("totals", totals, [&] {
        return Shown{Role::output, "n", title + ": n-grams written", "", {"source length", "n-gram"}};
    });
    lengths = observe("lengths", lengths, [&] {
        return Shown{
            Role::output, "c, r", title + ": tokens written, of the reference", "", {"source length", "written, reference"}};
    });
    for (Index b = 0; b < n; ++b)
        score.data()[b] = row[static_cast<std::size_t>(b)].bleu.sentences() == 0
                              ? NAN
                              : bleu_of(matches.data() + 4 * b, totals.data() + 4 * b, lengths.data() + 2 * b);
    observe("quality", score, [&] {
        return Shown{.role = Role::metric,
                     .symbol = "Q",
                     .title = title,
                     .unit = "BLEU",
                     .axes = {"source length"},
                     .step = {"measure", "BLEU = min(1, exp(1 − r / c)) (Π_n m_n / n_n)^(1/4)",
                              "@quality[l] = where(min_g(@matches[l,g]) > 0, exp(min(0, 1 - @lengths[l,1] / @lengths[l,0]) + "
                              "sum_g(log(max(@matches[l,g], 1e-9) / max(@totals[l,g], 1))) / 4), 0)",
                              "Papineni 2002"}};
    });
}

void record(Probe& probe, const std::vector<ComparedModel>& compared, const std::vector<Bucket>& buckets,
            const Tallies& tallies, bool dates) {
    Axis axis{"source length", AxisKind::step, static_cast<Index>(buckets.size()), {}, "l"};
    for (const Bucket& bucket : buckets) axis.labels.push_back(fmt::format("{:.0f}", bucket.mean_length));
    probe.axis(std::move(axis));
    if (!dates) {
        probe.axis({"n-gram", AxisKind::feature, 4, {"1", "2", "3", "4"}, "g"});
        probe.axis({"written, reference", AxisKind::feature, 2, {"written", "reference"}, "w"});
    }
    for (std::size_t c = 0; c < compared.size(); ++c)
        dates ? record_dates(probe, compared[c].name, compared[c].title, tallies[c])
              : record_bleu(probe, compared[c].name, compared[c].title, tallies[c]);
}

void run_bottleneck(RunContext& context) {
    const bool dates = context.params.text("task") == "dates";
    const Index samples = context.params.integer("samples");
    const std::string data = path_from_text(context.params.text("data"));
    if (!dates && data.empty())
        throw Error(ErrorCode::invalid_input, "Data is empty, and translation is measured on held-out sentence pairs",
                    "give the path of cmn-eng.txt (www.manythings.org/anki), or choose Dates, which needs no file");
    const std::vector<Bucket> buckets =
        dates ? date_buckets(context.params.integer("longest"), samples) : sentence_buckets(data, samples);
    std::vector<ComparedModel> compared;
    compared.push_back(compared_model("attention", "With attention", *context.model));
    compared.push_back(
        compared_model("fixed", "One fixed context", *bundled_model(dates ? "date-lists-fixed" : "zh-en-fixed")));

    Tallies tallies(compared.size(), std::vector<Tally>(buckets.size()));
    const auto note_so_far = [&](Probe& probe) { record(probe, compared, buckets, tallies, dates); };
    refuse_before_measuring(context, note_so_far);
    const Index rounds = (samples + batch - 1) / batch;
    for (Index round = 0; round < rounds; ++round) {
        // Every length once a round: the whole curve is there from the first, and grows steadier.
        const auto pieces = static_cast<Index>(compared.size() * buckets.size());
        parallel_for(pieces, [&](std::int64_t piece) {
            const auto c = static_cast<std::size_t>(piece) % compared.size();
            const auto b = buckets.size() - 1 - static_cast<std::size_t>(piece) / compared.size();  // the longest first
            if (round * batch < static_cast<Index>(buckets[b].examples.size()))
                measure(compared[c], buckets[b], round * batch, dates, tallies[c][b], context.stop);
        });
        check_stop(context.stop);
        if (round + 1 < rounds) context.progress(static_cast<double>(round + 1) / static_cast<double>(rounds), note_so_far);
    }
    note_so_far(context.probe);
}

}  // namespace

Exhibit bottleneck_exhibit() {
    Exhibit exhibit;
    exhibit.id = "bottleneck";
    exhibit.title = "Bottleneck";
    exhibit.group = "Sequence";
    exhibit.summary =
        "The same encoder-decoder with attention and with one fixed context: what is left of the output as sources grow.";
    exhibit.source = "Cho et al. 2014; Bahdanau, Cho and Bengio 2014, fig. 2";
    ParamSpec data = optional_text_param(
        "data", "Data", "For translation: the path of cmn-eng.txt, the Tatoeba pairs from www.manythings.org/anki.",
        "path of cmn-eng.txt; lists of dates need none", 4096);
    data.is_path = true;
    exhibit.params = {
        choice_param(
            "task", "Task",
            "Lists of dates, made here by the generator; or Chinese to English, on the held-out pairs of a file of yours.",
            {{"dates", "Lists of dates"}, {"translation", "中→En"}}),
        data, integer_param("samples", "Samples", "Held-out sources of each length.", 64, 1, 512),
        integer_param("longest", "Longest list", "Dates in the longest lists; the models learned on up to 4.", 6, 1, 12)};
    exhibit.models = {"date-lists", "zh-en-gru"};
    exhibit.choose_model = [](const Params& p) -> std::string {
        return p.text("task") == "dates" ? "date-lists" : "zh-en-gru";
    };
    exhibit.views = {{"curves", "", 0, 1, 1}};
    exhibit.step_axis = "";
    exhibit.run = run_bottleneck;
    exhibit.lesson = bottleneck_lesson();
    return exhibit;
}

}  // namespace saccade
