#include "run/session.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/utf8.hpp"
#include "exhibit/exhibit.hpp"
#include "io/atomic_file.hpp"
#include "io/json_text.hpp"
#include "io/text_file.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr unsigned version = 1;
constexpr std::array request_keys{"exhibit", "params", "seed", "interventions", "capture", "weights"};

/// Keys of `old` that `known` does not list and `fresh` does not have are carried over.
void carry_unknown(json& fresh, const json& old, const std::vector<std::string>& known) {
    if (!old.is_object()) return;
    for (const auto& [key, value] : old.items()) {
        if (!fresh.contains(key) && std::find(known.begin(), known.end(), key) == known.end()) fresh[key] = value;
    }
}

/// Names of the parameters that the request's exhibit has; empty if there is no such exhibit.
std::vector<std::string> param_names(const std::string& id) {
    std::vector<std::string> names;
    for (const Exhibit& known : exhibits()) {
        if (known.id != id) continue;
        for (const ParamSpec& spec : known.params) names.push_back(spec.name);
    }
    return names;
}

/// What an older request of the document holds beyond what is known here.
void carry_request(json& fresh, const json& document, const char* key, const std::string& id) {
    const json old = document.is_object() ? document.value(key, json::object()) : json::object();
    if (!old.is_object()) return;
    carry_unknown(fresh, old, {request_keys.begin(), request_keys.end()});
    // Parameters that are unknown here belong to the exhibit that they were saved with.
    if (old.value("exhibit", json()) == id)
        carry_unknown(fresh["params"], old.value("params", json::object()), param_names(id));
}

}  // namespace

Session session_from_json(const json& document) {
    if (!document.is_object() || document.value("format", json()) != "saccade-session") {
        throw Error(ErrorCode::bad_format, "is not a Saccade session", "open a file that Saccade has saved");
    }
    const std::optional<std::uint64_t> found = whole_in<std::uint64_t>(document.value("version", json()), 1);
    if (!found) throw Error(ErrorCode::bad_format, "is a session without a version", "save it again");
    if (*found > version) {
        throw Error(ErrorCode::bad_format,
                    fmt::format("is a session of version {}; this Saccade knows version {}", *found, version),
                    "update Saccade");
    }
    if (!document.contains("request")) throw Error(ErrorCode::bad_format, "is a session without a request", "save it again");
    Session session;
    session.request = request_from_json(document["request"]);
    if (document.contains("compare")) session.compared = request_from_json(document["compare"]);
    session.view = document.value("view", json::object());
    session.document = document;
    return session;
}

json to_json(const Session& session) {
    json result = {
        {"format", "saccade-session"}, {"version", version}, {"request", to_json(session.request)}, {"view", session.view}};
    const json& old = session.document;
    carry_request(result["request"], old, "request", session.request.exhibit);
    if (session.compared) {
        result["compare"] = to_json(*session.compared);
        carry_request(result["compare"], old, "compare", session.compared->exhibit);
    }
    carry_unknown(result, old, {"compare", "others"});  // others: of a window's recovery file
    return result;
}

Session load_session(const std::string& path) {
    const json document = parse_json(read_text(path, JsonLimits().bytes), path, "open a file that Saccade has saved");
    try {
        return session_from_json(document);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", sanitize_utf8(path), error.message()), error.hint());
    }
}

void save_session(const std::string& path, const Session& session) {
    write_file(path, to_json(session).dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace saccade
