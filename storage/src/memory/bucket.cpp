#include "../local_signing.hpp"
#include "../preconditions.hpp"
#include "objects.hpp"

#include <infra/base/id.hpp>
#include <infra/storage/error.hpp>
#include <infra/storage/key.hpp>
#include <infra/storage/memory.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace memory {
namespace {

constexpr std::size_t piece_size = 1u << 20;
constexpr int last_part_number = 10'000;

void check_parts_number(int number) {
    if (number < 1 || number > last_part_number)
        throw storage_error(infra::errc::invalid_input,
                            "a part's number is 1 to 10 000, not " + std::to_string(number));
}

void refuse_headers_of_others(const put_request& what) {
    if (!what.attributes.store_headers.empty())
        throw storage_error(errc::unsupported, "put " + what.key +
                                                   ": a store in memory has no header fields of its own (" +
                                                   what.attributes.store_headers.begin()->first + ")");
}

[[noreturn]] void wrong_length(const std::string& key, std::uint64_t said, const char* came) {
    throw storage_error(infra::errc::invalid_input, "put " + key + ": the source was to give " + std::to_string(said) +
                                                        " bytes and gave " + came + "; nothing was kept");
}

awaitable<rope> read_source(std::string key, put_body body, std::shared_ptr<room> from) {
    rope_writer made(std::move(from));
    std::uint64_t came = 0;
    for (;;) {
        auto piece = co_await body.source();
        if (piece.empty())
            break;
        came += piece.size();
        if (body.source_size && came > *body.source_size)
            wrong_length(key, *body.source_size, "more");
        made.add(std::move(piece));
    }
    if (body.source_size && came != *body.source_size)
        wrong_length(key, *body.source_size, "less");
    co_return made.finish();
}

// What is left to be read of an object, a piece a call.
struct left_to_read {
    rope bytes;
    std::size_t run = 0;
    std::size_t offset = 0;
};

awaitable<std::string> next_piece(std::shared_ptr<left_to_read> of) {
    if (of->run == of->bytes.runs.size())
        co_return std::string();
    const auto& run = of->bytes.runs[of->run];
    std::string piece(run.from(of->offset, piece_size).view());
    of->offset += piece.size();
    if (of->offset == run.size()) {
        ++of->run;
        of->offset = 0;
    }
    co_return piece;
}

class memory_bucket final : public bucket, public signs_locally {
public:
    explicit memory_bucket(memory_options options) : options_(std::move(options)) {
        if (options_.max_bytes < 1)
            throw std::invalid_argument("storage::memory_options::max_bytes must be at least 1");
    }

    std::string_view name() const noexcept override { return "memory"; }
    std::string description() const override { return "memory:"; }
    bucket_traits traits() const noexcept override { return {.streams = true, .min_part = min_part}; }

    awaitable<object_info> put(put_request what, put_body body, deadline) override {
        check_key(what.key);
        refuse_headers_of_others(what);
        auto bytes = body.source ? co_await read_source(what.key, std::move(body), room_) : kept(std::move(body.bytes));
        const auto sum = checked(bytes, what.checksum, what.sum.value_or(checksum_kind::crc32c), what.key);
        const std::scoped_lock lock(mutex_);
        co_return objects_.put(what, std::move(bytes), sum, now());
    }

    awaitable<opened> get(get_request what, deadline) override {
        const auto found = object_at(what.key);
        check_read(what.read, found.info, "get " + what.key);
        const auto range = resolve_range(what.range, found.info.size, "get " + what.key);
        auto left = std::make_shared<left_to_read>(found.bytes.part(range.offset, range.length));
        co_return opened{.info = found.info,
                         .offset = range.offset,
                         .length = range.length,
                         .pieces = [left = std::move(left)] { return next_piece(left); }};
    }

    awaitable<object_info> head(std::string key, read_conditions read, deadline) override {
        const auto found = object_at(key);
        check_read(read, found.info, "head " + key);
        co_return found.info;
    }

    awaitable<void> remove(std::string key, std::string if_match, deadline) override {
        const std::scoped_lock lock(mutex_);
        objects_.remove(key, if_match);
        co_return;
    }

    awaitable<std::vector<remove_outcome>> remove_many(std::vector<std::string> keys, deadline) override {
        std::vector<remove_outcome> done;
        const std::scoped_lock lock(mutex_);
        for (auto& each : keys) {
            objects_.remove(each, {});
            done.push_back({.key = std::move(each)});
        }
        co_return done;
    }

    awaitable<object_info> copy(copy_request what, deadline) override {
        check_key(what.to);
        const std::scoped_lock lock(mutex_);
        co_return objects_.copy(what, now());
    }

    awaitable<list_page> list(list_options what, deadline) override {
        const std::scoped_lock lock(mutex_);
        co_return objects_.list(what);
    }

    awaitable<upload_id> begin_upload(put_request what, deadline) override {
        check_key(what.key);
        refuse_headers_of_others(what);
        const std::scoped_lock lock(mutex_);
        co_return objects_.begin(std::move(what), now());
    }

    awaitable<part> put_part(upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                             deadline) override {
        check_parts_number(number);
        auto run = kept(std::move(bytes));
        const auto is = checked(run, sum, checksum_kind::crc32c, upload.key);
        const std::scoped_lock lock(mutex_);
        co_return objects_.put_part(upload, number, std::move(run), is);
    }

    awaitable<part> copy_part(upload_id upload, int number, part_source from, deadline) override {
        check_parts_number(number);
        const auto source = object_at(from.from);
        check_read({.if_match = from.if_match}, source.info, "copy a part of " + from.from);
        const auto range = resolve_range(byte_range{.offset = from.offset, .length = from.length}, source.info.size,
                                         "copy a part of " + from.from);
        auto bytes = source.bytes.part(range.offset, range.length);
        const auto sum = checked(bytes, {}, checksum_kind::crc32c, from.from);
        const std::scoped_lock lock(mutex_);
        co_return objects_.put_part(upload, number, std::move(bytes), sum);
    }

    awaitable<std::vector<part>> list_parts(upload_id upload, deadline) override {
        const std::scoped_lock lock(mutex_);
        co_return objects_.parts(upload);
    }

    awaitable<object_info> complete_upload(upload_id upload, std::vector<part> parts, put_request what,
                                           deadline) override {
        const std::scoped_lock lock(mutex_);
        co_return objects_.complete(upload, parts, what, now());
    }

    awaitable<void> abort_upload(upload_id upload, deadline) override {
        const std::scoped_lock lock(mutex_);
        objects_.abort(upload);
        co_return;
    }

    awaitable<uploads_page> list_uploads(std::string prefix, std::string token, deadline) override {
        const std::scoped_lock lock(mutex_);
        co_return objects_.uploads(prefix, token);
    }

    awaitable<signed_request> sign(std::string key, std::chrono::seconds expires, signed_url_options how) override {
        co_return signer_.sign(key, expires, how);
    }
    awaitable<signed_form> sign_form(post_policy policy, std::chrono::seconds expires) override {
        co_return signer_.sign_form(policy, expires);
    }
    awaitable<std::string> sign_part(upload_id upload, int number, std::chrono::seconds expires) override {
        co_return signer_.sign_part(upload, number, expires);
    }
    const local_signer& signer() const noexcept override { return signer_; }

    awaitable<void> ping(deadline) override { co_return; }
    awaitable<std::size_t> sweep_leavings(std::chrono::milliseconds, deadline) override { co_return 0; }

private:
    wall_time now() const { return options_.time->wall(); }
    rope kept(shared_bytes bytes) const {
        rope_writer made(room_);
        made.add(std::move(bytes));
        return made.finish();
    }
    stored_object object_at(std::string_view key) const {
        const std::scoped_lock lock(mutex_);
        return objects_.at(key);
    }

    const memory_options options_;
    const local_signer signer_{options_.public_url, random_hex(32),
                               *options_.time}; // nobody else sees what it is to open
    const std::shared_ptr<room> room_ = std::make_shared<room>(options_.max_bytes);
    mutable std::mutex mutex_;
    objects objects_; // guarded by mutex_
};

} // namespace
} // namespace memory

std::shared_ptr<bucket> make_memory_bucket(memory_options options) {
    return std::make_shared<memory::memory_bucket>(std::move(options));
}

} // namespace infra::storage
