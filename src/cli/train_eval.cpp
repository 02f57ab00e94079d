#include <fmt/chrono.h>
#include <fmt/format.h>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.hpp"
#include "base/parallel.hpp"
#include "base/percent.hpp"
#include "base/printable.hpp"
#include "cli/commands.hpp"
#include "io/atomic_file.hpp"
#include "io/text_file.hpp"
#include "model/card.hpp"
#include "train/training.hpp"
#include "train/training_file.hpp"

namespace saccade {

namespace {

using nlohmann::json;

constexpr int seconds_between_checkpoints = 30;
constexpr std::chrono::minutes patience(10);  // with a disk that is full when the weights are to be written

std::atomic<bool> interrupted = false;  // a signal handler can reach nothing else

struct TrainCommand {
    std::string model;
    TrainOptions options;
    std::vector<std::string> extra;
    std::string output;
    int checkpoint_seconds = seconds_between_checkpoints;
    bool fresh = false;
};

bool stderr_is_terminal() {
#ifdef _WIN32
    return _isatty(_fileno(stderr)) != 0;
#else
    return isatty(fileno(stderr)) != 0;
#endif
}

std::string duration(double seconds) {
    const auto s = static_cast<int>(seconds + 0.5);
    return s < 60 ? fmt::format("{} s", s) : fmt::format("{} min {:02} s", s / 60, s % 60);
}

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
    if (!terminal) {
        fmt::print(stderr, "{}\n", line);
        return;
    }
    constexpr int width = 24;
    const int full = static_cast<int>(share * width);
    std::string bar;
    for (int i = 0; i < width; ++i) bar += i < full ? "█" : "░";
    fmt::print(stderr, "\r\x1b[K{} {}", bar, line);
    std::fflush(stderr);
}

/// The state of a training, written from time to time. That it could not be written, once, ends nothing.
class Checkpoints {
 public:
    Checkpoints(std::string path, int seconds) : path_(std::move(path)), period_(seconds) {}

    void write_when_due(const Training& training) {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_try_ <= period_) return;
        last_try_ = now;
        try {
            write(training);
        } catch (const Error& error) {
            if (stderr_is_terminal()) fmt::print(stderr, "\n");
            log_warning(fmt::format("no checkpoint: {}; the training goes on{}", error.line(), kept()));
        }
    }
    /// Error{io}.
    void write(const Training& training) {
        training.save_checkpoint(path_);
        step_ = training.step();
    }
    /// "; that of step 120 is in F", or nothing.
    std::string kept() const {
        return step_ < 0 ? std::string() : fmt::format("; the checkpoint of step {} is in {}", step_, path_);
    }
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
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    print_progress(training, terminal);
    if (terminal) fmt::print(stderr, "\n");
}

/// What was learned must not be lost to a disk that is full now: tried again until there is room, or Ctrl-C. Error{io} then.
void save_patiently(const Training& training, const std::string& path) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (bool said = false;; said = true) {
        try {
            return training.save_model(path);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::io || interrupted || std::chrono::steady_clock::now() > end) throw;
            if (!said) log_warning(error.line() + "; tried again for 10 minutes, Ctrl-C ends it");
        }
        for (int i = 0; i < 20 && !interrupted; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

std::string card_path(const TrainCommand& command) {
    return std::filesystem::path(command.output).replace_extension(".json").string();
}

bool is_trained_card(const std::string& path) {
    try {
        const Card card = Card::parse(read_text(path, std::size_t{1} << 24), path);
        const json command = card.json().value("command", json());
        return command.is_string() && command.get<std::string>().starts_with("saccade train ");
    } catch (const Error&) {
        return false;
    }
}

bool is_checkpoint(const std::string& path) {
    try {
        read_training_file(path);
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// What stands beside the weights under the names of their card and checkpoint must be theirs.
void check_places(const TrainCommand& command, const std::string& checkpoint) {
    const std::string card = card_path(command);
    if (std::filesystem::exists(card) && !is_trained_card(card))
        throw Error(ErrorCode::usage, "-o " + command.output + ": its model card would replace " + card + ", which is none",
                    "choose another name");
    if (command.fresh && std::filesystem::exists(checkpoint) && !is_checkpoint(checkpoint))
        throw Error(ErrorCode::usage,
                    "-o " + command.output + ": its checkpoint would replace " + checkpoint + ", which is none",
                    "choose another name");
    // Can they be written at all? Better now than after the training.
    for (const std::string& path : {command.output, card, checkpoint}) AtomicFile(path).write("");
}

json metrics_json(const std::map<std::string, double>& metrics) {
    json all = json::object();
    for (const auto& [name, value] : metrics) all[name] = value;
    return all;
}

/// The measured points of the curves, at most 64 of them, with the mean loss since the one before.
json log_json(const Training& training, Index examples) {
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
    return {{"columns", {"step", "seconds", "loss", training.headline()}}, {"rows", kept}, {"held_out_examples", examples}};
}

void write_card(const TrainCommand& command, const Training& training, const Task& task) {
    const ModelPtr saved = load_model(command.output, command.model);
    json card = task.card();
    card["seed"] = command.options.seed;
    std::string line = "saccade train " + command.model + " --seed " + std::to_string(command.options.seed);
    if (command.options.epochs > 0) line += " --epochs " + std::to_string(command.options.epochs);
    for (const std::string& option : command.extra) line += " --option " + option;
    if (const std::filesystem::path data = command.options.data_path; !data.empty())
        line += " --data " + data.filename().string();
    if (const std::filesystem::path dictionary = command.options.dictionary_path; !dictionary.empty())
        line += " --dictionary " + dictionary.filename().string();
    card["command"] = line + " -o " + std::filesystem::path(command.output).filename().string();
    const Index n = task.held_out(task.usual_held_out());
    card["n"] = n;
    card["metrics"] = metrics_json(task.evaluate(saved->weights, n, {}));
    card["log"] = log_json(training, task.held_out(task.intervals().examples));
    card["steps"] = training.total_steps();
    card["training_seconds"] = static_cast<int>(training.seconds() + 0.5);
    card["date"] = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
    write_file(card_path(command), card.dump(2) + "\n");
    fmt::print("{}: on {} held-out examples", printable(command.output), n);
    for (const auto& [name, value] : card["metrics"].items()) fmt::print("  {} {:.4f}", printable(name), value.get<double>());
    fmt::print("\n");
}

void train(TrainCommand command) {
    for (const std::string& option : command.extra) {
        const std::size_t equals = option.find('=');
        char* end = nullptr;
        const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
        const double number = std::strtod(value.c_str(), &end);
        if (value.empty() || *end != '\0' || !std::isfinite(number))
            throw Error(ErrorCode::usage, "--option " + option + ": not a finite number", "write it as NAME=NUMBER");
        command.options.extra[option.substr(0, equals)] = number;
    }
    const std::unique_ptr<Task> task = make_task(command.model, command.options);
    if (std::filesystem::path(command.output).extension() != ".safetensors")
        throw Error(ErrorCode::usage, "-o " + command.output + ": weights are written as .safetensors",
                    "choose a name with that ending");
    const std::string checkpoint = command.output + ".checkpoint";
    check_places(command, checkpoint);
    const bool resume = !command.fresh && std::filesystem::exists(checkpoint);

    interrupted = false;
    std::signal(SIGINT, [](int) { interrupted = true; });
    std::signal(SIGTERM, [](int) { interrupted = true; });
    Training training(command.model, command.options, resume ? checkpoint : "");
    if (resume) fmt::print(stderr, "resuming from {}\n", printable(checkpoint));
    Checkpoints checkpoints(checkpoint, command.checkpoint_seconds);
    watch(training, checkpoints);
    if (const auto error = training.error()) throw *error;
    if (training.state() != Training::State::finished) {
        try {
            checkpoints.write(training);
        } catch (const Error& error) {
            throw Error(error.code(), error.message() + checkpoints.kept(), error.hint());
        }
        throw Error(ErrorCode::cancelled,
                    "stopped at step " + std::to_string(training.step()) + "; the state is in " + checkpoint,
                    "run the same command to resume");
    }
    try {
        save_patiently(training, command.output);
    } catch (const Error& error) {
        throw Error(error.code(), error.message() + checkpoints.kept(), error.hint());
    }
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    write_card(command, training, *task);
    std::filesystem::remove(checkpoint);
}

void eval(const std::string& name, const TrainOptions& options, Index n, bool as_json) {
    const bool file = name.ends_with(".safetensors");
    const ModelPtr model = file ? load_model(name, "") : bundled_model(name);
    const std::string id = file ? model->card.id() : name;
    if (id.empty())
        throw Error(ErrorCode::bad_format, name + ": has no model card that says which model it is", "put its .json beside it");
    const std::unique_ptr<Task> task = make_task(id, options);
    task->read_card(model->card.json(), name);
    n = task->held_out(n > 0 ? n : task->usual_held_out());
    const auto metrics = task->evaluate(model->weights, n, {});
    if (as_json) {
        fmt::print("{}\n", printable_json(json{{"model", id}, {"n", n}, {"metrics", metrics_json(metrics)}}.dump()));
        return;
    }
    fmt::print("{} on {} held-out {}\n", printable(name), n, n == 1 ? "example" : "examples");
    std::size_t widest = 0;
    for (const auto& [metric, value] : metrics) widest = std::max(widest, metric.size());
    for (const auto& [metric, value] : metrics) fmt::print("  {:<{}}  {:.4f}\n", printable(metric), widest, value);
}

}  // namespace

void add_train(CliCommand& app) {
    CliCommand command =
        app.add("train", "Train a model from scratch; Ctrl-C leaves a checkpoint, from which the same command resumes");
    const auto c = std::make_shared<TrainCommand>();
    command.option("MODEL", c->model, fmt::format("One of: {}", fmt::join(task_ids(), ", "))).required();
    command.option("--data", c->options.data_path, "Data set, for models that need one").path();
    command
        .option("--dictionary", c->options.dictionary_path,
                "CC-CEDICT as cedict.tsv, for translators: its entries are learned, too")
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

void add_eval(CliCommand& app) {
    CliCommand command = app.add("eval", "Measure a model's metrics again, on held-out data");
    const auto name = std::make_shared<std::string>();
    const auto options = std::make_shared<TrainOptions>();
    const auto n = std::make_shared<Index>(0);
    const auto as_json = std::make_shared<bool>(false);
    command.option("MODEL", *name, "A bundled model, or your own .safetensors with its card").required().path();
    command.option("--data", options->data_path, "Data set, for models that need one").path();
    command.option("-n", *n, "Held-out examples; default: the model's own, as in its card").between(1, 1000000);
    command.flag("--json", *as_json, "{model, n, metrics}");
    add_threads(command);
    command.runs([=] { eval(*name, *options, *n, *as_json); });
}

}  // namespace saccade
