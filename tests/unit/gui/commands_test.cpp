#include "ui/commands.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "io/input_file.hpp"

namespace saccade::commands_test {
namespace {

/// Those of Present are heard where the others are not, and those of the tour before these.
TEST(Commands, NoTwoShareTheirKeys) {
    using Heard = Command::Heard;
    std::set<std::pair<std::string, Heard>> chords;
    for (const Command& command : commands()) {
        if (command.chord.key.empty()) continue;
        const bool own = command.heard == Heard::presenting || command.heard == Heard::touring;
        EXPECT_TRUE(chords.insert({to_string(command.chord), own ? command.heard : Heard::anywhere}).second)
            << command.title << ": " << to_string(command.chord);
    }
    EXPECT_GT(chords.size(), 20u);
}

TEST(Commands, EachHasATitleOfItsOwnAndCanBeReached) {
    std::set<std::string> titles;
    for (const Command& command : commands()) {
        EXPECT_NE(command.title, "");
        EXPECT_TRUE(command.run) << command.title;
        EXPECT_TRUE(command.in_palette || !command.chord.key.empty()) << command.title;
        if (command.in_palette) {
            EXPECT_TRUE(titles.insert(command.title).second) << command.title;
        }
    }
}

TEST(Commands, KeysAreReadAsTheyAreWritten) {
    for (const char* text : {"Ctrl Shift Z", "Alt ←", "Space", "F1", "PageDown", "[", "Ctrl −", "N", "Ctrl 0"})
        EXPECT_EQ(to_string(Chord(text)), text);
    for (const char* text : {"Ctrl Enter", "Ctrl A B", "n", "Ctrl-Z"}) EXPECT_THROW(Chord{text}, Error) << text;
}

/// The rows of the table under "## Keyboard".
std::vector<KeyLine> lines_of_readme() {
    std::istringstream readme(read_file(SACCADE_SOURCE_DIR "/README.md"));
    std::vector<KeyLine> lines;
    bool there = false;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with("## ")) there = line == "## Keyboard";
        if (!there || !line.starts_with("| ")) continue;
        const std::size_t middle = line.find(" | "), end = line.rfind(" |");
        lines.push_back({line.substr(2, middle - 2), line.substr(middle + 3, end - middle - 3)});
    }
    if (!lines.empty()) lines.erase(lines.begin());  // the head
    return lines;
}

TEST(Commands, TheReadmeHasThemAll) {
    const std::vector<KeyLine> readme = lines_of_readme(), table = key_lines(commands());
    std::string wanted;
    for (const KeyLine& line : table) wanted += "| " + line.keys + " | " + line.what + " |\n";
    EXPECT_EQ(readme, table) << "README's table should be\n| keys | what |\n|---|---|\n" << wanted;
}

}  // namespace
}  // namespace saccade::commands_test
