#pragma once

#include <array>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "run/run.hpp"
#include "viz/export.hpp"

namespace saccade {

/// A figure as the desk asks for it; what it is made of is held.
struct DeskFigure {
    TracePtr trace;
    std::array<TracePtr, 2> compared;     // of a difference
    RunRequest request;                   // of the run,
    std::optional<RunRequest> against{};  // and the other of a difference
    FigureOrigin origin;                  // its requests are still to be written, its height to be found
    bool fits_height = false;

    /// Writes and finds them. Takes as long as a layout. Error as View::layout.
    void complete(const TextMeasure& measure);
};

/// A figure as it will be printed.
struct DeskPicture {
    std::string key;
    double scale = 1;              // px of `pixels` a logical px
    double width = 0, height = 0;  // logical px
    double smallest = 0;           // px of its smallest text; 0: it has none
    Tensor<float> pixels{};        // [rows, cols, 3]
    std::vector<Note> notes{};
    std::optional<Error> problem{};
};

/// Lays figures out and paints them, off the UI thread: the newest that is asked for, with the metrics and the canvas that
/// exports have.
class DeskPreview {
 public:
    /// `key` says what the figure is: one that is shown or under way is not made again. `scale`: px a logical px.
    template <class Make>
    void ask(const std::string& key, double scale, const Make& make) {
        if (key != wanted_) asked_at_ = std::chrono::steady_clock::now();
        wanted_ = key;
        if (coming_.valid() || (shown_.key == key && shown_.scale == scale)) return;
        start(key, scale, make());
    }
    /// What cannot be drawn.
    void fail(const std::string& key, const Error& problem);
    void poll();
    /// Is one under way?
    bool busy() const { return coming_.valid(); }
    /// The last that was made; its key is empty before the first. One with a problem keeps the picture before.
    const DeskPicture& shown() const { return shown_; }
    /// Does it not show what was asked for last, for so long that it is seen?
    bool dimmed() const;

 private:
    void start(const std::string& key, double scale, DeskFigure figure);

    std::string wanted_;
    std::chrono::steady_clock::time_point asked_at_;
    DeskPicture shown_;
    std::future<DeskPicture> coming_;
};

}  // namespace saccade
