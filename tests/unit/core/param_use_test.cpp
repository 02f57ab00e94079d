#include "exhibit/param_use.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "run/runner.hpp"

namespace saccade::param_use_test {
namespace {

/// Another value that the parameter may have.
ParamValue another(const ParamSpec& spec, const ParamValue& value) {
    switch (spec.type) {
        case ParamType::choice: {
            const auto other =
                std::ranges::find_if(spec.choices, [&](const std::string& c) { return c != std::get<std::string>(value); });
            return *other;
        }
        case ParamType::toggle:
            return !std::get<bool>(value);
        case ParamType::integer: {
            const std::int64_t now = std::get<std::int64_t>(value);
            return static_cast<double>(now + 1) <= spec.max ? now + 1 : now - 1;
        }
        case ParamType::number: {
            const double now = std::get<double>(value);
            return now + 1 <= spec.max ? now + 1 : (now + spec.max) / 2;
        }
        case ParamType::matrix: {
            Tensor<float> matrix = std::get<Tensor<float>>(value).clone();
            for (float& v : matrix.values()) v += 0.25f;
            return matrix;
        }
        case ParamType::text:
        case ParamType::image:
            break;
    }
    return "7 " + std::get<std::string>(value);
}

struct Setting {
    const char* exhibit;
    std::vector<std::pair<std::string, ParamValue>> given;
};

Params with_fallbacks(const Exhibit& exhibit, const Setting& setting) {
    Params params;
    for (const ParamSpec& spec : exhibit.params) params.set(spec.name, spec.fallback);
    for (const auto& [name, value] : setting.given) params.set(name, value);
    return params;
}

TracePtr run_of(const Setting& setting, const Params& params) {
    RunRequest request;
    request.exhibit = setting.exhibit;
    request.params = params;
    return run(request);
}

/// What was computed and said; a note may tell that the parameter changes nothing.
void expect_same_values(const Trace& a, const Trace& b) {
    ASSERT_EQ(a.tensors().size(), b.tensors().size());
    for (const TraceTensor& tensor : a.tensors()) {
        const auto values = tensor.values.values(), others = b.tensor(tensor.info.name).values.values();
        const auto same = [](float x, float y) { return x == y || (x != x && y != y); };
        EXPECT_TRUE(std::equal(values.begin(), values.end(), others.begin(), others.end(), same)) << tensor.info.name;
    }
    EXPECT_EQ(a.texts(), b.texts());
}

TEST(ParamUse, what_is_said_to_be_unread_changes_nothing) {
    const std::vector<Setting> settings = {
        {"alignment", {}},
        {"rnn-shapes", {}},
        {"rnn-shapes", {{"shape", std::string("1-to-n")}}},
        {"memory", {{"tie", true}}},
        {"self-attention", {}},
        {"permutation", {}},
        {"positions", {}},
        {"transformer", {}},
        {"captioning", {}},
        {"temporal", {}},
        {"temporal", {{"clip", std::int64_t{1}}}},
        {"reading", {}},
        {"reading", {{"image", std::string("sample:ship")}}},
        {"checkpoint", {}},
        {"vision-checkpoint", {}},
        {"vision-checkpoint", {{"path", std::string(SACCADE_TEST_DATA "/golden/timm_seresnet50")}}},
        {"induction", {}},
        {"induction", {{"random", true}}},
        {"bottleneck", {{"samples", std::int64_t{1}}, {"longest", std::int64_t{2}}}}};
    std::size_t checked = 0;
    for (const Setting& setting : settings) {
        const Exhibit& e = exhibit(setting.exhibit);
        const Params usual = with_fallbacks(e, setting);
        TracePtr before;
        for (const ParamSpec& spec : e.params) {
            const std::string why = why_unread(e, spec.name, usual);
            if (why.empty()) continue;
            if (!before) before = run_of(setting, usual);
            Params changed = usual;
            changed.set(spec.name, another(spec, usual.values().at(spec.name)));
            SCOPED_TRACE(e.id + " " + spec.name + ": " + why);
            expect_same_values(*before, *run_of(setting, changed));
            ++checked;
        }
    }
    EXPECT_EQ(checked, 51u);
}

TEST(ParamUse, what_it_waits_for_wakes_it) {
    const Exhibit& e = exhibit("permutation");
    Params params = with_fallbacks(e, {"permutation", {}});
    EXPECT_EQ(why_unread(e, "in_proj", params), "read while Weights is Own");
    EXPECT_EQ(why_unread(e, "q", params), "");
    const Waking waking = wakes(e, "in_proj", params);
    ASSERT_NE(waking.other, nullptr);
    EXPECT_EQ(waking.other->name, "projections");
    params.set(waking.other->name, parse_param(*waking.other, waking.value));
    EXPECT_EQ(why_unread(e, "in_proj", params), "");
    EXPECT_EQ(wakes(e, "in_proj", params).other, nullptr);
    EXPECT_EQ(wakes(exhibit("alignment"), "hypothesis", {}).other, nullptr);
    EXPECT_EQ(why_unread(exhibit("alignment"), "hypothesis", {}), "read while Beam is above 1");
}

TEST(ParamUse, a_folder_says_which_settings_are_for_other_models) {
    const Exhibit& e = exhibit("checkpoint");
    const auto unread = [&](const std::string& folder) {
        Setting setting{"checkpoint", {}};
        if (!folder.empty()) {
            setting.given.emplace_back("path", std::string(SACCADE_TEST_DATA "/golden/") + folder);
            setting.given.emplace_back("text", std::string("2 7 8 3"));
        }
        const Params params = with_fallbacks(e, setting);
        run_of(setting, params);
        std::string names;
        for (const ParamSpec& spec : e.params) {
            EXPECT_EQ(is_of_other_models(e, spec.name, params), !why_unread(e, spec.name, params).empty());
            if (!why_unread(e, spec.name, params).empty()) names += (names.empty() ? "" : " ") + spec.name;
        }
        return names;
    };
    EXPECT_EQ(unread(""), "target second stack mask beam hypothesis");
    EXPECT_EQ(unread("checkpoint_gpt2"), "target second stack mask beam hypothesis");
    EXPECT_EQ(unread("checkpoint_bert"), "target stack generate temperature top_k top_p beam hypothesis");
    EXPECT_EQ(unread("checkpoint_t5"), "second mask");
    EXPECT_EQ(why_unread(e, "mask", with_fallbacks(e, {"checkpoint", {}})), "read of models that fill gaps, as BERT does");
    // Of a folder that nothing has read yet, all may be read.
    Params params;
    params.set("path", std::string("folder"));
    EXPECT_EQ(why_unread(e, "target", params), "");
}

}  // namespace
}  // namespace saccade::param_use_test
