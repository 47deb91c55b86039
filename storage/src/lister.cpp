#include <infra/storage/lister.hpp>

#include "call.hpp"
#include "list.hpp"

#include <infra/storage/error.hpp>

#include <utility>

namespace infra::storage {

object_lister::object_lister(std::shared_ptr<const core> of, list_options from)
    : core_(std::move(of)), from_(std::move(from)) {}

awaitable<std::optional<object_info>> object_lister::next() {
    while (given_ == page_.objects.size()) { // a page may hold nothing but prefixes
        if (last_)
            co_return std::nullopt;
        co_await turn();
    }
    co_return std::move(page_.objects[given_++]);
}

awaitable<void> object_lister::turn() {
    auto page = co_await told(core_, "list", from_.prefix, list_objects(core_, from_));
    if (!page.token.empty() && page.token == from_.token)
        throw storage_error(infra::errc::unavailable,
                            "list " + from_.prefix + ": the store leads back to a page that it has given already");
    from_.token = page.token;
    last_ = page.token.empty();
    page_ = std::move(page);
    given_ = 0;
}

} // namespace infra::storage
