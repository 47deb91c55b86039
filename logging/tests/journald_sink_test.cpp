#include <infra/logging/journald_sink.hpp>

#include "support.hpp"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace infra::logging {
namespace {

/// A folder of the test's own.
struct folder {
    folder() {
        std::string made = (std::filesystem::temp_directory_path() / "infra-journald-XXXXXX").string();
        EXPECT_NE(::mkdtemp(made.data()), nullptr);
        path = made;
    }
    ~folder() { std::filesystem::remove_all(path); }
    std::string socket() const { return (path / "socket").string(); }

    std::filesystem::path path;
};

/// Plays journald.
class journal {
public:
    explicit journal(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        std::filesystem::remove(path);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
    }
    ~journal() { ::close(socket_); }
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;

    struct entry {
        std::string text{};
        bool by_file = false;
        int seals = 0;
    };

    /// The next one; empty if there is none after 30 s, or at once if there is none now.
    std::optional<entry> next(bool waits = true) {
        pollfd watched{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&watched, 1, waits ? 30'000 : 0) != 1)
            return std::nullopt;
        std::string bytes(1 << 20, '\0');
        iovec part{bytes.data(), bytes.size()};
        alignas(cmsghdr) char control[256] = {};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const auto size = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
        EXPECT_GE(size, 0);
        bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        const auto* header = CMSG_FIRSTHDR(&message);
        return header ? read_file(header, bytes) : entry{.text = std::move(bytes)};
    }

private:
    static entry read_file(const cmsghdr* header, const std::string& beside) {
        EXPECT_EQ(beside, ""); // both at once are ignored by journald
        int file = -1;
        std::memcpy(&file, CMSG_DATA(header), sizeof file);
        entry out{.by_file = true, .seals = ::fcntl(file, F_GET_SEALS)};
        out.text.resize(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)));
        EXPECT_EQ(::pread(file, out.text.data(), out.text.size(), 0), static_cast<ssize_t>(out.text.size()));
        ::close(file);
        return out;
    }

    const int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

std::string message_of(const std::optional<journal::entry>& e) {
    return e ? e->text.substr(0, e->text.find('\n')) : "nothing";
}

struct JournaldSink : ::testing::Test {
    folder where;

    std::shared_ptr<record_sink> sink(std::chrono::milliseconds longest_wait = 30s) const {
        return journald_sink({.identifier = "shop", .socket = where.socket(), .longest_wait = longest_wait});
    }
};

std::vector<record_view> many(std::size_t count) { return std::vector<record_view>(count, {.message = "m"}); }

TEST_F(JournaldSink, SendsALineAsAnEntry) {
    journal at(where.socket());
    pipeline out({.outputs = {{.records = sink()}}, .time = &still()});
    logger({.module = "web", .to = &out}).warn("hello", {{"port", 3000}});
    EXPECT_TRUE(out.flush(deadline::after(30s)));
    EXPECT_EQ(at.next()->text, "MESSAGE=hello\nPRIORITY=4\nSYSLOG_IDENTIFIER=shop\n"
                               "TIMESTAMP=2026-01-01T00:00:00.000Z\nLOGGER=web\nPORT=3000\n");
    EXPECT_FALSE(at.next(false));
}

TEST_F(JournaldSink, SendsWhatIsTooLargeForADatagramThroughSealedMemory) {
    journal at(where.socket());
    const auto to = sink();
    const std::string large(40 << 20, 'x');
    const record_view records[] = {{.message = "before"}, {.message = large}, {.message = "after"}};
    EXPECT_EQ(to->write(records).taken, 3U);
    EXPECT_EQ(message_of(at.next()), "MESSAGE=before");
    const auto entry = at.next();
    ASSERT_TRUE(entry && entry->by_file);
    EXPECT_EQ(entry->seals, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    EXPECT_EQ(message_of(entry), "MESSAGE=" + large);
    EXPECT_TRUE(entry->text.ends_with("Z\n"));
    EXPECT_EQ(message_of(at.next()), "MESSAGE=after");
}

TEST_F(JournaldSink, LosesLinesWhileTheJournalIsAwayAndFindsItAgain) {
    pipeline out({.outputs = {{.records = sink()}}, .synchronous = true, .time = &still()});
    const logger speaks({.to = &out});
    ::testing::internal::CaptureStderr();
    for (int round = 0; round < 2; ++round) { // the second time its path is there, and leads to nobody
        speaks.info("a");
        speaks.info("b");
        journal at(where.socket());
        speaks.info("back");
        EXPECT_EQ(message_of(at.next()), "MESSAGE=log lines were lost");
        EXPECT_EQ(message_of(at.next()), "MESSAGE=back");
        EXPECT_FALSE(at.next(false));
    }
    const auto said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(out.counts().lost, 4U);
    EXPECT_EQ(std::ranges::count(said, '\n'), 2) << said; // once for each time it was away
    EXPECT_NE(said.find("cannot write log lines"), std::string::npos) << said;
}

TEST_F(JournaldSink, FollowsAJournalThatWasStartedAnew) {
    const auto to = sink();
    const record_view one[] = {{.message = "m"}};
    for (int i = 0; i < 3; ++i) {
        journal at(where.socket());
        EXPECT_EQ(to->write(one).taken, 1U);
        EXPECT_EQ(message_of(at.next()), "MESSAGE=m");
    }
}

// A daemon that closes "all" descriptors and goes on, whose next file then has the socket's number.
TEST_F(JournaldSink, ClosesNothingThatHasItsSocketsNumberNow) {
    journal at(where.socket());
    const auto to = sink();
    const record_view one[] = {{.message = "m"}};
    const int number = ::dup(STDERR_FILENO); // the next that the process opens
    ::close(number);
    EXPECT_EQ(to->write(one).taken, 1U);
    const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::dup3(file, number, O_CLOEXEC), number);
    EXPECT_EQ(to->write(one).taken, 1U);
    EXPECT_EQ(::write(number, "x", 1), 1); // it is the file still
    EXPECT_TRUE(at.next() && at.next());
    ::close(number);
    ::close(file);
}

TEST_F(JournaldSink, WaitsForRoom) {
    journal at(where.socket());
    const auto to = sink();
    const auto records = many(5000);
    std::atomic<std::size_t> seen{0};
    std::jthread reads([&] {
        while (seen < records.size() && at.next())
            ++seen;
    });
    EXPECT_EQ(to->write(records).taken, records.size());
    reads.join();
    EXPECT_EQ(seen, records.size());
}

TEST_F(JournaldSink, WaitsForAFullJournalNoLongerThanItIsTold) {
    journal at(where.socket());
    const auto to = sink(1ms);
    const auto records = many(5000); // more than any queue of datagrams holds
    const auto first = to->write(records);
    EXPECT_LT(first.taken, records.size());
    EXPECT_EQ(first.failure.value(), ETIMEDOUT);
    EXPECT_EQ(to->write(records).taken, 0U);
    std::size_t arrived = 0;
    while (at.next(false))
        ++arrived;
    EXPECT_EQ(arrived, first.taken);
    EXPECT_EQ(to->write(std::span(records).first(1)).taken, 1U);
}

TEST_F(JournaldSink, DoesNotWaitAgainForAJournalThatIsStuck) {
    journal at(where.socket());
    const auto to = sink(200ms);
    const auto records = many(5000);
    to->write(records);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(to->write(records).taken, 0U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s); // of 20 s
}

TEST(JournaldSinkOptions, AreValidatedByField) {
    EXPECT_NO_THROW(journald_sink());
    EXPECT_THROW(journald_sink({.socket = ""}), std::invalid_argument);
    EXPECT_THROW(journald_sink({.socket = std::string(108, 'x')}), std::invalid_argument);
    EXPECT_NO_THROW(journald_sink({.socket = std::string(107, 'x')}));
    EXPECT_THROW(journald_sink({.longest_wait = -1ms}), std::invalid_argument);
}

} // namespace
} // namespace infra::logging
