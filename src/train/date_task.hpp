#pragma once

#include "base/error.hpp"
#include "train/schedule.hpp"
#include "train/task_options.hpp"

namespace saccade {

/// What all tasks share whose examples come from the generator of dates (dates_data.hpp): no data file, epochs of a number of
/// steps (option "steps"), batches cut into shards that differ in length, warm-up and cosine.
class DateTask : public Task {
 public:
    std::string id() const override { return id_; }
    Index steps_per_epoch() const override { return steps_an_epoch_; }
    int default_epochs() const override { return 6; }
    double learning_rate(Index step) const override {
        return WarmUpCosine{.peak = peak_rate_, .warm_up = 100, .floor = 0.02}.at(step, total_steps_);
    }

 protected:
    DateTask(std::string id, double peak_rate) : id_(std::move(id)), peak_rate_(peak_rate) {}

    /// Error{usage} for a data file or an option that is neither "steps" nor in `known`.
    void read_options(const TrainOptions& options, std::vector<TaskOption> known = {}) {
        if (!options.data_path.empty())
            throw Error(ErrorCode::usage, id_ + ": takes no data file", "leave out --data: its examples come from a generator");
        known.push_back(whole_option("steps", 1e6, steps_an_epoch_));
        read_task_options(id_, options, known);
        if (options.batch_size > 0) batch_size_ = std::max<Index>(options.batch_size, shards());
        if (options.learning_rate > 0) peak_rate_ = options.learning_rate;
        total_steps_ = steps_an_epoch_ * (options.epochs > 0 ? options.epochs : default_epochs());
    }
    void require_examples(Index n) const {
        if (n < 1) throw Error(ErrorCode::usage, id_ + ": nothing to evaluate on", "ask for at least one example");
    }
    Index batch_size() const { return batch_size_; }

 private:
    std::string id_;
    Index batch_size_ = 128, steps_an_epoch_ = 250, total_steps_ = 0;
    double peak_rate_;
};

}  // namespace saccade
