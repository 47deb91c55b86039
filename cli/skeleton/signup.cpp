#include "signup.hpp"

namespace service {
namespace {

using namespace std::chrono_literals;
using infra::awaitable;
namespace http = infra::http;
namespace queue = infra::queue;

// A job may run twice: when the process dies between the mail and the note that it was sent. The key makes the second
// delivery do nothing.
awaitable<void> send_welcome_email(signup who, queue::job_context& job) {
    co_await infra::email::send_email({
        .to = who.email,
        .template_name = "welcome",
        .data = {{"name", who.name}, {"email", who.email}},
        .idempotency_key = job.id(),
    });
}

void validate(const signup& who) {
    if (who.name.empty() || who.name.size() > 100)
        throw http::error_response(422, "invalid_body", "expected 1 to 100 bytes", "/name");
    if (!infra::email::is_valid_address(who.email))
        throw http::error_response(422, "invalid_body", "expected an email address", "/email");
}

} // namespace

const queue::job<signup>& welcome() {
    static const auto job = queue::define_job<signup>({
        .name = "send-welcome-email",
        .handler = send_welcome_email,
        .attempts = 5,
        .backoff = queue::exponential(1s),
    });
    return job;
}

void add_signup(http::router& routes) {
    welcome(); // so that jobs of an earlier run are known before the first request
    routes.post("/signup", [](http::request req) -> awaitable<http::response> {
        const auto who = req.json<signup>(); // 422 naming the field
        validate(who);
        const auto id = co_await queue::enqueue(welcome(), who);
        infra::logging::info("signed up", {{"job_id", id}});
        co_return http::response::accepted({{"job_id", id}});
    });
}

} // namespace service
