#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ui/controller.hpp"

namespace saccade {

/// Keys that are pressed together, as "Ctrl Shift Z" or "Space".
struct Chord {
    bool ctrl = false, shift = false, alt = false;
    std::string key;  // a letter, a digit, ← → ↑ ↓ + − [ ] . Space Del Home PageUp PageDown Esc F1 F5; empty: none

    Chord() = default;
    /// Error{invalid_input} for keys that do not exist.
    Chord(const char* text);  // NOLINT(google-explicit-constructor): the table below reads as a table
    bool operator==(const Chord&) const = default;
};
std::string to_string(const Chord& chord);

/// Something that a person can run by its keys and from the palette.
struct Command {
    /// Where its keys work: also in dialogs and fields; not in a dialog; or only while no dialog, field or matrix cell has
    /// the keyboard. The tour has its own there, before these. While Present is on all these are silent, and heard are its own
    /// and what is meant for everywhere.
    enum class Heard { anywhere, outside_dialogs, on_stage, touring, presenting, everywhere };

    std::string title;
    Chord chord;                                             // none: from the palette alone
    std::function<bool(const AppState&, Controller&)> when;  // empty: always
    std::function<void(AppState&, Controller&)> run;
    Heard heard = Heard::anywhere;
    bool in_palette = true;           // or by its keys alone
    std::vector<std::string> also{};  // other words by which the palette finds it

    bool available(const AppState& state, Controller& act) const { return !when || when(state, act); }
};

/// All of them: keys, palette and the help page are made of this table.
const std::vector<Command>& commands();

/// Do its keys work while Present is on?
bool heard_in_present(const Command& command);

/// Runs what the keys of this frame ask for. Before the dialogs are drawn: a key that closes one is the dialog's.
void run_keys(AppState& state, Controller& act);

/// A line of the help page.
struct KeyLine {
    std::string keys, what;
    bool operator==(const KeyLine&) const = default;
};
/// The keyboard, of these commands and of fields and dialogs themselves; keys that do the same stand on one line.
std::vector<KeyLine> key_lines(const std::vector<Command>& of);

}  // namespace saccade
