// "One page of a service": what the documentation shows. spellings_test.cpp compiles it and runs its main().

#include <infra/app.hpp>
using namespace std::chrono_literals;

struct welcome_email {
    std::string user_id;
    std::string email;
};
BOOST_DESCRIBE_STRUCT(welcome_email, (), (user_id, email))

struct signup {
    std::string id;
    std::string name;
    std::string email;
};
BOOST_DESCRIBE_STRUCT(signup, (), (id, name, email))

static infra::awaitable<void> purge_sessions() { co_return; }

int main() {
    auto app = infra::app::from_environment({.name = "shop"});

    auto send_welcome = infra::queue::define_job<welcome_email>({
        .name = "send-welcome-email",
        .handler = [](welcome_email data) -> infra::awaitable<void> {
            co_await infra::email::send_email({.to = data.email, .template_name = "welcome"});
        },
        .attempts = 5,
        .backoff = infra::queue::exponential(1s),
    });

    infra::queue::define_cron({.name = "daily-cleanup", .pattern = "0 0 * * *", .handler = purge_sessions});

    app.http().post("/signup", [=](infra::http::request req) -> infra::awaitable<infra::http::response> {
        auto user = req.json<signup>(); // 422 naming the bad field
        co_await infra::queue::enqueue(send_welcome, {.user_id = user.id, .email = user.email}, {.delay = 5s});
        infra::log::info("signed up", {{"user_id", user.id}});
        co_return infra::http::response::created(user);
    });

    return app.run(); // /health /ready /metrics /ws /infra, worker, cron; drains on SIGTERM
}
