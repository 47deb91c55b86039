// The suite of all transports, over the API's keeper of keys.

#include "tests/transport_conformance.hpp"

#include "tests/resend/mock.hpp"

#include <infra/base/encoding.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace infra::email {
namespace {

/// The API on a thread of its own.
struct served {
    served() { loop.start(); }
    ~served() { loop.stop(); }
    served(const served&) = delete;
    served& operator=(const served&) = delete;

    // By reference, for what is posted to its loop must not keep it: it would end on its own thread.
    template <class F>
    auto ask(F f) {
        return asio::post(loop.get_executor(), asio::use_future([this, f] { return f(api); })).get();
    }

    event_loop loop;
    resend::mock api{loop.get_executor()};
};

words read_json(const std::string& one) {
    const auto read = json::parse(one, {.max_bytes = one.size() + 1}).value();
    const auto& m = read.as_object();
    const auto text_of = [](const json::object& from, const char* key) {
        return from.contains(key) ? std::string(from.at(key).as_string()) : std::string();
    };
    words made{.subject = text_of(m, "subject"), .text = text_of(m, "text")};
    if (const auto* const files = m.if_contains("attachments"))
        for (const auto& each : files->as_array())
            made.attachments.emplace_back(text_of(each.as_object(), "filename"),
                                          encoding::base64_decode(text_of(each.as_object(), "content")).value());
    return made;
}

transport_subject working() {
    const auto there = std::make_shared<served>();
    return {.object = make_resend_transport({.api_key = "re_test", .base_url = there->api.url(), .connections = 8}),
            .arrived = [there] { return there->ask([](resend::mock& api) { return api.mails; }); },
            .read = read_json,
            .lose_next_answer = [there] { there->ask([](resend::mock& api) { api.next.push_back({.cuts = true}); }); },
            .surroundings = there};
}

transport_subject with_nobody_there() {
    const auto url = served().api.url();
    return {.object = make_resend_transport({.api_key = "re_test", .base_url = url})};
}

INSTANTIATE_TEST_SUITE_P(Resend, TransportConformance,
                         ::testing::Values(transport_case{.name = "resend",
                                                          .make = working,
                                                          .make_broken = with_nobody_there,
                                                          .ids_are_ours = false,
                                                          .recipients_get_this = false}),
                         transport_name);

} // namespace
} // namespace infra::email
