#pragma once

/// Writes on a condition, and what their answers teach of the store.

#include "store.hpp"

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

inline void learn(learned& of, const storage_error& e) {
    if (e.code() == errc::precondition)
        of.saw_condition(conditions::honoured);
    if (e.code() == errc::unsupported)
        of.saw_condition(conditions::ignored);
}

/// One write.
template <class T>
awaitable<T> conditional(std::shared_ptr<store> at, write_conditions w, awaitable<T> once) {
    try {
        co_return co_await std::move(once);
    } catch (const storage_error& e) {
        const auto why = judged(e, w);
        if (is_conditional(w))
            learn(at->learned(), why);
        throw why;
    }
}

} // namespace infra::storage::s3
