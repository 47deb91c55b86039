#pragma once

/// Pages of a map of objects.

#include <infra/storage/options.hpp>

#include <map>
#include <string>
#include <string_view>

namespace infra::storage::memory {

struct stored_object;
using object_map = std::map<std::string, stored_object, std::less<>>;

/// A token is the last key or prefix of its page: a key that is listed has the delimiter nowhere behind the prefix, and what stands for
/// several always has.
list_page page_of(const object_map& objects, const list_options& what);

/// The first text behind all that begin with `beginning`; empty: there is none.
std::string behind_all(std::string_view beginning);

} // namespace infra::storage::memory
