#include "train/clip_judge.hpp"

#include <algorithm>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "train/caption_scene.hpp"
#include "train/padded_targets.hpp"

namespace saccade {

namespace {

constexpr Index test_batch = 16;  // clips

std::string spaced(const std::vector<std::string>& list) {
    std::string line;
    for (const std::string& word : list) line += word + " ";
    return line;
}

/// A batch of held-out clips through a describer.
struct Judge {
    const ClipDescriber<float>& model;
    const CaptionText& text;
    ClipTally& tally;

    void judge_words(std::span<const Clip> clips, const ClipDescriber<float>::Encoded& encoded, CaptionLanguage language) const;
    void judge_maps(std::span<const Clip> clips, const ClipDescriber<float>::Encoded& encoded, CaptionLanguage language) const;
    void judge_map(const Clip& clip, const ClipWord& word, const Tensor<float>& map,
                   const ClipDescriber<float>::Encoded& encoded) const;
};

void Judge::judge_words(std::span<const Clip> clips, const ClipDescriber<float>::Encoded& encoded,
                        CaptionLanguage language) const {
    const std::size_t size = clips.size();
    const Ids ids = model.greedy(encoded, Ids(size, text.start(language)), most_clip_words);
    for (std::size_t b = 0; b < size; ++b) {
        std::vector<std::string> words, taught;
        for (std::size_t i = b; i < ids.size() && ids[i] != text.end(); i += size)
            words.push_back(text.vocabulary().token(ids[i]));
        for (const ClipWord& w : sentence_of(clips[b], language)) taught.push_back(w.word);
        tally.sentences += 1;
        tally.exact[language == CaptionLanguage::chinese ? 1 : 0] += tells(clips[b], words, language) ? 1 : 0;
        tally.bleu.add(spaced(words), {spaced(taught)});
    }
}

void Judge::judge_map(const Clip& clip, const ClipWord& word, const Tensor<float>& map,
                      const ClipDescriber<float>::Encoded& encoded) const {
    const Tensor<float> gold = clip_gold(clip, word, encoded.height, encoded.width);
    ClipTally::Pointing& p = word.kind == ClipWord::Kind::noun ? tally.nouns : tally.verbs;
    const ClipEvent& event = clip.events[static_cast<std::size_t>(word.event)];
    const Index cells = encoded.height * encoded.width;
    const Index best = std::ranges::max_element(map.values()) - map.values().begin(), frame = best / cells;
    double marked = 0, mass = 0;
    for (Index i = 0; i < gold.size(); ++i)
        if (gold.data()[i] > 0) {
            marked += 1;
            mass += static_cast<double>(map.data()[i]);
        }
    p.words += 1;
    p.in_event += frame >= event.first && frame <= event.last ? 1 : 0;
    p.in_region += gold.data()[best] > 0 ? 1 : 0;
    p.chance += static_cast<double>(event.last - event.first + 1) / static_cast<double>(clip.frames);
    p.chance_region += marked / static_cast<double>(gold.size());
    p.mass += mass;
}

void Judge::judge_maps(std::span<const Clip> clips, const ClipDescriber<float>::Encoded& encoded,
                       CaptionLanguage language) const {
    const std::size_t size = clips.size();
    std::vector<std::vector<ClipWord>> sentences;
    std::vector<Ids> ids;
    for (const Clip& clip : clips) {
        sentences.push_back(sentence_of(clip, language));
        ids.push_back(ids_of(text, sentences.back()));
    }
    const PaddedTargets targets = PaddedTargets::from(ids, text.end());
    const auto forced = model.forced(encoded, Ids(size, text.start(language)), targets.ids, targets.length);
    const double loss = static_cast<double>(cross_entropy<float>(forced.logits, targets.ids, targets.counts).value().item());
    for (std::size_t b = 0; b < size; ++b) {
        tally.tokens += static_cast<double>(ids[b].size());
        tally.loss += loss * static_cast<double>(ids[b].size());
        for (std::size_t t = 0; t < sentences[b].size(); ++t)
            if (const ClipWord& word = sentences[b][t]; word.kind != ClipWord::Kind::other)
                judge_map(clips[b], word, forced.weights[t].value().row(static_cast<Index>(b)), encoded);
    }
}

}  // namespace

void ClipTally::Pointing::add(const Pointing& o) {
    words += o.words;
    in_event += o.in_event;
    in_region += o.in_region;
    chance += o.chance;
    chance_region += o.chance_region;
    mass += o.mass;
}

void ClipTally::add(const ClipTally& o) {
    for (int l = 0; l < 2; ++l) exact[l] += o.exact[l];
    sentences += o.sentences;
    verbs.add(o.verbs);
    nouns.add(o.nouns);
    loss += o.loss;
    tokens += o.tokens;
    bleu.add(o.bleu);
}

Clip held_out_clip(Index i) {
    Rng rng = Rng(7).fork("held-out clips", static_cast<std::uint64_t>(i));
    return random_clip(rng);
}

Tensor<float> clip_gold(const Clip& clip, const ClipWord& word, Index height, Index width) {
    if (word.event < 0) return {};
    const ClipEvent& event = clip.events[static_cast<std::size_t>(word.event)];
    const Index cells = height * width;
    Tensor<float> gold(Shape{clip.frames, height, width});
    for (Index t = std::max<Index>(event.first, 0); t <= std::min(event.last, clip.frames - 1); ++t) {
        float* const at = gold.data() + t * cells;
        if (cells == 1) {
            *at = 1;
            continue;
        }
        for (const int shape : word.shapes) {
            const Tensor<float> region = clip_region(clip, shape, t, height, width);
            for (Index i = 0; i < cells; ++i)
                if (region.data()[i] >= gold_share) at[i] = 1;
        }
    }
    return gold;
}

ClipTally judge_clips(const ClipDescriber<float>& model, const CaptionText& text, Index n, bool maps,
                      const std::stop_token& stop) {
    const Index batches = (n + test_batch - 1) / test_batch;
    std::vector<ClipTally> parts(static_cast<std::size_t>(batches));
    parallel_for(batches, [&](std::int64_t i) {
        check_stop(stop);
        std::vector<Clip> clips;
        for (Index k = i * test_batch; k < std::min<Index>(n, (i + 1) * test_batch); ++k) clips.push_back(held_out_clip(k));
        const auto encoded = model.encode(clip_pictures(clips));
        const Judge judge{model, text, parts[static_cast<std::size_t>(i)]};
        for (const CaptionLanguage language : {CaptionLanguage::english, CaptionLanguage::chinese}) {
            judge.judge_words(clips, encoded, language);
            if (maps) judge.judge_maps(clips, encoded, language);
        }
    });
    ClipTally all;
    for (const ClipTally& part : parts) all.add(part);
    return all;
}

}  // namespace saccade
