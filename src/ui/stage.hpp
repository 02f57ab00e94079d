#pragma once

#include <map>
#include <string>

#include "ui/inputs.hpp"

namespace saccade {

/// What is looked at in the runs: the cell that is explained, and the step.
class Stage {
 public:
    /// `memo`: keeps what analyses made of the traces.
    Stage(Document& document, Inputs& inputs, Reuse* memo) : document_(document), inputs_(inputs), memo_(memo) {}

    /// `in`: the trace that the cell is of, if it is not the one in focus.
    void hover(const CellRef& cell, const Trace* in = nullptr);
    /// Explains the cell; one that the exhibit has something to pick on picks it.
    void select(const CellRef& cell);
    /// What was looked at when a file was saved; explained as soon as its run is there.
    void look_at(const Focus& selected, Index step);
    /// A cell of the run that is under way: at these positions of its whole axes, by their names, selected as soon as it is
    /// there.
    void expect(const CellRef& cell, const std::map<std::string, Index>& positions);
    /// A token of those that look in `tensor`: its row, at what it attends to most, of the layer and head that are looked at.
    void select_token(const TraceTensor& tensor, Index token);
    void move_selection(Index rows, Index columns);
    /// Was a cell chosen since this was asked last? Its explanation then comes into view.
    bool take_chosen();
    void open_operand(const CellRef& cell);
    void back_to(std::size_t trail);
    /// The side in focus shows another trace, or another side is in focus: what is looked at is looked for in it.
    void follow();
    void change_side();
    /// The views join other heads or layers than before: a cell of what they had joined is no longer on the stage.
    void leave_joined();
    /// One card fills the stage: "view/tensor"; empty: none.
    void enlarge(const std::string& card);
    /// The selected cell goes along: to what that step attends to most.
    void set_step(Index step);
    Index step_count() const;
    Index current_step() const;
    void toggle_play();
    void advance(double seconds);
    /// Nothing is under the mouse, nothing moves by itself.
    void let_go();

 private:
    void refresh_explanation();
    void keep_step();
    void pick(const CellRef& cell);
    void look_on(const CellRef& cell);
    CellRef placed(const Trace& trace, CellRef cell) const;
    bool out_of_sight(const Trace& trace, const CellRef& cell) const;
    void note_positions();

    Document& document_;
    Inputs& inputs_;
    Reuse* memo_;
};

}  // namespace saccade
