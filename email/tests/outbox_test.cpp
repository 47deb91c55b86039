#include <infra/email/outbox.hpp>

#include "tests/support.hpp"

#include <infra/email/mime.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::email {
namespace {

namespace fs = std::filesystem;

mail make_mail(std::string id, std::string key = "") {
    return {.id = std::move(id),
            .date =
                wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 3)) + std::chrono::milliseconds(1234),
            .from = "shop@x.org",
            .to = {"ann@example.org"},
            .bcc = {"b@example.org"},
            .subject = "S",
            .text = "t",
            .idempotency_key = std::move(key)};
}

struct OutboxTest : ::testing::Test {
    temporary_folder folder;
    blocking_pool pool{{.threads = 4}};
    std::string directory = (folder / "a/b").string();

    std::shared_ptr<transport> make() { return make_outbox_transport({.directory = directory, .pool = &pool}); }

    fs::path only_mail() const { return fs::path(directory) / mails_in(directory).at(0); }
    fs::path only_key() const { return fs::directory_iterator(fs::path(directory) / ".keys")->path(); }

    void as_if_it_had_died_before_marking() const {
        const auto key = only_key();
        fs::remove(key);
        fs::create_symlink(mails_in(directory).at(0), key);
    }

    static delivery deliver(transport& to, mail m) { return run(deliver_all(to, {std::move(m)})).at(0); }
    static awaitable<std::vector<delivery>> deliver_all(transport& to, std::vector<mail> all) {
        co_return co_await to.deliver(std::move(all), deadline::never());
    }
};

TEST_F(OutboxTest, WritesAFileThatSortsByTime) {
    const auto outbox = make();
    EXPECT_FALSE(fs::exists(directory)) << "construction is cold";
    const auto done = deliver(*outbox, make_mail("id-1"));
    EXPECT_EQ(done.id, "id-1");
    EXPECT_FALSE(done.duplicate);
    EXPECT_EQ(mails_in(directory), (std::vector<std::string>{"20261103T000001.234Z-id-1.eml"}));
    EXPECT_EQ(contents_of(fs::path(directory) / "20261103T000001.234Z-id-1.eml"),
              to_mime(make_mail("id-1"), {.senders_copy = true}));
    EXPECT_TRUE(fs::is_empty(fs::path(directory) / ".tmp"));
}

TEST_F(OutboxTest, IsTheOwnersOnly) {
    deliver(*make(), make_mail("id-1"));
    const auto mode = [](const fs::path& path) {
        struct stat found{};
        ::stat(path.c_str(), &found);
        return found.st_mode & 0777;
    };
    EXPECT_EQ(mode(directory), 0700u);
    EXPECT_EQ(mode(fs::path(directory) / mails_in(directory).at(0)), 0600u);
}

TEST_F(OutboxTest, WritesOneMailForAKey) {
    const auto outbox = make();
    EXPECT_EQ(deliver(*outbox, make_mail("first", "job-7")).id, "first");
    for (const auto* again : {"second", "third"}) {
        const auto done = deliver(*make(), make_mail(again, "job-7"));
        EXPECT_EQ(done.id, "first");
        EXPECT_TRUE(done.duplicate);
    }
    EXPECT_FALSE(deliver(*outbox, make_mail("other", "job-8")).duplicate);
    EXPECT_EQ(mails_in(directory).size(), 2u);
}

TEST_F(OutboxTest, TakesAnyKey) {
    const auto outbox = make();
    for (const auto& key :
         {std::string("../../x"), std::string(256, 'k'), std::string("a/b\0c", 5), std::string("ü\n")})
        EXPECT_FALSE(deliver(*outbox, make_mail(random_hex(4), key)).duplicate);
    EXPECT_EQ(mails_in(directory).size(), 4u);
}

TEST_F(OutboxTest, MakesOneFileOfAttemptsThatOverlap) {
    const auto outbox = make();
    for (const auto* key : {"", "job-7"}) {
        std::atomic<int> failed = 0;
        const auto attempt = [&] {
            for (int i = 0; i < 25; ++i)
                failed += deliver(*outbox, make_mail(key + ("same-" + std::to_string(i)), key)).failure.has_value();
        };
        std::vector<std::thread> attempts;
        for (int i = 0; i < 3; ++i)
            attempts.emplace_back(attempt);
        for (auto& each : attempts)
            each.join();
        EXPECT_EQ(failed, 0) << key;
    }
    EXPECT_EQ(mails_in(directory).size(), 25u + 1u);
    EXPECT_TRUE(fs::is_empty(fs::path(directory) / ".tmp"));
}

TEST_F(OutboxTest, RepairsAClaimWhoseMailWasNeverWritten) {
    const auto outbox = make();
    deliver(*outbox, make_mail("first", "job-7"));
    as_if_it_had_died_before_marking();
    fs::remove(only_mail());
    const auto done = deliver(*outbox, make_mail("second", "job-7"));
    EXPECT_EQ(done.id, "first");
    EXPECT_FALSE(done.duplicate);
    EXPECT_NE(contents_of(only_mail()).find("Message-ID: <first@x.org>"), std::string::npos);
    EXPECT_TRUE(deliver(*outbox, make_mail("third", "job-7")).duplicate);
}

TEST_F(OutboxTest, RemembersAKeyWhoseMailWasDeleted) {
    const auto outbox = make();
    deliver(*outbox, make_mail("first", "job-7"));
    fs::remove(only_mail());
    for (const auto* again : {"second", "third"}) {
        const auto done = deliver(*make(), make_mail(again, "job-7"));
        EXPECT_EQ(done.id, "first");
        EXPECT_TRUE(done.duplicate);
    }
    EXPECT_TRUE(mails_in(directory).empty());
}

TEST_F(OutboxTest, MarksAsSentWhatAProcessThatDiedHadWritten) {
    const auto outbox = make();
    deliver(*outbox, make_mail("first", "job-7"));
    as_if_it_had_died_before_marking();
    EXPECT_TRUE(deliver(*outbox, make_mail("second", "job-7")).duplicate);
    fs::remove(only_mail());
    EXPECT_TRUE(deliver(*outbox, make_mail("third", "job-7")).duplicate);
}

TEST_F(OutboxTest, ForgetsAKeyWithItsLink) {
    const auto outbox = make();
    deliver(*outbox, make_mail("first", "job-7"));
    EXPECT_TRUE(fs::equivalent(only_key(), only_mail())) << "the link leads to the mail";
    fs::remove(only_key());
    EXPECT_FALSE(deliver(*outbox, make_mail("second", "job-7")).duplicate);
    EXPECT_EQ(mails_in(directory).size(), 2u);
}

TEST_F(OutboxTest, SweepsWhatAProcessThatDiedLeft) {
    const auto left = fs::path(directory) / ".tmp";
    fs::create_directories(left / "folder");
    std::ofstream(left / "dead") << "half a mai";
    fs::create_symlink("../x", left / "link");
    EXPECT_FALSE(deliver(*make(), make_mail("id-1")).failure);
    EXPECT_EQ(mails_in(directory).size(), 1u);
    EXPECT_FALSE(fs::exists(left / "dead"));
    EXPECT_FALSE(fs::is_symlink(left / "link"));
    EXPECT_TRUE(fs::exists(left / "folder")) << "not ours";
}

TEST_F(OutboxTest, SparesWhatAnotherProcessIsWriting) {
    const auto busy = fs::path(directory) / ".tmp/busy";
    fs::create_directories(busy.parent_path());
    const int file = ::open(busy.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(::flock(file, LOCK_EX), 0);
    deliver(*make(), make_mail("id-1"));
    EXPECT_TRUE(fs::exists(busy));
    ::close(file);
    deliver(*make(), make_mail("id-2"));
    EXPECT_FALSE(fs::exists(busy));
}

// Every process that opens the outbox sweeps it, while others write.
TEST_F(OutboxTest, LosesNoMailToASweep) {
    std::vector<std::thread> threads;
    std::atomic<int> failed = 0;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 25; ++i)
                failed += deliver(*make(), make_mail(random_hex(6))).failure ? 1 : 0;
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(mails_in(directory).size(), 100u);
}

TEST_F(OutboxTest, WritesOneMailForAKeyWhoeverIsFaster) {
    for (int round = 0; round < 10; ++round) {
        const auto key = "race-" + std::to_string(round);
        std::vector<std::thread> threads;
        std::vector<message_id> ids(4);
        for (std::size_t t = 0; t < ids.size(); ++t)
            threads.emplace_back([&, t] { ids[t] = deliver(*make(), make_mail(random_hex(6), key)).id; });
        for (auto& each : threads)
            each.join();
        for (const auto& id : ids)
            EXPECT_EQ(id, ids[0]);
        EXPECT_EQ(mails_in(directory).size(), static_cast<std::size_t>(round) + 1);
    }
}

TEST_F(OutboxTest, DeliversSeveralAndSaysWhatBecameOfEach) {
    auto bad = make_mail("bad");
    bad.subject = "a\r\nBcc: evil@y.z";
    const auto done = run(deliver_all(*make(), {make_mail("one"), bad, make_mail("two")}));
    ASSERT_EQ(done.size(), 3u);
    EXPECT_FALSE(done[0].failure || done[2].failure);
    EXPECT_TRUE(done[1].failure);
    EXPECT_EQ(mails_in(directory).size(), 2u);
}

TEST_F(OutboxTest, SaysWhereItCannotWrite) {
    folder.write("file", "not a directory");
    directory = (folder / "file/outbox").string();
    const auto [code, sentence] = failure_of([&] { deliver(*make(), make_mail("id-1")); });
    EXPECT_EQ(code, infra::errc::io);
    EXPECT_NE(sentence.find("outbox: cannot "), std::string::npos) << sentence;
    EXPECT_NE(sentence.find(folder.string() + "/file"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("let EMAIL_URL name another place"), std::string::npos) << sentence;
}

TEST(Outbox, NeedsADirectory) { EXPECT_THROW(make_outbox_transport({.directory = ""}), std::invalid_argument); }

} // namespace
} // namespace infra::email
