#include "src/merge.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace infra::logging::detail {
namespace {

/// Rings of records that have a time and a name.
struct rings {
    std::deque<ring> all;
    std::vector<ring::position> must;

    rings& with(std::vector<std::pair<std::uint64_t, std::string>> old,
                std::vector<std::pair<std::uint64_t, std::string>> recent = {}) {
        all.emplace_back(4096);
        for (const auto& each : old)
            put(each);
        must.push_back(all.back().end());
        for (const auto& each : recent)
            put(each);
        return *this;
    }
    void put(const std::pair<std::uint64_t, std::string>& r) {
        const record_parts parts{.severity = level::info, .time = r.first, .message = r.second};
        const auto size = record_size<field>(parts, {});
        write_record<field>(all.back().reserve(size), size, parts, {});
        all.back().commit();
    }

    std::string merged(std::uint64_t latest = merge::no_limit) {
        merge m;
        m.start(all.size(), latest);
        for (std::size_t i = 0; i < all.size(); ++i)
            m.add(all[i], must[i], all[i].end());
        std::string names;
        for (record r; const char* found = m.next();) {
            read_record(found, r);
            names += r.message;
        }
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].release(m.inputs()[i].at);
            must[i] = all[i].end();
        }
        return names;
    }
};

TEST(LogMerge, OrdersByTimeAcrossRings) {
    EXPECT_EQ(rings().with({{1, "a"}, {4, "d"}, {5, "e"}}).with({{2, "b"}, {3, "c"}, {6, "f"}}).merged(), "abcdef");
}

TEST(LogMerge, KeepsTheOrderOfOneRingWhateverItsTimes) {
    EXPECT_EQ(rings().with({{3, "a"}, {1, "b"}, {2, "c"}}).merged(), "abc");
}

TEST(LogMerge, PutsALateEarlyRecordInItsPlaceAndLeavesTheNewestForTheNextRound) {
    rings two;
    two.with({{5, "b"}}, {{9, "d"}}).with({}, {{4, "a"}, {7, "c"}});
    EXPECT_EQ(two.merged(), "ab");
    EXPECT_EQ(two.merged(), "cd");
    EXPECT_EQ(two.merged(), "");
}

TEST(LogMerge, StopsBeforeWhatIsLaterThanARecordOnItsWay) {
    rings two;
    two.with({{1, "a"}, {5, "d"}}).with({{2, "b"}, {3, "c"}, {6, "e"}});
    EXPECT_EQ(two.merged(3), "abc");
    EXPECT_EQ(two.merged(3), "");
    EXPECT_EQ(two.merged(), "de");
}

TEST(LogMerge, HasNothingToSayOfEmptyRings) { EXPECT_EQ(rings().with({}).with({}).merged(), ""); }

} // namespace
} // namespace infra::logging::detail
