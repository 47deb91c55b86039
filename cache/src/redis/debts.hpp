#pragma once

// What the server was not told while it was away, and has to be before anybody reads from it again: which values are no
// longer good. A dropped write is one of them, since what it would have replaced is not what its caller believes to be there.

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache::redis_backend {

/// Threads: any member from any thread.
class debts {
public:
    /// `max` keys and tags; beyond them the versions of the outermost namespaces that they lie in.
    explicit debts(std::size_t max) noexcept : max_(max) {}

    void owe_erasure(std::span<const std::string> keys);
    void owe_bump(std::span<const std::string> names);

    /// So many namespaces that lie in no other, and that somebody has a handle of, or something is owed in.
    static constexpr std::size_t max_namespaces = 10'000;

    /// The version of a namespace that lies in no other, by which all that is in it can be made void at once: `prefix@@version`.
    /// It is forgotten when its handles have gone and nothing is owed in it. Throws infra::errc::overloaded where there are
    /// too many.
    void know_namespace(const std::string& version_name, std::weak_ptr<const void> handle);

    struct bill {
        std::vector<std::string> keys{};  ///< to be erased
        std::vector<std::string> names{}; ///< to be bumped
        bool empty() const noexcept { return keys.empty() && names.empty(); }
    };

    /// At most `n` of what is owed, which stays owed until paid() says otherwise: taken again, it is the same bill.
    bill take(std::size_t n);
    void paid();

    /// Whether the version is to be bumped yet.
    bool owes(const std::string& version_name) const;

    std::size_t size() const;
    bool any() const noexcept { return any_; } ///< without the mutex, for whoever comes by

private:
    void note_any();
    void forget_namespaces();
    void add(std::set<std::string, std::less<>>& to, std::span<const std::string> what);
    void owe_whole_namespaces();
    bool owes_in(std::string_view version_name) const;

    const std::size_t max_;
    mutable std::mutex mutex_;
    // All guarded by mutex_.
    std::set<std::string, std::less<>> keys_;
    std::set<std::string, std::less<>> names_;
    std::map<std::string, std::weak_ptr<const void>> namespaces_;
    std::size_t forget_at_ = 64; // namespaces
    bill taken_;
    std::atomic<bool> any_{false}; // written under mutex_
};

} // namespace infra::cache::redis_backend
