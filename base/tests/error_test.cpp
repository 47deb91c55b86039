#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <system_error>

namespace infra {
namespace {

TEST(Error, SaysTheSentenceAlone) {
    const error e(errc::timed_out, "REDIS_URL: no answer within 2 s; is it running?");
    EXPECT_STREQ(e.what(), "REDIS_URL: no answer within 2 s; is it running?");
    EXPECT_EQ(e.code(), errc::timed_out);
}

TEST(Error, IsCaughtAsSystemError) {
    try {
        throw error(errc::closed, "closed");
    } catch (const boost::system::system_error& e) {
        EXPECT_EQ(e.code(), errc::closed);
    }
}

TEST(Error, EveryCodeHasASentence) {
    for (int code = 1; code <= static_cast<int>(errc::misconfigured); ++code)
        EXPECT_EQ(base_category().message(code).find("unknown"), std::string::npos) << code;
    EXPECT_EQ(base_category().message(0), "unknown error 0");
    EXPECT_EQ(base_category().message(99), "unknown error 99");
    EXPECT_EQ(base_category().message(-1), "unknown error -1");
}

TEST(Error, DescribesWhateverWasThrown) {
    EXPECT_EQ(describe(std::make_exception_ptr(std::runtime_error("boom"))), "boom");
    EXPECT_EQ(describe(std::make_exception_ptr(std::string("text"))), "text");
    EXPECT_EQ(describe(std::make_exception_ptr(42)), "an exception that is not a std::exception");
    EXPECT_EQ(describe(nullptr), "");
}

TEST(Error, FindsTheCodeOfWhateverWasThrown) {
    EXPECT_EQ(code_of(std::make_exception_ptr(error(errc::io, "x"))), errc::io);
    EXPECT_EQ(code_of(std::make_exception_ptr(std::system_error(std::make_error_code(std::errc::no_space_on_device)))),
              boost::system::errc::no_space_on_device);
    EXPECT_TRUE(code_of(std::make_exception_ptr(42)).failed());
    EXPECT_EQ(code_of(std::make_exception_ptr(42)).message(), "unknown");
    EXPECT_NE(code_of(std::make_exception_ptr(42)), boost::system::errc::operation_not_permitted);
    EXPECT_FALSE(code_of(nullptr).failed());
}

} // namespace
} // namespace infra
