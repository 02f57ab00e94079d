#pragma once

#include <string>

#include "ui/app_state.hpp"

namespace saccade {

/// Everything that a person can do, as functions over the state: panels, keys and the palette call the same ones. Nothing here
/// draws.
class Controller {
 public:
    Controller(AppState& state, Runner& runner) : state_(state), runner_(runner) {}

    // Inputs.
    void choose_exhibit(const std::string& id);
    /// A parameter; keystrokes in one field within a second are one undo entry. An invalid value becomes the banner, nothing is
    /// lost.
    void set_param(const std::string& name, ParamValue value);
    void set_seed(std::uint64_t seed);
    void submit();
    /// Takes what the runner has finished; true if the picture changed.
    bool poll();

    // The hand.
    void begin_weight_drag(const CellRef& cell, float mouse_y);
    /// Up is more: the whole range of a weight is `px_for_one` px.
    void drag_weight(float mouse_y, float px_for_one);
    void end_weight_drag();
    void set_weight(const CellRef& cell, double value);
    void toggle_intervention(std::size_t i);
    void remove_intervention(std::size_t i);
    void clear_interventions();
    void undo();
    void redo();

    // The stage.
    void hover(const CellRef& cell);
    void select(const CellRef& cell);
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
    Edit current() const { return {state_.request.params, state_.request.interventions, state_.request.weights_path}; }

    AppState& state_;
    Runner& runner_;
};

}  // namespace saccade
