#pragma once

#include <map>

#include "exhibit/capture_about.hpp"
#include "ui/history.hpp"
#include "ui/runs.hpp"

namespace saccade {

/// Which part of long axes the runs read: the text of the exhibit's part parameter, as a hand moves it. While something moves
/// the picture before stays, until the new part has been read.
class PartShown {
 public:
    PartShown(Document& document, History& history, Runs& runs) : document_(document), history_(history), runs_(runs) {}

    /// Can another part of this map be shown?
    bool moves(const PartPlace& place) const;
    /// `factor` times as many positions, about the point of the map at these fractions of it. What follows within a second is
    /// one undo entry.
    void zoom(std::size_t side, const PartPlace& place, double x, double y, double factor);
    /// The button goes down on the map, or on the small picture of the whole, at a point of the screen; `px`: how large that is
    /// there. What is dragged until it goes up is one undo entry.
    void press(std::size_t side, const PartPlace& place, bool on_whole, Point at, Point px);
    void drag(Point at);
    void release();
    /// On both axes; of the side in focus. Nothing if all is shown.
    void show_all();
    /// As many positions as before, but at most `most`, about one of each of these axes.
    void center(std::size_t side, const std::vector<AxisPtr>& axes, const std::map<AxisKind, Index>& positions, Index most);

 private:
    using Part = std::map<AxisKind, CaptureRange>;
    Part asked_for(std::size_t side) const;
    void move_to(std::size_t side, Part part, const std::vector<AxisPtr>& axes, const Part& ranges);
    void set(std::size_t side, const Part& part);

    Document& document_;
    History& history_;
    Runs& runs_;
};

}  // namespace saccade
