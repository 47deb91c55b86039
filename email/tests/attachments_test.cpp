#include "src/attachments.hpp"

#include "tests/scripted_transport.hpp"

#include <infra/email/error.hpp>
#include <infra/testing/captured_mail.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace infra::email {
namespace {

struct Attachments : ::testing::Test {
    temporary_folder folder;

    std::string path(std::string_view name) const { return (folder / name).string(); }

    failure refusal(const std::string& of, std::size_t max_bytes = 1000) const {
        std::vector<attachment> all{{.file = of}};
        return failure_of([&] { read_files(all, max_bytes); });
    }
};

TEST_F(Attachments, AreReadFromFiles) {
    folder.write("a.bin", std::string_view("a\0b\n", 4));
    folder.write("empty", "");
    std::vector<attachment> all{{.content = "here"}, {.file = path("a.bin")}, {.file = path("empty")}};
    read_files(all, 8);
    EXPECT_EQ(all[1].content, std::string("a\0b\n", 4));
    EXPECT_EQ(all[2].content, "");
}

TEST_F(Attachments, ThatAreTooLargeAreNotRead) {
    folder.write("small", "123");
    ASSERT_EQ(::truncate(path("small").c_str(), 30 << 20), 0);
    EXPECT_EQ(::chmod(path("small").c_str(), 0600), 0);
    const auto [code, sentence] = refusal(path("small"), 20 << 20);
    EXPECT_EQ(code, errc::too_large);
    EXPECT_EQ(sentence,
              "the attachment " + path("small") +
                  " has 31457280 bytes, and 20971520 are left of mailer_options::max_bytes; send a link to it");
}

TEST_F(Attachments, ShareTheRoom) {
    folder.write("a", std::string(600, 'a'));
    std::vector<attachment> all{{.file = path("a")}, {.content = std::string(300, 'x')}, {.file = path("a")}};
    EXPECT_EQ(failure_of([&] { read_files(all, 1499); }).code, errc::too_large);
    EXPECT_EQ(failure_of([&] { read_files(all, 1500); }).code, boost::system::error_code());
    EXPECT_EQ(failure_of([&] { read_files(all, 299); }).code, errc::too_large);
}

TEST_F(Attachments, ThatAreNoFilesAreRefusedAtOnce) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    ASSERT_EQ(::symlink("/dev/zero", path("endless").c_str()), 0);
    for (const auto& each : {path("pipe"), path("endless"), folder.string(), std::string("/dev/zero")}) {
        const auto [code, sentence] = refusal(each);
        EXPECT_EQ(code, errc::no_attachment) << each;
        EXPECT_EQ(sentence, "email::attachment::file: cannot read " + each + ": it is not a regular file");
    }
}

TEST_F(Attachments, ThatAreNotThereAreNamed) {
    const auto [code, sentence] = refusal(path("none.pdf"));
    EXPECT_EQ(code, errc::no_attachment);
    EXPECT_EQ(sentence, "email::attachment::file: cannot read " + path("none.pdf") + ": No such file or directory");
    folder.write("a", "x");
    EXPECT_EQ(refusal(path("a") + std::string("\0.png", 5)).code, errc::no_attachment);
}

// Of files whose size nobody knows before, as in /proc, there is no more than the limit.
TEST_F(Attachments, OfUnknownSizeAreBounded) {
    std::vector<attachment> all{{.file = "/proc/self/status"}};
    read_files(all, 1 << 20);
    EXPECT_GT(all[0].content.size(), 100u);
    EXPECT_EQ(refusal("/proc/self/status", 100).code, errc::too_large);
}

// --- Through a mailer -------------------------------------------------------------------------------------------

struct MailWithAttachments : Attachments {
    std::shared_ptr<testing::captured_mail> sent = std::make_shared<testing::captured_mail>();
    mailer_options options{.transport = sent, .from = "shop@x.org"};

    message with(attachment a) const {
        auto m = make_message();
        m.attachments = {std::move(a)};
        return m;
    }
};

TEST_F(MailWithAttachments, CarriesTheBytesAndTheNameOfAFile) {
    folder.write("in voice.pdf", "%PDF");
    run(mailer(options).send(with({.file = path("in voice.pdf")})));
    run(mailer(options).send(with({.filename = "yours.pdf", .file = path("in voice.pdf")})));
    EXPECT_EQ(sent->sent().at(0).attachments.at(0).filename, "in voice.pdf");
    EXPECT_EQ(sent->sent().at(0).attachments.at(0).content, "%PDF");
    EXPECT_EQ(sent->sent().at(0).attachments.at(0).file, "");
    EXPECT_EQ(sent->sent().at(1).attachments.at(0).filename, "yours.pdf");
}

TEST_F(MailWithAttachments, ReadsWhatIsStored) {
    std::size_t room = 0;
    options.max_bytes = 1000;
    options.read_stored = [&](std::string key, std::size_t max_bytes) -> awaitable<std::string> {
        room = max_bytes;
        co_return "bytes of " + key;
    };
    auto m = with({.stored = "invoices/17.pdf"});
    m.attachments.push_back({.filename = "a", .content = std::string(100, 'x')});
    run(mailer(options).send(m));
    EXPECT_EQ(room, 900u);
    EXPECT_EQ(sent->sent().at(0).attachments.at(0).filename, "17.pdf");
    EXPECT_EQ(sent->sent().at(0).attachments.at(0).content, "bytes of invoices/17.pdf");
    options.max_bytes = 20;
    EXPECT_EQ(failure_of([&] { run(mailer(options).send(with({.stored = "invoices/17.pdf"}))); }).code,
              errc::too_large);
}

TEST_F(MailWithAttachments, SaysWhereStorageIsMissing) {
    const auto [code, sentence] = failure_of([&] { run(mailer(options).send(with({.stored = "k"}))); });
    EXPECT_EQ(code, errc::no_attachment);
    EXPECT_NE(sentence.find("mailer_options::read_stored"), std::string::npos) << sentence;
}

TEST_F(MailWithAttachments, FailsOnlyItselfInABatch) {
    folder.write("a", "x");
    const auto done = run(mailer(options).send_batch({with({.file = path("none")}), with({.file = path("a")})}));
    EXPECT_EQ(done.at(0).failure->code(), errc::no_attachment);
    EXPECT_FALSE(done.at(1).failure);
}

} // namespace
} // namespace infra::email
