#include <infra/storage/error.hpp>

#include "src/error_name.hpp"

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

namespace infra::storage {
namespace {

TEST(StorageError, SaysItsNameAndWhetherToTryAgain) {
    const storage_error gone(errc::not_found, "get a.txt: there is no such object");
    EXPECT_EQ(gone.name(), "not_found");
    EXPECT_FALSE(gone.retryable());
    EXPECT_STREQ(gone.what(), "get a.txt: there is no such object");
    const storage_error slow(errc::throttled, "put a.txt: the store asks for patience");
    EXPECT_EQ(slow.name(), "throttled");
    EXPECT_TRUE(slow.retryable());
}

TEST(StorageError, KeepsWhatTheStoreSaid) {
    const storage_error e(errc::denied, "get a.txt: the secret is not that of the key",
                          {.name = "SignatureDoesNotMatch", .status = 403, .request_id = "7"});
    EXPECT_EQ(e.code(), errc::denied);
    EXPECT_EQ(e.name(), "SignatureDoesNotMatch");
    EXPECT_EQ(e.status(), 403);
    EXPECT_EQ(e.request_id(), "7");
}

TEST(StorageError, NamesEveryCodeOfItsOwn) {
    for (int code = 1; code <= static_cast<int>(errc::refused); ++code) {
        const storage_error e(static_cast<errc>(code), "x");
        EXPECT_FALSE(e.name().empty());
        EXPECT_NE(e.code().message(), "unknown");
    }
    EXPECT_EQ(storage_error(infra::errc::timed_out, "x").name(), "timed_out");
    EXPECT_EQ(storage_error(infra::errc::misconfigured, "x").name(), "misconfigured");
}

TEST(StorageError, HasOneWordForWhatIsNotItsOwn) {
    EXPECT_EQ(name_of(boost::asio::error::operation_aborted), "cancelled");
    EXPECT_EQ(name_of(boost::asio::error::connection_reset), "error");
    EXPECT_EQ(name_of({}), "error");
}

} // namespace
} // namespace infra::storage
