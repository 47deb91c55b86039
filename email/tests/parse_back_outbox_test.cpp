#include <infra/email.hpp>

#include "tests/python_mail.hpp"
#include "tests/support.hpp"

#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

// The whole way: template, mailer, outbox, file.
TEST(ParseBackOutbox, FindsWhatWasSent) {
    const temporary_folder place;
    place.write("emails/welcome.md",
                "---\nsubject: Welcome, {{name}}!\npreheader: Ready.\nfrom: Starter <hello@example.com>\n---\n"
                "Hi **{{name}}**, [read](https://example.com/docs?for={{name}}).\n");
    asio::io_context loop; // outlives the pool, whose threads hold on to the answers they gave
    blocking_pool pool({.threads = 1});
    const mailer sender({.transport = make_outbox_transport({.directory = (place / "outbox").string(), .pool = &pool}),
                         .templates = (place / "emails").string(),
                         .pool = &pool});
    auto id = asio::co_spawn(loop,
                             sender.send({.to = address::named("J\xc3\xb6rg <b>", "j@example.org"),
                                          .template_name = "welcome",
                                          .data = {{"name", "J\xc3\xb6rg <b>*x*"}},
                                          .idempotency_key = "job-1"}),
                             asio::use_future);
    loop.run();
    const auto files = mails_in(place / "outbox");
    ASSERT_EQ(files.size(), 1U);
    EXPECT_NE(files[0].find(id.get()), std::string::npos);

    const auto read = read_files({(place / "outbox" / files[0]).string()}).at(0);
    EXPECT_EQ(read.defects, std::vector<std::string>{});
    EXPECT_EQ(read.tree, "multipart/alternative text/plain text/html");
    EXPECT_EQ(read.header("Subject"), "Welcome, J\xc3\xb6rg <b>*x*!");
    EXPECT_EQ(read.addresses.at("From"), (std::vector<text_pair>{{"Starter", "hello@example.com"}}));
    EXPECT_EQ(read.addresses.at("To"), (std::vector<text_pair>{{"J\xc3\xb6rg <b>", "j@example.org"}}));
    EXPECT_TRUE(read.leaves.at(0).content.starts_with(
        "Hi J\xc3\xb6rg <b>*x*, read (https://example.com/docs?for=J%C3%B6rg%20%3Cb%3E%2Ax%2A)."))
        << read.leaves.at(0).content;
    EXPECT_NE(read.leaves.at(1).content.find("<strong>J\xc3\xb6rg &lt;b&gt;*x*</strong>"), std::string::npos);
}

} // namespace
} // namespace infra::email
