#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade {

struct AppState;
class Controller;

/// Present: the stage and the point of the lesson that is talked about, for a room. What was reached stays when it ends.
struct Presentation {
    enum class Blank { none, black, white };

    bool on = false;
    bool spotlight = false;  // all but what is around the pointer darkens
    Blank blank = Blank::none;
    bool full = false;   // it fills a screen
    std::string lesson;  // that it walks: an exhibit's, or a file's path
    std::size_t point = 0, points = 0;
    std::size_t page = 0, pages = 1;  // of the point's text, where that is higher than its band may be
    std::vector<std::string> only;    // the cards of a scene that are seen whole (ui/cards.hpp); empty: all
    /// The cards that show what the point's claim is about: of which run, about which of its tensors.
    struct Framed {
        TracePtr of;
        std::string about;
        std::vector<std::string> cards;
    } framed{};
    std::string note;  // why it fills no screen; until the next point

    double pointer_x = 0, pointer_y = 0, pointer_moved = 0;
    bool pointer_seen = false;

    void start();
    void end();
    /// Esc: the screen is shown again if it was blank, the spotlight goes away if it is on, else Present ends.
    void escape();
    /// The rest of a long text comes before the next point; back ends where that stopped.
    void next();
    void back();
    bool at_end() const { return point + 1 >= points && page + 1 >= pages; }
    bool at_start() const { return point == 0 && page == 0; }
    /// What is on the stage now, with so many points. `keeps_point`: it begins where `point` says, whatever was walked before.
    void follow(const std::string& of, std::size_t its_points, bool keeps_point = false);
    /// The pointer is there at this time, s. True while nobody uses it: then nothing is under it, and it is not shown.
    bool pointer_rests(double x, double y, bool pressed, double now);
    /// The text of the point takes so many pages.
    void take_pages(std::size_t needed);
};

constexpr double least_present_size = 0.6, largest_present_size = 1.6;

/// The UI scale for the back row in a window of so many units, whatever its resolution: a row of text is the same part of the
/// picture. `size`: what a person multiplies it by.
double present_scale(double width, double height, double size);
/// By which everything is multiplied now: for the room, or for the person at the desk.
double shown_scale(const AppState& state, double width, double height);
/// One more or less of it, of the one that is shown now.
void change_scale(AppState& state, Controller& act, double by);
void reset_scale(AppState& state, Controller& act);
/// Starts it, and ends what would take its keys or its mouse.
void start_presenting(AppState& state, Controller& act);

}  // namespace saccade
