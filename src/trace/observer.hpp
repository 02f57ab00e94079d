#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "trace/probe.hpp"

namespace saccade {

/// What model code shows its tensors to, on the line that computes them. Without a probe it is the identity and costs a
/// branch. The description of a tensor stands next to the operation and is asked for once per run:
///
///     weights = observe.row(i)("weights", softmax(scores), [&] {
///         return Shown{.role = Role::weights, .symbol = "α", .title = "Attention weights", .unit = "weight",
///                      .axes = {"output", "source"},
///                      .step = {"align", "α_ij = exp(e_ij) / Σ_k exp(e_ik)", "@weights[i,j] = softmax_j(@scores[i,j])",
///                               "Bahdanau 2014, eq. 6"}};
///     });
///
/// Names are below the observer's prefix ("encoder."); in rules and in the names of parameters '@' stands for it. Cheap to
/// copy.
class Observer {
 public:
    /// Without a probe: observes nothing.
    Observer() = default;
    explicit Observer(Probe& probe, std::string prefix = {}) : probe_(&probe), prefix_(std::move(prefix)) {}

    /// Is there a probe?
    explicit operator bool() const { return probe_ != nullptr; }
    Probe* probe() const { return probe_; }
    const std::string& prefix() const { return prefix_; }
    std::string name(std::string_view part) const { return prefix_ + std::string(part); }

    /// The same, for row `i` of tensors that grow along their first axis (a decoder's steps, a stack's layers); rows come in
    /// order. The declared axes are those of the whole tensor.
    Observer row(Index i) const {
        Observer other = *this;
        other.row_ = i;
        return other;
    }
    /// The same, for whole tensors.
    Observer whole() const { return row(-1); }
    /// The same with names below another prefix, which replaces this one's.
    Observer named(std::string prefix) const {
        Observer other = *this;
        if (probe_ != nullptr) other.prefix_ = std::move(prefix);
        return other;
    }

    /// The same, but `edit` may change the description of a tensor, or leave the tensor out (false). Axes and notes are
    /// dropped.
    Observer redescribed(std::function<bool(Shown&)> edit) const;

    /// Declares an axis that the tensors computed here need.
    void axis(Axis axis) const {
        if (probe_ != nullptr && edit_ == nullptr) probe_->axis(std::move(axis));
    }
    void note(Note note) const {
        if (probe_ != nullptr && edit_ == nullptr) probe_->note(std::move(note));
    }

    /// x as the model must continue with it. `describe()` -> Shown. In double nothing is shown.
    template <class T, class Describe>
    Var<T> operator()(std::string_view part, Var<T> x, const Describe& describe) const {
        if constexpr (std::is_same_v<T, float>) {
            if (edit_ != nullptr) return show_redescribed(part, std::move(x), describe);
            if (probe_ != nullptr) return probe_->show(prefix_, part, row_, std::move(x), describe);
        }
        return x;
    }
    template <class T, class Describe>
    Tensor<T> operator()(std::string_view part, const Tensor<T>& x, const Describe& describe) const {
        if (probe_ == nullptr) return x;
        return (*this)(part, Var<T>(x), describe).value();
    }

    /// Ids as the model must read them. Error{invalid_input} if an intervention made one outside [0, limit).
    template <class Describe>
    Ids ids(std::string_view part, const Ids& ids, Index limit, const Describe& describe) const {
        if (probe_ == nullptr) return ids;
        return read_ids(part, (*this)(part, numbers(ids), describe), limit);
    }
    /// One id: that of this observer's row.
    template <class Describe>
    Index id(std::string_view part, Index id, Index limit, const Describe& describe) const {
        if (probe_ == nullptr) return id;
        return read_ids(part, (*this)(part, Tensor<float>::scalar(static_cast<float>(id)), describe), limit).front();
    }

 private:
    static Tensor<float> numbers(const Ids& ids);
    Ids read_ids(std::string_view part, const Tensor<float>& shown, Index limit) const;
    Var<float> show_redescribed(std::string_view part, Var<float> x, const std::function<Shown()>& describe) const;

    Probe* probe_ = nullptr;
    std::string prefix_;
    Index row_ = -1;
    std::shared_ptr<const std::function<bool(Shown&)>> edit_;
};

}  // namespace saccade
