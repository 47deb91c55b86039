#pragma once

/// Objects under a key: a directory, or any S3.
///
///     auto storage = infra::storage::create_storage({.bucket = "uploads"});
///     co_await storage.put("avatars/1.jpg", bytes, {.content_type = "image/jpeg"});
///     if (auto file = co_await storage.get("avatars/1.jpg")) reply(file->body, file->content_type);
///     auto link = storage.signed_url("avatars/1.jpg", 1h);

#include <infra/planned.hpp>

#include <ranges>

namespace infra::storage {

/// Declared in the order of the environment's names. Empty fields are read from STORAGE_URL and S3_*.
struct storage_options {
    std::string url{}; ///< `file:var/storage` or `s3://bucket`; empty: chosen from what is set below
    std::string bucket{};
    std::string region{}; ///< empty: us-east-1
    std::string access_key_id{};
    std::string secret_access_key{};
    std::string endpoint{};  ///< empty: AWS's
    bool path_style = false; ///< `endpoint/bucket/key`, as MinIO wants it
    std::chrono::milliseconds timeout{30'000};
};

/// The bytes of an object, owned: from text, or any contiguous range of byte-sized elements. Rvalue strings are moved in.
class content {
public:
    content(std::string text) : bytes_(std::move(text)) {}
    content(const char* text) : bytes_(text) {}
    template <std::ranges::contiguous_range R>
        requires(sizeof(std::ranges::range_value_t<R>) == 1 && !std::is_array_v<R> &&
                 !std::same_as<std::remove_cvref_t<R>, content> && !std::same_as<std::remove_cvref_t<R>, std::string>)
    content(const R& range)
        : bytes_(reinterpret_cast<const char*>(std::ranges::data(range)), std::ranges::size(range)) {}

    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

struct put_options {
    std::string content_type{}; ///< empty: from the key's ending, else application/octet-stream
    std::string cache_control{};
    std::string content_disposition{};
    std::map<std::string, std::string> metadata{};
    bool only_if_absent = false;
};

struct object_info {
    std::string key{};
    std::uint64_t size = 0;
    std::string content_type{};
    std::string etag{};
    std::chrono::system_clock::time_point modified{};
    std::map<std::string, std::string> metadata{};
};

struct object : object_info {
    std::string body{};
};

struct byte_range {
    std::uint64_t first = 0;
    std::optional<std::uint64_t> last{}; ///< included; unset: to the end
};
struct get_options {
    std::optional<byte_range> range{};
    std::uint64_t max_bytes = std::uint64_t{64} << 20;
};
struct list_options {
    std::string prefix{};
    std::string delimiter{};
    std::string after{}; ///< the cursor of the page before
    std::size_t limit = 1000;
};
struct list_page {
    std::vector<object_info> objects{};
    std::vector<std::string> prefixes{};
    std::optional<std::string> next{};
};
struct signed_url_options {
    std::string method = "GET";
    std::string content_type{}; ///< for PUT: what the client must send
};

/// Lifetime: a handle over shared state; an operation under way keeps what it needs.
class storage {
public:
    explicit storage(storage_options options = {}) : state_(std::make_shared<state>()) {
        state_->options = std::move(options);
    }

    [[nodiscard]] awaitable<object_info> put(std::string key, content data, put_options options = {}) {
        return put(state_, std::move(key), std::move(data), std::move(options));
    }
    /// Empty if there is none.
    [[nodiscard]] awaitable<std::optional<object>> get(std::string key, get_options options = {}) {
        return get(state_, std::move(key), options);
    }
    [[nodiscard]] awaitable<std::optional<object_info>> head(std::string key) { return head(state_, std::move(key)); }
    /// Done also if there was none.
    [[nodiscard]] awaitable<void> remove(std::string key) { return remove(state_, std::move(key)); }
    [[nodiscard]] awaitable<void> copy(std::string from, std::string to) {
        return copy(state_, std::move(from), std::move(to));
    }
    [[nodiscard]] awaitable<list_page> list(list_options options = {}) { return list(state_, std::move(options)); }

    /// A link that works for `lifetime` (at most 7 days) without credentials. Pure: nothing is asked over the network.
    [[nodiscard]] std::string signed_url(std::string_view key, std::chrono::seconds lifetime,
                                         signed_url_options options = {}) const {
        return "https://" + state_->options.bucket + "/" + std::string(key) +
               "?X-Amz-Expires=" + std::to_string(lifetime.count()) + "&method=" + options.method;
    }

private:
    struct state {
        storage_options options{};
        std::map<std::string, object, std::less<>> objects{};
    };
    using shared = std::shared_ptr<state>;

    static awaitable<object_info> put(shared in, std::string key, content data, put_options options) {
        object made;
        made.key = key;
        made.size = data.bytes().size();
        made.content_type = options.content_type;
        made.body = data.bytes();
        in->objects.insert_or_assign(key, made);
        co_return made;
    }
    static awaitable<std::optional<object>> get(shared in, std::string key, get_options) {
        const auto found = in->objects.find(key);
        if (found == in->objects.end())
            co_return std::nullopt;
        co_return found->second;
    }
    static awaitable<std::optional<object_info>> head(shared in, std::string key) {
        if (auto found = co_await get(in, key, {}))
            co_return object_info(*found);
        co_return std::nullopt;
    }
    static awaitable<void> remove(shared in, std::string key) {
        in->objects.erase(key);
        co_return;
    }
    static awaitable<void> copy(shared in, std::string from, std::string to) {
        in->objects[to] = in->objects.at(from);
        co_return;
    }
    static awaitable<list_page> list(shared in, list_options options) {
        list_page page;
        for (const auto& [key, each] : in->objects)
            if (key.starts_with(options.prefix))
                page.objects.push_back(each);
        co_return page;
    }

    shared state_;
};

[[nodiscard]] inline storage create_storage(storage_options options = {}) { return storage(std::move(options)); }

} // namespace infra::storage
