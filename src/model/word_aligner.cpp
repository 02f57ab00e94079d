#include "model/word_aligner.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/stop.hpp"

namespace saccade {

namespace {

constexpr Index digits = 1024;  // of a whole number's low part; both parts stay below 2048, which F16 holds exactly

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::bad_format, "word aligner: " + why, "use a model that was trained by `saccade train zh-en-aligner`");
}

const Tensor<float>& tensor_of(const WeightMap& weights, const std::string& name) {
    const auto found = weights.find(name);
    if (found == weights.end()) refuse("tensor '" + name + "' is missing");
    if (found->second.shape().rank() != 1) refuse("tensor '" + name + "' is not a list");
    return found->second;
}

void add_whole(WeightMap& weights, const std::string& name, const std::vector<Index>& numbers) {
    Tensor<float> high(Shape{static_cast<Index>(numbers.size())}), low(high.shape());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        high.data()[i] = static_cast<float>(numbers[i] / digits);
        low.data()[i] = static_cast<float>(numbers[i] % digits);
    }
    weights.insert_or_assign(name + ".high", high);
    weights.insert_or_assign(name + ".low", low);
}

std::vector<Index> whole_of(const WeightMap& weights, const std::string& name) {
    const Tensor<float>&high = tensor_of(weights, name + ".high"), &low = tensor_of(weights, name + ".low");
    if (high.size() != low.size()) refuse("'" + name + "' has halves of two lengths");
    std::vector<Index> numbers(static_cast<std::size_t>(high.size()));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const float h = high.data()[i], l = low.data()[i];
        if (!(h >= 0 && h < 2048 && l >= 0 && l < static_cast<float>(digits))) refuse("'" + name + "' holds no whole numbers");
        numbers[i] = static_cast<Index>(h) * digits + static_cast<Index>(l);
    }
    return numbers;
}

std::size_t index_of(Index i) {
    return static_cast<std::size_t>(i);
}

/// p(i | i') without NULL: [from 0 .. I, to 1 .. I], where 0 is before the first position.
std::vector<double> jump_probabilities(std::span<const float> jump, Index size) {
    constexpr Index widest = AlignerDirection::widest_jump;
    std::vector<double> p(index_of((size + 1) * size));
    for (Index from = 0; from <= size; ++from) {
        double total = 0;
        for (Index to = 1; to <= size; ++to)
            total += p[index_of(from * size + to - 1)] =
                std::max(1e-9, static_cast<double>(jump[index_of(std::clamp(to - from, -widest, widest) + widest)]));
        for (Index to = 1; to <= size; ++to) p[index_of(from * size + to - 1)] /= total;
    }
    return p;
}

double rescale(std::span<double> row) {
    const double total = std::accumulate(row.begin(), row.end(), 0.0);
    for (double& v : row) v /= total;
    return total;
}

}  // namespace

Index LexicalTable::cell(Index condition, Index token) const {
    if (condition < 0 || condition > null()) return -1;
    const auto first = generated.begin() + starts[index_of(condition)],
               last = generated.begin() + starts[index_of(condition + 1)];
    const auto found = std::lower_bound(first, last, token);
    return found == last || *found != token ? -1 : static_cast<Index>(found - generated.begin());
}

void LexicalTable::add_to(WeightMap& weights, const std::string& prefix) const {
    add_whole(weights, prefix + ".starts", starts);
    add_whole(weights, prefix + ".generated", generated);
}

LexicalTable LexicalTable::from(const WeightMap& weights, const std::string& prefix) {
    LexicalTable table{whole_of(weights, prefix + ".starts"), whole_of(weights, prefix + ".generated")};
    if (table.starts.size() < 2 || table.starts.front() != 0 || !std::ranges::is_sorted(table.starts) ||
        index_of(table.starts.back()) != table.generated.size())
        refuse("'" + prefix + ".starts' does not fit its cells");
    return table;
}

double AlignerDirection::t(Index condition, Index token) const {
    const Index cell = table->cell(condition, token);
    return cell < 0 ? smallest : std::max(smallest, static_cast<double>(probability[index_of(cell)]));
}

AlignmentPosterior AlignerDirection::ibm1(std::span<const Index> conditions, std::span<const Index> generated) const {
    AlignmentPosterior result;
    const double share = (1 - p0) / static_cast<double>(conditions.size());
    for (const Index token : generated) {
        const double null = p0 * t(table->null(), token);
        double total = null;
        for (const Index condition : conditions) total += result.weights.emplace_back(share * t(condition, token));
        for (auto w = result.weights.end() - static_cast<std::ptrdiff_t>(conditions.size()); w != result.weights.end(); ++w)
            *w /= total;
        result.null.push_back(null / total);
        result.log_likelihood += std::log(total);
    }
    return result;
}

namespace {

/// The chain of one pair. A row of states: at positions 1 .. I, then NULL after positions 0 .. I, where 0 is before the first.
class Chain {
 public:
    Chain(const AlignerDirection& direction, std::span<const Index> conditions, std::span<const Index> generated)
        : size_(static_cast<Index>(conditions.size())),
          steps_(static_cast<Index>(generated.size())),
          states_(2 * size_ + 1),
          p_(jump_probabilities(direction.jump, size_)),
          emitted_(index_of(steps_ * (size_ + 1))),
          forward_(index_of(steps_ * states_)),
          backward_(index_of(states_), 1.0) {
        for (Index j = 0; j < steps_; ++j) {
            double* e = &emitted_[index_of(j * (size_ + 1))];
            for (Index i = 0; i < size_; ++i) e[i] = direction.t(conditions[index_of(i)], generated[index_of(j)]);
            e[size_] = direction.t(direction.table->null(), generated[index_of(j)]);
        }
    }

    AlignmentPosterior posterior(const std::stop_token& stop, bool with_jumps) {
        AlignmentPosterior result;
        for (Index j = 0; j < steps_; ++j) {
            check_stop(stop);
            result.log_likelihood += std::log(step_forward(j));
        }
        result.weights.resize(index_of(steps_ * size_));
        result.null.resize(index_of(steps_));
        if (with_jumps) result.jumps.assign(2 * widest + 1, 0.0);
        for (Index j = steps_ - 1; j >= 0; --j) {
            check_stop(stop);
            std::vector<double> now(&forward_[index_of(j * states_)], &forward_[index_of(j * states_)] + states_);
            for (Index s = 0; s < states_; ++s) now[index_of(s)] *= backward_[index_of(s)];
            rescale(now);
            std::copy(now.begin(), now.begin() + size_, result.weights.begin() + j * size_);
            result.null[index_of(j)] = std::accumulate(now.begin() + size_, now.end(), 0.0);
            step_backward(j, result.jumps);
        }
        return result;
    }

 private:
    static constexpr Index widest = AlignerDirection::widest_jump;
    static constexpr double p0 = AlignerDirection::p0;

    /// The position that the next jump starts from.
    Index position_of(Index state) const { return state < size_ ? state + 1 : state - size_; }

    /// Forward probabilities before step j, by the position that the jump starts from.
    std::vector<double> before(Index j) const {
        std::vector<double> mass(index_of(size_ + 1), 0.0);
        if (j == 0)
            mass[0] = 1;
        else
            for (Index s = 0; s < states_; ++s) mass[index_of(position_of(s))] += forward_[index_of((j - 1) * states_ + s)];
        return mass;
    }

    /// p(the step's token | those before).
    double step_forward(Index j) {
        double* now = &forward_[index_of(j * states_)];
        const double* e = &emitted_[index_of(j * (size_ + 1))];
        const std::vector<double> mass = before(j);
        for (Index from = 0; from <= size_; ++from) {
            for (Index i = 0; i < size_; ++i) now[i] += mass[index_of(from)] * (1 - p0) * p_[index_of(from * size_ + i)] * e[i];
            now[size_ + from] = mass[index_of(from)] * p0 * e[size_];
        }
        return rescale({now, index_of(states_)});
    }

    /// p(this step's token and those after it at i | the jump starts from `from`), up to a factor.
    double onward(Index from, Index i, const double* e) const {
        return (1 - p0) * p_[index_of(from * size_ + i)] * e[i] * backward_[index_of(i)];
    }

    /// Adds the expected jumps into step j, if they are wanted, and makes the backward values those of the step before.
    void step_backward(Index j, std::vector<double>& jumps) {
        const double* e = &emitted_[index_of(j * (size_ + 1))];
        std::vector<double> value(index_of(size_ + 1));
        for (Index from = 0; from <= size_; ++from) {
            double& v = value[index_of(from)] = p0 * e[size_] * backward_[index_of(size_ + from)];
            for (Index i = 0; i < size_; ++i) v += onward(from, i, e);
        }
        if (!jumps.empty()) add_jumps(before(j), value, e, jumps);
        for (Index s = 0; s < states_; ++s) backward_[index_of(s)] = value[index_of(position_of(s))];
        rescale(backward_);
    }

    void add_jumps(const std::vector<double>& mass, const std::vector<double>& value, const double* e,
                   std::vector<double>& jumps) const {
        std::vector<double> jumped(jumps.size());
        double total = 0;
        for (Index from = 0; from <= size_; ++from) {
            for (Index i = 0; i < size_; ++i)
                jumped[index_of(std::clamp(i + 1 - from, -widest, widest) + widest)] +=
                    mass[index_of(from)] * onward(from, i, e);
            total += mass[index_of(from)] * value[index_of(from)];
        }
        for (std::size_t w = 0; w < jumps.size(); ++w) jumps[w] += jumped[w] / total;
    }

    Index size_, steps_, states_;
    std::vector<double> p_, emitted_, forward_, backward_;  // backward: of the step that is looked at
};

}  // namespace

AlignmentPosterior AlignerDirection::hmm(std::span<const Index> conditions, std::span<const Index> generated,
                                         const std::stop_token& stop, bool with_jumps) const {
    return Chain(*this, conditions, generated).posterior(stop, with_jumps);
}

WordAligner::Direction WordAligner::direction(const WeightMap& weights, const std::string& name) {
    Direction d{LexicalTable::from(weights, name), tensor_of(weights, name + ".probability"),
                tensor_of(weights, name + ".jump")};
    if (index_of(d.probability.size()) != d.table.generated.size()) refuse("'" + name + ".probability' does not fit its cells");
    if (d.jump.size() != 2 * AlignerDirection::widest_jump + 1) refuse("'" + name + ".jump' has another length");
    return d;
}

WordAligner::WordAligner(const WeightMap& weights)
    : to_source_(direction(weights, "to_source")), to_target_(direction(weights, "to_target")) {}

Tensor<float> WordAligner::agreement(std::span<const Index> source, std::span<const Index> target,
                                     const std::stop_token& stop) const {
    const auto sources = static_cast<Index>(source.size()), targets = static_cast<Index>(target.size());
    Tensor<float> all(Shape{targets, sources});
    if (sources == 0 || targets == 0) return all;
    const AlignmentPosterior to_source = to_source_.view().hmm(target, source, stop, false),
                             to_target = to_target_.view().hmm(source, target, stop, false);
    for (Index i = 0; i < targets; ++i)
        for (Index j = 0; j < sources; ++j)
            all.data()[i * sources + j] = static_cast<float>(
                std::sqrt(to_source.weights[index_of(j * targets + i)] * to_target.weights[index_of(i * sources + j)]));
    return all;
}

Tensor<float> WordAligner::links(std::span<const Index> source, std::span<const Index> target) const {
    Tensor<float> all = agreement(source, target);
    for (Index i = 0; i < all.size(); ++i) all.data()[i] = all.data()[i] >= threshold ? 1.0f : 0.0f;
    return all;
}

}  // namespace saccade
