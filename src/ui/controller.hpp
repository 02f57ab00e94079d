#pragma once

#include <functional>
#include <string>

#include "trace/hand.hpp"
#include "ui/app_state.hpp"

namespace saccade {

struct FigureOrigin;

/// Everything that a person can do, as functions over the state: panels, keys and the palette call the same ones. Nothing here
/// draws.
class Controller {
 public:
    /// A runner for each side: while comparing, both compute at once. `untouched`: another two, for the same runs without
    /// interventions, beside which these are told; null: a run that has none is all there is to tell by.
    Controller(AppState& state, Runner& a, Runner& b, std::array<Runner*, 2> untouched = {})
        : state_(state), runners_{&a, &b}, untouched_runners_(untouched) {}

    // Inputs.
    void choose_exhibit(const std::string& id);
    /// A parameter of the side in focus; an input of both, while they are linked. Keystrokes in one field within a second are
    /// one undo entry. An invalid value becomes the banner, nothing is lost.
    void set_param(const std::string& name, ParamValue value);
    void set_seed(std::uint64_t seed);
    void use_bundled_model();
    /// Runs the side in focus, or both.
    void submit();
    void submit_all();
    /// Ends the runs under way; what they had to show stays.
    void cancel_runs();
    /// The same request once more: a cancelled one.
    void run_again(std::size_t side) { submit(side); }
    /// Takes what the runners have; true if a picture changed.
    bool poll();

    // A | B.
    /// Opens B as a copy of A, with the focus on B, or closes it.
    void toggle_compare();
    void focus_on(std::size_t side);
    /// Links the inputs again (the other side takes those of the side in focus), or lets them differ.
    void toggle_linked();
    void swap_sides();

    // Pictures.
    /// The exhibit's parameter that is a picture; null if it has none.
    const ParamSpec* image_param() const;
    /// A file, or another value of an image parameter: read off this thread, then the exhibit's picture (of `spatial`, if this
    /// one has none). What is no picture becomes the banner, and the picture before stays.
    void open_picture(const std::string& value);
    /// What a clipboard holds: a path, a file:// address, a picture's value; the first line that is one.
    void paste(const std::string& text);
    /// Takes what was read, and looks every second whether the files are as they were.
    void poll_pictures();

    // Scenes: pictures that are made of shapes.
    /// The scene of a side; null if it is a photograph, or there is none.
    const Scene* scene(std::size_t side);
    /// The button goes down at a point of the picture (fractions of it): takes hold of the shape there, or of none.
    void press_scene(std::size_t side, double x, double y);
    /// The held shape follows; one drag is one undo entry.
    void drag_shape(double x, double y);
    void release_shape();
    /// Of the side in focus; -1: none.
    int selected_shape();
    /// Any change of the scene of the side in focus. Changes under the same field within a second are one undo entry.
    void edit_scene(const std::string& field, const std::function<void(Scene&)>& change);
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
    void random_scene();
    void save_scene_to(const std::string& path);

    // The hand.
    void begin_weight_drag(const CellRef& cell, float mouse_y);
    /// Up is more: the whole range of a weight is `px_for_one` px.
    void drag_weight(float mouse_y, float px_for_one);
    void end_weight_drag();
    void set_weight(const CellRef& cell, double value);
    /// A block (block_around in trace/hand.hpp) times a factor: one intervention a block, none for 1. While a slider is dragged
    /// the changes are one undo entry.
    void scale_block(const CellRef& block, double factor);
    /// 1 where nothing scales this block.
    double factor_of(const CellRef& block) const;
    void toggle_ablation(const CellRef& block);
    /// As it is shown now, whatever the text becomes.
    void freeze(const CellRef& block);
    /// As it is on the other side.
    void patch_from_other(const CellRef& block);
    /// Press and drag on cells then hide keys, or show them again.
    void toggle_mask_drawing();
    /// A stroke takes what its first cell becomes to every cell that it meets. Cells of tensors without a mask are left alone.
    void begin_mask_stroke(const CellRef& cell);
    void extend_mask_stroke(const CellRef& cell);
    void end_mask_stroke();
    /// `count` of them from i on are one thing on the list.
    void toggle_intervention(std::size_t i, std::size_t count = 1);
    void remove_intervention(std::size_t i, std::size_t count = 1);
    void clear_interventions();
    /// The run of the side in focus as a command; empty, and a banner, if it has none.
    std::string command_line_text();
    /// What the interventions of the side in focus did to the probabilities of this step, against the run without them.
    const std::vector<ProbabilityChange>& probability_changes();
    /// The same run without interventions, if it is there.
    const Trace* untouched() const;
    void undo();
    void redo();

    // The stage.
    /// `in`: the trace that the cell is of, if it is not the one in focus.
    void hover(const CellRef& cell, const Trace* in = nullptr);
    void select(const CellRef& cell);
    /// On a side, which takes the focus.
    void select_on(std::size_t side, const CellRef& cell);
    void move_selection(Index rows, Index columns);
    void open_operand(const CellRef& cell);
    void back_to(std::size_t trail);
    void set_step(Index step);
    Index step_count() const;
    Index current_step() const;
    void toggle_play();
    void advance(double seconds);
    void toggle_theme();
    void set_ui_scale(double scale);
    void cycle_scale();

    // Files.
    /// A session, a picture that Saccade exported, weights or a checkpoint, by what is in it. Errors become the banner.
    void open_file(const std::string& path);
    void save_session_to(const std::string& path);
    void export_now();
    void answer_prompt();

    // Training.
    void start_training(const std::string& resume_from = {});
    void close_training();
    void poll_training();
    void set_snapshot(Index step);  // -1: newest

    void complain(const Error& error);
    void tell(const std::string& text);

 private:
    void remember(const std::string& field);
    void refresh_explanation();
    void apply(const Edit& edit);
    Edit current() const;
    void submit(std::size_t side);
    /// While something is dragged: if a run is under way, after it. Each answer is shown, however fast the mouse moves.
    void submit_live(std::size_t side);
    bool poll(std::size_t side);
    void set_everywhere(const std::string& name, const ParamValue& value, bool live);
    void read_picture(const std::string& value, bool wanted);
    void use_picture(const PictureFacts& facts);
    void watch_file(std::size_t side);
    bool open_picture_file(const std::string& path);
    void open_exported(const std::string& path, const FigureOrigin& origin);
    void set_scene(Scene now);
    const std::string* picture_value(std::size_t side) const;
    void check(Side& side);
    bool take_result(std::size_t side, RunResult result);
    void refresh_difference();
    /// Another request (and B, if it is compared) in place of all: a file was opened.
    void open_request(const RunRequest& request, const std::optional<RunRequest>& compared);
    void pick(const CellRef& cell);
    void open_array(const std::string& path);
    void submit_untouched(std::size_t side);
    void poll_untouched(std::size_t side);
    std::optional<CellRef> mask_cell_of(const CellRef& cell) const;
    void draw_mask(const CellRef& mask_cell);
    void add_pattern(const Trace& from, const CellRef& block, const std::string& origin);

    AppState& state_;
    std::array<Runner*, 2> runners_, untouched_runners_;
};

/// A line of a clipboard as the path of a file or another value of an image parameter; empty if it is none: file:// addresses
/// are decoded, quotes taken off, ~ is the home folder.
std::string pasted_path(const std::string& line);

/// Texts, images and matrices: what a run is of, not how it is run. Both sides of a comparison share them while they are
/// linked.
bool is_input(const ParamSpec& spec);

}  // namespace saccade
