#include "remove_older.hpp"

#include "list.hpp"
#include "page_tokens.hpp"
#include "parts/at_once.hpp"
#include "remove.hpp"

#include <infra/base/time.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace infra::storage {
namespace {

struct removal {
    std::size_t removed = 0;
    std::optional<storage_error> failure{}; // one that keeps none of the others, and is told of in the end
};

// Only what was listed: what has been put there since is young.
awaitable<void> remove_listed(core_ptr core, object_info listed, removal& so_far) {
    try {
        co_await remove_version(core, core->full(listed.key), listed.etag, core->limit_of({}));
        ++so_far.removed;
    } catch (const storage_error& e) {
        if (e.code() != errc::precondition)
            so_far.failure = e;
    }
}

awaitable<void> remove_all(core_ptr core, std::vector<object_info> old, removal& so_far) {
    std::size_t next = 0;
    const auto work = [&]() -> awaitable<void> {
        while (next < old.size())
            co_await remove_listed(core, old[next++], so_far);
    };
    if (!old.empty())
        co_await at_once(std::min(core->options.concurrency, old.size()), work);
}

} // namespace

awaitable<std::size_t> remove_older_objects(core_ptr core, std::string prefix, std::chrono::milliseconds age) {
    if (prefix.empty())
        throw storage_error(infra::errc::invalid_input,
                            "remove_older: prefix must not be empty: in time all there is would be removed");
    if (age < std::chrono::milliseconds::zero())
        throw storage_error(infra::errc::invalid_input, "remove_older: age must be at least zero");
    const auto before = saturating_add(core->time().wall(), -age);
    removal so_far;
    list_options page{.prefix = prefix};
    page_tokens tokens;
    do {
        auto next = co_await list_objects(core, page);
        std::erase_if(next.objects, [&](const object_info& each) { return each.modified > before; });
        co_await remove_all(core, std::move(next.objects), so_far);
        page.token = tokens.next(std::move(next.token), "list " + prefix);
    } while (!page.token.empty());
    if (so_far.failure)
        throw storage_error(*so_far.failure);
    co_return so_far.removed;
}

} // namespace infra::storage
