#include "train/training.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error_line.hpp"
#include "base/parallel.hpp"
#include "io/safetensors.hpp"
#include "train/trainer.hpp"
#include "train/training_file.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_snapshots = 64, least_snapshots = 8;
constexpr std::size_t most_snapshot_bytes = std::size_t{64} << 20;  // of them all, unless the fewest are larger
constexpr Index dense_until = 100;                                  // steps over which snapshots stay about evenly spaced

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// How many weights of this size may be kept.
std::size_t snapshots_for(const WeightMap& weights) {
    std::size_t bytes = 1;
    for (const auto& [name, tensor] : weights) bytes += static_cast<std::size_t>(tensor.size()) * sizeof(float);
    return std::clamp(most_snapshot_bytes / bytes, least_snapshots, most_snapshots);
}

}  // namespace

std::size_t snapshot_to_drop(std::span<const Index> steps) {
    std::size_t drop = 1;
    double closest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i + 1 < steps.size(); ++i) {
        const double relative = static_cast<double>(steps[i + 1] - steps[i - 1]) / static_cast<double>(steps[i] + dense_until);
        if (relative < closest) {
            closest = relative;
            drop = i;
        }
    }
    return drop;
}

/// A training that is resumed needs no start: its checkpoint takes its place, and the model may be gone.
Trainer started(const Task& task, const TrainOptions& options, bool resumed, nlohmann::json& starts_from) {
    if (options.from.empty() || resumed) return {task, options.seed};
    const ModelPtr model = named_model(options.from);
    try {
        Trainer trainer(task, options.seed, model.get());
        starts_from = starting_point(*model);
        return trainer;
    } catch (const Error& e) {
        throw Error(e.code(), options.from + ": " + e.message(), e.hint());
    }
}

struct Training::Impl {
    Impl(std::string id, TrainOptions given, const std::string& resume_from)
        : options(std::move(given)),
          task(make_task(id, options)),
          trainer(started(*task, options, !resume_from.empty(), starts_from)),
          card(task->card()),
          intervals(task->intervals()) {
        const int epochs = options.epochs > 0 ? options.epochs : task->default_epochs();
        total = task->steps_per_epoch() * epochs;
        if (!resume_from.empty()) resume_checkpoint(resume_from);
        if (!starts_from.is_null()) card.json()["starts_from"] = starts_from;
        keep_snapshot(recalibrated({}));
    }

    void resume_checkpoint(const std::string& path) {
        TrainingFile file = read_training_file(path);
        if (file.task != task->id())
            throw Error(ErrorCode::bad_format, path + ": a checkpoint of '" + file.task + "', not of '" + task->id() + "'",
                        "choose a checkpoint of this model");
        if (file.options != options)
            throw Error(ErrorCode::usage,
                        path + ": was started with " + to_string(file.options) + ", not " + to_string(options),
                        "pass the same, or start again without the checkpoint");
        try {
            trainer.restore(file.tensors, file.step);
        } catch (const Error& e) {
            throw Error(e.code(), path + ": " + e.message(), e.hint());
        }
        seconds = file.seconds;
        points = std::move(file.points);
        starts_from = std::move(file.starts_from);
    }

    void work(const std::stop_token& quit) {
        lower_this_thread_priority();
        try {
            Index since = 0;
            double loss_sum = 0;
            while (trainer.steps_done() < total) {
                if (!may_step(quit)) break;
                const auto start = std::chrono::steady_clock::now();
                loss_sum += trainer.step();
                ++since;
                const Index done = trainer.steps_done();
                std::optional<double> metric;
                const bool last = done == total;
                const bool measured = done % intervals.evaluations == 0 || last, kept = done % intervals.snapshots == 0 || last;
                WeightMap weights;
                if (measured || kept) weights = recalibrated(quit);
                if (measured) metric = task->progress_metric(weights, intervals.examples, quit);
                const bool point = done % intervals.points == 0 || last;
                const std::scoped_lock lock(mutex);
                seconds += seconds_since(start);
                steps_here += 1;
                seconds_here += seconds_since(start);
                step_now = done;
                if (point || metric) {
                    points.push_back({done, seconds, loss_sum / static_cast<double>(since), metric});
                    since = 0;
                    loss_sum = 0;
                }
                if (kept) keep_snapshot(std::move(weights));
                stepping = false;
                changed.notify_all();
            }
            WeightMap weights;
            if (snapshots.back().step != trainer.steps_done()) weights = recalibrated({});
            const std::scoped_lock lock(mutex);
            state = trainer.steps_done() >= total ? State::finished : State::stopped;
            if (!weights.empty()) keep_snapshot(std::move(weights));
        } catch (const Error& e) {
            const std::scoped_lock lock(mutex);
            stepping = false;
            const bool cancelled = e.code() == ErrorCode::cancelled;
            state = cancelled ? State::stopped : State::failed;
            if (!cancelled) error = e;
        } catch (const std::exception& e) {
            const std::scoped_lock lock(mutex);
            stepping = false;
            state = State::failed;
            const Error known = as_error(e);
            error = Error(known.code(), "the training failed: " + known.message(), known.hint());
        }
        changed.notify_all();
    }

    /// Waits while paused, and for callers that copy the state between two steps. False once a stop is asked for.
    bool may_step(const std::stop_token& quit) {
        std::unique_lock lock(mutex);
        changed.wait(lock, quit, [&] { return state != State::paused && readers == 0; });
        stepping = !quit.stop_requested();
        return stepping;
    }

    /// Copies what a checkpoint holds; waits for the step under way, at most one.
    TrainingFile whole_state() {
        std::unique_lock lock(mutex);
        ++readers;
        changed.wait(lock, [&] { return !stepping; });
        TrainingFile file{task->id(), options, trainer.steps_done(), seconds, points, starts_from, trainer.checkpoint()};
        --readers;
        changed.notify_all();
        return file;
    }

    /// The weights as a model has them.
    WeightMap recalibrated(const std::stop_token& quit) const {
        WeightMap weights = trainer.weights_copy();
        task->recalibrate_norms(weights, quit);
        return weights;
    }

    /// Called with the mutex held (or before the thread starts).
    void keep_snapshot(WeightMap weights) {
        auto model = std::make_shared<Model>();
        model->id = task->id();
        model->card = card;
        model->weights = std::move(weights);
        const std::size_t most = snapshots_for(model->weights);
        snapshots.push_back({trainer.steps_done(), std::move(model)});
        if (snapshots.size() <= most) return;
        std::vector<Index> steps;
        for (const Snapshot& s : snapshots) steps.push_back(s.step);
        snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(snapshot_to_drop(steps)));
    }

    TrainOptions options;
    std::unique_ptr<Task> task;
    nlohmann::json starts_from;  // of the card: the model as it was when the training began; before the trainer, which sets it
    Trainer trainer;
    Card card;
    TrainingIntervals intervals;
    Index total = 0;

    std::mutex mutex;
    std::condition_variable_any changed;
    State state = State::running;
    std::optional<Error> error;
    Index step_now = 0;
    double seconds = 0;
    double seconds_here = 0;  // since this object was made: the speed does not count an earlier session
    Index steps_here = 0;
    std::vector<TrainPoint> points;
    std::vector<Snapshot> snapshots;
    bool stepping = false;
    int readers = 0;  // calls that wait for a moment between two steps

    std::jthread thread;  // last: joins before the rest goes
};

Training::Training(std::string task, TrainOptions options, const std::string& resume_from)
    : impl_(std::make_unique<Impl>(std::move(task), std::move(options), resume_from)) {
    impl_->step_now = impl_->trainer.steps_done();
    impl_->thread = std::jthread([impl = impl_.get()](const std::stop_token& quit) { impl->work(quit); });
}

Training::~Training() = default;

void Training::pause() {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->state == State::running) impl_->state = State::paused;
}

void Training::resume() {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->state == State::paused) impl_->state = State::running;
    impl_->changed.notify_all();
}

void Training::stop() {
    impl_->thread.request_stop();
    impl_->changed.notify_all();
}

Training::State Training::state() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->state;
}

std::optional<Error> Training::error() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->error;
}

Index Training::step() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->step_now;
}

Index Training::total_steps() const {
    return impl_->total;
}

double Training::seconds() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->seconds;
}

double Training::steps_per_second() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->seconds_here > 0 ? static_cast<double>(impl_->steps_here) / impl_->seconds_here : 0;
}

double Training::seconds_left() const {
    const double speed = steps_per_second();
    return speed > 0 ? static_cast<double>(total_steps() - step()) / speed : 0;
}

std::vector<TrainPoint> Training::points() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->points;
}

std::vector<Index> Training::snapshot_steps() const {
    const std::scoped_lock lock(impl_->mutex);
    std::vector<Index> steps;
    for (const Snapshot& s : impl_->snapshots) steps.push_back(s.step);
    return steps;
}

ModelPtr Training::snapshot(Index step) const {
    const std::scoped_lock lock(impl_->mutex);
    ModelPtr found;
    for (const Snapshot& s : impl_->snapshots)
        if (s.step <= step) found = s.model;
    return found;
}

ModelPtr Training::latest() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->snapshots.empty() ? nullptr : impl_->snapshots.back().model;
}

void Training::save_checkpoint(const std::string& path) const {
    write_training_file(path, impl_->whole_state());
}

void Training::save_model(const std::string& path) const {
    TrainingFile file = impl_->whole_state();
    WeightMap weights;
    for (const auto& [name, tensor] : file.tensors)
        if (name.starts_with("model.")) weights.emplace(name.substr(6), tensor);
    impl_->task->recalibrate_norms(weights, {});
    write_safetensors(path, weights, StoredType::f16, {{"model", impl_->task->id()}, {"card", impl_->card.json().dump()}});
}

nlohmann::json Training::starts_from() const {
    return impl_->starts_from;
}

std::string Training::headline() const {
    return impl_->task->headline();
}

std::shared_ptr<const Trace> Training::curves() const {
    return curves_of(points(), headline());
}

std::string metric_title(const std::string& name) {
    if (name == "bleu_greedy") return "BLEU, greedy";
    if (name == "bleu_beam5") return "BLEU, beam 5";
    if (name == "gold_weight") return "Weight on gold";
    std::string title = name;
    std::ranges::replace(title, '_', ' ');
    if (!title.empty()) title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    return title;
}

std::shared_ptr<const Trace> curves_of(const std::vector<TrainPoint>& points, const std::string& headline) {
    auto trace = std::make_shared<Trace>();
    const auto add_curve = [&](const std::string& axis_name, TensorInfo info, const auto& value_of) {
        Axis axis{axis_name, AxisKind::step, 0, {}, "t"};
        std::vector<float> values;
        for (const TrainPoint& p : points) {
            const std::optional<double> value = value_of(p);
            if (!value) continue;
            axis.labels.push_back(std::to_string(p.step));
            values.push_back(static_cast<float>(*value));
        }
        axis.extent = static_cast<Index>(values.size());
        info.axes = {trace->add_axis(std::move(axis))};
        trace->add(std::move(info), Tensor<float>::from(Shape{static_cast<Index>(values.size())}, values));
    };
    add_curve("step", {"loss", Role::metric, "L", "Loss", "nat", {}},
              [](const TrainPoint& p) { return std::optional(p.loss); });
    add_curve("evaluated step", {headline, Role::metric, "", metric_title(headline) + ", held out", "", {}},
              [](const TrainPoint& p) { return p.metric; });
    return trace;
}

}  // namespace saccade
