#include "exhibit/head_statistics_lesson.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

std::string head_name(const TraceTensor& of, Index at) {
    const Index heads = of.values.shape()[1];
    return fmt::format("head {}.{}", at / heads + 1, at % heads + 1);
}

/// The entropy of n weights is at most ln n.
std::optional<Claim> entropy_has_its_limits(const Trace& trace) {
    const TraceTensor *each = trace.find("entropy.texts"), *tokens = trace.find("tokens");
    if (each == nullptr || tokens == nullptr) return std::nullopt;
    const Index texts = each->values.shape()[0], heads = each->values.size() / texts;
    double most = 0;
    for (Index s = 0; s < texts; ++s)
        for (Index h = 0; h < heads; ++h) {
            const double entropy = static_cast<double>(each->values.data()[s * heads + h]);
            most = std::max({most, -entropy, entropy - std::log(static_cast<double>(tokens->values.data()[s]))});
        }
    return claim_of("entropy.texts", texts * heads, most, rounding_of_sums);
}

/// Some head has more than `least` of this, in the mean over the texts.
std::optional<Claim> some_head(const Trace& trace, const char* tensor, float least) {
    const TraceTensor* found = trace.find(tensor);
    if (found == nullptr) return std::nullopt;
    const auto values = found->values.values();
    const auto most = std::ranges::max_element(values);
    return claim_whether(tensor, found->values.size(), *most > least,
                         fmt::format("{} has most: {:.2f}", head_name(*found, most - values.begin()), *most));
}

/// Heads differ more from each other than one and the same head does between texts.
std::optional<Claim> heads_are_steady(const Trace& trace) {
    const TraceTensor *mean = trace.find("entropy"), *spread = trace.find("entropy.spread"),
                      *each = trace.find("entropy.texts");
    if (mean == nullptr || spread == nullptr || each == nullptr || each->values.shape()[0] < 2 || mean->values.size() < 2)
        return std::nullopt;
    const auto n = static_cast<double>(mean->values.size());
    double sum = 0, squares = 0, within = 0;
    for (Index h = 0; h < mean->values.size(); ++h) {
        const double value = static_cast<double>(mean->values.data()[h]), s = static_cast<double>(spread->values.data()[h]);
        sum += value;
        squares += value * value;
        within += s * s / n;
    }
    const double between = squares / n - (sum / n) * (sum / n);
    return claim_whether(
        "entropy", mean->values.size(), between > within,
        fmt::format("spread between heads {:.2f}, between texts {:.2f}", std::sqrt(std::max(0.0, between)), std::sqrt(within)));
}

}  // namespace

Lesson head_statistics_lesson() {
    Lesson lesson;
    lesson.title_english = "What a head does, and not what one text does to it";
    lesson.title_chinese = "看注意力头本身，而不是一句话的偶然";
    lesson.points = {
        {"One map is one text. Every number here is a mean over all texts, and its spread says how far they agree: click a "
         "cell, "
         "and see it text by text.",
         "一张图只属于一句话。这里每个数都是对所有文本的平均，旁边的离散程度说明它们有多一致：点一个格子，逐句查看。",
         rule_check("entropy")},
        {"Entropy lies between 0, all weight on one token, and ln n, the same on each of n tokens (Clark 2019).",
         "熵介于 0（全部权重在一个词元上）与 ln n（n 个词元各得一样多）之间（Clark 2019）。", entropy_has_its_limits},
        {"Some head rests on the first token: over all texts it gives it more than half of its weight (Xiao 2023, attention "
         "sinks).",
         "有的头停在第一个词元上：对所有文本平均，它把一半以上的权重给了第一个词元（Xiao 2023，注意力汇聚）。",
         [](const Trace& trace) { return some_head(trace, "first", 0.5f); }},
        {"Some head stays with the token itself, whatever the text says: more than half of its weight lies on the diagonal "
         "(Clark "
         "2019).",
         "有的头不管文本内容，总看词元自己：一半以上的权重在对角线上（Clark 2019）。",
         [](const Trace& trace) { return some_head(trace, "diagonal", 0.5f); }},
        {"Heads differ more from each other than the same head does from text to text: how widely it looks belongs to the "
         "head.",
         "不同头之间的差别，大于同一个头在不同文本之间的差别：看得宽还是窄，是头自己的性质。", heads_are_steady},
    };
    return lesson;
}

}  // namespace saccade
