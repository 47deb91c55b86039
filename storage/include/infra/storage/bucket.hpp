#pragma once

/// The seam: one place that keeps objects.
///
///     auto kept = storage::make_bucket("file:var/storage");
///     auto info = co_await kept->put({.key = "a.txt"}, {.bytes = "hello"}, deadline::after(10s));
///
/// A bucket does one thing once. Checking keys, trying again, cutting into parts, checksums of what is read, types by
/// extension, metrics and spans are storage's (storage.hpp), the same over every bucket.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/shared_bytes.hpp>
#include <infra/base/time.hpp>
#include <infra/runtime/environment.hpp>
#include <infra/storage/conditions.hpp>
#include <infra/storage/error.hpp>
#include <infra/storage/object.hpp>
#include <infra/storage/options.hpp>
#include <infra/storage/signing.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::storage {

/// What a bucket can do. What it cannot is refused before it is asked, with errc::unsupported, or done in another way.
struct bucket_traits {
    /// put() takes a source of any length and keeps no more of it in memory than a piece. Otherwise what is longer than a part goes
    /// by parts.
    bool streams = false;

    /// Whether trying again may help at all.
    bool remote = false;

    std::uint64_t min_part = 5ull << 20; ///< of all parts but the last
    std::uint64_t max_part = 5ull << 30;
    std::size_t max_parts = 10'000;
    std::uint64_t max_single_put = 5ull << 30;  ///< of bytes in one put()
    std::uint64_t max_single_copy = 5ull << 30; ///< more is copied by parts
    std::size_t max_remove = 1000;              ///< keys in one remove_many()

    bool conditional_writes = true;
    bool signs_forms = true;                   ///< POST policies
    bool keeps_checksums = true;               ///< gives back the checksum that a put said
    bool checksums_proven = true;              ///< that is known, and not what is tried first
    checksum_kind sum = checksum_kind::crc32c; ///< which one puts should say
};

/// Bytes that are there, or come.
struct put_body {
    shared_bytes bytes{};
    byte_source source{}; ///< set: instead of bytes, where traits().streams
    std::optional<std::uint64_t> source_size{};
};

struct put_request {
    std::string key{};
    object_attributes attributes{};
    write_conditions write{};
    std::optional<infra::storage::checksum> checksum{}; ///< of all bytes: the store refuses others with errc::integrity

    /// Of which kind the object's checksum is to be, where `checksum` does not say; empty: traits().sum.
    std::optional<checksum_kind> sum{};

    /// Of an upload: bytes of all parts but the last; 0 where that is not known.
    std::uint64_t part_size = 0;

    /// Of an upload: its parts come from others, by URLs of sign_part(), and say no checksums.
    bool parts_by_others = false;
};

struct get_request {
    std::string key{};
    std::optional<byte_range> range{};
    read_conditions read{};
};

/// What a get begins with. The pieces are at most 1 MiB and are exactly `length` bytes in all, or throw.
struct opened {
    object_info info{};
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    byte_source pieces{};
};

struct copy_request {
    std::string from{};
    std::string to{};
    std::optional<object_attributes> attributes{};
    write_conditions write{};
    std::string source_if_match{};
};

/// What became of one key; a key that was not there is gone as well.
struct remove_outcome {
    std::string key{};
    std::optional<storage_error> failure{};
};

// --- By parts -----------------------------------------------------------------------------------------------------

struct part {
    int number = 0; ///< 1 to 10 000
    std::string etag{};
    std::uint64_t size = 0;
    std::optional<infra::storage::checksum> checksum{};
};

struct upload_id {
    std::string key{};
    std::string id{};
};

struct upload_info {
    upload_id upload{};
    wall_time begun{};
};

struct uploads_page {
    std::vector<upload_info> uploads{};
    std::string token{}; ///< for the next page; empty: this was the last
};

struct part_source { ///< a part copied from another object
    std::string from{};
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string if_match{};
};

/// Threads:  any member from any thread.
/// Errors:   storage_error. Conditions that do not hold, and what is not there, are errors too.
/// Cancel:   terminal. What was asked for may have been done, wholly or not at all.
/// Lifetime: held by a shared_ptr; what is under way keeps what it needs.
class bucket {
public:
    virtual ~bucket() = default;

    /// A word for metrics and spans: "file", "s3".
    virtual std::string_view name() const noexcept = 0;

    /// For people: "file:var/storage", "s3://photos at minio.example (keeps no checksums)". No secrets.
    virtual std::string description() const = 0;

    /// May learn: what an endpoint refused once is false from then on.
    virtual bucket_traits traits() const noexcept = 0;

    virtual awaitable<object_info> put(put_request what, put_body body, deadline limit) = 0;
    virtual awaitable<opened> get(get_request what, deadline limit) = 0;
    virtual awaitable<object_info> head(std::string key, read_conditions read, deadline limit) = 0;
    virtual awaitable<void> remove(std::string key, std::string if_match, deadline limit) = 0;
    virtual awaitable<std::vector<remove_outcome>> remove_many(std::vector<std::string> keys, deadline limit) = 0;
    virtual awaitable<object_info> copy(copy_request what, deadline limit) = 0;
    virtual awaitable<list_page> list(list_options what, deadline limit) = 0;

    virtual awaitable<upload_id> begin_upload(put_request what, deadline limit) = 0;
    virtual awaitable<part> put_part(upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                                     deadline limit) = 0;
    virtual awaitable<part> copy_part(upload_id upload, int number, part_source from, deadline limit) = 0;
    virtual awaitable<std::vector<part>> list_parts(upload_id upload, deadline limit) = 0;

    /// Makes the object of these parts, in order. `what.checksum` is that of the whole where it is known.
    virtual awaitable<object_info> complete_upload(upload_id upload, std::vector<part> parts, put_request what,
                                                   deadline limit) = 0;
    virtual awaitable<void> abort_upload(upload_id upload,
                                         deadline limit) = 0; ///< one that is over already is no error
    virtual awaitable<uploads_page> list_uploads(std::string prefix, std::string token, deadline limit) = 0;

    virtual awaitable<signed_request> sign(std::string key, std::chrono::seconds expires,
                                           signed_url_options options) = 0;
    virtual awaitable<signed_form> sign_form(post_policy policy, std::chrono::seconds expires) = 0;
    virtual awaitable<std::string> sign_part(upload_id upload, int number, std::chrono::seconds expires) = 0;

    /// Whether it can be reached and read: for health checks. Cheap; writes nothing.
    virtual awaitable<void> ping(deadline limit) = 0;

    /// Leavings of a crash that are no uploads (temporary files), older than `age`; how many were removed.
    virtual awaitable<std::size_t> sweep_leavings(std::chrono::milliseconds age, deadline limit) = 0;
};

/// Makes a bucket of its URL, which begins with the scheme it is registered for. `variables` is where credentials are.
using bucket_factory =
    std::function<std::shared_ptr<bucket>(std::string_view url, const environment& variables, clock& time)>;

/// For components that bring a bucket; always true, so that a global can be initialised with it.
bool register_bucket(std::string scheme, bucket_factory factory);

/// True once a linked target has registered the scheme.
bool knows_bucket(std::string_view scheme);

/// The bucket for a URL: `file:<directory>`, `memory:`, or what is linked beside (`s3://bucket?region=…&endpoint=…`). Throws
/// infra::error with infra::errc::misconfigured for an unknown scheme, naming the target to link; never repeats a secret.
std::shared_ptr<bucket> make_bucket(std::string_view url, const environment& variables = environment::of_process(),
                                    clock& time = real_clock());

} // namespace infra::storage
