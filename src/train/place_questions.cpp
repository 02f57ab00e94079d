#include "train/place_questions.hpp"

#include <algorithm>

#include "model/bpe.hpp"

namespace saccade {

namespace {

struct Place {
    const char* chinese;
    std::vector<std::string> english;
};

const std::vector<Place>& known_places() {
    static const std::vector<Place> all = {{"中国", {"china"}},
                                           {"日本", {"japan"}},
                                           {"韩国", {"korea"}},
                                           {"印度", {"india"}},
                                           {"泰国", {"thailand"}},
                                           {"越南", {"vietnam"}},
                                           {"法国", {"france"}},
                                           {"德国", {"germany"}},
                                           {"意大利", {"italy"}},
                                           {"西班牙", {"spain"}},
                                           {"葡萄牙", {"portugal"}},
                                           {"希腊", {"greece"}},
                                           {"荷兰", {"netherlands", "holland"}},
                                           {"瑞典", {"sweden"}},
                                           {"挪威", {"norway"}},
                                           {"俄罗斯", {"russia"}},
                                           {"埃及", {"egypt"}},
                                           {"加拿大", {"canada"}},
                                           {"墨西哥", {"mexico"}},
                                           {"巴西", {"brazil"}},
                                           {"澳大利亚", {"australia"}},
                                           {"新西兰", {"new zealand"}},
                                           {"北京", {"beijing"}},
                                           {"上海", {"shanghai"}},
                                           {"东京", {"tokyo"}},
                                           {"首尔", {"seoul"}},
                                           {"巴黎", {"paris"}},
                                           {"伦敦", {"london"}},
                                           {"柏林", {"berlin"}},
                                           {"纽约", {"new york"}}};
    return all;
}

constexpr const char* frames[][2] = {
    {"我们明天去", "。"}, {"我来自", "。"}, {"", "是一个美丽的国家。"}, {"你去过", "吗？"}, {"他住在", "。"}};

}  // namespace

std::vector<PlaceQuestion> place_questions() {
    std::vector<PlaceQuestion> questions;
    for (const auto& frame : frames)
        for (const Place& place : known_places())
            questions.push_back({frame[0] + std::string(place.chinese) + frame[1], place.english});
    return questions;
}

bool names_place(const PlaceQuestion& question, const std::string& translation) {
    const std::string words = spaced_words(translation);
    return std::ranges::any_of(question.places,
                               [&](const std::string& p) { return words.find(" " + p + " ") != std::string::npos; });
}

}  // namespace saccade
