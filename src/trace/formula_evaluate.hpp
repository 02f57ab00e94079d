#pragma once

#include <array>
#include <bitset>
#include <map>
#include <vector>

#include "trace/formula_ast.hpp"

namespace saccade {

/// Positions of the index letters; one slot a letter of the alphabet.
using LetterValues = std::array<Index, 128>;

/// A rule compiled for the tensors of one trace: names, functions and strides are looked up once, and a reduction runs over
/// arrays of terms, so that a cell costs little more than its arithmetic. The trace must outlive it.
class BoundRule {
 public:
    /// Error{invalid_input} as check_rule.
    BoundRule(const Rule& rule, const Trace& trace);

    /// Value of a cell of the result (full index, within the axes); NaN where an index leaves its axis and no else takes over.
    double evaluate(const std::vector<Index>& cell) const;
    /// Extent of a letter of the left side or of a reduction.
    Index extent(char letter) const { return extents_[static_cast<std::size_t>(letter)]; }
    LetterValues letters_at(const std::vector<Index>& cell) const;

    /// Value of one node of the rule under given letters; `missing` is set if an index lies outside its axis.
    double evaluate(const FormulaNode& node, LetterValues& letters, bool& missing) const;
    Index evaluate(const IndexNode& index, LetterValues& letters, bool& missing) const;
    /// The node's values at all positions of a letter.
    std::vector<double> evaluate_all(const FormulaNode& node, char letter, LetterValues& letters, bool& missing) const;

 private:
    /// One axis of a reference: constant + sum of factor * letter, or anything else, through the tree.
    struct AxisAccess {
        Index extent = 0, stride = 0;
        Index constant = 0;
        std::vector<std::pair<char, Index>> terms;
        const IndexNode* general = nullptr;
    };
    struct Op {
        const FormulaNode* node = nullptr;
        double (*function)(double) = nullptr;
        std::vector<int> children;
        const float* data = nullptr;        // ref; null where it is made when it is looked at, and then:
        const TraceValues* made = nullptr;  // of these
        std::vector<AxisAccess> axes;
        std::bitset<128> letters;  // that its value depends on
    };
    /// Room for the terms of one reduction: a stack of rows of its extent.
    struct Lanes {
        char letter;
        Index count;
        LetterValues& letters;
        bool missing = false;
    };

    /// The row of its outermost axis that this offset lies in; `offset` is then in it.
    Tensor<float> row_of(const Op& op, Index& offset) const;
    int compile(const FormulaNode& node, const Trace& trace);
    void compile_ref(Op& op, const FormulaNode& node, const Trace& trace);
    void find_extents(const Trace& trace);
    void find_extent(char letter, Index extent, const std::string& where);

    double value(int op, LetterValues& letters, bool& missing) const;
    double ref_value(const Op& op, LetterValues& letters, bool& missing) const;
    double reduced(const Op& op, LetterValues& letters, bool& missing) const;
    void fill(int op, Lanes& lanes, double* out) const;
    bool fill_fast(const Op& op, Lanes& lanes, double* out) const;
    bool fill_ref(const Op& op, const Lanes& lanes, double* out) const;

    Rule rule_;
    std::vector<Op> ops_;
    std::map<const FormulaNode*, int> op_of_;
    int root_ = 0;
    std::array<Index, 128> extents_{};  // -1: not known
};

}  // namespace saccade
