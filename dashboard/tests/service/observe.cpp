#include "seeds.hpp"

namespace infra::dashboard::service {
namespace {

using monitoring::span_kind;

// A purchase as a service of this library would leave it: a request, what it asked of others, a job and its mail.
void buy(const wishes& w, std::size_t order, bool fails) {
    const logging::logger shop({.module = "shop"}), mail({.module = "mail"});
    telemetry::span request("POST " + word(w, order, "/orders"), span_kind::server);
    request.set({{"http.request.method", "POST"}, {"http.route", "/orders"}, {"url.path", "/orders"}});
    shop.info(word(w, order, "order taken"), {{"order", order}, {"customer", word(w, order + 1, "ann")}});
    {
        telemetry::span query("select stock", span_kind::client);
        query.set({{"db.system", "sqlite"}, {"db.statement", word(w, order + 2, "select amount from stock")}});
        query.event(word(w, order + 3, "row"), {{"amount", 3}});
        monitoring::observe("stock_query_seconds", 0.002, {{"table", word(w, order + 4, "stock")}});
    }
    {
        telemetry::span job("process mail", span_kind::consumer);
        job.set({{"messaging.system", "infra"},
                 {"messaging.destination.name", "mail"},
                 {"messaging.message.id", std::to_string(8000 + order)}});
        telemetry::span sending("send email", span_kind::producer);
        sending.set({{"email.message_id", "m-" + std::to_string(order)}});
        if (fails) {
            mail.error("mail " + std::to_string(8000 + order) + " was not sent",
                       {{"error", word(w, order + 5, "the server does not answer")}});
            sending.fail(word(w, order + 6, "the server does not answer"));
        }
    }
    monitoring::increment("purchases_total", {{"country", word(w, order + 7, "se")}});
}

awaitable<void> look_back(const wishes& w) {
    const logging::logger db({.module = "db.pool"});
    for (std::size_t i = 0; i < 300; ++i)
        db.info(word(w, i, "connection checked"), {{"took", std::chrono::milliseconds(i % 7)}, {"connection", i % 4}});
    for (std::size_t i = 0; i < 12; ++i)
        buy(w, i, i % 3 == 0);
    db.warn(word(w, 8, "slow"), {{"took", std::chrono::milliseconds(412)}, {"statement", std::string(20'000, 'x')}});
    logging::flush(deadline::after(std::chrono::seconds(5)));
    co_return;
}

} // namespace

void seed_observations(seeding& s) {
    // What a test makes the service say while somebody looks.
    s.app.http().get("/seed/say", [w = s.wishes](const http::request& r) {
        logging::logger({.module = "seed"}).warn(r.query("text").value_or("nothing"), {{"number", 17}});
        logging::flush(deadline::after(std::chrono::seconds(5)));
        const auto hex = to_hex(current_span().trace);
        return http::response::text(std::string(hex.data(), hex.size()));
    });
    s.app.http().get("/seed/debug", [] {
        logging::logger({.module = "seed"}).debug("said quietly");
        logging::flush(deadline::after(std::chrono::seconds(5)));
        return http::response::no_content();
    });
    s.later([w = s.wishes] { return look_back(w); });
}

} // namespace infra::dashboard::service
