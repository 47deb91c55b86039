#include "src/file/errors.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace infra::storage::disk {
namespace {

TEST(FileErrors, SayWhatHappenedToWhatAndWhatToDo) {
    const auto e = failure_of(ENOSPC, "put a.txt", ".infra/tmp");
    EXPECT_STREQ(e.what(), "put a.txt: .infra/tmp: No space left on device; remove something, or let STORAGE_URL name "
                           "another disk");
    EXPECT_EQ(e.name(), "full");
}

TEST(FileErrors, AreWhatACallerBranchesOn) {
    const struct {
        int reason;
        boost::system::error_code code;
        bool retryable;
    } table[] = {
        {ENOSPC, errc::full, false},
        {EDQUOT, errc::full, false},
        {EFBIG, errc::too_large, false},
        {EACCES, infra::errc::io, false},
        {EROFS, infra::errc::io, false},
        {ENAMETOOLONG, infra::errc::io, false},
        {EIO, infra::errc::io, false},
        {ELOOP, infra::errc::io, false},
        {EMFILE, infra::errc::overloaded, true},
        {ENFILE, infra::errc::overloaded, true},
    };
    for (const auto& [reason, code, retryable] : table) {
        const auto e = failure_of(reason, "get a", "a%");
        EXPECT_EQ(e.code(), code) << e.what();
        EXPECT_EQ(e.retryable(), retryable) << e.what();
    }
}

} // namespace
} // namespace infra::storage::disk
