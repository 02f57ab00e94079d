#pragma once

#include "ui/panels.hpp"

namespace saccade {

/// Whose run a card shows.
enum class CardOf { a, b, difference };

/// A view in a frame with a title, at a place of the screen; hover, click and drag go to the controller. `id`: unique among the
/// cards of a frame.
void card(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ViewPlacement& placement, const Rect& place,
          const std::string& id, CardOf of);

/// How high the cards below must be in this width so that each can be read; the stage scrolls where it has less.
float cards_height(const Ui& ui, const AppState& state, const Exhibit& e, float width);
/// Of the rows that are then seen first, those that fit `room` px whole, at least one: how high they must be.
float first_rows_height(const Ui& ui, const AppState& state, const Exhibit& e, float width, float room);
/// By their names, the cards that have room together, those that the lesson frames first, and at least one row: in Present
/// what is out of sight is not there. Empty outside of it, where a point frames none and where runs are compared: all are
/// shown.
std::vector<std::string> cards_that_fit(const Ui& ui, const AppState& state, const Exhibit& e, float width, float room);
/// Between cards, and around them, in logical px.
constexpr float least_card_height = 150;  // logical px
constexpr float card_gap = 12;

/// The exhibit's views row by row, all of them, with splitters between them.
void cards(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place, CardOf of);
/// A beside B, and the difference of what the main view shows; where there is no room for it, one of the three.
void compared_cards(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place);

/// By which StageState::enlarged names a card.
std::string card_key(const ViewPlacement& placement);
/// The exhibit's views that this side's run has something for, in their order; the enlarged one alone, if there is one.
std::vector<ViewPlacement> views_of(const AppState& state, const Exhibit& e, std::size_t side);
/// For StageState::enlarged: the first card, the one after that which is enlarged, and after the last none, so that all are
/// shown.
std::string next_card_alone(const AppState& state);
/// The view that has the most to say and can show a difference: the first heatmap, else the largest. Null if there are none.
const ViewPlacement* main_view(const std::vector<ViewPlacement>& views);

}  // namespace saccade
