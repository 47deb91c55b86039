#pragma once

#include <infra/storage/error.hpp>

#include <string>
#include <string_view>

namespace infra::storage::disk {

/// What errno `reason` means for a store. `what` was to be done, "put a.txt"; `with` is the file it failed at, relative to the root.
storage_error failure_of(int reason, std::string_view what, std::string_view with);

[[noreturn]] void fail(int reason, std::string_view what, std::string_view with);

/// What is there is no regular file: a link, a directory, a pipe.
storage_error not_a_file(std::string_view what, std::string_view with);

storage_error no_such_object(std::string_view what);

} // namespace infra::storage::disk
