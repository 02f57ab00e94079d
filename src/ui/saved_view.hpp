#pragma once

#include <nlohmann/json_fwd.hpp>

#include "run/session.hpp"
#include "ui/app_state.hpp"

namespace saccade {

struct Session;

/// What a session keeps of the window, as its "view": how everything is shown, and what is looked at.
struct SavedView {
    ViewSettings settings;
    ViewOptions options;
    CellRef selected;
    Index step = -1;
    std::string enlarged;
};

SavedView saved_view(const Document& document, const ViewSettings& settings);
nlohmann::json to_json(const SavedView& view);
/// The settings of a file with theme, size and language of a person: how a person wants to see everything is not a file's to
/// change, and stays when it is opened.
ViewSettings with_looks_of(ViewSettings file, const ViewSettings& person);
/// Error{bad_format}; missing keys keep their defaults.
SavedView saved_view_from_json(const nlohmann::json& json);

/// All of a document that a session keeps.
Session session_of(const Document& document, const ViewSettings& settings);

}  // namespace saccade
