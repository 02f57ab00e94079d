#pragma once

#include <array>
#include <functional>
#include <string>

#include "ui/comparison.hpp"
#include "ui/inputs.hpp"

namespace saccade {

/// Scenes by hand: pictures that are made of shapes, which are moved in the picture itself.
class SceneEditor {
 public:
    SceneEditor(Document& document, History& history, Inputs& inputs, Comparison& comparison, Messages& messages)
        : document_(document), history_(history), inputs_(inputs), comparison_(comparison), messages_(messages) {}

    /// The scene of a side; null if it is a photograph, or there is none.
    const Scene* scene(std::size_t side);
    /// Its bar under the picture's row.
    void show_bar(bool open);
    /// The button goes down at a point of the picture (fractions of it): takes hold of the shape there, or of none. `box`:
    /// where the picture stands on screen, x, y, width, height, for the caller that turns the mouse into fractions.
    void press(std::size_t side, double x, double y, const std::array<float, 4>& box = {});
    /// The held shape follows; one drag is one undo entry.
    void drag(double x, double y);
    void release();
    /// Of the side in focus; -1: none.
    int selected_shape();
    void deselect();
    /// Any change of the scene of the side in focus. Changes under the same field within a second are one undo entry.
    void edit(const std::string& field, const std::function<void(Scene&)>& change);
    /// A press on the picture then draws a stroke; one stroke is one undo entry.
    void take_pen(bool taken);
    void set_pen_width(double width);
    /// All shapes; the background stays.
    void clear_shapes();
    void add_shape(ShapeKind kind);
    void duplicate_shape();
    void bring_shape_forward();
    void delete_shape();
    void select_next_shape();
    /// By fractions of the picture.
    void nudge_shape(double dx, double dy);
    void resize_shape(double factor);
    void turn_shape(double degrees);
    /// Another one, by the next seed.
    void random();
    /// As PNG. Error{io}, or {invalid_input} if the picture is not a scene.
    void save_to(const std::string& path);

 private:
    void set_scene(Scene now);
    bool begin_stroke(const Scene& now, double x, double y);
    void draw_stroke();

    Document& document_;
    History& history_;
    Inputs& inputs_;
    Comparison& comparison_;
    Messages& messages_;
};

}  // namespace saccade
