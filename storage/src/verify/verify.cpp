#include "trial.hpp"

#include <infra/base/id.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/storage/error.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::chrono::seconds time_to_clean{15};

constexpr named_check checks[] = {
    {"reach", &trial::reach},
    {"put", &trial::put},
    {"get", &trial::get, "put"},
    {"head", &trial::describe, "put"},
    {"attributes", &trial::keep_attributes, "head"},
    {"checksum", &trial::keep_checksum, "head"},
    {"checksum, SHA-256", &trial::keep_sha256, "head"},
    {"replace", &trial::replace, "get"},
    {"range", &trial::read_range, "get"},
    {"missing object", &trial::miss, "put"},
    {"keys", &trial::keep_keys, "get"},
    {"list", &trial::list, "put"},
    {"list by pages", &trial::list_pages, "list"},
    {"copy", &trial::copy, "get"},
    {"conditional create", &trial::create_once, "get"},
    {"conditional replace", &trial::compare_and_swap, "put"},
    {"conditional read", &trial::read_if_changed, "head"},
    {"upload by parts", &trial::upload_parts, "get"},
    {"aborted upload", &trial::abort_upload, "upload by parts"},
    {"signed get", &trial::signed_get, "get", true},
    {"signed head", &trial::signed_head, "signed get", true},
    {"signed put", &trial::signed_put, "get", true},
    {"signed put, pinned type", &trial::pinned_type, "signed put", true},
    {"signed put, pinned checksum", &trial::pinned_checksum, "signed put", true},
    {"signed delete", &trial::signed_delete, "put", true},
    {"signed form", &trial::signed_form_post, "signed put", true},
    {"remove", &trial::remove, "put"},
    {"remove many", &trial::remove_many, "list"},
};

constexpr std::string_view necessary[] = {"put", "get", "list", "remove"};

bool works(const std::vector<check_result>& done, std::string_view name) {
    return std::ranges::any_of(
        done, [name](const auto& each) { return each.name == name && each.outcome == outcome::works; });
}

// Why a check is not tried; empty: it is.
std::string reason_to_skip(const named_check& what, const std::vector<check_result>& done, bool can_fetch,
                           bool in_time) {
    if (!in_time)
        return "the time for all checks is over";
    if (!what.needs.empty() && !works(done, what.needs))
        return "it needs `" + std::string(what.needs) + "`";
    if (what.by_url && !can_fetch)
        return "nothing that asks over HTTP is linked, or it was not wanted";
    return "";
}

// What was thrown, as a result; a cancellation is thrown on.
void tell_failure(check_result& of, std::exception_ptr failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const finding& e) {
        of.outcome = e.outcome;
        of.note = e.what();
    } catch (const storage_error& e) {
        // "This cannot be done" about something that was done is what a store gives who does not hear the question.
        of.outcome = e.code() != errc::unsupported ? outcome::failed
                     : e.uncertain()               ? outcome::wrong
                                                   : outcome::missing;
        of.note = e.what();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        of.outcome = outcome::failed;
        of.note = e.what();
    } catch (const std::exception& e) {
        of.outcome = outcome::failed;
        of.note = e.what();
    }
}

awaitable<check_result> tried(trial& on, named_check what, deadline limit, clock& time) {
    check_result result{.name = std::string(what.name)};
    const auto begun = time.steady();
    std::exception_ptr failed;
    try {
        result.note = co_await with_deadline((on.*what.act)(), limit, time);
        result.outcome = outcome::works;
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed)
        tell_failure(result, failed);
    result.took = std::chrono::duration_cast<std::chrono::microseconds>(time.steady() - begun);
    co_return result;
}

awaitable<std::vector<check_result>> try_all(trial& on, bool can_fetch, deadline limit, clock& time) {
    std::vector<check_result> done;
    for (const auto& each : checks) {
        auto reason = reason_to_skip(each, done, can_fetch, !limit.passed(time.steady()));
        if (reason.empty())
            done.push_back(co_await tried(on, each, limit, time));
        else
            done.push_back({.name = std::string(each.name), .note = std::move(reason)});
    }
    co_return done;
}

awaitable<void> clean(trial& after, clock& time) {
    try {
        const auto limit = deadline::after(time_to_clean, time.steady());
        co_await with_deadline(after.clean(limit), limit, time);
    } catch (const std::exception&) {
        // The checks have told why; the probes are named so that anybody may remove them.
    }
}

} // namespace

std::string_view to_string(outcome o) noexcept {
    constexpr std::string_view names[] = {"works", "missing", "wrong", "failed", "skipped"};
    return names[static_cast<std::size_t>(o)];
}

bool verify_report::usable() const noexcept {
    return std::ranges::all_of(necessary, [this](auto name) { return works(checks, name); }) &&
           std::ranges::none_of(checks, [](const auto& each) { return each.outcome == outcome::wrong; });
}

awaitable<verify_report> verify(storage files, verify_options options) {
    if (options.timeout <= std::chrono::milliseconds(0))
        throw std::invalid_argument("storage::verify_options::timeout must be greater than zero");
    auto& time = real_clock();
    const auto limit = deadline::after(options.timeout, time.steady());
    verify_report report;
    const auto fetch = options.signed_urls ? fetcher_for(*files.bucket()) : fetcher();
    trial probes(files, options.prefix + random_hex(8) + "/", fetch, limit);
    std::exception_ptr cancelled;
    try {
        report.checks = co_await try_all(probes, fetch != nullptr, limit, time);
    } catch (...) {
        cancelled = std::current_exception();
    }
    // With a time of its own, also where the caller was cancelled.
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await clean(probes, time);
    if (cancelled)
        std::rethrow_exception(cancelled);
    report.store = files.description(); // which says by now what was found out
    co_return report;
}

} // namespace infra::storage
