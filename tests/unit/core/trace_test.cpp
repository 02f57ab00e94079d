#include "trace/trace.hpp"

#include "testing.hpp"

namespace saccade::trace_test {
namespace {

using test::contains;
using test::error_of;

struct Small {
    Trace trace;
    AxisPtr rows, columns;
    Small() {
        rows = trace.add_axis({"output", AxisKind::query, 2, {"a", "b"}, "i"});
        columns = trace.add_axis({"source", AxisKind::key, 3, {}, "j"});
        trace.add({"scores", Role::scores, "e", "Scores", "logit", {rows, columns}}, Tensor<float>({2, 3}));
    }
};

TEST(Trace, keeps_what_is_added) {
    Small s;
    EXPECT_EQ(s.trace.tensor("scores").info.axes[1], s.columns);
    EXPECT_EQ(s.trace.find("weights"), nullptr);
    EXPECT_EQ(s.trace.axis("source"), s.columns);
    EXPECT_EQ(s.trace.axis("target"), nullptr);
    EXPECT_EQ(s.trace.with_role(Role::scores).size(), 1u);
    EXPECT_EQ(s.rows->label(1), "b");
    EXPECT_EQ(s.columns->label(2), "2");
}

TEST(Trace, refuses_axes_that_do_not_fit) {
    Small s;
    error_of(ErrorCode::invalid_input, [&] { s.trace.add_axis({"output", AxisKind::key, 4, {}, ""}); });
    error_of(ErrorCode::invalid_input, [&] { s.trace.add_axis({"other", AxisKind::key, 4, {"one"}, ""}); });
    error_of(ErrorCode::invalid_input, [&] { s.trace.add_axis({"", AxisKind::key, 4, {}, ""}); });
    EXPECT_EQ(s.trace.axes().size(), 2u);
}

TEST(Trace, refuses_tensors_that_do_not_fit) {
    Small s;
    Trace other;
    const AxisPtr foreign = other.add_axis({"source", AxisKind::key, 3, {}, "j"});
    const auto add = [&](std::string name, std::vector<AxisPtr> axes, Shape shape, Tensor<float> before = {}) {
        return error_of(ErrorCode::invalid_input, [&] {
            s.trace.add({std::move(name), Role::weights, "", "", "", std::move(axes)}, Tensor<float>(shape), std::move(before));
        });
    };
    EXPECT_TRUE(contains(add("scores", {s.rows}, {2}), "two tensors named 'scores'"));
    EXPECT_TRUE(contains(add("weights", {s.rows, s.columns}, {3, 2}), "'output' has extent 2"));
    EXPECT_TRUE(contains(add("weights", {s.rows}, {2, 3}), "1 axes"));
    EXPECT_TRUE(contains(add("weights", {s.rows, foreign}, {2, 3}), "not of this trace"));
    EXPECT_TRUE(contains(add("weights", {nullptr}, {2}), "not of this trace"));
    EXPECT_TRUE(contains(add("../weights", {s.rows}, {2}), "cannot name a tensor"));
    EXPECT_TRUE(contains(add("", {s.rows}, {2}), "cannot name a tensor"));
    EXPECT_TRUE(contains(add("weights", {s.rows}, {2}, Tensor<float>({3})), "before"));
    EXPECT_EQ(s.trace.tensors().size(), 1u);
}

TEST(Trace, refuses_steps_that_do_not_fit) {
    Small s;
    s.trace.add({"weights", Role::weights, "α", "", "", {s.rows, s.columns}}, Tensor<float>({2, 3}));
    error_of(ErrorCode::not_found, [&] { s.trace.add_step({"align", "nothing", "", "", ""}); });
    error_of(ErrorCode::bad_format, [&] { s.trace.add_step({"align", "weights", "", "weights[i,j] = (", ""}); });
    error_of(ErrorCode::invalid_input, [&] { s.trace.add_step({"align", "weights", "", "weights[i,j] = missing[i,j]", ""}); });
    error_of(ErrorCode::invalid_input, [&] { s.trace.add_step({"align", "weights", "", "weights[i,j] = scores[i]", ""}); });
    error_of(ErrorCode::invalid_input, [&] { s.trace.add_step({"align", "weights", "", "scores[i,j] = weights[i,j]", ""}); });
    EXPECT_TRUE(s.trace.steps().empty());
    s.trace.add_step({"align", "weights", "", "weights[i,j] = softmax_j(scores[i,j])", ""});
    error_of(ErrorCode::invalid_input, [&] { s.trace.add_step({"align", "weights", "", "", ""}); });
    EXPECT_EQ(s.trace.step_of("weights")->operation, "align");
    EXPECT_EQ(s.trace.step_of("scores"), nullptr);
}

TEST(Trace, a_missing_tensor_is_answered_with_those_that_there_are) {
    const Small s;
    EXPECT_TRUE(contains(error_of(ErrorCode::not_found, [&] { (void)s.trace.tensor("weight"); }), "choose one of: scores"));
}

TEST(Trace, names_of_roles_and_kinds_go_both_ways) {
    for (const Role role : {Role::input, Role::weights, Role::parameter, Role::metric})
        EXPECT_EQ(role_from(to_string(role)), role);
    for (const AxisKind kind : {AxisKind::batch, AxisKind::class_, AxisKind::step})
        EXPECT_EQ(axis_kind_from(to_string(kind)), kind);
    EXPECT_EQ(to_string(AxisKind::class_), "class");
    error_of(ErrorCode::bad_format, [] { role_from("attention"); });
    error_of(ErrorCode::bad_format, [] { axis_kind_from("class_"); });
}

}  // namespace
}  // namespace saccade::trace_test
