#include "put_mark.hpp"

#include <infra/base/id.hpp>

#include <algorithm>

namespace infra::storage {

std::string_view mark_of(const metadata_map& metadata) noexcept {
    const auto found = metadata.find(put_mark);
    return found == metadata.end() ? std::string_view() : found->second;
}

void mark(object_attributes& attributes) {
    attributes.metadata.insert_or_assign(std::string(put_mark), random_hex(16));
}

awaitable<object_info> made_by(core_ptr core, std::string key, object_attributes attributes, std::exception_ptr failure,
                               deadline limit) {
    const auto ours = mark_of(attributes.metadata);
    if (ours.empty())
        std::rethrow_exception(failure);
    object_info there;
    try {
        there = co_await core->to().head(std::move(key), {}, limit);
    } catch (const storage_error& e) {
        if (e.retryable())
            throw;
    }
    if (mark_of(there.metadata) != ours)
        std::rethrow_exception(failure);
    co_return there;
}

} // namespace infra::storage
