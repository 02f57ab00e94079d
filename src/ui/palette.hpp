#pragma once

#include <functional>
#include <string>
#include <vector>

namespace saccade {

class Controller;
struct AppState;

/// Something that the palette finds, and that Enter does.
struct PaletteEntry {
    std::string title;                // in English, whichever language is shown
    std::string kind;                 // what it is, at the right of its row: "exhibit", "value", "token"
    std::vector<std::string> also{};  // other words by which it is found, the nearest first
    std::string keys{};               // that do the same
    std::function<void(AppState&, Controller&)> run{};
    std::string shown{};  // the title in the language that is shown; empty: the same
};

/// What there is to find now, the usual first: exhibits, commands, lessons in both languages, the open exhibit's settings,
/// their values and examples, how its views show it, models, recent files. Tokens of the text and values that are typed come
/// with a query alone ("beam 5").
std::vector<PaletteEntry> palette_entries(const AppState& state, Controller& act);

/// What the query finds, the best first (ui/palette_match.hpp); all of palette_entries if it is empty.
std::vector<PaletteEntry> palette_found(const AppState& state, Controller& act, const std::string& query);

}  // namespace saccade
