#pragma once

#include <array>
#include <vector>

#include "trace/formula_ast.hpp"

namespace saccade {

/// Positions of the index letters; one slot a letter of the alphabet.
using LetterValues = std::array<Index, 128>;

/// A rule bound to the tensors of one trace: names and strides are looked up once, so that a cell costs arithmetic alone.
/// The trace must outlive it.
class BoundRule {
 public:
    /// Error{invalid_input} as check_rule.
    BoundRule(const Rule& rule, const Trace& trace);

    /// Value of a cell of the result (full index, within the axes).
    double evaluate(const std::vector<Index>& cell) const;
    /// Extent of a reduction letter.
    Index extent(char letter) const { return extents_[static_cast<std::size_t>(letter)]; }
    LetterValues letters_at(const std::vector<Index>& cell) const;

    /// Value of one node of the rule under given letters; `missing` is set if an index lies outside its axis.
    double evaluate(const FormulaNode& node, LetterValues& letters, bool& missing) const;
    Index evaluate(const IndexNode& index, LetterValues& letters, bool& missing) const;

 private:
    struct BoundTensor {
        const FormulaNode* node;
        const Tensor<float>* values;
    };
    const Tensor<float>& tensor_of(const FormulaNode& ref) const;
    double reduce(const FormulaNode& node, LetterValues& letters, bool& missing) const;
    double softmax(const FormulaNode& node, LetterValues& letters, bool& missing) const;
    void find_extents(const Trace& trace);
    void find_extent(char letter, Index extent, const std::string& where);

    Rule rule_;
    std::vector<BoundTensor> tensors_;
    std::array<Index, 128> extents_{};  // 0: not known
};

}  // namespace saccade
