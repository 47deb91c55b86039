#pragma once

/// What of a walk over keys, in the order of their bytes, goes into a page of a list. Pure: a memory bucket could use it.

#include <infra/storage/options.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

/// Throws storage_error with infra::errc::invalid_input for a token that is none.
class page_builder {
public:
    explicit page_builder(list_options what);

    /// Whether a key that begins so may go in. Otherwise the walk may leave out all of them.
    bool may_hold(std::string_view beginning) const noexcept;

    /// Whether this key goes in, itself or as its prefix.
    bool wants(std::string_view key) const noexcept;

    /// The prefix in whose place all keys go in that begin so; empty where there is none, or some have been listed already.
    std::optional<std::string> prefix_of_all(std::string_view beginning) const;

    /// The prefix that this key goes in as.
    std::optional<std::string> prefix_of(std::string_view key) const;

    /// The next one. False: the page was full, and what would be the next begins another.
    bool add(object_info object);
    bool add_prefix(std::string prefix);

    list_page finish() && { return std::move(page_); }

private:
    bool has_room();

    list_options what_;
    std::string after_;  // only keys behind this
    std::string passed_; // a prefix that is listed: no key that begins so. Empty: none
    list_page page_{};
};

} // namespace infra::storage
