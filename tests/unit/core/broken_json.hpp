#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error_line.hpp"

// What no reader of JSON may take, and what it must do instead: the tables of broken documents share it.

namespace saccade::test {

/// A whole document's text that is broken for everybody.
inline std::vector<std::string> broken_texts() {
    const auto deep = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    std::string objects;
    for (int i = 0; i < 65; ++i) objects += R"({"a":)";
    return {"",
            "{",
            "[]",
            "7",
            "null",
            "\"text\"",
            "nul",
            "{}",
            "{} {}",
            "{'a': 1}",
            "{\"a\": \"\xff\xfe\"}",
            "{\"a\": 1e999}",
            "{\"a\": -1e999}",
            deep(65),
            deep(200000),
            std::string(200000, '['),
            objects + "1" + std::string(65, '}'),
            std::string(100, '\0')};
}

/// The document with one value replaced.
inline std::string with(nlohmann::json document, const std::string& pointer, const nlohmann::json& value) {
    document[nlohmann::json::json_pointer(pointer)] = value;
    return document.dump();
}
inline std::string without(nlohmann::json document, const std::string& pointer) {
    const nlohmann::json::json_pointer at(pointer);
    document[at.parent_pointer()].erase(at.back());
    return document.dump();
}

/// One place of a document and the values, as JSON texts, that must be refused there.
struct BrokenPlace {
    std::string pointer;
    std::vector<std::string> values;
};

/// All documents with one broken place.
inline std::vector<std::string> broken_documents(const nlohmann::json& document, const std::vector<BrokenPlace>& places) {
    std::vector<std::string> all;
    for (const BrokenPlace& place : places)
        for (const std::string& value : place.values) {
            // A number too large for a double stands in text alone.
            std::string text = with(document, place.pointer, "@value@");
            text.replace(text.find("\"@value@\""), 9, value);
            all.push_back(std::move(text));
        }
    return all;
}

inline const std::vector<std::string>& not_whole() {
    static const std::vector<std::string> values{"-1",    "1.5", "1e19", "1e300", "1e999", "99999999999999999999",
                                                 "\"1\"", "[]",  "{}",   "null",  "true"};
    return values;
}
inline const std::vector<std::string>& not_text() {
    static const std::vector<std::string> values{"3", "[]", "{}", "null", "false"};
    return values;
}
inline const std::vector<std::string>& not_number() {
    static const std::vector<std::string> values{"1e999", "\"x\"", "[]", "{}", "false"};
    return values;
}
inline const std::vector<std::string>& not_toggle() {
    static const std::vector<std::string> values{"1", "\"on\"", "[]", "null"};
    return values;
}

/// Reading it is an Error of one short line in this program's words, within a second.
template <class Read>
void expect_refused(const std::string& what, const Read& read) {
    const auto start = std::chrono::steady_clock::now();
    const std::string shown = what.size() > 300 ? what.substr(0, 300) + "..." : what;
    try {
        read();
        ADD_FAILURE() << "taken: " << shown;
    } catch (const Error& error) {
        const std::string line = shown_line(error);
        EXPECT_LE(line.size(), 1200u) << line;
        for (const char* word : {"json.exception", "std::", "basic_string", "please report", "terminate", "vector::", "stod"})
            EXPECT_EQ((error.message() + error.hint()).find(word), std::string::npos) << line << "\n of " << shown;
        EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what() << "\n of " << shown;
    }
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20.0)
        << shown;  // it hangs, or it does not
}

/// How many were checked: a table that shrank says so.
template <class Read>
std::size_t expect_all_refused(const std::vector<std::string>& texts, const Read& read) {
    for (const std::string& text : texts) expect_refused(text, [&] { read(text); });
    return texts.size();
}

}  // namespace saccade::test
