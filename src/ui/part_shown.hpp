#pragma once

#include <map>
#include <optional>
#include <vector>

#include "exhibit/capture_about.hpp"
#include "ui/history.hpp"
#include "ui/runs.hpp"

namespace saccade {

/// Which part of their axes maps, flows and strips show, as a hand moves it. Where the run itself reads a part (of a capture,
/// which may be larger than memory) that is the text of the exhibit's part parameter: while something moves the picture before
/// stays, until the new part has been read. Everywhere else the views leave positions out (ViewOptions::positions), the same in
/// all views of an axis.
class PartShown {
 public:
    PartShown(Document& document, History& history, Runs& runs) : document_(document), history_(history), runs_(runs) {}

    /// Can another part be shown here?
    bool moves(const PartPlace& place) const;
    /// `factor` times as many positions, about the point of the map at these fractions of it. What follows within a second is
    /// one undo entry.
    void zoom(std::size_t side, const PartPlace& place, double x, double y, double factor);
    /// Others, by these fractions of what is shown; undo as for zoom().
    void pan(std::size_t side, const PartPlace& place, double x, double y);
    /// The button goes down on the map, or on the small picture of the whole, at a point of the screen; `px`: how large that is
    /// there. What is dragged until it goes up is one undo entry.
    void press(std::size_t side, const PartPlace& place, bool on_whole, Point at, Point px);
    void drag(Point at);
    void release();
    /// Of all axes; of the side in focus. Nothing if all is shown. The second: of these axes.
    void show_all();
    void show_all(std::size_t side, const PartPlace& place);
    /// Is a part shown, of any axis?
    bool is_cut() const;
    /// As many positions as before, but at most `most`, about one of each of these axes; of what the run reads.
    void center(std::size_t side, const std::vector<AxisPtr>& axes, const std::map<AxisKind, Index>& positions, Index most);

    /// By keys: the map of the selected cell, or of the first weights, about that cell.
    void zoom_selected(double factor);
    void pan_selected(double x, double y);
    /// The selected cell is brought into what the views show.
    void reveal_selected();

 private:
    struct Range {
        Index begin = 0, end = 0;
        Index count() const { return end - begin; }
        bool operator==(const Range&) const = default;
    };
    /// Of an axis: what is shown now, or was asked for last.
    Range range_of(std::size_t side, const PartAxis& axis) const;
    std::map<AxisKind, CaptureRange> asked_for(std::size_t side) const;
    void move_to(std::size_t side, const PartPlace& place, const std::vector<Range>& ranges);
    void show(const PartAxis& axis, Range range);
    void read(std::size_t side, const std::vector<AxisPtr>& axes, const std::map<AxisKind, CaptureRange>& ranges);
    void set(std::size_t side, const std::map<AxisKind, CaptureRange>& part);
    std::optional<PartPlace> place_of_selected(double& x, double& y) const;

    Document& document_;
    History& history_;
    Runs& runs_;
};

}  // namespace saccade
