#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "trace/intervention.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// The rows of tensors that a run showed and did not keep (ShownAgain). What was made last is held for the next look, for cells
/// of one row are looked at together, and so are a layer's scores and weights. Safe from any thread.
class RowsAgain {
 public:
    /// `interventions`: the run's own, which change what is shown again as they changed it then.
    RowsAgain(ShownAgain again, std::vector<Intervention> interventions)
        : again_(std::move(again)), interventions_(std::move(interventions)) {}

    const ShownAgain& again() const { return again_; }
    void add(const ProbeSite& site) { names_[again_.group(site)].push_back(site.name); }
    /// What the run kept, for those who show again.
    void keep(const std::string& name, const TraceValues& values) { kept_.insert_or_assign(name, values); }
    bool keeps(const std::string& name) const { return kept_.contains(name); }
    /// The tensor of this name and group, [rows, ...], as it is or as it was before a hand changed it.
    static TraceValues values(const std::shared_ptr<RowsAgain>& all, const std::string& name, int group, const Shape& shape,
                              bool before);
    /// Row `i` of a tensor: as the run went on with it, or as it was before a hand changed it.
    Tensor<float> row(const std::string& name, int group, Index i, bool before);

 private:
    struct Held {
        int group;
        Index row;
        std::map<std::string, std::pair<Tensor<float>, Tensor<float>>> tensors;  // as it is, and as it was
    };
    const Held& held(int group, Index i);

    ShownAgain again_;
    std::vector<Intervention> interventions_;
    std::map<int, std::vector<std::string>> names_;
    std::map<std::string, TraceValues> kept_;
    std::mutex mutex_;
    std::list<Held> held_;  // the latest first
};

/// A run put together of others: its tensors that belong to a group become ones that are made when they are looked at.
void make_again(ShownRun& run, ShownAgain again, const std::function<Shape(const ShownRun::One&)>& shape_of);

}  // namespace saccade
