#include "put.hpp"

#include "checks.hpp"
#include "content_type.hpp"
#include "outgoing.hpp"
#include "parts/feed.hpp"
#include "parts/on_pool.hpp"
#include "parts/put.hpp"
#include "put_mark.hpp"
#include "reading.hpp"

#include <infra/runtime/regular_file.hpp>

#include <algorithm>
#include <utility>

namespace infra::storage {
namespace {

using file_ptr = std::shared_ptr<const regular_file>;
using outgoing_ptr = std::shared_ptr<outgoing>;

constexpr std::size_t summed_at_once = 1 << 20; // more is for the pool

// Of a source of unknown length so much is waited for; more begins to go while the rest comes.
constexpr std::uint64_t gathered = 1 << 20;

deadline limit_to_put(const put_options& how) { return how.limit ? *how.limit : deadline::never(); }

checksum_kind kind_to_send(const core& core, const put_request& what) {
    return what.sum.value_or(core.to().traits().sum);
}

/// What goes as one request.
std::uint64_t most_at_once(const core& core, const put_options& how) {
    const auto part = how.part_size == 0 ? core.options.part_size : how.part_size;
    return std::min(2 * part, core.to().traits().max_single_put);
}

put_request put_request_of(const core& core, const std::string& key, const put_options& how) {
    const auto can = core.to().traits();
    check_how(how);
    put_request what{.key = core.full(key),
                     .attributes = checked(attributes_of(how), can),
                     .write = checked({how.if_absent, how.if_match}, can),
                     .sum = core.kind_of(how)};
    if (can.remote && is_conditional(what.write))
        mark(what.attributes);
    return what;
}

void name_type(put_request& what, std::string_view beginning) {
    if (what.attributes.content_type.empty())
        what.attributes.content_type = content_type_of(what.key, beginning);
}

void name_type_by_name(put_request& what) {
    if (what.attributes.content_type.empty())
        what.attributes.content_type = type_by_name(what.key);
}

awaitable<checksum> sum_of(core_ptr core, shared_bytes bytes, checksum_kind kind) {
    if (bytes.size() <= summed_at_once)
        co_return checksum_of(bytes.view(), kind);
    co_return co_await on_pool(core, [bytes, kind] { return checksum_of(bytes.view(), kind); });
}

// --- One request ------------------------------------------------------------------------------------------------

// A condition that does not hold may be our own doing: an answer was lost, here or where a connection was exchanged unseen.
awaitable<object_info> put_once(core_ptr core, put_request what, shared_bytes bytes, attempt now) {
    std::exception_ptr thrown;
    try {
        co_return co_await core->to().put(what, {.bytes = std::move(bytes)}, now.limit);
    } catch (const storage_error& e) {
        if (!is_conditional(what.write) || e.code() != errc::precondition)
            throw;
        thrown = std::current_exception();
    }
    co_return co_await made_by(core, what.key, what.attributes, thrown, now.limit);
}

} // namespace

awaitable<object_info> put_bytes(core_ptr core, put_request what, shared_bytes bytes, deadline limit) {
    if (!what.checksum)
        what.checksum = co_await sum_of(core, bytes, kind_to_send(*core, what));
    request_kind how{.op = "put", .key = what.key, .body = bytes.size()};
    const asking<object_info> once = [core, what = std::move(what), bytes](attempt now) {
        return put_once(core, what, bytes, now);
    };
    auto info = co_await core->calls.run<object_info>(std::move(how), once, limit);
    core->metrics.sent(bytes.size());
    co_return info;
}

namespace {

awaitable<object_info> put_bytes_and_tell(core_ptr core, put_request what, shared_bytes bytes, put_options how) {
    progress_teller teller(how.on_progress, bytes.size(), core->time());
    auto info = co_await put_bytes(core, std::move(what), bytes, limit_to_put(how));
    teller.moved(bytes.size());
    teller.ended();
    co_return info;
}

awaitable<object_info> put_all(core_ptr core, put_request what, shared_bytes bytes, put_options how) {
    name_type(what, bytes.view());
    if (bytes.size() <= most_at_once(*core, how) ||
        (core->to().traits().streams && bytes.size() <= core->to().traits().max_single_put))
        co_return co_await put_bytes_and_tell(core, std::move(what), std::move(bytes), std::move(how));
    co_return co_await put_by_parts(core, std::move(what), std::move(bytes), std::move(how));
}

// --- As it comes, where the bucket takes it so ------------------------------------------------------------------

awaitable<void> refuse_other_bytes(core_ptr core, object_info info, checksum sent) {
    if (!info.checksum || info.checksum->kind() != sent.kind() || *info.checksum == sent)
        co_return;
    core->metrics.checksum_failed();
    co_await core->to().remove(info.key, info.etag, core->limit_of({}));
    throw storage_error(errc::integrity, "put " + info.key + ": the store kept bytes with the checksum " +
                                             info.checksum->base64() + ", not " + sent.base64() +
                                             " as those that were sent; they were removed");
}

// By its first piece, where the name has not said it.
awaitable<byte_source> name_type_of(std::shared_ptr<put_request> what, outgoing_ptr out) {
    byte_source rest = [out] { return out->next(); };
    if (!what->attributes.content_type.empty())
        co_return rest;
    auto first = co_await out->next();
    name_type(*what, first);
    co_return first.empty() ? put_before({}, {}) : put_before(std::move(first), std::move(rest));
}

awaitable<object_info> hand_on(core_ptr core, put_request request, outgoing_ptr out, std::optional<std::uint64_t> size,
                               deadline limit) {
    const auto what = std::make_shared<put_request>(std::move(request));
    const auto source = co_await name_type_of(what, out);
    request_kind kind{.op = "put", .key = what->key, .time = std::chrono::milliseconds::max(), .only_once = true};
    const asking<object_info> once = [core, source, size, what](attempt now) {
        return core->to().put(*what, {.source = source, .source_size = size}, now.limit);
    };
    auto info = co_await core->calls.run<object_info>(std::move(kind), once, limit);
    co_await refuse_other_bytes(core, info, out->sum());
    core->metrics.sent(out->size());
    co_return info;
}

awaitable<object_info> put_stream(core_ptr core, put_request what, byte_source from, std::optional<std::uint64_t> size,
                                  put_options how) {
    progress_teller teller(how.on_progress, size, core->time());
    name_type_by_name(what);
    const auto out = std::make_shared<outgoing>(core, "put " + what.key, std::move(from), size,
                                                kind_to_send(*core, what), &teller, limit_to_put(how));
    auto info = co_await unless_thrown(out, hand_on(core, std::move(what), out, size, limit_to_put(how)));
    teller.ended();
    co_return info;
}

bool takes_streams(const core& core, std::optional<std::uint64_t> size) {
    const auto can = core.to().traits();
    return can.streams && (!size || *size <= can.max_single_put);
}

// --- Of a file --------------------------------------------------------------------------------------------------

shared_bytes bytes_of(const file_ptr& from) {
    std::string bytes(from->size, '\0');
    if (read_at(*from, 0, bytes) < bytes.size())
        throw storage_error(infra::errc::io, "cannot read " + from->path + ": it became shorter while it was put");
    return bytes;
}

struct opened_file {
    file_ptr from;
    std::string beginning;
};

opened_file open_file(const std::string& path) {
    const auto from = std::make_shared<const regular_file>(open_regular(path));
    std::string beginning(sniffed_bytes, '\0');
    beginning.resize(read_at(*from, 0, beginning));
    return {from, std::move(beginning)};
}

awaitable<object_info> put_file(core_ptr core, put_request what, file named, put_options how) {
    const auto [from, beginning] = co_await on_pool(core, [path = named.path.string()] { return open_file(path); });
    name_type(what, beginning);
    if (takes_streams(*core, from->size))
        co_return co_await put_stream(core, std::move(what), pieces_of(core, from), from->size, std::move(how));
    if (from->size > most_at_once(*core, how))
        co_return co_await put_by_parts(core, std::move(what), std::move(named), std::move(how));
    const auto room = co_await core->memory.reserve(from->size, memory_limit(*core, limit_to_put(how)));
    auto [bytes, sum] = co_await on_pool(core, [whole = from, kind = kind_to_send(*core, what)] {
        auto all = bytes_of(whole);
        const auto its_sum = checksum_of(all.view(), kind);
        return std::pair(std::move(all), its_sum);
    });
    what.checksum = sum;
    co_return co_await put_bytes_and_tell(core, std::move(what), std::move(bytes), std::move(how));
}

// --- Of pieces --------------------------------------------------------------------------------------------------

// Until it has ended, or there is more than goes as one request.
awaitable<bool> fill(outgoing_ptr from, std::shared_ptr<std::string> head, std::uint64_t most) {
    while (head->size() <= most) {
        const auto piece = co_await from->next();
        if (piece.empty())
            co_return true;
        *head += piece;
    }
    co_return false;
}

awaitable<object_info> put_gathered(core_ptr core, put_request what, outgoing_ptr from,
                                    std::optional<std::uint64_t> size, put_options how) {
    const auto most = most_at_once(*core, how);
    const bool is_short = size && *size <= most;
    const auto room =
        is_short ? co_await core->memory.reserve(*size, memory_limit(*core, limit_to_put(how))) : ticket();
    const auto head = std::make_shared<std::string>();
    const bool ended = co_await fill(from, head, is_short ? *size : std::min(gathered, most));
    name_type(what, *head);
    if (ended)
        co_return co_await put_bytes_and_tell(core, std::move(what), std::move(*head), std::move(how));
    pieces all{put_before(std::move(*head), [from] { return from->next(); }), size};
    co_return co_await put_by_parts(core, std::move(what), std::move(all), std::move(how));
}

awaitable<object_info> put_pieces(core_ptr core, put_request what, pieces from, put_options how) {
    if (!from.next)
        throw storage_error(infra::errc::invalid_input, "put " + what.key + ": pieces::next must be a function");
    if (takes_streams(*core, from.size))
        co_return co_await put_stream(core, std::move(what), std::move(from.next), from.size, std::move(how));
    const auto out = std::make_shared<outgoing>(core, "put " + what.key, std::move(from.next), from.size,
                                                kind_to_send(*core, what), nullptr, limit_to_put(how));
    co_return co_await unless_thrown(out, put_gathered(core, std::move(what), out, from.size, std::move(how)));
}

} // namespace

awaitable<object_info> put_object(core_ptr core, std::string key, content what, put_options options) {
    auto request = put_request_of(*core, key, options);
    auto from = std::move(what).what();
    if (auto* bytes = std::get_if<shared_bytes>(&from))
        co_return co_await put_all(core, std::move(request), std::move(*bytes), std::move(options));
    if (auto* named = std::get_if<file>(&from))
        co_return co_await put_file(core, std::move(request), std::move(*named), std::move(options));
    co_return co_await put_pieces(core, std::move(request), std::get<pieces>(std::move(from)), std::move(options));
}

} // namespace infra::storage
