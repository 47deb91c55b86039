#include <infra/storage/file.hpp>

#include "../local_signing.hpp"
#include "../preconditions.hpp"
#include "../public_url.hpp"
#include "errors.hpp"
#include "objects.hpp"
#include "reading.hpp"
#include "sweep.hpp"
#include "uploads.hpp"

#include <infra/base/id.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/storage/key.hpp>

#include <atomic>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace disk {
namespace {

/// What operations keep while they last, whoever lets go of the bucket.
struct store {
    store(const file_options& o)
        : things(o.directory, o.sync == durability::synced, *o.time), uploads(things), pool(o.pool) {}

    objects things;
    disk::uploads uploads;
    blocking_pool* pool;
};
using store_ptr = std::shared_ptr<store>;

template <class F>
awaitable<std::invoke_result_t<F>> on_pool(blocking_pool* pool, F work) {
    return (pool ? *pool : default_blocking_pool()).run(std::move(work));
}

/// What changes something, for an asker who may leave.
template <class F>
awaitable<std::invoke_result_t<F, const asker&>> change(blocking_pool* pool, deadline limit, F work) {
    struct waiting {
        std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
        ~waiting() { *over = true; }
    };
    const waiting here;
    co_return co_await on_pool(pool, [work = std::move(work), by = asker(limit, here.over)] { return work(by); });
}

std::string words_on(std::string_view verb, const std::string& key) { return std::string(verb) + ' ' + key; }

void check_attributes(const object_attributes& a, const std::string& what) {
    if (!a.store_headers.empty())
        throw storage_error(errc::unsupported, what + ": a directory has no use for " + a.store_headers.begin()->first +
                                                   "; leave store_headers empty");
}

[[noreturn]] void wrong_size(const std::string& what, std::uint64_t said) {
    throw storage_error(infra::errc::invalid_input,
                        what + ": the source was to give " + std::to_string(said) + " bytes, and does not");
}

checksum_kind kind_to_keep(const put_request& what) noexcept {
    return what.checksum ? what.checksum->kind() : what.sum.value_or(checksum_kind::crc32c);
}

awaitable<void> append_all(store_ptr in, std::shared_ptr<temporary> to, put_body body, std::string what) {
    const auto most = body.source_size.value_or(std::numeric_limits<std::uint64_t>::max());
    for (auto piece = co_await body.source(); !piece.empty(); piece = co_await body.source()) {
        if (piece.size() > most - to->size())
            wrong_size(what, most);
        co_await on_pool(in->pool, [to, bytes = std::move(piece)] { to->append(bytes); });
    }
    if (body.source_size && to->size() != most)
        wrong_size(what, most);
}

awaitable<object_info> put_source(store_ptr in, put_request what, put_body body, deadline limit) {
    const auto word = words_on("put", what.key);
    const auto to = co_await on_pool(in->pool, [in, word, kind = kind_to_keep(what), size = body.source_size] {
        auto made = std::make_shared<temporary>(in->things.here(), word, kind);
        made->reserve(size.value_or(0));
        return made;
    });
    co_await append_all(in, to, std::move(body), word);
    co_return co_await change(in->pool, limit,
                              [in, to, what, word](const asker& by) { return in->things.commit(*to, what, word, by); });
}

object_info put_bytes(store& in, const put_request& what, std::string_view bytes, const asker& by) {
    const auto word = words_on("put", what.key);
    temporary to(in.things.here(), word, kind_to_keep(what));
    to.reserve(bytes.size());
    to.append(bytes);
    return in.things.commit(to, what, word, by);
}

opened get_object(const store_ptr& in, const get_request& what) {
    const auto word = words_on("get", what.key);
    auto object = in->things.open(what.key, word);
    check_read(what.read, object.info, word);
    const auto range = resolve_range(what.range, object.info.size, word);
    auto left = std::make_shared<reading>(std::move(object.file), range, word);
    left->read_ahead();
    return {.info = std::move(object.info),
            .offset = range.offset,
            .length = range.length,
            .pieces = [in, left = std::move(left)] { return next_piece(in->pool, left); }};
}

std::string secret_of(const file_options& o, const layout& in) {
    return o.signing_secret.empty() ? placed_once(in, "secret", random_hex(32)) : o.signing_secret;
}

class file_bucket final : public bucket, public signs_locally {
public:
    explicit file_bucket(const file_options& o)
        : in_(std::make_shared<store>(o)), signer_(o.public_url, secret_of(o, *in_->things.here()), *o.time) {
        sweep_temporaries(*in_->things.here(), std::chrono::milliseconds(0));
    }

    std::string_view name() const noexcept override { return "file"; }
    std::string description() const override { return "file:" + in_->things.directory().string(); }
    const local_signer& signer() const noexcept override { return signer_; }

    bucket_traits traits() const noexcept override {
        constexpr std::uint64_t any = std::numeric_limits<std::int64_t>::max(); // the file system says how much
        return {.streams = true, .min_part = 1, .max_part = any, .max_single_put = any, .max_single_copy = any};
    }

    awaitable<object_info> put(put_request what, put_body body, deadline limit) override {
        check_key(what.key);
        check_attributes(what.attributes, words_on("put", what.key));
        if (body.source)
            co_return co_await put_source(in_, std::move(what), std::move(body), limit);
        auto work = [in = in_, what = std::move(what), bytes = std::move(body.bytes)](const asker& by) {
            return put_bytes(*in, what, bytes.view(), by);
        };
        co_return co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<opened> get(get_request what, deadline) override {
        check_key(what.key);
        co_return co_await on_pool(in_->pool, [in = in_, what = std::move(what)] { return get_object(in, what); });
    }

    awaitable<object_info> head(std::string key, read_conditions read, deadline) override {
        check_key(key);
        co_return co_await on_pool(in_->pool, [in = in_, key = std::move(key), read = std::move(read)] {
            const auto word = words_on("head", key);
            auto info = in->things.open(key, word).info;
            check_read(read, info, word);
            return info;
        });
    }

    awaitable<void> remove(std::string key, std::string if_match, deadline limit) override {
        check_key(key);
        auto work = [in = in_, key = std::move(key), if_match = std::move(if_match)](const asker& by) {
            in->things.remove(key, if_match, words_on("remove", key), by);
        };
        co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<std::vector<remove_outcome>> remove_many(std::vector<std::string> keys, deadline limit) override {
        auto work = [in = in_, keys = std::move(keys)](const asker& by) { return in->things.remove(keys, by); };
        co_return co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<object_info> copy(copy_request what, deadline limit) override {
        check_key(what.from);
        check_key(what.to);
        if (what.attributes)
            check_attributes(*what.attributes, words_on("copy to", what.to));
        auto work = [in = in_, what = std::move(what)](const asker& by) { return in->things.copy(what, by); };
        co_return co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<list_page> list(list_options what, deadline limit) override {
        check_prefix(what.prefix);
        co_return co_await on_pool(in_->pool,
                                   [in = in_, what = std::move(what), limit] { return in->things.list(what, limit); });
    }

    awaitable<upload_id> begin_upload(put_request what, deadline) override {
        check_key(what.key);
        check_attributes(what.attributes, words_on("begin the upload of", what.key));
        co_return co_await on_pool(in_->pool, [in = in_, what = std::move(what)] { return in->uploads.begin(what); });
    }

    awaitable<part> put_part(upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                             deadline limit) override {
        auto work = [in = in_, upload = std::move(upload), number, bytes = std::move(bytes), sum](const asker& by) {
            const auto write = [&](temporary& to) {
                to.reserve(bytes.size());
                to.append(bytes.view());
            };
            return in->uploads.put_part(upload, number, sum, write, by);
        };
        co_return co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<part> copy_part(upload_id upload, int number, part_source from, deadline limit) override {
        check_key(from.from);
        auto work = [in = in_, upload = std::move(upload), number, from = std::move(from)](const asker& by) {
            const auto word = words_on("copy a part of", from.from);
            const auto object = in->things.open(from.from, word);
            check_read({.if_match = from.if_match}, object.info, word);
            const auto range = resolve_range(byte_range{from.offset, from.length, {}}, object.info.size, word);
            const auto write = [&](temporary& to) {
                to.append_from(object.file.get(), range.offset, range.length, std::nullopt);
            };
            return in->uploads.put_part(upload, number, std::nullopt, write, by);
        };
        co_return co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<std::vector<part>> list_parts(upload_id upload, deadline) override {
        co_return co_await on_pool(in_->pool,
                                   [in = in_, upload = std::move(upload)] { return in->uploads.list_parts(upload); });
    }

    awaitable<object_info> complete_upload(upload_id upload, std::vector<part> parts, put_request what,
                                           deadline limit) override {
        auto work = [in = in_, upload = std::move(upload), parts = std::move(parts),
                     what = std::move(what)](const asker& by) { return in->uploads.complete(upload, parts, what, by); };
        co_return co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<void> abort_upload(upload_id upload, deadline limit) override {
        auto work = [in = in_, upload = std::move(upload)](const asker& by) { in->uploads.abort(upload, by); };
        co_await change(in_->pool, limit, std::move(work));
    }

    awaitable<uploads_page> list_uploads(std::string prefix, std::string token, deadline) override {
        co_return co_await on_pool(in_->pool, [in = in_, prefix = std::move(prefix), token = std::move(token)] {
            return in->uploads.list(prefix, token);
        });
    }

    awaitable<signed_request> sign(std::string key, std::chrono::seconds expires, signed_url_options options) override {
        check_key(key);
        co_return signer_.sign(key, expires, options);
    }
    awaitable<signed_form> sign_form(post_policy policy, std::chrono::seconds expires) override {
        co_return signer_.sign_form(policy, expires);
    }
    awaitable<std::string> sign_part(upload_id upload, int number, std::chrono::seconds expires) override {
        co_return signer_.sign_part(upload, number, expires);
    }

    awaitable<void> ping(deadline) override {
        co_await on_pool(in_->pool, [in = in_] {
            if (!in->things.here()->files.open_directory(""))
                fail(errno, "ping", in->things.directory().string());
        });
    }

    awaitable<std::size_t> sweep_leavings(std::chrono::milliseconds age, deadline limit) override {
        co_return co_await on_pool(
            in_->pool, [in = in_, age, limit] { return sweep(*in->things.here(), age, limit, in->things.time()); });
    }

private:
    const store_ptr in_;
    const local_signer signer_;
};

bool is_too_short(const std::string& secret) noexcept { return !secret.empty() && secret.size() < 16; }

void check_options(const file_options& o) {
    if (o.directory.empty())
        throw std::invalid_argument("storage::file_options::directory must name a directory");
    if (is_too_short(o.signing_secret))
        throw std::invalid_argument("storage::file_options::signing_secret must have 16 bytes at least");
    if (!o.time)
        throw std::invalid_argument("storage::file_options::time must not be null");
}

} // namespace
} // namespace disk

file_options file_options_from(const environment& variables) {
    auto secret = variables.get_or("STORAGE_SIGNING_SECRET", "");
    if (disk::is_too_short(secret))
        throw error(infra::errc::misconfigured,
                    "STORAGE_SIGNING_SECRET: expected at least 16 bytes that nobody can guess");
    return {.public_url = public_url_from(variables), .signing_secret = std::move(secret)};
}

std::shared_ptr<bucket> make_file_bucket(file_options options) {
    disk::check_options(options);
    return std::make_shared<disk::file_bucket>(options);
}

} // namespace infra::storage
