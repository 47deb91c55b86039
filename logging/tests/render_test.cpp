#include "src/render.hpp"

#include "render_support.hpp"

namespace infra::logging {
namespace {

std::string pretty_line(const draft& d, bool colours = false) {
    return rendered(
        d, colours ? [](line_buffer& out, const line& l) { append_pretty_line(out, l, true); }
                   : [](line_buffer& out, const line& l) { append_pretty_line(out, l, false); });
}

TEST(RenderedFields, MergeThoseOfAChildIntoThoseOfItsParent) {
    rendered_fields of_logger;
    const field first[] = {{"a", 1}, {"b", "x\"y"}}, second[] = {{"a", 2}, {"level", 3}};
    add(of_logger, first);
    add(of_logger, second);
    EXPECT_EQ(of_logger.json(), R"(,"a":2,"b":"x\"y","level_":3)");
}

TEST(PrettyLine, IsForPeople) {
    EXPECT_EQ(pretty_line({.severity = level::warn,
                           .module = "auth",
                           .message = "denied to \"ann\"",
                           .fields = {{"user", "ann"}, {"n", 3}},
                           .of_logger = {{"zone", "eu"}}}),
              "00:00:00.123 WARN  (auth) denied to \"ann\" zone=\"eu\" user=\"ann\" n=3\n");
}

TEST(PrettyLine, NamesItsTraceAsJsonDoesAndNoFieldLikeThat) {
    EXPECT_EQ(pretty_line({.fields = {{"trace_id", 7}}, .span = traced}),
              "00:00:00.123 INFO  m trace_id_=7 trace_id=0af7651916cd43dd8448eb211c80319c\n");
}

TEST(PrettyLine, LetsNothingThroughThatCommandsTheTerminal) {
    const auto line =
        pretty_line({.module = "m\x1b[2J", .message = "\x1b[31mred\nforged", .fields = {{"k\r", "\u009b2J"}}});
    for (const char* command : {"\x1b", "\r", "\u009b"})
        EXPECT_EQ(line.find(command), std::string::npos);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(PrettyLine, IsColouredOnlyWhenAsked) {
    EXPECT_NE(pretty_line({.severity = level::error}, true).find("\x1b[31mERROR\x1b[0m"), std::string::npos);
    EXPECT_EQ(pretty_line({.severity = level::error}, false).find('\x1b'), std::string::npos);
}

} // namespace
} // namespace infra::logging
