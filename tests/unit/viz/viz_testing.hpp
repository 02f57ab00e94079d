#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "unit/scratch.hpp"
#include "viz/figure.hpp"

namespace saccade::test {

/// Metrics that are the same on every machine: Latin 0.6 em wide, everything else 1 em.
class PlainMeasure : public TextMeasure {
 public:
    double width(const std::string& text, double size, Font) const override {
        double ems = 0;
        for (const char32_t c : decode_utf8(text)) ems += c < 0x300 ? 0.6 : 1.0;
        return ems * size;
    }
    double ascent(double size, Font) const override { return size; }
    double descent(double size, Font) const override { return 0.25 * size; }
};

/// Runs `body` and returns the error that it throws; fails the test if it throws none, or one that is not a line with a hint.
template <class Body>
Error error_of(const Body& body) {
    try {
        body();
    } catch (const Error& e) {
        EXPECT_EQ(e.line().find('\n'), std::string::npos) << e.line();
        EXPECT_FALSE(e.hint().empty()) << e.line();
        return e;
    }
    ADD_FAILURE() << "no error was thrown";
    return Error(ErrorCode::usage, "none");
}

}  // namespace saccade::test
