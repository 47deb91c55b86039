#pragma once

/// Writes on a condition, and what their answers teach of the store.

#include "store.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace infra::storage::s3 {

inline bool is_conditional(const write_conditions& w) noexcept { return w.if_absent || !w.if_match.empty(); }

/// AWS calls an object that should be there and is not "not found"; for who said if_match, the condition does not hold.
inline storage_error judged(const storage_error& e, const write_conditions& w) {
    if (e.code() != errc::not_found || w.if_match.empty())
        return e;
    return {errc::precondition, std::string(e.what()) + "; if_match wants one", e.all()};
}

/// One write, without the words "not found" for a condition. Nothing is learned of it.
template <class T>
awaitable<T> conditional(write_conditions w, awaitable<T> once) {
    try {
        co_return co_await std::move(once);
    } catch (const storage_error& e) {
        throw judged(e, w);
    }
}

using conditional_write = std::function<awaitable<object_info>(write_conditions)>;

/// A put or copy whose condition counts, or an error. It is made once more where it is not known of the store whether it honours
/// conditions.
awaitable<object_info> honoured(std::shared_ptr<store> at, write of, std::string key, write_conditions w,
                                conditional_write once, deadline limit);

/// Refuses what is known to be ignored.
void refuse_ignored(store& at, write of, const std::string& key, const write_conditions& w);

} // namespace infra::storage::s3
