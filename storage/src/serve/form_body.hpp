#pragma once

/// A posted form, read as it comes: its fields, then the bytes of its file.

#include "body_check.hpp"
#include "form_splitter.hpp"

#include "../sigv4/sigv4.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/http_server/request.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace infra::storage::serve {

/// Threads:  one coroutine's.
/// Errors:   refused, for what is no form, is too long, or is cut off.
class form_body {
public:
    form_body(http::body_reader from, std::string_view boundary, std::uint64_t most);

    awaitable<sigv4::fields> read_fields();
    const form_item& file() const noexcept { return file_; } ///< once the fields are read

    /// What the file must be.
    void expect(expected_body of) { check_.emplace(std::move(of)); }

    /// The next piece of the file; empty at its end, where it is what it must be.
    awaitable<std::string> next();

private:
    awaitable<void> feed();

    http::body_reader from_;
    form_splitter form_;
    form_item file_{};
    std::optional<body_check> check_{};
};

} // namespace infra::storage::serve
