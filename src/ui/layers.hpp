#pragma once

namespace saccade {

struct AppState;

/// What lies over what, the uppermost first: one press of Esc is for one of them alone.
enum class Layer {
    menu,     // a list that a button opened
    leaving,  // asks whether to quit, or to close a lesson
    asking,   // whether files that a session names are read
    help,
    palette,
    history,  // the list of what was changed
    prompt,
    exporting,  // the figure desk
    exhibits,   // all of them as pictures
    presenting,
    tour,     // of the window, on what it shows
    field,    // the text field that has the keyboard
    cell,     // the cell of a matrix that has it
    drawing,  // of a mask
    search,   // of a token
    run,      // the runs under way
    alone,    // one card that fills the stage
    none
};

/// The uppermost of what is open. `menu`, `field`: ImGui's own.
Layer top_layer(const AppState& state, bool menu, bool field);

}  // namespace saccade
