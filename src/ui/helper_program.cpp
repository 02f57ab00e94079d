#include "ui/helper_program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "base/error.hpp"

extern char** environ;

namespace saccade {

namespace {

constexpr auto look_again = std::chrono::milliseconds(15);

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
/// Input and output stand in files without a name: neither side ever waits for the other to read.
using File = std::unique_ptr<std::FILE, CloseFile>;

File new_file() {
    File file(std::tmpfile());
    if (!file)
        throw Error(ErrorCode::io, std::string("no temporary file can be made (") + std::strerror(errno) + ")",
                    "make room, or set TMPDIR to a folder that you may write in");
    return file;
}

std::string text_of(std::FILE* file) {
    std::string text;
    std::rewind(file);
    char block[65536];
    for (std::size_t n = 0; (n = std::fread(block, 1, sizeof block, file)) > 0;) text.append(block, n);
    return text;
}

/// What is opened for a program that is started, until this goes.
struct Actions {
    posix_spawn_file_actions_t actions{};
    Actions() { posix_spawn_file_actions_init(&actions); }
    ~Actions() { posix_spawn_file_actions_destroy(&actions); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
};

/// What the window blocks or hears itself is not handed on.
struct Attributes {
    posix_spawnattr_t attributes{};
    Attributes() {
        posix_spawnattr_init(&attributes);
        sigset_t none, usual;
        sigemptyset(&none);
        sigemptyset(&usual);
        for (const int one : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) sigaddset(&usual, one);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~Attributes() { posix_spawnattr_destroy(&attributes); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
};

int ended_with(pid_t program, const std::stop_token& stop) {
    for (int status = 0;;) {
        const pid_t ended = waitpid(program, &status, WNOHANG);
        if (ended == program) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (ended < 0 && errno != EINTR) return -1;
        if (stop.stop_requested()) kill(program, SIGTERM);
        std::this_thread::sleep_for(look_again);
    }
}

}  // namespace

bool has_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::string folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    for (std::size_t from = 0; from <= folders.size();) {
        const std::size_t to = std::min(folders.find(':', from), folders.size());
        if (to > from && access((folders.substr(from, to - from) + "/" + name).c_str(), X_OK) == 0) return true;
        from = to + 1;
    }
    return false;
}

HelperAnswer run_program(const std::vector<std::string>& words, const std::string& input, const std::stop_token& stop) {
    const File in = new_file(), out = new_file();
    if (std::fwrite(input.data(), 1, input.size(), in.get()) != input.size() || std::fflush(in.get()) != 0)
        throw Error(ErrorCode::io, "what is handed to " + words.front() + " cannot be written (" + std::strerror(errno) + ")",
                    "make room in the folder for temporary files");
    std::rewind(in.get());
    const Actions files;
    Attributes attributes;
    auto* actions = const_cast<posix_spawn_file_actions_t*>(&files.actions);
    posix_spawn_file_actions_adddup2(actions, fileno(in.get()), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(actions, fileno(out.get()), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_t program = 0;
    if (const int problem = posix_spawnp(&program, argv[0], actions, &attributes.attributes, argv.data(), environ);
        problem != 0)
        throw Error(ErrorCode::io, words.front() + " cannot be started (" + std::strerror(problem) + ")",
                    "install it anew, or do without it");
    HelperAnswer answer;
    answer.status = ended_with(program, stop);
    answer.output = text_of(out.get());
    return answer;
}

}  // namespace saccade
