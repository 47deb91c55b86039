// "One page of a service" of docs/api.md. one_page_test.py starts it, asks it once and stops it.

// [page]
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

    app.http().post("/signup", [=](infra::http::request req) -> infra::awaitable<infra::http::response> {
        auto user = req.json<signup>(); // 422 naming the bad field
        co_await infra::queue::enqueue(send_welcome, {.user_id = user.id, .email = user.email}, {.delay = 5s});
        infra::log::info("signed up", {{"user_id", user.id}});
        co_return infra::http::response::created(user);
    });

    return app.run(); // /health /ready /metrics, a worker; drains on SIGTERM
}
// [/page]
