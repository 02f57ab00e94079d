#include "train/attention_guide.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "model/model_store.hpp"

namespace saccade {

namespace {

const char* const aligner_id = "zh-en-aligner";

WordAligner aligner_for(const SequenceText& text) {
    const ModelPtr model = bundled_model(aligner_id);
    const SequenceText own(model->card.json(), aligner_id);
    const bool same = own.vocabularies().source.tokens() == text.vocabularies().source.tokens() &&
                      own.vocabularies().target.tokens() == text.vocabularies().target.tokens();
    if (!same)
        throw Error(ErrorCode::bad_format, "zh-en-aligner: reads other tokens than the translator that it should guide",
                    "train it on the same --data and --dictionary first, or pass --option alignment_loss=0");
    return WordAligner(model->weights);
}

}  // namespace

AttentionGuide::AttentionGuide(const SequenceText& text) : aligner_(aligner_for(text)) {}

std::vector<float> AttentionGuide::gold(std::span<const Ids> sources, std::span<const Ids> targets, Index steps, Index length,
                                        bool time_major) const {
    const auto size = static_cast<Index>(sources.size());
    std::vector<float> gold(static_cast<std::size_t>(size * steps * length), 1.0f);
    for (Index b = 0; b < size; ++b) {
        const Ids &source = sources[static_cast<std::size_t>(b)], &whole = targets[static_cast<std::size_t>(b)];
        const std::span<const Index> target(whole.data(), whole.size() - 1);
        const Tensor<float> links = aligner_.links(source, target);
        for (Index i = 0; i < static_cast<Index>(target.size()); ++i) {
            const auto row = links.row(i);
            if (std::ranges::find(row.values(), 1.0f) == row.values().end()) continue;
            float* out = &gold[static_cast<std::size_t>((time_major ? i * size + b : b * steps + i) * length)];
            std::fill(out, out + length, 0.0f);
            std::ranges::copy(row.values(), out);
        }
    }
    return gold;
}

}  // namespace saccade
