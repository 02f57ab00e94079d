#include "exhibit/temporal_lesson.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

namespace {

using Check = std::optional<Claim>;

/// Every word of a metric [output] that is known there holds.
Check all_hit(const Trace& trace, const std::string& metric, const std::string& about) {
    const TraceTensor* hits = trace.find(metric);
    if (hits == nullptr) return std::nullopt;
    Index words = 0, missed = 0;
    for (const float hit : hits->values.values())
        if (!std::isnan(hit)) {
            ++words;
            missed += hit == 0.0f ? 1 : 0;
        }
    if (words == 0) return std::nullopt;
    return claim_of(about, words, static_cast<double>(missed) / static_cast<double>(words));
}

Check points_in_time(const Trace& trace) {
    return all_hit(trace, "pointing", trace.find("frame_weights") != nullptr ? "frame_weights" : "weights");
}

Check points_in_place(const Trace& trace) {
    return all_hit(trace, "pointing_region", "map");
}

/// Middle of a row of weights over frames.
double middle_of(const Tensor<float>& row) {
    double sum = 0, moment = 0;
    for (Index i = 0; i < row.size(); ++i) {
        const double w = static_cast<double>(row.data()[i]);
        sum += w;
        moment += w * static_cast<double>(i);
    }
    return moment / std::max(sum, 1e-12);
}

/// From the words of one event to those of the next that is told, the middle of the weights moves on.
Check time_goes_on(const Trace& trace) {
    const TraceTensor* events = trace.find("event");
    const TraceTensor* weights = trace.find("frame_weights");
    if (weights == nullptr) weights = trace.find("weights");
    if (events == nullptr || weights == nullptr) return std::nullopt;
    double last = -1, sum = 0;
    float current = 0;
    Index words = 0, checked = 0, wrong = 0;
    const auto finish = [&] {
        if (words == 0) return;
        const double middle = sum / static_cast<double>(words);
        if (last >= 0) {
            ++checked;
            wrong += middle > last ? 0 : 1;
        }
        last = middle;
        sum = 0;
        words = 0;
    };
    for (Index i = 0; i < events->values.size(); ++i) {
        const float event = events->values.data()[i];
        if (std::isnan(event)) continue;
        if (event != current) finish();
        current = event;
        sum += middle_of(weights->values.row(i));
        ++words;
    }
    finish();
    if (checked == 0) return std::nullopt;
    return claim_of(weights->info.name, checked, static_cast<double>(wrong) / static_cast<double>(checked));
}

}  // namespace

Lesson temporal_lesson() {
    Lesson lesson;
    lesson.title_english = "When to look";
    lesson.title_chinese = "什么时候看";
    lesson.points = {
        {"A clip is a row of frames. Before each word the decoder asks every frame how well it fits, and softmax makes weights "
         "of "
         "the answers: over all frames they sum to 1. Step through the words and watch the bars under the film.",
         "一段短片是一排画面。每写一个词之前，解码器都会问每一帧有多合适，softmax "
         "把回答变成权重：所有帧的权重之和为 1。逐词往下走，看胶片下面的条怎样变化。",
         sum_check("weights")},
        {"In training a term of the loss said when to look; on a clip that it never saw the model finds the time by itself: at "
         "the "
         "step that writes a verb or a noun the largest weight lies in a frame of that word's event. Move an event in time, "
         "and "
         "the weights follow.",
         "训练时有一项损失告诉模型什么时候该看；对从没见过的短片，它自己找到时间：在写出动词或名词的那一步，权重最大的一帧就在"
         "那件事"
         "发生的时候。把一件事在时间上移动，权重也会跟过去。",
         points_in_time},
        {"What the decoder reads is the weighted mean of the frames' annotations. The plain mean of all frames, which is what "
         "was "
         "read before Yao 2015, is the same for every word. Set a weight by hand, and the words that follow may change.",
         "解码器读到的是各帧标注向量的加权平均。在 Yao 2015 "
         "之前用的是所有帧的简单平均，对每个词都一样。用手改一个权重，后面的词就可能改变。",
         rule_check("context")},
        {"“Then” is read off the film: each annotation says when its frame is, and from one event to the next that is told the "
         "middle of the weights moves on.",
         "“然后”是从胶片上看出来的：每个标注向量都说明它那一帧的时间；从讲完一件事到讲下一件事，权重的中心向后移。",
         time_goes_on},
        {"The question depends on what was written: the query is made of the decoder's state and of the word before. Write "
         "your own "
         "sentence, and it looks for that.",
         "问什么取决于已经写了什么：查询向量由解码器的状态和前一个词算出。写一句自己的话，它就去找那句话里的事。",
         rule_check("queries")},
        {"Over time and space every place of every frame is weighed at once. What a frame gets is the sum over its places.",
         "在时间和空间上同时注意时，每一帧的每个位置一起竞争权重。一帧得到的就是它各个位置之和。", rule_check("frame_weights")},
        {"And at verbs and nouns the largest weight of all lies in the shape that the word speaks of, where it was or is at "
         "that "
         "frame.",
         "而且在动词和名词处，最大的权重就落在这个词所说的图形上：它在那一帧或前一帧所在的地方。", points_in_place},
    };
    return lesson;
}

}  // namespace saccade
