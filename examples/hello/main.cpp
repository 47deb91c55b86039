/// The program of the README.

// [service]
#include <infra/app.hpp>

struct greeting {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(greeting, (), (name))

int main() {
    auto app = infra::app::from_environment({.name = "hello"});

    auto greet = infra::queue::define_job<greeting>({
        .name = "greet",
        .handler = [](greeting who) { infra::logging::info("hello", {{"name", who.name}}); },
    });
    app.http().post("/greet", [=](infra::http::request req) -> infra::awaitable<infra::http::response> {
        auto id = co_await infra::queue::enqueue(greet, req.json<greeting>(), {.delay = std::chrono::seconds(1)});
        co_return infra::http::response::accepted({{"job", id}});
    });

    return app.run(); // and /health, /ready, /metrics, a worker, and a drain on SIGTERM
}
// [/service]
