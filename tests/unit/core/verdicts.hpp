#pragma once

#include <string>
#include <vector>

// What every lesson says of the runs that it is about: a claim that goes quiet or changes its mind is found here.

namespace saccade::test {

/// One run and what comes of every point of the lesson on it.
struct VerdictRow {
    /// A mark a point, with blanks between them: '+' held, 'X' broken, '.' not on this run, '-' a point that claims nothing.
    std::string verdicts;
    /// "name=value" of a parameter, "seed=N", or "intervene SPEC".
    std::vector<std::string> settings;
};

struct VerdictTable {
    std::string exhibit;
    /// The lesson's points in order, each by a part of its English text that no other point has.
    std::vector<std::string> points;
    /// Parameters of which each choice stands in some row.
    std::vector<std::string> every;
    std::vector<VerdictRow> rows;
};

/// The tables of the exhibits, by wing of the gallery.
std::vector<VerdictTable> sequence_wing();
std::vector<VerdictTable> transformer_wing();
std::vector<VerdictTable> vision_wing();

}  // namespace saccade::test
