#include "transfer.hpp"

#include "../put_mark.hpp"
#include "at_once.hpp"
#include "settle.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/promise.hpp>
#include <infra/storage/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <string>
#include <utility>

namespace infra::storage {
namespace {

void tell_of_leaving(const core& core, const upload_id& upload, const std::exception_ptr& why) {
    telemetry::log(level::warn, "storage", "an upload could not be aborted; sweep() will",
                   {{"bucket", core.to().description()}, {"key", upload.key}, {"error", describe(why)}});
}

// On a loop that lives whatever becomes of the caller's.
void abort_behind(const core_ptr& core, const upload_id& upload) noexcept try {
    asio::co_spawn(default_executor(),
                   abort(core, upload, deadline::after(core->options.timeout, core->time().steady())),
                   [core, upload](const std::exception_ptr& failed) {
                       if (failed)
                           tell_of_leaving(*core, upload, failed);
                   });
} catch (...) {
    tell_of_leaving(*core, upload, std::current_exception());
}

using begun_ptr = std::unique_ptr<begun_upload>;

awaitable<begun_ptr> asked_to_begin(core_ptr core, put_request what, deadline limit) {
    const auto to = core->options.bucket;
    const auto once = [to, what](attempt a) { return to->begin_upload(what, a.limit); };
    auto id = co_await core->calls.run<upload_id>({.op = "begin an upload of", .key = what.key}, once, limit);
    co_return std::make_unique<begun_upload>(core, std::move(id));
}

// A store that has parts to put together is given the time to.
std::chrono::milliseconds time_to_complete(const core& core, std::uint64_t size, std::size_t parts) {
    constexpr std::uint64_t at_least_a_millisecond = 100u << 10;
    return core.options.timeout + std::chrono::milliseconds(size / at_least_a_millisecond + parts * 10);
}

std::vector<part> in_order(const std::map<int, part>& parts) {
    std::vector<part> list;
    for (const auto& [number, each] : parts)
        list.push_back(each);
    return list;
}

using found = std::optional<object_info>;

// What may have been asked of the store already, and what it may have done.
struct completion {
    std::shared_ptr<bucket> in;
    upload_id upload;
    std::map<int, part> parts;
    put_request what;
};

awaitable<found> look_for(std::shared_ptr<const completion> asked, deadline limit) {
    try {
        auto there = co_await asked->in->head(asked->what.key, {}, limit);
        if (is_made_of(there, asked->parts, asked->what.attributes.metadata))
            co_return there;
    } catch (const storage_error& e) {
        if (e.code() != errc::not_found)
            throw;
    }
    co_return std::nullopt;
}

awaitable<object_info> complete_once(std::shared_ptr<const completion> asked, attempt a) {
    if (a.maybe_done)
        if (auto there = co_await look_for(asked, a.limit))
            co_return std::move(*there);
    co_return co_await asked->in->complete_upload(asked->upload, in_order(asked->parts), asked->what, a.limit);
}

// The last attempt's answer may be lost as well.
awaitable<found> look_once_more(core_ptr core, std::shared_ptr<const completion> asked, deadline limit) {
    const auto once = [asked](attempt a) { return look_for(asked, a.limit); };
    try {
        co_return co_await core->calls.run<found>({.op = "head", .key = asked->what.key}, once, limit);
    } catch (const error&) { // then it is unknown, and the first failure says so
    }
    co_return std::nullopt;
}

// Also where the upload is over, or a condition fails, at once: who sends requests anew by himself when a kept connection dies (libcurl)
// may have asked twice. A condition that fails says that only where the put has a mark to be known by.
bool may_be_done(const storage_error& failure, const put_request& what) {
    return failure.uncertain() || failure.code() == errc::no_upload ||
           (failure.code() == errc::precondition && !mark_of(what.attributes.metadata).empty());
}

object_info filled_in(object_info info, const completion& asked, const whole& made) {
    info.key = asked.what.key;
    info.size = made.size;
    if (info.content_type.empty())
        info.content_type = asked.what.attributes.content_type;
    if (!info.checksum)
        info.checksum = made.sum;
    return info;
}

// Empty where they have none, or such of several.
std::optional<checksum_kind> kind_of_all(const std::map<int, part>& parts) {
    std::optional<checksum_kind> kind;
    for (const auto& [number, each] : parts) {
        if (!each.checksum || (kind && *kind != each.checksum->kind()))
            return std::nullopt;
        kind = each.checksum->kind();
    }
    return kind;
}

checksum combined(const std::map<int, part>& parts, checksum_kind kind) {
    running_checksum sum(kind);
    for (const auto& [number, each] : parts)
        sum.update(*each.checksum, each.size);
    return sum.value();
}

composite_checksum composed(const std::map<int, part>& parts, checksum_kind kind) {
    running_composite sum(kind);
    for (const auto& [number, each] : parts)
        sum.add(*each.checksum);
    return sum.value();
}

} // namespace

begun_upload::~begun_upload() {
    if (!kept_)
        abort_behind(core_, id_);
}

// Not on the caller's loop: who is cancelled while the store is asked would never learn the id, and nobody would abort it. As it
// is, the promise is dropped with the upload in it.
awaitable<begun_ptr> begin(core_ptr core, put_request what, deadline limit) {
    const promise<begun_ptr> begun(co_await asio::this_coro::executor);
    asio::co_spawn(default_executor(), asked_to_begin(std::move(core), std::move(what), limit),
                   [begun](const std::exception_ptr& failed, begun_ptr upload) {
                       if (failed)
                           begun.set_exception(failed);
                       else
                           begun.set_value(std::move(upload));
                   });
    co_return co_await begun.get();
}

awaitable<part> put_part(parts_to where, fed_part what) {
    const auto& core = *where.core;
    const auto to = core.options.bucket;
    const auto size = what.bytes.size();
    const auto sum = where.with_sums ? std::optional(what.sum) : std::nullopt;
    const asking<part> once = [to, upload = where.upload, what, sum](attempt a) {
        return to->put_part(upload, what.number, what.bytes, sum, a.limit);
    };
    auto made =
        co_await core.calls.run<part>({.op = "put part", .key = where.upload.key, .body = size}, once, where.limit);
    core.metrics.sent(size);
    co_return part{.number = what.number, .etag = std::move(made.etag), .size = size, .checksum = what.sum};
}

awaitable<void> put_parts(parts_to where, feed_ptr from, std::size_t times, part_listener arrived) {
    const auto work = [&]() -> awaitable<void> {
        while (auto next = co_await from->next(where.limit))
            arrived(co_await put_part(where, std::move(*next)));
    };
    co_await at_once(times, work);
}

whole whole_of(const std::map<int, part>& parts) {
    whole made;
    for (const auto& [number, each] : parts)
        made.size += each.size;
    const auto kind = kind_of_all(parts);
    if (!kind)
        return made;
    if (combines(*kind))
        made.sum = combined(parts, *kind);
    else
        made.composite = composed(parts, *kind);
    return made;
}

awaitable<object_info> complete(core_ptr core, upload_id upload, std::map<int, part> parts, put_request what,
                                deadline limit) {
    const auto made = whole_of(parts);
    what.checksum = made.sum;
    const request_kind how{.op = "complete", .key = what.key, .time = time_to_complete(*core, made.size, parts.size())};
    const auto asked =
        std::make_shared<const completion>(core->options.bucket, std::move(upload), std::move(parts), std::move(what));
    const auto once = [asked](attempt a) { return complete_once(asked, a); };
    std::optional<storage_error> failure;
    try {
        co_return filled_in(co_await core->calls.run<object_info>(how, once, limit), *asked, made);
    } catch (const storage_error& e) {
        failure = e;
    }
    if (may_be_done(*failure, asked->what))
        if (auto there = co_await look_once_more(core, asked, limit))
            co_return filled_in(std::move(*there), *asked, made);
    throw storage_error(*failure);
}

awaitable<void> abort(core_ptr core, upload_id upload, deadline limit) {
    const auto to = core->options.bucket;
    const auto once = [to, upload](attempt a) { return to->abort_upload(upload, a.limit); };
    co_await core->calls.run<void>({.op = "abort the upload of", .key = upload.key}, once, limit);
}

} // namespace infra::storage
