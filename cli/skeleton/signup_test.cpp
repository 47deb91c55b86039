#include "signup.hpp"

#include <infra/testing/captured_mail.hpp>
#include <infra/testing/inline_queue.hpp>

#include <gtest/gtest.h>

TEST(Signup, IsWelcomedByMail) {
    infra::testing::inline_queue work;
    const auto mail = std::make_shared<infra::testing::captured_mail>();
    infra::email::set_default_mailer(infra::email::mailer({.transport = mail, .templates = "emails"}));

    infra::wait(work.jobs().enqueue(service::welcome(), {.name = "Ann", .email = "ann@example.org"}));
    EXPECT_TRUE(work.run_due().all_completed());

    const auto welcomed = mail->was_sent({.to = "ann@example.org", .text_contains = "Hi Ann"});
    EXPECT_TRUE(welcomed) << welcomed;
}
