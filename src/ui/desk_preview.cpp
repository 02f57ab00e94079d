#include "ui/desk_preview.hpp"

#include <algorithm>
#include <cmath>

#include "base/error_line.hpp"
#include "ui/ready.hpp"
#include "viz/canvas_cairo.hpp"
#include "viz/difference.hpp"
#include "viz/theme.hpp"

namespace saccade {

namespace {

constexpr double most_pixels = 12e6;  // of a preview
constexpr double dims_after = 0.1;    // seconds

DeskPicture drawn(const std::string& key, double scale, DeskFigure figure) {
    DeskPicture picture;
    picture.key = key;
    picture.scale = scale;
    try {
        const PangoTextMeasure measure(figure.origin.view.font_family);
        figure.complete(measure);
        LaidOut laid = laid_out(*figure.trace, figure.origin, measure);
        picture.width = laid.figure.width;
        picture.height = laid.figure.height;
        picture.notes = std::move(laid.notes);
        for (const FigureItem& item : laid.figure.items)
            if (const auto* text = std::get_if<TextItem>(&item))
                picture.smallest = picture.smallest > 0 ? std::min(picture.smallest, text->size) : text->size;
        const double fits = std::sqrt(most_pixels / std::max(1.0, picture.width * picture.height));
        picture.pixels = pixels_of(laid.figure, theme(figure.origin.view.theme).panel, std::min(scale, fits), measure);
    } catch (...) {
        picture.problem = current_error();
    }
    return picture;
}

}  // namespace

void DeskFigure::complete(const TextMeasure& measure) {
    origin.request = request_text(request);
    if (against) origin.compared = request_text(*against);
    if (fits_height) fit_height(*trace, origin, measure);
}

void DeskPreview::start(const std::string& key, double scale, DeskFigure figure) {
    coming_ = std::async(std::launch::async, [key, scale, figure = std::move(figure)] { return drawn(key, scale, figure); });
}

void DeskPreview::fail(const std::string& key, const Error& problem) {
    wanted_ = key;
    if (coming_.valid()) return;
    shown_.key = key;
    shown_.notes.clear();
    shown_.problem = problem;
}

void DeskPreview::poll() {
    if (!coming_.valid() || !is_ready(coming_)) return;
    DeskPicture picture = coming_.get();
    if (picture.problem) {
        picture.pixels = shown_.pixels;
        picture.width = shown_.width;
        picture.height = shown_.height;
    }
    shown_ = std::move(picture);
}

bool DeskPreview::dimmed() const {
    if (shown_.key.empty() || shown_.key == wanted_) return false;
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - asked_at_).count() > dims_after;
}

}  // namespace saccade
