#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "run/run_request.hpp"

namespace saccade {

/// What a session file holds: {"format": "saccade-session", "version": 1, "request": {...}, "view": {...}}, and
/// "compare": {...}, a second request of the same exhibit, if it was compared with one.
struct Session {
    RunRequest request;
    std::optional<RunRequest> compared;
    nlohmann::json view = nlohmann::json::object();  // the window's own; opaque here
    /// The document as it was read. Keys that this version does not know (top level, in the request, in its parameters) are
    /// written back as they were.
    nlohmann::json document = nlohmann::json::object();
};

/// Error{bad_format}: not a session, or of a newer version.
Session session_from_json(const nlohmann::json& json);
nlohmann::json to_json(const Session& session);

/// Error{io} or {bad_format}, with the path.
Session load_session(const std::string& path);
/// Atomic. Error{io}.
void save_session(const std::string& path, const Session& session);

}  // namespace saccade
