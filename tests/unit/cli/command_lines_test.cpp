#include <filesystem>
#include <string>
#include <vector>

#include "exhibit/exhibit.hpp"
#include "unit/cli/in_process.hpp"
#include "unit/scratch.hpp"

// Command lines that cannot be: each leaves with the status of the contract and one short line that names what is wrong, and
// writes nothing. The program is called without a process of its own; tests/cli/ has some with.

namespace saccade {
namespace {

using test::call;
using test::Done;

using Words = std::vector<std::string>;

class CommandLines : public testing::Test {
 protected:
    CommandLines() : folder_(test::scratch_path("lines")) {
        std::filesystem::create_directories(folder_);
        std::ofstream(out("kept.npz")) << "what stood there";
    }
    ~CommandLines() override { std::filesystem::remove_all(folder_); }
    std::string out(const std::string& name) const { return folder_ + "/" + name; }

    void refused(int status, const Words& words, const std::string& named) {
        ++checked_;
        std::string line;
        for (const std::string& word : words) line += " '" + word.substr(0, 80) + "'";
        const std::string before = test::state_of(folder_);
        const Done done = call(words);
        EXPECT_EQ(done.status, status) << line << "\n" << done.err;
        EXPECT_EQ(done.out, "") << line;
        EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << line << "\n" << done.err;
        EXPECT_TRUE(done.err.starts_with("saccade: ")) << line << "\n" << done.err;
        EXPECT_LE(done.err.size(), 400u) << line << "\n" << done.err;
        EXPECT_NE(done.err.find(named), std::string::npos) << line << "\n says not '" << named << "' but " << done.err;
        for (const char* word : {"json.exception", "std::", "basic_string", "please report", "terminate", "\x1b"})
            EXPECT_EQ(done.err.find(word), std::string::npos) << line << "\n" << done.err;
        EXPECT_EQ(test::state_of(folder_), before) << line;
    }

    std::size_t checked_ = 0;

 private:
    std::string folder_;
};

/// A value that no parameter of the kind takes.
const char* impossible(const ParamSpec& spec) {
    switch (spec.type) {
        case ParamType::integer:
        case ParamType::number:
            return "1e";
        case ParamType::toggle:
            return "perhaps";
        case ParamType::choice:
            return "none such";
        case ParamType::matrix:
            return "1 2; 3";
        case ParamType::text:
        case ParamType::image:
            break;
    }
    return nullptr;
}

TEST_F(CommandLines, a_value_that_a_parameter_cannot_have_is_named) {
    for (const Exhibit& e : exhibits())
        for (const ParamSpec& spec : e.params) {
            const std::string flag = "--" + spec.name;
            if (const char* value = impossible(spec)) refused(2, {"run", e.id, flag, value, "--save", out("x.npz")}, flag);
            // With nothing behind it, a flag takes no other flag for its value.
            if (spec.type != ParamType::text && spec.type != ParamType::image)
                refused(2, {"run", e.id, flag + "=", "--seed=5", "--save", out("x.npz")}, flag);
            if (spec.type == ParamType::integer || spec.type == ParamType::number)
                refused(2, {"run", e.id, flag, "99999999999999999999999x", "--save", out("x.npz")}, flag);
        }
    EXPECT_GE(checked_, 120u);
}

TEST_F(CommandLines, an_empty_value_is_a_value) {
    const Done done = call({"run", "alignment", "--target=", "--beam=3", "--save", out("x.npz")});
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_NE(done.out.find("output: 2019-09-30"), std::string::npos) << done.out;
    EXPECT_EQ(call({"run", "alignment", "--target", "", "--beam=3", "--save", out("y.npz")}).out.substr(0, 20),
              done.out.substr(0, 20));
    refused(2, {"run", "alignment", "--source=", "--beam=5", "--save", out("z.npz")}, "Source");
}

TEST_F(CommandLines, what_no_command_can_do_is_refused) {
    const std::string x = out("x.npz"), png = out("x.png"), safetensors = out("x.safetensors"), csv = out("kept.csv"),
                      long_word(5000, 'w');
    std::ofstream(csv) << "1 0\n0 1\n";
    struct Line {
        int status;
        Words words;
        std::string named;
    };
    const std::vector<Line> lines{
        // the program itself
        {2, {"lst"}, "list"},
        {2, {"run"}, "EXHIBIT"},
        {2, {"--no-such-flag"}, "--no-such-flag"},
        {2, {"-x"}, "-x"},
        {2, {"--save", x, "run"}, "--save"},
        {2, {"list", "--json=5"}, "--json=5"},
        {2, {"list", "--json=0"}, "--json=0"},
        {2, {"run", "alignment", "--claims=7"}, "--claims=7"},
        {2, {"run", "alignment", "--seed", "7\n", "--save", x}, "'7\\n' is not a whole number"},
        {2, {"run", "alignment", "--a\nb"}, "--a\\nb"},
        {2, {"list", "extra"}, "extra"},
        {2, {"list", "--json=maybe"}, "--json"},
        {2, {"list", "--jsn"}, "--jsn"},
        {2, {long_word}, "wwww"},
        {2, {"\x1b[31mred"}, "red"},
        {2, {"list", "\xff"}, "UTF-8"},
        {2, {"list", "run"}, "run"},
        {2, {"describe"}, "EXHIBIT"},
        {2, {"describe", "nothing"}, "nothing"},
        {2, {"describe", long_word}, "wwww"},
        {2, {"describe", "alignment", "memory"}, "memory"},
        {2, {"describe", ""}, "EXHIBIT"},
        // run
        {2, {"run", "alignment", "--save"}, "--save"},
        {2, {"run", "alignment", "--sauce", "x", "--save", x}, "--source"},
        {2, {"run", "alignment", "--source", "--save", x}, "--source"},
        {2, {"run", "alignment", "--source", "a", "--source", "b", "--save", x}, "--source"},
        {2, {"run", "alignment", "--target", "--beam=5", "--save", x}, "--target"},
        {2, {"run", "alignment", "--target", "--beam", "5", "--save", x}, "--target"},
        {2, {"run", "alignment", "--target", "--help", "--save", x}, "--target"},
        {2, {"render", "alignment", "--view", "heatmap", "--theme", "-o", png}, "--theme"},
        {2, {"run", "alignment", "--seed", "-1", "--save", x}, "--seed"},
        {2, {"run", "alignment", "--seed", "1e3", "--save", x}, "--seed"},
        {2, {"run", "alignment", "--seed", "1.5", "--save", x}, "--seed"},
        {2, {"run", "alignment", "--seed", "99999999999999999999", "--save", x}, "--seed"},
        {2, {"run", "alignment", "--seed", "seven", "--save", x}, "--seed"},
        {2, {"run", "alignment", "--seed=", "--beam=5", "--save", x}, "--seed"},
        {2, {"run", "alignment", "--threads", "0", "--save", x}, "--threads"},
        {2, {"run", "alignment", "--threads", "257", "--save", x}, "--threads"},
        {2, {"run", "alignment", "--threads", "many", "--save", x}, "--threads"},
        {2, {"run", "alignment", "--threads", "1e300", "--save", x}, "--threads"},
        {2, {"run", "alignment", "--beam", "0", "--save", x}, "--beam: Beam"},
        {2, {"run", "alignment", "--beam", "9223372036854775807", "--save", x}, "--beam: Beam"},
        {2, {"run", "alignment", "--temperature", "-1", "--save", x}, "--temperature: "},
        {2, {"run", "alignment", "--temperature", "nan", "--save", x}, "--temperature: "},
        {2, {"run", "alignment", "--temperature", "1e999", "--save", x}, "--temperature"},
        {2, {"run", "alignment", "--source", std::string(10000, '9'), "--save", x}, "512"},
        {1, {"run", "alignment", "--target", "abc", "--save", x}, "'a'"},
        {1, {"run", "alignment", "--weights", out("none.safetensors"), "--save", x}, "none.safetensors"},
        {1, {"run", "alignment", "--weights", "/", "--save", x}, "/"},
        {1, {"run", "alignment", "--weights", out("kept.npz"), "--save", x}, "kept.npz"},
        {2, {"run", "memory", "--weights", out("kept.npz"), "--save", x}, "memory"},
        {1, {"run", "alignment", "--save", "/proc/nowhere/x.npz"}, "/proc/nowhere"},
        {1, {"run", "alignment", "--save", out("missing/x.npz")}, "missing"},
        {1, {"run", "alignment", "--save", out("kept.npz/x.npz")}, "kept.npz"},
        {2, {"run", "alignment", "--save", out("")}, ".npz"},
        {2, {"run", "alignment", "--save", out("x.py")}, ".npz"},
        {1, {"run", "alignment", "--save", out(std::string(300, 'n') + ".npz")}, "shorter name"},
        {2, {"run", "alignment", "--save", ""}, "--save"},
        {2, {"run", "memory", "--k", "@"}, "--k: there is no file"},
        {2, {"render", "memory", "--view", "heatmap", "--k", "@" + csv, "-o", csv}, "overwritten"},
        {2, {"run", "spatial", "--image", out("kept.npz"), "--save", out("kept.npz")}, "overwritten"},
        {2, {"run", "alignment", "--weights", out("kept.npz"), "--save", out("kept.npz")}, "overwritten"},
        {2,
         {"run", "alignment", "--intervene", "weights=@" + out("kept.npz") + ":w", "--save", out("kept.npz")},
         "overwritten"},
        {1, {"run", "alignment", "--capture", "nothing", "--save", x}, "nothing"},
        {1, {"run", "alignment", "--capture", "weights", "wieghts*", "--save", x}, "wieghts*"},
        {2, {"run", "alignment", "--analyse", "none", "--save", x}, "none"},
        {2, {"run", "alignment", "--analyse", "", "--analyse", "all", "--save", x}, "--analyse"},
        {2, {"run", "memory", "--k", "@/nowhere.csv", "--k", "1", "--save", x}, "--k"},
        {1, {"run", "memory", "--k", "@" + out("none.csv"), "--save", x}, "none.csv"},
        {1, {"run", "memory", "--k", "@" + out("none.npz:name"), "--save", x}, "none.npz"},
        {1, {"run", "memory", "--k", "@/", "--save", x}, "/"},
        {1, {"run", "spatial", "--image", out("none.png"), "--save", x}, "none.png"},
        {1, {"run", "spatial", "--image", "/", "--save", x}, "/"},
        {1, {"run", "spatial", "--image", "scene:{\"width\":1e999}", "--save", x}, "too large"},
        {1, {"run", "spatial", "--image", "scene:{\"width\":1e300}", "--save", x}, "'width'"},
        {1, {"run", "spatial", "--image", "scene:{\"width\":-1}", "--save", x}, "'width'"},
        {1, {"run", "spatial", "--image", "scene:" + std::string(100000, '['), "--save", x}, "64 deep"},
        {1, {"run", "spatial", "--image", "scene:{\"shapes\":[{\"size\":1e19}]}", "--save", x}, "'size'"},
        {1, {"run", "spatial", "--image", "sample:none", "--save", x}, "none"},
        {1, {"run", "spatial", "--image", "data:image/png;base64,@@", "--save", x}, "picture"},
        // interventions
        {2, {"run", "alignment", "--intervene", "", "--save", x}, "--intervene"},
        {2, {"run", "alignment", "--intervene=", "--save", x}, "--intervene"},
        {2, {"run", "alignment", "--intervene", "weights[0,0]*=1e308", "--save", x}, "at most 1e9"},
        {2, {"run", "alignment", "--intervene", "weights", "--save", x}, "weights"},
        {2, {"run", "alignment", "--intervene", "weights[", "--save", x}, "weights["},
        {2, {"run", "alignment", "--intervene", "weights[-1]=0", "--save", x}, "indices"},
        {2, {"run", "alignment", "--intervene", "weights[1e9]=0", "--save", x}, "weights[1e9]"},
        {2, {"run", "alignment", "--intervene", "weights[99999999999999999999]=0", "--save", x}, "weights[9"},
        {2, {"run", "alignment", "--intervene", "weights=nan", "--save", x}, "finite"},
        {2, {"run", "alignment", "--intervene", "weights=1e39", "--save", x}, "weights=1e39"},
        {1, {"run", "alignment", "--intervene", "weights=@data:99999999999x99999999999:AAAA", "--save", x}, "memory"},
        {2, {"run", "alignment", "--intervene", "weights=@data:2x2:", "--save", x}, "does not fit"},
        {2, {"run", "alignment", "--intervene", long_word + "[", "--save", x}, "wwww"},
        {1, {"run", "alignment", "--intervene", long_word + "=1", "--save", x}, "wwww"},
        {1, {"run", "alignment", "--intervene", "weights=@" + out("none.npz") + ":w", "--save", x}, "none.npz"},
        {2, {"run", "alignment", "--intervene", "weights=@/", "--save", x}, "/"},
        // render
        {2, {"render", "alignment", "-o", png}, "--view"},
        {2, {"render", "alignment", "--view", "heatmap"}, "--output"},
        {2, {"render", "alignment", "--view", "cube", "-o", png}, "cube"},
        {2, {"render", "alignment", "--view", long_word, "-o", png}, "--view"},
        {2, {"render", "alignment", "--view", "heatmap", "-o", out("x.bmp")}, ".bmp"},
        {2, {"render", "alignment", "--view", "heatmap", "-o", out("x")}, "ending"},
        {2, {"render", "alignment", "--view", "heatmap", "--step", "99999", "-o", png}, "--step"},
        {2, {"render", "alignment", "--view", "heatmap", "--step", "-1", "-o", png}, "--step"},
        {2, {"render", "alignment", "--view", "heatmap", "--step", "1e300", "-o", png}, "--step"},
        {2, {"render", "alignment", "--view", "heatmap", "--step", "99999999999999999999", "-o", png}, "--step"},
        {2, {"render", "permutation", "--view", "heatmap", "--step", "0", "-o", png}, "--step"},
        {2, {"render", "alignment", "--view", "heatmap", "--show-rows", "999", "-o", png}, "no position 999"},
        {2, {"render", "alignment", "--view", "heatmap", "--show-columns", "3-1", "-o", png}, "--show-columns"},
        {2, {"render", "alignment", "--view", "stages", "--show-rows", "1", "-o", png}, "no rows to choose"},
        {2, {"render", "alignment", "--view", "heatmap", "--labels", "curved", "-o", png}, "--labels"},
        {2, {"render", "alignment", "--view", "heatmap", "--font-family", "No Such Family", "-o", png}, "No Such Family"},
        {2, {"render", "alignment", "--view", "heatmap", "--dpi", "nan", "-o", png}, "--dpi"},
        {2, {"render", "alignment", "--view", "heatmap", "--dpi", "1e300", "-o", png}, "--dpi"},
        {2, {"render", "alignment", "--view", "heatmap", "--dpi", "-96", "-o", png}, "--dpi"},
        {2, {"render", "alignment", "--view", "heatmap", "--dpi=", "--theme=light", "-o", png}, "--dpi"},
        {2, {"render", "alignment", "--view", "heatmap", "--size", "99999x99999", "-o", png}, "--size"},
        {2, {"render", "alignment", "--view", "heatmap", "--size", "1e3x1e3", "-o", png}, "--size"},
        {2, {"render", "alignment", "--view", "heatmap", "--size", "-5x5", "-o", png}, "--size"},
        {2, {"render", "alignment", "--view", "heatmap", "--size", "x", "-o", png}, "--size"},
        {2, {"render", "alignment", "--view", "heatmap", "--size", "800x600", "--dpi", "96", "-o", png}, "--dpi"},
        {2, {"render", "alignment", "--view", "heatmap", "--width", "1e300mm", "-o", png}, "--width"},
        {2, {"render", "alignment", "--view", "heatmap", "--width", "nanmm", "-o", png}, "--width"},
        {2, {"render", "alignment", "--view", "heatmap", "--width", "infmm", "-o", png}, "--width"},
        {2, {"render", "alignment", "--view", "heatmap", "--width", "-85mm", "-o", png}, "--width"},
        {2, {"render", "alignment", "--view", "heatmap", "--width", "85", "-o", png}, "--width"},
        {2, {"render", "alignment", "--view", "heatmap", "--width", "1e-9mm", "-o", png}, "--width"},
        {2, {"render", "alignment", "--view", "heatmap", "--height", "0mm", "-o", png}, "--height"},
        {2, {"render", "alignment", "--view", "heatmap", "--font", "1e9pt", "-o", png}, "--font"},
        {2, {"render", "alignment", "--view", "heatmap", "--font", "0pt", "-o", png}, "--font"},
        {2, {"render", "alignment", "--view", "heatmap", "--theme", "pink", "-o", png}, "--theme"},
        {2, {"render", "alignment", "--view", "heatmap", "--colormap", "jet7", "-o", png}, "--colormap"},
        {2, {"render", "alignment", "--view", "heatmap", "--scale", "cube", "-o", png}, "--scale"},
        {2, {"render", "alignment", "--view", "heatmap", "--scale", ",,", "-o", png}, "--scale"},
        {2, {"render", "alignment", "--view", "heatmap", "--scale", "linear,log", "-o", png}, "two at once"},
        {2, {"render", "alignment", "--view", "heatmap", "-o", ""}, "--output"},
        {2, {"render", "memory", "--view", "heatmap", "--compare", "k=@" + csv, "-o", csv}, "overwritten"},
        {2, {"render", "alignment", "--view", "heatmap", "--select", "weights[99,0]", "-o", png}, "--select"},
        {2, {"render", "alignment", "--view", "heatmap", "--select", "none[0]", "-o", png}, "--select"},
        {2, {"render", "alignment", "--view", "heatmap", "--select", "weights[", "-o", png}, "--select"},
        {2, {"render", "alignment", "--view", "heatmap", "--select", "weights[-5,0]", "-o", png}, "--select"},
        {2, {"render", "alignment", "--view", "heatmap", "--heads", "0", "-o", png}, "--heads"},
        {2, {"render", "alignment", "--view", "heatmap", "--heads", "1-99999999", "-o", png}, "--heads"},
        {2, {"render", "alignment", "--view", "heatmap", "--heads", "99999999999999999999", "-o", png}, "--heads"},
        {2, {"render", "alignment", "--view", "heatmap", "--compare", "beam", "-o", png}, "--compare"},
        {2, {"render", "alignment", "--view", "heatmap", "--compare", "none=1", "-o", png}, "none"},
        {2, {"render", "alignment", "--view", "heatmap", "--compare", "seed=-1", "-o", png}, "seed"},
        {2, {"render", "alignment", "--view", "heatmap", "--compare", "seed=1e300", "-o", png}, "seed"},
        {2, {"render", "alignment", "--view", "heatmap", "--compare", "beam=1e300", "-o", png}, "beam"},
        {2, {"render", "alignment", "--view", "heatmap", "--compare=", "-o", png}, "--compare"},
        {1, {"render", "alignment", "--view", "heatmap", "-o", out("missing/x.png")}, "missing"},
        {1, {"render", "alignment", "--view", "heatmap", "-o", "/proc/x.png"}, "/proc"},
        // train and eval
        {2, {"train"}, "MODEL"},
        {2, {"train", "nothing", "-o", safetensors}, "nothing"},
        {2, {"train", "dates"}, "--output"},
        {2, {"train", "dates", "-o", out("x.bin")}, ".safetensors"},
        {2, {"train", "dates", "--epochs", "0", "-o", safetensors}, "--epochs"},
        {2, {"train", "dates", "--epochs", "1e9", "-o", safetensors}, "--epochs"},
        {2, {"train", "dates", "--epochs=", "--seed=1", "-o", safetensors}, "--epochs"},
        {2, {"train", "dates", "--seed", "-1", "-o", safetensors}, "--seed"},
        {2, {"train", "dates", "--option", "x", "-o", safetensors}, "--option"},
        {2, {"train", "dates", "--option", "alignment_loss=much", "-o", safetensors}, "--option"},
        {2, {"train", "dates", "--option", "no_such=1", "-o", safetensors}, "no_such"},
        {2, {"train", "dates", "--option", "alignment_loss=nan", "-o", safetensors}, "alignment_loss"},
        {2, {"train", "dates", "--option", "alignment_loss=1e999", "-o", safetensors}, "alignment_loss"},
        {1, {"train", "dates", "-o", "/proc/nowhere/x.safetensors"}, "/proc/nowhere"},
        {1, {"train", "dates", "-o", out("missing/x.safetensors")}, "missing"},
        {2, {"train", "cifar-resnet20", "-o", safetensors}, "--data"},
        {1, {"train", "cifar-resnet20", "--data", out("nowhere"), "-o", safetensors}, "nowhere"},
        {2, {"eval"}, "MODEL"},
        {1, {"eval", "nothing"}, "nothing"},
        {1, {"eval", long_word}, "wwww"},
        {1, {"eval", out("none.safetensors")}, "none.safetensors"},
        {2, {"eval", "dates", "-n", "0"}, "-n"},
        {2, {"eval", "dates", "-n", "1e300"}, "-n"},
        {2, {"eval", "dates", "--json=x"}, "--json"},
        {2, {"bench", "--only", "nothing"}, "--only"},
        {2, {"bench", "--threads", "-1"}, "--threads"}};
    for (const Line& line : lines) refused(line.status, line.words, line.named);
    EXPECT_GE(checked_, 130u);
}

TEST_F(CommandLines, an_unset_variable_of_a_script_is_no_value) {
    for (const char* flag : {"--save", "--weights", "--analyse", "--capture", "--intervene", "--beam", "--seed"})
        refused(2, {"run", "alignment", flag, ""}, flag);
    for (const char* flag : {"--size", "--width", "--height", "--font", "--colormap", "--tensor", "--select", "--heads",
                             "--theme", "--scale", "--compare"})
        refused(2, {"render", "alignment", "--view", "heatmap", flag, "", "-o", out("x.png")}, flag);
    refused(2, {"eval", "dates", "--data", ""}, "--data");
    refused(2, {"train", "dates", "--data=", "-o", out("x.safetensors")}, "--data");
    refused(2, {"run", "memory", "--k", ""}, "--k");
}

TEST_F(CommandLines, what_is_read_only_by_the_compared_run_is_read) {
    const Done done = call(
        {"render", "alignment", "--view", "heatmap", "--hypothesis", "2", "--compare", "beam=3", "-o", out("compared.svg")});
    EXPECT_EQ(done.status, 0) << done.err;
}

TEST_F(CommandLines, a_list_without_its_models_says_what_is_wrong) {
    setenv("SACCADE_ASSETS", "/nonexistent", 1);
    refused(1, {"list"}, "SACCADE_ASSETS");
    refused(1, {"list", "--json"}, "/nonexistent");
    unsetenv("SACCADE_ASSETS");
}

TEST_F(CommandLines, rows_and_columns_that_are_chosen_are_what_is_written) {
    for (const char* view : {"heatmap", "flow"}) {
        const Done done = call({"render", "alignment", "--view", view, "--show-rows", "2-4", "--show-columns", "1,3", "-o",
                                out("part.csv"), "-o", out("part.html"), "-o", out("part.svg"), "--labels", "slanted"});
        ASSERT_EQ(done.status, 0) << done.err;
        std::ifstream file(out("part.csv"));
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        ASSERT_EQ(lines.size(), 4u) << view;
        for (const std::string& line : lines) EXPECT_EQ(std::count(line.begin(), line.end(), ','), 2) << line;
    }
}

TEST_F(CommandLines, a_full_device_is_no_success) {
    for (const Words& words : {Words{"list"}, Words{"list", "--json"}, Words{"describe", "memory", "--json"}, Words{"--help"},
                               Words{"run", "--help"}, Words{"--version"}, Words{"run", "memory", "--claims"},
                               Words{"run", "memory", "--save", out("x.npz")}, Words{"describe", "alignment"}}) {
        const int full = open("/dev/full", O_WRONLY);
        ASSERT_GE(full, 0);
        Done done;
        std::FILE* err = std::tmpfile();
        {
            std::vector<std::string> all{"saccade"};
            all.insert(all.end(), words.begin(), words.end());
            std::vector<char*> argv;
            for (std::string& word : all) argv.push_back(word.data());
            const test::Redirected output(stdout, full), errors(stderr, fileno(err));
            done.status = run_cli(static_cast<int>(argv.size()), argv.data(), {});
        }
        close(full);
        std::rewind(err);
        for (int c = std::fgetc(err); c != EOF; c = std::fgetc(err)) done.err += static_cast<char>(c);
        std::fclose(err);
        EXPECT_EQ(done.status, 1) << words[0];
        EXPECT_NE(done.err.find("standard output cannot be written: No space left on device"), std::string::npos)
            << words[0] << ": " << done.err;
        EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    }
}

}  // namespace
}  // namespace saccade
