#include "src/claim_size.hpp"

#include <gtest/gtest.h>

namespace infra::queue::tests {
namespace {

struct claim_case {
    const char* what;
    occupancy is;
    claim_size next;
};

void expect(const std::vector<claim_case>& table) {
    for (const auto& row : table) {
        const auto next = next_claim(row.is);
        EXPECT_EQ(next.places, row.next.places) << row.what;
        EXPECT_EQ(next.ahead, row.next.ahead) << row.what;
    }
}

TEST(QueueClaimSize, IsThatOfTheFreePlaces) {
    expect({
        {"nothing taken", {.concurrency = 10}, {10}},
        {"some taken", {.concurrency = 10, .taken = 7}, {3}},
        {"all taken", {.concurrency = 10, .taken = 10}, {0}},
        {"more than all", {.concurrency = 10, .taken = 11, .backlog = true}, {0}},
        {"a claim is under way", {.concurrency = 10, .taken = 4, .claims = 1, .asked = 3}, {0}},
    });
}

TEST(QueueClaimSize, IsThatOfHalfOfManyPlaces) {
    expect({
        {"the first", {.concurrency = 100}, {50}},
        {"the second", {.concurrency = 100, .claims = 1, .asked = 50}, {50}},
        {"no third", {.concurrency = 100, .claims = 2, .asked = 60}, {0}},
        {"what is left", {.concurrency = 100, .taken = 30, .claims = 1, .asked = 50}, {20}},
        {"an odd number", {.concurrency = 33, .claims = 1, .asked = 16}, {16}},
    });
}

TEST(QueueClaimSize, HoldsWhatIsBeyondThePlacesToo) {
    expect({
        {"few places", {.concurrency = 1, .ahead = 100}, {1, 100}},
        {"many places, the first", {.concurrency = 100, .ahead = 100}, {50, 50}},
        {"many places, the second",
         {.concurrency = 100, .ahead = 100, .claims = 1, .asked = 50, .asked_ahead = 50},
         {50, 50}},
        {"some are held, though places are asked for",
         {.concurrency = 20, .ahead = 10, .taken = 23, .claims = 1, .asked = 5},
         {0, 0}},
        {"a place is free", {.concurrency = 10, .ahead = 4, .taken = 9}, {1, 4}},
        {"an odd number ahead", {.concurrency = 20, .ahead = 5}, {10, 3}},
    });
}

TEST(QueueClaimSize, TakesAheadOfFullPlacesOnlyWhereMoreWaitAndHalfIsLeft) {
    expect({
        {"no more wait", {.concurrency = 1, .ahead = 100, .taken = 1}, {0, 0}},
        {"all is left", {.concurrency = 1, .ahead = 100, .taken = 1, .backlog = true}, {0, 100}},
        {"half is left", {.concurrency = 1, .ahead = 100, .taken = 51, .backlog = true}, {0, 50}},
        {"less is left", {.concurrency = 1, .ahead = 100, .taken = 52, .backlog = true}, {0, 0}},
        {"one may be held, and is", {.concurrency = 1, .ahead = 1, .taken = 2, .backlog = true}, {0, 0}},
        {"one may be held", {.concurrency = 1, .ahead = 1, .taken = 1, .backlog = true}, {0, 1}},
        {"none may be held", {.concurrency = 1, .taken = 1, .backlog = true}, {0, 0}},
        {"many places", {.concurrency = 100, .ahead = 100, .taken = 120, .backlog = true}, {0, 50}},
        {"half of it is asked for",
         {.concurrency = 100, .ahead = 100, .taken = 100, .claims = 1, .asked_ahead = 50, .backlog = true},
         {0, 50}},
        {"all of it is asked for",
         {.concurrency = 100, .ahead = 100, .taken = 101, .claims = 1, .asked_ahead = 50, .backlog = true},
         {0, 0}},
        {"it may hold less than it does", {.concurrency = 10, .ahead = 2, .taken = 60, .backlog = true}, {0, 0}},
    });
}

} // namespace
} // namespace infra::queue::tests
