#include "trace/observer.hpp"

#include <cmath>

#include "autograd/ops.hpp"
#include "testing.hpp"

namespace saccade::test::observer_test {
namespace {

Probe probe_of(const std::vector<std::string>& specs = {}) {
    std::vector<Intervention> hands;
    for (const std::string& spec : specs) hands.push_back(parse_intervention(spec));
    return {{}, std::move(hands)};
}

Tensor<float> counted(const Shape& shape) {
    Tensor<float> values(shape);
    for (Index i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i);
    return values;
}

void declare_map_axes(Probe& probe, Index c, Index h, Index w) {
    probe.axis({"channel", AxisKind::channel, c, {}, "c"});
    probe.axis({"y", AxisKind::y, h, {}, "y"});
    probe.axis({"x", AxisKind::x, w, {}, "x"});
}

Shown feature_map() {
    return {.symbol = "F", .title = "Features", .axes = {"channel", "y", "x"}, .channels_last = true};
}

TEST(ObserverShows, channels_come_first_in_the_trace_and_last_in_the_model) {
    Probe probe = probe_of({"F[1,0,2]=9"});
    declare_map_axes(probe, 2, 1, 3);
    const Var<float> given(counted({1, 1, 3, 2}));
    const Var<float> goes_on = Observer{probe}("F", given, feature_map);
    const Trace trace = probe.finish();
    const TraceTensor& shown = trace.tensor("F");
    EXPECT_EQ(shown.values.shape(), (Shape{2, 1, 3}));
    const float planes[] = {0, 2, 4, 1, 3, 9}, pixels[] = {0, 1, 2, 3, 4, 9};
    for (Index i = 0; i < 6; ++i) {
        EXPECT_EQ(shown.values.data()[i], planes[i]) << i;
        EXPECT_EQ(goes_on.value().data()[i], pixels[i]) << i;
    }
    EXPECT_EQ(goes_on.shape(), given.shape());
    Probe other = probe_of();
    EXPECT_EQ(Observer{other}("F", given, feature_map).value().data(), given.value().data()) << "nothing changed: no copy";
    error_of(ErrorCode::invalid_input, [&] { Observer{other}("G", Var<float>(counted({3, 2})), feature_map); });
}

TEST(ObserverShows, the_gradient_flows_back_where_nothing_was_changed) {
    for (const bool map : {false, true}) {
        Probe probe = probe_of({map ? "F[1,0,0]=9" : "F[1]=9"});
        declare_map_axes(probe, 2, 1, 2);
        Tape<float> tape;
        const Var<float> leaf = tape.leaf(counted(map ? Shape{1, 1, 2, 2} : Shape{4}));
        const Var<float> shown = Observer{probe}(
            "F", scale(leaf, 2.0f), [&] { return map ? feature_map() : Shown{.symbol = "F", .title = "F", .axes = {"cell"}}; });
        if (!map) probe.axis({"cell", AxisKind::feature, 4, {}, ""});
        tape.backward(sum_all(mul(shown, shown)));
        for (Index i = 0; i < 4; ++i) {
            EXPECT_EQ(shown.value().data()[i], i == 1 ? 9.0f : 2 * static_cast<float>(i)) << map;
            EXPECT_EQ(tape.grad(leaf).data()[i], i == 1 ? 0.0f : 8 * static_cast<float>(i)) << map;
        }
        EXPECT_TRUE(probe.finish().tensor("F").edited(map ? 2 : 1)) << "recorded, on a tape too";
    }
}

/// d sum(shown^2 c) / d given, by the tape and by differences, under interventions on `role` [2, 3].
void expect_gradient_through(Role role, const std::vector<std::string>& changes) {
    const Tensor<float> at = Tensor<float>::from({2, 3}, {0.2f, 0.3f, 0.5f, 0.6f, 0.1f, 0.3f});
    const auto loss = [&](const Var<float>& given) {
        Probe probe = probe_of(changes);
        const Var<float> shown = Observer{probe}("w", given, [&] {
            return Shown{.role = role, .symbol = "w", .title = "W", .axes = {"i", "j"}};
        });
        const Tensor<float> by = Tensor<float>::from({2, 3}, {1, -2, 3, 4, 5, -6});
        return sum_all(mul(mul(shown, shown), Var<float>(by)));
    };
    Tape<float> tape;
    const Var<float> leaf = tape.leaf(at);
    tape.backward(loss(leaf));
    const Tensor<float> gradient = tape.grad(leaf);
    for (Index i = 0; i < at.size(); ++i) {
        constexpr float step = 1e-2f;
        Tensor<float> up = at.clone(), down = at.clone();
        up.data()[i] += step;
        down.data()[i] -= step;
        const float difference =
            (loss(Var<float>(up)).value().data()[0] - loss(Var<float>(down)).value().data()[0]) / (2 * step);
        EXPECT_NEAR(gradient.data()[i], difference, 5e-3 + 1e-3 * std::abs(difference)) << changes.front() << ", cell " << i;
    }
}

TEST(ObserverShows, the_gradient_flows_back_through_what_the_hand_did) {
    expect_gradient_through(Role::state, {"w[0,:]*=0.5"});
    expect_gradient_through(Role::state, {"w[0,1]*=0", "w[1,:]*=-2"});
    expect_gradient_through(Role::state, {"w[0,1]=3", "w*=2"});
    expect_gradient_through(Role::weights, {"w[0,1]=0.5"});
    expect_gradient_through(Role::weights, {"w[1,0]=0", "w[0,2]=0.9"});
}

TEST(ObserverShows, seen_from_afar_tensors_are_told_anew_or_left_out) {
    Probe probe = probe_of();
    const Observer near = Observer(probe).named("block1.");
    const Observer far = near.redescribed([](Shown& s) {
        if (s.role != Role::gate) return false;
        s.title += ", block 1";
        s.step.rule.clear();
        return true;
    });
    const Tensor<float> values = counted({3});
    far.axis({"lost", AxisKind::feature, 1, {}, ""});
    far.note({"", "lost", ""});
    probe.axis({"channel", AxisKind::channel, 3, {}, "c"});
    far("inner", values, [] { return Shown{.symbol = "z", .title = "Inner", .axes = {"missing"}}; });
    far("gate", values, [] {
        return Shown{.role = Role::gate,
                     .symbol = "s",
                     .title = "Gate",
                     .axes = {"channel"},
                     .step = {"gate", "s = σ(z)", "@gate[c] = sigmoid(@inner[c])", "Hu 2018, eq. 3"}};
    });
    const Trace trace = probe.finish();
    ASSERT_EQ(trace.tensors().size(), 1u);
    EXPECT_EQ(trace.tensor("block1.gate").info.title, "Gate, block 1");
    EXPECT_EQ(trace.step_of("block1.gate")->rule, "");
    EXPECT_EQ(trace.step_of("block1.gate")->formula, "s = σ(z)");
    EXPECT_EQ(trace.axes().size(), 1u);
    EXPECT_TRUE(trace.notes().empty());
}

TEST(ObserverShows, what_was_taken_is_shown_again_and_a_probe_says_whether_it_changes_it) {
    Probe first = probe_of();
    const Tensor<float> values = counted({3});
    Observer{first}("a", values, [] {
        return Shown{.symbol = "a", .title = "A", .axes = {"n"}, .step = {"make", "a", "", ""}};
    });
    const ShownRun kept = first.take();
    EXPECT_TRUE(probe_of({"a[1]=2"}).changes(kept));
    EXPECT_FALSE(probe_of({"b[1]=2"}).changes(kept));
    Probe again = probe_of();
    again.show_again(kept);
    again.axis({"n", AxisKind::feature, 3, {}, "n"});
    const Trace trace = again.finish();
    EXPECT_EQ(trace.tensor("a").values.data()[2], 2);
    EXPECT_EQ(trace.step_of("a")->operation, "make");
}

}  // namespace
}  // namespace saccade::test::observer_test
