#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/cli.hpp"

namespace saccade::test {

struct Done {
    int status = -1;
    std::string out, err;
};

/// What a file descriptor writes while this lives goes to a file.
class Redirected {
 public:
    Redirected(std::FILE* stream, int to) : stream_(stream) {
        std::fflush(stream_);
        kept_ = dup(fileno(stream_));
        dup2(to, fileno(stream_));
    }
    ~Redirected() {
        std::fflush(stream_);
        std::clearerr(stream_);
        dup2(kept_, fileno(stream_));
        close(kept_);
    }
    Redirected(const Redirected&) = delete;
    Redirected& operator=(const Redirected&) = delete;

 private:
    std::FILE* stream_;
    int kept_ = -1;
};

/// The program as a script calls it, without the cost of a process.
inline Done call(const std::vector<std::string>& words) {
    const auto read_back = [](std::FILE* file) {
        std::string text;
        std::rewind(file);
        for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
        std::fclose(file);
        return text;
    };
    std::vector<std::string> all{"saccade"};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (std::string& word : all) argv.push_back(word.data());
    Done done;
    std::FILE *out = std::tmpfile(), *err = std::tmpfile();
    {
        const Redirected output(stdout, fileno(out)), errors(stderr, fileno(err));
        done.status = run_cli(static_cast<int>(argv.size()), argv.data(), {});
    }
    done.out = read_back(out);
    done.err = read_back(err);
    return done;
}

/// Names, sizes and contents of all files of a folder.
inline std::string state_of(const std::string& folder) {
    std::string state;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        state += file.path().string() + "\n";
        if (file.is_regular_file()) {
            std::ifstream stream(file.path(), std::ios::binary);
            state.append(std::istreambuf_iterator<char>(stream), {});
        }
    }
    return state;
}

}  // namespace saccade::test
