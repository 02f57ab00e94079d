#include "run/session.hpp"
#include "run/named_files.hpp"
#include "target.hpp"

using namespace saccade;

/// A session is read, written and read again: nothing is lost on the way.
FUZZ_TARGET(session) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] {
        const Session session = load_session(file.path());
        named_files(session.request);
        fuzz::require(named_files(without_files(session.request)).empty(), "a file is left");
        const nlohmann::json written = to_json(session);
        fuzz::require(to_json(session_from_json(written)) == written, "a session changes as it is written");
    });
}
