#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.hpp"
#include "base/percent.hpp"
#include "base/printable.hpp"
#include "cli/commands.hpp"
#include "cli/told_task.hpp"
#include "cli/training_places.hpp"
#include "cli/waiting_line.hpp"
#include "io/atomic_file.hpp"
#include "io/file_lock.hpp"
#include "run/named_files.hpp"
#include "train/training.hpp"

namespace saccade {

namespace {

using nlohmann::json;

constexpr int seconds_between_checkpoints = 30;
constexpr std::chrono::minutes patience(10);  // with a disk that is full when the result is to be written
constexpr std::chrono::milliseconds glance(50);

std::atomic<bool> interrupted = false;  // a signal handler can reach nothing else

/// Ctrl-C, a request to end and a terminal that closes do not end the program before it has kept what was learned. One at a
/// time.
class Interruptions {
 public:
    Interruptions() {
        interrupted = false;
        for (std::size_t i = 0; i < signals.size(); ++i) before_[i] = std::signal(signals[i], [](int) { interrupted = true; });
        if (before_.back() == SIG_IGN) std::signal(signals.back(), SIG_IGN);  // nohup
    }
    ~Interruptions() {
        for (std::size_t i = 0; i < signals.size(); ++i) std::signal(signals[i], before_[i]);
    }
    Interruptions(const Interruptions&) = delete;
    Interruptions& operator=(const Interruptions&) = delete;

 private:
    static constexpr std::array signals = {SIGINT, SIGTERM, SIGHUP};
    std::array<void (*)(int), signals.size()> before_{};
};

struct TrainCommand {
    std::string model;
    TrainOptions options;
    std::vector<std::string> extra;
    std::string output;
    int checkpoint_seconds = seconds_between_checkpoints;
    bool fresh = false;
};

void print_progress(const Training& training, bool terminal) {
    const double share = static_cast<double>(training.step()) / static_cast<double>(std::max<Index>(1, training.total_steps()));
    std::string line = fmt::format("step {}/{}", training.step(), training.total_steps());
    const std::vector<TrainPoint> points = training.points();
    if (!points.empty()) line += fmt::format("  loss {:.4f}", points.back().loss);
    for (auto p = points.rbegin(); p != points.rend(); ++p)
        if (p->metric) {
            line += fmt::format("  {} {}", training.headline(), percent(*p->metric));
            break;
        }
    line += fmt::format("  {:.3g} steps/s  {} left", training.steps_per_second(), duration(training.seconds_left()));
    if (!terminal) return print_stderr(line + "\n");
    constexpr int width = 24;
    const int full = static_cast<int>(share * width);
    std::string bar;
    for (int i = 0; i < width; ++i) bar += i < full ? "█" : "░";
    print_stderr("\r\x1b[K" + bar + " " + line);
}

/// The state of a training, written from time to time.
class Checkpoints {
 public:
    Checkpoints(std::string path, int seconds) : path_(std::move(path)), period_(seconds) {}

    void write_when_due(const Training& training) {
        if (std::chrono::steady_clock::now() - last_try_ > period_) try_to_write(training);
    }
    /// That it could not be written, once, ends nothing.
    void try_to_write(const Training& training) {
        last_try_ = std::chrono::steady_clock::now();
        try {
            write(training);
        } catch (const Error& error) {
            if (stderr_is_terminal()) print_stderr("\n");
            log_warning(fmt::format("no checkpoint: {}; it goes on without{}", error.line(), kept()));
        }
    }
    /// Error{io}; also where another file stands by now.
    void write(const Training& training) {
        if (is_foreign_checkpoint(path_))
            throw Error(ErrorCode::io, path_ + ": is no checkpoint, and stays as it is", "move it away");
        training.save_checkpoint(path_);
        step_ = training.step();
    }
    /// The result is there.
    void remove() const {
        std::error_code ignored;
        if (std::filesystem::exists(path_, ignored) && !is_foreign_checkpoint(path_)) std::filesystem::remove(path_, ignored);
    }
    /// "; the checkpoint of step 120 is in F", or nothing.
    std::string kept() const {
        return step_ < 0 ? std::string() : fmt::format("; the checkpoint of step {} is in {}", step_, path_);
    }
    /// The same error, which also says what is kept.
    Error with_kept(const Error& error) const { return Error(error.code(), error.message() + kept(), error.hint()); }
    const std::string& path() const { return path_; }

 private:
    std::string path_;
    std::chrono::seconds period_;
    std::chrono::steady_clock::time_point last_try_ = std::chrono::steady_clock::now();
    Index step_ = -1;  // of what was written last
};

/// Until it has ended by itself or by Ctrl-C; a checkpoint is never far behind.
void watch(Training& training, Checkpoints& checkpoints) {
    const bool terminal = stderr_is_terminal();
    const auto period = std::chrono::milliseconds(terminal ? 200 : 5000);
    auto last_print = std::chrono::steady_clock::now() - period;
    while (training.state() == Training::State::running) {
        if (interrupted) training.stop();
        const auto now = std::chrono::steady_clock::now();
        if (now - last_print >= period) {
            print_progress(training, terminal);
            last_print = now;
        }
        checkpoints.write_when_due(training);
        std::this_thread::sleep_for(glance);
    }
    print_progress(training, terminal);
    if (terminal) print_stderr("\n");
}

/// What was learned must not be lost to a disk that is full now: tried again until there is room, or Ctrl-C. Error{io} then.
void write_patiently(const std::function<void()>& write) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (bool said = false;; said = true) {
        try {
            return write();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::io || interrupted || std::chrono::steady_clock::now() > end) throw;
            if (!said) log_warning(error.line() + "; tried again for 10 minutes, Ctrl-C ends it");
        }
        for (int i = 0; i < 20 && !interrupted; ++i) std::this_thread::sleep_for(glance);
    }
}

/// The metrics of the finished model. Ctrl-C ends it: Error{cancelled}.
std::map<std::string, double> measure(const Task& task, const ModelPtr& model, Index n) {
    std::stop_source stop;
    const std::jthread watcher([&stop](const std::stop_token& measured) {
        while (!measured.stop_requested() && !interrupted) std::this_thread::sleep_for(glance);
        if (interrupted) stop.request_stop();
    });
    return told_metrics(task, model->weights, n, stop.get_token());
}

/// The measured points of the curves, at most 64 of them, with the mean loss since the one before.
json log_json(const Training& training, Index held_out) {
    constexpr std::size_t most_rows = 64;
    std::vector<json> rows;
    double loss_sum = 0;
    Index since = 0, last = 0;
    for (const TrainPoint& p : training.points()) {
        loss_sum += p.loss * static_cast<double>(p.step - last);
        since += p.step - last;
        last = p.step;
        if (!p.metric) continue;
        rows.push_back({p.step, std::round(p.seconds * 10) / 10, std::round(loss_sum / static_cast<double>(since) * 1e4) / 1e4,
                        *p.metric});
        loss_sum = 0;
        since = 0;
    }
    json kept = json::array();
    const std::size_t stride = (rows.size() + most_rows - 1) / most_rows;
    for (std::size_t i = 0; i < rows.size(); ++i)
        if ((rows.size() - 1 - i) % stride == 0) kept.push_back(rows[i]);
    return {{"columns", {"step", "seconds", "loss", training.headline()}}, {"rows", kept}, {"held_out_examples", held_out}};
}

/// The command that trains this model again.
std::string command_line(const TrainCommand& command) {
    std::string line = "saccade train " + command.model + " --seed " + std::to_string(command.options.seed);
    if (command.options.epochs > 0) line += " --epochs " + std::to_string(command.options.epochs);
    for (const std::string& option : command.extra) line += " --option " + option;
    if (const std::filesystem::path data = command.options.data_path; !data.empty())
        line += " --data " + data.filename().string();
    if (const std::filesystem::path dictionary = command.options.dictionary_path; !dictionary.empty())
        line += " --dictionary " + dictionary.filename().string();
    if (const std::filesystem::path from = command.options.from; !from.empty()) line += " --from " + from.filename().string();
    return line + " -o " + std::filesystem::path(command.output).filename().string();
}

json finished_card(const TrainCommand& command, const Training& training, const Task& task) {
    const ModelPtr saved = load_model(command.output, command.model);
    const Index n = task.held_out(task.usual_held_out());
    json card = task.card();
    card["seed"] = command.options.seed;
    card["command"] = command_line(command);
    if (const json from = training.starts_from(); !from.is_null()) card["starts_from"] = from;
    card["n"] = n;
    card["metrics"] = measure(task, saved, n);
    card["log"] = log_json(training, task.held_out(task.intervals().examples));
    card["steps"] = training.total_steps();
    card["training_seconds"] = static_cast<int>(training.seconds() + 0.5);
    card["date"] = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
    return card;
}

/// Weights and card. Error: what could not be done, and where what was learned is.
json write_result(const TrainCommand& command, const Training& training, const Task& task) {
    const TrainingPlaces places(command.output);
    write_patiently([&] { training.save_model(places.weights); });
    const std::string written = "; the weights are in " + places.weights;
    const auto check_card = [&] {  // another program may have written there meanwhile
        if (is_foreign_card(places.card))
            throw Error(ErrorCode::bad_format, places.card + ": is no model card, and stays as it is",
                        "move it away, and run the same command");
    };
    try {
        check_card();
        const json card = finished_card(command, training, task);
        write_patiently([&] {
            check_card();
            write_file(places.card, card.dump(2) + "\n");
        });
        return card;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled)
            throw Error(error.code(), "stopped while it was measured" + written, "run the same command to do it again");
        throw Error(error.code(), error.message() + written, error.hint());
    }
}

/// The result is in its files: a line that nobody can read changes nothing about it.
void print_result(const TrainCommand& command, const json& card) {
    std::string line = fmt::format("{}: on {} held-out examples", printable(command.output), card["n"].get<Index>());
    for (const auto& [name, value] : card["metrics"].items())
        line += fmt::format("  {} {:.4f}", printable(name), value.get<double>());
    std::fputs((line + "\n").c_str(), stdout);
    if (std::fflush(stdout) != 0) std::clearerr(stdout);
}

void read_numbers(TrainCommand& command) {
    for (const std::string& option : command.extra) {
        const std::size_t equals = option.find('=');
        char* end = nullptr;
        const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
        const double number = std::strtod(value.c_str(), &end);
        if (value.empty() || *end != '\0' || !std::isfinite(number))
            throw Error(ErrorCode::usage, "--option " + option + ": not a finite number", "write it as NAME=NUMBER");
        command.options.extra[option.substr(0, equals)] = number;
    }
}

std::unique_ptr<Training> resumed(const TrainCommand& command, const std::string& checkpoint) {
    try {
        auto training = std::make_unique<Training>(command.model, command.options, checkpoint);
        print_stderr("resuming from " + printable(checkpoint) + "\n");
        return training;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::usage)
            throw Error(error.code(), error.message(), "pass the same, or start again in its place with --fresh");
        if (error.code() != ErrorCode::bad_format && error.code() != ErrorCode::out_of_range) throw;
        throw Error(error.code(), error.message(), "start again in its place with --fresh, or delete it");
    }
}

void train(TrainCommand command) {
    read_numbers(command);
    const TrainingPlaces places(command.output);
    places.check();
    for (const std::string& place : {places.weights, places.card, places.checkpoint})
        refuse_overwriting(place, {command.options.data_path, command.options.dictionary_path, command.options.from});
    const FileLock lock(places.weights, "is being trained by another program", "wait for it, or choose another name");
    const std::unique_ptr<Task> task = told_task(command.model, command.options);
    const bool resume = !command.fresh && std::filesystem::exists(places.checkpoint);

    const Interruptions interruptions;
    const auto training =
        resume ? resumed(command, places.checkpoint) : std::make_unique<Training>(command.model, command.options);
    Checkpoints checkpoints(places.checkpoint, command.checkpoint_seconds);
    watch(*training, checkpoints);
    if (const auto error = training->error()) throw checkpoints.with_kept(*error);
    if (training->state() != Training::State::finished) {
        try {
            checkpoints.write(*training);
        } catch (const Error& error) {
            throw checkpoints.with_kept(error);
        }
        throw Error(ErrorCode::cancelled,
                    "stopped at step " + std::to_string(training->step()) + "; the state is in " + checkpoints.path(),
                    "run the same command to resume");
    }
    checkpoints.try_to_write(*training);  // first: whatever becomes of the result, nothing of the training is lost
    try {
        const json card = write_result(command, *training, *task);
        checkpoints.remove();
        print_result(command, card);
    } catch (const Error& error) {
        throw checkpoints.with_kept(error);
    }
}

}  // namespace

void add_train(CliCommand& app) {
    CliCommand command = app.add(
        "train",
        "Train a model, from scratch or --from another; Ctrl-C leaves a checkpoint, from which the same command resumes");
    const auto c = std::make_shared<TrainCommand>();
    command.option("MODEL", c->model, fmt::format("One of: {}", fmt::join(task_ids(), ", "))).required();
    command.option("--data", c->options.data_path, "Data set, for models that need one").path();
    command
        .option("--dictionary", c->options.dictionary_path,
                "CC-CEDICT as cedict.tsv, for translators: its entries are learned, too")
        .path();
    command
        .option("--from", c->options.from, "Start from this model's weights, bundled or a .safetensors, not from random ones")
        .path();
    command.option("--epochs", c->options.epochs, "Default: the model's own").between(1, 100000);
    command.option("--seed", c->options.seed, "Seed of weights and batches").shows_default();
    command.option("--option", c->extra, "NAME=NUMBER, for example alignment_loss=0; may be given several times").repeated();
    command.option("-o,--output", c->output, "F.safetensors; the model card goes beside it as F.json").required().path();
    command.option("--checkpoint-every", c->checkpoint_seconds, "Seconds between checkpoints, F.safetensors.checkpoint")
        .between(1, 86400)
        .shows_default();
    command.flag("--fresh", c->fresh, "Start again even if there is a checkpoint");
    add_threads(command);
    command.runs([c] { train(*c); });
}

}  // namespace saccade
