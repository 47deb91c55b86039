#include <infra/monitoring.hpp>
#include <infra/otlp.hpp>
#include <infra/testing/background_conformance.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace infra::testing {
namespace {

using namespace std::chrono_literals;

// Nobody listens on the discard port, so all are busy trying again.
constexpr const char* nobody = "http://127.0.0.1:9/";

awaitable<void> soon() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
    co_await timer.async_wait(asio::use_awaitable);
}

template <class Exporter>
background_subject subject(const std::shared_ptr<Exporter>& made, std::function<awaitable<void>()> make_busy) {
    return {.object = made,
            .run = [e = made.get()] { return e->run(); },
            .stop = [e = made.get()](deadline d) { return e->stop(d); },
            .make_busy = std::move(make_busy)};
}

background_subject traces(executor ex) {
    const auto made = std::make_shared<otlp::exporter>(ex, otlp::options{.traces_url = nobody, .schedule_delay = 1ms});
    return subject(made, [e = made.get()] {
        e->spans()->ended(std::make_shared<monitoring::span_record>(
            monitoring::span_record{.context = {{1, 2}, {3}, 1}, .name = "endless"}));
        return soon();
    });
}

background_subject metrics(executor ex) {
    monitoring::increment("otlp_background_test");
    return subject(std::make_shared<otlp::metrics_exporter>(ex, monitoring::default_metrics(),
                                                            otlp::metrics_options{.url = nobody, .interval = 1ms}),
                   soon);
}

background_subject logs(executor ex) {
    const auto made =
        std::make_shared<otlp::logs_exporter>(ex, otlp::logs_options{.url = nobody, .schedule_delay = 1ms});
    return subject(made, [e = made.get()] {
        const logging::record_view one[] = {{.message = "endless"}};
        e->records()->write(one);
        return soon();
    });
}

INSTANTIATE_TEST_SUITE_P(Otlp, BackgroundConformance,
                         ::testing::Values(background_case{.name = "exporter", .make = traces},
                                           background_case{.name = "metrics_exporter", .make = metrics},
                                           background_case{.name = "logs_exporter", .make = logs}),
                         background_name);

} // namespace
} // namespace infra::testing
