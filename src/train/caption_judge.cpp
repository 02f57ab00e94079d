#include "train/caption_judge.hpp"

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "train/caption_sentence.hpp"
#include "train/padded_targets.hpp"

namespace saccade {

namespace {

constexpr Index test_batch = 16;  // pictures

/// A batch of held-out scenes through a captioner.
struct Judge {
    const Captioner<float>& model;
    const CaptionText& text;
    CaptionTally& tally;

    std::vector<std::string> words_at(const Ids& ids, std::size_t b, std::size_t size) const;
    void judge_words(std::span<const Scene> scenes, const Captioner<float>::Encoded& encoded, CaptionLanguage language,
                     Index seed) const;
    void judge_maps(std::span<const Scene> scenes, const Captioner<float>::Encoded& encoded, CaptionLanguage language) const;
};

std::vector<Scene> held_out_scenes(Index first, Index n) {
    std::vector<Scene> scenes;
    for (Index i = first; i < first + n; ++i) {
        Rng rng = Rng(7).fork("held-out captions", static_cast<std::uint64_t>(i));
        scenes.push_back(random_caption_scene(rng, caption_side, caption_side));
    }
    return scenes;
}

/// Of a batch of captions, time-major: the b-th one's words.
std::vector<std::string> Judge::words_at(const Ids& ids, std::size_t b, std::size_t size) const {
    std::vector<std::string> words;
    for (std::size_t i = b; i < ids.size() && ids[i] != text.end(); i += size) words.push_back(text.vocabulary().token(ids[i]));
    return words;
}

void Judge::judge_words(std::span<const Scene> scenes, const Captioner<float>::Encoded& encoded, CaptionLanguage language,
                        Index seed) const {
    const std::size_t size = scenes.size();
    const Ids ids = model.greedy(encoded, Ids(size, text.start(language)), most_caption_words);
    for (std::size_t b = 0; b < size; ++b) {
        const std::vector<std::string> words = words_at(ids, b, size);
        std::vector<std::string> taught;
        for (const CaptionWord& w : caption_of(scenes[b], language)) taught.push_back(w.word);
        const auto spaced = [](const std::vector<std::string>& list) {
            std::string line;
            for (const std::string& word : list) line += word + " ";
            return line;
        };
        tally.captions += 1;
        tally.taught += words == taught ? 1 : 0;
        tally.exact[language == CaptionLanguage::chinese ? 1 : 0] += describes(scenes[b], words, language) ? 1 : 0;
        tally.bleu.add(spaced(words), {spaced(taught)});
    }
    if (!model.design().samples()) return;
    Rng rng = Rng(7).fork("held-out locations", static_cast<std::uint64_t>(seed));
    const Ids drawn = model.greedy(encoded, Ids(size, text.start(language)), most_caption_words, &rng);
    for (std::size_t b = 0; b < size; ++b) tally.drawn += describes(scenes[b], words_at(drawn, b, size), language) ? 1 : 0;
}

void Judge::judge_maps(std::span<const Scene> scenes, const Captioner<float>::Encoded& encoded,
                       CaptionLanguage language) const {
    const std::size_t size = scenes.size();
    std::vector<std::vector<CaptionWord>> captions;
    std::vector<Ids> ids;
    for (const Scene& scene : scenes) {
        captions.push_back(caption_of(scene, language));
        ids.push_back(ids_of(text, captions.back()));
    }
    const PaddedTargets targets = PaddedTargets::from(ids, text.end());
    const auto forced = model.forced(encoded, Ids(size, text.start(language)), targets.ids, targets.length);
    const double loss = static_cast<double>(cross_entropy<float>(forced.logits, targets.ids, targets.counts).value().item());
    for (std::size_t b = 0; b < size; ++b) {
        tally.tokens += static_cast<double>(ids[b].size());
        tally.loss += loss * static_cast<double>(ids[b].size());
        for (std::size_t t = 0; t < captions[b].size(); ++t) {
            const CaptionWord& word = captions[b][t];
            if (word.shape < 0) continue;
            const Tensor<float> region = caption_region(scenes[b], word.shape, encoded.height, encoded.width);
            const Tensor<float> map = forced.steps[t].policy.value().row(static_cast<Index>(b));
            const Index best = std::ranges::max_element(map.values()) - map.values().begin();
            const bool hit = region.data()[best] >= gold_share;
            (word.noun ? tally.nouns : tally.words) += 1;
            (word.noun ? tally.noun_hits : tally.word_hits) += hit ? 1 : 0;
            if (!word.noun) continue;
            tally.noun_touches += region.data()[best] > 0 ? 1 : 0;
            double cells = 0, mass = 0;
            for (Index i = 0; i < region.size(); ++i)
                if (region.data()[i] >= gold_share) {
                    cells += 1;
                    mass += static_cast<double>(map.data()[i]);
                }
            tally.chance += cells / static_cast<double>(region.size());
            tally.mass += mass;
        }
    }
}

}  // namespace

void CaptionTally::add(const CaptionTally& o) {
    for (int l = 0; l < 2; ++l) exact[l] += o.exact[l];
    taught += o.taught;
    drawn += o.drawn;
    captions += o.captions;
    nouns += o.nouns;
    noun_hits += o.noun_hits;
    noun_touches += o.noun_touches;
    words += o.words;
    word_hits += o.word_hits;
    chance += o.chance;
    mass += o.mass;
    loss += o.loss;
    tokens += o.tokens;
    bleu.add(o.bleu);
}

CaptionTally judge_captions(const Captioner<float>& model, const CaptionText& text, Index n, bool maps,
                            const std::stop_token& stop) {
    const Index batches = (n + test_batch - 1) / test_batch;
    std::vector<CaptionTally> parts(static_cast<std::size_t>(batches));
    parallel_for(batches, [&](std::int64_t i) {
        check_stop(stop);
        const std::vector<Scene> scenes = held_out_scenes(i * test_batch, std::min<Index>(test_batch, n - i * test_batch));
        const auto encoded = model.encode(Var<float>(caption_pictures(scenes)));
        const Judge judge{model, text, parts[static_cast<std::size_t>(i)]};
        for (const CaptionLanguage language : {CaptionLanguage::english, CaptionLanguage::chinese}) {
            judge.judge_words(scenes, encoded, language, i);
            if (maps) judge.judge_maps(scenes, encoded, language);
        }
    });
    CaptionTally all;
    for (const CaptionTally& part : parts) all.add(part);
    return all;
}

}  // namespace saccade
