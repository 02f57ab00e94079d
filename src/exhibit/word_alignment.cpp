#include "exhibit/word_alignment.hpp"

#include <algorithm>

#include "model/per_model.hpp"
#include "model/word_aligner.hpp"
#include "trace/observer.hpp"

namespace saccade {

void show_word_alignment(const RunContext& context, const SequenceText& text, const SequenceText::Source& source,
                         const Ids& output) {
    static PerModel<WordAligner> made;
    const ModelPtr model = bundled_model(word_aligner);
    const auto aligner = made.get(model, [&] { return std::make_shared<const WordAligner>(model->weights); });
    const SequenceVocabularies& own = sequence_text_of(model)->vocabularies();
    // The aligner's ids of the same characters and pieces; -1 for those it never met.
    Ids read, written;
    for (const std::string& token : source.read) {
        const auto other = text.simplified().find(token);
        read.push_back(own.source.find(other == text.simplified().end() ? token : other->second));
    }
    const SequenceVocabularies& translator = text.vocabularies();
    for (const Index id : output)
        if (id != translator.end()) written.push_back(own.target.find(translator.target.token(id)));
    Tensor<float> all(Shape{static_cast<Index>(output.size()), static_cast<Index>(read.size())});
    const Tensor<float> agreement = aligner->agreement(read, written, context.stop);
    std::ranges::copy(agreement.values(), all.data());  // the row of <end> stays 0
    const Observer observe(context.probe);
    observe(agreement_tensor, all, [] {
        return Shown{.role = Role::probabilities,
                     .symbol = "A",
                     .title = "Word alignment",
                     .unit = "agreement",
                     .axes = {"output", "source"},
                     .step = {.operation = "align words",
                              .formula = "A_ij = √(p(j from i) p(i from j))",
                              .source = "Vogel 1996; Liang 2006, section 4.2"}};
    });
}

}  // namespace saccade
