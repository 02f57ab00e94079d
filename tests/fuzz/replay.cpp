#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

// Calls every fuzz target with every file of its corpus, and with so many mutations of these, drawn from a seed: what libFuzzer
// does where there is no clang. What a target throws ends the program; the input is then in the file that --keep names.
//
//   fuzz_replay CORPUS [--runs N | --seconds N] [--seed N] [--target NAME] [--keep FILE] [--slowest SECONDS]
//
// --seconds: as many mutations as this time holds, an equal part of it for each target.

#define TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.inc"
#undef TARGET

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t longest = 1 << 20;

struct Target {
    const char* name;
    int (*run)(const std::uint8_t*, std::size_t);
};

const Target targets[] = {
#define TARGET(name) {#name, fuzz_##name},
#include "fuzz_targets.inc"
#undef TARGET
};

struct Options {
    fs::path corpus;
    long runs = 1000;
    double seconds = 0;  // 0: as many as runs says
    unsigned seed = 1;
    std::string target, keep;
    double slowest = 5;  // seconds that one input may take, of a program that is watched, on a machine that is busy
};

/// One of these stands in a file where a number does, as text or as bytes.
const char* const numbers[] = {
    "0",    "-1",    "1",  "65536", "2147483648", "4294967296", "9223372036854775807", "18446744073709551616",
    "1e19", "1e999", "-0", "NaN",   "0.1",        "1e-320"};
const char* const words[] = {"[",  "]",  "{",  "}",        "[[[[[[[[", "\"",           ":", ",", "null", "true",
                             "\n", "\t", "\0", "\x1b[31m", "\xff",     "\xe2\x80\xae", "@", ";"};

class Mutator {
 public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    std::string mutated(const std::vector<std::string>& corpus) {
        std::string bytes = corpus[below(corpus.size())];
        for (std::size_t change = 1 + below(4); change-- > 0;) mutate(bytes, corpus);
        if (bytes.size() > longest) bytes.resize(longest);
        return bytes;
    }

 private:
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    std::size_t place(const std::string& bytes) { return below(bytes.size() + 1); }

    void mutate(std::string& bytes, const std::vector<std::string>& corpus) {
        const std::size_t at = place(bytes), length = 1 + below(8);
        switch (below(9)) {
            case 0:
                if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
                return;
            case 1:
                if (at < bytes.size()) bytes[at] = static_cast<char>(below(256));
                return;
            case 2:
                bytes.erase(at, below(2) == 0 ? length : below(bytes.size() + 1));
                return;
            case 3:
                bytes.insert(at, words[below(std::size(words))]);
                return;
            case 4:  // a number as text
                replace_number(bytes, at);
                return;
            case 5: {  // a number as bytes
                const std::uint64_t value = below(2) == 0 ? ~std::uint64_t{0} >> below(64) : std::uint64_t{1} << below(64);
                for (std::size_t i = 0; i < length && at + i < bytes.size(); ++i)
                    bytes[at + i] = static_cast<char>(value >> (8 * i));
                return;
            }
            case 6:  // a part twice
                bytes.insert(at, bytes.substr(place(bytes), below(64)));
                return;
            case 7: {  // a part of another
                const std::string& other = corpus[below(corpus.size())];
                bytes.replace(at, std::min(bytes.size() - at, below(64) + 0), other.substr(place(other), below(64)));
                return;
            }
            default:
                bytes.resize(at);
        }
    }

    void replace_number(std::string& bytes, std::size_t at) {
        const std::size_t begin = bytes.find_first_of("0123456789", at);
        if (begin == std::string::npos) return;
        const std::size_t end = std::min(bytes.find_first_not_of("0123456789.e", begin), bytes.size());
        bytes.replace(begin, end - begin, numbers[below(std::size(numbers))]);
    }

    std::mt19937 random_;
};

std::vector<std::string> read_corpus(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const fs::directory_entry& file : fs::directory_iterator(folder)) files.push_back(file.path());
    std::sort(files.begin(), files.end());
    std::vector<std::string> corpus;
    for (const fs::path& file : files) {
        std::ifstream stream(file, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
    return corpus;
}

/// How many seconds it took.
double call(const Target& target, const std::string& bytes, const Options& options) {
    if (!options.keep.empty())
        std::ofstream(options.keep, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    // In memory of its own length: what is read beyond its end is seen by a sanitizer.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    const auto start = Clock::now();
    target.run(exact.data(), exact.size());
    return std::chrono::duration<double>(Clock::now() - start).count();
}

bool replay(const Target& target, const Options& options) {
    const std::vector<std::string> corpus = read_corpus(options.corpus / target.name);
    if (corpus.empty()) throw std::runtime_error(std::string(target.name) + ": its corpus is empty");
    double slowest = 0;
    long done = 0;
    try {
        for (const std::string& bytes : corpus) slowest = std::max(slowest, call(target, bytes, options));
        Mutator mutator(options.seed);
        const auto start = Clock::now();
        const auto more = [&] {
            if (options.seconds == 0) return done < options.runs;
            return std::chrono::duration<double>(Clock::now() - start).count() * std::size(targets) < options.seconds;
        };
        for (; more(); ++done) slowest = std::max(slowest, call(target, mutator.mutated(corpus), options));
    } catch (const std::exception& error) {
        std::cout << target.name << ": run " << done << ": " << error.what() << std::endl;
        return false;
    }
    std::cout << target.name << ": " << corpus.size() << " files, " << done << " mutations, the slowest "
              << static_cast<int>(slowest * 1e3) << " ms" << std::endl;
    return slowest <= options.slowest;
}

Options read_options(int argc, char** argv) {
    Options options;
    if (argc < 2)
        throw std::runtime_error(
            "fuzz_replay CORPUS [--runs N | --seconds N] [--seed N] [--target NAME] [--keep FILE] [--slowest SECONDS]");
    options.corpus = argv[1];
    for (int i = 2; i + 1 < argc; i += 2) {
        const std::string flag = argv[i], value = argv[i + 1];
        if (flag == "--runs") options.runs = std::stol(value);
        if (flag == "--seconds") options.seconds = std::stod(value);
        if (flag == "--seed") options.seed = static_cast<unsigned>(std::stoul(value));
        if (flag == "--target") options.target = value;
        if (flag == "--keep") options.keep = value;
        if (flag == "--slowest") options.slowest = std::stod(value);
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = read_options(argc, argv);
        bool good = true, any = false;
        for (const Target& target : targets) {
            if (!options.target.empty() && options.target != target.name) continue;
            any = true;
            good = replay(target, options) && good;
        }
        return good && any ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}
