#pragma once

/// What URLs name, by their schemes: a module knows a few of itself, and what is linked beside it adds its own.
///
///     scheme_table<store_factory>& table() {    // made at first use, since backends register from the constructors of globals
///         static scheme_table<store_factory> one{{{"memory", memory_store}}};
///         return one;
///     }
///     const bool registered = table().add("redis", store_at);
///     if (const auto make = table().find(scheme_of(url))) return make(url);
///     throw error(errc::misconfigured, "a cache's URL begins with a scheme that is linked (" + table().names() + ")");

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace infra {

/// `redis` of `redis://host`; empty where there is no colon.
inline std::string_view scheme_of(std::string_view url) noexcept {
    const auto colon = url.find(':');
    return url.substr(0, colon == std::string_view::npos ? 0 : colon);
}

/// `Factory` is a std::function, or what else is copied, and is nothing when it is made of nothing.
///
/// Threads: any member from any thread, by a lock that no factory is called under.
template <class Factory>
class scheme_table {
public:
    using map = std::map<std::string, Factory, std::less<>>;

    scheme_table(map of_itself) : factories_(std::move(of_itself)) {}

    /// The last one counts. Always true, so that a global can be initialised with it.
    bool add(std::string scheme, Factory factory) {
        const std::scoped_lock lock(mutex_);
        factories_.insert_or_assign(std::move(scheme), std::move(factory));
        return true;
    }

    bool knows(std::string_view scheme) const {
        const std::scoped_lock lock(mutex_);
        return factories_.contains(scheme);
    }

    /// Nothing where nobody has added it.
    Factory find(std::string_view scheme) const {
        const std::scoped_lock lock(mutex_);
        const auto found = factories_.find(scheme);
        return found == factories_.end() ? Factory() : found->second;
    }

    /// For a sentence: `file:, memory:, s3:`.
    std::string names() const {
        const std::scoped_lock lock(mutex_);
        std::string all;
        for (const auto& [scheme, factory] : factories_)
            all.append(all.empty() ? "" : ", ").append(scheme).append(":");
        return all;
    }

private:
    mutable std::mutex mutex_;
    map factories_; // guarded by mutex_
};

} // namespace infra
