#include "tests/span_support.hpp"

#include "src/traces/trace_answers.hpp"

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

const auto now = from_unix_ms(1'767'225'600'000) + std::chrono::seconds(1);

// "name depth", with a star where it is critical and a dot where it is open.
std::vector<std::string> shown(const std::vector<tree_span>& all) {
    std::vector<std::string> out;
    for (const auto& each : all)
        out.push_back(each.span->name + ' ' + std::to_string(each.depth) + (each.critical ? "*" : "") +
                      (each.open ? "." : ""));
    return out;
}
using lines = std::vector<std::string>;

TEST(TraceTree, StandsInOrderWithWhatTheRootWaitedFor) {
    const auto tree = tree_of({made({.id = 4, .parent = 2, .name = "row", .start = 12, .end = 30}),
                               made({.id = 2, .parent = 1, .name = "select", .start = 10, .end = 40}),
                               made({.id = 3, .parent = 1, .name = "beside", .start = 5, .end = 35}),
                               made({.id = 5, .parent = 1, .name = "insert", .start = 50, .end = 90}),
                               made({.id = 1, .name = "root", .start = 0, .end = 100})},
                              {}, now);
    EXPECT_EQ(shown(tree), (lines{"root 0*", "beside 1", "select 1*", "row 2*", "insert 1*"}));
    EXPECT_EQ(tree[0].children, 3U);
    EXPECT_EQ(tree[0].own, std::chrono::milliseconds(25)); // 0 to 5, 40 to 50, 90 to 100
}

TEST(TraceTree, ShowsWhatIsOpenUntilNow) {
    const auto open = *made({.id = 1, .name = "root", .end = 0});
    const auto tree = tree_of({made({.id = 2, .parent = 1, .name = "done"})}, {open}, now);
    EXPECT_EQ(shown(tree), (lines{"root 0*.", "done 1*"}));
    EXPECT_EQ(tree[0].span->end, now);
}

TEST(TraceTree, PutsWhatHasNoParentHereBesideTheRoot) {
    const auto tree = tree_of({made({.id = 1, .name = "POST", .end = 10}),
                               made({.id = 5, .parent = 77, .name = "process mail", .start = 20, .end = 60})},
                              {}, now);
    EXPECT_EQ(shown(tree), (lines{"POST 0*", "process mail 0*"})) << "the trace ends with it";
}

TEST(TraceTree, CriticalPathGoesToTheLastEndOfTheWholeTrace) {
    struct row {
        const char* what;
        std::vector<ended_span> spans;
        lines expected;
    };
    const row rows[] = {
        {"a job that its request does not wait for",
         {{.id = 1, .name = "POST", .start = 0, .end = 10},
          {.id = 2, .parent = 1, .name = "select", .start = 1, .end = 4},
          {.id = 3, .parent = 1, .name = "add", .start = 5, .end = 6},
          {.id = 4, .parent = 3, .name = "job", .start = 20, .end = 60},
          {.id = 5, .parent = 4, .name = "mail", .start = 30, .end = 55},
          {.id = 6, .parent = 1, .name = "render", .start = 7, .end = 9}},
         {"POST 0*", "select 1*", "add 1*", "job 2*", "mail 3*", "render 1"}},
        {"a child that goes on after its parent's end",
         {{.id = 1, .name = "POST", .start = 0, .end = 10},
          {.id = 2, .parent = 1, .name = "job", .start = 5, .end = 60}},
         {"POST 0*", "job 1*"}},
        {"a job that ends before its request does",
         {{.id = 1, .name = "POST", .start = 0, .end = 100},
          {.id = 2, .parent = 1, .name = "add", .start = 5, .end = 6},
          {.id = 3, .parent = 2, .name = "job", .start = 20, .end = 60},
          {.id = 4, .parent = 1, .name = "render", .start = 10, .end = 90}},
         {"POST 0*", "add 1*", "job 2", "render 1*"}},
        {"two jobs, of which the second ends last: the first is beside the path, what added it is not",
         {{.id = 1, .name = "POST", .start = 0, .end = 100},
          {.id = 2, .parent = 1, .name = "order", .start = 10, .end = 40},
          {.id = 3, .parent = 2, .name = "job 1", .start = 30, .end = 150},
          {.id = 4, .parent = 1, .name = "pay", .start = 50, .end = 90},
          {.id = 5, .parent = 4, .name = "job 2", .start = 80, .end = 200}},
         {"POST 0*", "order 1*", "job 1 2", "pay 1*", "job 2 2*"}},
        {"a job whose adding is not kept here, while its request goes on",
         {{.id = 1, .name = "POST", .start = 0, .end = 100},
          {.id = 2, .parent = 1, .name = "select", .start = 10, .end = 40},
          {.id = 5, .parent = 77, .name = "job", .start = 50, .end = 120}},
         {"POST 0*", "select 1*", "job 0*"}},
    };
    for (const auto& each : rows) {
        std::vector<span_ptr> ended;
        for (const auto& one : each.spans)
            ended.push_back(made(one));
        EXPECT_EQ(shown(tree_of(std::move(ended), {}, now)), each.expected) << each.what;
    }
}

TEST(TraceTree, IsNotCaughtByASpanThatIsItsOwnAncestor) {
    const auto tree = tree_of({made({.id = 1, .parent = 1, .name = "self"}), made({.id = 2, .parent = 3, .name = "a"}),
                               made({.id = 3, .parent = 2, .name = "b"}), made({.id = 4, .parent = 3, .name = "c"})},
                              {}, now);
    EXPECT_EQ(tree.size(), 4U);
}

TEST(TraceAnswer, LinksJobsAndMailsAndCutsLongTexts) {
    const auto answer = trace_answer(
        tree_of({made({.id = 1,
                       .name = "process mail",
                       .failed = true,
                       .attributes = {{"messaging.destination.name", "mail"}, {"messaging.message.id", "8812"}}}),
                 made({.id = 2,
                       .parent = 1,
                       .name = "send email",
                       .attributes = {{"email.message_id", "m1"}, {"long", std::string(2000, 'x')}}})},
                {}, now),
        3);
    EXPECT_EQ(json::to_text(answer.at("jobs")), R"([{"queue":"mail","id":"8812"}])");
    EXPECT_EQ(json::to_text(answer.at("mails")), R"(["m1"])");
    EXPECT_EQ(answer.at("failed"), true);
    EXPECT_EQ(answer.at("left_out"), 3);
    EXPECT_EQ(answer.at("us"), 10'000);
    const auto& second = answer.at("spans").at(1);
    EXPECT_EQ(second.at("attributes").at("long").as_string().size(), 512U);
    EXPECT_EQ(second.at("cut"), true);
    EXPECT_EQ(second.at("parent"), "0000000000000001");
}

} // namespace
} // namespace infra::dashboard
