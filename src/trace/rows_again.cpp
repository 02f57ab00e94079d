#include "trace/rows_again.hpp"

#include "base/error.hpp"

namespace saccade {

TraceValues RowsAgain::values(const std::shared_ptr<RowsAgain>& all, const std::string& name, int group, const Shape& shape,
                              bool before) {
    return {shape, std::make_shared<const std::string>(name),
            [all, name, group, before](Index i) { return all->row(name, group, i, before); }};
}

void make_again(ShownRun& run, ShownAgain again, const std::function<Shape(const ShownRun::One&)>& shape_of) {
    const auto all = std::make_shared<RowsAgain>(std::move(again), std::vector<Intervention>());
    for (ShownRun::One& one : run.tensors) {
        const int group = all->again().group(one.site);
        if (group < 0) {
            all->keep(one.site.name, one.values);
            continue;
        }
        all->add(one.site);
        one.values = RowsAgain::values(all, one.site.name, group, shape_of(one), false);
    }
}

Tensor<float> RowsAgain::row(const std::string& name, int group, Index i, bool before) {
    const std::scoped_lock lock(mutex_);
    const Held& made = held(group, i);
    const auto found = made.tensors.find(name);
    if (found == made.tensors.end()) throw Error(ErrorCode::not_found, "tensor '" + name + "' was not shown again");
    return before && !found->second.second.empty() ? found->second.second : found->second.first;
}

const RowsAgain::Held& RowsAgain::held(int group, Index i) {
    for (auto at = held_.begin(); at != held_.end(); ++at)
        if (at->group == group && at->row == i) {
            held_.splice(held_.begin(), held_, at);
            return held_.front();
        }
    held_.remove_if([&](const Held& one) { return one.group == group; });  // one of each group: they are large
    Probe probe(Capture{names_[group]}, interventions_);
    again_.show(
        group, i,
        [this](const std::string& name) -> const TraceValues& {
            const auto found = kept_.find(name);
            if (found == kept_.end()) throw Error(ErrorCode::not_found, "tensor '" + name + "' was not kept");
            return found->second;
        },
        probe);
    Held fresh{group, i, {}};
    for (ShownRun::One& one : probe.take().tensors)
        fresh.tensors.emplace(one.site.name,
                              std::pair(one.values.row(0), one.before.empty() ? Tensor<float>() : one.before.row(0)));
    held_.push_front(std::move(fresh));
    return held_.front();
}

}  // namespace saccade
