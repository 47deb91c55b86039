#include "progress_bar.hpp"
#include "realtime_load.hpp"
#include "realtime_verbs.hpp"
#include "table.hpp"
#include "until_interrupted.hpp"

#include <boost/asio/this_coro.hpp>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace infra::cli {
namespace {

struct bench_words {
    std::string url;
    std::string channel = "bench";
    std::string time = "5s";
    std::size_t clients = 100;
    std::size_t bytes = 128;
    double rate = 50;
};

std::string in_ms(std::chrono::nanoseconds d) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", std::chrono::duration<double, std::milli>(d).count());
    return text.data();
}

double per_second(std::uint64_t count, std::chrono::nanoseconds took) {
    return took.count() > 0 ? static_cast<double>(count) / std::chrono::duration<double>(took).count() : 0;
}

json::object figures_of(const load_result& r) {
    const auto ms = [](std::chrono::nanoseconds d) { return std::chrono::duration<double, std::milli>(d).count(); };
    return {{"clients", r.clients},
            {"published", r.published},
            {"expected", r.expected},
            {"delivered", r.delivered},
            {"seconds", std::chrono::duration<double>(r.took).count()},
            {"deliveries_per_second", per_second(r.delivered, r.took)},
            {"p50_ms", ms(r.latency.within(0.5))},
            {"p99_ms", ms(r.latency.within(0.99))},
            {"p999_ms", ms(r.latency.within(0.999))},
            {"max_ms", ms(r.latency.longest())}};
}

std::string text_of(const load_result& r) {
    return fact_sheet({{"clients", std::to_string(r.clients)},
                       {"published", std::to_string(r.published)},
                       {"delivered", std::to_string(r.delivered) + " of " + std::to_string(r.expected)},
                       {"deliveries/s", std::to_string(static_cast<std::uint64_t>(per_second(r.delivered, r.took)))},
                       {"latency", "p50 " + in_ms(r.latency.within(0.5)) + " ms, p99 " + in_ms(r.latency.within(0.99)) +
                                       " ms, p99.9 " + in_ms(r.latency.within(0.999)) + " ms, max " +
                                       in_ms(r.latency.longest()) + " ms"}});
}

awaitable<load_result> measure(load_options options, http::client_request publishing) {
    const http::client client(co_await asio::this_coro::executor);
    publishing.method = http::method::post;
    options.publish = [&client, &publishing, channel = options.channel](json::value data) -> awaitable<void> {
        auto one = publishing;
        one.deadline = deadline::after(std::chrono::seconds(5));
        one.body = json::to_text(json::object{{"channel", channel}, {"type", "bench"}, {"data", std::move(data)}});
        const auto answer = co_await client.send(std::move(one));
        document_of(answer.status, answer.body); // throws for what is no success
    };
    co_return co_await run_load(std::move(options));
}

load_options options_of(const bench_words& words, const std::string& service) {
    const auto target = parse_load_target(words.url.empty() ? service : words.url);
    const auto time = parse_duration(words.time);
    if (!target)
        throw std::invalid_argument("URL: expected ws://HOST:PORT/ws; with TLS the client would be what is measured");
    if (!time || time->count() <= 0 || *time > std::chrono::minutes(10))
        throw std::invalid_argument("--for: expected a duration up to 10m, such as 5s");
    return {.host = target->host,
            .port = target->port,
            .target = target->path,
            .token = environment::of_process().get_or("REALTIME_TOKEN", ""),
            .channel = words.channel,
            .clients = words.clients,
            .rate = words.rate,
            .bytes = words.bytes,
            .time = *time};
}

load_result measure_visibly(const bench_words& words, const realtime_session& with) {
    const progress_bar bar(with.to, "measuring for " + words.time);
    return until_interrupted(measure(options_of(words, with.at.url), with.request("/publish")));
}

exit_code bench(const bench_words& words, const realtime_session& with) {
    const auto result = measure_visibly(words, with);
    with.to.print(text_of(result), figures_of(result));
    if (result.delivered == result.expected && result.clients == words.clients)
        return exit_code::ok;
    with.to.err << "infra: not everything arrived\n";
    return exit_code::partial;
}

} // namespace

void add_realtime_bench(const realtime_group& to) {
    const auto words = std::make_shared<bench_words>();
    auto& app =
        to.add({.name = "bench",
                .description = "Connects clients to a channel, publishes in it, and measures deliveries and how long "
                               "they take. Not everything arrived exits with 6.",
                .examples = {"infra realtime bench ws://127.0.0.1:3000/ws --clients 1000 --rate 100 --for 10s"}},
               [words](const realtime_session& with) { return bench(*words, with); });
    app.add_option("URL", words->url, "Of the WebSockets; default /ws of --url. A client's token is $REALTIME_TOKEN");
    app.add_option("--channel", words->channel, "That clients may subscribe")->capture_default_str();
    app.add_option("--clients", words->clients, "How many")->capture_default_str()->check(CLI::Range(1, 20'000));
    app.add_option("--rate", words->rate, "Publications a second")
        ->capture_default_str()
        ->check(CLI::Range(0.1, 10'000.0));
    app.add_option("--size", words->bytes, "Bytes of each")->capture_default_str()->check(CLI::Range(0, 60'000));
    app.add_option("--for", words->time, "How long to publish")->capture_default_str();
}

} // namespace infra::cli
