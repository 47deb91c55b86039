#include <infra/storage/storage.hpp>

#include "call.hpp"
#include "checks.hpp"
#include "copy.hpp"
#include "list.hpp"
#include "put.hpp"
#include "reading.hpp"
#include "remove.hpp"
#include "remove_older.hpp"
#include "signatures.hpp"

#include <utility>

namespace infra::storage {
namespace {

awaitable<object_info> put(core_ptr core, std::string key, content what, put_options options) {
    co_return core->shown(co_await put_object(core, std::move(key), std::move(what), std::move(options)));
}

get_request get_request_of(const core& core, const std::string& key, const get_options& options) {
    check_range(options.range);
    return {.key = core.full(key),
            .range = options.range,
            .read = checked(read_conditions{.if_match = options.if_match, .if_none_match = options.if_none_match})};
}

deadline limit_to_get(const get_options& options) { return options.limit ? *options.limit : deadline::never(); }

awaitable<object> get(core_ptr core, std::string key, get_options options) {
    const auto most = options.max_bytes.value_or(core->options.max_object_in_memory);
    auto found = co_await read_whole(core, get_request_of(*core, key, options), most, limit_to_get(options));
    found.info = core->shown(std::move(found.info));
    co_return found;
}

awaitable<object_reader> open(core_ptr core, std::string key, get_options options) {
    const auto from = std::make_shared<reading>(core, get_request_of(*core, key, options), limit_to_get(options));
    co_await from->ask();
    const auto& of = from->arrived();
    co_return object_reader(core->shown(of.info()), of.offset(), of.length(), [from] { return from->next(); });
}

awaitable<std::optional<object_info>> head(core_ptr core, std::string key, head_options options) {
    const auto read = checked(read_conditions{.if_match = options.if_match, .if_none_match = options.if_none_match});
    const asking<object_info> once = [core, key = core->full(key), read](attempt now) {
        return core->to().head(key, read, now.limit);
    };
    try {
        auto info =
            co_await core->calls.run<object_info>({.op = "head", .key = key}, once, core->limit_of(options.limit));
        co_return core->shown(std::move(info));
    } catch (const storage_error& e) {
        if (e.code() != errc::not_found)
            throw;
    }
    co_return std::nullopt;
}

awaitable<bool> exists(core_ptr core, std::string key) {
    const auto found = co_await head(core, std::move(key), {});
    co_return found.has_value();
}

awaitable<object_info> copy(core_ptr core, std::string from, std::string to, copy_options options) {
    co_return core->shown(co_await copy_object(core, std::move(from), std::move(to), std::move(options)));
}

awaitable<object_info> move(core_ptr core, std::string from, std::string to, copy_options options) {
    co_return core->shown(co_await move_object(core, std::move(from), std::move(to), std::move(options)));
}

awaitable<std::string> signed_url(core_ptr core, std::string key, std::chrono::seconds expires,
                                  signed_url_options options) {
    auto signed_one = co_await sign_url(core, std::move(key), expires, std::move(options));
    co_return std::move(signed_one.url);
}

awaitable<void> ping(core_ptr core) {
    const asking<void> once = [core](attempt now) { return core->to().ping(now.limit); };
    co_await core->calls.run<void>({.op = "ping"}, once, core->limit_of({}));
}

} // namespace

// --- The handle -------------------------------------------------------------------------------------------------

storage::storage(storage_options options) : core_(std::make_shared<const core>(std::move(options))) {}

awaitable<object_info> storage::put(std::string key, content what, put_options options) const {
    return told(core_, "put", key, infra::storage::put(core_, key, std::move(what), std::move(options)));
}

awaitable<object> storage::get(std::string key, get_options options) const {
    return told(core_, "get", key, infra::storage::get(core_, key, std::move(options)));
}

awaitable<object_reader> storage::open(std::string key, get_options options) const {
    return told(core_, "open", key, infra::storage::open(core_, key, std::move(options)));
}

awaitable<std::optional<object_info>> storage::head(std::string key, head_options options) const {
    return told(core_, "head", key, infra::storage::head(core_, key, std::move(options)));
}

awaitable<bool> storage::exists(std::string key) const {
    return told(core_, "head", key, infra::storage::exists(core_, key));
}

awaitable<void> storage::remove(std::string key, remove_options options) const {
    return told(core_, "remove", key, remove_object(core_, key, std::move(options)));
}

awaitable<object_info> storage::copy(std::string from, std::string to, copy_options options) const {
    return told(core_, "copy", from, infra::storage::copy(core_, from, std::move(to), std::move(options)));
}

awaitable<object_info> storage::move(std::string from, std::string to, copy_options options) const {
    return told(core_, "move", from, infra::storage::move(core_, from, std::move(to), std::move(options)));
}

awaitable<std::vector<remove_outcome>> storage::remove_many(std::vector<std::string> keys) const {
    return told(core_, "remove_many", {}, remove_objects(core_, std::move(keys)));
}

awaitable<std::size_t> storage::remove_older(std::string prefix, std::chrono::milliseconds age) const {
    return told(core_, "remove_older", prefix, remove_older_objects(core_, prefix, age));
}

awaitable<list_page> storage::list(list_options options) const {
    return told(core_, "list", options.prefix, list_objects(core_, options));
}

awaitable<std::vector<object_info>> storage::list_all(std::string prefix, std::size_t limit) const {
    return told(core_, "list_all", prefix, list_all_objects(core_, prefix, limit));
}

object_lister storage::each(list_options options) const { return object_lister(core_, std::move(options)); }

awaitable<std::string> storage::signed_url(std::string key, std::chrono::seconds expires,
                                           signed_url_options options) const {
    return told(core_, "sign", key, infra::storage::signed_url(core_, key, expires, std::move(options)));
}

awaitable<signed_request> storage::sign(std::string key, std::chrono::seconds expires,
                                        signed_url_options options) const {
    return told(core_, "sign", key, sign_url(core_, key, expires, std::move(options)));
}

awaitable<signed_form> storage::signed_form_for(post_policy policy, std::chrono::seconds expires) const {
    return told(core_, "sign", policy.key + policy.key_prefix, sign_form(core_, policy, expires));
}

awaitable<void> storage::ping() const { return told(core_, "ping", {}, infra::storage::ping(core_)); }

const std::shared_ptr<bucket>& storage::bucket() const noexcept { return core_->options.bucket; }

bucket_traits storage::traits() const noexcept { return core_->to().traits(); }

std::string storage::description() const {
    const auto& prefix = core_->options.prefix;
    return core_->to().description() + (prefix.empty() ? "" : ", below " + prefix);
}

} // namespace infra::storage
