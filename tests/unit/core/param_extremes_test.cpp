#include <fmt/format.h>
#include <fmt/ranges.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "broken_json.hpp"
#include "exhibit/exhibit.hpp"
#include "io/json_text.hpp"
#include "run/run.hpp"
#include "run/session.hpp"
#include "testing.hpp"

// Every parameter of every exhibit, fed its extremes through the command line's reader and through a session: each is refused
// with a line, or the exhibit runs with it.

namespace saccade::param_extremes_test {
namespace {

using nlohmann::json;

constexpr auto patience = std::chrono::milliseconds(100);

/// Asks a run to stop when it has taken too long for a test: the parameter is taken, and that is enough.
class Deadline {
 public:
    Deadline()
        : thread_([this](const std::stop_token& done) {
              std::unique_lock lock(mutex_);
              if (!wake_.wait_for(lock, done, patience, [] { return false; }) && !done.stop_requested()) source_.request_stop();
          }) {}
    std::stop_token token() const { return source_.get_token(); }

 private:
    std::stop_source source_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

std::string times(std::size_t n, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < n; ++i) all += text;
    return all;
}

std::vector<std::string> number_texts(const ParamSpec& spec) {
    return {fmt::format("{}", spec.min),
            fmt::format("{}", spec.max),
            fmt::format("{}", spec.min - 1),
            fmt::format("{}", spec.max + 1),
            "-1",
            "0",
            "1e19",
            "1e300",
            "-1e300",
            "1e999",
            "1e-300",
            "nan",
            "inf",
            "-inf",
            "",
            " ",
            "0x10",
            "1,5",
            "９",
            "9223372036854775807",
            "-9223372036854775808",
            "99999999999999999999",
            times(5000, "9")};
}

std::vector<std::string> text_texts(const ParamSpec& spec) {
    const auto most = static_cast<std::size_t>(std::min(spec.max > 0 ? spec.max : 64, 4096.0));
    return {"",
            " ",
            "a",
            times(most, "a"),
            times(most, "漢"),
            times(most + 1, "a"),
            times(200000, "a"),
            "\x01\x02\x1b[31m",
            "\xff\xfe",
            "\u202e\u2066x",
            "e" + times(300, "\u0301"),
            std::string("a\0b", 3),
            "😀👩‍👩‍👧‍👦",
            "\ufdd0\uffff"};
}

std::vector<std::string> matrix_texts(const ParamSpec& spec) {
    const auto most = static_cast<std::size_t>(std::min(spec.max > 0 ? spec.max : 8, 64.0));
    return {"0",
            "1 2; 3 4",
            "",
            ";",
            "nan",
            "inf",
            "1e38",
            "-1e38 1e38",
            "1e39",
            "1e-300",
            times(most, "1 "),
            times(most, "1; "),
            "1 2; 3",
            times(5000, "1 "),
            times(5000, "1;"),
            "[[[1]]]",
            times(200000, "["),
            times(64, "[") + times(64, "]"),
            "[[1], 2",
            "@/nowhere/none.csv",
            "@/"};
}

std::vector<std::string> image_texts() {
    return {"",
            " ",
            "/nowhere/none.png",
            "/",
            "sample:none",
            "sample:",
            "scene:",
            "scene:{}",
            "scene:{\"width\":1e999}",
            "scene:{\"width\":-1}",
            "scene:{\"width\":16,\"height\":4096}",
            "scene:" + times(200000, "["),
            "data:",
            "data:image/png;base64,AAAA",
            times(10000, "x")};
}

std::vector<std::string> texts_for(const ParamSpec& spec) {
    switch (spec.type) {
        case ParamType::integer:
        case ParamType::number:
            return number_texts(spec);
        case ParamType::text:
            return text_texts(spec);
        case ParamType::matrix:
            return matrix_texts(spec);
        case ParamType::image:
            return image_texts();
        case ParamType::toggle:
            return {"on", "off", "", "2", "maybe"};
        case ParamType::choice:
            break;
    }
    std::vector<std::string> texts{"", "none such", "\x1b[31m"};
    texts.insert(texts.end(), spec.choices.begin(), spec.choices.end());
    return texts;
}

/// As a session may write it.
std::vector<std::string> json_for(const ParamSpec& spec) {
    std::vector<std::string> values{
        "null", "true",  "-1",        "1.5",           "1e19", "1e300",   "-1e300",  "99999999999999999999", "[]", "{}",
        "\"\"", "\"x\"", "[[1e300]]", "[[1], [2, 3]]", "[[]]", "\"inf\"", "\"-inf\""};
    if (spec.type == ParamType::integer || spec.type == ParamType::number)
        for (const double bound : {spec.min, spec.max})
            if (std::isfinite(bound)) values.push_back(fmt::format("{}", bound));
    return values;
}

/// Refused with a line, or run. True if it ran.
bool is_run_or_refused(const Exhibit& e, const RunRequest& request, const std::string& what) {
    const Deadline deadline;
    try {
        resolve(e.params, request.params);
        const TracePtr trace = run(e, request, deadline.token(), {}, nullptr);
        EXPECT_FALSE(trace->tensors().empty()) << what;
        return true;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled) return true;
        test::expect_refused(what, [&] { throw error; });
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what() << " of " << what;
    }
    return false;
}

TEST(ParamExtremes, each_is_refused_or_run_from_the_command_line) {
    int ran = 0, all = 0;
    for (const Exhibit& e : exhibits())
        for (const ParamSpec& spec : e.params)
            for (const std::string& text : texts_for(spec)) {
                const std::string what = fmt::format("{} --{} '{}'", e.id, spec.name, text.substr(0, 60));
                ++all;
                RunRequest request;
                request.exhibit = e.id;
                try {
                    request.params.set(spec.name, parse_param(spec, text));
                } catch (const Error& error) {
                    test::expect_refused(what, [&] { throw error; });
                    continue;
                } catch (const std::exception& error) {
                    ADD_FAILURE() << error.what() << " of " << what;
                    continue;
                }
                const bool done = is_run_or_refused(e, request, what);
                ran += done ? 1 : 0;
                // What runs survives a session.
                if (!done) continue;
                const RunRequest again = request_from_text(request_text(request));
                EXPECT_EQ(again.params, request.params) << what;
            }
    EXPECT_GT(all, 1000);
    EXPECT_GT(ran, 200);
}

TEST(ParamExtremes, each_is_refused_or_run_from_a_session) {
    int refused = 0;
    for (const Exhibit& e : exhibits())
        for (const ParamSpec& spec : e.params)
            for (const std::string& value : json_for(spec)) {
                const std::string text = fmt::format(
                    R"({{"format":"saccade-session","version":1,"request":{{"exhibit":"{}","params":{{"{}":{}}}}}}})", e.id,
                    spec.name, value);
                RunRequest request;
                try {
                    request = session_from_json(parse_json(text, "s.json", "")).request;
                } catch (const Error& error) {
                    test::expect_refused(text, [&] { throw error; });
                    ++refused;
                    continue;
                } catch (const std::exception& error) {
                    ADD_FAILURE() << error.what() << " of " << text;
                    continue;
                }
                // What the command line can say too has been run above.
                try {
                    resolve(e.params, request.params);
                } catch (const Error& error) {
                    test::expect_refused(text, [&] { throw error; });
                    ++refused;
                }
            }
    EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace saccade::param_extremes_test
