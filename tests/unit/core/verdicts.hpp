#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "exhibit/exhibit.hpp"
#include "run/run_request.hpp"

// What every lesson says of the runs that it is about: a claim that goes quiet or changes its mind is found here.

namespace saccade::test {

/// One run and what comes of every point of the lesson on it.
struct VerdictRow {
    /// A mark a point, with blanks between them: '+' held, 'X' broken, 'H' broken by hand, '.' not on this run, '-' a point
    /// that claims nothing.
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
/// The exhibit's; null if it has none.
const VerdictTable* table_of(const std::string& exhibit);

/// Of every exhibit, and as the end of a test's name.
std::vector<std::string> exhibit_ids();
std::string name_of_exhibit(const testing::TestParamInfo<std::string>& tested);

/// The exhibit's parameter; std::invalid_argument if it has none of that name.
const ParamSpec& spec_of(const Exhibit& exhibit, const std::string& name);

/// The run that a row's settings ask for.
RunRequest request_of(const Exhibit& exhibit, const std::vector<std::string>& settings);

}  // namespace saccade::test
