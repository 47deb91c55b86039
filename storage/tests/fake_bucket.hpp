#pragma once

/// A bucket in memory that does what a test tells it (fake_script.hpp).

#include "fake_script.hpp"

#include <infra/base/clock.hpp>
#include <infra/storage/bucket.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::storage {

/// Threads: any.
class fake_bucket final : public bucket, public fake_script {
public:
    explicit fake_bucket(clock& time) : fake_script(time), time_(time) {}

    // --- The script, beside what it has of its own ---

    /// The next put says that it has kept other bytes.
    void flip_stored() {
        const std::scoped_lock lock(mutex_);
        flips_stored_ = true;
    }

    bucket_traits can{.remote = true}; ///< before it is used
    bool goes_in_circles = false;      ///< its lists never end; before it is used
    std::size_t piece = 64 << 10;      ///< bytes of one, of a body that is read
    bool tells_checksums = true;       ///< of what was put with one

    // --- What came of it ---

    struct stored {
        object_info info;
        std::string bytes;
        write_conditions under{}; ///< of the put
        object_attributes attributes{};
    };

    struct begun {
        put_request what;
        wall_time at{};
        std::map<int, stored> parts{};
    };

    std::optional<stored> find(const std::string& key) const {
        const std::scoped_lock lock(mutex_);
        const auto found = objects_.find(key);
        return found == objects_.end() ? std::nullopt : std::optional(found->second);
    }
    std::size_t objects() const {
        const std::scoped_lock lock(mutex_);
        return objects_.size();
    }
    std::vector<put_request> begun_uploads() const { ///< what was said of them
        const std::scoped_lock lock(mutex_);
        std::vector<put_request> all;
        for (const auto& [id, each] : uploads_)
            all.push_back(each.what);
        return all;
    }
    std::size_t uploads() const { ///< that are not over
        const std::scoped_lock lock(mutex_);
        return uploads_.size();
    }
    void store(const std::string& key, std::string bytes, object_attributes attributes = {},
               std::optional<checksum> sum = {}) {
        const std::scoped_lock lock(mutex_);
        keep({.key = key, .attributes = std::move(attributes), .checksum = sum}, std::move(bytes));
    }

    /// What is known of an object that came by parts.
    void tell_of_parts(const std::string& key, const composite_checksum& sum, std::uint64_t part_size) {
        const std::scoped_lock lock(mutex_);
        auto& info = objects_.at(key).info;
        info.composite = sum;
        info.part_size = part_size;
    }

    // --- A bucket ---

    std::string_view name() const noexcept override { return "fake"; }
    std::string description() const override { return "fake:"; }
    bucket_traits traits() const noexcept override { return can; }

    awaitable<object_info> put(put_request what, put_body body, deadline limit) override {
        under_way here(*this);
        const auto does = enter("put", what.key, limit, body.bytes.size());
        co_await begin(does);
        std::string bytes(body.bytes.view());
        if (body.source)
            for (auto next = co_await body.source(); !next.empty(); next = co_await body.source())
                bytes += next;
        const auto info = keep_checked(std::move(what), std::move(bytes));
        co_await end(does);
        co_return info;
    }

    awaitable<opened> get(get_request what, deadline limit) override {
        under_way here(*this);
        const auto does = enter("get", what.key, limit);
        co_await begin(does);
        auto answer = open(what);
        co_await end(does);
        co_return answer;
    }

    awaitable<object_info> head(std::string key, read_conditions read, deadline limit) override {
        under_way here(*this);
        const auto does = enter("head", key, limit);
        co_await begin(does);
        const std::scoped_lock lock(mutex_);
        co_return there(key, read).info;
    }

    awaitable<void> remove(std::string key, std::string if_match, deadline limit) override {
        under_way here(*this);
        const auto does = enter("remove", key, limit);
        co_await begin(does);
        remove_checked(key, if_match);
        co_await end(does);
    }

    awaitable<std::vector<remove_outcome>> remove_many(std::vector<std::string> keys, deadline limit) override {
        under_way here(*this);
        const auto does = enter("remove_many", std::to_string(keys.size()), limit);
        co_await begin(does);
        auto outcomes = remove_all(std::move(keys));
        co_await end(does);
        co_return outcomes;
    }

    /// The next remove_many that has this key fails to remove it, and it alone.
    void refuse_to_remove(const std::string& key, storage_error why) {
        const std::scoped_lock lock(mutex_);
        unremovable_[key].push_back(std::move(why));
    }

    awaitable<object_info> copy(copy_request what, deadline limit) override {
        under_way here(*this);
        const auto does = enter("copy", what.to, limit);
        co_await begin(does);
        const auto info = copy_checked(what);
        co_await end(does);
        co_return info;
    }

    awaitable<list_page> list(list_options what, deadline limit) override {
        under_way here(*this);
        const auto does = enter("list", what.prefix, limit);
        co_await begin(does);
        co_return page_of(what);
    }

    awaitable<upload_id> begin_upload(put_request what, deadline limit) override {
        under_way here(*this);
        const auto does = enter("begin_upload", what.key, limit);
        co_await begin(does);
        const auto id = open_upload(std::move(what));
        co_await end(does);
        co_return id;
    }

    awaitable<part> put_part(upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                             deadline limit) override {
        under_way here(*this);
        const auto does = enter("put_part", upload.key, limit, bytes.size());
        co_await begin(does);
        const auto made = keep_part(upload, number, std::string(bytes.view()), sum);
        co_await end(does);
        co_return made;
    }

    awaitable<part> copy_part(upload_id upload, int number, part_source from, deadline limit) override {
        under_way here(*this);
        const auto does = enter("copy_part", upload.key, limit, from.length);
        co_await begin(does);
        const auto made = keep_part(upload, number, part_of(from), {});
        co_await end(does);
        co_return made;
    }

    awaitable<std::vector<part>> list_parts(upload_id upload, deadline limit) override {
        under_way here(*this);
        const auto does = enter("list_parts", upload.key, limit);
        co_await begin(does);
        co_return parts_of(upload);
    }

    awaitable<object_info> complete_upload(upload_id upload, std::vector<part> parts, put_request what,
                                           deadline limit) override {
        under_way here(*this);
        const auto does = enter("complete_upload", upload.key, limit);
        co_await begin(does);
        const auto info = complete(upload, parts, std::move(what));
        co_await end(does);
        co_return info;
    }

    awaitable<void> abort_upload(upload_id upload, deadline limit) override {
        under_way here(*this);
        const auto does = enter("abort_upload", upload.key, limit);
        co_await begin(does);
        {
            const std::scoped_lock lock(mutex_);
            uploads_.erase(upload.id);
        }
        co_await end(does);
    }

    awaitable<uploads_page> list_uploads(std::string prefix, std::string, deadline limit) override {
        under_way here(*this);
        const auto does = enter("list_uploads", prefix, limit);
        co_await begin(does);
        uploads_page page{.token = goes_in_circles ? "1" : ""};
        const std::scoped_lock lock(mutex_);
        for (const auto& [id, each] : uploads_)
            if (each.what.key.starts_with(prefix))
                page.uploads.push_back({{each.what.key, id}, each.at});
        co_return page;
    }

    awaitable<signed_request> sign(std::string key, std::chrono::seconds expires, signed_url_options) override {
        enter("sign", key, {});
        co_return signed_request{.url = "https://fake/" + key + "?expires=" + std::to_string(expires.count())};
    }
    awaitable<signed_form> sign_form(post_policy policy, std::chrono::seconds) override {
        enter("sign_form", policy.key, {});
        co_return signed_form{.url = "https://fake/", .fields = {{"key", policy.key + policy.key_prefix}}};
    }
    awaitable<std::string> sign_part(upload_id upload, int number, std::chrono::seconds) override {
        enter("sign_part", upload.key, {});
        co_return "https://fake/" + upload.key + "?part=" + std::to_string(number);
    }

    awaitable<void> ping(deadline limit) override {
        under_way here(*this);
        co_await begin(enter("ping", "", limit));
    }
    awaitable<std::size_t> sweep_leavings(std::chrono::milliseconds, deadline limit) override {
        under_way here(*this);
        co_await begin(enter("sweep_leavings", "", limit));
        co_return 0;
    }

private:
    // --- Under the lock ---

    const stored& there(const std::string& key, const read_conditions& read) const {
        const auto found = objects_.find(key);
        if (found == objects_.end())
            throw storage_error(errc::not_found, "there is no object " + key);
        const auto& etag = found->second.info.etag;
        if (!read.if_match.empty() && read.if_match != etag)
            throw storage_error(errc::precondition, key + " has another ETag");
        if (!read.if_none_match.empty() && read.if_none_match == etag)
            throw storage_error(errc::precondition, key + " is the same", {.name = "not_modified", .status = 304});
        return found->second;
    }

    void check(const std::string& key, const write_conditions& write) const {
        const auto found = objects_.find(key);
        if (write.if_absent && found != objects_.end())
            throw storage_error(errc::precondition, "there is an object " + key);
        if (!write.if_match.empty() && (found == objects_.end() || found->second.info.etag != write.if_match))
            throw storage_error(errc::precondition, key + " has another ETag");
    }

    object_info keep(put_request what, std::string bytes) {
        const auto& a = what.attributes;
        object_info info{.key = what.key,
                         .size = bytes.size(),
                         .etag = "e" + std::to_string(++versions_),
                         .modified = time_.wall(),
                         .content_type = a.content_type,
                         .cache_control = a.cache_control,
                         .content_disposition = a.content_disposition,
                         .content_encoding = a.content_encoding,
                         .content_language = a.content_language,
                         .metadata = a.metadata,
                         .checksum = tells_checksums ? what.checksum : std::nullopt};
        objects_.insert_or_assign(what.key, stored{info, std::move(bytes), what.write, a});
        return info;
    }

    // --- Under none ---

    object_info keep_checked(put_request what, std::string bytes) {
        const std::scoped_lock lock(mutex_);
        if (what.checksum && checksum_of(bytes, what.checksum->kind()) != *what.checksum)
            throw storage_error(errc::integrity, "put " + what.key + ": other bytes came");
        check(what.key, what.write);
        if (!what.checksum && can.streams)
            what.checksum = checksum_of(bytes, what.sum.value_or(can.sum));
        if (std::exchange(flips_stored_, false))
            what.checksum = checksum_of("others", can.sum);
        return keep(std::move(what), std::move(bytes));
    }

    opened open(const get_request& what) {
        const std::scoped_lock lock(mutex_);
        const auto& object = there(what.key, what.read);
        std::uint64_t from = 0, length = object.bytes.size();
        if (what.range && what.range->last) {
            length = std::min<std::uint64_t>(*what.range->last, length);
            from = object.bytes.size() - length;
        } else if (what.range) {
            from = what.range->offset;
            if (from >= object.bytes.size())
                throw storage_error(errc::bad_range, what.key + " ends before that");
            length = std::min<std::uint64_t>(what.range->length.value_or(length), object.bytes.size() - from);
        }
        auto bytes = std::make_shared<std::string>(object.bytes.substr(from, length));
        const auto does = next_body();
        if (does.flip && *does.flip < bytes->size())
            (*bytes)[*does.flip] ^= 1;
        auto at = std::make_shared<std::size_t>(0);
        auto next = [bytes, at, does, size = piece, on = &time_]() -> awaitable<std::string> {
            const auto end = does.cut ? std::min<std::size_t>(*does.cut, bytes->size()) : bytes->size();
            if (*at >= end && does.stalls)
                co_await on->sleep_until(steady_time::max());
            if (*at >= end && does.cut && does.why)
                throw storage_error(*does.why);
            auto one = bytes->substr(*at, std::min(size, end - *at));
            *at += one.size();
            co_return one;
        };
        return {object.info, from, length, std::move(next)};
    }

    void remove_checked(const std::string& key, const std::string& if_match) {
        const std::scoped_lock lock(mutex_);
        if (!if_match.empty())
            check(key, {.if_match = if_match});
        objects_.erase(key);
    }

    std::vector<remove_outcome> remove_all(std::vector<std::string> keys) {
        const std::scoped_lock lock(mutex_);
        std::vector<remove_outcome> outcomes;
        for (auto& each : keys) {
            auto& refusals = unremovable_[each];
            if (refusals.empty()) {
                objects_.erase(each);
                outcomes.push_back({std::move(each), std::nullopt});
                continue;
            }
            outcomes.push_back({std::move(each), std::move(refusals.front())});
            refusals.pop_front();
        }
        return outcomes;
    }

    object_info copy_checked(const copy_request& what) {
        const std::scoped_lock lock(mutex_);
        const auto from = there(what.from, {.if_match = what.source_if_match});
        check(what.to, what.write);
        return keep(
            {.key = what.to, .attributes = what.attributes.value_or(from.attributes), .checksum = from.info.checksum},
            from.bytes);
    }

    list_page page_of(const list_options& what) {
        const std::scoped_lock lock(mutex_);
        list_page page;
        if (goes_in_circles)
            return {.token = what.token == "1" ? "2" : "1"};
        const auto after = std::max(what.start_after, what.token);
        for (auto each = after.empty() ? objects_.lower_bound(what.prefix) : objects_.upper_bound(after);
             each != objects_.end(); ++each) {
            const auto& key = each->first;
            if (!key.starts_with(what.prefix))
                continue;
            std::string name = key;
            const auto cut = what.delimiter.empty() ? std::string::npos : key.find(what.delimiter, what.prefix.size());
            if (cut != std::string::npos) {
                name = key.substr(0, cut + what.delimiter.size());
                if (after.starts_with(name) || (!page.prefixes.empty() && page.prefixes.back() == name))
                    continue;
            }
            if (page.objects.size() + page.prefixes.size() == what.limit) {
                page.token = last_of(page);
                break;
            }
            if (cut != std::string::npos)
                page.prefixes.push_back(std::move(name));
            else
                page.objects.push_back(
                    {key, each->second.info.size, each->second.info.etag, each->second.info.modified});
        }
        return page;
    }
    static std::string last_of(const list_page& page) {
        const auto object = page.objects.empty() ? std::string() : page.objects.back().key;
        return page.prefixes.empty() ? object : std::max(object, page.prefixes.back());
    }

    upload_id open_upload(put_request what) {
        const std::scoped_lock lock(mutex_);
        const upload_id id{what.key, "u" + std::to_string(++versions_)};
        uploads_.emplace(id.id, begun{std::move(what), time_.wall()});
        return id;
    }

    begun& upload_of(const upload_id& upload) {
        const auto found = uploads_.find(upload.id);
        if (found == uploads_.end() || found->second.what.key != upload.key)
            throw storage_error(errc::no_upload, "the upload of " + upload.key + " is over",
                                {.name = "NoSuchUpload", .status = 404});
        return found->second;
    }

    static part describe(int number, const stored& one) {
        return {.number = number, .etag = one.info.etag, .size = one.info.size, .checksum = one.info.checksum};
    }

    part keep_part(const upload_id& upload, int number, std::string bytes, std::optional<checksum> sum) {
        const std::scoped_lock lock(mutex_);
        auto& to = upload_of(upload);
        if (sum && checksum_of(bytes, sum->kind()) != *sum)
            throw storage_error(errc::integrity, "put part of " + upload.key + ": other bytes came");
        object_info info{.size = bytes.size(),
                         .etag = "p" + std::to_string(++versions_),
                         .checksum = tells_checksums ? sum : std::nullopt};
        return describe(number, to.parts.insert_or_assign(number, stored{info, std::move(bytes)}).first->second);
    }

    std::string part_of(const part_source& from) {
        const std::scoped_lock lock(mutex_);
        return there(from.from, {.if_match = from.if_match}).bytes.substr(from.offset, from.length);
    }

    std::vector<part> parts_of(const upload_id& upload) {
        const std::scoped_lock lock(mutex_);
        std::vector<part> all;
        for (const auto& [number, each] : upload_of(upload).parts)
            all.push_back(describe(number, each));
        return all;
    }

    object_info complete(const upload_id& upload, const std::vector<part>& parts, put_request what) {
        const std::scoped_lock lock(mutex_);
        auto& from = upload_of(upload);
        std::string bytes;
        for (const auto& each : parts) {
            const auto found = from.parts.find(each.number);
            if (found == from.parts.end() || found->second.info.etag != each.etag)
                throw storage_error(errc::refused, upload.key + " has no such part", {.name = "InvalidPart"});
            bytes += found->second.bytes;
        }
        if (what.checksum && checksum_of(bytes, what.checksum->kind()) != *what.checksum)
            throw storage_error(errc::integrity, "complete " + what.key + ": other bytes came");
        check(what.key, what.write);
        what.attributes = from.what.attributes;
        auto info = keep(std::move(what), std::move(bytes));
        uploads_.erase(upload.id);
        return info;
    }

    clock& time_;
    mutable std::mutex mutex_;
    std::map<std::string, std::deque<storage_error>> unremovable_; // guarded by mutex_, as all below
    std::map<std::string, stored> objects_;
    std::map<std::string, begun> uploads_;
    int versions_ = 0;
    bool flips_stored_ = false;
};

} // namespace infra::storage
