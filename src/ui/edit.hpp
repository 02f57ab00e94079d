#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "params/param_spec.hpp"
#include "trace/intervention.hpp"
#include "ui/anchors.hpp"
#include "viz/normalization.hpp"
#include "viz/view_options.hpp"

namespace saccade {

/// What undo goes back to in an exhibit: everything that a user can change about its runs, and how its views show them.
struct Edit {
    struct One {
        Params params;
        std::vector<Intervention> interventions;
        std::string weights_path;
        std::uint64_t seed = 0;
        std::vector<Anchor> anchors;  // what the interventions were made on; a change of these is no edit
        bool operator==(const One& other) const {
            return params == other.params && interventions == other.interventions && weights_path == other.weights_path &&
                   seed == other.seed;
        }
    };
    std::array<One, 2> sides;
    bool comparing = false, linked = true;
    ViewOptions options{};
    Normalization::Scale scale = Normalization::Scale::linear;
    bool operator==(const Edit&) const = default;
};

/// Of this exhibit: as it was before a change, or, on the way forward, as it was after it.
struct EditEntry {
    std::string exhibit;
    Edit edit;
    std::size_t focus = 0;  // the side that was worked on then
};

/// All changes, in whichever exhibit, in the order of time. Changed by History alone.
struct EditHistory {
    std::deque<EditEntry> undo, redo;  // the latest last; the next to be made again last
    std::string coalescing;            // the field whose keystrokes make one undo entry
    std::chrono::steady_clock::time_point last_edit;

    /// How the views showed their runs when that was last looked at: what a panel has changed since becomes an entry, unless
    /// one was made meanwhile.
    struct Seen {
        std::string exhibit;
        ViewOptions options;
        Normalization::Scale scale = Normalization::Scale::linear;
        bool remembered = false;
    };
    Seen seen;
};

}  // namespace saccade
