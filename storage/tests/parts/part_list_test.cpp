#include "src/parts/part_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::storage {
namespace {

const part_list about{.etag = "e\"1", .size = 250, .part_size = 100, .kind = checksum_kind::crc64nvme};
const checksum sum(checksum_kind::crc64nvme, std::string(7, '\0') + "M");

TEST(PartList, ReadsWhatItWrites) {
    const auto read = read_part_list(first_line(about) + line_of(2, sum) + line_of(1, sum) + line_of(2, sum));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->etag, about.etag);
    EXPECT_EQ(read->size, 250u);
    EXPECT_EQ(read->part_size, 100u);
    EXPECT_EQ(read->kind, checksum_kind::crc64nvme);
    EXPECT_EQ(read->arrived, (std::map<int, checksum>{{1, sum}, {2, sum}}));
}

TEST(PartList, TakesNoLineThatWasCutOff) {
    const auto whole = first_line(about) + line_of(1, sum);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto read = read_part_list(whole.substr(0, size));
        EXPECT_EQ(read.has_value(), size >= first_line(about).size()) << size;
        if (read)
            EXPECT_TRUE(read->arrived.empty()) << size;
    }
}

TEST(PartList, PassesOverWhatSaysNothing) {
    const auto read = read_part_list(first_line(about) + "nonsense\n[3]\n[4,\"AAAA\"]\n\n" + line_of(5, sum));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->arrived, (std::map<int, checksum>{{5, sum}}));
}

TEST(PartList, IsNothingOfOthers) {
    for (const auto* text : {"", "\n", "hello\n", "{}\n", R"({"etag":"e","size":1,"part_size":0,"checksum":"crc32c"})",
                             "{\"etag\":\"e\",\"size\":1,\"part_size\":0,\"checksum\":\"crc32c\"}\n",
                             "{\"etag\":\"e\",\"size\":1,\"part_size\":1,\"checksum\":\"md5\"}\n"})
        EXPECT_FALSE(read_part_list(text)) << text;
}

} // namespace
} // namespace infra::storage
