#include "src/bidi.hpp"

#include <gtest/gtest.h>

namespace infra::email {
namespace {

TEST(Bidi, EndsEveryDirectionThatWasBegun) {
    struct expectation {
        std::string text, ended;
    };
    const expectation table[] = {
        {"", ""},
        {"Ann", "Ann"},
        {"\u05d3\u05e0\u05d4 \u200f", "\u05d3\u05e0\u05d4 \u200f"},
        {"\u202emoc", "\u202emoc\u202c"},
        {"\u202ea\u202c", "\u202ea\u202c"},
        {"\u2068Ann\u2069", "\u2068Ann\u2069"},
        {"\u2067a\u202bb\u202d", "\u2067a\u202bb\u202d\u202c\u202c\u2069"},
        {"\u2066\u202a\u2069", "\u2066\u202a\u2069"}, // the isolate's end ends the embedding
        {"\u202a\u2069\u2069x", "\u202a\u2069\u2069x\u202c"},
        {"\u2066\u202c", "\u2066\u202c\u2069"},
        {"\xe2\x80", "\xe2\x80"},
    };
    std::string room;
    for (const auto& [text, ended] : table)
        EXPECT_EQ(with_directions_ended(text, room), ended);
    room = "\u202eroom";
    EXPECT_EQ(with_directions_ended(std::string_view(room).substr(0, 4), room), "\u202er\u202c")
        << "it may lie in there";
}

TEST(Bidi, IsNotInTheNameOfAFile) {
    const std::pair<std::string, std::string> table[] = {
        {"a.pdf", "a.pdf"},
        {"ann\u202etxt.exe", "ann_txt.exe"},
        {"\u202aa\u202bb\u202cc\u202dd\u202ee\u2066f\u2067g\u2068h\u2069", "_a_b_c_d_e_f_g_h_"},
        {"\u05d3\u05e0\u05d4\u200f.pdf", "\u05d3\u05e0\u05d4\u200f.pdf"}, // a mark turns nothing around
        {"\u2026 \u20ac\u2065\u206a", "\u2026 \u20ac\u2065\u206a"},
        {"\xe2\x80", "\xe2\x80"},
    };
    for (const auto& [name, safe] : table)
        EXPECT_EQ(file_name_without_directions(name), safe);
}

} // namespace
} // namespace infra::email
