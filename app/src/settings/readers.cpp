#include "readers.hpp"

#include "../supervisor.hpp"
#include "../wiring.hpp"

#include <infra/app/settings.hpp>
#include <infra/base/error.hpp>
#include <infra/cache/redis.hpp>
#include <infra/email/failover.hpp>
#include <infra/email/resend.hpp>
#include <infra/email/smtp.hpp>
#include <infra/otlp.hpp>
#include <infra/queue/redis.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/redis.hpp>
#include <infra/storage/s3.hpp>

#include <algorithm>
#include <array>

namespace infra::app::settings {
namespace {

using reader = void (*)(const environment&);

bool begins_with(const std::string& url, std::string_view scheme) {
    return url.size() > scheme.size() && url.starts_with(scheme) && url[scheme.size()] == ':';
}

bool is_redis(const std::string& url) {
    const auto scheme = url.substr(0, url.find(':'));
    return scheme == "unix" || scheme.starts_with("redis");
}

// A module's sentence about a URL, with the variable that holds it in front, unless it is about another one.
template <class Read>
void named(std::string_view variable, Read read) {
    try {
        read();
    } catch (const error& e) {
        const bool names_one = find_setting(subject_of(e.what())) != nullptr;
        throw error(errc::misconfigured, names_one ? e.what() : std::string(variable) + ": " + e.what());
    } catch (const std::invalid_argument& e) {
        throw error(errc::misconfigured, std::string(variable) + ": " + e.what());
    }
}

std::string_view set_one_of(const environment& variables, std::string_view own) {
    return variables.has(own) ? own : "REDIS_URL";
}

void read_redis(const environment& variables) { redis::options_from(variables); }

void read_queue(const environment& variables) {
    const auto url = queue::url_from(variables);
    named(set_one_of(variables, "QUEUE_URL"), [&url] {
        if (is_redis(url))
            queue::redis_queue_options_from(url);
        else
            queue::make_backend(url);
    });
}

void read_cache(const environment& variables) {
    const auto url = cache::url_from(variables);
    named(set_one_of(variables, "CACHE_URL"), [&url] {
        if (is_redis(url))
            cache::redis_store_options_from(url);
        else
            cache::make_store(url);
    });
}

void read_realtime(const environment& variables) {
    const auto variable = set_one_of(variables, "REALTIME_URL");
    const auto url = variables.get_or(variable, "memory:");
    if (url != "memory:")
        named(variable, [&url] { redis::options_from(url); });
}

void read_storage(const environment& variables) {
    const auto url = storage::url_from(variables);
    storage_route(variables);
    if (url == "s3:")
        storage::s3_options_from(variables);
    else if (begins_with(url, "s3") || begins_with(url, "s3+http"))
        named("STORAGE_URL", [&] { storage::s3_options_from_url(url, variables); });
    else if (!storage::knows_bucket(url.substr(0, url.find(':'))))
        throw error(errc::misconfigured,
                    "STORAGE_URL: expected a URL such as file:var/storage, memory: or s3://bucket");
}

void read_way_of_mail(const std::string& url, const environment& variables) {
    if (begins_with(url, "smtp") || begins_with(url, "smtps"))
        email::smtp_options_from(url, variables);
    else if (url == "resend:")
        email::resend_options_from(variables);
    else
        email::make_transport(url);
}

void read_email(const environment& variables) {
    if (const auto urls = variables.get("EMAIL_URL"))
        for (const auto url : email::urls_of(*urls))
            named("EMAIL_URL", [&] { read_way_of_mail(std::string(url), variables); });
    else if (variables.has("RESEND_API_KEY"))
        email::resend_options_from(variables);
}

void read_sender(const environment& variables) {
    const auto from = variables.get("EMAIL_FROM");
    if (from && !email::is_valid_address(email::address(*from).email()))
        throw error(errc::misconfigured, "EMAIL_FROM: expected hello@example.org or Shop <hello@example.org>");
}

constexpr std::array<reader, 12> readers{
    [](const environment& variables) { static_cast<void>(trusted_proxies_from(variables)); },
    [](const environment& variables) { supervisor{variables}; },
    read_redis,
    read_queue,
    read_cache,
    read_realtime,
    read_storage,
    read_email,
    read_sender,
    [](const environment& variables) { otlp::options_from(variables); },
    [](const environment& variables) { otlp::metrics_options_from(variables); },
    [](const environment& variables) { otlp::logs_options_from(variables); },
};

std::string problem_of(reader read, const environment& variables) {
    try {
        read(variables);
    } catch (const error& e) {
        if (e.code() == errc::misconfigured || e.code() == errc::io)
            return e.what();
        throw;
    }
    return {};
}

// A reader throws at what it meets first. Without that variable it finds the next one.
std::vector<std::string> problems_of(reader read, const environment& variables) {
    std::vector<std::string> found;
    auto left = variables.all();
    for (;;) {
        auto problem = problem_of(read, environment(left));
        if (problem.empty())
            return found;
        const auto subject = subject_of(problem);
        found.push_back(std::move(problem));
        if (left.erase(subject) + left.erase(subject + "_FILE") == 0)
            return found; // what is missing cannot be taken away
    }
}

} // namespace

std::string subject_of(std::string_view problem) {
    auto name = std::string(problem.substr(0, problem.find_first_of(": ")));
    constexpr std::string_view suffix = "_FILE";
    if (name.ends_with(suffix) && !find_setting(name))
        name.resize(name.size() - suffix.size());
    return name;
}

std::vector<std::string> problems_of_modules(const environment& variables) {
    std::vector<std::string> all;
    for (const auto read : readers)
        std::ranges::move(problems_of(read, variables), std::back_inserter(all));
    return all;
}

} // namespace infra::app::settings
