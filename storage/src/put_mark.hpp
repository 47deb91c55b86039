#pragma once

/// How a put under a condition is known again once its answer was lost: then the condition fails because of the put itself.

#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/options.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace infra::storage {

/// The name in the metadata. Not seen by callers.
inline constexpr std::string_view put_mark = "infra-put";

inline bool is_conditional(const write_conditions& w) noexcept { return w.if_absent || !w.if_match.empty(); }

/// The mark in an object's metadata; empty without one.
std::string_view mark_of(const metadata_map& metadata) noexcept;

/// By a random number.
void mark(object_attributes& attributes);

/// What is under the key, if it has the mark of these attributes; otherwise, and where they have none, throws `failure`. What may pass
/// of asking for it is thrown to be tried again.
awaitable<object_info> made_by(core_ptr core, std::string key, object_attributes attributes, std::exception_ptr failure,
                               deadline limit);

} // namespace infra::storage
