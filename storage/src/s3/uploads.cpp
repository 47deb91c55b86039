#include "uploads.hpp"

#include "conditional.hpp"
#include "text.hpp"

#include <numeric>
#include <utility>

namespace infra::storage::s3 {
namespace {

constexpr int most_pages = 1000; // of parts; a store that never comes to an end is broken

// What is announced must be kept to by every part, so that those of others, who know nothing of it, are not announced.
std::optional<checksum_kind> announced(store& at, const put_request& what) {
    const auto plan = plan_of(at.options().checksums, at.learned().known_sums());
    if (!plan.header || what.parts_by_others)
        return std::nullopt;
    return what.checksum ? what.checksum->kind() : what.sum.value_or(at.options().checksum);
}

// Which is of use only where the whole's checksum is one of its parts'.
put_request with_the_part_size_if_needed(store& at, put_request what, std::optional<checksum_kind> announced) {
    if (announced && combines(*announced) && at.learned().whole_sums())
        what.part_size = 0;
    return what;
}

integrity kept_aside(store& at, const put_request& what) {
    const auto plan = plan_of(at.options().checksums, at.learned().known_sums());
    return {.metadata = plan.metadata ? what.checksum : std::nullopt};
}

part part_of(int number, const std::string& etag, std::uint64_t size, std::optional<checksum> sum) {
    if (etag.empty())
        throw storage_error(infra::errc::unavailable,
                            "part " + std::to_string(number) + ": what answers is not S3: it gives no ETag",
                            {.name = "unavailable", .status = 200, .retryable = true});
    return {.number = number, .etag = etag, .size = size, .checksum = sum};
}

/// Of the parts together, where each has one.
std::optional<checksum> sum_of(const std::vector<part>& parts, checksum_kind kind) {
    running_checksum sum(kind);
    for (const auto& each : parts) {
        if (!each.checksum || each.checksum->kind() != kind || !combines(kind))
            return std::nullopt;
        sum.update(*each.checksum, each.size);
    }
    return sum.value();
}

std::optional<composite_checksum> composite_of(const std::vector<part>& parts, checksum_kind kind) {
    running_composite sum(kind);
    for (const auto& each : parts) {
        if (!each.checksum || each.checksum->kind() != kind)
            return std::nullopt;
        sum.add(*each.checksum);
    }
    return sum.value();
}

// Before the store is asked, which may keep checksums of parts at most.
void check_whole(const put_request& what, const std::vector<part>& parts) {
    const auto sum = what.checksum ? sum_of(parts, what.checksum->kind()) : std::nullopt;
    if (sum && sum != what.checksum)
        throw storage_error(errc::integrity,
                            "complete " + what.key + ": the parts together are not what the whole's checksum says");
}

std::uint64_t size_of_parts(const std::vector<part>& parts) {
    return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const part& p) { return sum + p.size; });
}

object_info completed_object(const put_request& what, const std::vector<part>& parts, const answer& a) {
    const auto made = made_of(a.body);
    const auto parts_sum = made.composite ? composite_of(parts, made.composite->of_parts.kind()) : std::nullopt;
    const bool comparable = made.sum && what.checksum && made.sum->kind() == what.checksum->kind();
    if ((comparable && made.sum != what.checksum) || (parts_sum && parts_sum != made.composite))
        throw storage_error(errc::integrity,
                            "complete " + what.key + ": the store has made another object of the parts than was sent",
                            {.name = "integrity", .status = a.status});
    auto info = info_of(what, size_of_parts(parts), a);
    info.etag = made.etag;
    info.checksum = made.sum;
    info.composite = made.composite;
    info.part_size = made.composite ? what.part_size : 0;
    return info;
}

awaitable<answer> complete_once(store_ptr at, upload_id upload, std::vector<part> parts, put_request what,
                                deadline limit) {
    while (true) {
        const bool with_sums = announced(*at, what).has_value();
        integrity told;
        if (with_sums && at->learned().whole_sums() && what.checksum && combines(what.checksum->kind()))
            told.header = what.checksum;
        const call how{.by = at->asked_for("complete", upload.key, true),
                       .tells_sums = with_sums && at->options().checksums == checksums::automatic,
                       .conditional = is_conditional(what.write),
                       .fails_late = true};
        auto done = co_await ask(at, s3::complete_upload(upload, parts, what.write, with_sums, told), how, limit);
        if (!done.refused)
            co_return std::move(done.got);
    }
}

} // namespace

awaitable<upload_id> begin_upload(store_ptr at, put_request what, deadline limit) {
    while (true) {
        const auto kind = announced(*at, what);
        const call how{.by = at->asked_for("begin upload of", what.key, true),
                       .tells_sums = kind && at->options().checksums == checksums::automatic};
        const auto asked = with_the_part_size_if_needed(*at, what, kind);
        const auto done = co_await ask(at, create_upload(asked, kind, kept_aside(*at, what)), how, limit);
        if (done.refused)
            continue;
        if (mentions(done.got.headers.get("x-amz-checksum-type").value_or(""), "FULL_OBJECT"))
            at->learned().saw_whole_sums();
        if (kind && done.got.headers.contains("x-amz-checksum-algorithm"))
            at->learned().saw_algorithm();
        co_return upload_id{what.key, upload_id_in(done.got.body)};
    }
}

awaitable<part> put_part(store_ptr at, upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                         deadline limit) {
    while (true) {
        const auto told = co_await integrity_of(at, sum, bytes);
        const call how{.by = at->asked_for("put part of", upload.key, true), .tells_sums = tries_sums(*at, told)};
        const auto done = co_await ask(at, upload_part(upload, number, bytes, told), how, limit);
        if (done.refused)
            continue;
        if (how.tells_sums)
            at->learned().saw_sum(sum_in(done.got.headers).has_value());
        co_return part_of(number, without_quotes(done.got.headers.get("etag").value_or("")), bytes.size(), sum);
    }
}

awaitable<part> copy_part(store_ptr at, upload_id upload, int number, part_source from, deadline limit) {
    const call how{.by = at->asked_for("copy part of", from.from, true), .fails_late = true};
    const auto done = co_await ask(at, upload_part_copy(upload, number, from, at->options().bucket), how, limit);
    const auto made = made_of(done.got.body);
    co_return part_of(number, made.etag, from.length, made.sum);
}

awaitable<std::vector<part>> list_parts(store_ptr at, upload_id upload, deadline limit) {
    std::vector<part> all;
    std::string marker;
    for (int page = 0; page < most_pages; ++page) {
        const call how{.by = at->asked_for("list parts of", upload.key, false)};
        const auto done = co_await ask(at, s3::list_parts(upload, marker), how, limit);
        auto got = parts_of(done.got.body);
        std::ranges::move(got.parts, std::back_inserter(all));
        if (got.keeps_sums)
            at->learned().saw_sum(true);
        if (got.sums_whole)
            at->learned().saw_whole_sums();
        marker = std::move(got.marker);
        if (marker.empty())
            break;
    }
    co_return all;
}

awaitable<object_info> complete_upload(store_ptr at, upload_id upload, std::vector<part> parts, put_request what,
                                       deadline limit) {
    what.key = upload.key;
    refuse_ignored(*at, write::put, upload.key, what.write);
    check_whole(what, parts);
    const auto done = co_await conditional(what.write, complete_once(at, upload, parts, what, limit));
    co_return completed_object(what, parts, done);
}

awaitable<void> abort_upload(store_ptr at, upload_id upload, deadline limit) {
    try {
        co_await ask(at, s3::abort_upload(upload), {.by = at->asked_for("abort upload of", upload.key, true)}, limit);
    } catch (const storage_error& e) {
        if (e.code() != errc::no_upload && e.code() != errc::not_found)
            throw;
    }
}

awaitable<uploads_page> list_uploads(store_ptr at, std::string prefix, std::string token, deadline limit) {
    const call how{.by = at->asked_for("list uploads of", "", false)};
    const auto done = co_await ask(at, s3::list_uploads(prefix, token), how, limit);
    co_return uploads_of(done.got.body);
}

} // namespace infra::storage::s3
