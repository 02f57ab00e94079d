#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/position_make.hpp"
#include "autograd/ops.hpp"
#include "base/error.hpp"

// Raffel 2020 ("Exploring the limits of transfer learning with a unified text-to-text transformer"), section 2.1: a simpler
// form of Shaw 2018, in which a distance j - i adds one learned number to the score, another for each head, shared by all
// layers,
//   e_ij = q_i k_j + b_h[bucket(j - i)]
// Distances share buckets: up to half of those of a direction have one each, and the others grow with the logarithm of the
// distance up to max_distance, from where on there is one for all. An encoder has half of its buckets for keys after the query;
// a decoder sees none such.

namespace saccade {

namespace {

constexpr const char* equation = "e_ij = q_i k_j + b_h[bucket(j - i)]";
constexpr const char* source = "Raffel 2020, section 2.1";

/// Buckets of one direction, and how many of them hold a single distance.
struct Buckets {
    Index each, exact, max_distance;
    bool both_ways;

    explicit Buckets(const PositionSizes& s)
        : each(s.both_ways ? s.buckets / 2 : s.buckets),
          exact(each / 2),
          max_distance(s.max_distance),
          both_ways(s.both_ways) {}

    /// Of a distance that is not negative. In 32 bits, as the published code has it: elsewhere a distance at the edge of a
    /// bucket might fall into the next.
    Index of_distance(Index distance) const {
        if (distance < exact) return distance;
        const auto lowest = static_cast<float>(exact);
        const float share = std::log(static_cast<float>(distance) / lowest) /
                            static_cast<float>(std::log(static_cast<double>(max_distance) / static_cast<double>(exact)));
        return std::min(each - 1, exact + static_cast<Index>(share * static_cast<float>(each - exact)));
    }
    /// Of a query at i and a key at j.
    Index of(Index i, Index j) const {
        if (!both_ways) return of_distance(std::max<Index>(0, i - j));
        return of_distance(std::abs(j - i)) + (j > i ? each : 0);
    }
};

template <class T>
class Bucketed : public ScoringCode<T> {
 public:
    Bucketed(const PositionSizes& sizes, const PositionParameters<T>& parameters)
        : buckets_(sizes), first_head_(sizes.first_head), bias_(parameters("bias")) {
        if (buckets_.exact < 1 || buckets_.max_distance <= buckets_.exact)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("{} buckets do not hold distances up to {}", sizes.buckets, sizes.max_distance),
                        "choose 4 buckets or more, and a longer distance");
    }

    Var<T> score_term(const Var<T>& queries, Index first, Index n_keys) const override {
        const Index rows = queries.shape()[2], heads = queries.shape()[1];
        Ids which;
        which.reserve(static_cast<std::size_t>(rows * n_keys));
        for (Index i = first; i < first + rows; ++i)
            for (Index j = 0; j < n_keys; ++j) which.push_back(buckets_.of(i, j));
        const Var<T> own = heads == bias_.shape()[1] ? bias_ : slice(bias_, 1, first_head_, heads);
        const Var<T> pairs = transpose(embedding(own, which), 0, 1);  // [heads, rows * n_keys]
        return reshape(pairs, {1, heads, rows, n_keys});
    }
    PositionRule score_rule(const PositionNames& names, Index n_keys) const override {
        Tensor<float> rows(Shape{n_keys, n_keys});
        for (Index i = 0; i < n_keys; ++i)
            for (Index j = 0; j < n_keys; ++j) rows.data()[i * n_keys + j] = static_cast<float>(buckets_.of(i, j));
        const std::string head = names.head.empty() ? std::to_string(first_head_) : "h";
        return {"t_ij = b_h[bucket(j − i)]",
                fmt::format("@position.bias[@position.bucket[i,j],{}]", head),
                source,
                {{"@position.bucket", "r", {names.queries, names.keys}, rows}}};
    }

 private:
    Buckets buckets_;
    Index first_head_;
    Var<T> bias_;
};

/// Which distances j - i a bucket holds: "-3", "8 to 11", "-91 and beyond".
std::vector<std::string> labels_of(const PositionSizes& sizes) {
    const Buckets buckets(sizes);
    std::vector<Index> first(static_cast<std::size_t>(buckets.each) + 1, -1);
    for (Index distance = 0; distance <= buckets.max_distance; ++distance)
        if (Index& own = first[static_cast<std::size_t>(buckets.of_distance(distance))]; own < 0) own = distance;
    std::vector<std::string> labels;
    for (Index b = 0; b < sizes.buckets; ++b) {
        const bool after = buckets.both_ways && b >= buckets.each;
        const auto at = static_cast<std::size_t>(after ? b - buckets.each : b);
        const Index from = at < first.size() - 1 ? first[at] : -1, next = at + 1 < first.size() ? first[at + 1] : -1;
        const char* sign = after ? "" : "-";
        if (from < 0 || (after && from == 0))
            labels.emplace_back("no distance");
        else if (static_cast<Index>(at) == buckets.each - 1)
            labels.push_back(fmt::format("{}{} and beyond", sign, from));
        else if (from == 0)
            labels.emplace_back("0");
        else if (next <= from + 1)
            labels.push_back(fmt::format("{}{}", sign, from));
        else
            labels.push_back(fmt::format("{0}{1} to {0}{2}", sign, from, next - 1));
    }
    return labels;
}

PositionSimilarity draw(const PositionScene& scene) {
    scene.observe("code", scene.parameters("bias"), [&] {
        return Shown{.role = Role::embedding,
                     .symbol = "b",
                     .title = "Position code: a number for each bucket of distances, of each head",
                     .axes = {scene.stack + "bucket", "head"},
                     .step = {"position", equation, "code[b,h] = " + scene.stack + "position.bias[b,h]", source}};
    });
    return {added_term_title, "mean_h(" + scene.stack + "term[0,h,i,j])", mean_over_heads(scene.term)};
}

}  // namespace

PositionFunction buckets_position_function() {
    return {.id = "buckets",
            .title = "Relative (buckets)",
            .equation = equation,
            .source = source,
            .tells_distance = true,
            .tells_direction = true,
            .any_length = true,
            .parameters =
                [](const PositionSizes& s) {
                    return std::vector<PositionParameter>{{"bias", "b", {s.buckets, s.heads}, false, {"bucket", "head"}}};
                },
            .axes =
                [](const PositionSizes& s) {
                    return std::vector<Axis>{{"bucket", AxisKind::key, s.buckets, labels_of(s), "b"}};
                },
            .make = make_code_of<Bucketed, float>,
            .make_double = make_code_of<Bucketed, double>,
            .draw = draw};
}

}  // namespace saccade
