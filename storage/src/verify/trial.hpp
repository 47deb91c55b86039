#pragma once

/// What verify() tries, one check after the other.

#include "fetch.hpp"

#include <infra/storage/verify.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace infra::storage {

/// What a check throws where nothing else was thrown and it is not as it should be.
struct finding : std::runtime_error {
    finding(infra::storage::outcome o, const std::string& note) : std::runtime_error(note), outcome(o) {}
    infra::storage::outcome outcome;
};

/// Throws a finding of outcome::wrong.
void expect(bool holds, const std::string& otherwise);

/// The probes of one verify(). Each check is a member that returns its note, or throws.
///
/// Threads: one coroutine.
class trial {
public:
    using check = awaitable<std::string> (trial::*)();

    trial(infra::storage::storage files, std::string folder, fetcher fetch, deadline limit);

    // --- Objects ---

    awaitable<std::string> reach();
    awaitable<std::string> put();
    awaitable<std::string> get();
    awaitable<std::string> describe();
    awaitable<std::string> keep_attributes();
    awaitable<std::string> keep_checksum();
    awaitable<std::string> keep_sha256();
    awaitable<std::string> replace();
    awaitable<std::string> read_range();
    awaitable<std::string> miss();
    awaitable<std::string> keep_keys();
    awaitable<std::string> list();
    awaitable<std::string> list_pages();
    awaitable<std::string> copy();
    awaitable<std::string> remove();
    awaitable<std::string> remove_many();

    // --- Conditions ---

    awaitable<std::string> create_once();
    awaitable<std::string> compare_and_swap();
    awaitable<std::string> read_if_changed();

    // --- Uploads by parts ---

    awaitable<std::string> upload_parts();
    awaitable<std::string> abort_upload();

    // --- For others ---

    awaitable<std::string> signed_get();
    awaitable<std::string> signed_head();
    awaitable<std::string> signed_put();
    awaitable<std::string> pinned_type();
    awaitable<std::string> pinned_checksum();
    awaitable<std::string> signed_delete();
    awaitable<std::string> signed_form_post();

    /// Removes all that was made; what cannot be stays for sweep() and the next verify().
    awaitable<void> clean(deadline limit);

private:
    /// The key of a probe, which clean() removes.
    std::string probe(std::string_view name);
    awaitable<object_info> put_probe(std::string_view name, std::string bytes);
    awaitable<std::string> read(std::string key);
    awaitable<std::vector<std::string>> keys_of(list_options what);
    awaitable<fetch_answer> follow(http::method method, std::string key, signed_url_options how, std::string body = {});
    awaitable<fetch_answer> follow(http::method method, signed_request with, std::string body);

    infra::storage::storage files_;
    std::string folder_; // ends with '/'
    fetcher fetch_;
    deadline limit_;
    std::vector<std::string> probes_{};
    std::vector<upload> uploads_{};
};

struct named_check {
    std::string_view name;
    trial::check act;
    std::string_view needs{}; ///< the name of an earlier one, without which it makes no sense
    bool by_url = false;
};

} // namespace infra::storage
