#include <infra/cache/removal.hpp>

#include <infra/base/error.hpp>
#include <infra/cache/listing.hpp>
#include <infra/cache/store.hpp>

#include <stdexcept>
#include <utility>
#include <vector>

namespace infra::cache {
namespace {

constexpr std::string_view of_the_cache_itself = "@@";
constexpr std::string_view mark_of_digest = "@@#"; // behind the beginning of a long key
constexpr std::size_t removed_at_once = 200;

// What lies under a digest is removed where it lies: by its name nobody finds it.
awaitable<std::size_t> remove_stored(cache in, std::vector<std::string> stored, std::string where) {
    std::vector<std::string> keys, digests;
    for (auto& each : stored)
        if (auto key = key_below(where, each))
            is_digest(*key) ? digests.push_back(std::move(each)) : keys.push_back(*std::move(key));
    std::size_t count = co_await in.del_many(std::move(keys));
    for (const auto& each : co_await in.stored()->erase(std::move(digests)))
        count += each.there;
    co_return count;
}

} // namespace

awaitable<std::string> prefix_in_store(cache of) {
    auto key = co_await of.key_in_store("x");
    key.pop_back();
    co_return key;
}

std::optional<std::string> key_below(std::string_view prefix_in_store, std::string_view stored) {
    if (!stored.starts_with(prefix_in_store))
        return std::nullopt;
    const auto key = stored.substr(prefix_in_store.size());
    const auto mark = key.find(of_the_cache_itself);
    if (key.empty() || (mark != std::string_view::npos && !key.substr(mark).starts_with(mark_of_digest)))
        return std::nullopt;
    return std::string(key);
}

bool is_digest(std::string_view key) noexcept { return key.find(mark_of_digest) != std::string_view::npos; }

awaitable<removal> remove_starting_with(cache in, std::string prefix, std::string cursor) {
    if (prefix.empty())
        throw std::invalid_argument("prefix: an empty one would be everything; flush the cache instead");
    const auto store = in.stored();
    const auto* const listing = dynamic_cast<const key_listing*>(store.get());
    if (!listing)
        throw error(infra::errc::invalid_state, "this store does not tell its keys; make a tag void instead");
    const auto where = co_await prefix_in_store(in);
    auto page = co_await listing->keys_in_store(where + prefix, std::move(cursor), removed_at_once);
    const auto count = co_await remove_stored(in, std::move(page.keys), where);
    co_return removal{count, std::move(page.next)};
}

} // namespace infra::cache
