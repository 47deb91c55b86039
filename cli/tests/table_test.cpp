#include "src/table.hpp"

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

TEST(Table, HasColumnsAsWideAsTheirCells) {
    EXPECT_EQ(table({"ID", "NAME", "REASON"}, {{"1", "grüße", "x"}, {"22", "b", ""}}),
              "ID  NAME   REASON\n1   grüße  x\n22  b");
    EXPECT_EQ(table({"A"}, {}), "A");
}

TEST(Table, CutsAndCleansWhatOthersWrote) {
    EXPECT_EQ(table({"A", "B"}, {{std::string(100, 'x'), "\x1b[2J\n"}}).substr(62), // heads and their padding
              "B\n" + std::string(59, 'x') + "…  ?[2J?");
}

TEST(Table, TurnsNothingRound) {
    EXPECT_EQ(table({"KEY"}, {{"\u202egpj.exe\u202c"}, {"שלום \u200f–"}}), "KEY\n?gpj.exe?\nשלום \u200f–");
}

TEST(Table, IsPaintedWithoutLosingItsColumns) {
    const auto only_failures = [](std::size_t row, std::size_t column, std::string_view cell) {
        return row == 1 && column == 1 ? "<" + std::string(cell) + ">" : std::string(cell);
    };
    EXPECT_EQ(table({"ID", "STATE", "WHY"}, {{"1", "waiting", ""}, {"2", "failed", "x"}}, only_failures),
              "ID  STATE    WHY\n1   waiting\n2   <failed>   x");
}

TEST(FactSheet, LeavesOutWhatIsNotKnown) {
    EXPECT_EQ(fact_sheet({{"id", "7"}, {"much longer", ""}, {"name", "a\tb"}}), "id    7\nname  a?b");
}

} // namespace
} // namespace infra::cli
