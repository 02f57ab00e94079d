#include "verdicts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "exhibit/exhibit.hpp"
#include "run/finding.hpp"
#include "run/runner.hpp"
#include "testing.hpp"

namespace saccade::test::verdicts_test {
namespace {

char mark(const LessonPoint& point, const Finding& finding) {
    const std::string said = verdict(point, finding);
    if (said.empty()) return '-';
    return said == "held" ? '+' : said == "broken" ? 'X' : said == "broken, by hand" ? 'H' : '.';
}

std::string spaced(const std::string& marks) {
    std::string text;
    for (const char c : marks) text += (text.empty() ? "" : " ") + std::string(1, c);
    return text;
}

/// Every point is in both languages and has a column of its own.
void expect_named(const VerdictTable& table, const Lesson& lesson) {
    for (const LessonPoint& point : lesson.points) EXPECT_FALSE(point.chinese.empty()) << point.english;
    for (std::size_t p = 0; p < table.points.size(); ++p)
        for (std::size_t q = 0; q < lesson.points.size(); ++q)
            EXPECT_EQ(contains(lesson.points[q].english, table.points[p]), p == q)
                << table.exhibit << ": '" << table.points[p] << "' against: " << lesson.points[q].english;
}

/// No choice of these parameters is left out.
void expect_every_choice(const VerdictTable& table, const Exhibit& exhibit) {
    std::set<std::string> seen;
    for (const VerdictRow& row : table.rows) {
        const Params params = resolve(exhibit.params, request_of(exhibit, row.settings).params);
        for (const std::string& name : table.every) seen.insert(name + "=" + params.text(name));
    }
    for (const std::string& name : table.every)
        for (const std::string& choice : spec_of(exhibit, name).choices)
            EXPECT_TRUE(seen.contains(name + "=" + choice)) << exhibit.id << ": no row has " << name << "=" << choice;
}

/// Runs the row and holds it against its marks; gives back what was found.
std::string expect_row(const VerdictTable& table, const VerdictRow& row, const Exhibit& exhibit, Reuse& reuse) {
    std::string marks, details;
    try {
        const TracePtr trace = run(request_of(exhibit, row.settings), {}, {}, &reuse);
        const std::vector<Finding> findings = check_lesson(exhibit.lesson, *trace);
        for (std::size_t p = 0; p < findings.size(); ++p) {
            EXPECT_EQ(findings[p].problem, "") << table.points[p];
            marks += mark(exhibit.lesson.points[p], findings[p]);
            if (findings[p].claim) details += "\n  " + table.points[p] + ": " + found_against_claimed(*findings[p].claim);
        }
    } catch (const std::exception& error) {
        details = error.what();
    }
    EXPECT_EQ(spaced(marks), row.verdicts) << details;
    return marks;
}

class Verdicts : public testing::TestWithParam<std::string> {};

TEST_P(Verdicts, are_those_of_the_table) {
    const Exhibit& exhibit = saccade::exhibit(GetParam());
    const VerdictTable* table = table_of(exhibit.id);
    ASSERT_NE(table, nullptr) << exhibit.id << " has no table of verdicts";
    ASSERT_EQ(table->points.size(), exhibit.lesson.points.size()) << "give each point of the lesson a column";
    expect_named(*table, exhibit.lesson);
    expect_every_choice(*table, exhibit);
    Reuse reuse;
    std::string spoken(table->points.size(), '.');  // where some row holds the point, or where it claims nothing
    for (const VerdictRow& row : table->rows) {
        SCOPED_TRACE(fmt::format("{} with {}", exhibit.id, fmt::join(row.settings, ", ")));
        const std::string marks = expect_row(*table, row, exhibit, reuse);
        for (std::size_t p = 0; p < marks.size(); ++p)
            if (marks[p] == '+' || marks[p] == '-') spoken[p] = marks[p];
    }
    for (std::size_t p = 0; p < spoken.size(); ++p)
        EXPECT_NE(spoken[p], '.') << exhibit.id << ": no row holds '" << table->points[p] << "'";
}

INSTANTIATE_TEST_SUITE_P(Exhibits, Verdicts, testing::ValuesIn(exhibit_ids()), name_of_exhibit);

}  // namespace
}  // namespace saccade::test::verdicts_test
