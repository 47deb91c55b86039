// More calls than there is room for wait for one another, and none for ever.

#include "proof.hpp"
#include "support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <vector>

namespace infra::storage {
namespace {

using namespace proof;

class S3Overload : public ::testing::TestWithParam<stub::profile> {};

TEST_P(S3Overload, OfDownloadsEndsWithAllOfThem) {
    stub::server s3({.profile = GetParam()});
    auto with =
        impatient(make_s3_bucket({.bucket = "photos", .endpoint = s3.endpoint(), .keys = s3.keys(), .connections = 3}));
    with.attempt_timeout = 1s;
    with.max_buffered = part_bytes;
    const infra::storage::storage files(with);
    const auto text = bytes(3 * part_bytes, 1);
    wait(files.put("first", "what the store is like is learned here"));
    wait(files.put("a", text));
    const temporary_folder folder;
    std::vector<std::future<object_info>> all;
    for (int i = 0; i < 12; ++i)
        all.push_back(
            asio::co_spawn(default_executor(), files.download("a", folder / std::to_string(i)), asio::use_future));
    for (auto& each : all) {
        ASSERT_EQ(each.wait_for(60s), std::future_status::ready);
        EXPECT_NO_THROW(each.get());
    }
    for (const auto& each : s3.requests_of("head"))
        EXPECT_NE(each.status, 0) << "it waited for a connection that nobody gave back";
}

INSTANTIATE_TEST_SUITE_P(On, S3Overload, ::testing::Values(stub::aws(), stub::r2()),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace infra::storage
