#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "ui/history.hpp"
#include "ui/messages.hpp"
#include "ui/runs.hpp"
#include "ui/stage.hpp"

namespace saccade {

/// Everything that makes, changes and removes interventions, and their effects. All of the side in focus.
class Hand {
 public:
    Hand(Document& document, History& history, Runs& runs, const Stage& stage, Messages& messages)
        : document_(document), history_(history), runs_(runs), stage_(stage), messages_(messages) {}

    /// Up is more: the whole range of a weight is `px_for_one` px.
    void begin_weight_drag(const CellRef& cell, float mouse_y, float px_for_one);
    void drag_weight(float mouse_y);
    void end_weight_drag();
    /// A place in a picture that stands at `box` on screen (x, y, width, height): its two cells follow the mouse, or where the
    /// exhibit has parameters that put it there (PlacedByParams), these.
    void begin_place_drag(const PlaceHandle& handle, const std::array<float, 4>& box, float mouse_x, float mouse_y);
    void drag_place(float mouse_x, float mouse_y);
    void end_place_drag();
    void set_weight(const CellRef& cell, double value);
    /// The selected weight or gate, raised or lowered, and what is to be said if it cannot be; presses within a second are one
    /// undo entry.
    void nudge_selected(double by);
    /// A block (block_around in trace/hand.hpp) times a factor: one intervention per block, none for 1. While a slider is
    /// dragged the changes are one undo entry.
    void scale_block(const CellRef& block, double factor);
    /// 1 where nothing scales this block.
    double factor_of(const CellRef& block) const;
    void toggle_ablation(const CellRef& block);
    /// As it is shown now, however the text changes.
    void freeze(const CellRef& block);
    /// As it is on the other side.
    void patch_from_other(const CellRef& block);
    /// Press and drag on cells then hide keys, or show them again.
    void toggle_mask_drawing();
    /// There is no mask to draw on.
    void stop_mask_drawing();
    /// On the masks of all layers, or on the selected cell's alone.
    void draw_on_all_layers(bool all);
    /// A stroke takes what its first cell becomes to every cell that it meets. Cells of tensors without a mask are left alone.
    void begin_mask_stroke(const CellRef& cell);
    void extend_mask_stroke(const CellRef& cell);
    void end_mask_stroke();
    /// Of all that the mouse holds or draws.
    void let_go();
    /// `count` of them from i on are one thing on the list.
    void toggle_intervention(std::size_t i, std::size_t count = 1);
    void remove_intervention(std::size_t i, std::size_t count = 1);
    void clear_interventions();
    /// A side shows another run: what names tokens that are gone is set aside, and comes back with them.
    void follow(std::size_t side);
    /// What the side in focus has set aside, by name; empty: nothing.
    std::vector<std::string> set_aside() const;
    /// These count for the text as it is now.
    void apply_set_aside();
    /// The run as a command; empty, and a banner, if it has none.
    std::string command_line_text();
    /// What the interventions did to the probabilities of this step, against the run without them.
    const std::vector<ProbabilityChange>& probability_changes();

 private:
    bool put_value(const CellRef& cell, double value);
    bool put_place(double x, double y);
    std::optional<CellRef> mask_cell_of(const CellRef& cell) const;
    void draw_mask(const CellRef& mask_cell);
    void forget_anchors(std::size_t first, std::size_t count);
    void add_pattern(const Trace& from, const CellRef& block, const std::string& origin);

    Document& document_;
    History& history_;
    Runs& runs_;
    const Stage& stage_;
    Messages& messages_;
};

}  // namespace saccade
